//! Snowflake's error codes, sorted by what is to be done about them.
//!
//! The numbers are those the official drivers act on. A code that is not here passes through with its text, and is never
//! tried again.

use super::intake::Unread;
use super::transport;
use super::wire::{Data, Reply};
use crate::sql::Identifier;
use crate::warehouse::{self, Position};

/// A statement still runs; its result is to be asked for later.
pub(super) const IN_PROGRESS: [u32; 2] = [333_333, 333_334];
/// The session's token has expired: renew it.
pub(super) const SESSION_EXPIRED: u32 = 390_112;
/// No session belongs to the token.
pub(super) const SESSION_UNKNOWN: u32 = 390_104;
/// The role does not exist or is not granted.
const ROLE_REFUSED: u32 = 390_189;
/// The user's default role is not granted.
const DEFAULT_ROLE_REFUSED: u32 = 390_186;
/// The role is not in the token.
const ROLE_NOT_IN_TOKEN: u32 = 390_317;
/// The default warehouse or database may not be used.
const PLACE_REFUSED: u32 = 390_201;
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
        "the session's parameter {0} although the server sets it otherwise at sign-in, so statements would not mean what was \
         checked. Unset it for the account and the user"
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

    /// Sorts the reply to a sign-in.
    pub(super) fn from_sign_in(reply: Reply) -> Self {
        let code = reply.code();
        let message = reply.message.as_deref().unwrap_or("no reason was given");
        // The advice that follows begins a sentence of its own.
        let message = message.trim_end_matches('.').to_owned();
        Self::SignInRefused {
            code,
            advice: advice(code, &message),
            message,
        }
    }

    /// Sorts a sign-in without a reply: a host of Snowflake's that does not know the account, or does not serve it to this
    /// network, says so by its status.
    pub(super) fn from_sign_in_status(error: transport::Error) -> Self {
        match error {
            transport::Error::Status { status, .. } if matches!(status.as_u16(), 403 | 404) => {
                Self::SignInRefused {
                    code: status.as_u16().into(),
                    message: "the host knows no such account".to_owned(),
                    advice: "Look at SNOWFLAKE_ACCOUNT and SNOWFLAKE_HOST, and whether the account is reached by \
                             PrivateLink only",
                }
            }
            error => error.into(),
        }
    }

    /// The same when the sign-in was for a role that a caller named: then that role may be all that is wrong.
    pub(super) fn for_role(self, role: Option<&Identifier>) -> Self {
        match (self, role) {
            (
                Self::SignInRefused {
                    code: ROLE_REFUSED,
                    message,
                    ..
                },
                Some(role),
            ) => Self::RoleRefused {
                role: role.to_string(),
                message,
            },
            (error, _) => error,
        }
    }

    /// The same of a person, whose own role, rights and token may be at fault, and never a setting of a user or password.
    pub(super) fn for_person(self, role: Option<&Identifier>) -> Self {
        let Self::SignInRefused { code, message, .. } = self else {
            return self;
        };
        let is_about_role = matches!(
            code,
            ROLE_REFUSED | DEFAULT_ROLE_REFUSED | ROLE_NOT_IN_TOKEN
        ) || message.contains("not listed in the Access Token");
        if is_about_role {
            return Self::RoleRefused {
                role: role.map_or_else(|| "of the user".to_owned(), ToString::to_string),
                message: match code {
                    ROLE_REFUSED | DEFAULT_ROLE_REFUSED => {
                        "it does not exist, or is not granted to your user of Snowflake"
                    }
                    _ => "your sign-in does not carry it",
                }
                .to_owned(),
            };
        }
        if code == PLACE_REFUSED {
            return Self::RoleRefused {
                role: role.map_or_else(|| "of the user".to_owned(), ToString::to_string),
                message: "it may not use the warehouse or database that this server sets                           (SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE, SNOWFLAKE_SCHEMA)"
                    .to_owned(),
            };
        }
        let told = match code {
            390_100 => (
                "no user of Snowflake belongs to this account",
                "ask the administrator of Snowflake for a user that the security integration maps your sign-in to",
            ),
            390_422 => (
                "a network policy of Snowflake does not let this server in",
                "tell the person who runs this server",
            ),
            _ => (
                "Snowflake does not accept your sign-in",
                "sign in again; if that does not help, the administrator of Snowflake finds out why with SYSTEM$VERIFY_EXTERNAL_OAUTH_TOKEN",
            ),
        };
        Self::PersonRefused {
            code,
            message,
            told,
        }
    }

    /// What the caller is told, and what to do, where it is the caller who is refused.
    pub(super) fn told_to_caller(&self) -> Option<(&'static str, &'static str)> {
        use super::sign_in::{Error as NotMade, ExchangeFault};
        let fault = match self {
            Self::PersonRefused { told, .. } => return Some(*told),
            Self::PersonHeld { message, hint } => return Some((message, hint)),
            Self::OtherRole { .. } => {
                return Some((
                    "Snowflake gave your session another role than the one that was asked for",
                    "name another role; if none works, tell the person who runs this server",
                ));
            }
            Self::Credentials(NotMade::Exchange(fault)) => *fault,
            _ => return None,
        };
        Some(match fault {
            ExchangeFault::Subject => (
                "your sign-in is not accepted any more where it would be exchanged for one of Snowflake's",
                "sign in again",
            ),
            ExchangeFault::Consent => (
                "your account needs a consent before this server can act for you in Snowflake",
                "ask the administrator of your sign-in to consent for this server, or sign in again where it asks you",
            ),
            fault if fault.is_operators() => (
                "this server cannot exchange your sign-in for one of Snowflake's",
                "tell the person who runs this server; its log says which setting to look at",
            ),
            _ => return None,
        })
    }

    /// Whether a token that was given to us for a while has run out, so that a fresh one may be accepted.
    pub(super) fn wants_fresh_token(&self) -> bool {
        matches!(
            self,
            Self::SignInRefused {
                code: 390_110 | 390_195 | 390_303 | 390_318,
                ..
            } | Self::PersonRefused {
                code: 390_144 | 390_303 | 390_318,
                ..
            }
        )
    }

    /// Whether a signed token was refused for what may be nothing but its time. Snowflake does not always say which: an
    /// expired token is called invalid as well.
    pub(super) fn may_be_the_clock(&self) -> bool {
        matches!(
            self,
            Self::SignInRefused {
                code: 390_144 | 394_300..=394_303,
                ..
            }
        )
    }

    /// Whether the statement may have run although there is no answer to it.
    pub(super) fn leaves_outcome_open(&self) -> bool {
        match self {
            Self::Transport(_) | Self::SessionGone { .. } => true,
            Self::NotRenewed { was_repeated, .. } => *was_repeated,
            _ => false,
        }
    }

    /// Whether more sign-ins could lock the user or change nothing.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::SignInRefused { .. }
            | Self::PersonRefused { .. }
            | Self::OtherRole { .. }
            | Self::RoleNotAllowed(_)
            | Self::NotAsAsked(_) => true,
            Self::Credentials(error) => error.is_refusal(),
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

