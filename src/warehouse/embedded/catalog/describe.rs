//! DESCRIBE, answered from the catalog.

use super::listing::{Listing, Value};
use super::names::{Current, not_found};
use super::{Catalog, ROLE, Table, USER, WAREHOUSE, semantic_views};
use crate::sql::show::Describe;
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{DataType, EngineLimit, Error};

/// Answers a DESCRIBE statement.
///
/// # Errors
///
/// When the object does not exist, or is of a kind the engine has none of.
pub(in super::super) fn describe(
    catalog: &Catalog,
    current: &Current,
    describe: &Describe,
) -> Result<Listing, Error> {
    let name = || {
        describe.name.as_ref().ok_or_else(|| Error::Sql {
            message: format!(
                "SQL compilation error:\nDESCRIBE {} expects one name",
                describe.kind
            ),
            position: None,
            query_id: None,
        })
    };
    match describe.kind.as_str() {
        "TABLE" | "VIEW" => {
            let (_, _, table) = catalog.known_table(current, name()?)?;
            Ok(columns(table))
        }
        "SCHEMA" => {
            let (_, schema) = catalog.known_schema(current, name()?)?;
            let mut listing = listing(&["created_on", "name", "kind"]);
            for table in &schema.tables {
                listing.push(vec![
                    Value::Time(catalog.created),
                    table.name.into(),
                    if table.is_view() { "VIEW" } else { "TABLE" }.into(),
                ]);
            }
            Ok(listing)
        }
        "DATABASE" => {
            let database = catalog.known_database(name()?.object.as_str())?;
            let mut listing = listing(&["created_on", "name", "kind"]);
            for schema in &database.schemas {
                listing.push(vec![
                    Value::Time(catalog.created),
                    schema.name.into(),
                    "SCHEMA".into(),
                ]);
            }
            Ok(listing)
        }
        "SEMANTIC VIEW" => semantic_views::describe(current, name()?),
        "WAREHOUSE" => {
            only(name()?, WAREHOUSE, "Warehouse")?;
            let mut listing = listing(&["created_on", "name", "kind"]);
            listing.push(vec![
                Value::Time(catalog.created),
                WAREHOUSE.into(),
                "WAREHOUSE".into(),
            ]);
            Ok(listing)
        }
        "USER" => {
            only(name()?, USER, "User")?;
            let mut listing = listing(&["property", "value", "default", "description"]);
            for (property, value) in [
                ("NAME", USER),
                ("DEFAULT_ROLE", ROLE),
                ("DEFAULT_WAREHOUSE", WAREHOUSE),
            ] {
                listing.push(vec![
                    property.into(),
                    value.into(),
                    "null".into(),
                    "".into(),
                ]);
            }
            Ok(listing)
        }
        // Kinds Snowflake knows and the engine holds none of: whatever the name, it is not there.
        "FUNCTION"
        | "PROCEDURE"
        | "SEQUENCE"
        | "STAGE"
        | "FILE FORMAT"
        | "TASK"
        | "STREAM"
        | "PIPE"
        | "MATERIALIZED VIEW"
        | "DYNAMIC TABLE"
        | "EXTERNAL TABLE"
        | "CORTEX SEARCH SERVICE"
        | "ALERT"
        | "SECRET"
        | "MASKING POLICY"
        | "ROW ACCESS POLICY" => {
            let kind = describe.kind.to_lowercase();
            let kind = kind
                .split(' ')
                .map(capitalized)
                .collect::<Vec<_>>()
                .join(" ");
            let name = describe
                .name
                .as_ref()
                .map_or_else(String::new, ToString::to_string);
            Err(not_found(&kind, &name))
        }
        kind => Err(EngineLimit {
            what: format!("does not support DESCRIBE {kind}"),
            hint: Some(
                "DESCRIBE TABLE and DESCRIBE VIEW name the columns of a table or view".into(),
            ),
        }
        .into()),
    }
}

/// The columns of a table, in Snowflake's columns for them.
fn columns(table: &Table) -> Listing {
    let mut listing = listing(&[
        "name",
        "type",
        "kind",
        "null?",
        "default",
        "primary key",
        "unique key",
        "check",
        "expression",
        "comment",
        "policy name",
        "privacy domain",
    ]);
    for column in &table.columns {
        let comment = match column.comment {
            "" => Value::Null,
            comment => comment.into(),
        };
        listing.push(vec![
            column.name.into(),
            described_type(&column.data_type).into(),
            "COLUMN".into(),
            if column.is_nullable { "Y" } else { "N" }.into(),
            Value::Null,
            if table.primary_key().contains(&column.name) {
                "Y"
            } else {
                "N"
            }
            .into(),
            "N".into(),
            Value::Null,
            Value::Null,
            comment,
            Value::Null,
            Value::Null,
        ]);
    }
    listing
}

/// DESCRIBE always writes a length.
fn described_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Varchar(None) => DataType::Varchar(Some(super::MAX_TEXT_LENGTH)).to_string(),
        other => other.to_string(),
    }
}

fn only(name: &QualifiedName, known: &str, kind: &str) -> Result<(), Error> {
    if name.object.as_str() == known {
        Ok(())
    } else {
        Err(not_found(kind, Identifier::as_str(&name.object)))
    }
}

fn listing(names: &[&str]) -> Listing {
    Listing::new(names.iter().map(|name| {
        let data_type = match *name {
            "created_on" => DataType::TimestampLtz(3),
            _ => DataType::Varchar(None),
        };
        (*name, data_type)
    }))
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
