//! The rows of the views, made from the catalog.

use super::super::listing::{Listing, Value};
use super::super::{
    Catalog, Field, INFORMATION_SCHEMA, MAX_TEXT_LENGTH, ROLE, Schema, Table, TableKind, USER,
};

use crate::warehouse::DataType;

/// The rows of one view, of all databases together.
pub(super) fn rows(catalog: &Catalog, view: &str, columns: &'static str) -> Listing {
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
            u64::from(length.unwrap_or(MAX_TEXT_LENGTH)).into()
        }
        ("CHARACTER_OCTET_LENGTH", DataType::Varchar(length)) => {
            let length = length.unwrap_or(MAX_TEXT_LENGTH);
            u64::from(length.saturating_mul(4).min(MAX_TEXT_LENGTH)).into()
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

/// The type of a column, which the same name has in every view.
pub(super) fn data_type(column: &str) -> DataType {
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
