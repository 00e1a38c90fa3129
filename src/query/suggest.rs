//! What helps to write a refused statement anew: the names there are, for one that there is not.
//!
//! The names come from the catalog, by one SHOW or DESCRIBE at most, which needs no virtual warehouse to run. It is sent with
//! the caller's own role and its rows pass the policy's filter, so that nothing is suggested that the caller may not see. It has
//! little time, what it finds is kept for the next mistake, and where it fails the refusal is told without it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;

use super::advice::{self, Missing};
use super::name_cache::{Listed, Question};
use super::sieve::{self, Sieve};
use super::{Error, Queries, Table};
use crate::policy::Refusal;
use crate::sql::{self, Class, Identifier, QualifiedName, TableSource, nearest, spelling};
use crate::warehouse::{self, Session};

/// How long the catalog may take: the caller waits for a refusal.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of names that are read of one list.
const LIST_BYTES: usize = 256 << 10;

/// Names that are suggested.
const NEAREST: usize = 5;

/// So many names, and so many bytes of them, are all told.
const FEW: usize = 30;
const FEW_BYTES: usize = 1024;

/// A list to ask for: the statement, and the columns of its rows with the name and, for columns, the table.
struct Listing {
    sql: String,
    name: &'static str,
    table: Option<&'static str>,
}

