//! `search_objects`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CallContext, Code, Failure, Form, Reply, Tool, Toolset};
use crate::mcp::arguments::{DatabaseName, ResultFormat, RowLimit, SchemaName};
use crate::query::{Found, FoundTable, Search, render};
use crate::sql::Identifier;

/// Finds tables, views and columns by a word in their names.
pub(super) struct SearchObjects;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// A part of a name. With several words, all must be found, in the table and its columns together.
    query: String,
    /// The database to look in.
    database: Option<DatabaseName>,
    /// The schema to look in, or database.schema; the account when both are left out.
    schema: Option<SchemaName>,
    limit: Option<RowLimit>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// Tables and views, the best match first.
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

/// One table or view. Names are written as SQL takes them.
#[derive(Debug, Serialize, JsonSchema)]
struct Match {
    /// With database and schema.
    name: String,
    /// TABLE, VIEW and so on; left out where only its columns were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Columns that match, the best first.
    columns: Vec<String>,
    /// How many more match.
    #[serde(skip_serializing_if = "is_zero")]
    more_columns: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Words that get lists of their own. Further words only narrow what these lists find.
const ASKED_WORDS: usize = 3;

/// Most words: each is compared with every name of the lists, which may be tens of thousands.
const MOST_WORDS: usize = 16;

impl Tool for SearchObjects {
    const NAME: &'static str = "search_objects";
    const TITLE: &'static str = "Search tables, views and columns";
    const DESCRIPTION: &'static str = "Finds tables and views by words in their names and in those of their columns, the best match first: start here when you know what the data is about but not where it is. \
         Give one to three short stems (cust rather than customers), no wildcards. Within a database, comments of tables and views are searched too, and within a schema those of columns.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = SearchOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let form = context.form(arguments.format.map(Into::into));
        let mut words: Vec<String> = Vec::new();
        for word in arguments.query.split_whitespace() {
            // In this tool `%` means nothing special, so it is removed: the caller means the same.
            let word = word.trim_matches(['%', '*']).to_lowercase();
            if word.is_empty() || words.contains(&word) {
                continue;
            }
            if words.len() == MOST_WORDS {
                return Err(Failure::new(
                    Code::InvalidArgument,
                    format!("argument query: more than {MOST_WORDS} words"),
                    "give one to three words: parts of names, not a sentence",
                ));
            }
            words.push(word);
        }
        // The longest words occur in the fewest names.
        let mut longest: Vec<&String> = words.iter().collect();
        longest.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        longest.truncate(ASKED_WORDS);
        let Some(first) = longest.first() else {
            return Err(Failure::new(
                Code::InvalidArgument,
                "argument query: expected at least one word",
                "give a part of the name of a table, view or column",
            ));
        };
        let scope = super::listing::scope(arguments.database.as_ref(), arguments.schema.as_ref())?;
        let show = |what, word: Option<&str>| {
            let pattern = word.map(|word| format!("%{}%", escape_pattern(word)));
            super::listing::show(what, pattern.as_deref(), &scope)
        };
        // In an account, lists without a pattern have far more names than Snowflake shows.
        let is_narrow = arguments.database.is_some() || arguments.schema.is_some();
        // SHOW searches names only. Comments are searched here, which needs the whole list; an account's would be too long.
        let all_tables = is_narrow.then(|| show("OBJECTS", None));
        // A database's list of columns would be too long as well; a schema's is seldom longer than Snowflake allows.
        let all_columns = arguments
            .schema
            .is_some()
            .then(|| vec![show("COLUMNS", None)]);
        let by_word = longest.iter().map(|word| show("COLUMNS", Some(word)));
        let search = Search {
            tables: all_tables
                .into_iter()
                // From the widest list to the narrowest: the search takes the first that is
                // complete.
                .chain([show("OBJECTS", Some(first))])
                .collect(),
            columns: all_columns.into_iter().chain([by_word.collect()]).collect(),
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

impl Match {
    fn of(found: &FoundTable) -> Option<Self> {
        let name = |part: &String| Some(Identifier::exact(part.as_str()).ok()?.to_string());
        Some(Self {
            name: found
                .name
                .iter()
                .map(name)
                .collect::<Option<Vec<_>>>()?
                .join("."),
            kind: found.kind.clone(),
            columns: found.columns.iter().filter_map(name).collect(),
            more_columns: found.more_columns,
            comment: found.comment.clone(),
        })
    }

    /// The columns of a table, in one cell.
    fn columns_text(&self) -> Option<String> {
        let mut text = self.columns.join(", ");
        if self.more_columns > 0 {
            text.push_str(&format!(" and {} more", self.more_columns));
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Writes a page of what was found.
pub(super) fn reply(form: Form, found: &Found) -> Reply {
    // Later pages keep the format of the first.
    let form = Form {
        format: found.format,
        ..form.whole()
    };
    let matches: Vec<Match> = found.tables.iter().filter_map(Match::of).collect();
    let columns: Vec<Option<String>> = matches.iter().map(Match::columns_text).collect();
    let rows = matches.iter().zip(&columns).map(|(found, columns)| {
        vec![
            Some(&*found.name),
            found.kind.as_deref(),
            columns.as_deref(),
            found.comment.as_deref(),
        ]
    });
    let text = render::table(form.format, &["name", "kind", "columns", "comment"], rows);
    let (count, total) = (matches.len() as u64, found.total);
    let has_more = found.first.saturating_add(count) < total;
    let noun = if total == 1 {
        "table or view"
    } else {
        "tables and views"
    };
    let mut closing = match (count, has_more) {
        (0, false) => "Nothing found. Try a shorter part of the name, or list_tables.".to_owned(),
        (_, false) if found.first > 0 => {
            format!("The last {count} of {total} {noun} found.")
        }
        (_, false) if found.full_at.is_some() => format!("{total} {noun} found."),
        (_, false) => format!("{total} {noun} found, all there are."),
        (_, true) => format!(
            "{} to {} of {total} {noun} found, the best first; search in one database or schema, or for more words.",
            found.first.saturating_add(1),
            found.first.saturating_add(count)
        ),
    };
    if let Some(limit) = found.full_at {
        let narrow = "Search in one database or schema, or for a longer word.";
        closing.push(' ');
        closing.push_str(&super::closing::full(limit, narrow));
    }
    if found.next_cursor.is_some() {
        closing.push_str(" To read on, give next_cursor to fetch_results.");
    }
    let output = SearchOutput {
        matches,
        truncated: has_more || found.full_at.is_some(),
        hint: closing.clone(),
        next_cursor: found.next_cursor.clone(),
    };
    Reply::new(form, text, closing, &output, count, None).with_cursor(found.next_cursor.clone())
}
