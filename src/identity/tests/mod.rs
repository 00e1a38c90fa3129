//! Tokens that must be refused, and those that must not: the numbers are those of the table of attacks in SECURITY.md.

mod claims;
mod entrance;
mod form;
mod issuer_keys;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::forge::{SigningKey, base64url, in_seconds, key_set, public_rsa};
use super::issuer::keeper::{Held, Keeper};
use super::token::KeySet;
use super::{
    Access, Caller, Credential, Entrance, Fault, Issuer, IssuerOptions, KnownKeys, Reach, Refused,
    Scopes,
};
use crate::config::{ApiKey, TokenAlgorithm};

const ISSUER: &str = "https://login.example.com/realms/a";
const OURS: &str = "https://mcp.example.com/mcp";

/// Making an RSA key takes a second.
static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("rsa-1"));

fn options() -> IssuerOptions {
    IssuerOptions {
        issuer: ISSUER.to_owned(),
        audiences: vec![OURS.to_owned()],
        jwks_url: None,
        algorithms: vec![
            TokenAlgorithm::Rs256,
            TokenAlgorithm::Ps256,
            TokenAlgorithm::Es256,
            TokenAlgorithm::EdDsa,
        ],
        subject_claim: "sub".to_owned(),
        name_claims: vec!["preferred_username".to_owned(), "email".to_owned()],
        leeway: Duration::from_secs(60),
        require_at_jwt: false,
        max_stale: Duration::from_secs(24 * 3600),
        allows_http_here: false,
    }
}

fn scopes() -> Scopes {
    Scopes {
        catalog: Some("mcp:catalog".into()),
        query: Some("mcp:query".into()),
        write: Some("mcp:write".into()),
        needed: Vec::new(),
        supported: vec!["mcp:catalog".into(), "mcp:query".into()],
    }
}

/// An issuer that has these keys, and where others can be given to it.
fn issuer(options: IssuerOptions, keys: &[&SigningKey]) -> (Arc<Issuer>, watch::Sender<Held>) {
    let (keeper, sender) = Keeper::of(options.max_stale);
    sender.send_replace(Held::with(KeySet::read(&key_set(keys)).unwrap()));
    (Arc::new(Issuer::with_keeper(options, keeper)), sender)
}

fn access(options: IssuerOptions, keys: &[&SigningKey]) -> (Access, watch::Sender<Held>) {
    let (issuer, sender) = issuer(options, keys);
    let access = accepting(KnownKeys::default(), vec![issuer], scopes());
    (access, sender)
}

fn accepting(keys: KnownKeys, issuers: Vec<Arc<Issuer>>, scopes: Scopes) -> Access {
    let issuers = issuers.into_iter().map(|issuer| (issuer, Vec::new()));
    let issuers = issuers.collect();
    Access::new(Entrance::new(keys, None, issuers, Arc::new(scopes)))
}

/// What a good token says.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": OURS, "sub": "alice", "scope": "mcp:catalog mcp:query",
        "iat": in_seconds(0), "nbf": in_seconds(0), "exp": in_seconds(300), "jti": "1",
    })
}

/// The same with some claims changed; `null` takes one away.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

async fn judge(access: &Access, token: &str) -> Result<Caller, Refused> {
    access.judge(Credential::Bearer(token.as_bytes())).await
}

async fn refused(access: &Access, token: &str) -> Fault {
    match judge(access, token).await {
        Err(Refused::Token(fault)) => fault,
        other => panic!("{other:?} for {token:.200}"),
    }
}
