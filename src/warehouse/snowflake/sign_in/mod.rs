//! How to prove to Snowflake who we are: each method's part of a login request.
//!
//! Start with [`SignIn::credentials`]. What it returns is good for one attempt: signed tokens live a minute, and files are
//! read again. Nothing in this room asks Snowflake for a session; the caller puts the fields into its own request.

mod blocking;
mod browser;
mod error;
mod exchange;
mod jwt;
mod key;
mod lifetime;
mod oauth;
mod token;
mod workload_identity;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use self::blocking::blocking;
use self::browser::{Browser, Proof};
use super::account::Endpoint;
use crate::config::types::Secret;
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::Person;
pub use error::{Error, ExchangeFault};
pub(super) use exchange::Exchanger;
use exchange::Wallet;
pub use exchange::{ExchangeOptions, Profile};
use key::KeyRing;
pub use key::KeySource;
pub(super) use lifetime::Lifetime;
pub use oauth::OauthClient;
use oauth::TokenFetcher;
pub use token::TokenSource;
pub use workload_identity::Attestor;

/// Seconds by which clocks may differ before a signed token, which lives a minute, is refused for it.
const NOTICEABLE_SKEW: u64 = 10;

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
    /// An OAuth access token fetched with a client's id and secret.
    OauthClientCredentials {
        /// The login name, if the token does not say enough.
        user: Option<String>,
        /// The client.
        client: OauthClient,
    },
    /// The identity that the cloud gives the process.
    WorkloadIdentity {
        /// Who vouches for it.
        attestor: Attestor,
    },
    /// A programmatic access token.
    ProgrammaticAccessToken {
        /// The login name, if wanted.
        user: Option<String>,
        /// The token.
        token: TokenSource,
    },
    /// Nobody: every statement runs as the person who asks.
    Nobody,
    /// The user's browser, on this machine.
    ExternalBrowser {
        /// The login name.
        user: String,
        /// How long a person has to sign in.
        patience: Duration,
    },
}

/// What goes into a login request, made afresh for every attempt.
pub(super) struct Credentials {
    /// Fields of the request's `data`.
    pub(super) fields: Map<String, Value>,
    /// Fields of `data.CLIENT_ENVIRONMENT`.
    pub(super) client_environment: Map<String, Value>,
    /// Fields of `data.SESSION_PARAMETERS`.
    pub(super) session_parameters: Map<String, Value>,
    /// When what is signed in with ends, where a session must not outlive it.
    pub(super) ends: Option<Instant>,
}

/// A method that is ready to be used, again and again.
pub struct SignIn {
    endpoint: Endpoint,
    /// For issuers, by way of the proxy where there is one.
    http: reqwest::Client,
    /// For the services on the machine's own link, which no proxy reaches.
    metadata: reqwest::Client,
    prover: Prover,
}

enum Prover {
    Key {
        user: String,
        ring: Arc<KeyRing>,
        /// Seconds to add to this machine's time.
        correction: AtomicI64,
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
    Oauth {
        user: Option<String>,
        fetcher: Box<TokenFetcher>,
    },
    Workload(Attestor),
    Person(Box<Wallet>),
    Nobody,
    Browser {
        user: String,
        browser: Browser,
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
                correction: AtomicI64::new(0),
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
            Method::OauthClientCredentials { user, client } => Prover::Oauth {
                user,
                fetcher: Box::new(TokenFetcher::new(client)?),
            },
            Method::WorkloadIdentity { attestor } => {
                if !endpoint.is_snowflake_domain() && !endpoint.is_loopback() {
                    return Err(Error::ForeignHost {
                        host: endpoint.base.host_str().unwrap_or_default().to_owned(),
                    });
                }
                Prover::Workload(attestor)
            }
            Method::ProgrammaticAccessToken { user, token } => Prover::Token {
                authenticator: "PROGRAMMATIC_ACCESS_TOKEN",
                user,
                token,
            },
            Method::Nobody => Prover::Nobody,
            Method::ExternalBrowser { user, patience } => Prover::Browser {
                user,
                browser: Browser::new(patience),
            },
        };
        Ok(Self {
            endpoint,
            http: client(reqwest::Client::builder())?,
            metadata: client(reqwest::Client::builder().no_proxy())?,
            prover,
        })
    }

