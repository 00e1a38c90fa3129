//! Patterns for names of functions: `SYSTEM$*`, `SNOWFLAKE.CORTEX.*`, `GET_DDL`.

use std::fmt;
use std::str::FromStr;

use crate::sql::{FunctionCall, Identifier};

/// A name of one to three parts, in which `*` stands for any letters within its part. Case does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<String>,
}

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a pattern is the name of a function, of one to three parts joined by dots, in which * stands for any letters"
)]
pub struct NoPattern;

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let parts: Vec<String> = text
            .split('.')
            .map(|part| part.trim().trim_matches('"').to_uppercase())
            .collect();
        let is_word = |part: &String| !part.is_empty() && !part.chars().any(char::is_whitespace);
        if parts.len() <= 3 && parts.iter().all(is_word) {
            Ok(Self { parts })
        } else {
            Err(NoPattern)
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("."))
    }
}

impl Pattern {
    /// Whether a call is certainly one of what the pattern names: its name says all that the pattern says.
    pub(super) fn surely_matches(&self, call: &FunctionCall) -> bool {
        let mut pairs = self.parts.iter().rev().zip(call.parts.iter().rev());
        call.parts.len() >= self.parts.len() && pairs.all(|(pattern, part)| is_like(pattern, part))
    }

    /// Whether a call may be one of what the pattern names.
    ///
    /// Compared from the right, as far as both go: a pattern without a schema means the function in every schema. A name
    /// without one may be the function of the pattern's schema if that happens to be the current one; it counts unless the
    /// pattern says no more about the function than `*`, and then only in the pattern's database.
    pub(super) fn matches(&self, call: &FunctionCall, current: Option<&Identifier>) -> bool {
        if call.parts.is_empty() {
            // A computed name may be any function, so a denial must count for it.
            return true;
        }
        // From the right, because the left parts are those that may be left out.
        let pairs = self.parts.iter().rev().zip(call.parts.iter().rev());
        let agrees = pairs.clone().all(|(pattern, part)| is_like(pattern, part));
        if !agrees || call.parts.len() >= self.parts.len() {
            return agrees;
        }
        let names_function = self.parts.last().is_some_and(|last| last != "*");
        let in_database = match (self.parts.as_slice(), current) {
            ([database, _, _], Some(current)) => {
                is_like(database, &current.as_str().to_uppercase())
            }
            _ => true,
        };
        names_function || (in_database && self.parts.len() > 1)
    }
}

/// Whether the text is what the pattern says, `*` standing for any letters or none.
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in middle {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    // The rest and not the text, so that the end does not use letters of a piece before it.
    rest.ends_with(last)
}
