//! Everybody who may call: asked once for each request.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::caller::{Caller, Kind, Reach};
use super::issuer::Issuer;
use super::known_keys::KnownKeys;
use super::scopes::Scopes;
use super::token::{Claims, Fault, Form};
use crate::telemetry::hex;

/// Bytes of a digest that name a person in logs.
const NAME_BYTES: usize = 8;

/// What a request shows.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// Nothing.
    None,
    /// What can be a key only.
    Key(&'a [u8]),
    /// A key or a token.
    Bearer(&'a [u8]),
}

/// Why a request gets no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It shows nothing.
    Missing,
    /// No key of this server.
    UnknownKey,
    /// No token of an issuer that is accepted, or not a good one.
    Token(Fault),
    /// The token lacks a scope that any call needs.
    Scopes,
}

/// Who may call. A cheap clone.
#[derive(Debug, Clone)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: KnownKeys,
    issuers: Vec<Arc<Issuer>>,
    scopes: Arc<Scopes>,
    allows_anonymous: bool,
}

impl Access {
    /// From keys and issuers; without any of them everybody may call.
    #[must_use]
    pub fn new(keys: KnownKeys, issuers: Vec<Arc<Issuer>>, scopes: Arc<Scopes>) -> Self {
        let allows_anonymous = keys.is_empty() && issuers.is_empty();
        Self(Arc::new(Inner {
            keys,
            issuers,
            scopes,
            allows_anonymous,
        }))
    }

    /// Whether a request must show something.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.0.allows_anonymous
    }

    /// Whether there is an issuer to sign in at.
    #[must_use]
    pub fn has_issuers(&self) -> bool {
        !self.0.issuers.is_empty()
    }

    /// The names of the issuers, in the order of the settings.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.0
            .issuers
            .iter()
            .map(|issuer| issuer.options().issuer.as_str())
    }

    /// The scopes of tokens.
    #[must_use]
    pub fn scopes(&self) -> &Arc<Scopes> {
        &self.0.scopes
    }

    /// Says who is calling. A key is looked for first; what is none is a token or nothing.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    ///
    /// Why nobody who may call.
    pub async fn judge(&self, credential: Credential<'_>) -> Result<Caller, Refused> {
        // Without keys there is nothing to compare with: clients that send one anyway are as anonymous as the rest.
        if self.0.allows_anonymous {
            return Ok(Caller::anonymous(None));
        }
        let (shown, may_be_token) = match credential {
            Credential::None => return Err(Refused::Missing),
            Credential::Key(key) => (key, false),
            Credential::Bearer(token) => (token, true),
        };
        if let Some(caller) = self.0.keys.find(shown) {
            return Ok(caller);
        }
        if !may_be_token || !self.has_issuers() {
            return Err(Refused::UnknownKey);
        }
        // What has no dot is no token, and perhaps a key that was copied badly.
        if !shown.contains(&b'.') && !self.0.keys.is_empty() {
            return Err(Refused::UnknownKey);
        }
        self.token(shown).await
    }

    async fn token(&self, text: &[u8]) -> Result<Caller, Refused> {
        let token = Form::read(text).map_err(Refused::Token)?;
        let named = token.claims.get("iss").and_then(Value::as_str);
        let issuer = self
            .0
            .issuers
            .iter()
            .find(|issuer| Some(issuer.options().issuer.as_str()) == named)
            .ok_or(Refused::Token(Fault::Issuer))?;
        let claims = issuer.check(&token).await.map_err(Refused::Token)?;
        let scopes = &self.0.scopes;
        if scopes.lacks_needed(&claims.scopes) {
            return Err(Refused::Scopes);
        }
        let reach = scopes.reach(&claims.scopes);
        Ok(caller(&issuer.options().issuer, claims, reach))
    }
}

/// The caller that a token names: by its issuer and its subject there, and by nothing else.
fn caller(issuer: &str, claims: Claims, reach: Reach) -> Caller {
    let identity = format!("user:{issuer}\0{}", claims.subject);
    let digest = Sha256::digest(format!("{issuer}\0{}", claims.subject));
    let name = format!("user:{}", hex(digest.iter().take(NAME_BYTES)));
    Caller {
        reach,
        user: claims.name.map(Into::into),
        client: claims.client.map(Into::into),
        ..Caller::new(Kind::Token, Cow::Owned(name), identity)
    }
}
