//! All callers: looked up once for each request.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::caller::{Caller, Kind, Reach};
use super::callers::{Callers, Holder};
use super::issuer::Issuer;
use super::known_keys::KnownKeys;
use super::scopes::Scopes;
use super::token::{Claims, Fault, Form};
use crate::telemetry::audit::Identity;
use crate::telemetry::hex;
use crate::warehouse::Person;

/// Bytes of a digest that name a person or a token in logs.
const NAME_BYTES: usize = 8;

/// Shortest key for a file. Keys of `snowflake-mcp key new` are longer; a shorter key could be guessed from its digest
/// by anybody who reads the file.
const SHORTEST_KEY: usize = 32;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It shows nothing.
    Missing,
    /// No key of this server.
    UnknownKey,
    /// No token of an issuer that is accepted, or not a good one.
    Token(Fault),
    /// The token lacks scopes that any call needs: these.
    Scopes(Vec<String>),
    /// The token is good, and no rule of `CALLERS_FILE` is for it.
    NoGrant,
}

/// Who may call at one time.
#[derive(Debug)]
pub struct Entrance {
    keys: KnownKeys,
    /// Without a file every good token may do what the settings allow.
    callers: Option<Callers>,
    /// Each with the scopes that its tokens need for any call.
    issuers: Vec<(Arc<Issuer>, Vec<String>)>,
    scopes: Arc<Scopes>,
    /// Whether callers with a token are themselves in the warehouse, so that their tokens are exchanged.
    are_persons: bool,
}

/// Who may call now. A cheap clone; all clones change together.
#[derive(Debug, Clone)]
pub struct Access(Arc<RwLock<Arc<Entrance>>>);

impl Entrance {
    /// From keys, a file and issuers; without any of them everybody may call.
    #[must_use]
    pub fn new(
        keys: KnownKeys,
        callers: Option<Callers>,
        issuers: Vec<(Arc<Issuer>, Vec<String>)>,
        scopes: Arc<Scopes>,
    ) -> Self {
        Self {
            keys,
            callers,
            issuers,
            scopes,
            are_persons: false,
        }
    }

    /// The same, with tokens kept for as long as a call takes, to be exchanged.
    #[must_use]
    pub fn of_persons(self) -> Self {
        Self {
            are_persons: true,
            ..self
        }
    }

    /// The issuers.
    pub fn issuers(&self) -> impl Iterator<Item = &Arc<Issuer>> {
        self.issuers.iter().map(|(issuer, _)| issuer)
    }

    fn allows_anonymous(&self) -> bool {
        self.keys.is_empty() && self.callers.is_none() && self.issuers.is_empty()
    }

    /// The owner of a key of the file. The digest is looked up in a map: to learn anything from the time this takes,
    /// one would have to choose keys by their digests.
    fn holder(&self, key: &[u8]) -> Option<&Holder> {
        let callers = self
            .callers
            .as_ref()
            .filter(|_| key.len() >= SHORTEST_KEY)?;
        callers.holder(&Sha256::digest(key).into(), Timestamp::now())
    }

    async fn token(&self, text: &[u8]) -> Result<Caller, Refused> {
        let token = Form::read(text).map_err(Refused::Token)?;
        // Read before the signature is checked, but only to choose the issuer whose keys must verify it.
        let named = token.claims.get("iss").and_then(Value::as_str);
        let (issuer, own_scopes) = self
            .issuers
            .iter()
            .find(|(issuer, _)| Some(issuer.options().issuer.as_str()) == named)
            // Compared as text, exactly: two spellings of one address are two issuers (RFC 8414,
            // 4).
            .ok_or(Refused::Token(Fault::Issuer))?;
        let claims = issuer.check(&token).await.map_err(Refused::Token)?;
        // Scopes that the settings require of all tokens, and those that this issuer's tokens need in addition.
        let needed = self.scopes.needed.iter().chain(own_scopes);
        if !needed.clone().all(|scope| claims.scopes.contains(scope)) {
            return Err(Refused::Scopes(needed.cloned().collect()));
        }
        let issuer = &issuer.options().issuer;
        let grant = match &self.callers {
            // Without a file every token of the issuer may do what the settings allow.
            None => None,
            Some(callers) => Some(
                callers
                    .grant_of(issuer, &claims.scopes, &token.claims)
                    .ok_or(Refused::NoGrant)?,
            ),
        };
        let reach = self.scopes.reach(&claims.scopes);
        let token_id = token.claims.get("jti").and_then(Value::as_str);
        let mut caller = caller(issuer, claims, token_id, reach);
        if let (Some(grant), Some(told)) = (&grant, &mut caller.told) {
            Arc::make_mut(told).grant = Some(grant.name.clone());
        }
        // The token itself is kept only where it will be exchanged for one of Snowflake.
        let person = self.are_persons.then(|| person(&caller, text));
        let person = person.flatten().map(Arc::new);
        Ok(Caller {
            grant,
            person,
            ..caller
        })
    }
}

