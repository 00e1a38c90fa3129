//! `describe_table`, and the description it shares with `describe_view`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CallContext, Failure, Form, Reply, Tool, Toolset};
use crate::mcp::arguments::{self, DatabaseName, ObjectName, ResultFormat, SchemaName};
use crate::query::{self, Format, Table, object_kind, render};
use crate::sql::{Identifier, QualifiedName, literal};
use crate::warehouse::SessionContext;

/// Columns, keys, comments and size of a table.
pub(super) struct DescribeTable;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The table or view, best as database.schema.name. Put names with lower case, spaces or dots in double quotes.
    table: ObjectName,
    /// The database, where the name is not written in full.
    database: Option<DatabaseName>,
    /// The schema, where the name is not written in full.
    schema: Option<SchemaName>,
    /// Whether the statement that makes it is wanted too.
    ddl: Option<bool>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// What is known of a table or view. Names are written as SQL takes them.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct ObjectOutput {
    name: String,
    /// TABLE, VIEW, DYNAMIC TABLE and so on; TABLE OR VIEW where the warehouse does not say.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// Rows, where the warehouse keeps count.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_count: Option<u64>,
    /// Bytes stored, where the warehouse keeps count.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// The role that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_on: Option<String>,
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
    const DESCRIPTION: &'static str = "Shows the columns, types and comments of a table or view, and its kind, keys (how to join it), rows, bytes, owner and creation time. \
         Call it before you query what you have not seen. With ddl also the statement that creates it. Last change: SELECT LAST_ALTERED FROM database.INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = '…'.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = ObjectOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let (name, session) =
            arguments::within(arguments.table, arguments.database, arguments.schema)?;
        let ddl = async {
            match arguments.ddl {
                Some(true) => Some(run(&context, get_ddl(&name), &session).await),
                _ => None,
            }
        };
        let keys = format!("SHOW IMPORTED KEYS IN TABLE {}", name.quoted());
        // Four round trips at once. Only the first is necessary, the others add to it.
        let (description, facts, keys, ddl) = futures::join!(
            described(
                &context,
                format!("DESCRIBE TABLE {}", name.quoted()),
                &session
            ),
            run(&context, show_one("OBJECTS", &name), &session),
            run(&context, keys, &session),
            ddl,
        );
        let mut output = describe(&name, "TABLE", &description?);
        add_facts(&mut output, &name, facts);
        if let Ok(keys) = keys {
            output.foreign_keys = foreign_keys(&keys);
        }
        if let Some(ddl) = ddl {
            // Asked for by name, so its failure is the answer; the other additions may be missing.
            let ddl = ddl?;
            output.ddl = ddl.first_value().map(ToOwned::to_owned);
        }
        Ok(reply(
            context.form(arguments.format.map(Into::into)),
            output,
        ))
    }
}

/// The same for a DESCRIBE, which says what may have been meant where there is no such object.
pub(super) async fn described(
    context: &CallContext,
    sql: String,
    session: &SessionContext,
) -> Result<Table, query::Error> {
    context.queries.table_or_advice(&sql, session.clone()).await
}

/// Runs one of our own statements.
pub(super) async fn run(
    context: &CallContext,
    sql: String,
    session: &SessionContext,
) -> Result<Table, query::Error> {
    context.queries.table(&sql, session.clone()).await
}

/// The statement that makes a table or view: to Snowflake, either is a `TABLE` here.
fn get_ddl(name: &QualifiedName) -> String {
    format!("SELECT GET_DDL('TABLE', {})", literal(&name.quoted()))
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
        // DESCRIBE TABLE and DESCRIBE VIEW take either, and this one is not listed.
        "TABLE OR VIEW".clone_into(&mut output.kind);
        return;
    };
    output.comment = row.get("comment").map(ToOwned::to_owned);
    output.row_count = row.get("rows").and_then(|rows| rows.parse().ok());
    output.bytes = row.get("bytes").and_then(|bytes| bytes.parse().ok());
    output.ddl = row.get("text").map(ToOwned::to_owned);
    output.owner = row.get("owner").map(ToOwned::to_owned);
    output.created_on = row.get("created_on").map(ToOwned::to_owned);
    output.kind = object_kind(&output.kind, |name| row.get(name));
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
        // A key of several columns has a row for each of them.
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

/// The columns as a table, and around it what else is known.
pub(super) fn reply(form: Form, output: ObjectOutput) -> Reply {
    let mut text = format!("{} {}\n", output.kind, output.name);
    // Writing into a String cannot fail.
    if let Some(comment) = &output.comment {
        let _ = writeln!(text, "{comment}");
    }
    text.push('\n');
    text.push_str(&columns(form.format, &output.columns));
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
    let count = output.columns.len();
    let mut facts = vec![match count {
        1 => "1 column".to_owned(),
        count => format!("{count} columns"),
    }];
    facts.extend(output.row_count.map(|rows| format!("{rows} rows")));
    facts.extend(output.bytes.map(|bytes| format!("{bytes} bytes")));
    facts.extend(output.owner.as_ref().map(|owner| format!("owner {owner}")));
    facts.extend(
        output
            .created_on
            .as_ref()
            .map(|time| format!("created {time}")),
    );
    let closing = format!("{}.", facts.join(", "));
    let query_id = output.query_id.clone();
    Reply::new(form, text, closing, &output, count as u64, Some(query_id))
}

fn columns(format: Format, columns: &[ColumnDescription]) -> String {
    let names = ["column", "type", "nullable", "default", "comment"];
    let rows = columns.iter().map(|column| {
        vec![
            Some(&*column.name),
            Some(&*column.r#type),
            Some(if column.nullable { "yes" } else { "no" }),
            column.default.as_deref(),
            column.comment.as_deref(),
        ]
    });
    render::table(format, &names, rows)
}

/// A name the warehouse reported, as SQL takes it.
fn in_sql(name: &str) -> String {
    Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
