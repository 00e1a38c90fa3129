//! Why there was no reply, and whether the same request may succeed a moment later.

use std::time::Duration;

use reqwest::StatusCode;
use snowflake_api::connection::ConnectionError;

use crate::telemetry::metrics::labels::Reached;
use crate::warehouse::snowflake::intake::Unread;
use crate::warehouse::snowflake::wire::Reply;

/// Why there was no reply.
#[derive(Debug, thiserror::Error)]
pub(in crate::warehouse::snowflake) enum Error {
    /// A status other than success.
    #[error("the host answered {status} to {path}")]
    Status {
        path: String,
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    /// No connection, a broken one, or no answer in time.
    #[error("the request to {path} failed: {reason}")]
    Network { path: String, reason: String },
    /// A body that was not read to its end.
    #[error("the answer to {path} was given up: {why}")]
    Unread { path: String, why: Unread },
    /// A reply that is not what the protocol has.
    #[error("the answer to {path} could not be read: {reason}")]
    Unreadable { path: String, reason: String },
}

impl Error {
    /// Whether the same request may succeed a moment later.
    pub(in crate::warehouse::snowflake) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            Self::Network { .. } | Self::Unreadable { .. } => true,
            // The next one would be as long.
            Self::Unread { why, .. } => matches!(why, Unread::Silent | Unread::Broken(_)),
        }
    }

    /// Whether the host does not accept the token.
    pub(in crate::warehouse::snowflake) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == StatusCode::UNAUTHORIZED)
    }

    /// Whether the host has nothing at this address.
    pub(in crate::warehouse::snowflake) fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == StatusCode::NOT_FOUND)
    }

    /// How long the host asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What the query string of a repetition says of the attempt before.
    pub(super) fn reason_code(&self) -> u16 {
        match self {
            Self::Status { status, .. } => status.as_u16(),
            _ => 0,
        }
    }
}

/// How it ended, and the HTTP status where there was an answer.
pub(super) fn reached(sent: &Result<Reply, Error>) -> (Reached, Option<u16>) {
    match sent {
        Ok(_) => (Reached::Ok, Some(200)),
        Err(Error::Status { status, .. }) => {
            let status = status.as_u16();
            (Reached::status(status), Some(status))
        }
        Err(Error::Network { .. }) => (Reached::Network, None),
        Err(Error::Unread { .. } | Error::Unreadable { .. }) => (Reached::Unreadable, Some(200)),
    }
}

/// What a request ended with, in our words.
pub(super) fn translate(error: ConnectionError, path: &str) -> Error {
    let path = path.to_owned();
    let plain = match error {
        ConnectionError::RequestMiddlewareError(reqwest_middleware::Error::Middleware(error)) => {
            return match error.downcast::<Error>() {
                Ok(error) => error,
                Err(error) => Error::Network {
                    path,
                    reason: error.to_string(),
                },
            };
        }
        ConnectionError::RequestMiddlewareError(reqwest_middleware::Error::Reqwest(error))
        | ConnectionError::RequestError(error) => error,
        other => {
            return Error::Unreadable {
                path,
                reason: other.to_string(),
            };
        }
    };
    if let Some(why) = unread(&plain) {
        return Error::Unread { path, why };
    }
    // The address has the request's ids, which mean nothing to a reader.
    let plain = plain.without_url();
    let reason = crate::telemetry::chain(&plain).to_string();
    if plain.is_decode() {
        Error::Unreadable { path, reason }
    } else {
        Error::Network { path, reason }
    }
}

/// Why we gave the body up, where it was us.
fn unread(error: &reqwest::Error) -> Option<Unread> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(why) = error.downcast_ref::<Unread>() {
            return Some(why.clone());
        }
        cause = error.source();
    }
    None
}
