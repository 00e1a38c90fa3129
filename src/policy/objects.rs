//! Which databases, schemas and objects statements may touch, and which of them the rows of a SHOW may tell.

use std::sync::Arc;

use super::names::{list, only};
use super::{CurrentNames, Options, Refusal};
use crate::sql::identifier::PUBLIC;
use crate::sql::{Identifier, Listing, Parsed, Part, QualifiedName, Reference, RowName};

/// Leaves out the rows of a SHOW or DESCRIBE that name what the lists do not allow.
#[derive(Debug, Clone)]
pub struct RowFilter {
    /// All of them must admit a row.
    options: Vec<Arc<Options>>,
    listing: Listing,
    database: Option<Identifier>,
    schema: Option<Identifier>,
}

/// Checks all that a statement touches. The filter is for the rows of its result, when they are names.
pub(super) fn check(
    options: &Arc<Options>,
    parsed: &Parsed,
    place: &CurrentNames<'_>,
) -> Result<Option<RowFilter>, Refusal> {
    // Most statements of servers without lists end here, whatever they touch.
    if !options.limits_objects() {
        return Ok(None);
    }
    // If the text leaves open which objects are used, the statement is refused: a list that can be evaded protects
    // nothing.
    let touched = parsed
        .references()
        .map_err(|unresolved| Refusal::Unresolved {
            what: unresolved.what,
            why: format!(
                "{}, and the text does not say what it is",
                options.in_words()
            ),
        })?;
    let listing = parsed.listing();
    for reference in touched {
        let is_partly_shown = match &reference {
            Reference::Object(name) => {
                check_object(options, name, place)?;
                false
            }
            Reference::Schema { database, schema } => {
                // SHOW … IN SCHEMA: the place must be allowed, and what it lists is filtered where
                // lists go into more detail.
                let database = database_of(options, database.as_ref(), place)?;
                let schema = schema_of(options, schema.as_ref(), place)?;
                options.admit(&[database, schema])?;
                options.allowed_objects.is_some() || !options.denied_objects.is_empty()
            }
            Reference::Database(database) => {
                let database = database_of(options, database.as_ref(), place)?;
                options.admit(&[database])?;
                options.limits_below_databases()
            }
            // A list of the whole account is allowed if its rows can be filtered.
            Reference::Account => true,
        };
        // The rows of this SHOW cannot be filtered, because the statement itself counts them or
        // passes them on.
        if is_partly_shown && listing.is_none() {
            return Err(Refusal::Unresolved {
                what: "a list of names with LIMIT, or one that another statement goes on with,"
                    .into(),
                why: format!(
                    "{}, and names beyond them are left out only at the end",
                    options.in_words()
                ),
            });
        }
    }
    Ok(listing
        .filter(|listing| !listing.is_empty())
        .map(|listing| RowFilter {
            options: vec![Arc::clone(options)],
            listing,
            database: place.database.cloned(),
            schema: place.schema.cloned(),
        }))
}

fn check_object(
    options: &Options,
    name: &QualifiedName,
    place: &CurrentNames<'_>,
) -> Result<(), Refusal> {
    let database = database_of(options, name.database.as_ref(), place)?;
    // Then the schema does not matter and need not be known.
    if !options.limits_below_databases() {
        return options.admit(&[database]);
    }
    // The database first, for the better message.
    options.admit_database(database)?;
    let schema = schema_of(options, name.schema.as_ref(), place)?;
    // The session's own schema is the first place where the name may be.
    options.admit(&[database, schema, &name.object])?;
    // Snowflake's default search path looks there for a name without a schema, after the session's own schema.
    if name.schema.is_none()
        && schema.as_str() != PUBLIC
        && let Ok(public) = Identifier::exact(PUBLIC)
    {
        options.admit(&[database, &public, &name.object])?;
    }
    Ok(())
}

fn database_of<'a>(
    options: &Options,
    named: Option<&'a Identifier>,
    place: &CurrentNames<'a>,
) -> Result<&'a Identifier, Refusal> {
    known(options, named.or(place.database), "database")
}

