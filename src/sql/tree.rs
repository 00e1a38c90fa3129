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

/// What kind of tree a statement was read into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// [`Tree::Statement`], and no LIST.
    Statement,
    /// LIST, which tells about files.
    List,
    /// [`Tree::Show`] or [`Tree::Describe`].
    Metadata,
    /// [`Tree::Explain`]
    Explain,
    /// [`Tree::Pipeline`]
    Pipeline,
    /// [`Tree::Unread`]
    Unread,
}

impl Shape {
    /// Of this tree.
    pub(super) fn of(tree: &Tree) -> Self {
        match tree {
            Tree::Statement(statement) if matches!(**statement, Statement::List(_)) => Self::List,
            Tree::Statement(_) => Self::Statement,
            Tree::Show(_) | Tree::Describe(_) => Self::Metadata,
            Tree::Explain { .. } => Self::Explain,
            Tree::Pipeline(_) => Self::Pipeline,
            Tree::Unread { .. } => Self::Unread,
        }
    }
}
