//! SHOW, answered from the catalog.

use super::kinds::{self, TERSE};
use super::listing::{Listing, Value};
use super::names::{Current, not_found};
use super::{Catalog, Database, Field, ROLE, Schema, Table, TableKind, USER, WAREHOUSE};
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
        "PARAMETERS" => parameters(&mut listing),
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

/// SQL's LIKE without regard to case; a backslash takes the next character as it is.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut wanted = Vec::new();
    let mut characters = pattern.chars().flat_map(char::to_lowercase);
    while let Some(c) = characters.next() {
        wanted.push(match c {
            '%' => Want::Any,
            '_' => Want::One,
            '\\' => Want::Exactly(characters.next().unwrap_or('\\')),
            c => Want::Exactly(c),
        });
    }
    // `reached[n]`: the pattern so far can have eaten the first n characters.
    let mut reached = vec![false; text.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for want in wanted {
        reached = match want {
            Want::Any => reached
                .iter()
                .scan(false, |seen, here| {
                    *seen |= here;
                    Some(*seen)
                })
                .collect(),
            Want::One | Want::Exactly(_) => std::iter::once(false)
                .chain(
                    reached
                        .iter()
                        .zip(&text)
                        .map(|(here, c)| *here && (want == Want::One || want == Want::Exactly(*c))),
                )
                .collect(),
        };
    }
    reached.last().copied().unwrap_or(false)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Any,
    One,
    Exactly(char),
}

/// From which side a foreign key is asked for.
#[derive(Clone, Copy)]
enum Side {
    Referring,
    Referenced,
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

    fn databases(&self, listing: &mut Listing) {
        for database in &self.catalog.databases {
            let is_current = database.name == self.current.database.as_str();
            listing.push(vec![
                self.created(),
                database.name.into(),
                yes_no(database.name == super::SAMPLE_DATABASE),
                yes_no(is_current),
                "".into(),
                ROLE.into(),
                database.comment.into(),
                "".into(),
                "1".into(),
                "STANDARD".into(),
                "ROLE".into(),
            ]);
        }
    }

    fn schemas(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
        let databases = match scope {
            Scope::Account => self.catalog.databases.iter().collect(),
            Scope::Database(Some(name)) => vec![self.catalog.known_database(name.as_str())?],
            Scope::Named(name) => vec![self.catalog.known_database(name.object.as_str())?],
            _ => vec![
                self.catalog
                    .known_database(self.current.database.as_str())?,
            ],
        };
        for database in databases {
            for schema in &database.schemas {
                let is_current = database.name == self.current.database.as_str()
                    && schema.name == self.current.schema.as_str();
                listing.push(vec![
                    self.created(),
                    schema.name.into(),
                    yes_no(schema.name == super::SAMPLE_SCHEMA),
                    yes_no(is_current),
                    database.name.into(),
                    owner(schema),
                    schema.comment.into(),
                    "".into(),
                    "1".into(),
                    "ROLE".into(),
                ]);
            }
        }
        Ok(())
    }

    /// The rows of SHOW TABLES, and of SHOW OBJECTS, whose columns are fewer but named alike.
    fn tables(
        &self,
        listing: &mut Listing,
        scope: &Scope,
        is_wanted: impl Fn(&Table) -> bool,
    ) -> Result<(), Error> {
        let columns = listing.columns();
        for (database, schema, table) in self.scope(scope)? {
            if !is_wanted(table) {
                continue;
            }
            let (rows, bytes) = match &table.kind {
                TableKind::Table { rows, bytes, .. } => ((*rows).into(), (*bytes).into()),
                TableKind::View { .. } => (Value::Number(0), Value::Number(0)),
            };
            let row = columns.iter().map(|column| match column.name.as_str() {
                "created_on" => self.created(),
                "name" => table.name.into(),
                "database_name" => database.name.into(),
                "schema_name" => schema.name.into(),
                "kind" => kind(table),
                "comment" => table.comment.into(),
                "cluster_by" => "".into(),
                "rows" => rows.clone(),
                "bytes" => bytes.clone(),
                "owner" => owner(schema),
                "retention_time" => "1".into(),
                "owner_role_type" => "ROLE".into(),
                "automatic_clustering" | "change_tracking" | "search_optimization" => "OFF".into(),
                "enable_schema_evolution"
                | "is_external"
                | "is_event"
                | "is_hybrid"
                | "is_iceberg"
                | "is_dynamic"
                | "is_immutable" => "N".into(),
                _ => Value::Null,
            });
            listing.push(row.collect());
        }
        Ok(())
    }

