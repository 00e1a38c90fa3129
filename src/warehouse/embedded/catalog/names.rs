//! What a name given by a caller means: which database, schema and table.

use super::super::dialect::Found;
use super::super::error::does_not_exist;
use super::{
    Catalog, Database, INFORMATION_SCHEMA, ROLE, SAMPLE_DATABASE, SAMPLE_SCHEMA, Schema, Table,
    USER, WAREHOUSE,
};
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{DataType, Error, SessionContext};

/// The names a statement starts from, defaults filled in.
#[derive(Debug, Clone)]
pub(in super::super) struct Current {
    pub(in super::super) database: Identifier,
    pub(in super::super) schema: Identifier,
    pub(in super::super) role: Identifier,
    pub(in super::super) warehouse: Identifier,
    pub(in super::super) user: Identifier,
}

impl Current {
    /// Fills in what the session leaves open: the sample data, or the first schema of a database that was named alone.
    ///
    /// # Errors
    ///
    /// When the database or schema does not exist. Role and warehouse mean nothing here and are taken as they are.
    pub(in super::super) fn new(
        catalog: &Catalog,
        session: &SessionContext,
    ) -> Result<Self, Error> {
        let given = session.schema.as_ref();
        let database = given
            .and_then(|name| name.schema.as_ref())
            .or(session.database.as_ref());
        let found = catalog.known_database(database.map_or(SAMPLE_DATABASE, Identifier::as_str))?;
        let schema = match given.map(|name| &name.object) {
            Some(schema) => {
                found.known_schema(schema.as_str())?;
                schema.clone()
            }
            None => {
                let mut own = found
                    .schemas
                    .iter()
                    .filter(|schema| schema.name != INFORMATION_SCHEMA);
                name(own.next().map_or(SAMPLE_SCHEMA, |schema| schema.name))?
            }
        };
        Ok(Self {
            database: name(found.name)?,
            schema,
            role: session.role.clone().map_or_else(|| name(ROLE), Ok)?,
            warehouse: session
                .warehouse
                .clone()
                .map_or_else(|| name(WAREHOUSE), Ok)?,
            user: name(USER)?,
        })
    }
}

/// One of our own names.
fn name(exact: &str) -> Result<Identifier, Error> {
    Identifier::exact(exact)
        .map_err(|error| Error::internal("a name of the embedded engine's own is none", error))
}

impl Catalog {
    pub(super) fn known_database(&self, name: &str) -> Result<&Database, Error> {
        self.database(name)
            .ok_or_else(|| not_found("Database", name))
    }

    /// The schema a name of one or two parts means.
    pub(super) fn known_schema(
        &self,
        current: &Current,
        name: &QualifiedName,
    ) -> Result<(&Database, &Schema), Error> {
        let database =
            self.known_database(name.schema.as_ref().unwrap_or(&current.database).as_str())?;
        Ok((database, database.known_schema(name.object.as_str())?))
    }

    /// The columns of the table or view that a name of three parts means.
    pub(in super::super) fn found(&self, name: &QualifiedName) -> Found {
        let (Some(database), Some(schema)) = (&name.database, &name.schema) else {
            return Found::Nothing;
        };
        let wanted = [database.as_str(), schema.as_str(), name.object.as_str()];
        let mut is_in_another_case = false;
        for (database, schema, table) in self.tables() {
            let names = [database.name, schema.name, table.name];
            if names == wanted {
                let names = table.columns.iter().map(|column| column.name.to_owned());
                let binaries = table
                    .columns
                    .iter()
                    .filter(|column| column.data_type == DataType::Binary)
                    .map(|column| column.name.to_owned());
                return Found::Columns {
                    names: names.collect(),
                    binaries: binaries.collect(),
                };
            }
            let mut pairs = names.iter().zip(wanted);
            is_in_another_case |= pairs.all(|(name, wanted)| name.eq_ignore_ascii_case(wanted));
        }
        if is_in_another_case {
            Found::InAnotherCase
        } else {
            Found::Nothing
        }
    }

    /// The table or view a name of one to three parts means.
    pub(super) fn known_table(
        &self,
        current: &Current,
        name: &QualifiedName,
    ) -> Result<(&Database, &Schema, &Table), Error> {
        // Snowflake names the whole path when it has one, and does not say which part of it is wrong.
        let missing = || not_found("Object", &name.to_string());
        let database = name.database.as_ref().unwrap_or(&current.database);
        let schema = name.schema.as_ref().unwrap_or(&current.schema);
        let database = self.database(database.as_str()).ok_or_else(missing)?;
        let schema = database.schema(schema.as_str()).ok_or_else(missing)?;
        let table = schema
            .tables
            .iter()
            .find(|table| table.name == name.object.as_str())
            .ok_or_else(missing)?;
        Ok((database, schema, table))
    }
}

impl Database {
    pub(super) fn known_schema(&self, name: &str) -> Result<&Schema, Error> {
        self.schema(name)
            .ok_or_else(|| not_found("Schema", &format!("{}.{name}", self.name)))
    }
}

pub(super) fn not_found(kind: &str, name: &str) -> Error {
    Error::ObjectNotFound {
        message: does_not_exist(kind, name),
        query_id: None,
    }
}