impl Access {
    /// Begins with these.
    #[must_use]
    pub fn new(entrance: Entrance) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(entrance))))
    }

    /// From the next request on others may call.
    pub fn replace(&self, entrance: Entrance) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entrance);
    }

    /// Who may call now.
    #[must_use]
    pub fn now(&self) -> Arc<Entrance> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a request must show something.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.now().allows_anonymous()
    }

    /// Whether there is an issuer to sign in at.
    #[must_use]
    pub fn has_issuers(&self) -> bool {
        !self.now().issuers.is_empty()
    }

    /// The scopes of tokens.
    #[must_use]
    pub fn scopes(&self) -> Arc<Scopes> {
        Arc::clone(&self.now().scopes)
    }

    /// Finds out who is calling. It looks for a key first; if the credential is not a known key, it must be a token.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    ///
    /// Why the caller is refused.
    pub async fn judge(&self, credential: Credential<'_>) -> Result<Caller, Refused> {
        let now = self.now();
        // Without keys there is nothing to compare with: clients that send one anyway are as anonymous as the rest.
        if now.allows_anonymous() {
            return Ok(Caller::anonymous(None));
        }
        let (shown, may_be_token) = match credential {
            Credential::None => return Err(Refused::Missing),
            Credential::Key(key) => (key, false),
            Credential::Bearer(token) => (token, true),
        };
        // Keys first: looking one up is cheap, and no key can be mistaken for a token.
        if let Some(caller) = now.keys.find(shown) {
            return Ok(caller);
        }
        if let Some(holder) = now.holder(shown) {
            return Ok(of_key(holder));
        }
        if !may_be_token || now.issuers.is_empty() {
            // A header for keys is no place for a token: logs and proxies treat the two
            // differently.
            return Err(Refused::UnknownKey);
        }
        let has_keys = !now.keys.is_empty() || now.callers.is_some();
        // A credential without a dot is not a token, but may be a key that was copied incompletely.
        if !shown.contains(&b'.') && has_keys {
            return Err(Refused::UnknownKey);
        }
        now.token(shown).await
    }
}

/// The caller that a key of the file names. An old key and a new one with one name are one caller.
fn of_key(holder: &Holder) -> Caller {
    // With a prefix, so that no key can be named like a user or an address.
    let name = format!("key:{}", holder.name);
    let told = Identity {
        kind: "key",
        name: Some(holder.name.clone()),
        grant: Some(holder.grant.name.clone()),
        ..Identity::default()
    };
    Caller {
        grant: Some(Arc::clone(&holder.grant)),
        told: Some(Arc::new(told)),
        ..Caller::new(Kind::Key, name.clone(), name)
    }
}

/// The caller as itself in the warehouse.
fn person(caller: &Caller, token: &[u8]) -> Option<Person> {
    let subject = caller.told.as_ref()?.subject.as_deref()?;
    Some(Person {
        identity: Arc::clone(&caller.identity),
        name: caller.name.clone(),
        subject: subject.into(),
        token: Arc::new(SecretString::from(std::str::from_utf8(token).ok()?)),
    })
}

/// The caller that a token names: by its issuer and its subject there, and by nothing else.
fn caller(issuer: &str, claims: Claims, token_id: Option<&str>, reach: Reach) -> Caller {
    let identity = format!("user:{issuer}\0{}", claims.subject);
    // A zero byte cannot be in an issuer's address, so no two pairs give the same text.
    let digest = Sha256::digest(format!("{issuer}\0{}", claims.subject));
    let name = format!("user:{}", hex(digest.iter().take(NAME_BYTES)));
    // A digest, because `jti` may be what the issuer revokes a token by, and the audit log is read
    // by many.
    let short = |text: &str| hex(Sha256::digest(text.as_bytes()).iter().take(NAME_BYTES));
    let told = Identity {
        kind: "oauth",
        name: claims.name.clone(),
        issuer: Some(issuer.to_owned()),
        subject: Some(claims.subject),
        client: claims.client.clone(),
        scopes: claims.scopes.into_iter().collect(),
        token_id: token_id.map(short),
        grant: None,
        certificate: None,
    };
    Caller {
        reach,
        told: Some(Arc::new(told)),
        user: claims.name.map(Into::into),
        client: claims.client.map(Into::into),
        ..Caller::new(Kind::Token, Cow::Owned(name), identity)
    }
}
