//! How large the engine is and what it may use.

use std::path::PathBuf;

use crate::warehouse::GateLimits;

/// How large the engine is and what it may use.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Size of the sample data as a fraction of TPC-H's 1 GB; more than 0 and at most 1.
    pub scale_factor: f64,
    /// Memory the engine may use for data and statements together, in bytes. A statement that needs more fails.
    pub memory_limit_bytes: u64,
    /// Threads that work on statements, the calling ones among them.
    pub threads: usize,
    /// Statements that run and wait.
    pub gate: GateLimits,
    /// Whether the memory of the whole process is held to the limit, too. Only for a process that has little else to do:
    /// whatever grows in it is held against the statements that run.
    pub watches_process: bool,
    /// The folder whose files are tables of the database `LOCAL`.
    pub data_dir: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // 60,000 line items: enough for every question to have an answer, loaded in a fraction of a second, and
            // small enough that the whole process stays below 120 MB.
            scale_factor: 0.01,
            // Ten times what the default data takes: room for joins and sorts, and a small container survives them.
            memory_limit_bytes: 256 << 20,
            // More than a few threads do not make small tables faster, and a laptop has other things to do.
            threads: std::thread::available_parallelism()
                .map_or(1, usize::from)
                .min(4),
            // As many as a busy development machine has use for; each holds a few megabytes at most.
            gate: GateLimits::new(16, "MAX_CONCURRENT_QUERIES"),
            watches_process: false,
            data_dir: None,
        }
    }
}
