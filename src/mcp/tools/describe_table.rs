//! `describe_table`, and the description it shares with `describe_view`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::ObjectName;
use crate::query::{self, Table};
use crate::sql::{Identifier, QualifiedName, literal};
use crate::warehouse::Session;

/// Columns, keys, comments and size of a table.
pub(super) struct DescribeTable;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The table to describe, best as database.schema.table. As in SQL, plain words fold to upper case; put names
    /// with lower case, spaces or dots in double quotes.
    table: ObjectName,
}

/// What is known of a table or view. Names are written as SQL takes them.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct ObjectOutput {
    name: String,
    /// TABLE, VIEW and so on; TABLE OR VIEW where it is not what the tool is for.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// Rows, where the warehouse keeps count.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_count: Option<u64>,
    /// Bytes stored, where the warehouse keeps count.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    columns: Vec<ColumnDescription>,
    /// Columns of the primary key, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    primary_key: Vec<String>,
    /// How this table refers to others: how to join.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    foreign_keys: Vec<ForeignKey>,
    /// The definition of a view.
    #[serde(skip_serializing_if = "Option::is_none")]
    ddl: Option<String>,
    /// Names the statement in the warehouse.
    query_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ColumnDescription {
    name: String,
    /// The type in Snowflake's terms.
    r#type: String,
    nullable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct ForeignKey {
    columns: Vec<String>,
    references_table: String,
    references_columns: Vec<String>,
}

impl Tool for DescribeTable {
    const NAME: &'static str = "describe_table";
    const TITLE: &'static str = "Describe a table";
    const DESCRIPTION: &'static str = "Shows the columns of a table with types and comments, its keys (how to join it), its comment, rows and bytes. \
         Call it before writing a query against a table you have not seen.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const MAY_BE_KEPT: bool = true;
    type Arguments = Arguments;
    type Output = ObjectOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let name = arguments.table.0;
        let keys = format!("SHOW IMPORTED KEYS IN TABLE {}", name.quoted());
        let (description, facts, keys) = futures::join!(
            run(&call, format!("DESCRIBE TABLE {}", name.quoted())),
            run(&call, show_one("TABLES", &name)),
            run(&call, keys),
        );
        let mut output = describe(&name, "TABLE", &description?);
        add_facts(&mut output, &name, facts);
        if let Ok(keys) = keys {
            output.foreign_keys = foreign_keys(&keys);
        }
        Ok(reply(output))
    }
}

/// Runs one of our own statements.
pub(super) async fn run(call: &Call, sql: String) -> Result<Table, query::Error> {
    call.queries.table(&sql, Session::default()).await
}

/// A SHOW that finds the object among those whose names start like its own; STARTS WITH knows no wildcards.
pub(super) fn show_one(objects: &str, name: &QualifiedName) -> String {
    let scope = match (&name.database, &name.schema) {
        (Some(database), Some(schema)) => {
            format!(" IN SCHEMA {}.{}", database.quoted(), schema.quoted())
        }
        (None, Some(schema)) => format!(" IN SCHEMA {}", schema.quoted()),
        _ => String::new(),
    };
    format!(
        "SHOW {objects}{scope} STARTS WITH {}",
        literal(name.object.as_str())
    )
}

/// The part every DESCRIBE gives.
pub(super) fn describe(name: &QualifiedName, kind: &str, description: &Table) -> ObjectOutput {
    let mut output = ObjectOutput {
        name: name.to_string(),
        kind: kind.to_owned(),
        query_id: description.query_id.clone(),
        ..ObjectOutput::default()
    };
    for row in description.rows() {
        let Some(column) = row.get("name") else {
            continue;
        };
        let column = in_sql(column);
        if row.get("primary key") == Some("Y") {
            output.primary_key.push(column.clone());
        }
        output.columns.push(ColumnDescription {
            name: column,
            r#type: row.get("type").unwrap_or_default().to_owned(),
            nullable: row.get("null?") != Some("N"),
            default: row.get("default").map(ToOwned::to_owned),
            comment: row.get("comment").map(ToOwned::to_owned),
        });
    }
    output
}

