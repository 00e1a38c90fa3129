//! The functions a statement calls, found in its words. Which of them do more than compute a value: `effects`.
//!
//! Words rather than the tree, because a call must not be missed where the parser knows no tree or hides an argument in
//! a field nobody visits. Whatever looks like a call counts as one.

use std::fmt;

use sqlparser::tokenizer::Token;

use super::builtins::is_builtin;
use super::identifier::PUBLIC;
use super::lexis::{bare, is_word};
use super::{Identifier, QualifiedName};

/// A call of a function, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionCall {
    /// The parts of the name as written, folded to upper case, outermost first. Empty when the name is computed.
    pub parts: Vec<String>,
    /// The exact name; for `sequence.NEXTVAL` that of the sequence. `None` when the name is computed or has too many parts.
    pub name: Option<QualifiedName>,
    /// Whether it is a method of an object: `model!PREDICT(…)`.
    pub is_method: bool,
}

/// The database in which Snowflake keeps functions that are more than parts of its SQL.
pub(super) const OWN_DATABASE: &str = "SNOWFLAKE";

/// Parts of a name that are looked at. No name has more than five, and a method's one more.
const MOST_PARTS: usize = 16;

impl FunctionCall {
    /// The call as it is read where these are the current database and schema, when the database is Snowflake's own: with
    /// the parts that it leaves out, and `?` for a schema that is not known. A method, a function that Snowflake knows
    /// anywhere, and a name that is computed stay as they are.
    #[must_use]
    pub fn in_snowflakes_own(
        &self,
        database: Option<&Identifier>,
        schema: Option<&Identifier>,
    ) -> Self {
        let mut call = self.clone();
        let is_home = database.is_some_and(|name| name.as_str().eq_ignore_ascii_case(OWN_DATABASE));
        let is_known = self.is_builtin() || self.function().starts_with("SYSTEM$");
        let schema = || schema.map_or_else(|| "?".to_owned(), |name| name.as_str().to_uppercase());
        let outer = match self.parts.len() {
            // In Snowflake's own database `COMPLETE(…)` may be SNOWFLAKE.CORTEX.COMPLETE, which is
            // billed.
            1 if is_home && !self.is_method && !is_known => vec![OWN_DATABASE.to_owned(), schema()],
            2 if is_home && !self.is_method => vec![OWN_DATABASE.to_owned()],
            _ => vec![],
        };
        call.parts.splice(0..0, outer);
        call
    }

    /// Whether it is certainly one of Snowflake's own functions that read nothing but their arguments: a name in quotes is
    /// one only in upper case, and any other may be a function of the session's schema.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        let exact = self.name.as_ref().map(|name| name.object.as_str());
        !self.is_method && self.parts.len() == 1 && exact.is_some_and(is_builtin)
    }

    /// The name of the function itself, without database and schema.
    #[must_use]
    pub fn function(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }
}

/// The name as written; `IDENTIFIER(…)` when it is computed.
impl fmt::Display for FunctionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.is_empty() {
            f.write_str("IDENTIFIER(…)(…), whose name is not known")
        } else {
            f.write_str(&self.parts.join("."))
        }
    }
}

/// Functions that Snowflake lets be called without brackets.
const WITHOUT_BRACKETS: [&str; 8] = [
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "SYSDATE",
];

/// Reserved words and types that stand before a bracket without being called.
const NO_FUNCTIONS: [&str; 47] = [
    "ALL",
    "AND",
    "ANY",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CROSS",
    "DISTINCT",
    "ELSE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "FROM",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LIKE",
    "MINUS",
    "NOT",
    "NUMBER",
    "ON",
    "OR",
    "OVER",
    "PARTITION",
    "PATTERN",
    "PIVOT",
    "QUALIFY",
    "RENAME",
    "RETURNING",
    "SELECT",
    "SET",
    "SOME",
    "TABLE",
    "THEN",
    "UNION",
    "UNPIVOT",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// Every call in the words.
pub(super) fn find(words: &[&Token]) -> Vec<FunctionCall> {
    let mut calls = Vec::new();
    // Where each open bracket began.
    let mut open: Vec<usize> = Vec::new();
    let mut closed: Option<usize> = None;
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1);
        match word {
            Token::LParen => {
                match before.and_then(|at| words.get(at)) {
                    Some(Token::Word(_)) => calls.extend(named(words, index)),
                    // A bracket after a bracket calls what the first one computed:
                    // `IDENTIFIER('f')(1)`.
                    Some(Token::RParen) => {
                        calls.extend(closed.and_then(|at| computed(words, at, index)));
                    }
                    _ => {}
                }
                open.push(index);
            }
            Token::RParen => closed = open.pop(),
            Token::Word(name) => {
                let is_part = matches!(before.and_then(|at| words.get(at)), Some(Token::Period));
                let folded = name.value.to_uppercase();
                let is_call = matches!(words.get(index + 1), Some(Token::LParen));
                let is_parameterless =
                    !is_part && name.quote_style.is_none() && WITHOUT_BRACKETS.contains(&&*folded);
                // `sequence.NEXTVAL` takes no brackets.
                if is_call {
                } else if is_part && folded == "NEXTVAL" {
                    calls.extend(next_value(words, index));
                } else if is_parameterless {
                    calls.push(FunctionCall {
                        name: qualified([Identifier::exact(&folded).ok()]),
                        parts: vec![folded],
                        is_method: false,
                    });
                }
            }
            _ => {}
        }
    }
    calls
}

