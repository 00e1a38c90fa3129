//! The database in memory, a connection of its own for every statement, and the means to stop one.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use duckdb::{Config, Connection, InterruptHandle};
use tokio_util::sync::CancellationToken;

use super::natives::Announced;
use super::options::Options;
use crate::warehouse;

/// How often a running statement is told again to stop.
///
/// DuckDB forgets an interruption that arrives while it prepares a statement, so one call is not enough.
const INTERRUPT_EVERY: Duration = Duration::from_millis(5);

/// How deep an expression may nest, after translation.
///
/// DuckDB's own limit is 1,000; the time it takes to plan grows with the third power of the depth, and planning cannot be
/// interrupted. Fifty calls inside one another are about 400 deep, and take a fifth of a second; a WITH clause counts one
/// for each of its tables. Chains of operators have a limit of their own in the translation, since they grow without
/// parentheses; AND, OR, `||` and IN lists do not nest.
const MAX_EXPRESSION_DEPTH: u32 = 600;

/// Settings that can only be given when the sample data is in: after them nothing outside memory can be reached.
///
/// The order counts: the last one locks all settings, these too, for the rest of the process.
const CONTROLS: [&str; 7] = [
    // A statement that needs more memory than it may have fails; it does not fill the disk.
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET allow_persistent_secrets = false",
    // No file may be asked for; but for those below a folder of own data, which has been named before.
    "SET enable_external_access = false",
    "SET lock_configuration = true",
];

/// Opens an empty database in memory, not locked yet.
pub(super) fn open(options: &Options) -> duckdb::Result<Connection> {
    let threads = i64::try_from(options.threads.max(1)).unwrap_or(i64::MAX);
    let config = Config::default()
        .max_memory(&format!("{}B", options.memory_limit_bytes))?
        .threads(threads)?
        // An extension would be loaded from the network or from disk, and could do what the policy does not know of.
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")?
        .with("allow_persistent_secrets", "false")?
        // Memory that a statement has left goes back to the system without waiting for the next one.
        .with("allocator_background_threads", "true")?
        .with("max_expression_depth", MAX_EXPRESSION_DEPTH.to_string())?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    // Snowflake's accounts start in Los Angeles; the engine shows all times in UTC, whatever the machine is set to.
    connection.execute_batch("SET GLOBAL TimeZone = 'UTC'")?;
    Ok(connection)
}

/// A second lock on the same door: no file can be opened at all. Not where files are own data.
const NO_FILES: &str = "SET disabled_filesystems = 'LocalFileSystem'";

/// Shuts the database off from files, network and changes of settings.
pub(super) fn lock(connection: &Connection, has_own_data: bool) -> duckdb::Result<()> {
    if !has_own_data {
        connection.execute_batch(NO_FILES)?;
    }
    CONTROLS
        .iter()
        .try_for_each(|control| connection.execute_batch(control))
}

/// Where statements get their connections from.
pub(super) struct Sessions {
    /// Runs no caller's statement; new connections are made from it.
    root: Mutex<Connection>,
}

impl Sessions {
    pub(super) fn new(root: Connection) -> Self {
        Self {
            root: Mutex::new(root),
        }
    }

    /// A new connection inside a read-only transaction, which `stop` can interrupt from now on.
    ///
    /// Nothing of another connection is seen on it: temporary objects, variables and transactions belong to one
    /// connection, and settings are locked.
    /// A function that makes a text longer makes one of at most `longest_text` bytes.
    pub(super) fn session(&self, stop: &Arc<Stop>, longest_text: u64) -> duckdb::Result<Session> {
        // A connection for each statement: settings and variables of one never reach another.
        let connection = held(&self.root).try_clone()?;
        *held(&stop.engine) = Some(connection.interrupt_handle());
        let session = Session {
            connection,
            stop: Arc::clone(stop),
            announced: Announced::new(&stop.asked),
        };
        session.connection.execute_batch(&format!(
            "SET VARIABLE sf_longest = '{longest_text}'; SET VARIABLE sf_statement = '{}'; BEGIN TRANSACTION READ ONLY",
            session.announced.number()
        ))?;
        Ok(session)
    }
}