impl Queries {
    /// As [`Self::table`], and a refusal says which names may have been meant.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn table_or_advice(&self, sql: &str, session: Session) -> Result<Table, Error> {
        let table = self.table(sql, session.clone()).await;
        self.taught(table, sql, &session).await
    }

    /// The same outcome; a refusal with what helps to write the statement anew.
    pub(super) async fn taught<T>(
        &self,
        outcome: Result<T, Error>,
        sql: &str,
        session: &Session,
    ) -> Result<T, Error> {
        match outcome {
            Ok(answer) => Ok(answer),
            Err(error) => {
                // As it was read: without what models put around a statement.
                let cleaned = sql::cleaned(sql);
                let sql = cleaned.as_deref().unwrap_or(sql);
                Err(self.explained_error(error, sql, session).await)
            }
        }
    }

    async fn explained_error(&self, error: Error, sql: &str, session: &Session) -> Error {
        let error = match foreign(error, sql) {
            Ok(foreign) => return foreign,
            Err(error) => error,
        };
        let Some(message) = words(&error) else {
            return error;
        };
        let hint = match advice::missing(&message) {
            Some(missing) => {
                let hint = self.about_missing(&missing, sql, session).await;
                // The call is about the statement that was refused, not about the list.
                if let Some(id) = error.query_id() {
                    self.notes.running_as(id);
                }
                hint
            }
            None if advice::is_syntax(&message) => advice::on_syntax(&message, sql),
            None => advice::on(&message, sql),
        };
        match hint {
            Some(hint) => Error::Explained {
                error: Box::new(error),
                hint,
            },
            None => error,
        }
    }

    async fn about_missing(
        &self,
        missing: &Missing,
        sql: &str,
        session: &Session,
    ) -> Option<String> {
        let (database, schema) = self.home(session);
        match missing {
            Missing::Column(name) => {
                let (qualifier, column) = split(name);
                let text = match &qualifier {
                    None => spelling::text_without_quotes(sql, &column),
                    Some(_) => None,
                };
                let quotes = text.map(|text| format!("a text takes single quotes: {text}"));
                // What is in double quotes and in lower case is seldom the name of a column.
                if quotes.is_some() && sql.contains(&format!("\"{column}\"")) {
                    return quotes;
                }
                let sources = sql::parse(sql).map(|parsed| parsed.table_sources());
                let sources = sources.unwrap_or_default();
                let columns = self
                    .about_column(qualifier.as_deref(), &column, &sources, session)
                    .await;
                let told: Vec<_> = quotes.into_iter().chain(columns).collect();
                (!told.is_empty()).then(|| told.join("; "))
            }
            Missing::Object(name) => {
                let written = Self::as_written(name, sql)?;
                let place = |name: &QualifiedName| {
                    let schema = name.schema.clone().or(schema.clone());
                    let database = name.database.clone().or(database.clone());
                    (database, schema)
                };
                let (database, schema) = place(&written);
                let scope = match (&database, &schema) {
                    (Some(database), Some(schema)) => {
                        format!("SCHEMA {}.{}", database.quoted(), schema.quoted())
                    }
                    (None, Some(schema)) => format!("SCHEMA {}", schema.quoted()),
                    (Some(database), None) => format!("DATABASE {}", database.quoted()),
                    (None, None) => return None,
                };
                let names = self
                    .listed(Listing::of(format!("SHOW OBJECTS IN {scope}")), session)
                    .await?;
                let parent = [database, schema].into_iter().flatten().collect::<Vec<_>>();
                suggestion(&written.object, &names, &parent, "tables and views")
            }
            Missing::Schema(name) => {
                let name = QualifiedName::parse(name, 2).ok()?;
                let database = name.schema.clone().or(database);
                let scope = database.as_ref().map_or_else(
                    || "ACCOUNT".to_owned(),
                    |database| format!("DATABASE {}", database.quoted()),
                );
                let names = self
                    .listed(Listing::of(format!("SHOW SCHEMAS IN {scope}")), session)
                    .await?;
                let parent: Vec<_> = database.into_iter().collect();
                suggestion(&name.object, &names, &parent, "schemas")
            }
            Missing::Database(name) => {
                let name = QualifiedName::parse(name, 1).ok()?;
                let names = self
                    .listed(Listing::of("SHOW DATABASES".to_owned()), session)
                    .await?;
                suggestion(&name.object, &names, &[], "databases")
            }
        }
    }

    /// The name in full, where the statement gives more of it than the refusal.
    fn as_written(name: &str, sql: &str) -> Option<QualifiedName> {
        let told = QualifiedName::parse(name, 3).ok();
        let references = sql::parse(sql)
            .ok()
            .and_then(|parsed| parsed.references().ok());
        let objects = references
            .into_iter()
            .flatten()
            .filter_map(|reference| match reference {
                sql::Reference::Object(name) => Some(name),
                _ => None,
            });
        let mut ends_so = objects.filter(|object| {
            told.as_ref().is_some_and(|told| {
                told.object
                    .as_str()
                    .eq_ignore_ascii_case(object.object.as_str())
            })
        });
        let written = ends_so.next();
        match (written, told) {
            (Some(written), Some(told)) if told.schema.is_none() => Some(written),
            (written, told) => told.or(written),
        }
    }

    async fn about_column(
        &self,
        qualifier: Option<&str>,
        column: &str,
        sources: &[TableSource],
        session: &Session,
    ) -> Option<String> {
        let meant: Vec<&TableSource> = match qualifier {
            None => sources.iter().collect(),
            Some(qualifier) => sources
                .iter()
                .filter(|source| source.is_called(qualifier))
                .collect(),
        };
        if let (Some(qualifier), true, false) = (qualifier, meant.is_empty(), sources.is_empty()) {
            let known: Vec<_> = sources
                .iter()
                .take(NEAREST)
                .map(TableSource::in_words)
                .collect();
            // It may be the name of a WITH or a subquery, whose columns nobody lists.
            return Some(format!(
                "the tables of the statement are {}; if {qualifier} is meant to be one of them, use its name here",
                known.join(", ")
            ));
        }
        let mut tables: Vec<&QualifiedName> = Vec::new();
        for source in &meant {
            if !tables.contains(&&source.name) {
                tables.push(&source.name);
            }
        }
        let first = *tables.first()?;
        if tables.len() == 1 {
            let listing = Listing::of(format!("DESCRIBE TABLE {}", first.quoted()));
            let names = self.listed(listing, session).await?;
            return about_columns(column, &names, Some(first));
        }
        let (database, schema) = self.home(session);
        let schema = first.schema.clone().or(schema)?;
        let scope = match first.database.clone().or(database) {
            Some(database) => format!("{}.{}", database.quoted(), schema.quoted()),
            None => schema.quoted(),
        };
        let listing = Listing {
            sql: format!("SHOW COLUMNS IN SCHEMA {scope}"),
            name: "column_name",
            table: Some("table_name"),
        };
        let wanted: Vec<&str> = tables.iter().map(|table| table.object.as_str()).collect();
        let names = self.listed(listing, session).await?;
        let names: Vec<Listed> = names
            .iter()
            .filter(|listed| {
                listed
                    .table
                    .as_deref()
                    .is_some_and(|table| wanted.contains(&table))
            })
            .cloned()
            .collect();
        about_columns(column, &names, None)
    }

    /// The names of a list, from memory or from the warehouse; `None` where it cannot be had in time.
    async fn listed(&self, listing: Listing, session: &Session) -> Option<Arc<Vec<Listed>>> {
        let question = Question {
            caller: self.caller.clone(),
            role: session.role.clone(),
            database: session.database.clone(),
            schema: session.schema.as_ref().map(QualifiedName::quoted),
            sql: listing.sql.clone(),
        };
        if let Some(names) = self.name_cache.0.get(&question) {
            return Some(names);
        }
        let names = tokio::time::timeout(PATIENCE, self.asked(&listing, session)).await;
        let names = Arc::new(names.ok()?.ok()?);
        self.name_cache.0.insert(question, Arc::clone(&names));
        Some(names)
    }

    async fn asked(&self, listing: &Listing, session: &Session) -> Result<Vec<Listed>, Error> {
        let run = self
            .approved(&listing.sql, session.clone(), Vec::new(), Some(PATIENCE))
            .await?;
        let filter = run.statement.row_filter().cloned();
        let run = self.in_turn(run).await?;
        let mut answer = self.warehouse.run(run).await?;
        let sieve = Sieve::new(&answer.columns, filter, None);
        let name = sieve::place(&answer.columns, listing.name);
        let table = listing
            .table
            .and_then(|table| sieve::place(&answer.columns, table));
        let mut names = Vec::new();
        let mut bytes = 0;
        'rows: while let Some(batch) = answer.batches.next().await {
            let batch = batch?;
            for row in (0..batch.rows()).filter(|row| sieve.shows(&*batch, *row)) {
                let text =
                    |column: Option<usize>| Some(sieve::text(&*batch, row, column?)?.into_owned());
                let Some(name) = text(name) else { continue };
                let listed = Listed {
                    name,
                    table: text(table),
                };
                bytes += listed.bytes();
                if bytes > LIST_BYTES {
                    break 'rows;
                }
                names.push(listed);
            }
        }
        Ok(names)
    }
}

