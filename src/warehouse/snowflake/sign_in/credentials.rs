//! Each method's part of a login request.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::blocking::blocking;
use super::browser::Proof;
use super::error::Error;
use super::{Prover, SignIn, jwt};
use crate::config::types::Secret;
use crate::sql::Identifier;

/// What goes into a login request, made afresh for every attempt.
pub(in crate::warehouse::snowflake) struct Credentials {
    /// Fields of the request's `data`.
    pub(in crate::warehouse::snowflake) fields: Map<String, Value>,
    /// Fields of `data.CLIENT_ENVIRONMENT`.
    pub(in crate::warehouse::snowflake) client_environment: Map<String, Value>,
    /// Fields of `data.SESSION_PARAMETERS`.
    pub(in crate::warehouse::snowflake) session_parameters: Map<String, Value>,
    /// When what is signed in with ends, where a session must not outlive it.
    pub(in crate::warehouse::snowflake) ends: Option<Instant>,
}

impl SignIn {
    /// What to put into the next login request, for a session with this role.
    ///
    /// # Errors
    ///
    /// Why there is nothing to sign in with; [`Error::is_transient`] tells whether that may pass.
    pub(in crate::warehouse::snowflake) async fn credentials(
        &self,
        role: Option<&Identifier>,
    ) -> Result<Credentials, Error> {
        Ok(match &self.prover {
            Prover::Nobody => {
                return Err(Error::Setting {
                    setting: "SNOWFLAKE_USER",
                    expected: "set, for whatever runs as nobody in particular",
                });
            }
            // Without LOGIN_NAME: the token says who it is.
            Prover::Person(wallet) => {
                let held = wallet.token(role).await?;
                Credentials {
                    ends: Some(held.ends),
                    ..Credentials::with_token(None, "OAUTH", &held.token)
                }
            }
            Prover::Key {
                user,
                ring,
                correction,
            } => {
                let now = corrected(SystemTime::now(), correction.load(Ordering::Relaxed));
                let ring = Arc::clone(ring);
                let (account, login) = (self.endpoint.jwt_account.clone(), user.clone());
                let sign = move || jwt::sign(&*ring.current()?, &account, &login, now);
                let token = SecretString::from(blocking(sign).await?);
                Credentials::with_token(Some(user), "SNOWFLAKE_JWT", &token)
            }
            Prover::Password {
                user,
                password,
                passcode,
            } => Credentials::with_password(user, password, passcode.as_ref()),
            Prover::Token {
                authenticator,
                user,
                token,
            } => {
                let token = token.clone();
                let token = blocking(move || token.read()).await?;
                Credentials::with_token(user.as_deref(), authenticator, &token)
            }
            Prover::Oauth { user, fetcher } => {
                let token = fetcher.token(&self.http).await?;
                let mut credentials = Credentials::with_token(user.as_deref(), "OAUTH", &token);
                credentials
                    .client_environment
                    .insert("OAUTH_TYPE".to_owned(), "OAUTH_CLIENT_CREDENTIALS".into());
                credentials
            }
            Prover::Workload(attestor) => {
                let attestation = attestor.attest(&self.metadata).await?;
                Credentials::with_token(None, "WORKLOAD_IDENTITY", &attestation)
                    .with("PROVIDER", attestor.provider())
            }
            Prover::Browser { user, browser } => {
                let proof = browser.proof(&self.http, &self.endpoint, user).await?;
                Credentials::with_proof(user, proof)
            }
        })
    }
}

/// The time now by Snowflake's clock, which is so many seconds ahead of this machine's.
fn corrected(now: SystemTime, by: i64) -> SystemTime {
    let span = Duration::from_secs(by.unsigned_abs());
    let corrected = if by < 0 {
        now.checked_sub(span)
    } else {
        now.checked_add(span)
    };
    corrected.unwrap_or(now)
}

impl Credentials {
    fn of(user: Option<&str>) -> Self {
        let credentials = Self {
            fields: Map::new(),
            client_environment: Map::new(),
            session_parameters: Map::new(),
            ends: None,
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

    fn with_token(user: Option<&str>, authenticator: &str, token: &SecretString) -> Self {
        Self::of(user)
            .with("AUTHENTICATOR", authenticator)
            .with("TOKEN", token.expose_secret())
    }

    fn with_password(user: &str, password: &Secret, passcode: Option<&Secret>) -> Self {
        let credentials = Self::of(Some(user)).with("PASSWORD", password.expose_secret());
        match passcode {
            Some(passcode) => credentials
                .with("PASSCODE", passcode.expose_secret())
                .with("EXT_AUTHN_DUO_METHOD", "passcode"),
            None => credentials,
        }
    }

    /// Of a person at a browser.
    fn with_proof(user: &str, proof: Proof) -> Self {
        match proof {
            Proof::IdToken(token) => Self::with_token(Some(user), "ID_TOKEN", &token),
            Proof::Browser { token, proof_key } => {
                let mut credentials = Self::with_token(Some(user), "EXTERNALBROWSER", &token)
                    .with("PROOF_KEY", proof_key.expose_secret());
                // Asks for an ID token, with which later sign-ins need no browser.
                let parameter = "CLIENT_STORE_TEMPORARY_CREDENTIAL".to_owned();
                credentials
                    .session_parameters
                    .insert(parameter, true.into());
                credentials
            }
        }
    }
}

/// Names only: the values are what must not be seen.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