/// What SHOW knows beyond DESCRIBE. Its failure is no reason to withhold the columns.
pub(super) fn add_facts(
    output: &mut ObjectOutput,
    name: &QualifiedName,
    shown: Result<Table, query::Error>,
) {
    let Ok(shown) = shown else { return };
    let Some(row) = shown
        .rows()
        .find(|row| row.get("name") == Some(name.object.as_str()))
    else {
        // DESCRIBE TABLE and DESCRIBE VIEW take either; this one is not among those it was taken for.
        "TABLE OR VIEW".clone_into(&mut output.kind);
        return;
    };
    output.comment = row.get("comment").map(ToOwned::to_owned);
    output.row_count = row.get("rows").and_then(|rows| rows.parse().ok());
    output.bytes = row.get("bytes").and_then(|bytes| bytes.parse().ok());
    output.ddl = row.get("text").map(ToOwned::to_owned);
    if let Some(kind) = row.get("kind").filter(|kind| *kind != "TABLE") {
        output.kind = format!("{kind} {}", output.kind);
    }
    if let (Some(database), Some(schema)) = (row.get("database_name"), row.get("schema_name")) {
        output.name = format!("{}.{}.{}", in_sql(database), in_sql(schema), name.object);
    }
}

fn foreign_keys(shown: &Table) -> Vec<ForeignKey> {
    let mut keys: BTreeMap<&str, ForeignKey> = BTreeMap::new();
    for row in shown.rows() {
        let (Some(column), Some(target)) = (row.get("fk_column_name"), row.get("pk_column_name"))
        else {
            continue;
        };
        let key = keys
            .entry(row.get("fk_name").unwrap_or_default())
            .or_default();
        let table = ["pk_database_name", "pk_schema_name", "pk_table_name"];
        key.references_table = table
            .iter()
            .filter_map(|part| row.get(part))
            .map(in_sql)
            .collect::<Vec<_>>()
            .join(".");
        key.columns.push(in_sql(column));
        key.references_columns.push(in_sql(target));
    }
    keys.into_values().collect()
}

/// The text for the model: what the structured part holds, in Markdown.
pub(super) fn reply(output: ObjectOutput) -> Reply {
    let mut text = format!("{} {}\n", output.kind, output.name);
    // Writing into a String cannot fail.
    if let Some(comment) = &output.comment {
        let _ = writeln!(text, "{comment}");
    }
    if let Some(rows) = output.row_count {
        let _ = writeln!(text, "{rows} rows, {} bytes", output.bytes.unwrap_or(0));
    }
    text.push_str("\n| column | type | nullable | default | comment |\n|---|---|---|---|---|\n");
    for column in &output.columns {
        let cell = |value: &Option<String>| {
            value
                .as_deref()
                .unwrap_or_default()
                .replace('|', "\\|")
                .replace('\n', " ")
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            column.name.replace('|', "\\|"),
            column.r#type,
            if column.nullable { "yes" } else { "no" },
            cell(&column.default),
            cell(&column.comment)
        );
    }
    if !output.primary_key.is_empty() {
        let _ = write!(text, "\nPrimary key: {}\n", output.primary_key.join(", "));
    }
    for key in &output.foreign_keys {
        let (columns, target) = (key.columns.join(", "), key.references_columns.join(", "));
        let _ = writeln!(
            text,
            "Foreign key: {columns} → {} ({target})",
            key.references_table
        );
    }
    if let Some(ddl) = &output.ddl {
        let _ = write!(text, "\nDefinition:\n```sql\n{ddl}\n```\n");
    }
    let (rows, query_id) = (output.columns.len() as u64, output.query_id.clone());
    Reply::new(text, &output, rows, Some(query_id))
}

/// A name the warehouse reported, as SQL takes it.
fn in_sql(name: &str) -> String {
    Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
