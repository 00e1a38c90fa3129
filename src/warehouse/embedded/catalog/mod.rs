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
mod show;

pub(super) use definition::{DEMO_ROWS, DEMO_SIZE};
pub(super) use describe::describe;
pub(super) use information_schema::create as create_information_schema;
pub(super) use listing::{Listing, Value};
pub(super) use model::{
    Catalog, ENGINE_INFORMATION_SCHEMA, INFORMATION_SCHEMA, ROLE, SAMPLE_DATABASE, SAMPLE_SCHEMA,
    Table, TableKind, USER, WAREHOUSE, quoted,
};
pub(super) use names::Current;
pub(super) use show::show;

use model::{Database, Field, ForeignKey, MAX_TEXT_LENGTH, Schema, engine_type, written};

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
}
