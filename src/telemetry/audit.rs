//! The audit log: one record for each call of a tool. Who asked for what, what was decided, what came of it; never a value,
//! never a row.
//!
//! To `AUDIT_LOG_FILE`, one JSON object per line, only ever appended; without it to the log, under the target `audit`,
//! which is shown whatever `LOG_LEVEL` is, `OFF` excepted. docs/logging.md describes every field.

mod record;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

pub use self::record::{Identity, Record, Statement, schema};
use super::failing::Failing;
use super::metrics::Metrics;
use super::metrics::labels::Delivery;
use super::reopen;

/// The target of records in the log.
pub const TARGET: &str = "audit";

/// Records that may wait to be written: some seconds of a busy server.
const WAITING: usize = 10_000;

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
    Record(Box<Record>),
    Flush(SyncSender<()>),
}

impl Audit {
    /// Writes to a file, which only its owner may read when it is new.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or there is no thread to write it.
    pub fn to_file(path: &Path, metrics: Arc<Metrics>) -> io::Result<Self> {
        let path = path.to_owned();
        let open = move || {
            let mut options = OpenOptions::new();
            options.append(true).create(true).mode(0o600).open(&path)
        };
        // Opened here and not on the thread, so that a wrong path ends the start.
        let lines = Lines::to(open()?);
        let (sender, receiver) = sync_channel(WAITING);
        let counted = Arc::clone(&metrics);
        // A thread of its own: a slow disk must not hold up calls.
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(lines, open, &receiver, &counted))?;
        Ok(Self(Some(Arc::new(Writer { sender, metrics }))))
    }

    /// Queues a record for the file, or writes it to the log.
    pub fn record(&self, record: Record) {
        let Some(writer) = &self.0 else {
            to_log(&record);
            return;
        };
        if let Err(error) = writer.sender.try_send(Message::Record(Box::new(record))) {
            writer.metrics.audited(Delivery::Dropped);
            let (why, message) = match error {
                TrySendError::Full(message) => ("the disk is too slow", message),
                TrySendError::Disconnected(message) => ("its writer has ended", message),
            };
            tracing::error!("a record could not be written to AUDIT_LOG_FILE: {why}");
            if let Message::Record(record) = message {
                // Better in the log than lost.
                to_log(&record);
            }
        }
    }

    /// Waits until all records so far are in the file, but no longer than `limit`.
    pub fn flush(&self, limit: Duration) {
        let Some(writer) = &self.0 else { return };
        let (done, wait) = sync_channel(1);
        let is_asked = writer.sender.try_send(Message::Flush(done)).is_ok();
        if !is_asked || wait.recv_timeout(limit).is_err() {
            tracing::warn!("the audit log could not be written to its end within {limit:?}");
        }
    }
}

fn write<W: Write>(
    mut lines: Lines<W>,
    open: impl Fn() -> io::Result<W>,
    receiver: &Receiver<Message>,
    metrics: &Metrics,
) {
    let mut failing = Failing::new("AUDIT_LOG_FILE", "its records are in this log instead");
    let mut seen = reopen::Seen::all();
    while let Ok(message) = receiver.recv() {
        // After SIGHUP, which tools send when they have renamed the file.
        if seen.is_due() {
            match open() {
                Ok(file) => lines = Lines::to(file),
                Err(error) => tracing::error!(
                    "AUDIT_LOG_FILE cannot be opened again: {error}; records still go to the old file"
                ),
            }
        }
        match message {
            Message::Record(record) => {
                let outcome = lines.append(&record);
                failing.saw(outcome.as_ref().err());
                match outcome {
                    Ok(()) => metrics.audited(Delivery::Ok),
                    Err(_) => {
                        metrics.audited(Delivery::Failed);
                        to_log(&record);
                    }
                }
            }
            Message::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// A file of JSON lines.
struct Lines<W> {
    file: W,
    /// Whether the last line was written only in part.
    is_torn: bool,
}

impl<W: Write> Lines<W> {
    fn to(file: W) -> Self {
        Self {
            file,
            is_torn: false,
        }
    }

    fn append(&mut self, record: &Record) -> io::Result<()> {
        // The whole line first: a record half written by an error of serde's would join the next
        // one.
        let mut line = Vec::with_capacity(512);
        if self.is_torn {
            // Begins a new line, so that the part left by a full disk spoils only its own line.
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, record)?;
        line.push(b'\n');
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            // In one write if the system can, so that lines of several processes do not mix.
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn to_log(record: &Record) {
    let statements = serde_json::to_string(&record.statements).unwrap_or_default();
    let identity = record.identity.as_ref();
    let identity = identity.and_then(|identity| serde_json::to_string(identity).ok());
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
        identity,
        address = record.address,
        reason = record.reason,
        times = record.times,
        "audit: {} called {}: {}",
        record.caller,
        record.tool,
        record.outcome,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes, which can be given more.
    #[derive(Default)]
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= taken;
            self.bytes.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn record(tool: &str) -> Record {
        Record {
            time: "2026-01-02T03:04:05Z".into(),
            caller: "local".into(),
            tool: tool.into(),
            outcome: "ok",
            verdict: "none",
            statements: Vec::new(),
            query_id: None,
            rows: 0,
            bytes: 0,
            duration_ms: 1.5,
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            identity: None,
            address: None,
            reason: None,
            times: None,
        }
    }

    #[test]
    fn a_line_that_a_full_disk_has_cut_spoils_no_other() {
        let mut lines = Lines::to(Disk::default());
        lines.file.room = 300;
        assert!(lines.append(&record("first")).is_ok());
        assert!(lines.append(&record("second")).is_err());
        assert!(lines.append(&record("third")).is_err());
        lines.file.room = 10_000;
        assert!(lines.append(&record("fourth")).is_ok());
        assert!(lines.append(&record("fifth")).is_ok());
        let text = String::from_utf8(lines.file.bytes).unwrap();
        let read: Vec<Result<serde_json::Value, _>> =
            text.lines().map(serde_json::from_str).collect();
        let tools: Vec<_> = read
            .iter()
            .map(|line| {
                line.as_ref()
                    .map_or("cut", |line| line["tool"].as_str().unwrap())
            })
            .collect();
        assert_eq!(tools, ["first", "cut", "fourth", "fifth"], "{text}");
    }
}
