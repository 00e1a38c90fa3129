//! What a statement is by its first words. Snowflake decides so too, so this holds also where the parser knows no tree.

use sqlparser::tokenizer::Token;

use super::class::Class;
use super::lexis::{bare, is_word};

/// What the first words say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// A query, whose inside decides.
    Query,
    /// SHOW, DESCRIBE or LIST.
    Metadata,
    /// EXPLAIN, whose statement decides.
    Explain,
    /// Anything else that is known.
    Known(Class),
    /// No statement of Snowflake's begins so.
    Unknown,
}

/// Kinds of objects that say who may do what, after CREATE, ALTER or DROP.
const ACCESS_OBJECTS: [&str; 10] = [
    "USER",
    "ROLE",
    "NETWORK",
    "MASKING",
    "PASSWORD",
    "SESSION",
    "AUTHENTICATION",
    "SECURITY",
    "SHARE",
    "ACCOUNT",
];

/// Words that may stand between the verb and the kind, as in CREATE OR REPLACE DATABASE ROLE.
const BEFORE_THE_KIND: [&str; 8] = [
    "OR",
    "REPLACE",
    "ALTER",
    "IF",
    "EXISTS",
    "ON",
    "DATABASE",
    "APPLICATION",
];

pub(super) fn head(words: &[&Token]) -> Head {
    // Only a query can begin with a bracket. Whether this one does is checked after parsing.
    if matches!(words.first(), Some(Token::LParen)) {
        return Head::Query;
    }
    let Some(first) = bare(words.first()) else {
        return Head::Unknown;
    };
    let class = match first.as_str() {
        "SELECT" | "WITH" | "VALUES" => return Head::Query,
        "SHOW" | "DESC" | "DESCRIBE" | "LIST" | "LS" => return Head::Metadata,
        "EXPLAIN" => return Head::Explain,
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "TRUNCATE" => Class::Write,
        "CREATE" | "ALTER" | "DROP" | "UNDROP" | "COMMENT" => object_class(words),
        "GRANT" | "REVOKE" => Class::AccessControl,
        "COPY" | "PUT" | "GET" | "REMOVE" | "RM" => Class::FileTransfer,
        "USE" | "SET" | "UNSET" | "COMMIT" | "ROLLBACK" | "START" => Class::SessionChange,
        // BEGIN also opens a block of Snowflake Scripting, which can do anything.
        "BEGIN" if is_transaction(words) => Class::SessionChange,
        "BEGIN" | "DECLARE" | "CALL" | "EXECUTE" | "LET" | "IF" | "FOR" | "WHILE" | "REPEAT"
        | "LOOP" | "RETURN" | "ASYNC" | "AWAIT" | "OPEN" | "FETCH" | "CLOSE" => Class::Procedure,
        _ => return Head::Unknown,
    };
    Head::Known(class)
}

/// Whether the first word, after any brackets, begins a query.
pub(super) fn leads_with_query(words: &[&Token]) -> bool {
    let mut words = words
        .iter()
        .skip_while(|word| matches!(word, Token::LParen));
    let first = words.next();
    ["SELECT", "WITH", "VALUES"]
        .iter()
        .any(|query| is_word(first, query))
}

/// CREATE, ALTER, DROP or UNDROP of something.
fn object_class(words: &[&Token]) -> Class {
    if is_word(words.first(), "ALTER") && is_word(words.get(1), "SESSION") {
        // ALTER SESSION POLICY is another thing.
        return if is_word(words.get(2), "POLICY") {
            Class::AccessControl
        } else {
            Class::SessionChange
        };
    }
    let kind = words
        .iter()
        .skip(1)
        .map_while(|word| bare(Some(word)))
        // OR REPLACE, TEMPORARY, SECURE and others may come first.
        .find(|word| !BEFORE_THE_KIND.contains(&word.as_str()));
    match kind {
        Some(kind) if ACCESS_OBJECTS.contains(&kind.as_str()) => Class::AccessControl,
        _ => Class::Ddl,
    }
}

/// `BEGIN`, `BEGIN TRANSACTION`, `BEGIN WORK` and `BEGIN NAME x`; any other BEGIN opens a script.
fn is_transaction(words: &[&Token]) -> bool {
    words.len() == 1
        || ["TRANSACTION", "WORK", "NAME"]
            .iter()
            .any(|word| is_word(words.get(1), word))
}
