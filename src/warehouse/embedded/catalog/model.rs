//! Databases, schemas, tables and columns, as far as SHOW, DESCRIBE and `INFORMATION_SCHEMA` tell of them.

use crate::warehouse::DataType;

/// The database that callers start in.
pub(in crate::warehouse::embedded) const SAMPLE_DATABASE: &str = "SNOWFLAKE_SAMPLE_DATA";
/// Its schema, under the name agents know whatever the scale is.
pub(in crate::warehouse::embedded) const SAMPLE_SCHEMA: &str = "TPCH_SF1";
/// The role every statement has unless it names another.
pub(in crate::warehouse::embedded) const ROLE: &str = "ANALYST";
/// The virtual warehouse, which here is this process.
pub(in crate::warehouse::embedded) const WAREHOUSE: &str = "EMBEDDED";
/// The user who is signed in.
pub(in crate::warehouse::embedded) const USER: &str = "AGENT";
/// The database of own data.
pub(in crate::warehouse::embedded) const LOCAL_DATABASE: &str = "LOCAL";
/// What the schema of the standard views is called.
pub(in crate::warehouse::embedded) const INFORMATION_SCHEMA: &str = "INFORMATION_SCHEMA";
/// What it is called in the engine, where every database has an `information_schema` of DuckDB's already.
pub(in crate::warehouse::embedded) const ENGINE_INFORMATION_SCHEMA: &str = "_INFORMATION_SCHEMA";

/// Longest text Snowflake stores, in characters, and the length of a `VARCHAR` without one.
pub(super) const MAX_TEXT_LENGTH: u32 = 16_777_216;

/// All databases.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct Catalog {
    pub(in crate::warehouse::embedded) databases: Vec<Database>,
    /// When the objects were made, in seconds since 1970: at start-up.
    pub(in crate::warehouse::embedded) created: i64,
}

/// A database and its schemas, in the order of their names, `INFORMATION_SCHEMA` among them.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct Database {
    pub(in crate::warehouse::embedded) name: &'static str,
    pub(in crate::warehouse::embedded) comment: &'static str,
    pub(in crate::warehouse::embedded) schemas: Vec<Schema>,
}

/// A schema and its tables and views, in the order of their names.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct Schema {
    pub(in crate::warehouse::embedded) name: &'static str,
    pub(in crate::warehouse::embedded) comment: &'static str,
    pub(in crate::warehouse::embedded) tables: Vec<Table>,
}

/// A table or view.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct Table {
    pub(in crate::warehouse::embedded) name: &'static str,
    pub(in crate::warehouse::embedded) comment: &'static str,
    pub(in crate::warehouse::embedded) columns: Vec<Field>,
    pub(in crate::warehouse::embedded) kind: TableKind,
}

/// What makes a table different from a view.
#[derive(Clone)]
pub(in crate::warehouse::embedded) enum TableKind {
    /// Holds rows.
    Table {
        /// How many, where it is known without reading them.
        rows: Option<u64>,
        /// Size of the values, not of what the engine makes of them.
        bytes: u64,
        primary_key: Vec<&'static str>,
        foreign_keys: Vec<ForeignKey>,
    },
    /// Runs a query, given in the words of Snowflake and DuckDB both.
    View { query: &'static str },
}

/// Columns whose values are the key of another table of the same schema.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct ForeignKey {
    pub(in crate::warehouse::embedded) columns: Vec<&'static str>,
    pub(in crate::warehouse::embedded) table: &'static str,
    pub(in crate::warehouse::embedded) referenced: Vec<&'static str>,
}

/// A column of a table or view.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct Field {
    pub(in crate::warehouse::embedded) name: &'static str,
    pub(in crate::warehouse::embedded) data_type: DataType,
    pub(in crate::warehouse::embedded) is_nullable: bool,
    pub(in crate::warehouse::embedded) comment: &'static str,
}

impl Catalog {
    /// The database, if there is one of exactly this name.
    pub(in crate::warehouse::embedded) fn database(&self, name: &str) -> Option<&Database> {
        self.databases.iter().find(|database| database.name == name)
    }

    /// Every table and view with what it lies in.
    pub(in crate::warehouse::embedded) fn tables(
        &self,
    ) -> impl Iterator<Item = (&Database, &Schema, &Table)> {
        self.databases.iter().flat_map(|database| {
            database.schemas.iter().flat_map(move |schema| {
                schema
                    .tables
                    .iter()
                    .map(move |table| (database, schema, table))
            })
        })
    }

    /// Notes what was loaded into a table.
    pub(in crate::warehouse::embedded) fn set_size(
        &mut self,
        database: &str,
        schema: &str,
        table: &str,
        size: (u64, u64),
    ) {
        let found = self
            .databases
            .iter_mut()
            .filter(|candidate| candidate.name == database)
            .flat_map(|candidate| &mut candidate.schemas)
            .filter(|candidate| candidate.name == schema)
            .flat_map(|candidate| &mut candidate.tables)
            .find(|candidate| candidate.name == table);
        if let Some(Table {
            kind: TableKind::Table { rows, bytes, .. },
            ..
        }) = found
        {
            (*rows, *bytes) = (Some(size.0), size.1);
        }
    }
}

