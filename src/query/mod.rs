//! One query from start to end: parse it, have it approved, run it within its limits, write the rows as text.
//!
//! Calls [`crate::sql`] to read the statement, [`crate::policy`] to have it approved, and [`crate::warehouse`] to run it;
//! it knows nothing of MCP or HTTP. Start at [`Queries::run`]: `queries` holds the caller, the policy and the limits; `approving`
//! has the statement approved; `run` starts it; `page` writes its rows within the limits of `budget`; `shorten` cuts long values;
//! `render` has one file for each format.
//!
//! Pagination and long statements are in `later`: [`Queries::page`] returns the first page, [`Queries::fetch`] the following ones.
//! `cursor` signs the cursors between them, so any replica can continue. `listing` is what a cursor into a list of names holds in
//! addition, and `search` combines some such lists. `cost` gets an estimate before a statement runs.
//!
//! A failed statement gets a hint: `advice` derives it from the error message, and `suggest` looks up similar names in the catalog.

mod advice;
mod approving;
mod budget;
mod cost;
mod cursor;
mod error;
mod estimate;
mod later;
mod listing;
mod measure;
mod name_cache;
mod object_kind;
mod owner_mark;
mod page;
mod queries;
pub mod render;
mod request;
mod run;
mod search;
mod shorten;
mod shown_rows;
mod suggest;
mod view;

pub use budget::{Allowance, Budget, Rights, Truncation, TruncationReason};
pub use cursor::CursorSigner;
pub use error::{CursorError, Error};
pub use estimate::Estimate;
pub use later::{Fetched, Outcome, RunningStatement, StatementProgress};
pub use object_kind::object_kind;
pub use owner_mark::owner_mark;
pub use page::{Page, Row, Table};
pub use queries::{Behalf, Queries};
pub use render::Format;
pub use request::{Author, Less, Query};
pub use search::{Found, FoundTable, Search};
pub use view::{Hide, Pick, Source, View};
