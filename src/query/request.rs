//! A query, as a caller asks for it.

use std::fmt;
use std::time::Duration;

use super::Format;
use super::view::View;
use crate::warehouse::{Parameter, SessionContext};

/// Who wrote a statement, which decides what the policy asks of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Author {
    /// The caller.
    #[default]
    Caller,
    /// This server, to read what the warehouse knows of the caller's own statements. Such a statement shows nothing about
    /// other callers.
    Server,
    /// The operator, in a custom tool.
    Operator,
}

/// Limits of one tool, below those of the budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Less {
    /// Rows of an answer.
    pub rows: Option<u64>,
    /// Bytes of an answer.
    pub bytes: Option<usize>,
}

/// Its place in the tag of a statement.
const LESS: &str = "less";

impl Less {
    /// The tag of a statement, which then says so too: who finds the statement in the warehouse's records and reads its result
    /// is held to the same.
    pub(super) fn marked(self, tag: String) -> String {
        if self == Self::default() {
            return tag;
        }
        // A tag of this server's own is an object.
        let Ok(mut fields) = serde_json::from_str::<serde_json::Map<_, _>>(&tag) else {
            return tag;
        };
        fields.insert(LESS.to_owned(), serde_json::Value::from(self.to_string()));
        serde_json::to_string(&fields).unwrap_or(tag)
    }

    /// What a mark says. What cannot be read is no mark of ours.
    pub(super) fn of_mark(mark: &str) -> Option<Self> {
        let (rows, bytes) = mark.split_once('/')?;
        let number = |text: &str| match text {
            "" => Some(None),
            digits => digits.parse().ok().map(Some),
        };
        Some(Self {
            rows: number(rows)?,
            bytes: number(bytes)?.and_then(|bytes| usize::try_from(bytes).ok()),
        })
    }
}

/// As marks have it: rows, a slash, bytes; nothing where there is no limit.
impl fmt::Display for Less {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rows) = self.rows {
            write!(f, "{rows}")?;
        }
        f.write_str("/")?;
        match self.bytes {
            Some(bytes) => write!(f, "{bytes}"),
            None => Ok(()),
        }
    }
}

/// One query as a caller asks for it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// What unqualified names resolve to, and who pays.
    pub session: SessionContext,
    /// Values for placeholders.
    pub parameters: Vec<Parameter>,
    /// Rows wanted; the budget's default when absent, never above its maximum.
    pub limit: Option<u64>,
    /// How the rows are written.
    pub format: Format,
    /// Time allowed; only ever less than the budget's.
    pub timeout: Option<Duration>,
    /// How long to wait for rows before the statement is left running; only ever less than the budget's. 0 asks for a
    /// cursor at once.
    pub wait: Option<Duration>,
    /// Which columns are shown and how; all of them as they come, if absent.
    pub view: Option<&'static View>,
    /// Whether this is a SHOW of one level, such as the tables of a schema. If the warehouse has more names than it returns,
    /// the list can then be continued from the last name. In wider lists a name is not unique, so they cannot.
    pub goes_on: bool,
    /// Whether this is a sample of a table. Further rows are then not part of the result.
    pub is_sample: bool,
    /// Who wrote the statement.
    pub author: Author,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_a_tag_as_they_were_written() {
        for (rows, bytes) in [(Some(2), None), (None, Some(4096)), (Some(1), Some(9))] {
            let less = Less { rows, bytes };
            let tag: serde_json::Value =
                serde_json::from_str(&less.marked(r#"{"tool":"t"}"#.to_owned())).unwrap();
            assert_eq!(tag["tool"], "t");
            assert_eq!(Less::of_mark(tag["less"].as_str().unwrap()), Some(less));
        }
        let none = Less::default();
        assert_eq!(none.marked("{}".to_owned()), "{}");
        for odd in ["", "5", "x/", "-1/2", "1/2/3"] {
            assert_eq!(Less::of_mark(odd), None, "{odd}");
        }
    }
}