impl Database {
    /// The schema, if there is one of exactly this name.
    pub(in crate::warehouse::embedded) fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.name == name)
    }
}

impl Table {
    pub(in crate::warehouse::embedded) fn is_view(&self) -> bool {
        matches!(self.kind, TableKind::View { .. })
    }

    pub(in crate::warehouse::embedded) fn primary_key(&self) -> &[&'static str] {
        match &self.kind {
            TableKind::Table { primary_key, .. } => primary_key,
            TableKind::View { .. } => &[],
        }
    }

    pub(in crate::warehouse::embedded) fn foreign_keys(&self) -> &[ForeignKey] {
        match &self.kind {
            TableKind::Table { foreign_keys, .. } => foreign_keys,
            TableKind::View { .. } => &[],
        }
    }

    /// What makes the table or view in the engine. No key: an index would cost memory and nothing here needs it.
    pub(in crate::warehouse::embedded) fn engine_ddl(
        &self,
        database: &str,
        schema: &str,
    ) -> String {
        let name = format!(
            "{}.{}.{}",
            quoted(database),
            quoted(schema),
            quoted(self.name)
        );
        match &self.kind {
            TableKind::View { query } => {
                let columns = self
                    .columns
                    .iter()
                    .map(|column| quoted(column.name))
                    .collect::<Vec<_>>();
                format!("CREATE VIEW {name} ({}) AS {query}", columns.join(", "))
            }
            TableKind::Table { .. } => {
                let columns = self
                    .columns
                    .iter()
                    .map(|column| {
                        let null = if column.is_nullable { "" } else { " NOT NULL" };
                        format!(
                            "{} {}{null}",
                            quoted(column.name),
                            engine_type(&column.data_type)
                        )
                    })
                    .collect::<Vec<_>>();
                format!("CREATE TABLE {name} ({})", columns.join(", "))
            }
        }
    }

    /// The statement that would make the table or view in Snowflake, as `GET_DDL` writes it.
    pub(in crate::warehouse::embedded) fn ddl(&self) -> String {
        let name = written(self.name);
        match &self.kind {
            TableKind::View { query } => {
                let columns = self
                    .columns
                    .iter()
                    .map(|column| {
                        format!(
                            "\t{}{}",
                            written(column.name),
                            comment_clause(column.comment)
                        )
                    })
                    .collect::<Vec<_>>();
                format!(
                    "create or replace view {name}(\n{}\n){} as {query};",
                    columns.join(",\n"),
                    comment_clause(self.comment).replacen(" COMMENT ", " COMMENT=", 1)
                )
            }
            TableKind::Table {
                primary_key,
                foreign_keys,
                ..
            } => {
                let mut lines = self
                    .columns
                    .iter()
                    .map(|column| {
                        let null = if column.is_nullable { "" } else { " NOT NULL" };
                        format!(
                            "\t{} {}{null}{}",
                            written(column.name),
                            column.data_type,
                            comment_clause(column.comment)
                        )
                    })
                    .collect::<Vec<_>>();
                if !primary_key.is_empty() {
                    lines.push(format!("\tprimary key ({})", list(primary_key)));
                }
                for key in foreign_keys {
                    lines.push(format!(
                        "\tforeign key ({}) references {} ({})",
                        list(&key.columns),
                        written(key.table),
                        list(&key.referenced)
                    ));
                }
                format!(
                    "create or replace TABLE {name} (\n{}\n){};",
                    lines.join(",\n"),
                    comment_clause(self.comment).replacen(" COMMENT ", "COMMENT=", 1)
                )
            }
        }
    }
}

fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| written(name))
        .collect::<Vec<_>>()
        .join(", ")
}

fn comment_clause(comment: &str) -> String {
    if comment.is_empty() {
        String::new()
    } else {
        format!(" COMMENT '{}'", comment.replace('\'', "''"))
    }
}

/// The name in double quotes.
pub(in crate::warehouse::embedded) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name as a person would write it: quoted only where it must be.
pub(super) fn written(name: &str) -> String {
    crate::sql::Identifier::exact(name).map_or_else(|_| quoted(name), |name| name.to_string())
}

/// DuckDB's type for a column of this type.
pub(super) fn engine_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Number { precision, scale } => format!("DECIMAL({precision},{scale})"),
        DataType::Float => "DOUBLE".into(),
        DataType::Binary => "BLOB".into(),
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Date => "DATE".into(),
        DataType::Time(_) => "TIME".into(),
        DataType::TimestampNtz(_) => "TIMESTAMP".into(),
        DataType::TimestampLtz(_) | DataType::TimestampTz(_) => "TIMESTAMPTZ".into(),
        DataType::Variant | DataType::Object | DataType::Array => "JSON".into(),
        // Lengths are not checked by the engine; nothing is written here.
        _ => "VARCHAR".into(),
    }
}
