//! Why a query gave no answer; one variant for each step that can fail.

use super::estimate::{Estimate, bytes};
use crate::{policy, sql, warehouse};

/// Why a query gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not one statement that can be parsed.
    #[error(transparent)]
    Unreadable(#[from] sql::Error),
    /// The policy refused the statement.
    #[error(transparent)]
    Refused(#[from] policy::Refusal),
    /// The warehouse refused the statement, or did not answer.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
    /// Any of these errors, with a hint for correcting the statement.
    #[error("{error}")]
    Explained {
        /// What went wrong.
        #[source]
        error: Box<Self>,
        /// What to do about it, in a sentence or two.
        hint: String,
    },
    /// The cursor cannot be used.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The statement would read too much.
    #[error(
        "the statement would scan about {} in {} partitions; at most {} are allowed (MAX_SCAN_BYTES)",
        bytes(.estimate.bytes), .estimate.partitions, bytes(*.limit)
    )]
    TooExpensive {
        /// What the warehouse expects.
        estimate: Estimate,
        /// Bytes a statement may scan.
        limit: u64,
    },
    /// The warehouse does not say what the statement would read.
    #[error("the warehouse gives no estimate for this statement, and MAX_SCAN_BYTES is set")]
    NoEstimate,
    /// The statement's plan cannot be had without running a part of it.
    #[error("statements joined by ->> have no plan of their own")]
    NoPlan,
    /// The statement could not be parsed into a tree, so nothing proves that an EXPLAIN in front of it would run no part of
    /// it.
    #[error(
        "this statement has something in it that this server cannot read, so it is not explained"
    )]
    PlanUnread,
    /// The caller may look at the catalog only, and the cursor leads to rows of tables: its earlier token reached further.
    #[error(
        "this cursor is for values of tables, and the caller's token lacks the scope for these"
    )]
    OutOfReach,
    /// Not even the first row fits.
    #[error(
        "the first row alone is larger than the {limit} bytes a result may have (MAX_RESULT_BYTES)"
    )]
    RowTooLarge {
        /// Bytes a result may have.
        limit: usize,
        /// The statement in the warehouse.
        query_id: String,
    },
}

/// Why a cursor is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not a cursor of this server.
    #[error("this is not a cursor of this server; copy cursors whole and unchanged")]
    Malformed,
    /// The signature does not match: changed, made for another caller, or signed with another secret.
    #[error(
        "this cursor was changed, belongs to another caller, or was signed with a key that is no longer in CURSOR_SECRET"
    )]
    NotOurs,
    /// The cursor has expired.
    #[error("this cursor has expired (CURSOR_LIFETIME)")]
    Expired,
}

impl Error {
    /// The statement's id in the warehouse, once it has one.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        match self {
            Self::Warehouse(error) => error.query_id(),
            Self::Explained { error, .. } => error.query_id(),
            Self::RowTooLarge { query_id, .. } => Some(query_id),
            Self::Unreadable(_)
            | Self::Refused(_)
            | Self::Cursor(_)
            | Self::TooExpensive { .. }
            | Self::NoEstimate
            | Self::NoPlan
            | Self::PlanUnread
            | Self::OutOfReach => None,
        }
    }
}
