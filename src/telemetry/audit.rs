//! The audit log: one record for each call of a tool. Who asked for what, what was decided, what came of it; never a value,
//! never a row.
//!
//! To `AUDIT_LOG_FILE`, one JSON object a line, only ever appended; without it to the log, under the target `audit`, which is
//! shown whatever `LOG_LEVEL` is, `OFF` excepted. docs/logging.md describes every field.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::codes::OUTCOMES;
use super::metrics::Metrics;
use super::metrics::labels::{Delivery, Verdict};
use super::reopen;

/// The target of records in the log.
pub const TARGET: &str = "audit";

/// Records that may wait for the disk: some seconds of a busy server.
const WAITING: usize = 10_000;

/// One call of a tool, as the audit log has it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Record {
    /// When the call ended, RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// Who called: `anonymous`, `local` on stdio, `key:` and the first eight digits of the key's SHA-256 or its name in `CALLERS_FILE`, or `user:` and the first sixteen digits of the SHA-256 of issuer and subject; `unknown` without a known key or a good token.
    pub caller: String,
    /// Which tool; `none` where there was no call.
    pub tool: String,
    /// `ok`, or the error's code; `unauthorized` for requests without a known key.
    #[schemars(extend("enum" = outcomes()))]
    pub outcome: &'static str,
    /// The first verdict on the call's statements that is not `approved`, else `approved`; `none` where it sent none.
    #[schemars(extend("enum" = verdicts(true)))]
    pub verdict: &'static str,
    /// What was to be run, in order; eight at most.
    #[schemars(length(max = 8))]
    pub statements: Vec<Statement>,
    /// The statement in the warehouse, once it has an id.
    pub query_id: Option<String>,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes of text in the answer.
    pub bytes: u64,
    /// Milliseconds from the call to its answer.
    pub duration_ms: f64,
    /// The trace the call belongs to.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub trace_id: String,
    /// Who called, in full, where a key of `CALLERS_FILE` or a token says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Arc<Identity>>,
    /// Of requests that were no call, because they had no known key or certificate: where they came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why they were refused, such as `no key`, `unknown key`, `two credentials` or `the token has expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub reason: Option<&'static str>,
    /// How many there were since the last record of this address, this one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// Who called, in full: for whoever has to find a person. Never a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Identity {
    /// `key`, `oauth`, `anonymous` where none is needed, or `unknown` for a certificate that was refused.
    #[schemars(extend("enum" = ["key", "oauth", "anonymous", "unknown"]))]
    pub kind: &'static str,
    /// The name of the key, or the person's as the issuer writes it (`OAUTH_NAME_CLAIM`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who issued the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whom the issuer means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The program the token was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The scopes of the token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The first 8 bytes of the SHA-256 of the token's `jti`, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The grant of `CALLERS_FILE` that the call was made under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The first 16 bytes of the SHA-256 of the client's certificate, in hexadecimal, where it showed one (`TLS_CLIENT_CA_FILE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// The outcome of requests that were no call.
const UNAUTHORIZED: &str = "unauthorized";

impl Record {
    /// Requests that were refused because they had no known key.
    #[must_use]
    pub fn refused(address: String, reason: &'static str, times: u64) -> Self {
        Self {
            time: jiff::Timestamp::now().to_string(),
            caller: "unknown".to_owned(),
            tool: "none".to_owned(),
            outcome: UNAUTHORIZED,
            verdict: "none",
            statements: Vec::new(),
            query_id: None,
            rows: 0,
            bytes: 0,
            duration_ms: 0.0,
            trace_id: "0".repeat(32),
            identity: None,
            address: Some(address),
            reason: Some(reason),
            times: Some(times),
        }
    }

    /// Handshakes that were refused because of the client's certificate. Where they came from is not known there.
    #[must_use]
    pub fn refused_certificate(certificate: String, reason: &'static str, times: u64) -> Self {
        let identity = Identity {
            kind: "unknown",
            certificate: Some(certificate),
            ..Identity::default()
        };
        Self {
            identity: Some(Arc::new(identity)),
            address: None,
            ..Self::refused(String::new(), reason, times)
        }
    }
}

/// What an outcome can be.
fn outcomes() -> Vec<&'static str> {
    OUTCOMES.iter().copied().chain([UNAUTHORIZED]).collect()
}

/// A statement of a call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Statement {
    /// The first 16 bytes of its SHA-256, in hexadecimal.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub sql_hash: String,
    /// The statement with `?` for every value and without comments; a longer one is cut.
    #[schemars(length(max = 2001))]
    pub sql: String,
    /// `approved`, or the rule that refused it.
    #[schemars(extend("enum" = verdicts(false)))]
    pub verdict: &'static str,
    /// Tables, views and common table expressions it names, as written.
    pub objects: Vec<String>,
}

/// What a verdict can be; `none` is one of a call only.
fn verdicts(of_call: bool) -> Vec<&'static str> {
    let none = of_call.then_some("none");
    Verdict::WORDS.iter().copied().chain(none).collect()
}

/// docs/audit-record.schema.json: the record as JSON Schema, for whoever reads the file.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Record>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
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
        let lines = Lines::to(open()?);
        let (sender, receiver) = sync_channel(WAITING);
        let counted = Arc::clone(&metrics);
        // A thread of its own: a slow disk must not hold up calls.
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(lines, open, &receiver, &counted))?;
        Ok(Self(Some(Arc::new(Writer { sender, metrics }))))
    }

    /// Hands a record over.
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
            tracing::error!("a record found no way into AUDIT_LOG_FILE: {why}");
            if let Message::Record(record) = message {
                // Better there than nowhere.
                to_log(&record);
            }
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

fn write<W: Write>(
    mut lines: Lines<W>,
    open: impl Fn() -> io::Result<W>,
    receiver: &Receiver<Message>,
    metrics: &Metrics,
) {
    let mut is_failing = false;
    let mut seen = reopen::Seen::all();
    while let Ok(message) = receiver.recv() {
        if seen.is_due() {
            match open() {
                Ok(file) => lines = Lines::to(file),
                Err(error) => tracing::error!(
                    "AUDIT_LOG_FILE cannot be opened anew: {error}; its records go on to the old file"
                ),
            }
        }
        match message {
            Message::Record(record) => match lines.append(&record) {
                Ok(()) => {
                    metrics.audited(Delivery::Ok);
                    if std::mem::take(&mut is_failing) {
                        tracing::warn!("AUDIT_LOG_FILE is written again");
                    }
                }
                Err(error) => {
                    metrics.audited(Delivery::Failed);
                    // Once, not for every call while the disk is full.
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::error!(
                            "AUDIT_LOG_FILE cannot be written: {error}; its records are in this log instead"
                        );
                    }
                    to_log(&record);
                }
            },
            Message::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// A file of JSON lines.
struct Lines<W> {
    file: W,
    /// The last line was written in part.
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
        let mut line = Vec::with_capacity(512);
        if self.is_torn {
            // What a full disk has cut off must not spoil the line after it.
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, record)?;
        line.push(b'\n');
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            // In one piece where the system can, so that lines of several processes do not mix.
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