fn schema_of<'a>(
    options: &Options,
    named: Option<&'a Identifier>,
    place: &CurrentNames<'a>,
) -> Result<&'a Identifier, Refusal> {
    known(options, named.or(place.schema), "schema")
}

fn known<'a>(
    options: &Options,
    part: Option<&'a Identifier>,
    what: &str,
) -> Result<&'a Identifier, Refusal> {
    part.ok_or_else(|| Refusal::Unresolved {
        what: format!("a name without its {what}"),
        why: options.in_words(),
    })
}

impl Options {
    fn limits_objects(&self) -> bool {
        self.allowed_databases.is_some() || self.limits_below_databases()
    }

    fn limits_below_databases(&self) -> bool {
        self.allowed_schemas.is_some()
            || self.allowed_objects.is_some()
            || !self.denied_objects.is_empty()
    }

    /// The lists, completing "… is not allowed here:".
    fn in_words(&self) -> String {
        let mut words = Vec::new();
        if let Some(allowed) = &self.allowed_databases {
            words.push(only("databases", allowed));
        }
        if let Some(allowed) = &self.allowed_schemas {
            words.push(only("schemas", allowed));
        }
        if let Some(allowed) = &self.allowed_objects {
            words.push(only("objects", allowed));
        }
        if !self.denied_objects.is_empty() {
            words.push("the operator has denied some objects".into());
        }
        words.join("; ")
    }

    fn admit_database(&self, database: &Identifier) -> Result<(), Refusal> {
        match &self.allowed_databases {
            Some(allowed) if !allowed.contains(database) => Err(Refusal::Database {
                database: database.to_string(),
                allowed: list(allowed),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a database, a schema or an object may be touched: its name from the database on. Of a database and a schema
    /// there must be something inside that may.
    fn admit(&self, name: &[&Identifier]) -> Result<(), Refusal> {
        if let Some(database) = name.first() {
            self.admit_database(database)?;
        }
        let refuse = |why: String| {
            let parts: Vec<_> = name.iter().map(ToString::to_string).collect();
            Err(Refusal::Object {
                name: parts.join("."),
                why,
            })
        };
        if let Some(allowed) = &self.allowed_schemas
            && !allowed.iter().any(|pattern| pattern.matches(name))
        {
            return refuse(only("schemas", allowed));
        }
        if let Some(allowed) = &self.allowed_objects
            && !allowed.iter().any(|pattern| pattern.matches(name))
        {
            return refuse(only("objects", allowed));
        }
        match self
            .denied_objects
            .iter()
            .find(|pattern| pattern.covers(name))
        {
            Some(denied) => refuse(format!("the operator has denied {denied}")),
            None => Ok(()),
        }
    }
}

impl RowFilter {
    /// Both: of the same statement, so of the same listing.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.options.extend(other.options);
        self
    }

    /// Whether a row may be shown. `cell` gives its value in a column; a row that does not say what it tells of is not shown.
    pub fn shows<'row>(&self, cell: impl Fn(&str) -> Option<std::borrow::Cow<'row, str>>) -> bool {
        self.listing.iter().all(|name| self.admits(name, &cell))
    }

    fn admits<'row>(
        &self,
        name: &RowName,
        cell: &impl Fn(&str) -> Option<std::borrow::Cow<'row, str>>,
    ) -> bool {
        let part = |part: &Part, current: &Option<Identifier>| match part {
            Part::Column(column) => Identifier::exact(cell(column)?).ok(),
            Part::Named(name) => Some(name.clone()),
            Part::Current => current.clone(),
        };
        let mut parts = vec![part(&name.database, &self.database)];
        parts.extend(name.schema.iter().map(|schema| part(schema, &self.schema)));
        parts.extend(name.object.iter().map(|object| part(object, &None)));
        let parts: Option<Vec<Identifier>> = parts.into_iter().collect();
        // A row whose name cannot be read is left out: it might be one that is denied.
        parts.is_some_and(|parts| {
            let name: Vec<&Identifier> = parts.iter().collect();
            self.options
                .iter()
                .all(|options| options.admit(&name).is_ok())
        })
    }
}
