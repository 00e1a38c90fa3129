//! What a tool gives back: text for the model, structure for programs, and the shape the query tools share.

use rmcp::model::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use std::time::Duration;

use super::search_objects::SearchOutput;
use crate::query::{Format, Known, Outcome, Running, Sheet, Source, Truncation, TruncationReason};
use crate::warehouse::State;

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Reply {
    texts: Vec<String>,
    structured: Value,
    /// Rows in the answer, for the log.
    pub rows: u64,
    /// The statement in the warehouse, for the log.
    pub query_id: Option<String>,
}

/// The structured part of a result with rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RowsOutput {
    /// The columns, in order.
    columns: Vec<ColumnOutput>,
    /// The rows as arrays in column order; only when format is json. Numbers a double cannot hold exactly are texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Vec<Value>>>,
    /// Rows in this answer.
    row_count: u64,
    /// Whether the answer is cut.
    truncated: bool,
    /// What was cut and why; only when truncated.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncation: Option<TruncationOutput>,
    /// Rows of the whole result, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rows: Option<u64>,
    /// The place of the first of these rows in the whole result, counted from 0; only after the first page.
    #[serde(skip_serializing_if = "is_zero")]
    first_row: u64,
    /// Values that were too long and were shortened; each says how long it was.
    #[serde(skip_serializing_if = "is_zero")]
    shortened_cells: u64,
    /// Give this to `fetch_results` to read on; only when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// What the rows mean, in words; only for plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Names the statement in the warehouse.
    query_id: String,
    /// Milliseconds from the call to the last row.
    elapsed_ms: u64,
}

/// Either rows, or that the statement goes on.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(super) enum PageOutput {
    Rows(RowsOutput),
    Running(RunningOutput),
}

/// The same, or more of what a search has found.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(super) enum FetchedOutput {
    Rows(RowsOutput),
    Running(RunningOutput),
    Found(SearchOutput),
}

/// A statement that goes on after the call.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RunningOutput {
    /// `running`
    status: &'static str,
    /// Names the statement in the warehouse.
    query_id: String,
    /// Give this to `fetch_results` for the rows, to `query_status`, or to `cancel_query`.
    cursor: String,
    /// Milliseconds the call waited.
    elapsed_ms: u64,
}

/// How far an earlier statement has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StatusOutput {
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    status: &'static str,
    /// Names the statement in the warehouse.
    query_id: String,
    /// Give this to `fetch_results` for the rows.
    cursor: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Rows produced so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    /// Bytes read so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    scanned_bytes: Option<u64>,
    /// Milliseconds since it was started, or that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ColumnOutput {
    name: String,
    /// The type in Snowflake's terms.
    r#type: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TruncationOutput {
    /// `row_limit`, `byte_limit`, or `listing_limit` where the warehouse lists no more names.
    reason: &'static str,
    /// The limit that was reached, in rows or bytes.
    limit: u64,
    /// How to get the rest.
    hint: String,
}

impl Reply {
    /// An answer of one text and its structured equal.
    pub(super) fn new(
        text: String,
        structured: &impl Serialize,
        rows: u64,
        query_id: Option<String>,
    ) -> Self {
        let structured = serde_json::to_value(structured).unwrap_or_default();
        Self {
            texts: vec![text],
            structured,
            rows,
            query_id,
        }
    }

    /// What a statement gave within the time a call waits.
    pub(super) fn of(outcome: Outcome, max_rows: u64) -> Self {
        match outcome {
            Outcome::Sheet(sheet) => Self::rows(*sheet, max_rows),
            Outcome::Running(running) => Self::running(running),
            Outcome::Found(found) => super::search_objects::reply(&found),
        }
    }

