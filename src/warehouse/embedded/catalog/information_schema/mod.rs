//! The views of `INFORMATION_SCHEMA`: their columns, their rows, and how the engine gets them.
//!
//! The rows of all databases lie in one small table for each view, in the engine's own database; each database has a
//! view of its share. A column that has no value anywhere is not stored: an engine table costs memory by the column.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use duckdb::types::{TimeUnit, Value as EngineValue};
use duckdb::{Connection, appender_params_from_iter};

use self::rows::{data_type, rows};
use super::super::semantic_view;
use super::columns::field;
use super::listing::{Listing, Value};
use super::{
    Catalog, ENGINE_INFORMATION_SCHEMA, Field, INFORMATION_SCHEMA, LOCAL_DATABASE, Schema, Table,
    TableKind, engine_type, quoted,
};
use crate::warehouse::{Column, DataType};

/// Where the stored rows are, in the engine's own database.
const STORE: &str = "\"memory\".\"_META\"";

/// The views and their columns, in Snowflake's order, from its reference of the Information Schema.
const VIEWS: [(&str, &str); 18] = [
    (
        "APPLICABLE_ROLES",
        "GRANTEE ROLE_NAME ROLE_OWNER IS_GRANTABLE",
    ),
    (
        "COLUMNS",
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION COLUMN_DEFAULT IS_NULLABLE DATA_TYPE CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION NUMERIC_PRECISION_RADIX NUMERIC_SCALE DATETIME_PRECISION INTERVAL_TYPE INTERVAL_PRECISION CHARACTER_SET_CATALOG CHARACTER_SET_SCHEMA CHARACTER_SET_NAME COLLATION_CATALOG COLLATION_SCHEMA COLLATION_NAME DOMAIN_CATALOG DOMAIN_SCHEMA DOMAIN_NAME UDT_CATALOG UDT_SCHEMA UDT_NAME SCOPE_CATALOG SCOPE_SCHEMA SCOPE_NAME MAXIMUM_CARDINALITY DTD_IDENTIFIER IS_SELF_REFERENCING IS_IDENTITY IDENTITY_GENERATION IDENTITY_START IDENTITY_INCREMENT IDENTITY_MAXIMUM IDENTITY_MINIMUM IDENTITY_CYCLE IDENTITY_ORDERED SCHEMA_EVOLUTION_RECORD COMMENT",
    ),
    (
        "DATABASES",
        "DATABASE_NAME DATABASE_OWNER IS_TRANSIENT COMMENT CREATED LAST_ALTERED RETENTION_TIME TYPE",
    ),
    ("ENABLED_ROLES", "ROLE_NAME ROLE_OWNER"),
    (
        "FILE_FORMATS",
        "FILE_FORMAT_CATALOG FILE_FORMAT_SCHEMA FILE_FORMAT_NAME FILE_FORMAT_OWNER FILE_FORMAT_TYPE CREATED LAST_ALTERED COMMENT",
    ),
    (
        "FUNCTIONS",
        "FUNCTION_CATALOG FUNCTION_SCHEMA FUNCTION_NAME FUNCTION_OWNER ARGUMENT_SIGNATURE DATA_TYPE FUNCTION_LANGUAGE FUNCTION_DEFINITION IS_EXTERNAL IS_SECURE CREATED LAST_ALTERED COMMENT",
    ),
    ("INFORMATION_SCHEMA_CATALOG_NAME", "CATALOG_NAME"),
    (
        "OBJECT_PRIVILEGES",
        "GRANTOR GRANTEE GRANTED_TO OBJECT_CATALOG OBJECT_SCHEMA OBJECT_NAME OBJECT_TYPE PRIVILEGE_TYPE IS_GRANTABLE CREATED",
    ),
    (
        "PROCEDURES",
        "PROCEDURE_CATALOG PROCEDURE_SCHEMA PROCEDURE_NAME PROCEDURE_OWNER ARGUMENT_SIGNATURE DATA_TYPE PROCEDURE_LANGUAGE PROCEDURE_DEFINITION CREATED LAST_ALTERED COMMENT",
    ),
    (
        "REFERENTIAL_CONSTRAINTS",
        "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME UNIQUE_CONSTRAINT_CATALOG UNIQUE_CONSTRAINT_SCHEMA UNIQUE_CONSTRAINT_NAME MATCH_OPTION UPDATE_RULE DELETE_RULE COMMENT CREATED LAST_ALTERED",
    ),
    (
        "SCHEMATA",
        "CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER IS_TRANSIENT IS_MANAGED_ACCESS RETENTION_TIME DEFAULT_CHARACTER_SET_CATALOG DEFAULT_CHARACTER_SET_SCHEMA DEFAULT_CHARACTER_SET_NAME SQL_PATH CREATED LAST_ALTERED COMMENT",
    ),
    (
        "SEQUENCES",
        "SEQUENCE_CATALOG SEQUENCE_SCHEMA SEQUENCE_NAME SEQUENCE_OWNER DATA_TYPE START_VALUE INCREMENT NEXT_VALUE CREATED LAST_ALTERED COMMENT",
    ),
    (
        "STAGES",
        "STAGE_CATALOG STAGE_SCHEMA STAGE_NAME STAGE_URL STAGE_REGION STAGE_TYPE STAGE_OWNER COMMENT CREATED LAST_ALTERED",
    ),
    (
        "TABLES",
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER TABLE_TYPE IS_TRANSIENT CLUSTERING_KEY ROW_COUNT BYTES RETENTION_TIME SELF_REFERENCING_COLUMN_NAME REFERENCE_GENERATION USER_DEFINED_TYPE_CATALOG USER_DEFINED_TYPE_SCHEMA USER_DEFINED_TYPE_NAME IS_INSERTABLE_INTO IS_TYPED COMMIT_ACTION CREATED LAST_ALTERED LAST_DDL LAST_DDL_BY AUTO_CLUSTERING_ON COMMENT IS_TEMPORARY IS_ICEBERG IS_DYNAMIC IS_IMMUTABLE IS_HYBRID",
    ),
    (
        "TABLE_CONSTRAINTS",
        "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME CONSTRAINT_TYPE IS_DEFERRABLE INITIALLY_DEFERRED ENFORCED COMMENT CREATED LAST_ALTERED RELY",
    ),
    (
        "TABLE_PRIVILEGES",
        "GRANTOR GRANTEE GRANTED_TO TABLE_CATALOG TABLE_SCHEMA TABLE_NAME PRIVILEGE_TYPE IS_GRANTABLE WITH_HIERARCHY CREATED",
    ),
    (
        "TABLE_STORAGE_METRICS",
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME ID CLONE_GROUP_ID IS_TRANSIENT ACTIVE_BYTES TIME_TRAVEL_BYTES FAILSAFE_BYTES RETAINED_FOR_CLONE_BYTES TABLE_CREATED COMMENT",
    ),
    (
        "VIEWS",
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE INSERTABLE_INTO IS_SECURE CREATED LAST_ALTERED LAST_DDL LAST_DDL_BY COMMENT",
    ),
];

