//! What a tool returns: a text for models, and the same as a JSON document for programs.

use std::time::Duration;

use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::Value;

use super::closing::closing;
use super::document::Document;
use super::fit::{fit_document, fit_text};
use super::output::{RunningOutput, StatusOutput, millis, rows_document};
use crate::query::render::escape;
use crate::query::{Format, Outcome, Page, RunningStatement, Source, StatementProgress};
use crate::warehouse::State;

/// The field with the age of a cached answer.
pub(super) const AGE: &str = "age_ms";

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Rows, or a few sentences. Not sent if the text of the answer is the document.
    body: String,
    /// One line: whether that is all, and how to get the rest.
    closing: String,
    /// Follows the closing line if there is more.
    next_cursor: Option<String>,
    /// The answer for programs; only if it is wanted.
    document: Option<Document>,
    /// Whether the text of the answer is the document.
    is_json: bool,
    /// Bytes of its rows, for the log.
    pub bytes: u64,
    /// Rows in the answer, for the log.
    pub rows: u64,
    /// The statement in the warehouse, for the log.
    pub query_id: Option<String>,
}

/// The form of answer that a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// How rows are written.
    pub format: Format,
    /// Whether every answer has a structured part (`STRUCTURED_OUTPUT`).
    pub is_structured: bool,
    /// Bytes that an answer may have.
    pub max_bytes: usize,
}

impl Form {
    /// The same for what is short by itself, or has kept to its limits: a cursor in it must stay whole.
    pub(super) fn whole(self) -> Self {
        Self {
            max_bytes: usize::MAX,
            ..self
        }
    }

    fn wants_document(self) -> bool {
        self.is_structured || self.format == Format::Json
    }
}

impl Reply {
    /// An answer in words, and a document if one is wanted. A description can be as long as a result: what does not fit
    /// is left out, and said to be.
    pub(super) fn new(
        form: Form,
        body: String,
        closing: String,
        output: &impl Serialize,
        rows: u64,
        query_id: Option<String>,
    ) -> Self {
        let mut document = form.wants_document().then(|| Document::of(output));
        if let Some(document) = &mut document {
            // Text and document each have the whole limit, because a client uses one of them.
            fit_document(document, form.max_bytes);
        }
        let (body, closing) = fit_text(body, closing, form.max_bytes);
        Self {
            bytes: body.len() as u64,
            body,
            closing,
            next_cursor: None,
            document,
            is_json: form.format == Format::Json,
            rows,
            query_id,
        }
    }

    /// What a statement returned within the time that a call waits.
    pub(super) fn of(outcome: Outcome, form: Form, max_rows: u64) -> Self {
        match outcome {
            Outcome::Page(page) => Self::rows(*page, max_rows),
            Outcome::Running(running) => Self::running(form, running),
        }
    }

    /// A page of rows.
    pub(super) fn rows(mut page: Page, max_rows: u64) -> Self {
        let rows = page.rows.take();
        let document = rows.map(|rows| rows_document(&page, rows, max_rows));
        let mut closing = closing(&page, max_rows);
        // Nobody needs the query id of a list of names, and it costs tokens.
        if !matches!(page.source, Source::List | Source::History) {
            closing.push_str(" query_id: ");
            closing.push_str(&page.query_id);
        }
        Self {
            is_json: page.format == Format::Json,
            body: page.text,
            bytes: page.bytes,
            closing,
            next_cursor: page.next_cursor,
            document,
            rows: page.row_count,
            query_id: Some(page.query_id),
        }
    }

    /// A statement that is still running, and what to do about it.
    fn running(form: Form, running: RunningStatement) -> Self {
        let seconds = running.waited.as_secs_f64();
        let text = format!(
            "The statement is still running after {seconds:.0} s and goes on. Do not send it again. Call fetch_results with \
             the cursor below: it waits for the rows and returns them. query_status shows its state, cancel_query stops it."
        );
        let closing = format!(
            "status: running, query_id: {}, cursor: {}",
            running.query_id, running.cursor
        );
        let output = RunningOutput {
            status: State::Running.as_str(),
            query_id: running.query_id.clone(),
            cursor: running.cursor,
            elapsed_ms: millis(running.waited),
            hint: text.clone(),
        };
        let query_id = Some(running.query_id);
        // Never cut: the cursor at its end is the only way to the rows.
        Self::new(form.whole(), text, closing, &output, 0, query_id)
    }