    /// Rows, in the format that was asked for, and one line that says whether they are all.
    pub(super) fn rows(sheet: Sheet, max_rows: u64) -> Self {
        let note = note(&sheet, max_rows);
        let truncation = sheet.truncation.map(|truncation| TruncationOutput {
            reason: truncation.reason.as_str(),
            limit: truncation.limit,
            hint: hint(&sheet, truncation, max_rows),
        });
        let output = RowsOutput {
            columns: sheet
                .columns
                .iter()
                .map(|column| ColumnOutput {
                    name: column.name.clone(),
                    r#type: column.data_type.to_string(),
                })
                .collect(),
            rows: None,
            row_count: sheet.row_count,
            truncated: truncation.is_some(),
            truncation,
            total_rows: sheet.total_rows,
            first_row: sheet.first_row,
            shortened_cells: sheet.shortened_cells,
            next_cursor: sheet.next_cursor.clone(),
            summary: None,
            query_id: sheet.query_id.clone(),
            elapsed_ms: millis(sheet.elapsed),
        };
        let mut structured = serde_json::to_value(&output).unwrap_or_default();
        let mut texts = Vec::new();
        if sheet.format == Format::Json {
            // The text is the structured part written out, as the protocol asks; its rows are already written.
            let head = structured.to_string();
            texts.push(format!(
                "{},\"rows\":{}}}",
                head.strip_suffix('}').unwrap_or(&head),
                sheet.text
            ));
            if let (Value::Object(object), Some(rows)) = (&mut structured, sheet.rows) {
                object.insert("rows".into(), Value::Array(rows));
            }
        } else {
            texts.push(sheet.text);
            texts.push(note);
        }
        Self {
            texts,
            structured,
            rows: sheet.row_count,
            query_id: Some(sheet.query_id),
        }
    }

    /// A statement that goes on, and what to do about it.
    fn running(running: Running) -> Self {
        let seconds = running.waited.as_secs_f64();
        let text = format!(
            "The statement is still running after {seconds:.0} s and goes on. Do not send it again. Call fetch_results with \
             the cursor below: it waits for the rows and returns them. query_status tells how far it is, cancel_query stops \
             it.\ncursor: {}",
            running.cursor
        );
        let output = RunningOutput {
            status: State::Running.as_str(),
            query_id: running.query_id.clone(),
            cursor: running.cursor,
            elapsed_ms: millis(running.waited),
        };
        Self::new(text, &output, 0, Some(running.query_id))
    }

    /// What is known of an earlier statement.
    pub(super) fn known(known: Known) -> Self {
        let Known {
            query_id,
            status,
            cursor,
        } = known;
        let mut text = format!("The statement has the status {}", status.state.as_str());
        if let Some(elapsed) = status.elapsed {
            text.push_str(&format!(" after {:.1} s", elapsed.as_secs_f64()));
        }
        text.push_str(match status.state {
            State::Queued | State::Running => {
                ". Wait and ask again, or call fetch_results with this cursor, which waits for the rows; do not send the \
                 statement again."
            }
            State::Succeeded => ". Call fetch_results with this cursor for its rows.",
            State::Failed => ". fetch_results tells why.",
            State::Cancelled => ". It was stopped; send it again if it is still wanted.",
        });
        let output = StatusOutput {
            status: status.state.as_str(),
            query_id: query_id.clone(),
            cursor,
            message: status.message,
            rows: status.rows,
            scanned_bytes: status.scanned_bytes,
            elapsed_ms: status.elapsed.map(millis),
        };
        if let Some(message) = &output.message {
            text.push('\n');
            text.push_str(message);
        }
        Self::new(text, &output, 0, Some(query_id))
    }

    /// The same with what it means.
    pub(super) fn with_summary(mut self, summary: String) -> Self {
        if let Value::Object(object) = &mut self.structured {
            object.insert("summary".into(), summary.clone().into());
        }
        self.texts.push(summary);
        self
    }