    /// The same for a person whose tokens are exchanged.
    pub(super) fn of_person(&self, exchanger: Arc<Exchanger>, person: Arc<Person>) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            http: self.http.clone(),
            metadata: self.metadata.clone(),
            prover: Prover::Person(Box::new(Wallet::new(exchanger, person))),
        }
    }

    /// What exchanges tokens, by the same way as issuers are asked.
    pub(super) fn exchanger(
        &self,
        options: ExchangeOptions,
        metrics: Arc<Metrics>,
    ) -> Result<Exchanger, Error> {
        Exchanger::new(options, self.http.clone(), metrics)
    }

    /// The person has come again, perhaps with a newer token.
    pub(super) fn came(&self, person: &Arc<Person>) {
        if let Prover::Person(wallet) = &self.prover {
            wallet.came(person);
        }
    }

    /// Whether there is a user of the service's own.
    pub(super) const fn is_nobody(&self) -> bool {
        matches!(self.prover, Prover::Nobody)
    }

    /// Whether it signs in a person, and not the service.
    pub(super) const fn is_person(&self) -> bool {
        matches!(self.prover, Prover::Person(_))
    }

    /// Reads the key or token that the first sign-in will need, and asks nobody.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is none.
    pub fn try_reading(&self) -> Result<(), Error> {
        match &self.prover {
            Prover::Key { ring, .. } => ring.current().map(drop),
            Prover::Token { token, .. } | Prover::Workload(Attestor::Oidc(token)) => {
                token.read().map(drop)
            }
            Prover::Password { .. }
            | Prover::Oauth { .. }
            | Prover::Workload(_)
            | Prover::Person(_)
            | Prover::Nobody
            | Prover::Browser { .. } => Ok(()),
        }
    }

    /// How long what is signed in with lasts, as far as it tells. Tokens that are fetched or made for each sign-in are left
    /// out: nobody has to renew them.
    pub(super) async fn lifetime(&self) -> Lifetime {
        match &self.prover {
            Prover::Key { ring, .. } => {
                let ring = Arc::clone(ring);
                let written = blocking(move || Ok(ring.written())).await;
                Lifetime::of_key(written.ok().flatten())
            }
            Prover::Token { token, .. } | Prover::Workload(Attestor::Oidc(token)) => {
                let token = token.clone();
                let token = blocking(move || token.read()).await;
                Lifetime::of_token(token.ok().as_ref())
            }
            Prover::Password { .. }
            | Prover::Oauth { .. }
            | Prover::Workload(_)
            | Prover::Person(_)
            | Prover::Nobody
            | Prover::Browser { .. } => Lifetime::default(),
        }
    }

    /// What to put into the next login request, for a session with this role.
    ///
    /// # Errors
    ///
    /// Why there is nothing to sign in with; [`Error::is_transient`] tells whether that may pass.
    pub(super) async fn credentials(
        &self,
        role: Option<&Identifier>,
    ) -> Result<Credentials, Error> {
        match &self.prover {
            Prover::Nobody => Err(Error::Setting {
                setting: "SNOWFLAKE_USER",
                expected: "set, for whatever runs as nobody in particular",
            }),
            // Without LOGIN_NAME: the token says who it is.
            Prover::Person(wallet) => {
                let held = wallet.token(role).await?;
                let mut credentials = Credentials::of(None)
                    .with("AUTHENTICATOR", "OAUTH")
                    .with_secret("TOKEN", &held.token);
                credentials.ends = Some(held.ends);
                Ok(credentials)
            }
            Prover::Key {
                user,
                ring,
                correction,
            } => {
                let now = corrected(SystemTime::now(), correction.load(Ordering::Relaxed));
                let ring = Arc::clone(ring);
                let (account, login) = (self.endpoint.jwt_account.clone(), user.clone());
                let token =
                    blocking(move || jwt::sign(&*ring.current()?, &account, &login, now)).await?;
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
            Prover::Oauth { user, fetcher } => {
                let token = fetcher.token(&self.http).await?;
                let mut credentials = Credentials::of(user.as_deref())
                    .with("AUTHENTICATOR", "OAUTH")
                    .with_secret("TOKEN", &token);
                credentials
                    .client_environment
                    .insert("OAUTH_TYPE".to_owned(), "OAUTH_CLIENT_CREDENTIALS".into());
                Ok(credentials)
            }
            Prover::Workload(attestor) => {
                let attestation = attestor.attest(&self.metadata).await?;
                Ok(Credentials::of(None)
                    .with("AUTHENTICATOR", "WORKLOAD_IDENTITY")
                    .with("PROVIDER", attestor.provider())
                    .with_secret("TOKEN", &attestation))
            }
            Prover::Browser { user, browser } => {
                let proof = browser.proof(&self.http, &self.endpoint, user).await?;
                let credentials = Credentials::of(Some(user));
                Ok(match proof {
                    Proof::IdToken(token) => credentials
                        .with("AUTHENTICATOR", "ID_TOKEN")
                        .with_secret("TOKEN", &token),
                    Proof::Browser { token, proof_key } => {
                        let mut credentials = credentials
                            .with("AUTHENTICATOR", "EXTERNALBROWSER")
                            .with_secret("TOKEN", &token)
                            .with_secret("PROOF_KEY", &proof_key);
                        let parameter = "CLIENT_STORE_TEMPORARY_CREDENTIAL".to_owned();
                        credentials
                            .session_parameters
                            .insert(parameter, true.into());
                        credentials
                    }
                })
            }
        }
    }

    /// Keeps what a successful sign-in gave for the next one.
    pub(super) fn keep(&self, id_token: Option<String>) {
        if let Prover::Browser { browser, .. } = &self.prover {
            browser.keep(id_token);
        }
    }

    /// Whether a person has to do something for every further session.
    pub(super) fn needs_a_person(&self) -> bool {
        matches!(&self.prover, Prover::Browser { browser, .. } if !browser.has_id_token())
    }

    /// Whether a person would have to do something, and nobody did the last time. Then only a caller is worth a window.
    pub(super) fn is_unattended(&self) -> bool {
        self.given_up() > 0 && self.needs_a_person()
    }

    /// How many windows were opened for nobody, since somebody last used one.
    pub(super) fn given_up(&self) -> usize {
        match &self.prover {
            Prover::Browser { browser, .. } => browser.given_up(),
            _ => 0,
        }
    }

    /// An error where one more window than `before` was opened for nobody: who has waited for it as well need not see another.
    pub(super) fn check_attended(&self, before: usize) -> Result<(), Error> {
        match &self.prover {
            Prover::Browser { browser, .. } if browser.given_up() > before => Err(browser.nobody()),
            _ => Ok(()),
        }
    }

    /// Tells the key or token in force from another one; `None` for what cannot change while the service runs, or cannot
    /// be read.
    pub(super) async fn fingerprint(&self) -> Option<String> {
        match &self.prover {
            Prover::Key { ring, .. } => {
                let ring = Arc::clone(ring);
                let key = blocking(move || ring.current()).await.ok()?;
                Some(key.fingerprint.clone())
            }
            Prover::Token { token, .. } | Prover::Workload(Attestor::Oidc(token)) => {
                let token = token.clone();
                let token = blocking(move || token.read()).await.ok()?;
                let hash = Sha256::digest(token.expose_secret().as_bytes());
                Some(STANDARD.encode(hash))
            }
            Prover::Password { .. }
            | Prover::Oauth { .. }
            | Prover::Workload(_)
            | Prover::Person(_)
            | Prover::Nobody
            | Prover::Browser { .. } => None,
        }
    }

    /// Signs from now on with the time of a clock that is so many seconds ahead of this machine's. Whether that makes a
    /// difference, so that trying once more makes sense.
    pub(super) fn set_clock(&self, ahead: i64) -> bool {
        let Prover::Key { correction, .. } = &self.prover else {
            return false;
        };
        let before = correction.load(Ordering::Relaxed);
        if before.abs_diff(ahead) < NOTICEABLE_SKEW {
            return false;
        }
        correction.store(ahead, Ordering::Relaxed);
        tracing::warn!(
            "this machine's clock is {} s {} Snowflake's; tokens are signed with Snowflake's time, but set the clock",
            ahead.abs(),
            if ahead < 0 { "ahead of" } else { "behind" },
        );
        true
    }

    /// Forgets a token that was fetched and that Snowflake would not take. Whether there was one, so that trying once
    /// more makes sense.
    pub(super) fn forget(&self) -> bool {
        match &self.prover {
            Prover::Oauth { fetcher, .. } => fetcher.forget(),
            Prover::Browser { browser, .. } => browser.forget(),
            Prover::Person(wallet) => wallet.forget(),
            _ => false,
        }
    }
}

fn corrected(now: SystemTime, by: i64) -> SystemTime {
    let span = Duration::from_secs(by.unsigned_abs());
    let corrected = if by < 0 {
        now.checked_sub(span)
    } else {
        now.checked_add(span)
    };
    corrected.unwrap_or(now)
}

/// Follows no redirect: what is sent is meant for the host that was configured.
fn client(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(15))
        .build()
        .map_err(|source| Error::Internal {
            message: "no HTTP client could be made",
            source: Some(source.into()),
        })
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

    fn with_secret(self, name: &str, value: &SecretString) -> Self {
        self.with(name, value.expose_secret())
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

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
