//! Patterns for the names of schemas, objects, roles and virtual warehouses: `SALES.PUBLIC.ORDERS_*`.

use std::fmt;
use std::str::FromStr;

use super::pattern::is_like;
use crate::sql::Identifier;
use crate::sql::identifier::PUBLIC;

/// A name of exactly `PARTS` parts, read as SQL reads it, in which `*` stands for any letters within its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern<const PARTS: usize> {
    parts: Vec<String>,
}

/// A text that is no pattern of so many parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a name of {expected} part(s) joined by dots, in \"double quotes\" where it is not upper case, in which * stands \
     for any letters"
)]
pub struct NoName {
    expected: usize,
}

impl<const PARTS: usize> FromStr for NamePattern<PARTS> {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let parts = parts(text, PARTS).filter(|parts| parts.len() == PARTS);
        parts
            .map(|parts| Self { parts })
            .ok_or(NoName { expected: PARTS })
    }
}

/// The parts of a name that is to have so many, plain ones folded to upper case; `None` when the text is none.
fn parts(text: &str, wanted: usize) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (part, after) = quoted.split_once('"')?;
                (part.to_owned(), after.trim_start())
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let word = word.trim();
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '*');
                if !word.chars().all(is_word) {
                    return None;
                }
                // As in a statement, `database..table` leaves out the schema.
                let is_left_out = word.is_empty() && parts.len() == 1 && wanted == 3;
                let word = if is_left_out { PUBLIC } else { word };
                (word.to_uppercase(), after)
            }
        };
        if part.is_empty() || part.chars().any(char::is_control) {
            return None;
        }
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

impl<const PARTS: usize> fmt::Display for NamePattern<PARTS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            let is_plain = part
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_$*".contains(&b));
            let dot = if index > 0 { "." } else { "" };
            if is_plain {
                write!(f, "{dot}{part}")?;
            } else {
                write!(f, "{dot}\"{part}\"")?;
            }
        }
        Ok(())
    }
}

impl<const PARTS: usize> NamePattern<PARTS> {
    /// Whether these parts, from the outermost on and perhaps not all there are, are what the pattern says.
    pub(super) fn matches(&self, name: &[&Identifier]) -> bool {
        let mut pairs = self.parts.iter().zip(name);
        pairs.all(|(pattern, part)| is_like(pattern, part.as_str()))
    }

    /// Whether the pattern takes in everything below these parts.
    pub(super) fn covers(&self, name: &[&Identifier]) -> bool {
        self.matches(name) && self.parts.iter().skip(name.len()).all(|part| part == "*")
    }

    /// Whether it names something in full, without `*`.
    pub(super) fn is_exact(&self) -> bool {
        !self.parts.iter().any(|part| part.contains('*'))
    }
}

/// What a list leaves, as every message says it.
pub(super) fn only<T: fmt::Display>(what: &str, allowed: &[T]) -> String {
    format!("only these {what} may be used: {}", list(allowed))
}

/// Patterns as a message lists them.
pub(super) fn list<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}
