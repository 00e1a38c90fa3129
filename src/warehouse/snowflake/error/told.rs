//! Snowflake's errors in the terms of the warehouse: what a caller is told of them.

use super::Error;
use crate::warehouse::snowflake::intake::Unread;
use crate::warehouse::snowflake::sign_in::{self, ExchangeFault};
use crate::warehouse::snowflake::transport;
use crate::warehouse::{self, Position};

impl Error {
    /// What the caller is told, and what to do, where it is the caller who is refused.
    pub(in crate::warehouse::snowflake) fn told_to_caller(
        &self,
    ) -> Option<(&'static str, &'static str)> {
        let fault = match self {
            Self::PersonRefused { told, .. } => return Some(*told),
            Self::PersonHeld { message, hint } => return Some((message, hint)),
            Self::OtherRole { .. } => {
                return Some((
                    "Snowflake gave your session another role than the one that was asked for",
                    "name another role; if none works, tell the person who runs this server",
                ));
            }
            Self::Credentials(sign_in::Error::Exchange(fault)) => *fault,
            _ => return None,
        };
        Some(match fault {
            ExchangeFault::Subject => (
                "your sign-in is not accepted any more by the issuer that would exchange it for one for Snowflake",
                "sign in again",
            ),
            ExchangeFault::Consent => (
                "your account needs a consent before this server can act for you in Snowflake",
                "ask the administrator of your sign-in to consent for this server, or sign in again where it asks you",
            ),
            fault if fault.is_operators() => (
                "this server cannot exchange your sign-in for one for Snowflake",
                "tell the person who runs this server; its log says which setting to look at",
            ),
            _ => return None,
        })
    }
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
            Error::Credentials(sign_in::Error::Exchange(fault)) => Self::RoleRefused {
                message: match fault {
                    ExchangeFault::NoRole => {
                        "the call names no role, and this server has no default role"
                    }
                    _ => "the role cannot be used: your token does not include it",
                }
                .to_owned(),
            },
            Error::RoleRefused { .. } => Self::RoleRefused {
                message: error.to_string(),
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
                    message: "the host answered 403: check SNOWFLAKE_ACCOUNT and SNOWFLAKE_HOST, and whether the account can be reached only through PrivateLink"
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
        // SQLSTATE for the codes that the list above lacks: Snowflake adds codes, and the states
        // are the standard's.
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