/// The schema as the rest of the catalog sees it: a schema full of views, like any other.
pub(super) fn schema() -> Schema {
    Schema {
        name: INFORMATION_SCHEMA,
        comment: "Views describing the contents of schemas in this database",
        tables: VIEWS
            .iter()
            .map(|(name, columns)| Table {
                name,
                comment: "",
                columns: columns
                    .split(' ')
                    .map(|column| field(column, data_type(column), "").or_null())
                    .collect::<Vec<Field>>(),
                kind: TableKind::View { query: "" },
            })
            .collect(),
    }
}

/// What is stored.
#[derive(Default)]
pub(in super::super) struct Stored {
    /// Which columns of each table of the store there are.
    columns: BTreeMap<&'static str, Vec<String>>,
    /// Rows that were replaced since all were written. The engine keeps their memory until then.
    replaced: usize,
}

/// Replaced rows after which all are written anew.
const MOST_REPLACED: usize = 100_000;

/// The table with the DDL of all objects.
const DDL: &str = "DDL";

/// Its columns.
const DDL_COLUMNS: [&str; 5] = [
    "DATABASE_NAME",
    "SCHEMA_NAME",
    "OBJECT_NAME",
    "OBJECT_TYPE",
    "DDL",
];

/// Makes the stored rows and the views, and a table with the DDL of all objects for `GET_DDL`.
pub(in super::super) fn create(
    connection: &Connection,
    catalog: &Catalog,
) -> duckdb::Result<Stored> {
    connection.execute_batch(&format!("CREATE SCHEMA {STORE}"))?;
    let mut all = Stored::default();
    for (view, columns) in VIEWS {
        let listing = rows(catalog, view, columns);
        let columns = listing.columns();
        let rows = listing.into_rows();
        let stored = with_values(&columns, &rows);
        store(connection, view, &columns, &rows, &stored)?;
        for database in &catalog.databases {
            let schema = format!(
                "{}.{}",
                quoted(database.name),
                quoted(ENGINE_INFORMATION_SCHEMA)
            );
            let selected = columns
                .iter()
                .map(|column| {
                    let name = quoted(&column.name);
                    if stored.contains(&column.name) {
                        name
                    } else {
                        format!("CAST(NULL AS {}) AS {name}", engine_type(&column.data_type))
                    }
                })
                .collect::<Vec<_>>()
                .join(", ");
            let source = if stored.is_empty() {
                "WHERE false".to_owned()
            } else {
                let share = ["TABLE_CATALOG", "CATALOG_NAME", "CONSTRAINT_CATALOG"]
                    .iter()
                    .find(|name| stored.iter().any(|column| column == *name))
                    .map_or_else(String::new, |name| {
                        format!(" WHERE {name} = '{}'", database.name.replace('\'', "''"))
                    });
                format!("FROM {STORE}.{}{share}", quoted(view))
            };
            connection.execute_batch(&format!(
                "CREATE VIEW {schema}.{} AS SELECT {selected} {source}",
                quoted(view)
            ))?;
        }
        all.columns.insert(view, stored);
    }
    create_ddl(connection, catalog)?;
    Ok(all)
}

