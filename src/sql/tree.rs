//! What a statement is read into.

use sqlparser::ast::Statement;

use super::show::{Describe, Show};

/// What a statement was read into.
#[derive(Clone)]
pub enum Tree {
    /// A query or any other statement the parser crate knows.
    Statement(Box<Statement>),
    /// `SHOW …`
    Show(Show),
    /// `DESCRIBE …`
    Describe(Describe),
    /// `EXPLAIN [USING format] …`
    Explain {
        /// How the plan is to be written.
        format: ExplainFormat,
        /// The statement whose plan is asked for.
        statement: Box<Statement>,
    },
    /// Statements joined by `->>`, each of which may use the results of those before it as `$1`, `$2`, ….
    Pipeline(Vec<Tree>),
    /// A statement whose class is known from its words, while the parser crate has no tree for it.
    Unread {
        /// Why the parser crate gave up.
        reason: String,
    },
}

/// How EXPLAIN writes the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainFormat {
    /// One row for each step; the default.
    Tabular,
    /// One JSON document.
    Json,
    /// One text.
    Text,
}