/// Which setting to look at.
fn advice(code: u32, message: &str) -> &'static str {
    match code {
        390_100 => {
            "Look at SNOWFLAKE_USER and its password, and at SNOWFLAKE_ACCOUNT: user names exist once per account"
        }
        394_301..=394_303 => "The token's time is not Snowflake's: look at this machine's clock",
        394_304 => {
            "The public key registered for SNOWFLAKE_USER (DESC USER shows RSA_PUBLIC_KEY_FP) is not that of \
             SNOWFLAKE_PRIVATE_KEY_PATH"
        }
        390_144 | 394_300..=394_306 => {
            "Look at SNOWFLAKE_USER, SNOWFLAKE_ACCOUNT and the key in SNOWFLAKE_PRIVATE_KEY_PATH"
        }
        390_303 | 390_309 | 390_318 => {
            "Look at the token (SNOWFLAKE_TOKEN, SNOWFLAKE_TOKEN_PATH or the OAuth client) and at the security \
             integration"
        }
        ROLE_REFUSED => "Look at SNOWFLAKE_ROLE: it does not exist or is not granted to the user",
        390_201 => {
            "Look at SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE and SNOWFLAKE_SCHEMA: the role may not use one of them"
        }
        390_120..=390_132 => {
            "The user needs a second factor: use private_key, or set SNOWFLAKE_PASSCODE"
        }
        390_422 => "A network policy does not let this address in",
        _ if message.contains("locked") => {
            "The user is locked for a while after wrong passwords; ALTER USER … SET MINS_TO_UNLOCK = 0 unlocks it"
        }
        _ => "Look at SNOWFLAKE_AUTH_TYPE and the settings that go with it",
    }
}

/// Snowflake counts lines from 1 and characters from 0.
fn position(data: &Data) -> Option<Position> {
    let line = u64::try_from(data.line?).ok().filter(|line| *line > 0)?;
    let column = u64::try_from(data.pos?).ok()?.saturating_add(1);
    Some(Position { line, column })
}

