//! Statements that outlive the call that started them: left running, asked about, read again page by page.

use std::time::Duration;

use uuid::Uuid;

use super::Answer;
use crate::sql::Identifier;

/// The state of a statement when its caller's patience ended.
#[derive(Debug)]
pub enum Started {
    /// It has ended; here is its answer.
    Ended(Answer),
    /// It keeps running in the warehouse, which stops it at its deadline.
    Running {
        /// Names it from now on.
        query_id: String,
    },
}

/// A statement that was started earlier, by whichever replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id in the warehouse.
    pub query_id: Uuid,
    /// The role it ran with when its call named one: only that role may read its result.
    pub role: Option<Identifier>,
}

/// How far an earlier statement has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How far.
    pub state: State,
    /// Time since it was started, or that it took.
    pub elapsed: Option<Duration>,
    /// Rows it has produced.
    pub rows: Option<u64>,
    /// Bytes it has read.
    pub scanned_bytes: Option<u64>,
    /// The warehouse's own words on why it failed.
    pub message: Option<String>,
    /// The statement.
    pub text: Option<String>,
}

/// The stages of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for the virtual warehouse or for a lock.
    Queued,
    /// Is being worked on.
    Running,
    /// Its result can be read.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// It was stopped.
    Cancelled,
}

impl State {
    /// Whether nothing will change any more.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// The word used in structured results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<State> for Status {
    /// A status of which nothing else is known.
    fn from(state: State) -> Self {
        Self {
            state,
            elapsed: None,
            rows: None,
            scanned_bytes: None,
            message: None,
            text: None,
        }
    }
}
