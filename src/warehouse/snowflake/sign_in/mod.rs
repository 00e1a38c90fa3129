//! How to prove to Snowflake who we are: each method's part of a login request.
//!
//! Start with [`SignIn::credentials`]. What it returns is good for one attempt: signed tokens live a minute, and files are
//! read again. Nothing in this room asks Snowflake for a session; the caller puts the fields into its own request.

mod blocking;
mod browser;
mod credentials;
mod error;
mod exchange;
mod jwt;
mod key;
mod lifetime;
mod method;
mod oauth;
mod token;
mod workload_identity;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use self::blocking::blocking;
use self::browser::Browser;
pub(super) use self::credentials::Credentials;
use super::account::Endpoint;
use crate::config::types::Secret;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::Person;
pub use error::{Error, ExchangeFault};
pub(super) use exchange::Exchanger;
use exchange::Wallet;
pub use exchange::{ExchangeOptions, Profile};
use key::KeyRing;
pub use key::KeySource;
pub(super) use lifetime::Lifetime;
pub use method::Method;
pub use oauth::OauthClient;
use oauth::TokenFetcher;
pub use token::TokenSource;
pub use workload_identity::Attestor;

/// Seconds by which clocks may differ before a signed token, which lives a minute, is refused for it.
const NOTICEABLE_SKEW: u64 = 10;

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

/// A key or token that somebody else renews while the service runs: it is read again for each sign-in.
enum Renewed<'a> {
    Key(&'a Arc<KeyRing>),
    Token(&'a TokenSource),
}

impl Prover {
    fn renewed(&self) -> Option<Renewed<'_>> {
        match self {
            Self::Key { ring, .. } => Some(Renewed::Key(ring)),
            Self::Token { token, .. } | Self::Workload(Attestor::Oidc(token)) => {
                Some(Renewed::Token(token))
            }
            Self::Password { .. }
            | Self::Oauth { .. }
            | Self::Workload(_)
            | Self::Person(_)
            | Self::Nobody
            | Self::Browser { .. } => None,
        }
    }
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
                // The attestation is a credential for Snowflake. Another host could use it there in
                // our place.
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
    /// It cannot be read, or its text is no key or token.
    pub fn try_reading(&self) -> Result<(), Error> {
        match self.prover.renewed() {
            Some(Renewed::Key(ring)) => ring.current().map(drop),
            Some(Renewed::Token(token)) => token.read().map(drop),
            None => Ok(()),
        }
    }

    /// When the key or token must be renewed, if that can be told. Tokens that the server fetches or makes for each sign-in are
    /// left out: nobody has to renew them.
    pub(super) async fn lifetime(&self) -> Lifetime {
        match self.prover.renewed() {
            Some(Renewed::Key(ring)) => {
                let ring = Arc::clone(ring);
                let written = blocking(move || Ok(ring.written())).await;
                Lifetime::of_key(written.ok().flatten())
            }
            Some(Renewed::Token(token)) => {
                let token = token.clone();
                let token = blocking(move || token.read()).await;
                Lifetime::of_token(token.ok().as_ref())
            }
            None => Lifetime::default(),
        }
    }

    /// A fingerprint of the key or token in force, which changes when somebody renews it. `None` if it cannot be read, or
    /// cannot change while the service runs.
    pub(super) async fn fingerprint(&self) -> Option<String> {
        match self.prover.renewed()? {
            Renewed::Key(ring) => {
                let ring = Arc::clone(ring);
                let key = blocking(move || ring.current()).await.ok()?;
                Some(key.fingerprint.clone())
            }
            Renewed::Token(token) => {
                let token = token.clone();
                let token = blocking(move || token.read()).await.ok()?;
                let hash = Sha256::digest(token.expose_secret().as_bytes());
                Some(STANDARD.encode(hash))
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

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