impl Sessions {
    /// Runs a statement to see whether one would run; the answer is how many bytes the engine uses.
    pub(super) fn probe(&self) -> duckdb::Result<u64> {
        let memory = "SELECT COALESCE(SUM(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory()";
        held(&self.root).query_row(memory, [], |row| row.get(0))
    }
}

/// One statement's connection. Dropping it ends the transaction and everything the statement left behind.
pub(super) struct Session {
    pub(super) connection: Connection,
    stop: Arc<Stop>,
    /// What functions of ours know the statement by.
    announced: Announced,
}

impl Drop for Session {
    fn drop(&mut self) {
        // Before the connection goes: the handle would reach into a connection that is just being closed.
        *held(&self.stop.engine) = None;
    }
}

/// Why a statement was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Its time was over.
    Deadline,
    /// Nobody waits for it any more, or the warehouse closes.
    Cancelled,
    /// The process has grown beyond what the engine may use, in bytes.
    Memory {
        /// What it may use.
        limit: u64,
    },
}

/// Stops one statement, from any thread.
pub(super) struct Stop {
    engine: Mutex<Option<Arc<InterruptHandle>>>,
    /// Cancelled when the statement shall end.
    asked: CancellationToken,
    /// Cancelled when it has ended.
    ended: CancellationToken,
    reason: OnceLock<Reason>,
    allowed: Duration,
    query_id: String,
}

impl Stop {
    /// The means to stop the statement `query_id`; `closing` stops all there are.
    pub(super) fn new(closing: &CancellationToken, deadline: Instant, query_id: &str) -> Self {
        Self {
            engine: Mutex::new(None),
            asked: closing.child_token(),
            ended: CancellationToken::new(),
            reason: OnceLock::new(),
            allowed: deadline.saturating_duration_since(Instant::now()),
            query_id: query_id.to_owned(),
        }
    }

    /// Asks the statement to end. The first reason given is the one that counts.
    pub(super) fn ask(&self, reason: Reason) {
        let _ = self.reason.set(reason);
        self.asked.cancel();
    }

    /// Whether the statement has been asked to end.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Says that the statement has ended, in whatever way.
    pub(super) fn mark_ended(&self) {
        self.ended.cancel();
    }

    /// Waits until the statement is asked to end.
    pub(super) async fn asked(&self) {
        self.asked.cancelled().await;
    }

    /// The error of a stopped statement, or `None` while nobody has asked for its end.
    pub(super) fn error(&self) -> Option<warehouse::Error> {
        if !self.asked.is_cancelled() {
            return None;
        }
        let query_id = Some(self.query_id.clone());
        Some(match self.reason.get() {
            Some(Reason::Deadline) => warehouse::Error::Timeout {
                after: self.allowed,
                query_id,
            },
            Some(Reason::Cancelled) | None => warehouse::Error::Cancelled { query_id },
            Some(Reason::Memory { limit }) => super::error::out_of_memory(*limit),
        })
    }

    /// Waits for a reason to stop the statement and then makes it stop. Returns when the statement has ended.
    pub(super) async fn watch(self: Arc<Self>, deadline: Instant) {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => return,
            () = self.asked.cancelled() => {}
            () = tokio::time::sleep_until(deadline.into()) => self.ask(Reason::Deadline),
        }
        while !self.ended.is_cancelled() {
            if let Some(engine) = held(&self.engine).as_ref() {
                engine.interrupt();
            }
            tokio::select! {
                () = self.ended.cancelled() => {}
                () = tokio::time::sleep(INTERRUPT_EVERY) => {}
            }
        }
    }
}

/// A thread that panicked while it held one of these locks left nothing half done: they guard a handle each.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