    fn views(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
        for (database, schema, table) in self.scope(scope)? {
            if !table.is_view() {
                continue;
            }
            listing.push(vec![
                self.created(),
                table.name.into(),
                "".into(),
                database.name.into(),
                schema.name.into(),
                owner(schema),
                table.comment.into(),
                view_text(schema, table),
                "false".into(),
                "false".into(),
                "ROLE".into(),
                "OFF".into(),
            ]);
        }
        Ok(())
    }

    fn columns(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
        for (database, schema, table) in self.scope_of_tables(scope)? {
            for column in &table.columns {
                listing.push(vec![
                    table.name.into(),
                    schema.name.into(),
                    column.name.into(),
                    json_type(column).into(),
                    if column.is_nullable {
                        "true"
                    } else {
                        "NOT_NULL"
                    }
                    .into(),
                    "".into(),
                    "COLUMN".into(),
                    "".into(),
                    column.comment.into(),
                    database.name.into(),
                    "".into(),
                    Value::Null,
                ]);
            }
        }
        Ok(())
    }

    fn primary_keys(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
        for (database, schema, table) in self.scope_of_tables(scope)? {
            for (index, column) in table.primary_key().iter().enumerate() {
                listing.push(vec![
                    self.created(),
                    database.name.into(),
                    schema.name.into(),
                    table.name.into(),
                    (*column).into(),
                    (index + 1).into(),
                    format!("PK_{}", table.name).into(),
                    "false".into(),
                    Value::Null,
                ]);
            }
        }
        Ok(())
    }

    fn foreign_keys(&self, listing: &mut Listing, scope: &Scope, side: Side) -> Result<(), Error> {
        let asked = self.scope_of_tables(scope)?;
        for (database, schema, table) in self.catalog.tables() {
            for key in table.foreign_keys() {
                let matters = match side {
                    Side::Referring => table.name,
                    Side::Referenced => key.table,
                };
                if !asked.iter().any(|(d, s, t)| {
                    d.name == database.name && s.name == schema.name && t.name == matters
                }) {
                    continue;
                }
                for (index, (column, referenced)) in
                    key.columns.iter().zip(&key.referenced).enumerate()
                {
                    listing.push(vec![
                        self.created(),
                        database.name.into(),
                        schema.name.into(),
                        key.table.into(),
                        (*referenced).into(),
                        database.name.into(),
                        schema.name.into(),
                        table.name.into(),
                        (*column).into(),
                        (index + 1).into(),
                        "NO ACTION".into(),
                        "NO ACTION".into(),
                        format!("FK_{}_{}", table.name, key.table).into(),
                        format!("PK_{}", key.table).into(),
                        "NOT DEFERRABLE".into(),
                        "false".into(),
                        Value::Null,
                    ]);
                }
            }
        }
        Ok(())
    }

    fn warehouses(&self, listing: &mut Listing) {
        let columns = listing.columns();
        let row = columns.iter().map(|column| match column.name.as_str() {
            "name" => WAREHOUSE.into(),
            "state" => "STARTED".into(),
            "type" => "STANDARD".into(),
            "size" => "X-Small".into(),
            "min_cluster_count" | "max_cluster_count" | "started_clusters" => Value::Number(1),
            "running" | "queued" => Value::Number(0),
            "is_default" => "Y".into(),
            "is_current" => yes_no(self.current.warehouse.as_str() == WAREHOUSE),
            "auto_resume" => "true".into(),
            "created_on" | "resumed_on" | "updated_on" => self.created(),
            "owner" => ROLE.into(),
            "comment" => "The engine inside this process".into(),
            "owner_role_type" => "ROLE".into(),
            _ => Value::Null,
        });
        listing.push(row.collect());
    }

    fn roles(&self, listing: &mut Listing) {
        listing.push(vec![
            self.created(),
            ROLE.into(),
            "Y".into(),
            yes_no(self.current.role.as_str() == ROLE),
            "N".into(),
            Value::Number(1),
            Value::Number(0),
            Value::Number(0),
            "".into(),
            "The only role of the embedded engine; it may read everything".into(),
        ]);
    }