impl From<Error> for warehouse::Error {
    fn from(error: Error) -> Self {
        if let Some((message, hint)) = error.told_to_caller() {
            return Self::CallerRefused { message, hint };
        }
        match error {
            Error::Statement {
                code,
                message,
                sql_state,
                position,
                query_id,
            } => statement(code, message, sql_state.as_deref(), position, query_id),
            Error::SignInRefused { .. }
            | Error::RoleNotAllowed(_)
            | Error::NotAsAsked(_)
            | Error::PersonRefused { .. }
            | Error::PersonHeld { .. }
            | Error::OtherRole { .. }
            | Error::SignInHeld(_) => Self::SignInRefused {
                message: error.to_string(),
            },
            Error::Credentials(super::sign_in::Error::Exchange(fault)) => Self::PermissionDenied {
                message: match fault {
                    super::sign_in::ExchangeFault::NoRole => {
                        "the call names no role, and this server has no usual one"
                    }
                    _ => "the role cannot be used: your sign-in does not carry it",
                }
                .to_owned(),
                query_id: None,
            },
            Error::RoleRefused { .. } => Self::PermissionDenied {
                message: error.to_string(),
                query_id: None,
            },
            Error::Credentials(error) if error.is_transient() => Self::Unreachable {
                message: "signing in to Snowflake".to_owned(),
                source: Some(Box::new(error)),
            },
            Error::Credentials(error) => Self::SignInRefused {
                message: error.to_string(),
            },
            Error::Transport(transport::Error::Status { status, .. })
                if status.as_u16() == 403 =>
            {
                Self::SignInRefused {
                    message: "the host answered 403: look at SNOWFLAKE_ACCOUNT and SNOWFLAKE_HOST, and whether the \
                              account is reached by PrivateLink only"
                        .to_owned(),
                }
            }
            Error::Transport(transport::Error::Unread {
                why: Unread::NoRoom(message),
                ..
            }) => Self::Busy {
                message,
                retry_after: None,
            },
            Error::Transport(error) | Error::NotRenewed { source: error, .. } => Self::Unreachable {
                message: "a request to Snowflake failed".to_owned(),
                source: Some(Box::new(error)),
            },
            Error::SessionGone { .. } => Self::Unreachable {
                message: "the Snowflake session ended and a new one did too".to_owned(),
                source: Some(Box::new(error)),
            },
            Error::Pool(error) => error,
            Error::Protocol(message) => Self::Internal {
                message,
                source: None,
            },
        }
    }
}

fn statement(
    code: u32,
    message: String,
    sql_state: Option<&str>,
    position: Option<Position>,
    query_id: Option<String>,
) -> warehouse::Error {
    use warehouse::Error;
    match code {
        // 904 is a column nobody has.
        904 | 2_003 | 2_043 => Error::ObjectNotFound { message, query_id },
        3_001 => Error::PermissionDenied { message, query_id },
        // Some SHOWs fail where others leave out what is beyond 10,000 rows.
        90_153 => Error::ListTooLong { message, query_id },
        604 => Error::Cancelled { query_id },
        // Snowflake's own time limit, which we set from the deadline; its text names the seconds.
        630 => Error::Timeout {
            after: std::time::Duration::from_secs(seconds_in(&message).unwrap_or(0)),
            query_id,
        },
        _ if sql_state == Some("42501") => Error::PermissionDenied { message, query_id },
        _ if matches!(sql_state, Some("02000" | "42S02")) => {
            Error::ObjectNotFound { message, query_id }
        }
        _ => Error::Sql {
            message,
            position,
            query_id,
        },
    }
}

/// The first number in a text.
fn seconds_in(text: &str) -> Option<u64> {
    let digits: String = text
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
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

    #[test]
    fn a_refused_sign_in_names_the_setting_to_look_at() {
        for (code, setting) in [
            ("390100", "SNOWFLAKE_USER"),
            ("394304", "SNOWFLAKE_PRIVATE_KEY_PATH"),
            ("394301", "clock"),
            ("394302", "clock"),
            ("390189", "SNOWFLAKE_ROLE"),
        ] {
            let text = format!(r#"{{"success":false,"code":"{code}","message":"no"}}"#);
            let error = Error::from_sign_in(serde_json::from_str(&text).unwrap());
            assert!(error.is_refusal());
            assert!(error.to_string().contains(setting), "{error}");
        }
    }
}
