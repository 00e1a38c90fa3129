//! The use case: check a statement, run it, keep it inside its budget, write the rows as text.
//!
//! Calls [`crate::sql`] to read the statement, [`crate::policy`] to have it approved, and [`crate::warehouse`] to run it;
//! knows nothing of MCP or HTTP. Start at [`Queries::run`]; `render` writes rows, one file for each format.

mod budget;
mod error;
pub mod render;
mod run;

pub use budget::{Budget, Truncation, TruncationReason};
pub use error::Error;
pub use render::Format;
pub use run::{Hide, Pick, Queries, Query, Row, Sheet, Table};
