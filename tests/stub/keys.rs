//! Key-pair sign-in: the JWT is checked as the service checks it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};
use rsa::{
    RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey, spki},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::wire::Refusal;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: u64,
    exp: u64,
}

/// Whether the token was signed with the private half of one of `public_keys` (PEM) and says so the way the service wants
/// it, at the time `now`.
///
/// Without keys only the claims are read.
pub fn verify(token: &str, public_keys: &[&str], now: SystemTime) -> Result<(), Refusal> {
    let malformed = || Refusal::new("394306", "JWT token is malformed.");
    let Some((last, others)) = public_keys.split_last() else {
        let claims = token
            .split('.')
            .nth(1)
            .and_then(|it| BASE64_URL_SAFE_NO_PAD.decode(it).ok());
        let claims = claims.and_then(|it| serde_json::from_slice::<Claims>(&it).ok());
        return claims.map(drop).ok_or_else(malformed);
    };
    if others.iter().any(|it| verify_with(token, it, now).is_ok()) {
        return Ok(());
    }
    verify_with(token, last, now)
}

fn verify_with(token: &str, pem: &str, now: SystemTime) -> Result<(), Refusal> {
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    // By its own clock, below.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let claims = decode::<Claims>(token, &key, &rules).map_err(|error| match error.kind() {
        ErrorKind::InvalidAlgorithm => {
            Refusal::new("394305", "JWT token is signed with another algorithm.")
        }
        ErrorKind::InvalidSignature => Refusal::new("394300", "JWT token is invalid."),
        _ => Refusal::new("394306", "JWT token is malformed."),
    })?;
    let Claims { iss, sub, iat, exp } = claims.claims;
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if exp <= now.as_secs() {
        return Err(Refusal::new("394301", "JWT token has expired."));
    }
    // A minute of grace for clocks that disagree.
    if iat > now.as_secs() + 60 {
        return Err(Refusal::new("394302", "JWT token is not yet valid."));
    }
    if exp > iat + 3_600 {
        return Err(Refusal::new(
            "394303",
            "JWT token expires later than an hour after it was issued.",
        ));
    }
    let is_upper = sub == sub.to_uppercase() && sub.split('.').count() == 2;
    if iss != format!("{sub}.{}", fingerprint(pem).unwrap()) || !is_upper {
        return Err(Refusal::new("394304", "Public key fingerprint mismatch."));
    }
    Ok(())
}

/// `SHA256:` and the digest of the key's DER form, as `DESCRIBE USER` shows it.
pub fn fingerprint(pem: &str) -> Result<String, spki::Error> {
    let key = RsaPublicKey::from_public_key_pem(pem)?;
    let digest = Sha256::digest(key.to_public_key_der()?.as_bytes());
    Ok(format!("SHA256:{}", STANDARD.encode(digest)))
}
