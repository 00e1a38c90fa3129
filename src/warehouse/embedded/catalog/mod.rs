//! What objects there are, and every question about them: SHOW, DESCRIBE, `INFORMATION_SCHEMA`.
//!
//! One description of the databases, in `definition`, makes the engine's tables and all answers, so that they agree.
//! Start with [`Catalog`]; `names` says what a name given by a caller means.

mod columns;
mod definition;
mod describe;
mod information_schema;
mod kinds;
mod listing;
mod model;
mod names;
mod semantic_views;
mod show;

pub(super) use definition::{DEMO_ROWS, DEMO_SIZE};
pub(super) use describe::describe;
pub(super) use information_schema::{
    Stored, create as create_information_schema, refresh as refresh_information_schema,
};
pub(super) use listing::{Listing, Value};
pub(super) use model::{
    Catalog, ENGINE_INFORMATION_SCHEMA, Field, INFORMATION_SCHEMA, LOCAL_DATABASE, ROLE,
    SAMPLE_DATABASE, SAMPLE_SCHEMA, Table, TableKind, USER, WAREHOUSE, quoted,
};
pub(super) use names::Current;
pub(super) use show::show;

use std::collections::BTreeSet;

use model::{Database, ForeignKey, MAX_TEXT_LENGTH, Schema, engine_type, written};

impl Catalog {
    pub(super) fn new() -> Self {
        let mut databases = definition::databases();
        for database in &mut databases {
            database.schemas.push(information_schema::schema());
            database.schemas.sort_by_key(|schema| schema.name);
        }
        Self {
            databases,
            created: jiff::Timestamp::now().as_second(),
        }
    }

    /// Adds an empty database for own data.
    pub(super) fn add_local(&mut self) {
        self.databases.push(Database {
            name: LOCAL_DATABASE,
            comment: "Files of this machine, read-only: folders are schemas, files are tables",
            schemas: vec![information_schema::schema()],
        });
        self.databases.sort_by_key(|database| database.name);
    }

    /// Says what schemas own data has now, and which tables are in them.
    pub(super) fn set_local(&mut self, schemas: impl Iterator<Item = (&'static str, Vec<Table>)>) {
        let found = self.databases.iter_mut();
        let Some(local) = found.into_iter().find(|one| one.name == LOCAL_DATABASE) else {
            return;
        };
        local
            .schemas
            .retain(|schema| schema.name == INFORMATION_SCHEMA);
        local.schemas.extend(schemas.map(|(name, tables)| Schema {
            name,
            comment: "",
            tables,
        }));
        local.schemas.sort_by_key(|schema| schema.name);
    }

    /// A catalog with these tables of own data alone, each given by its schema and its name.
    fn part_of_local(&self, wanted: &BTreeSet<(&'static str, &'static str)>) -> Self {
        let mut databases = Vec::new();
        if let Some(local) = self.database(LOCAL_DATABASE) {
            let mut schemas = Vec::new();
            for schema in &local.schemas {
                let tables = schema.tables.iter();
                let tables: Vec<Table> = tables
                    .filter(|table| wanted.contains(&(schema.name, table.name)))
                    .cloned()
                    .collect();
                if !tables.is_empty() {
                    schemas.push(Schema { tables, ..*schema });
                }
            }
            databases.push(Database { schemas, ..*local });
        }
        Self {
            databases,
            created: self.created,
        }
    }
}
