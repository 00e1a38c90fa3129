//! What a SHOW or DESCRIBE looks into, and which names its rows tell.

use super::reference::{Found, Reference, unresolved};
use crate::sql::Identifier;
use crate::sql::show::{Describe, Scope, Show};

/// Where the rows of a SHOW or DESCRIBE hold the names of what they tell about. Each row may tell about several objects.
pub type Listing = Vec<RowName>;

/// One name in a row, as deep as the row goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowName {
    /// The database.
    pub database: Part,
    /// The schema, where the row goes so deep.
    pub schema: Option<Part>,
    /// The table, view or other object, where the row goes so deep.
    pub object: Option<Part>,
}

/// One part of a name in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// It stands in this column.
    Column(&'static str),
    /// It is the same in all rows: what the statement named.
    Named(Identifier),
    /// It is the same in all rows: the session's.
    Current,
}

/// Kinds of SHOW that tell about the account and no database's contents; databases by name only.
const ACCOUNT_KINDS: [&str; 5] = ["DATABASES", "PARAMETERS", "REGIONS", "ROLES", "WAREHOUSES"];

/// Kinds of SHOW that look into databases, and without IN only into the current one.
const DATABASE_KINDS: [&str; 20] = [
    "COLUMNS",
    "DYNAMIC TABLES",
    "EVENT TABLES",
    "EXTERNAL TABLES",
    "FILE FORMATS",
    "ICEBERG TABLES",
    "IMPORTED KEYS",
    "MATERIALIZED VIEWS",
    "OBJECTS",
    "PIPES",
    "PRIMARY KEYS",
    "SCHEMAS",
    "SEMANTIC VIEWS",
    "SEQUENCES",
    "STAGES",
    "STREAMS",
    "TABLES",
    "TASKS",
    "UNIQUE KEYS",
    "VIEWS",
];

/// Kinds of DESCRIBE whose name is that of an object in a schema.
const SCHEMA_OBJECTS: [&str; 14] = [
    "DYNAMIC TABLE",
    "EVENT TABLE",
    "EXTERNAL TABLE",
    "FILE FORMAT",
    "ICEBERG TABLE",
    "MATERIALIZED VIEW",
    "PIPE",
    "SEMANTIC VIEW",
    "SEQUENCE",
    "STAGE",
    "STREAM",
    "TABLE",
    "TASK",
    "VIEW",
];

/// Kinds of SHOW whose rows tell about a table by other columns than the rest.
const IN_TABLES: [&str; 3] = ["COLUMNS", "PRIMARY KEYS", "UNIQUE KEYS"];

/// The names in the rows of a SHOW.
pub(super) fn of_rows_shown(show: &Show) -> Listing {
    let names = |database, schema, object| RowName {
        database: Part::Column(database),
        schema: Some(Part::Column(schema)),
        object: Some(Part::Column(object)),
    };
    match show.objects.as_str() {
        "DATABASES" => vec![RowName {
            database: Part::Column("name"),
            schema: None,
            object: None,
        }],
        "SCHEMAS" => vec![RowName {
            database: Part::Column("database_name"),
            schema: Some(Part::Column("name")),
            object: None,
        }],
        "IMPORTED KEYS" => vec![
            names("pk_database_name", "pk_schema_name", "pk_table_name"),
            names("fk_database_name", "fk_schema_name", "fk_table_name"),
        ],
        kind if IN_TABLES.contains(&kind) => {
            vec![names("database_name", "schema_name", "table_name")]
        }
        kind if DATABASE_KINDS.contains(&kind) => {
            vec![names("database_name", "schema_name", "name")]
        }
        // Roles, warehouses, parameters, regions.
        _ => vec![],
    }
}

/// The names in the rows of a DESCRIBE: those of a database's schemas, or a schema's objects.
pub(super) fn of_rows_described(describe: &Describe) -> Listing {
    let named = |name: Option<&Identifier>| name.cloned().map_or(Part::Current, Part::Named);
    match (describe.kind.as_str(), &describe.name) {
        ("DATABASE", Some(name)) => vec![RowName {
            database: named(Some(&name.object)),
            schema: Some(Part::Column("name")),
            object: None,
        }],
        ("SCHEMA", Some(name)) => vec![RowName {
            database: named(name.schema.as_ref()),
            schema: Some(named(Some(&name.object))),
            object: Some(Part::Column("name")),
        }],
        _ => vec![],
    }
}

pub(super) fn of_show(show: &Show) -> Found {
    let kind = show.objects.as_str();
    // A part that was not read may name another place.
    if !show.rest.is_empty() {
        return unresolved(format!("SHOW {kind} {}", show.rest));
    }
    let is_wide = matches!(show.scope, Scope::Unstated | Scope::Account);
    if kind == "DATABASES" && is_wide {
        return Ok(vec![Reference::Account]);
    }
    if ACCOUNT_KINDS.contains(&kind) && is_wide {
        return Ok(vec![]);
    }
    // It may show names of any database, in columns that are not known.
    if !DATABASE_KINDS.contains(&kind) {
        return unresolved(format!("SHOW {kind}"));
    }
    let after_in = |name: &dyn std::fmt::Display| unresolved(format!("the name {name} after IN"));
    Ok(vec![match &show.scope {
        // Without IN, SHOW looks into the current database.
        Scope::Unstated | Scope::Database(None) => Reference::Database(None),
        Scope::Schema(None) => Reference::Schema {
            database: None,
            schema: None,
        },
        Scope::Account => Reference::Account,
        Scope::Database(Some(name)) => Reference::Database(Some(name.clone())),
        Scope::Schema(Some(name)) => Reference::Schema {
            database: name.schema.clone(),
            schema: Some(name.object.clone()),
        },
        Scope::Table(name) => Reference::Object(name.clone()),
        // Snowflake may take one part for a database or a schema.
        Scope::Named(name) => match (kind, &name.database, &name.schema) {
            ("SCHEMAS", None, None) => Reference::Database(Some(name.object.clone())),
            ("SCHEMAS", _, _) | (_, None, None) => return after_in(name),
            ("COLUMNS" | "PRIMARY KEYS" | "IMPORTED KEYS" | "UNIQUE KEYS", Some(_), _) => {
                Reference::Object(name.clone())
            }
            ("COLUMNS" | "PRIMARY KEYS" | "IMPORTED KEYS" | "UNIQUE KEYS", None, _)
            | (_, Some(_), _) => return after_in(name),
            (_, None, Some(database)) => Reference::Schema {
                database: Some(database.clone()),
                schema: Some(name.object.clone()),
            },
        },
    }])
}

pub(super) fn of_describe(describe: &Describe) -> Found {
    let Some(name) = &describe.name else {
        return unresolved(format!("what DESCRIBE {} names", describe.kind));
    };
    let is_alone = name.database.is_none() && name.schema.is_none();
    Ok(vec![match describe.kind.as_str() {
        "DATABASE" if is_alone => Reference::Database(Some(name.object.clone())),
        "SCHEMA" if name.database.is_none() => Reference::Schema {
            database: name.schema.clone(),
            schema: Some(name.object.clone()),
        },
        kind if SCHEMA_OBJECTS.contains(&kind) => Reference::Object(name.clone()),
        kind => return unresolved(format!("DESCRIBE {kind}")),
    }])
}