    /// How far an earlier statement has come.
    pub(super) fn known(form: Form, known: StatementProgress) -> Self {
        let StatementProgress {
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
        let hint = text.clone();
        if let Some(message) = &status.message {
            text.push('\n');
            text.push_str(message);
        }
        let mut facts = Vec::new();
        if let Some(rows) = status.rows {
            facts.push(format!("{rows} rows so far"));
        }
        if let Some(bytes) = status.scanned_bytes {
            facts.push(format!("{bytes} bytes read"));
        }
        facts.push(format!("query_id: {query_id}"));
        let output = StatusOutput {
            status: status.state.as_str(),
            query_id: query_id.clone(),
            cursor,
            message: status.message,
            rows: status.rows,
            scanned_bytes: status.scanned_bytes,
            elapsed_ms: status.elapsed.map(millis),
            hint,
        };
        let closing = facts.join(", ");
        Self::new(form.whole(), text, closing, &output, 0, Some(query_id))
    }

    /// Whether there is nothing more to read.
    pub(super) fn is_whole(&self) -> bool {
        self.next_cursor.is_none()
    }

    /// The same with a cursor to the rest.
    pub(super) fn with_cursor(self, next_cursor: Option<String>) -> Self {
        Self {
            next_cursor,
            ..self
        }
    }

    /// The same with a summary before the closing line.
    pub(super) fn with_summary(mut self, summary: String) -> Self {
        self.body.push('\n');
        self.body.push_str(&summary);
        self.add_to_document("summary", || summary.into());
        self
    }

    /// The same with one more sentence in its closing line.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.closing.push(' ');
        self.closing.push_str(note);
        self.add_to_document("note", || note.into());
        self
    }

    /// The same with the statement it came from, which the caller can change and send.
    pub(super) fn with_sql(mut self, sql: &str) -> Self {
        self.closing.push_str(" sql: ");
        self.closing.push_str(sql);
        self.add_to_document("sql", || sql.into());
        self
    }

    /// The same answer from the cache, with its age.
    pub(in crate::mcp) fn aged(mut self, age: Duration) -> Self {
        let seconds = age.as_secs_f64();
        self.closing
            .push_str(&format!(" This answer is {seconds:.0} s old."));
        self.add_to_document(AGE, || millis(age).into());
        self
    }

    fn add_to_document(&mut self, name: &str, value: impl FnOnce() -> Value) {
        if let Some(document) = &mut self.document {
            document.set(name, value().to_string());
        }
    }

    /// The memory it takes, about.
    pub(in crate::mcp) fn size(&self) -> usize {
        let document = self.document.as_ref().map_or(0, Document::len);
        self.body.len() + self.closing.len() + document
    }

    /// The answer as a tool result: one text that is complete by itself. Some clients give their model the structured part and
    /// nothing else, so it is left out or holds all that the text does.
    #[must_use]
    pub fn into_result(self) -> CallToolResult {
        let text = match &self.document {
            Some(document) if self.is_json => document.to_string(),
            _ => self.text(),
        };
        let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
        result.structured_content = self.document.map(Document::into_value);
        result
    }

    /// The same as JSON, written without a tree of values.
    pub(in crate::mcp) fn write_result(&self, json: &mut String) {
        let body = self.body.len() + self.closing.len();
        let document = self.document.as_ref().map_or(0, Document::len);
        // Inside the text, each quotation mark of the JSON document needs a backslash.
        json.reserve(body + body / 8 + 2 * document + document / 4 + 512);
        json.push_str(r#"{"content":[{"type":"text","text":""#);
        match &self.document {
            Some(document) if self.is_json => document.write(|piece| escape(json, piece)),
            _ => self.write_text(|piece| escape(json, piece)),
        }
        json.push_str("\"}]");
        if let Some(document) = &self.document {
            json.push_str(r#","structuredContent":"#);
            document.write(|piece| json.push_str(piece));
        }
        json.push_str(r#","isError":false}"#);
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(self.body.len() + self.closing.len() + 512);
        self.write_text(|piece| text.push_str(piece));
        text
    }

    fn write_text(&self, mut add: impl FnMut(&str)) {
        add(&self.body);
        if !self.body.is_empty() {
            add(match self.body.ends_with('\n') {
                true => "\n",
                false => "\n\n",
            });
        }
        add(&self.closing);
        if let Some(cursor) = &self.next_cursor {
            add(" next_cursor: ");
            add(cursor);
        }
    }
}
