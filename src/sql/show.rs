//! SHOW and DESCRIBE, as `show_reader` reads them.

use super::{Identifier, QualifiedName};

/// A SHOW statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show {
    /// Whether TERSE was asked for.
    pub terse: bool,
    /// Whether HISTORY was asked for.
    pub history: bool,
    /// The kind of objects, upper case, words joined by one space: `TABLES`, `PRIMARY KEYS`.
    pub objects: String,
    /// The pattern after LIKE, matched without regard to case.
    pub like: Option<String>,
    /// Where to look.
    pub scope: Scope,
    /// The text after STARTS WITH, matched with regard to case.
    pub starts_with: Option<String>,
    /// The number after LIMIT.
    pub limit: Option<u64>,
    /// The text after LIMIT … FROM: rows before the first whose name starts with it are left out.
    pub from: Option<String>,
    /// Words after the part that was understood, as in `SHOW GRANTS TO ROLE x`. Empty for the common forms.
    pub rest: String,
}

impl Show {
    /// Rows that Snowflake lists at most. Beyond them a SHOW without LIMIT fails or is cut, as its kind has it, and LIMIT may
    /// not be larger: <https://docs.snowflake.com/en/sql-reference/sql/show-tables#general-usage-notes>.
    pub const LONGEST: u64 = 10_000;
}

/// What `IN` named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// No IN: the current schema, database or account, as the kind of object has it.
    Unstated,
    /// `IN ACCOUNT`
    Account,
    /// `IN DATABASE [name]`; without a name the current one.
    Database(Option<Identifier>),
    /// `IN SCHEMA [name]`; without a name the current one.
    Schema(Option<QualifiedName>),
    /// `IN TABLE name` or `IN VIEW name`.
    Table(QualifiedName),
    /// `IN name`, whose kind follows from the objects shown.
    Named(QualifiedName),
}

/// A DESCRIBE statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Describe {
    /// The kind of object, upper case: `TABLE`, `VIEW`, `RESULT`.
    pub kind: String,
    /// The object, when what follows the kind is a name and nothing else.
    pub name: Option<QualifiedName>,
}
