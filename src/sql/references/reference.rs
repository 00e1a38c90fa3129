//! What a statement touches, or why that cannot be told.

use crate::sql::{Identifier, QualifiedName};

/// Something that a statement touches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A table, view, function or another object of a schema. What its name leaves out is the session's.
    Object(QualifiedName),
    /// All that is in a schema, by name.
    Schema {
        /// The session's when absent.
        database: Option<Identifier>,
        /// The session's when absent.
        schema: Option<Identifier>,
    },
    /// All that is in a database, by name; the session's database when absent.
    Database(Option<Identifier>),
    /// All that is in the account, by name.
    Account,
}

/// Something whose place only the warehouse can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unresolved {
    /// What it is, as in "a stage".
    pub what: String,
}

pub(super) type Found = Result<Vec<Reference>, Unresolved>;

pub(super) fn unresolved<T>(what: impl Into<String>) -> Result<T, Unresolved> {
    Err(Unresolved { what: what.into() })
}
