//! The audit log: one record for each call of a tool. Who asked for what, what was decided, what came of it; never a value,
//! never a row.
//!
//! To `AUDIT_LOG_FILE`, one JSON object a line, only ever appended; without it to the log, under the target `audit`, which is
//! shown whatever `LOG_LEVEL` is, `OFF` excepted. docs/logging.md describes every field.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use serde::Serialize;

use super::metrics::Metrics;
use super::metrics::labels::Delivery;

/// The target of records in the log.
pub const TARGET: &str = "audit";

/// Records that may wait for the disk: some seconds of a busy server.
const WAITING: usize = 10_000;

/// One call of a tool.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// When the call ended, RFC 3339 in UTC.
    pub time: String,
    /// Who called, as in the log.
    pub caller: String,
    /// Which tool.
    pub tool: String,
    /// `ok`, or the error's code.
    pub outcome: &'static str,
    /// The strictest verdict on the call's statements; `none` where it sent none.
    pub verdict: &'static str,
    /// What was to be run, in order.
    pub statements: Vec<Statement>,
    /// The statement in the warehouse, once it has an id.
    pub query_id: Option<String>,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes of text in the answer.
    pub bytes: u64,
    /// From the call to its answer.
    pub duration_ms: f64,
    /// The trace the call belongs to.
    pub trace_id: String,
}

/// A statement of a call.
#[derive(Debug, Clone, Serialize)]
pub struct Statement {
    /// The first 16 bytes of its SHA-256.
    pub sql_hash: String,
    /// The statement with `?` for every value.
    pub sql: String,
    /// `approved`, or the rule that refused it.
    pub verdict: &'static str,
    /// Tables and views it names, as written.
    pub objects: Vec<String>,
}

/// Takes records. A cheap clone; by default they go to the log.
#[derive(Debug, Clone, Default)]
pub struct Audit(Option<Arc<Writer>>);

#[derive(Debug)]
struct Writer {
    sender: SyncSender<Message>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl Audit {
    /// Writes to a file, which only its owner may read when it is new.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or there is no thread to write it.
    pub fn to_file(path: &Path, metrics: Arc<Metrics>) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let (sender, receiver) = sync_channel(WAITING);
        let counted = Arc::clone(&metrics);
        // A thread of its own: a slow disk must not hold up calls.
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(file, &receiver, &counted))?;
        Ok(Self(Some(Arc::new(Writer { sender, metrics }))))
    }

    /// Hands a record over.
    pub fn record(&self, record: &Record) {
        let Some(writer) = &self.0 else {
            to_log(record);
            return;
        };
        let mut line = serde_json::to_vec(record).unwrap_or_default();
        line.push(b'\n');
        if let Err(error) = writer.sender.try_send(Message::Line(line)) {
            writer.metrics.audited(Delivery::Dropped);
            let why = match error {
                TrySendError::Full(_) => "the disk is too slow",
                TrySendError::Disconnected(_) => "its writer has ended",
            };
            tracing::error!("a record of the audit log was dropped: {why}");
            // Better there than nowhere.
            to_log(record);
        }
    }

    /// Waits until everything handed over is in the file, for as long as this at most.
    pub fn flush(&self, limit: Duration) {
        let Some(writer) = &self.0 else { return };
        let (done, wait) = sync_channel(1);
        let is_asked = writer.sender.try_send(Message::Flush(done)).is_ok();
        if !is_asked || wait.recv_timeout(limit).is_err() {
            tracing::warn!("the audit log could not be written to its end within {limit:?}");
        }
    }
}

fn write(mut file: File, receiver: &Receiver<Message>, metrics: &Metrics) {
    while let Ok(message) = receiver.recv() {
        match message {
            // In one piece, so that lines of several processes do not mix.
            Message::Line(line) => match file.write_all(&line) {
                Ok(()) => metrics.audited(Delivery::Ok),
                Err(error) => {
                    metrics.audited(Delivery::Failed);
                    tracing::error!("AUDIT_LOG_FILE could not be written: {error}");
                }
            },
            Message::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

fn to_log(record: &Record) {
    let statements = serde_json::to_string(&record.statements).unwrap_or_default();
    tracing::info!(
        target: TARGET,
        caller = record.caller,
        tool = record.tool,
        outcome = record.outcome,
        verdict = record.verdict,
        statements,
        query_id = record.query_id,
        rows = record.rows,
        bytes = record.bytes,
        duration_ms = record.duration_ms,
        trace_id = record.trace_id,
        "audit: {} called {}: {}",
        record.caller,
        record.tool,
        record.outcome,
    );
}
