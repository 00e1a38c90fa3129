//! How to prove to Snowflake who we are: each method's part of a login request.
//!
//! Start with [`SignIn::credentials`]. What it returns is good for one attempt: signed tokens live a minute, and files are
//! read again. Nothing in this room asks Snowflake for a session; the caller puts the fields into its own request.

mod error;
mod jwt;
mod key;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::account::Endpoint;
use crate::config::types::Secret;
pub use error::{Error, KeyFault};
use key::KeyRing;
pub use key::KeySource;
pub use token::TokenSource;

/// A way to sign in, with all it needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Method {
    /// A token signed with a private key.
    PrivateKey {
        /// The login name.
        user: String,
        /// The key.
        key: KeySource,
    },
    /// User and password.
    Password {
        /// The login name.
        user: String,
        /// The password.
        password: Secret,
        /// A code of the second factor. Good for one sign-in only, unless the account caches it.
        passcode: Option<Secret>,
    },
    /// An OAuth access token made elsewhere.
    Oauth {
        /// The login name, if the token does not say enough.
        user: Option<String>,
        /// The token.
        token: TokenSource,
    },
    /// A programmatic access token.
    ProgrammaticAccessToken {
        /// The login name, if wanted.
        user: Option<String>,
        /// The token.
        token: TokenSource,
    },
}

/// What goes into a login request, made afresh for every attempt.
pub(super) struct Credentials {
    /// Fields of the request's `data`.
    pub(super) fields: Map<String, Value>,
    /// Fields of `data.CLIENT_ENVIRONMENT`.
    pub(super) client_environment: Map<String, Value>,
}

/// A method that is ready to be used, again and again.
pub struct SignIn {
    endpoint: Endpoint,
    prover: Prover,
}

enum Prover {
    Key {
        user: String,
        ring: Arc<KeyRing>,
    },
    Password {
        user: String,
        password: Secret,
        passcode: Option<Secret>,
    },
    Token {
        authenticator: &'static str,
        user: Option<String>,
        token: TokenSource,
    },
}

impl SignIn {
    /// Prepares a method. Reads nothing yet: a file that appears later is found later.
    ///
    /// # Errors
    ///
    /// A setting that the method cannot work with.
    pub fn new(method: Method, endpoint: Endpoint) -> Result<Self, Error> {
        let prover = match method {
            Method::PrivateKey { user, key } => Prover::Key {
                user,
                ring: Arc::new(KeyRing::new(key)),
            },
            Method::Password {
                user,
                password,
                passcode,
            } => Prover::Password {
                user,
                password,
                passcode,
            },
            Method::Oauth { user, token } => Prover::Token {
                authenticator: "OAUTH",
                user,
                token,
            },
            Method::ProgrammaticAccessToken { user, token } => Prover::Token {
                authenticator: "PROGRAMMATIC_ACCESS_TOKEN",
                user,
                token,
            },
        };
        Ok(Self { endpoint, prover })
    }

    /// What to put into the next login request.
    ///
    /// # Errors
    ///
    /// Why there is nothing to sign in with; [`Error::is_transient`] tells whether that may pass.
    pub(super) async fn credentials(&self) -> Result<Credentials, Error> {
        match &self.prover {
            Prover::Key { user, ring } => {
                let ring = Arc::clone(ring);
                let (account, login) = (self.endpoint.jwt_account.clone(), user.clone());
                let token = blocking(move || {
                    jwt::sign(&*ring.current()?, &account, &login, SystemTime::now())
                })
                .await?;
                Ok(Credentials::of(Some(user))
                    .with("AUTHENTICATOR", "SNOWFLAKE_JWT")
                    .with("TOKEN", &token))
            }
            Prover::Password {
                user,
                password,
                passcode,
            } => {
                let credentials =
                    Credentials::of(Some(user)).with("PASSWORD", password.expose_secret());
                Ok(match passcode {
                    Some(passcode) => credentials
                        .with("PASSCODE", passcode.expose_secret())
                        .with("EXT_AUTHN_DUO_METHOD", "passcode"),
                    None => credentials,
                })
            }
            Prover::Token {
                authenticator,
                user,
                token,
            } => {
                let token = token.clone();
                let token = blocking(move || token.read()).await?;
                Ok(Credentials::of(user.as_deref())
                    .with("AUTHENTICATOR", authenticator)
                    .with_secret("TOKEN", &token))
            }
        }
    }

    /// Forgets a token that was fetched and that Snowflake would not take. Whether there was one, so that trying once
    /// more makes sense.
    pub(super) fn forget(&self) -> bool {
        false
    }
}

impl Credentials {
    fn of(user: Option<&str>) -> Self {
        let credentials = Self {
            fields: Map::new(),
            client_environment: Map::new(),
        };
        match user {
            Some(user) => credentials.with("LOGIN_NAME", user),
            None => credentials,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    fn with_secret(self, name: &str, value: &SecretString) -> Self {
        self.with(name, value.expose_secret())
    }
}

/// Runs what reads files or derives keys away from the threads that serve requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| Error::Internal {
            message: "a task ended early",
            source: Some(source.into()),
        })?
}

/// Names only: the values are what must not be seen.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
