//! What a statement may do: the classes that a policy decides by.

use std::fmt;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Reads and nothing else.
    Read,
    /// A query that calls something with an effect: a sequence, a SYSTEM$ function, a function that is billed by use.
    SideEffect,
    /// Changes the session: USE, SET, ALTER SESSION, transactions.
    SessionChange,
    /// Changes rows.
    Write,
    /// Makes, changes or drops objects.
    Ddl,
    /// Changes who may do what.
    AccessControl,
    /// Moves files from or to a stage.
    FileTransfer,
    /// Runs a procedure or a script.
    Procedure,
    /// None of the above for certain.
    Unknown,
}

/// The words a person reads in a refusal.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "a read",
            Self::SideEffect => "a query with side effects",
            Self::SessionChange => "a change of the session",
            Self::Write => "a write",
            Self::Ddl => "a change of objects (DDL)",
            Self::AccessControl => "a change of access rights",
            Self::FileTransfer => "a file transfer",
            Self::Procedure => "a procedure or script",
            Self::Unknown => "a statement that is not known to be a read",
        })
    }
}
