//! Where approved statements run: the trait both drivers implement, and the words they share.
//!
//! Calls [`crate::policy`] for the type of an approved statement and [`crate::sql`] for its tree. No arrow array, DuckDB
//! handle or Snowflake token leaves its driver: results cross the room's edge as [`rows`].
//!
//! Start with [`Warehouse`]; `embedded` is the shorter of the two drivers to read.

mod answer;
pub mod calendar;
mod earlier;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod gate;
mod person;
pub mod rows;
mod skip;
pub mod snowflake;
mod unreachable;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use crate::policy::ApprovedStatement;
use crate::sql::{Identifier, QualifiedName};
use crate::telemetry::call::Notes;

pub use answer::{Answer, Batches};
pub use earlier::{Earlier, Started, State, Status};
pub use error::{EngineLimit, Error, Position};
pub use gate::{FairGate, GateLimits, Owner, Permit};
pub use person::Person;
pub use rows::{Batch, Cell, Column, DataType};
pub use unreachable::explained;

/// A warehouse that runs approved statements.
///
/// Calls are independent: no statement sees what an earlier one did to its session.
#[async_trait]
pub trait Warehouse: Send + Sync + 'static {
    /// Which of the drivers this is.
    fn kind(&self) -> WarehouseKind;

    /// The same warehouse as this person sees it, who has rights and sessions of its own there. `None` where a warehouse knows
    /// nobody but the service.
    fn of(&self, _person: &Arc<Person>) -> Option<Arc<dyn Warehouse>> {
        None
    }

    /// Starts a statement and returns once its columns are known; the rows follow in [`Answer::batches`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future, or later the answer, stops the statement where it runs, not only the wait for it.
    ///
    /// # Errors
    ///
    /// The warehouse's own refusal with its text kept whole, or why it could not be asked; see [`Error`].
    async fn run(&self, run: Run) -> Result<Answer, Error>;

    /// Starts a statement as [`Warehouse::run`] does, but leaves it running when it has not ended by `patience`.
    ///
    /// # Cancel safety
    ///
    /// As for [`Warehouse::run`]: only `patience` leaves a statement running, never the caller who goes away.
    ///
    /// # Errors
    ///
    /// As for [`Warehouse::run`].
    async fn start(&self, run: Run, patience: Instant) -> Result<Started, Error>;

    /// How far an earlier statement has come.
    ///
    /// # Errors
    ///
    /// [`Error::QueryNotFound`] when the warehouse knows no such statement, or why it could not be asked.
    async fn status(&self, earlier: &Earlier) -> Result<Status, Error>;

    /// The result of an earlier statement from the row `skip` on, counted from 0, waited for until `patience` where it is
    /// still running. The statement is not run again, and rows before `skip` are not fetched where that can be helped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait; the statement goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] with why the statement failed, [`Error::QueryNotFound`] when its result is not there any more, or
    /// why the warehouse could not be asked.
    async fn result(
        &self,
        earlier: &Earlier,
        skip: u64,
        patience: Instant,
        deadline: Instant,
    ) -> Result<Started, Error>;

    /// Stops an earlier statement. Whether it was still running.
    ///
    /// # Errors
    ///
    /// Why the warehouse could not be asked.
    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error>;

    /// Whether a statement sent now would find a working session.
    ///
    /// # Errors
    ///
    /// Why not.
    async fn ready(&self) -> Result<(), Error>;

    /// Ends all sessions. Statements still running are stopped.
    async fn close(&self);
}

/// The drivers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WarehouseKind {
    /// A Snowflake account.
    Snowflake,
    /// The engine inside this process, with Snowflake's sample data.
    Embedded,
}

/// One statement to run, with all it needs.
#[derive(Debug, Clone)]
pub struct Run {
    /// What to run.
    pub statement: Arc<ApprovedStatement>,
    /// The names that unqualified ones resolve to.
    pub session: SessionContext,
    /// Values for the statement's placeholders, in order.
    pub parameters: Vec<Parameter>,
    /// When the statement must have ended; the driver stops it then and answers [`Error::Timeout`].
    pub deadline: Instant,
    /// Who asked for it, for the warehouse's own records: Snowflake's `QUERY_TAG`.
    pub tag: Option<String>,
    /// A short description, for traces.
    pub summary: Option<String>,
    /// Where its call learns which statement in the warehouse it is.
    pub notes: Notes,
    /// The caller that it counts for in the queue.
    pub owner: Owner,
    /// How long it may wait to be let in; never longer than its deadline.
    pub admit_by: Instant,
}

/// What a statement's session is set to. `None` means the configured default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionContext {
    /// Current database.
    pub database: Option<Identifier>,
    /// Current schema, possibly with its database, which then wins over `database`.
    pub schema: Option<QualifiedName>,
    /// Virtual warehouse that pays for the statement.
    pub warehouse: Option<Identifier>,
    /// Primary role.
    pub role: Option<Identifier>,
}

/// A value for a placeholder: `?` in the order of the list, `:1` by its number.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// SQL NULL.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text; also how dates and exact decimals are sent, cast by the statement.
    Text(String),
}

impl fmt::Display for WarehouseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snowflake => "snowflake",
            Self::Embedded => "embedded",
        })
    }
}
