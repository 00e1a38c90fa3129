//! What an error may say about its statement: Snowflake's forms of messages, with the place in the caller's text.

use crate::warehouse::{EngineLimit, Error, Position};

/// What an error text may say about the statement it happened to.
pub(in super::super) struct Place<'a> {
    /// The statement as the caller sent it.
    pub(in super::super) statement: &'a str,
    pub(in super::super) query_id: &'a str,
    pub(in super::super) memory_limit_bytes: u64,
    /// The folder of own data, which no error names.
    pub(in super::super) own_data: Option<&'a str>,
    /// The file of it that the engine's own words name.
    pub(in super::super) file: Option<String>,
}

impl Place<'_> {
    pub(super) fn said_by_the_dialect(&self, message: &str) -> Error {
        match message.strip_prefix("the embedded engine ") {
            Some(what) => EngineLimit::new(what).into(),
            None => Error::Sql {
                message: message.to_owned(),
                position: None,
                query_id: Some(self.query_id.to_owned()),
            },
        }
    }

    /// An error that has no words of Snowflake's.
    pub(super) fn unexplained(&self, what: &str, message: &str) -> Error {
        tracing::debug!(query_id = self.query_id, message, "the engine's own error");
        let hint = if message.contains("subquer") {
            "join the table of the subquery instead, or name it in a WITH clause"
        } else if message.contains("lias") {
            "write the expression again in place of its alias, or name it in a subquery"
        } else if message.contains("window") {
            "compute the window function in a subquery"
        } else if message.contains("GROUP BY") || message.contains("aggregate") {
            "group by the expressions themselves, or aggregate in a subquery"
        } else {
            "write it in smaller steps: a WITH clause, plain columns, casts where types meet"
        };
        EngineLimit {
            what: what.to_owned(),
            hint: Some(hint.into()),
        }
        .into()
    }

    pub(super) fn data(&self, message: &str) -> Error {
        Error::Sql {
            message: message.to_owned(),
            position: None,
            query_id: Some(self.query_id.to_owned()),
        }
    }

    /// Snowflake's words for a column nobody has, with the place when the word is in the statement just once.
    pub(super) fn invalid_identifier(&self, name: &str) -> Error {
        let message = format!("invalid identifier '{}'", name.to_uppercase());
        Error::ObjectNotFound {
            message: self.at(&message, self.position(name)),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    pub(super) fn missing(&self, kind: &str, name: &str) -> Error {
        Error::ObjectNotFound {
            message: does_not_exist(kind, name),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    pub(super) fn compilation(&self, message: &str, word: Option<&str>) -> Error {
        let position = word.and_then(|word| self.position(word));
        Error::Sql {
            message: self.at(message, position),
            position,
            query_id: Some(self.query_id.to_owned()),
        }
    }

    pub(super) fn at(&self, message: &str, position: Option<Position>) -> String {
        match position {
            // Snowflake counts lines from one and positions from nought.
            Some(Position { line, column }) => format!(
                "SQL compilation error: error line {line} at position {}\n{message}",
                column.saturating_sub(1)
            ),
            None => format!("SQL compilation error:\n{message}"),
        }
    }

    /// The engine's own words have the whole path; the log has them.
    pub(in super::super) fn broken_file(&self) -> Error {
        let file = match &self.file {
            Some(file) => format!("the file {file}, which is a table of LOCAL,"),
            None => "the file behind a table of LOCAL".to_owned(),
        };
        Error::ObjectNotFound {
            message: format!(
                "{file} cannot be read: it is broken, or it has changed a moment ago; the log of the server says more, \
                 and SHOW TABLES IN DATABASE LOCAL what there is"
            ),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    /// What failed may have failed because of that alone.
    pub(in super::super) fn changed_file(&self, file: &str) -> Error {
        Error::ObjectNotFound {
            message: format!(
                "the file {file} has changed since its columns were read for LOCAL, or is gone; ask again in a few seconds"
            ),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    /// The word that follows a text in the statement, wherever it does so first.
    pub(super) fn word_after(&self, start: &str) -> Option<&str> {
        let at = self
            .statement
            .to_ascii_lowercase()
            .find(&start.to_ascii_lowercase())?;
        let rest = self.statement.get(at + start.len()..)?;
        let word = rest.split(|c: char| !is_part_of_name(c)).next()?;
        (!word.is_empty()).then_some(word)
    }

    /// Whether the statement has the word anywhere.
    pub(super) fn word(&self, word: &str) -> bool {
        self.statement
            .split(|c: char| !is_part_of_name(c))
            .any(|part| part.eq_ignore_ascii_case(word))
    }

    /// Where the word stands in the statement, when it stands there once.
    pub(super) fn position(&self, word: &str) -> Option<Position> {
        let statement = self.statement.to_ascii_lowercase();
        let word = word.to_ascii_lowercase();
        let mut found = statement.match_indices(&word).filter(|(start, _)| {
            let before = statement
                .get(..*start)
                .and_then(|text| text.chars().next_back());
            let after = statement
                .get(start + word.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(is_part_of_name) && !after.is_some_and(is_part_of_name)
        });
        let (start, _) = found.next()?;
        if word.is_empty() || found.next().is_some() {
            return None;
        }
        let before = statement.get(..start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some(Position {
            line: u64::try_from(line).ok()?,
            column: u64::try_from(column).ok()?,
        })
    }
}

/// Snowflake's words for a name that leads nowhere.
pub(in super::super) fn does_not_exist(kind: &str, name: &str) -> String {
    format!("SQL compilation error:\n{kind} '{name}' does not exist or not authorized.")
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

pub(super) fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}