/// Writes the rows of those tables of own data anew that have been touched, each by its schema and its name. The views
/// stay as they are: what they read is `stored`.
pub(in super::super) fn refresh(
    connection: &Connection,
    catalog: &Catalog,
    stored: &mut Stored,
    touched: &BTreeSet<(&'static str, &'static str)>,
) -> duckdb::Result<()> {
    connection.execute_batch("BEGIN TRANSACTION")?;
    let done = if stored.replaced > MOST_REPLACED {
        stored.replaced = 0;
        rewrite(connection, catalog, stored)
    } else {
        replace(connection, catalog, stored, touched)
    };
    connection.execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    done
}

fn rewrite(connection: &Connection, catalog: &Catalog, stored: &Stored) -> duckdb::Result<()> {
    for (view, columns) in VIEWS {
        let listing = rows(catalog, view, columns);
        let columns = listing.columns();
        store(
            connection,
            view,
            &columns,
            &listing.into_rows(),
            stored.of(view),
        )?;
    }
    create_ddl(connection, catalog)
}

fn replace(
    connection: &Connection,
    catalog: &Catalog,
    stored: &mut Stored,
    touched: &BTreeSet<(&'static str, &'static str)>,
) -> duckdb::Result<()> {
    let part = catalog.part_of_local(touched);
    for (view, columns) in VIEWS {
        let kept = stored.of(view);
        let place = ["TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME"];
        if !place
            .iter()
            .all(|name| kept.iter().any(|column| column == name))
        {
            // Of schemas and databases there are few.
            let listing = rows(catalog, view, columns);
            store(
                connection,
                view,
                &listing.columns(),
                &listing.into_rows(),
                kept,
            )?;
            continue;
        }
        let gone = remove(connection, view, place, touched)?;
        let listing = rows(&part, view, columns);
        append(
            connection,
            view,
            &listing.columns(),
            &listing.into_rows(),
            kept,
        )?;
        stored.replaced += gone;
    }
    let place = ["DATABASE_NAME", "SCHEMA_NAME", "OBJECT_NAME"];
    stored.replaced += remove(connection, DDL, place, touched)?;
    let listing = ddl(&part);
    let all = DDL_COLUMNS.map(str::to_owned);
    append(
        connection,
        DDL,
        &listing.columns(),
        &listing.into_rows(),
        &all,
    )
}

