//! Databases, schemas and what lies in them: tables, views, columns, keys.

use super::super::listing::{Listing, Value};
use super::super::{
    Field, INFORMATION_SCHEMA, MAX_TEXT_LENGTH, ROLE, SAMPLE_DATABASE, SAMPLE_SCHEMA, Schema,
    Table, TableKind,
};
use super::question::{Question, yes_no};
use crate::sql::show::Scope;
use crate::warehouse::{DataType, Error};

/// From which side a foreign key is asked for.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Referring,
    Referenced,
}

impl Question<'_> {
    pub(super) fn databases(&self, listing: &mut Listing) {
        for database in &self.catalog.databases {
            let is_current = database.name == self.current.database.as_str();
            listing.push(vec![
                self.created(),
                database.name.into(),
                yes_no(database.name == SAMPLE_DATABASE),
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

    pub(super) fn schemas(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
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
                    yes_no(schema.name == SAMPLE_SCHEMA),
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
    pub(super) fn tables(
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

    pub(super) fn views(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
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

    pub(super) fn columns(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
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

    pub(super) fn primary_keys(&self, listing: &mut Listing, scope: &Scope) -> Result<(), Error> {
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

    pub(super) fn foreign_keys(
        &self,
        listing: &mut Listing,
        scope: &Scope,
        side: Side,
    ) -> Result<(), Error> {
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
}

fn kind(table: &Table) -> Value {
    if table.is_view() { "VIEW" } else { "TABLE" }.into()
}

/// The standard views belong to nobody.
fn owner(schema: &Schema) -> Value {
    if schema.name == INFORMATION_SCHEMA {
        "".into()
    } else {
        ROLE.into()
    }
}

fn view_text(schema: &Schema, table: &Table) -> Value {
    if schema.name == INFORMATION_SCHEMA {
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
            let length = length.unwrap_or(MAX_TEXT_LENGTH);
            // Snowflake counts four bytes for a character, up to the longest text there is.
            let bytes = length.saturating_mul(4).min(MAX_TEXT_LENGTH);
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
