//! `search_objects`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CallContext, Code, Failure, Form, Reply, Tool, Toolset};
use crate::mcp::arguments::{DatabaseName, ResultFormat, RowLimit, SchemaName};
use crate::query::{Found, Row, Search, render};
use crate::sql::Identifier;

/// Finds tables, views and columns by a word in their names.
pub(super) struct SearchObjects;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// A part of a name. With several words, all must be found.
    query: String,
    /// The database to look in.
    database: Option<DatabaseName>,
    /// The schema to look in, or database.schema; the account when both are left out.
    schema: Option<SchemaName>,
    limit: Option<RowLimit>,
    /// markdown unless said otherwise.
    format: Option<ResultFormat>,
}

/// Matches, tables and views before columns.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SearchOutput {
    matches: Vec<Match>,
    /// Whether there are more matches than these.
    truncated: bool,
    /// What to do for more, or for a better answer.
    hint: String,
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
    const DESCRIPTION: &'static str = "Finds tables, views and columns by a word: start here when you know what the data is about but not where it is. \
         Give a short stem (cust rather than customers), no wildcards. Names are searched; within a database, comments of tables and views too, and within a schema those of columns.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = SearchOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let form = context.form(arguments.format.map(Into::into));
        let words: Vec<String> = arguments
            .query
            .split_whitespace()
            // Whoever takes the word for a pattern means the same.
            .map(|word| word.trim_matches(['%', '*']).to_lowercase())
            .filter(|word| !word.is_empty())
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
        let show = |what, pattern| super::listing::show(what, pattern, &scope);
        let is_narrow = arguments.database.is_some() || arguments.schema.is_some();
        // SHOW looks at names only. Comments are looked at here, which takes the whole list: not of an account.
        let objects = (!is_narrow).then_some(&*pattern);
        // Of a database it would be too long as well: a schema seldom has more columns than Snowflake lists.
        let columns = arguments.schema.is_none().then_some(&*pattern);
        let search = Search {
            objects: show("OBJECTS", objects),
            columns: show("COLUMNS", columns),
            words,
            has_catalog: is_narrow,
            limit: arguments.limit.map(|limit| limit.0),
            format: form.format,
        };
        Ok(reply(form, &context.queries.search(search).await?))
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
pub(super) fn reply(form: Form, found: &Found) -> Reply {
    // What is read on is written as it was before.
    let form = Form {
        format: found.format,
        ..form
    };
    let objects = found.objects.rows().filter_map(|row| object(&row));
    let columns = found.columns.rows().filter_map(|row| column(&row));
    let matches: Vec<Match> = objects.chain(columns).collect();
    let rows = matches.iter().map(|found| {
        vec![
            Some(&*found.kind),
            Some(&*found.name),
            found.column.as_deref(),
            found.comment.as_deref(),
        ]
    });
    let text = render::table(form.format, &["kind", "name", "column", "comment"], rows);
    let count = matches.len();
    let mut closing = match (count, found.is_cut) {
        (0, false) => "Nothing found. Try a shorter part of the name, or list_tables.".to_owned(),
        (count, false) if found.full_at.is_some() => format!("{count} found."),
        (count, false) => format!("{count} found, all there are."),
        (count, true) => format!(
            "{count} shown; there are more. Search in one database or schema, or for more words."
        ),
    };
    if let Some(limit) = found.full_at {
        let narrow = "Search in one database or schema, or for a longer word.";
        closing.push(' ');
        closing.push_str(&super::reply::full(limit, narrow));
    }
    if found.next_cursor.is_some() {
        closing.push_str(" To read on, give next_cursor to fetch_results.");
    }
    let output = SearchOutput {
        matches,
        truncated: found.is_cut || found.full_at.is_some(),
        hint: closing.clone(),
        next_cursor: found.next_cursor.clone(),
    };
    Reply::new(form, text, closing, &output, count as u64, None)
        .with_cursor(found.next_cursor.clone())
}