impl Listing {
    fn of(sql: String) -> Self {
        Self {
            sql,
            name: "name",
            table: None,
        }
    }
}

impl TableSource {
    fn is_called(&self, name: &str) -> bool {
        let own = self.alias.as_ref().unwrap_or(&self.name.object);
        own.as_str().eq_ignore_ascii_case(name)
    }

    fn in_words(&self) -> String {
        match &self.alias {
            Some(alias) => format!("{} (called {alias})", self.name),
            None => self.name.to_string(),
        }
    }
}

/// Something of another database explains a refusal that otherwise speaks of a policy, a parser or an engine.
fn foreign(error: Error, sql: &str) -> Result<Error, Error> {
    let may_be = match &error {
        Error::Unreadable(sql::Error::Syntax(_) | sql::Error::Ambiguous { .. }) => true,
        Error::Refused(Refusal::Kind { class, .. }) => *class == Class::Unknown,
        Error::Warehouse(warehouse::Error::EngineLimit(_)) => true,
        Error::Warehouse(warehouse::Error::Sql {
            message,
            query_id: None,
            ..
        }) => advice::is_syntax(message),
        _ => false,
    };
    match may_be.then(|| spelling::foreign_spelling(sql)).flatten() {
        Some(foreign) => Ok(sql::Error::Foreign(foreign).into()),
        None => Err(error),
    }
}

