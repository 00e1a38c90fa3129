//! Why a text is not one readable statement.

/// Longest statement that is read, in bytes: Snowflake takes no longer ones
/// (docs.snowflake.com/en/user-guide/query-size-limits).
pub const MAX_STATEMENT_BYTES: usize = 1024 * 1024;

/// Up to this length, in bytes, reading a statement takes so little time and memory that nobody has to wait for it.
pub const SMALL_STATEMENT_BYTES: usize = 64 * 1024;

/// Words of a statement, signs among them. A tree takes up to 1.3 KB for each, so that the shortest words make the largest
/// trees; a model of a megabyte that somebody wrote has 170,000.
pub(super) const MAX_WORDS: usize = 200_000;

/// Operators in a row without a comma or a bracket of their own level: the tree of such a chain is as deep as the chain is
/// long, and every walk over it takes stack for each link. Generated conditions and models stay below 3,000.
pub(super) const MAX_CHAIN: usize = 20_000;

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
    #[error("the statement has {bytes} bytes; at most {MAX_STATEMENT_BYTES} are allowed")]
    TooLong {
        /// Bytes in the text.
        bytes: usize,
    },
    /// More words than [`MAX_WORDS`].
    #[error("the statement has {words} tokens; at most {MAX_WORDS} are allowed")]
    TooManyWords {
        /// Words in the text.
        words: usize,
    },
    /// More than one statement.
    #[error("the text holds more than one statement; send one at a time")]
    SeveralStatements,
    /// Something that Snowflake and the parser may understand differently, so that a check of one proves nothing about
    /// the other.
    #[error("the statement contains {what}, which is not accepted; {instead}")]
    Ambiguous {
        /// What was found.
        what: &'static str,
        /// What to write in its place.
        instead: &'static str,
    },
    /// Nested deeper than the parser follows.
    #[error("the statement nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More operators in a row than are followed.
    #[error("the statement joins more than {MAX_CHAIN} values or queries in one row")]
    ChainTooLong,
    /// Something of another database.
    #[error("the statement contains {}, which Snowflake does not have", .0.what)]
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
