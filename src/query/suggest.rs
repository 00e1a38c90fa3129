//! Suggests names that exist for a name in a refused statement that does not.
//!
//! The names come from the catalog, by one SHOW or DESCRIBE at most, which needs no virtual warehouse to run. It is sent with
//! the caller's own role and its rows pass the policy's filter, so that nothing is suggested that the caller may not see. It has
//! little time, what it finds is kept for the next mistake, and where it fails the refusal is told without it.
//!
//! `missing` knows which list to ask for, `names` has it asked and keeps it, `wording` makes a sentence of it.

mod missing;
mod names;
mod wording;

use super::listing::List;
use super::{Error, Queries, Table, advice};
use crate::policy::Refusal;
use crate::sql::{self, Class, spelling};
use crate::warehouse::{self, Earlier, SessionContext};

impl Queries {
    /// As [`Self::table`], but an error says which names may have been meant.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn table_or_advice(
        &self,
        sql: &str,
        session: SessionContext,
    ) -> Result<Table, Error> {
        let table = self.table(sql, session.clone()).await;
        self.taught(table, sql, &session).await
    }

    /// The same outcome; an error gets a hint for correcting the statement.
    pub(super) async fn taught<T>(
        &self,
        outcome: Result<T, Error>,
        sql: &str,
        session: &SessionContext,
    ) -> Result<T, Error> {
        match outcome {
            Ok(answer) => Ok(answer),
            Err(error) => {
                // The text that was parsed, without the code fence that models put around statements.
                let cleaned = sql::cleaned(sql);
                let sql = cleaned.as_deref().unwrap_or(sql);
                Err(self.explained_error(error, sql, session).await)
            }
        }
    }

    /// The same for a statement that failed after its call had ended: the warehouse is asked for its text.
    pub(super) async fn taught_later<T>(
        &self,
        outcome: Result<T, Error>,
        earlier: &Earlier,
        list: Option<&List>,
    ) -> Result<T, Error> {
        let error = match outcome {
            // Only an error about the statement is worth a request for its text.
            Err(error) if words(&error).is_some() => error,
            other => return other,
        };
        // A hint is a kindness: the error must not wait long for it.
        let asked = tokio::time::timeout(names::PATIENCE, self.warehouse.status(earlier)).await;
        let text = match asked {
            Ok(Ok(status)) => status.text.unwrap_or_default(),
            // Some hints follow from the error alone.
            Ok(Err(_)) | Err(_) => String::new(),
        };
        let session = list.map_or(Ok(SessionContext::default()), List::session);
        let session = SessionContext {
            role: earlier.role.clone(),
            ..session.unwrap_or_default()
        };
        Err(self.explained_error(error, &text, &session).await)
    }

    async fn explained_error(&self, error: Error, sql: &str, session: &SessionContext) -> Error {
        let error = match foreign(error, sql) {
            Ok(foreign) => return foreign,
            Err(error) => error,
        };
        let Some(message) = words(&error) else {
            return error;
        };
        let hint = match advice::missing(&message) {
            Some(missing) => {
                let hint = self.about_missing(&missing, sql, session).await;
                // The call's records are about the statement that failed, not about this list.
                // Suggesting sends statements of its own under the same notes.
                if let Some(id) = error.query_id() {
                    self.notes.running_as(id);
                }
                hint
            }
            None if advice::is_syntax(&message) => advice::on_syntax(&message, sql),
            None => advice::on(&message, sql),
        };
        match hint {
            Some(hint) => Error::Explained {
                error: Box::new(error),
                hint,
            },
            None => error,
        }
    }
}

/// Says that a part of the statement belongs to another database, where the error alone speaks of a policy, a parser or an
/// engine.
fn foreign(error: Error, sql: &str) -> Result<Error, Error> {
    let may_be = match &error {
        Error::Unreadable(sql::Error::Syntax(_) | sql::Error::Ambiguous { .. }) => true,
        // A class that is known was refused for what it does, and the policy's own sentence says
        // that better.
        Error::Refused(Refusal::Kind { class, .. }) => *class == Class::Unknown,
        Error::Warehouse(warehouse::Error::EngineLimit(_)) => true,
        Error::Warehouse(warehouse::Error::Sql {
            message,
            // With an id, a warehouse has accepted the text as its own.
            query_id: None,
            ..
        }) => advice::is_syntax(message),
        _ => false,
    };
    match may_be.then(|| spelling::foreign_spelling(sql)).flatten() {
        Some(foreign) => Ok(sql::Error::Foreign(foreign).into()),
        None => Err(error),
    }
}

/// The warehouse's own message about the statement, or the parser's.
fn words(error: &Error) -> Option<String> {
    use warehouse::Error::{Ended, ObjectNotFound, Sql};
    match error {
        Error::Unreadable(error @ sql::Error::Syntax(_)) => Some(error.to_string()),
        Error::Warehouse(Sql { message, .. } | ObjectNotFound { message, .. }) => {
            Some(message.clone())
        }
        Error::Warehouse(Ended(error)) => match &**error {
            Sql { message, .. } | ObjectNotFound { message, .. } => Some(message.clone()),
            _ => None,
        },
        _ => None,
    }
}
