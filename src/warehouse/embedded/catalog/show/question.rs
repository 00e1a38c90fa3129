//! The tables and views that a SHOW is about.

use super::super::super::semantic_view::{self, Kind};
use super::super::listing::{Listing, Value};
use super::super::names::{Current, not_found};
use super::super::{Catalog, Database, Schema, Table, semantic_views};
use crate::sql::QualifiedName;
use crate::sql::show::{Scope, Show};
use crate::warehouse::Error;

/// A catalog and the names it is asked from.
pub(super) struct Question<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) current: &'a Current,
}

/// A table and what it lies in.
pub(super) type Found<'a> = (&'a Database, &'a Schema, &'a Table);

impl<'a> Question<'a> {
    /// The tables and views in a scope.
    pub(super) fn scope(&self, scope: &Scope) -> Result<Vec<Found<'a>>, Error> {
        let in_schema = |(database, schema): (&'a Database, &'a Schema)| {
            schema
                .tables
                .iter()
                .map(|table| (database, schema, table))
                .collect()
        };
        let in_database = |database: &'a Database| {
            database
                .schemas
                .iter()
                .flat_map(|schema| in_schema((database, schema)))
                .collect()
        };
        let here = QualifiedName {
            database: None,
            schema: None,
            object: self.current.schema.clone(),
        };
        Ok(match scope {
            Scope::Account => self.catalog.tables().collect(),
            Scope::Unstated | Scope::Schema(None) => {
                in_schema(self.catalog.known_schema(self.current, &here)?)
            }
            Scope::Schema(Some(name)) => in_schema(self.catalog.known_schema(self.current, name)?),
            Scope::Database(name) => in_database(
                self.catalog
                    .known_database(name.as_ref().unwrap_or(&self.current.database).as_str())?,
            ),
            Scope::Table(name) => vec![self.catalog.known_table(self.current, name)?],
            Scope::Named(name) => match self.catalog.known_schema(self.current, name) {
                Ok(found) if name.database.is_none() => in_schema(found),
                Ok(_) | Err(_) if name.schema.is_none() => {
                    in_database(self.catalog.known_database(name.object.as_str()).map_err(
                        // Snowflake takes a single word for a schema first.
                        |_| not_found("Object", &name.to_string()),
                    )?)
                }
                Ok(_) => return Err(not_found("Object", &name.to_string())),
                Err(error) => return Err(error),
            },
        })
    }

    /// As [`Self::scope`], for what lies in tables: a bare name is then a table's.
    pub(super) fn scope_of_tables(&self, scope: &Scope) -> Result<Vec<Found<'a>>, Error> {
        match scope {
            Scope::Named(name) => match self.catalog.known_table(self.current, name) {
                Ok(found) => Ok(vec![found]),
                Err(error) => self.scope(scope).map_err(|_| error),
            },
            _ => self.scope(scope),
        }
    }

    /// Whether our semantic view is in a scope, or is the scope.
    pub(super) fn holds_semantic_view(&self, scope: &Scope) -> Result<bool, Error> {
        if let Scope::Table(name) | Scope::Named(name) = scope
            && semantic_views::is_it(self.current, name)
        {
            return Ok(true);
        }
        let found = self.scope(scope)?;
        let mut found = found.iter();
        Ok(found.any(|(database, schema, _)| {
            (database.name, schema.name) == (semantic_view::DATABASE, semantic_view::SCHEMA)
        }))
    }

    /// Its dimensions, facts or metrics, where it is in the scope.
    pub(super) fn semantic_items(
        &self,
        listing: &mut Listing,
        show: &Show,
        kind: Kind,
    ) -> Result<(), Error> {
        if self.holds_semantic_view(&show.scope)? {
            semantic_views::items(listing, kind);
        }
        Ok(())
    }

    pub(super) fn created(&self) -> Value {
        Value::Time(self.catalog.created)
    }
}

pub(super) fn yes_no(yes: bool) -> Value {
    if yes { "Y" } else { "N" }.into()
}
