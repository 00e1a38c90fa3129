//! Why a query gave no answer, by the step that failed.

use crate::{policy, sql, warehouse};

/// Why a query gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not one readable statement.
    #[error(transparent)]
    Unreadable(#[from] sql::Error),
    /// The policy says no.
    #[error(transparent)]
    Refused(#[from] policy::Refusal),
    /// The warehouse says no, or nothing.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
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

impl Error {
    /// The statement's id in the warehouse, once it has one.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        match self {
            Self::Warehouse(error) => error.query_id(),
            Self::RowTooLarge { query_id, .. } => Some(query_id),
            Self::Unreadable(_) | Self::Refused(_) => None,
        }
    }
}
