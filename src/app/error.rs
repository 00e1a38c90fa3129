//! How a run ends, and why one did not begin.

use std::io;

use super::shutdown::StopSignal;
use super::{pid_file, snowflake};
use crate::config::Problem;
use crate::http::listen;

/// Why a process that was to run did not, or ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A port could not be taken.
    #[error(transparent)]
    Port(#[from] listen::Error),
    /// `PID_FILE` could not be written.
    #[error(transparent)]
    PidFile(#[from] pid_file::Error),
    /// The folder of a setting could not be created or entered.
    #[error("the folder {path} of {setting} cannot be created or entered: {source}")]
    Folder {
        /// Whose folder it is.
        setting: &'static str,
        /// As configured.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// Traces are asked for and cannot be sent.
    #[error(transparent)]
    Traces(#[from] crate::telemetry::traces::Error),
    /// A metric is declared wrongly: a defect, found by a test first.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The system refused a thread, a signal handler or a socket.
    #[error("{what} cannot be set up: {source}")]
    System {
        /// What was being set up.
        what: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// This build has no such warehouse.
    #[error("{what}")]
    NoDriver {
        /// Which, and what to set instead.
        what: &'static str,
    },
    /// The settings describe no account that can be served from.
    #[error(transparent)]
    Account(#[from] snowflake::Error),
    /// A setting that is of the right form, and its room cannot work with.
    #[error("{0}")]
    Setting(Problem),
    /// The warehouse did not start.
    #[error(
        "the warehouse did not start (more data, EMBEDDED_SCALE_FACTOR, needs more EMBEDDED_MEMORY_LIMIT)"
    )]
    Warehouse(#[from] crate::warehouse::Error),
    /// `check --connect` got no answer to its statement. The causes, and where to look.
    #[error("{0}")]
    Unanswered(String),
    /// A defect; the log has the panic.
    #[error("a part of the process panicked")]
    Panicked,
    /// The HTTP server stopped although nobody asked it to.
    #[error("the HTTP server ended by itself: {reason}")]
    Ended {
        /// What it left behind.
        reason: String,
    },
    /// The MCP session on stdin and stdout could not be started.
    #[error("the session on stdin and stdout failed: {0}")]
    Stdio(String),
}

/// How a run ended.
#[derive(Debug)]
pub enum Ending {
    /// As it should.
    Finished,
    /// By a second signal, without waiting for anything.
    Interrupted(StopSignal),
    /// A file has changed: the process is to begin again, on this port if the settings leave it open.
    Again(Option<u16>),
}

pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { what, source }
}