    fn users(&self, listing: &mut Listing) {
        let columns = listing.columns();
        let row = columns.iter().map(|column| match column.name.as_str() {
            "name" | "login_name" | "display_name" => USER.into(),
            "created_on" => self.created(),
            "disabled"
            | "must_change_password"
            | "has_password"
            | "has_rsa_public_key"
            | "has_mfa" => "false".into(),
            "default_warehouse" => WAREHOUSE.into(),
            "default_namespace" => {
                format!("{}.{}", super::SAMPLE_DATABASE, super::SAMPLE_SCHEMA).into()
            }
            "default_role" => ROLE.into(),
            _ => Value::Null,
        });
        listing.push(row.collect());
    }

    /// What the one role may: read what there is. `rest` is what follows GRANTS.
    fn grants(&self, rest: &str) -> Listing {
        let words = rest.to_uppercase();
        let is_about_roles =
            words.starts_with("OF ") || words.starts_with("TO USER") || words.is_empty();
        if is_about_roles {
            let mut listing = empty("ROLE GRANTS");
            listing.push(vec![
                self.created(),
                ROLE.into(),
                "USER".into(),
                USER.into(),
                "".into(),
            ]);
            return listing;
        }
        let mut listing = empty("GRANTS");
        let is_about_the_role = words.starts_with("TO ROLE") && words.ends_with(ROLE);
        if !is_about_the_role {
            return listing;
        }
        let mut grant = |privilege: &'static str, on: &'static str, name: String| {
            listing.push(vec![
                self.created(),
                privilege.into(),
                on.into(),
                name.into(),
                "ROLE".into(),
                ROLE.into(),
                "false".into(),
                "".into(),
            ]);
        };
        for database in &self.catalog.databases {
            grant("USAGE", "DATABASE", super::written(database.name));
        }
        for (database, schema, table) in self.catalog.tables() {
            let on = if table.is_view() { "VIEW" } else { "TABLE" };
            let name = [database.name, schema.name, table.name].map(super::written);
            grant("SELECT", on, name.join("."));
        }
        listing
    }
}

/// A listing of a kind that is in the table for certain.
fn empty(kind: &str) -> Listing {
    kinds::listing(kind).unwrap_or_else(|| Listing::new([]))
}

fn parameters(listing: &mut Listing) {
    for (key, value, description, data_type) in [
        (
            "TIMEZONE",
            "Etc/UTC",
            "time zone of TIMESTAMP_LTZ values",
            "STRING",
        ),
        (
            "TIMESTAMP_TYPE_MAPPING",
            "TIMESTAMP_NTZ",
            "what TIMESTAMP stands for",
            "STRING",
        ),
        ("WEEK_START", "0", "first day of the week", "NUMBER"),
    ] {
        listing.push(vec![
            key.into(),
            value.into(),
            value.into(),
            "".into(),
            description.into(),
            data_type.into(),
        ]);
    }
}

fn yes_no(yes: bool) -> Value {
    if yes { "Y" } else { "N" }.into()
}

fn kind(table: &Table) -> Value {
    if table.is_view() { "VIEW" } else { "TABLE" }.into()
}

/// The standard views belong to nobody.
fn owner(schema: &Schema) -> Value {
    if schema.name == super::INFORMATION_SCHEMA {
        "".into()
    } else {
        ROLE.into()
    }
}

fn view_text(schema: &Schema, table: &Table) -> Value {
    if schema.name == super::INFORMATION_SCHEMA {
        "".into()
    } else {
        table.ddl().into()
    }
}

/// SHOW COLUMNS tells a type as a JSON object.
fn json_type(column: &Field) -> String {
    let nullable = column.is_nullable;
    match &column.data_type {
        DataType::Number { precision, scale } => format!(
            r#"{{"type":"FIXED","precision":{precision},"scale":{scale},"nullable":{nullable}}}"#
        ),
        DataType::Varchar(length) => {
            let length = length.unwrap_or(super::MAX_TEXT_LENGTH);
            // Snowflake counts four bytes for a character, up to the longest text there is.
            let bytes = length.saturating_mul(4).min(super::MAX_TEXT_LENGTH);
            format!(
                r#"{{"type":"TEXT","length":{length},"byteLength":{bytes},"nullable":{nullable},"fixed":false}}"#
            )
        }
        DataType::Float => format!(r#"{{"type":"REAL","nullable":{nullable}}}"#),
        DataType::TimestampLtz(scale) => format!(
            r#"{{"type":"TIMESTAMP_LTZ","precision":0,"scale":{scale},"nullable":{nullable}}}"#
        ),
        other => format!(r#"{{"type":"{other}","nullable":{nullable}}}"#),
    }
}
