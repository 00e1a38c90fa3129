//! `search_objects`

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Code, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{DatabaseName, RowLimit, SchemaName};
use crate::query::{Found, Row, Search};
use crate::sql::Identifier;

/// Finds tables, views and columns by a word in their names.
pub(super) struct SearchObjects;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// A word, or part of one, that the name contains. Case does not count. With several words, all must be contained.
    query: String,
    /// The database to look in, written as in SQL: "double quotes" keep lower case.
    database: Option<DatabaseName>,
    /// The schema to look in, or database.schema. With neither database nor schema, the whole account is searched.
    schema: Option<SchemaName>,
    limit: Option<RowLimit>,
}

/// Matches, tables and views before columns.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SearchOutput {
    matches: Vec<Match>,
    /// Whether there are more matches than these.
    truncated: bool,
    /// Give this to `fetch_results` to read on; only when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One object. Names are written as SQL takes them.
#[derive(Debug, Serialize, JsonSchema)]
struct Match {
    /// TABLE, VIEW or COLUMN.
    kind: String,
    /// The table or view, with database and schema.
    name: String,
    /// The column, for a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

impl Tool for SearchObjects {
    const NAME: &'static str = "search_objects";
    const TITLE: &'static str = "Search tables, views and columns";
    const DESCRIPTION: &'static str = "Finds tables, views and columns whose names contain a word: the quickest way to where some data is. Try a short \
         stem (cust rather than customers), and describe_table on what looks right. Where no database is named, INFORMATION_SCHEMA is left out.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const MAY_BE_KEPT: bool = true;
    type Arguments = Arguments;
    type Output = SearchOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let words: Vec<String> = arguments
            .query
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        // The longest word finds the fewest names; the others are looked for in what it finds.
        let Some(longest) = words.iter().max_by_key(|word| word.chars().count()) else {
            return Err(Failure::new(
                Code::InvalidArgument,
                "argument query: expected at least one word",
                "give a part of the name of a table, view or column",
            ));
        };
        let scope = super::listing::scope(arguments.database.as_ref(), arguments.schema.as_ref())?;
        let pattern = format!("%{}%", escape_pattern(longest));
        let show = |what| super::listing::show(what, Some(&pattern), &scope);
        let search = Search {
            objects: show("OBJECTS"),
            columns: show("COLUMNS"),
            words,
            has_catalog: arguments.database.is_some() || arguments.schema.is_some(),
            limit: arguments.limit.map(|limit| limit.0),
        };
        Ok(reply(&call.queries.search(search).await?))
    }
}

/// `%`, `_` and the backslash have a meaning in a LIKE pattern.
fn escape_pattern(word: &str) -> String {
    word.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn object(row: &Row<'_>) -> Option<Match> {
    Some(Match {
        kind: row.get("kind").unwrap_or("TABLE").to_owned(),
        name: full_name(row, "name")?,
        column: None,
        comment: row.get("comment").map(ToOwned::to_owned),
    })
}

fn column(row: &Row<'_>) -> Option<Match> {
    Some(Match {
        kind: "COLUMN".to_owned(),
        name: full_name(row, "table_name")?,
        column: Some(Identifier::exact(row.get("column_name")?).ok()?.to_string()),
        comment: row.get("comment").map(ToOwned::to_owned),
    })
}

fn full_name(row: &Row<'_>, object: &str) -> Option<String> {
    let parts = [
        row.get("database_name")?,
        row.get("schema_name")?,
        row.get(object)?,
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .map(|part| Identifier::exact(part).map(|part| part.to_string()))
        .collect::<Result<_, _>>()
        .ok()?;
    Some(parts.join("."))
}

/// Some of what was found.
pub(super) fn reply(found: &Found) -> Reply {
    let objects = found.objects.rows().filter_map(|row| object(&row));
    let columns = found.columns.rows().filter_map(|row| column(&row));
    let output = SearchOutput {
        matches: objects.chain(columns).collect(),
        truncated: found.is_cut || found.full_at.is_some(),
        next_cursor: found.next_cursor.clone(),
    };
    let mut text = String::from("| kind | name | column | comment |\n|---|---|---|---|\n");
    for found in &output.matches {
        let cell = |value: &Option<String>| {
            value
                .as_deref()
                .unwrap_or_default()
                .replace('|', "\\|")
                .replace('\n', " ")
        };
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            found.kind,
            found.name.replace('|', "\\|"),
            cell(&found.column),
            cell(&found.comment)
        );
    }
    let _ = match (output.matches.len(), found.is_cut) {
        (0, false) => write!(
            text,
            "\nNothing found. Try a shorter part of the name, or list_tables."
        ),
        (count, false) if found.full_at.is_some() => write!(text, "\n{count} found."),
        (count, false) => write!(text, "\n{count} found, all there are."),
        (count, true) => write!(
            text,
            "\n{count} shown; there are more. Search in one database or schema, or for more words."
        ),
    };
    if let Some(limit) = found.full_at {
        let _ = write!(
            text,
            " {}",
            super::reply::full(
                limit,
                "Search in one database or schema, or for a longer word."
            )
        );
    }
    if let Some(cursor) = &output.next_cursor {
        let _ = write!(
            text,
            " To read on, give next_cursor to fetch_results.\nnext_cursor: {cursor}"
        );
    }
    Reply::new(text, &output, output.matches.len() as u64, None)
}