/// The warehouse's own words about the statement, or the parser's.
fn words(error: &Error) -> Option<String> {
    use warehouse::Error::{Ended, ObjectNotFound, Sql};
    match error {
        Error::Unreadable(error @ sql::Error::Syntax(_)) => Some(error.to_string()),
        Error::Warehouse(Sql { message, .. } | ObjectNotFound { message, .. }) => {
            Some(message.clone())
        }
        Error::Warehouse(Ended(error)) => match &**error {
            Sql { message, .. } | ObjectNotFound { message, .. } => Some(message.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A column and what stands before it.
fn split(name: &str) -> (Option<String>, String) {
    let (before, column) = match name.rsplit_once('.') {
        Some((before, column)) => (Some(before), column),
        None => (None, name),
    };
    let plain = |part: &str| part.trim_matches('"').to_owned();
    let qualifier = before
        .and_then(|before| before.rsplit('.').next())
        .map(plain);
    (qualifier, plain(column))
}

/// The names that are meant, and all of them where they are few.
fn suggestion(
    wanted: &Identifier,
    names: &[Listed],
    parent: &[Identifier],
    kind: &str,
) -> Option<String> {
    let place: Vec<_> = parent.iter().map(ToString::to_string).collect();
    let place = place.join(".");
    if names.is_empty() {
        return None;
    }
    let whole = |name: &str| {
        let name =
            Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string());
        if place.is_empty() {
            name
        } else {
            format!("{place}.{name}")
        }
    };
    let all = names.iter().map(|listed| listed.name.as_str());
    let near = nearest(wanted.as_str(), all.clone(), NEAREST);
    let mut told = Vec::new();
    if !near.is_empty() {
        let keeps_case = near
            .iter()
            .any(|near| near.eq_ignore_ascii_case(wanted.as_str()));
        let near: Vec<_> = near.into_iter().map(whole).collect();
        told.push(format!("did you mean {}?", near.join(", ")));
        if keeps_case {
            told.push("A name in double quotes keeps its case: leave the quotes out.".to_owned());
        }
    }
    match few(all) {
        Some(list) if place.is_empty() => told.push(format!("the {kind} there are: {list}")),
        Some(list) => told.push(format!("the {kind} in {place}: {list}")),
        None => {}
    }
    (!told.is_empty()).then(|| told.join(" "))
}

fn about_columns(wanted: &str, names: &[Listed], table: Option<&QualifiedName>) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let shown = |name: &str| {
        Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
    };
    let near = nearest(
        wanted,
        names.iter().map(|listed| listed.name.as_str()),
        NEAREST,
    );
    let mut told = Vec::new();
    if !near.is_empty() {
        let near: Vec<_> = near
            .iter()
            .map(|name| {
                let owner = names
                    .iter()
                    .find(|listed| listed.name == *name)
                    .and_then(|listed| listed.table.as_deref());
                match owner {
                    Some(owner) => format!("{} (of {})", shown(name), shown(owner)),
                    None => shown(name),
                }
            })
            .collect();
        told.push(format!("did you mean {}?", near.join(", ")));
    }
    match (table, few(names.iter().map(|listed| listed.name.as_str()))) {
        (Some(table), Some(list)) => told.push(format!("{table} has the columns {list}")),
        (None, Some(list)) => told.push(format!("the columns there are: {list}")),
        (Some(table), None) if told.is_empty() => {
            told.push(format!(
                "describe_table shows the {} columns of {table}",
                names.len()
            ));
        }
        _ => {}
    }
    (!told.is_empty()).then(|| told.join(" "))
}

/// All of the names, where they are few.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut list = String::new();
    for (index, name) in names.enumerate() {
        if index == FEW || list.len() + name.len() > FEW_BYTES {
            return None;
        }
        if index > 0 {
            list.push_str(", ");
        }
        list.push_str(
            &Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string()),
        );
    }
    (!list.is_empty()).then_some(list)
}
