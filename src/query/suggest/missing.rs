//! Finds the list in the catalog that should contain a name which does not exist.

use super::names::Listing;
use super::wording::{NEAREST, about_columns, suggestion};
use crate::query::Queries;
use crate::query::advice::Missing;
use crate::query::name_cache::Listed;
use crate::sql::show::Show;
use crate::sql::{self, QualifiedName, TableSource, spelling};
use crate::warehouse::SessionContext;

impl Queries {
    /// A hint with similar names, if the catalog has any.
    pub(super) async fn about_missing(
        &self,
        missing: &Missing,
        sql: &str,
        session: &SessionContext,
    ) -> Option<String> {
        let (database, _) = self.home(session);
        match missing {
            Missing::Column(name) => self.about_missing_column(name, sql, session).await,
            Missing::Object(name) => self.about_object(name, sql, session).await,
            Missing::Schema(name) => {
                let name = QualifiedName::parse(name, 2).ok()?;
                let database = name.schema.clone().or(database);
                let scope = database.as_ref().map_or_else(
                    || "ACCOUNT".to_owned(),
                    |database| format!("DATABASE {}", database.quoted()),
                );
                let names = self
                    .listed(
                        // In an account there may be more schemas than SHOW lists without a limit,
                        // which it would refuse.
                        Listing::of(format!("SHOW SCHEMAS IN {scope} LIMIT {}", Show::LONGEST)),
                        session,
                    )
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

    async fn about_missing_column(
        &self,
        name: &str,
        sql: &str,
        session: &SessionContext,
    ) -> Option<String> {
        let (qualifier, column) = split(name);
        let text = match &qualifier {
            None => spelling::text_without_quotes(sql, &column),
            Some(_) => None,
        };
        let quotes = text.map(|text| format!("a text takes single quotes: {text}"));
        // Lower case in double quotes is more often a text in the wrong quotes than a column's name.
        if quotes.is_some() && sql.contains(&format!("\"{column}\"")) {
            return quotes;
        }
        let sources = sql::parse(sql).map(|parsed| parsed.table_sources());
        let sources = sources.unwrap_or_default();
        // A table with an alias has no other name in the statement.
        let table = qualifier.as_deref().unwrap_or(&column);
        let is_free = !sources.iter().any(|source| source.is_called(table));
        let hidden = sources.iter().find(|source| source.is_hidden(table));
        // The commonest slip with aliases, and it needs no request.
        if let (Some(alias), true) = (hidden.and_then(|it| it.alias.as_ref()), is_free) {
            return Some(format!(
                "the statement calls {table} {alias}: write {alias}.column, or {alias}.*"
            ));
        }
        let columns = self
            .about_column(qualifier.as_deref(), &column, &sources, session)
            .await;
        let told: Vec<_> = quotes.into_iter().chain(columns).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    async fn about_object(
        &self,
        name: &str,
        sql: &str,
        session: &SessionContext,
    ) -> Option<String> {
        let (database, schema) = self.home(session);
        // The message may have shortened the name to its last part.
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

    /// The full name, if the statement has more of it than the error message.
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
            // Qualified in the message, the name is as the warehouse understood it, which counts
            // more than the text.
            (Some(written), Some(told)) if told.schema.is_none() => Some(written),
            (written, told) => told.or(written),
        }
    }

    async fn about_column(
        &self,
        qualifier: Option<&str>,
        column: &str,
        sources: &[TableSource],
        session: &SessionContext,
    ) -> Option<String> {
        let meant: Vec<&TableSource> = match qualifier {
            None => sources.iter().collect(),
            Some(qualifier) => sources
                .iter()
                .filter(|source| source.is_called(qualifier))
                .collect(),
        };
        // No table has this name or alias, so no list of columns can help.
        if let (Some(qualifier), true, false) = (qualifier, meant.is_empty(), sources.is_empty()) {
            let known: Vec<_> = sources
                .iter()
                .take(NEAREST)
                .map(TableSource::in_words)
                .collect();
            // The name may belong to a WITH or a subquery, and the catalog does not list their columns.
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
}

impl TableSource {
    fn is_called(&self, name: &str) -> bool {
        let own = self.alias.as_ref().unwrap_or(&self.name.object);
        own.as_str().eq_ignore_ascii_case(name)
    }

    /// Whether a table has this name and the query gives it an alias.
    fn is_hidden(&self, name: &str) -> bool {
        self.name.object.as_str().eq_ignore_ascii_case(name) && !self.is_called(name)
    }

    fn in_words(&self) -> String {
        match &self.alias {
            Some(alias) => format!("{} (called {alias})", self.name),
            None => self.name.to_string(),
        }
    }
}

/// A column and the part in front of it.
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
