//! What a statement answers with: columns at once, and rows as they arrive.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;

use super::error::Error;
use super::rows::{Batch, Column};

/// A running or finished statement.
pub struct Answer {
    /// Names the statement in the warehouse: a UUID.
    pub query_id: String,
    /// What the rows are made of; there even when there are no rows.
    pub columns: Arc<[Column]>,
    /// The rows, in order, in batches. Ends after the first error.
    pub batches: Batches,
    /// How many rows there are in all, where the warehouse says so beforehand.
    pub total_rows: Option<u64>,
    /// The most rows that a list of names can have, if this one has that many: there may be more, and the warehouse
    /// does not say so.
    pub full_at: Option<u64>,
}

/// The rows of an answer as they arrive.
pub type Batches = Pin<Box<dyn Stream<Item = Result<Box<dyn Batch>, Error>> + Send>>;

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("query_id", &self.query_id)
            .field("columns", &self.columns)
            .field("total_rows", &self.total_rows)
            .finish_non_exhaustive()
    }
}
