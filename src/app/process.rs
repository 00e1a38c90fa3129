//! What a process has before anything else: its threads, its log, its metrics and its traces.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::error::{Error, system};
use crate::config::Settings;
use crate::telemetry::logs;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Traces;

/// The stack of our threads. The SQL parser recurses with the nesting of a statement and is bounded to what fits in here.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Threads for work that blocks, such as the embedded engine's. Far more than run at once; it only must not be endless.
const BLOCKING_THREADS: usize = 128;

/// What a process has before anything else: the threads that work, and whatever tells of them.
#[derive(Debug)]
pub struct Process {
    pub(super) runtime: Runtime,
    pub(super) telemetry: Telemetry,
}

/// Where a process tells of itself.
#[derive(Debug)]
pub(super) struct Telemetry {
    pub(super) metrics: Arc<Metrics>,
    /// Whether they can be sent is told when the log is there to tell it.
    pub(super) traces: Result<Option<Traces>, Error>,
}

impl Process {
    /// Makes them. From now on there are log lines, written to their end when the guard is dropped.
    ///
    /// # Errors
    ///
    /// The system refused threads, or the log file.
    pub fn start(settings: &Settings) -> Result<(Self, logs::Guard), Box<dyn std::error::Error>> {
        let runtime = runtime()?;
        let metrics = Arc::new(Metrics::new()?);
        let traces = Traces::start(&settings.telemetry, &metrics, runtime.handle());
        let spans = traces.as_ref().ok().and_then(Option::as_ref);
        let server = &settings.server;
        let file = server.log_file.as_deref();
        let guard = logs::start(&settings.telemetry, file, server.log_file_keep, spans)?;
        let traces = traces.map_err(Error::from);
        let telemetry = Telemetry { metrics, traces };
        Ok((Self { runtime, telemetry }, guard))
    }
}

pub(super) fn runtime() -> Result<Runtime, Error> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        // Two at least: one busy thread must not keep a cancellation from being seen.
        .worker_threads(cores.max(2))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_stack_size(STACK_BYTES)
        .thread_name("snowflake-mcp")
        .enable_all()
        .build()
        .map_err(system("the runtime"))
}
