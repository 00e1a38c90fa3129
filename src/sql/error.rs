//! Why a text is not one readable statement.

/// Longest statement that is read, in bytes.
///
/// The tree of a long chain of operators is as deep as the chain is long, and dropping it uses stack; 64 KiB of `a or a`
/// stays far inside the 8 MiB that [`parse`](super::parse()) runs with.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;

/// How deep expressions and subqueries may nest before the parser gives up.
pub(super) const MAX_DEPTH: usize = 128;

/// Why a text is not one readable statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing but white space, comments and semicolons.
    #[error("there is no statement in the text")]
    Empty,
    /// Longer than [`MAX_STATEMENT_BYTES`].
    #[error("the statement has {bytes} bytes; at most {MAX_STATEMENT_BYTES} are read")]
    TooLong {
        /// Bytes in the text.
        bytes: usize,
    },
    /// More than one statement.
    #[error("the text holds more than one statement; send one at a time")]
    SeveralStatements,
    /// Something that Snowflake and the parser may understand differently, so that a check of one proves nothing about
    /// the other.
    #[error("the statement holds {what}, which is not accepted; {instead}")]
    Ambiguous {
        /// What was found.
        what: &'static str,
        /// What to write in its place.
        instead: &'static str,
    },
    /// Nested deeper than the parser follows.
    #[error("the statement nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Something of another database.
    #[error("the statement holds {}, which Snowflake does not have", .0.what)]
    Foreign(ForeignSyntax),
    /// Not SQL as far as the parser knows.
    #[error("the statement could not be read: {0}")]
    Syntax(String),
}

/// Something in a statement that Snowflake does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignSyntax {
    /// What it is, as written.
    pub what: String,
    /// What to write in its place.
    pub instead: String,
}
