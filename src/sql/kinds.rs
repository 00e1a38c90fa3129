//! What a statement is called: `SELECT`, `CREATE TABLE`, `SHOW GRANTS`; and patterns for that, as operators write them.

use std::fmt;
use std::str::FromStr;

use sqlparser::tokenizer::Token;

use super::class::Class;
use super::classify::Verdict;
use super::heads::{self, Head};
use super::lexis::bare;

/// What a statement, or a step of a pipeline, is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementKind {
    /// The verb, and the words after it that may say of what, without those that only modify.
    words: Vec<String>,
    /// What it does apart from the functions it calls.
    class: Class,
}

/// A kind of statement in a list: a verb such as `DELETE`, a verb with the kind of object, such as `CREATE TABLE`, or all
/// statements of a class, such as `WRITE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindPattern {
    /// Statements that begin with these words, apart from modifiers.
    Words(Vec<String>),
    /// Statements of this class.
    Class(Class),
}

/// A text that names no kind of statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a kind of statement is READ, WRITE, DDL, ACCESS_CONTROL, FILE_TRANSFER or PROCEDURE, or a verb such as DELETE, which \
     after CREATE, ALTER, DROP, UNDROP, SHOW, DESCRIBE, EXECUTE, COPY and COMMENT may say of what, as in CREATE TABLE"
)]
pub struct NoKind;

/// Words that say no more about what is made, changed or shown.
const MODIFIERS: [&str; 14] = [
    "OR",
    "REPLACE",
    "IF",
    "NOT",
    "EXISTS",
    "LOCAL",
    "GLOBAL",
    "TEMP",
    "TEMPORARY",
    "TERSE",
    "TRANSIENT",
    "SECURE",
    "RECURSIVE",
    "VOLATILE",
];

/// Longest part of a statement that is compared: a verb and the three words of ROW ACCESS POLICY.
const WORDS: usize = 4;

/// Verbs whose next words say of what. After any other there may be a list, of which only the first word would be compared.
const WITH_OBJECT: [&str; 9] = [
    "ALTER", "COMMENT", "COPY", "CREATE", "DESCRIBE", "DROP", "EXECUTE", "SHOW", "UNDROP",
];

const ALONE: [&str; 14] = [
    "BEGIN", "CALL", "DECLARE", "DELETE", "EXPLAIN", "GRANT", "INSERT", "LIST", "MERGE", "REMOVE",
    "REVOKE", "SELECT", "TRUNCATE", "UPDATE",
];

/// One name for each verb.
fn verb(word: &str) -> &str {
    match word {
        "DESC" => "DESCRIBE",
        "LS" => "LIST",
        "RM" => "REMOVE",
        "WITH" | "VALUES" => "SELECT",
        other => other,
    }
}

impl StatementKind {
    /// The kind of the statement of these words, of which the tree gave this verdict.
    pub(super) fn new(words: &[&Token], verdict: &Verdict) -> Self {
        let class = verdict.class;
        // A query may begin with WITH, VALUES or a bracket. Operators think of all of them as
        // SELECT.
        if heads::head(words) == Head::Query {
            let is_query = matches!(class, Class::Read | Class::SideEffect);
            let found = if is_query { "SELECT" } else { &verdict.found };
            return Self {
                words: vec![found.to_owned()],
                class,
            };
        }
        let mut plain = words.iter().map_while(|word| bare(Some(word)));
        let first = plain.next().unwrap_or_default();
        let is_or_alter = |at: usize, word: &str| word == "ALTER" && at > 0;
        let rest = plain
            .enumerate()
            .filter(|(at, word)| !MODIFIERS.contains(&word.as_str()) && !is_or_alter(*at, word))
            .map(|(_, word)| word);
        let first = verb(&first).to_owned();
        Self {
            words: [first].into_iter().chain(rest).take(WORDS).collect(),
            class,
        }
    }
}

/// The verb.
impl fmt::Display for StatementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self.words.first() {
            Some(verb) if WITH_OBJECT.contains(&verb.as_str()) => 2,
            _ => 1,
        };
        let words: Vec<&str> = self.words.iter().take(shown).map(String::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl KindPattern {
    /// Whether a statement is of this kind.
    #[must_use]
    pub fn matches(&self, kind: &StatementKind) -> bool {
        match self {
            Self::Words(words) => kind.words.starts_with(words),
            Self::Class(class) => kind.class == *class,
        }
    }
}

impl FromStr for KindPattern {
    type Err = NoKind;

    fn from_str(text: &str) -> Result<Self, NoKind> {
        let words: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
        let is_word = |word: &String| word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
        if words.is_empty() || words.len() > WORDS || !words.iter().all(is_word) {
            return Err(NoKind);
        }
        // READ or DDL is a whole class, unless another word says more.
        if let [word] = words.as_slice()
            && let Some(class) = class(word)
        {
            return Ok(Self::Class(class));
        }
        let words: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(at, word)| if at == 0 { verb(word) } else { word })
            .map(ToOwned::to_owned)
            .collect();
        let first = words.first().ok_or(NoKind)?.as_str();
        let is_known = WITH_OBJECT.contains(&first) || (words.len() == 1 && ALONE.contains(&first));
        let says_more = |word: &String| !MODIFIERS.contains(&word.as_str());
        // `CREATE TEMPORARY` would match no statement, because statements are compared without such
        // words. So it is refused rather than ignored.
        if is_known && words.iter().all(says_more) {
            Ok(Self::Words(words))
        } else {
            Err(NoKind)
        }
    }
}

fn class(word: &str) -> Option<Class> {
    Some(match word {
        "READ" => Class::Read,
        "WRITE" => Class::Write,
        "DDL" => Class::Ddl,
        "ACCESS_CONTROL" => Class::AccessControl,
        "FILE_TRANSFER" => Class::FileTransfer,
        "PROCEDURE" => Class::Procedure,
        _ => return None,
    })
}

impl fmt::Display for KindPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(&words.join(" ")),
            Self::Class(class) => f.write_str(match class {
                Class::Read => "READ",
                Class::Write => "WRITE",
                Class::Ddl => "DDL",
                Class::AccessControl => "ACCESS_CONTROL",
                Class::FileTransfer => "FILE_TRANSFER",
                Class::Procedure => "PROCEDURE",
                _ => "",
            }),
        }
    }
}
