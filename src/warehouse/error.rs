//! What can go wrong between an approved statement and its rows, the same for both drivers.

use std::fmt;
use std::time::Duration;

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The statement does not compile, or failed on the data; the warehouse's text says where.
    #[error("{message}")]
    Sql {
        /// The warehouse's own words.
        message: String,
        /// Where in the statement.
        position: Option<Position>,
        /// The statement in the warehouse, once it has an id.
        query_id: Option<String>,
    },
    /// A table, view, schema, database or column that does not exist or may not be seen.
    #[error("{message}")]
    ObjectNotFound {
        /// The warehouse's own words.
        message: String,
        /// The statement in the warehouse, once it has an id.
        query_id: Option<String>,
    },
    /// The role lacks a privilege.
    #[error("{message}")]
    PermissionDenied {
        /// The warehouse's own words.
        message: String,
        /// The statement in the warehouse, once it has an id.
        query_id: Option<String>,
    },
    /// A list of names that is longer than the warehouse makes them.
    #[error("{message}")]
    ListTooLong {
        /// The warehouse's own words.
        message: String,
        /// The statement in the warehouse, once it has an id.
        query_id: Option<String>,
    },
    /// Snowflake would run this; the embedded engine cannot.
    #[error("{0}")]
    EngineLimit(#[from] EngineLimit),
    /// The deadline passed; the statement was stopped.
    #[error("the statement was stopped after {} s, its time limit", seconds(*.after))]
    Timeout {
        /// The limit that was reached.
        after: Duration,
        /// The statement in the warehouse, once it has an id.
        query_id: Option<String>,
    },
    /// Somebody stopped the statement.
    #[error("the statement was cancelled")]
    Cancelled {
        /// The statement in the warehouse, once it has an id.
        query_id: Option<String>,
    },
    /// The warehouse takes the statement for something else than was approved.
    #[error("{message}")]
    KindRefused {
        /// What was expected and what it says.
        message: String,
    },
    /// The warehouse knows no such statement, or keeps its result no longer.
    #[error("there is no statement {query_id}, or its result is no longer stored")]
    QueryNotFound {
        /// The id asked for.
        query_id: String,
    },
    /// What became of an earlier statement: asking again brings nothing else.
    #[error(transparent)]
    Ended(Box<Self>),
    /// No session or thread came free in time. Trying again later can help.
    #[error("the warehouse is busy: {message}")]
    Busy {
        /// What was waited for, how long, and the setting that changes it.
        message: String,
        /// When it makes sense to come back, where that is known.
        retry_after: Option<Duration>,
    },
    /// The warehouse cannot be reached. Trying again later can help.
    #[error("the warehouse cannot be reached: {message}")]
    Unreachable {
        /// What was tried.
        message: String,
        /// Why it failed.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The role of the call cannot be used, whatever the statement.
    #[error("{message}")]
    RoleRefused {
        /// Which role, and why.
        message: String,
    },
    /// The answer to a statement that changes something was lost: it may have run or not.
    #[error("the answer to the statement was lost, so it is not known whether it took effect")]
    OutcomeUnknown {
        /// How it was lost.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The warehouse knows us and says no.
    #[error("sign-in was refused: {message}")]
    SignInRefused {
        /// The warehouse's words and the setting to look at.
        message: String,
    },
    /// The caller is refused, not the service: by the warehouse, or by the issuer that exchanges the caller's token.
    /// The text and the hint are for the caller, and contain nothing that was sent or received.
    #[error("{message}")]
    CallerRefused {
        /// What was refused.
        message: &'static str,
        /// What the caller can do about it, or who else can.
        hint: &'static str,
    },
    /// A defect of this service. The text is for the operator, never for the agent.
    #[error("internal error: {message}")]
    Internal {
        /// What was being done.
        message: String,
        /// Why it failed.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// Something that works in Snowflake and not in the embedded engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the embedded engine {what}; this is a limit of the embedded engine, Snowflake itself has none here"
)]
pub struct EngineLimit {
    /// Completes "the embedded engine …": `does not support the function SOUNDEX`.
    pub what: String,
    /// What to write instead, where something is known.
    pub hint: Option<String>,
}

/// Rounded to hundredths: when the statement is sent, a few milliseconds of the limit have already passed.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100.0).round() / 100.0
}

/// A place in a statement's text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl EngineLimit {
    /// A limit without a better way to offer.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
        }
    }
}

impl Error {
    /// A defect, with its cause.
    pub fn internal(
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal {
            message: message.into(),
            source: Some(source.into()),
        }
    }

    /// The statement's id in the warehouse, once it has one.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        match self {
            Self::Sql { query_id, .. }
            | Self::ObjectNotFound { query_id, .. }
            | Self::PermissionDenied { query_id, .. }
            | Self::ListTooLong { query_id, .. }
            | Self::Timeout { query_id, .. }
            | Self::Cancelled { query_id } => query_id.as_deref(),
            Self::QueryNotFound { query_id } => Some(query_id),
            Self::Ended(error) => error.query_id(),
            _ => None,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_told_in_seconds_a_person_would_write() {
        for (millis, told) in [
            (2_999, "3 s"),
            (2_000, "2 s"),
            (499, "0.5 s"),
            (12_340, "12.34 s"),
        ] {
            let error = Error::Timeout {
                after: Duration::from_millis(millis) + Duration::from_nanos(966_019),
                query_id: None,
            };
            let text = error.to_string();
            assert!(text.contains(&format!("after {told}, ")), "{text}");
        }
    }
}