/// Removes the rows of tables of own data. `place` names the columns of database, schema and table.
fn remove(
    connection: &Connection,
    name: &str,
    place: [&str; 3],
    touched: &BTreeSet<(&'static str, &'static str)>,
) -> duckdb::Result<usize> {
    let [database, schema, table] = place;
    let text = |name: &str| format!("'{}'", name.replace('\'', "''"));
    let list: Vec<String> = touched
        .iter()
        .map(|(schema, table)| format!("({}, {})", text(schema), text(table)))
        .collect();
    if list.is_empty() {
        return Ok(0);
    }
    connection.execute(
        &format!(
            "DELETE FROM {STORE}.{} AS kept USING (VALUES {}) AS gone(s, t) \
             WHERE kept.{database} = {} AND kept.{schema} = gone.s AND kept.{table} = gone.t",
            quoted(name),
            list.join(", "),
            text(LOCAL_DATABASE)
        ),
        [],
    )
}

/// `"memory"."_META"."DDL"`: one row for each table and view, with the text `GET_DDL` gives for it.
fn create_ddl(connection: &Connection, catalog: &Catalog) -> duckdb::Result<()> {
    let mut listing = ddl(catalog);
    // Not in `ddl`: that is also asked for some tables of own data, which are added to what there is.
    listing.push(vec![
        semantic_view::DATABASE.into(),
        semantic_view::SCHEMA.into(),
        semantic_view::NAME.into(),
        "SEMANTIC_VIEW".into(),
        semantic_view::ddl().into(),
    ]);
    let all = DDL_COLUMNS.map(str::to_owned);
    store(
        connection,
        DDL,
        &listing.columns(),
        &listing.into_rows(),
        &all,
    )
}

fn ddl(catalog: &Catalog) -> Listing {
    let mut listing = Listing::new(DDL_COLUMNS.map(|name| (name, DataType::Varchar(None))));
    for (database, schema, table) in catalog.tables() {
        if schema.name != INFORMATION_SCHEMA {
            listing.push(vec![
                database.name.into(),
                schema.name.into(),
                table.name.into(),
                if table.is_view() { "VIEW" } else { "TABLE" }.into(),
                table.ddl().into(),
            ]);
        }
    }
    listing
}

impl Stored {
    fn of(&self, view: &str) -> &[String] {
        self.columns.get(view).map_or(&[], Vec::as_slice)
    }
}

/// The columns that have a value somewhere.
fn with_values(columns: &[Column], rows: &[Vec<Value>]) -> Vec<String> {
    let has_values = |place: usize| {
        rows.iter()
            .any(|row| row.get(place).is_some_and(|value| *value != Value::Null))
    };
    columns
        .iter()
        .enumerate()
        .filter(|(place, _)| has_values(*place))
        .map(|(_, column)| column.name.clone())
        .collect()
}

/// Stores the named columns, in place of what was stored before.
fn store(
    connection: &Connection,
    name: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
    stored: &[String],
) -> duckdb::Result<()> {
    let kept = kept(columns, stored);
    if kept.is_empty() {
        return Ok(());
    }
    let definitions = kept
        .iter()
        .map(|(_, column)| {
            format!(
                "{} {}",
                quoted(&column.name),
                engine_type(&column.data_type)
            )
        })
        .collect::<Vec<_>>()
        .join(", ");
    connection.execute_batch(&format!(
        "CREATE OR REPLACE TABLE {STORE}.{} ({definitions})",
        quoted(name)
    ))?;
    append(connection, name, columns, rows, stored)
}

/// The columns that are stored, with their places.
fn kept<'c>(columns: &'c [Column], stored: &[String]) -> Vec<(usize, &'c Column)> {
    columns
        .iter()
        .enumerate()
        .filter(|(_, column)| stored.contains(&column.name))
        .collect()
}

/// Adds rows to what is stored.
fn append(
    connection: &Connection,
    name: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
    stored: &[String],
) -> duckdb::Result<()> {
    let kept = kept(columns, stored);
    if rows.is_empty() || kept.is_empty() {
        return Ok(());
    }
    let mut appender = connection.appender_to_catalog_and_db(name, "memory", "_META")?;
    for row in rows {
        let values = kept
            .iter()
            .map(|(place, _)| row.get(*place).map_or(EngineValue::Null, engine_value));
        appender.append_row(appender_params_from_iter(values))?;
    }
    appender.flush()
}

fn engine_value(value: &Value) -> EngineValue {
    match value {
        Value::Null => EngineValue::Null,
        Value::Number(number) => EngineValue::BigInt(*number),
        Value::Text(text) => EngineValue::Text(text.clone().into_owned()),
        Value::Time(seconds) => EngineValue::Timestamp(TimeUnit::Second, *seconds),
        Value::Json(json) => EngineValue::Text(json.clone()),
    }
}
