//! The use case: check a statement, run it, keep it inside its budget, write the rows as text.
//!
//! Calls [`crate::sql`] to read the statement, [`crate::policy`] to have it approved, and [`crate::warehouse`] to run it;
//! knows nothing of MCP or HTTP. Start at [`Queries::run`]: `run` has the statement approved
//! and started, `page` writes its rows within the budget, with `shorten` and `render`, one file for each format.
//!
//! What goes on after the call is in `later`: [`Queries::page`] leaves long statements running and long results for
//! [`Queries::fetch`], with cursors that `cursor` signs, so that any replica can go on; `listing` is what a cursor in a list of
//! names tells besides, `search` such a list made of two. `cost` asks for an estimate first.
//!
//! A refusal gets what helps to write the statement anew: `advice` reads it from the refusal's own words, `suggest` asks the
//! catalog for the names that may have been meant.

mod advice;
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
mod page;
pub mod render;
mod request;
mod run;
mod search;
mod shorten;
mod shown_rows;
mod suggest;
mod view;

pub use budget::{Allowance, Budget, Truncation, TruncationReason, Turns};
pub use cursor::CursorSigner;
pub use error::{CursorError, Error};
pub use estimate::Estimate;
pub use later::{Fetched, Outcome, RunningStatement, StatementProgress};
pub use object_kind::object_kind;
pub use page::{Page, Row, Source, Table};
pub use render::Format;
pub use request::Query;
pub use run::Queries;
pub use search::{Found, Search};
pub use view::{Hide, Pick, View};
