//! The JSON documents of the tools that run statements: rows, a statement that goes on, and how far one has come.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::closing::hint;
use super::document::Document;
use crate::query::Page;

/// The document of a result with rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RowsOutput {
    /// The columns, in order.
    columns: Vec<ColumnOutput>,
    /// The rows as arrays in column order. Numbers a double cannot hold exactly are texts.
    rows: Vec<Vec<Value>>,
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
    /// The statement it came from, where the tool wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
    /// Names the statement in the warehouse.
    query_id: String,
    /// Milliseconds from the call to the last row.
    elapsed_ms: u64,
}

/// Either rows, or that the statement goes on.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it exists only for its schema")]
pub(super) enum PageOutput {
    Rows(RowsOutput),
    Running(RunningOutput),
}

/// A statement that goes on after the call.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RunningOutput {
    /// `running`
    pub(super) status: &'static str,
    /// Names the statement in the warehouse.
    pub(super) query_id: String,
    /// Give this to `fetch_results` for the rows, to `query_status`, or to `cancel_query`.
    pub(super) cursor: String,
    /// Milliseconds the call waited.
    pub(super) elapsed_ms: u64,
    /// What to do.
    pub(super) hint: String,
}

/// How far an earlier statement has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StatusOutput {
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    pub(super) status: &'static str,
    /// Names the statement in the warehouse.
    pub(super) query_id: String,
    /// Give this to `fetch_results` for the rows.
    pub(super) cursor: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// Rows produced so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<u64>,
    /// Bytes read so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scanned_bytes: Option<u64>,
    /// Milliseconds since it was started, or that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) elapsed_ms: Option<u64>,
    /// What to do.
    pub(super) hint: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ColumnOutput {
    name: String,
    /// The type in Snowflake's terms.
    r#type: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TruncationOutput {
    /// `row_limit`, `byte_limit`, or `listing_limit` where the warehouse lists no more names.
    pub(super) reason: &'static str,
    /// The limit that was reached, in rows or bytes.
    pub(super) limit: u64,
    /// How to get the rest.
    pub(super) hint: String,
}

/// Everything that is known of a result with rows, for programs.
pub(super) fn rows_document(page: &Page, rows: String, max_rows: u64) -> Document {
    let truncation = page.truncation.map(|truncation| TruncationOutput {
        reason: truncation.reason.as_str(),
        limit: truncation.limit,
        hint: hint(page, truncation, max_rows),
    });
    let output = RowsOutput {
        columns: page
            .columns
            .iter()
            .map(|column| ColumnOutput {
                name: column.name.clone(),
                r#type: column.data_type.to_string(),
            })
            .collect(),
        // Put in below: they are written already.
        rows: Vec::new(),
        row_count: page.row_count,
        truncated: truncation.is_some(),
        truncation,
        total_rows: page.total_rows,
        first_row: page.first_row,
        shortened_cells: page.shortened_cells,
        next_cursor: page.next_cursor.clone(),
        summary: None,
        sql: None,
        query_id: page.query_id.clone(),
        elapsed_ms: millis(page.elapsed),
    };
    let mut document = Document::of(&output);
    // The rows were written as JSON while they arrived; a tree of them would hold everything twice.
    document.set("rows", rows);
    document
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
