//! The ways to sign in.

use std::time::Duration;

use super::key::KeySource;
use super::oauth::OauthClient;
use super::token::TokenSource;
use super::workload_identity::Attestor;
use crate::config::types::Secret;

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