    /// The same with one more sentence in its closing line.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        if let Value::Object(object) = &mut self.structured {
            object.insert("note".into(), note.into());
        }
        self.texts.push(note.to_owned());
        self
    }

    /// The same answer from memory, and how old it is.
    pub(in crate::mcp) fn aged(mut self, age: Duration) -> Self {
        let seconds = age.as_secs_f64();
        self.texts.push(format!(
            "This answer was kept in memory for {seconds:.1} s."
        ));
        if let Value::Object(object) = &mut self.structured {
            object.insert(super::AGE.into(), millis(age).into());
        }
        self
    }

    /// Memory it takes, about.
    pub(in crate::mcp) fn size(&self) -> usize {
        // The structured part says the same again, in more words.
        3 * self.texts.iter().map(String::len).sum::<usize>()
    }

    /// Bytes of text in the answer.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes: usize = self.texts.iter().map(String::len).sum();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The answer as a tool result.
    #[must_use]
    pub fn into_result(self) -> CallToolResult {
        let mut result =
            CallToolResult::success(self.texts.into_iter().map(ContentBlock::text).collect());
        result.structured_content = Some(self.structured);
        result
    }
}

/// One line that says whether these are all the rows.
fn note(sheet: &Sheet, max_rows: u64) -> String {
    let (count, first) = (sheet.row_count, sheet.first_row);
    let rows = if count == 1 { "row" } else { "rows" };
    // People count from one, whatever `first_row` does.
    let (from, to) = (first.saturating_add(1), first.saturating_add(count));
    let mut note = match (sheet.truncation, first) {
        (None, 0) => format!("{count} {rows}, all there are."),
        (None, _) if count == 0 => format!("No rows after row {first}."),
        (None, _) => format!("Rows {from} to {to}; these are the last."),
        (Some(truncation), first) => {
            let of = match sheet.total_rows {
                Some(total) => format!(" of {total}"),
                None => String::new(),
            };
            let shown = match first {
                0 => format!("{count} {rows}{of} shown"),
                _ => format!("Rows {from} to {to}{of} shown"),
            };
            let more = match truncation.reason {
                TruncationReason::Listing => "there may be more",
                TruncationReason::Rows | TruncationReason::Bytes => "there are more",
            };
            format!("{shown}; {more}. {}", hint(sheet, truncation, max_rows))
        }
    };
    match sheet.shortened_cells {
        0 => {}
        1 => note.push_str(" 1 long value is shortened and says so; SUBSTR reads the rest."),
        cells => note.push_str(&format!(
            " {cells} long values are shortened and say so; SUBSTR reads the rest."
        )),
    }
    if let Some(cursor) = &sheet.next_cursor {
        note.push_str("\nnext_cursor: ");
        note.push_str(cursor);
    }
    note
}

/// How to get what was left out.
fn hint(sheet: &Sheet, truncation: Truncation, max_rows: u64) -> String {
    let narrow = match sheet.source {
        Source::Statement => "filter or aggregate",
        Source::List => "name a database or schema, or give a longer like",
        Source::Sample => "for chosen rows use execute_query with a condition",
    };
    let mut hint = match truncation.reason {
        TruncationReason::Rows if truncation.may_be_raised => {
            format!("Ask for a larger limit (at most {max_rows}), or {narrow}.")
        }
        TruncationReason::Rows => {
            format!("{max_rows} rows is the most this server returns at once: {narrow}.")
        }
        TruncationReason::Bytes => format!(
            "The answer reached {} bytes, the most this server returns at once: select fewer or shorter columns, or {narrow}.",
            truncation.limit
        ),
        TruncationReason::Listing => String::new(),
    };
    if let Some(limit) = sheet.full_at {
        let separator = if hint.is_empty() { "" } else { " " };
        let narrow = "Name a database or schema, or query the INFORMATION_SCHEMA of a database.";
        hint.push_str(separator);
        hint.push_str(&full(limit, narrow));
    }
    if sheet.next_cursor.is_some() {
        hint.push_str(
            " To read on, give next_cursor to fetch_results; do not send the statement again.",
        );
    }
    hint
}

/// What is to be known of a list with as many names as the warehouse lists.
pub(super) fn full(limit: u64, narrow: &str) -> String {
    format!(
        "Snowflake lists {limit} names at most, and this list has as many: names may be missing. {narrow}"
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
