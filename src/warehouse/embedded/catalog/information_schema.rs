//! The views of `INFORMATION_SCHEMA`: their columns, their rows, and how the engine gets them.
//!
//! The rows of all databases lie in one small table for each view, in the engine's own database; each database has a
//! view of its share. A column that has no value anywhere is not stored: an engine table costs memory by the column.

use duckdb::types::{TimeUnit, Value as EngineValue};
use duckdb::{Connection, appender_params_from_iter};

use super::columns::field;
use super::listing::{Listing, Value};
use super::{
    Catalog, ENGINE_INFORMATION_SCHEMA, Field, INFORMATION_SCHEMA, ROLE, Schema, Table, TableKind,
    USER, engine_type, quoted,
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

fn data_type(column: &str) -> DataType {
    match column {
        "CREATED" | "LAST_ALTERED" | "LAST_DDL" | "TABLE_CREATED" => DataType::TimestampLtz(9),
        "ORDINAL_POSITION"
        | "CHARACTER_MAXIMUM_LENGTH"
        | "CHARACTER_OCTET_LENGTH"
        | "NUMERIC_PRECISION"
        | "NUMERIC_PRECISION_RADIX"
        | "NUMERIC_SCALE"
        | "DATETIME_PRECISION"
        | "INTERVAL_PRECISION"
        | "MAXIMUM_CARDINALITY"
        | "ROW_COUNT"
        | "BYTES"
        | "RETENTION_TIME"
        | "ID"
        | "CLONE_GROUP_ID"
        | "ACTIVE_BYTES"
        | "TIME_TRAVEL_BYTES"
        | "FAILSAFE_BYTES"
        | "RETAINED_FOR_CLONE_BYTES" => DataType::Number {
            precision: 38,
            scale: 0,
        },
        _ => DataType::Varchar(None),
    }
}

/// Makes the stored rows and the views, and a table with the DDL of all objects for `GET_DDL`.
pub(in super::super) fn create(connection: &Connection, catalog: &Catalog) -> duckdb::Result<()> {
    connection.execute_batch(&format!("CREATE SCHEMA {STORE}"))?;
    for (view, columns) in VIEWS {
        let listing = rows(catalog, view, columns);
        let columns = listing.columns();
        let rows = listing.into_rows();
        let stored = store(connection, view, &columns, &rows)?;
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
    }
    create_ddl(connection, catalog)
}

/// `"memory"."_META"."DDL"`: one row for each table and view, with the text `GET_DDL` gives for it.
fn create_ddl(connection: &Connection, catalog: &Catalog) -> duckdb::Result<()> {
    let names = [
        "DATABASE_NAME",
        "SCHEMA_NAME",
        "OBJECT_NAME",
        "OBJECT_TYPE",
        "DDL",
    ];
    let mut listing = Listing::new(names.map(|name| (name, DataType::Varchar(None))));
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
    let columns = listing.columns();
    store(connection, "DDL", &columns, &listing.into_rows()).map(drop)
}

/// Stores the columns that have a value somewhere, and says which.
fn store(
    connection: &Connection,
    name: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
) -> duckdb::Result<Vec<String>> {
    let has_values = |place: usize| {
        rows.iter()
            .any(|row| row.get(place).is_some_and(|value| *value != Value::Null))
    };
    let kept: Vec<(usize, &Column)> = columns
        .iter()
        .enumerate()
        .filter(|(place, _)| has_values(*place))
        .collect();
    if kept.is_empty() {
        return Ok(Vec::new());
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
        "CREATE TABLE {STORE}.{} ({definitions})",
        quoted(name)
    ))?;
    let mut appender = connection.appender_to_catalog_and_db(name, "memory", "_META")?;
    for row in rows {
        let values = kept
            .iter()
            .map(|(place, _)| row.get(*place).map_or(EngineValue::Null, engine_value));
        appender.append_row(appender_params_from_iter(values))?;
    }
    appender.flush()?;
    Ok(kept
        .into_iter()
        .map(|(_, column)| column.name.clone())
        .collect())
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

/// The rows of one view, of all databases together.
fn rows(catalog: &Catalog, view: &str, columns: &'static str) -> Listing {
    let names: Vec<&'static str> = columns.split(' ').collect();
    let mut listing = Listing::new(names.iter().map(|name| (*name, data_type(name))));
    let created = Value::Time(catalog.created);
    let mut push = |value: &dyn Fn(&str) -> Value| {
        listing.push(names.iter().map(|name| value(name)).collect());
    };
    match view {
        "APPLICABLE_ROLES" | "ENABLED_ROLES" => push(&|column| match column {
            "GRANTEE" => USER.into(),
            "ROLE_NAME" => ROLE.into(),
            "IS_GRANTABLE" => "NO".into(),
            _ => Value::Null,
        }),
        "DATABASES" => {
            for database in &catalog.databases {
                push(&|column| match column {
                    "DATABASE_NAME" => database.name.into(),
                    "DATABASE_OWNER" => ROLE.into(),
                    "IS_TRANSIENT" => "NO".into(),
                    "COMMENT" => database.comment.into(),
                    "CREATED" | "LAST_ALTERED" => created.clone(),
                    "RETENTION_TIME" => Value::Number(1),
                    "TYPE" => "STANDARD".into(),
                    _ => Value::Null,
                });
            }
        }
        "INFORMATION_SCHEMA_CATALOG_NAME" => {
            for database in &catalog.databases {
                push(&|_| database.name.into());
            }
        }
        "SCHEMATA" => {
            for database in &catalog.databases {
                for schema in &database.schemas {
                    push(&|column| match column {
                        "CATALOG_NAME" => database.name.into(),
                        "SCHEMA_NAME" => schema.name.into(),
                        "SCHEMA_OWNER" => owner(schema),
                        "IS_TRANSIENT" | "IS_MANAGED_ACCESS" => "NO".into(),
                        "RETENTION_TIME" => Value::Number(1),
                        "CREATED" | "LAST_ALTERED" => created.clone(),
                        "COMMENT" => comment(schema.comment),
                        _ => Value::Null,
                    });
                }
            }
        }
        "TABLES" | "VIEWS" | "TABLE_STORAGE_METRICS" => {
            for (database, schema, table) in catalog.tables() {
                let is_wanted = match view {
                    "VIEWS" => table.is_view(),
                    "TABLE_STORAGE_METRICS" => !table.is_view(),
                    _ => true,
                };
                if is_wanted {
                    push(&|column| match column {
                        "TABLE_CATALOG" => database.name.into(),
                        "CREATED" | "LAST_ALTERED" | "LAST_DDL" | "TABLE_CREATED" => {
                            created.clone()
                        }
                        _ => table_value(schema, table, column),
                    });
                }
            }
        }
        "COLUMNS" => {
            for (database, schema, table) in catalog.tables() {
                for (place, described) in table.columns.iter().enumerate() {
                    push(&|column| match column {
                        "TABLE_CATALOG" => database.name.into(),
                        "TABLE_SCHEMA" => schema.name.into(),
                        "TABLE_NAME" => table.name.into(),
                        "ORDINAL_POSITION" => (place + 1).into(),
                        _ => column_value(described, column),
                    });
                }
            }
        }
        "TABLE_CONSTRAINTS" | "REFERENTIAL_CONSTRAINTS" => {
            for (database, schema, table) in catalog.tables() {
                let keys = table.foreign_keys().iter().map(|key| Some(key.table));
                let primary = (!table.primary_key().is_empty() && view == "TABLE_CONSTRAINTS")
                    .then_some(None);
                for referenced in primary.into_iter().chain(keys) {
                    push(&|column| match column {
                        "CONSTRAINT_CATALOG" | "TABLE_CATALOG" | "UNIQUE_CONSTRAINT_CATALOG" => {
                            database.name.into()
                        }
                        "CONSTRAINT_SCHEMA" | "TABLE_SCHEMA" | "UNIQUE_CONSTRAINT_SCHEMA" => {
                            schema.name.into()
                        }
                        "TABLE_NAME" => table.name.into(),
                        "CREATED" | "LAST_ALTERED" => created.clone(),
                        _ => constraint_value(table, referenced, column),
                    });
                }
            }
        }
        // There are none of these.
        _ => {}
    }
    listing
}

fn table_value(schema: &Schema, table: &Table, column: &str) -> Value {
    let (rows, bytes) = match &table.kind {
        TableKind::Table { rows, bytes, .. } => ((*rows).into(), (*bytes).into()),
        TableKind::View { .. } => (Value::Null, Value::Null),
    };
    match column {
        "TABLE_SCHEMA" => schema.name.into(),
        "TABLE_NAME" => table.name.into(),
        "TABLE_OWNER" => owner(schema),
        "TABLE_TYPE" => if table.is_view() {
            "VIEW"
        } else {
            "BASE TABLE"
        }
        .into(),
        "IS_TRANSIENT" | "IS_TYPED" | "IS_TEMPORARY" | "IS_ICEBERG" | "IS_DYNAMIC"
        | "IS_IMMUTABLE" | "IS_HYBRID" | "AUTO_CLUSTERING_ON" | "IS_UPDATABLE"
        | "INSERTABLE_INTO" | "IS_SECURE" => "NO".into(),
        "IS_INSERTABLE_INTO" => if table.is_view() { "NO" } else { "YES" }.into(),
        "CHECK_OPTION" => "NONE".into(),
        "ROW_COUNT" => rows,
        "BYTES" | "ACTIVE_BYTES" => bytes,
        "TIME_TRAVEL_BYTES" | "FAILSAFE_BYTES" | "RETAINED_FOR_CLONE_BYTES" => Value::Number(0),
        "RETENTION_TIME" if !table.is_view() => Value::Number(1),
        "VIEW_DEFINITION" if schema.name != INFORMATION_SCHEMA => table.ddl().into(),
        "COMMENT" => comment(table.comment),
        _ => Value::Null,
    }
}

fn column_value(described: &Field, column: &str) -> Value {
    let data_type = &described.data_type;
    match (column, data_type) {
        ("COLUMN_NAME", _) => described.name.into(),
        ("IS_NULLABLE", _) => if described.is_nullable { "YES" } else { "NO" }.into(),
        ("IS_SELF_REFERENCING" | "IS_IDENTITY", _) => "NO".into(),
        ("COMMENT", _) => comment(described.comment),
        ("DATA_TYPE", DataType::Number { .. }) => "NUMBER".into(),
        ("DATA_TYPE", DataType::Varchar(_)) => "TEXT".into(),
        ("DATA_TYPE", other) => {
            let written = other.to_string();
            written.split('(').next().unwrap_or("").to_owned().into()
        }
        ("CHARACTER_MAXIMUM_LENGTH", DataType::Varchar(length)) => {
            u64::from(length.unwrap_or(super::MAX_TEXT_LENGTH)).into()
        }
        ("CHARACTER_OCTET_LENGTH", DataType::Varchar(length)) => {
            let length = length.unwrap_or(super::MAX_TEXT_LENGTH);
            u64::from(length.saturating_mul(4).min(super::MAX_TEXT_LENGTH)).into()
        }
        ("NUMERIC_PRECISION", DataType::Number { precision, .. }) => {
            Value::Number((*precision).into())
        }
        ("NUMERIC_PRECISION_RADIX", DataType::Number { .. }) => Value::Number(10),
        ("NUMERIC_SCALE", DataType::Number { scale, .. }) => Value::Number((*scale).into()),
        (
            "DATETIME_PRECISION",
            DataType::Time(scale)
            | DataType::TimestampNtz(scale)
            | DataType::TimestampLtz(scale)
            | DataType::TimestampTz(scale),
        ) => Value::Number((*scale).into()),
        _ => Value::Null,
    }
}

/// A value about the primary key, or about the foreign key to the table `referenced`.
fn constraint_value(table: &Table, referenced: Option<&str>, column: &str) -> Value {
    let primary_key = |table: &str| Value::from(format!("PK_{table}"));
    match (column, referenced) {
        ("CONSTRAINT_NAME", None) => primary_key(table.name),
        ("CONSTRAINT_NAME", Some(other)) => format!("FK_{}_{other}", table.name).into(),
        ("UNIQUE_CONSTRAINT_NAME", Some(other)) => primary_key(other),
        ("CONSTRAINT_TYPE", None) => "PRIMARY KEY".into(),
        ("CONSTRAINT_TYPE", Some(_)) => "FOREIGN KEY".into(),
        ("MATCH_OPTION", _) => "FULL".into(),
        ("UPDATE_RULE" | "DELETE_RULE", _) => "NO ACTION".into(),
        ("IS_DEFERRABLE" | "ENFORCED" | "RELY", _) => "NO".into(),
        ("INITIALLY_DEFERRED", _) => "YES".into(),
        _ => Value::Null,
    }
}

/// The standard views belong to nobody.
fn owner(schema: &Schema) -> Value {
    if schema.name == INFORMATION_SCHEMA {
        Value::Null
    } else {
        ROLE.into()
    }
}

fn comment(comment: &'static str) -> Value {
    if comment.is_empty() {
        Value::Null
    } else {
        comment.into()
    }
}