/// A name of words joined by dots, read backwards from its last word.
struct Name {
    /// The parts as written, folded, outermost first.
    folded: Vec<String>,
    /// The exact parts, with PUBLIC where `database..object` leaves it out.
    exact: Vec<Option<Identifier>>,
    is_quoted: bool,
    /// Where its first word stands.
    first: usize,
}

fn name_ending_at(words: &[&Token], last: usize) -> Option<Name> {
    let mut name = Name {
        folded: Vec::new(),
        exact: Vec::new(),
        is_quoted: false,
        first: last,
    };
    loop {
        let Some(Token::Word(word)) = words.get(name.first) else {
            return None;
        };
        let folded = word.value.to_uppercase();
        let is_quoted = word.quote_style.is_some();
        // Two spellings are kept: upper case for the rules, which must not be evaded with quotes,
        // and the exact name for the lists.
        let exact = if is_quoted { &word.value } else { &folded };
        name.exact.push(Identifier::exact(exact).ok());
        name.is_quoted |= is_quoted;
        name.folded.push(folded);
        let mut before = name.first;
        let mut dots = 0;
        // All dots that stand here: two of them leave out the schema.
        while let Some(at) = before.checked_sub(1)
            && matches!(words.get(at), Some(Token::Period))
        {
            before = at;
            dots += 1;
        }
        match before.checked_sub(1) {
            // A longer chain is not a name, and checking it again from each of its parts would take time that grows
            // with its square.
            Some(_) if dots > 0 && name.folded.len() >= MOST_PARTS => {
                name.exact.push(None);
                break;
            }
            Some(at) if dots > 0 && matches!(words.get(at), Some(Token::Word(_))) => {
                if dots > 1 {
                    name.exact.push(Identifier::exact(PUBLIC).ok());
                }
                name.first = at;
            }
            _ => break,
        }
    }
    // The name was read from its end, because a call is found by its bracket.
    name.folded.reverse();
    name.exact.reverse();
    Some(name)
}

/// The name of these parts, outermost first.
fn qualified(parts: impl IntoIterator<Item = Option<Identifier>>) -> Option<QualifiedName> {
    let mut parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
    if parts.len() > 3 {
        return None;
    }
    Some(QualifiedName {
        object: parts.pop()?,
        schema: parts.pop(),
        database: parts.pop(),
    })
}

/// The call whose bracket opens at `bracket`, right after a word.
fn named(words: &[&Token], bracket: usize) -> Option<FunctionCall> {
    let name = name_ending_at(words, bracket.checked_sub(1)?)?;
    let before = name.first.checked_sub(1).and_then(|at| words.get(at));
    // `INSERT INTO t (a, b)` and `::NUMBER(38, 0)` name columns or digits. `AS t (a, b)` does too and yet counts as a call:
    // after AS comes an expression in the DEFINE of MATCH_RECOGNIZE.
    let is_list = is_word(before, "INTO") || matches!(before, Some(Token::DoubleColon));
    let is_one = name.folded.len() == 1;
    let only = name.folded.first()?.as_str();
    let is_reserved = is_one && !name.is_quoted && NO_FUNCTIONS.contains(&only);
    let is_identifier = is_one && only == "IDENTIFIER";
    if is_list || is_reserved || is_identifier {
        return None;
    }
    Some(FunctionCall {
        is_method: matches!(before, Some(Token::ExclamationMark)),
        name: qualified(name.exact),
        parts: name.folded,
    })
}

/// `sequence.NEXTVAL`, whose last word stands at `last`.
fn next_value(words: &[&Token], last: usize) -> Option<FunctionCall> {
    let mut name = name_ending_at(words, last)?;
    name.exact.pop();
    Some(FunctionCall {
        name: qualified(name.exact),
        parts: name.folded,
        is_method: false,
    })
}

/// `IDENTIFIER(…)(…)`: known when the first bracket, opened at `first`, holds one text and nothing else.
fn computed(words: &[&Token], first: usize, second: usize) -> Option<FunctionCall> {
    let before = first.checked_sub(1)?;
    if bare(words.get(before)).as_deref() != Some("IDENTIFIER") {
        return None;
    }
    let ahead = before.checked_sub(1).and_then(|at| words.get(at));
    // `INSERT INTO IDENTIFIER('t') (a, b)` names columns in its second bracket.
    if is_word(ahead, "INTO") {
        return None;
    }
    let name = match (words.get(first + 1), second - first) {
        (Some(Token::SingleQuotedString(name)), 3) => QualifiedName::parse(name, 3).ok(),
        _ => None,
    };
    Some(FunctionCall {
        parts: name
            .iter()
            .flat_map(QualifiedName::parts)
            .map(|part| part.as_str().to_uppercase())
            .collect(),
        name,
        is_method: false,
    })
}
