//! SHOW, answered from the catalog.

mod account;
mod like;
mod objects;

use self::like::is_like;
use self::objects::Side;
use super::kinds::{self, TERSE};
use super::listing::{Listing, Value};
use super::names::{Current, not_found};
use super::{Catalog, Database, Schema, Table};
use crate::sql::QualifiedName;
use crate::sql::show::{Scope, Show};
use crate::warehouse::{DataType, EngineLimit, Error};

/// Answers a SHOW statement.
///
/// # Errors
///
/// When the scope does not exist, or the kind of objects is none we know the columns of.
pub(in super::super) fn show(
    catalog: &Catalog,
    current: &Current,
    show: &Show,
) -> Result<Listing, Error> {
    let question = Question { catalog, current };
    let unknown = || {
        Error::from(EngineLimit {
            what: format!("does not know SHOW {}", show.objects),
            hint: Some(
                "SHOW TABLES, VIEWS, COLUMNS, SCHEMAS and DATABASES say what there is".into(),
            ),
        })
    };
    if show.objects == "GRANTS" {
        return Ok(question.grants(&show.rest));
    }
    let mut listing = kinds::listing(&show.objects).ok_or_else(unknown)?;
    match show.objects.as_str() {
        "DATABASES" => question.databases(&mut listing),
        "SCHEMAS" => question.schemas(&mut listing, &show.scope)?,
        "TABLES" => question.tables(&mut listing, &show.scope, |table| !table.is_view())?,
        "OBJECTS" => question.tables(&mut listing, &show.scope, |_| true)?,
        "VIEWS" => question.views(&mut listing, &show.scope)?,
        "COLUMNS" => question.columns(&mut listing, &show.scope)?,
        "PRIMARY KEYS" => question.primary_keys(&mut listing, &show.scope)?,
        "IMPORTED KEYS" => question.foreign_keys(&mut listing, &show.scope, Side::Referring)?,
        "EXPORTED KEYS" => question.foreign_keys(&mut listing, &show.scope, Side::Referenced)?,
        "WAREHOUSES" => question.warehouses(&mut listing),
        "ROLES" => question.roles(&mut listing),
        "USERS" => question.users(&mut listing),
        "PARAMETERS" => account::parameters(&mut listing),
        // There are none; still, a scope that does not exist is an error.
        _ => drop(question.scope(&show.scope)?),
    }
    let named_by = match show.objects.as_str() {
        "COLUMNS" => "column_name",
        "PARAMETERS" => "key",
        _ => "name",
    };
    narrow(&mut listing, named_by, show);
    if show.terse {
        listing = terse(listing, &show.objects);
    }
    Ok(listing)
}

/// The five columns of TERSE, where Snowflake has it. What the full listing does not say is NULL, or the same for all.
fn terse(mut listing: Listing, objects: &str) -> Listing {
    let missing: &[(&str, Value)] = match objects {
        "DATABASES" => &[("database_name", Value::Null), ("schema_name", Value::Null)],
        "SCHEMAS" => &[("kind", Value::Null), ("schema_name", Value::Null)],
        "VIEWS" => &[("kind", Value::Text(std::borrow::Cow::Borrowed("VIEW")))],
        "TABLES" | "OBJECTS" => &[],
        _ => return listing,
    };
    for (name, value) in missing {
        listing.add_column(name, DataType::Varchar(None), value);
    }
    listing.only(&TERSE)
}

/// LIKE, STARTS WITH and LIMIT … FROM.
fn narrow(listing: &mut Listing, column: &str, show: &Show) {
    if let Some(pattern) = &show.like {
        listing.retain(column, |name| is_like(name, pattern));
    }
    if let Some(start) = &show.starts_with {
        listing.retain(column, |name| name.starts_with(start));
    }
    if let Some(from) = &show.from {
        // A cursor: the name of the last row of the page before, or the beginning of a name.
        listing.retain(column, |name| name > from.as_str());
    }
    if let Some(limit) = show.limit {
        listing.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

/// A catalog and the names it is asked from.
struct Question<'a> {
    catalog: &'a Catalog,
    current: &'a Current,
}

/// A table and what it lies in.
type Found<'a> = (&'a Database, &'a Schema, &'a Table);

impl<'a> Question<'a> {
    /// The tables and views in a scope.
    fn scope(&self, scope: &Scope) -> Result<Vec<Found<'a>>, Error> {
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
    fn scope_of_tables(&self, scope: &Scope) -> Result<Vec<Found<'a>>, Error> {
        match scope {
            Scope::Named(name) => match self.catalog.known_table(self.current, name) {
                Ok(found) => Ok(vec![found]),
                Err(error) => self.scope(scope).map_err(|_| error),
            },
            _ => self.scope(scope),
        }
    }

    fn created(&self) -> Value {
        Value::Time(self.catalog.created)
    }
}

fn yes_no(yes: bool) -> Value {
    if yes { "Y" } else { "N" }.into()
}
