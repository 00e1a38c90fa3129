//! What a tool gives back: text for the model, structure for programs, and the shape the query tools share.

use rmcp::model::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::query::{Format, Sheet, Truncation, TruncationReason};

/// A successful answer.
#[derive(Debug)]
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
    /// Names the statement in the warehouse.
    query_id: String,
    /// Milliseconds from the call to the last row.
    elapsed_ms: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ColumnOutput {
    name: String,
    /// The type in Snowflake's terms.
    r#type: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TruncationOutput {
    /// `row_limit` or `byte_limit`.
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

    /// Rows, in the format that was asked for, and one line that says whether they are all.
    pub(super) fn rows(sheet: Sheet, format: Format, max_rows: u64) -> Self {
        let note = note(&sheet, max_rows);
        let truncation = sheet.truncation.map(|truncation| TruncationOutput {
            reason: truncation.reason.as_str(),
            limit: truncation.limit,
            hint: hint(truncation, max_rows),
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
            query_id: sheet.query_id.clone(),
            elapsed_ms: u64::try_from(sheet.elapsed.as_millis()).unwrap_or(u64::MAX),
        };
        let mut structured = serde_json::to_value(&output).unwrap_or_default();
        let mut texts = Vec::new();
        if format == Format::Json {
            // The text is the structured part written out, as the protocol asks; its rows are already written.
            let head = structured.to_string();
            texts.push(format!(
                "{},\"rows\":{}}}",
                head.trim_end_matches('}'),
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
    let count = sheet.row_count;
    let rows = if count == 1 { "row" } else { "rows" };
    match sheet.truncation {
        None => format!("{count} {rows}, all there are."),
        Some(truncation) => {
            let total = sheet
                .total_rows
                .map_or_else(String::new, |total| format!(" of {total}"));
            format!(
                "{count} {rows}{total} shown; there are more. {}",
                hint(truncation, max_rows)
            )
        }
    }
}

fn hint(truncation: Truncation, max_rows: u64) -> String {
    match truncation.reason {
        TruncationReason::Rows if truncation.may_be_raised => {
            format!("Filter, aggregate, or ask for a larger limit (at most {max_rows}).")
        }
        TruncationReason::Rows => {
            format!("{max_rows} rows is the most this server returns at once: filter or aggregate.")
        }
        TruncationReason::Bytes => format!(
            "The answer reached {} bytes, the most this server returns at once: select fewer or shorter columns, filter or \
             aggregate.",
            truncation.limit
        ),
    }
}
