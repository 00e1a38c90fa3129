//! A query, as a caller asks for it.

use std::time::Duration;

use super::Format;
use super::view::View;
use crate::warehouse::{Parameter, SessionContext};

/// Who wrote a statement, which decides what the policy asks of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Author {
    /// The caller.
    #[default]
    Caller,
    /// This server, to read what the warehouse knows of the caller's own statements. Such a statement shows nothing about
    /// other callers.
    Server,
    /// The operator, in a custom tool.
    Operator,
}

/// Limits of one tool, below those of the budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Less {
    /// Rows of an answer.
    pub rows: Option<u64>,
    /// Bytes of an answer.
    pub bytes: Option<usize>,
}

/// One query as a caller asks for it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// What unqualified names resolve to, and who pays.
    pub session: SessionContext,
    /// Values for placeholders.
    pub parameters: Vec<Parameter>,
    /// Rows wanted; the budget's default when absent, never above its maximum.
    pub limit: Option<u64>,
    /// How the rows are written.
    pub format: Format,
    /// Time allowed; only ever less than the budget's.
    pub timeout: Option<Duration>,
    /// How long to wait for rows before the statement is left running; only ever less than the budget's. 0 asks for a
    /// cursor at once.
    pub wait: Option<Duration>,
    /// Which columns are shown and how; all of them as they come, if absent.
    pub view: Option<&'static View>,
    /// Whether this is a SHOW of one level, such as the tables of a schema. If the warehouse has more names than it returns,
    /// the list can then be continued from the last name. In wider lists a name is not unique, so they cannot.
    pub goes_on: bool,
    /// Whether this is a sample of a table. Further rows are then not part of the result.
    pub is_sample: bool,
    /// Who wrote the statement.
    pub author: Author,
}
