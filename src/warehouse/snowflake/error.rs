//! Snowflake's error codes, sorted by what is to be done about them.
//!
//! The numbers are those the official drivers act on. A code that is not here passes through with its text, and is never
//! tried again.

mod refusal;
mod told;

use super::transport;
use super::wire::{Data, Reply};
use crate::warehouse::{self, Position};

/// A statement still runs; its result is to be asked for later.
pub(super) const IN_PROGRESS: [u32; 2] = [333_333, 333_334];
/// The session's token has expired: renew it.
pub(super) const SESSION_EXPIRED: u32 = 390_112;
/// No session belongs to the token.
pub(super) const SESSION_UNKNOWN: u32 = 390_104;
/// There is no statement of this id that runs.
pub(super) const NOT_EXECUTING: u32 = 605;

/// Why a request to Snowflake gave nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// No reply.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// The session's token had expired and could not be renewed, for a reason that passes.
    #[error("the session's token could not be renewed: {source}")]
    NotRenewed {
        source: transport::Error,
        /// Whether the request may have been heard before it was refused: it was sent more than once.
        was_repeated: bool,
    },
    /// The session is gone and so is everything it held; a new one is needed.
    #[error("the Snowflake session has ended ({code})")]
    SessionGone { code: u32 },
    /// Snowflake refuses to sign us in. Trying again could lock the user.
    #[error("Snowflake refused the sign-in ({code}): {message}. {advice}")]
    SignInRefused {
        code: u32,
        message: String,
        advice: &'static str,
    },
    /// Snowflake does not take a person's own sign-in. The person is told what is made for it; Snowflake's words are the log's.
    #[error("Snowflake refused a caller's own sign-in ({code}): {message}")]
    PersonRefused {
        code: u32,
        message: String,
        told: (&'static str, &'static str),
    },
    /// The same a moment ago.
    #[error("{message}")]
    PersonHeld {
        message: &'static str,
        hint: &'static str,
    },
    /// A person's session was given another role than was asked for.
    #[error(
        "a caller's session was given another role than the one it asked for, {asked}, and was closed"
    )]
    OtherRole { asked: String },
    /// The role that a caller named does not exist or is not granted to our user.
    #[error("the role {role} cannot be used: {message}")]
    RoleRefused { role: String, message: String },
    /// Snowflake gave the session a role that the policy does not let anybody use.
    #[error(
        "the session was given a role that may not be used: {0}. Set SNOWFLAKE_ROLE to another one, or name this one in \
         ALLOWED_ROLES"
    )]
    RoleNotAllowed(String),
    /// Snowflake did not set a parameter as it was asked to.
    #[error(
        "the session's parameter {0} although the server sets another value at sign-in, so Snowflake would read statements differently than the policy did. Unset it for the account and the user"
    )]
    NotAsAsked(String),
    /// Snowflake has refused these credentials a moment ago, and was not asked again.
    #[error("{0}")]
    SignInHeld(String),
    /// What the sign-in is made from could not be read, or an identity provider said no.
    #[error(transparent)]
    Credentials(#[from] super::sign_in::Error),
    /// Snowflake's answer to the statement.
    #[error("{message}")]
    Statement {
        code: u32,
        message: String,
        sql_state: Option<String>,
        position: Option<Position>,
        query_id: Option<String>,
    },
    /// No session could be had.
    #[error(transparent)]
    Pool(#[from] warehouse::Error),
    /// A reply that breaks the protocol, or asks for something we do not do.
    #[error("{0}")]
    Protocol(String),
}

impl Error {
    /// Sorts a reply that is no success.
    pub(super) fn from_reply(reply: Reply) -> Self {
        let code = reply.code();
        if is_session_gone(code) {
            return Self::SessionGone { code };
        }
        let message = reply
            .message
            .unwrap_or_else(|| "no reason was given".to_owned());
        let data = reply.data.unwrap_or_default();
        Self::Statement {
            code,
            message,
            position: position(&data),
            sql_state: data.sql_state,
            query_id: data.query_id,
        }
    }

    /// Whether the statement may have run although there is no answer to it.
    pub(super) fn leaves_outcome_open(&self) -> bool {
        match self {
            Self::Transport(_) | Self::SessionGone { .. } => true,
            Self::NotRenewed { was_repeated, .. } => *was_repeated,
            _ => false,
        }
    }
}

const fn is_session_gone(code: u32) -> bool {
    matches!(
        code,
        390_103 | SESSION_UNKNOWN | 390_110 | 390_111 | 390_113 | 390_114 | 390_115 | 390_400
    )
}

/// Snowflake counts lines from 1 and characters from 0.
fn position(data: &Data) -> Option<Position> {
    let line = u64::try_from(data.line?).ok().filter(|line| *line > 0)?;
    let column = u64::try_from(data.pos?).ok()?.saturating_add(1);
    Some(Position { line, column })
}

/// Where to ask for the result, when this reply only says that the statement is running.
pub(super) fn in_progress(reply: &Reply) -> Option<String> {
    let is_running = IN_PROGRESS.contains(&reply.code());
    let data = reply.data.as_ref()?;
    let is_later = is_running || (reply.is_success() && data.is_in_progress());
    data.get_result_url.clone().filter(|_| is_later)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &str) -> warehouse::Error {
        Error::from_reply(serde_json::from_str(text).unwrap()).into()
    }

    #[test]
    fn a_missing_object_keeps_snowflakes_text_and_the_query_id() {
        let error = failure(
            r#"{"success":false,"code":"002003","message":"Object 'T' does not exist","data":{"queryId":"q","sqlState":"02000"}}"#,
        );
        assert!(matches!(&error, warehouse::Error::ObjectNotFound { .. }));
        assert_eq!(error.query_id(), Some("q"));
    }

    #[test]
    fn a_syntax_error_says_where_counting_from_one() {
        let error = failure(
            r#"{"success":false,"code":"001003","message":"syntax error","data":{"line":2,"pos":0}}"#,
        );
        let warehouse::Error::Sql { position, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(position, Some(Position { line: 2, column: 1 }));
    }

    #[test]
    fn a_list_that_is_too_long_is_no_mistake_in_the_statement() {
        let error = failure(
            r#"{"success":false,"code":"090153","message":"The result set size exceeded","data":{"queryId":"q"}}"#,
        );
        assert!(matches!(&error, warehouse::Error::ListTooLong { .. }));
        assert_eq!(error.query_id(), Some("q"));
    }

    #[test]
    fn a_code_nobody_knows_passes_through() {
        let error = failure(r#"{"success":false,"code":987654,"message":"strange"}"#);
        assert_eq!(error.to_string(), "strange");
    }

    #[test]
    fn a_session_that_is_gone_is_no_answer_to_the_statement() {
        let reply = serde_json::from_str(r#"{"success":false,"code":"390111"}"#).unwrap();
        assert!(matches!(
            Error::from_reply(reply),
            Error::SessionGone { code: 390_111 }
        ));
    }
}
