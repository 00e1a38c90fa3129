//! The signed token of key-pair sign-in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, Header, encode};
use serde::Serialize;

use super::error::Error;
use super::key::SigningKey;

/// As long as the official drivers let it live. Short, because it is made afresh for every attempt; Snowflake would take
/// up to an hour.
const LIFETIME: Duration = Duration::from_secs(60);

#[derive(Serialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: u64,
    exp: u64,
}

/// A token for a user of an account.
pub(super) fn sign(
    key: &SigningKey,
    account: &str,
    user: &str,
    now: SystemTime,
) -> Result<String, Error> {
    let sub = format!("{account}.{}", user.to_uppercase());
    let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Claims {
        iss: format!("{sub}.{}", key.fingerprint),
        sub,
        iat,
        exp: iat + LIFETIME.as_secs(),
    };
    encode(&Header::new(Algorithm::RS256), &claims, &key.signer).map_err(|source| Error::Internal {
        message: "the private key did not sign",
        source: Some(source.into()),
    })
}
