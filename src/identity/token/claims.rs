//! What a token says, once its signature has shown that the issuer says it.
//!
//! The types are checked here: some libraries accepted a text as a time, a list as an issuer, or a missing claim as
//! valid.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};

use super::fault::Fault;

/// The longest subject.
const LONGEST_SUBJECT: usize = 255;

/// Characters of a person's or a program's name that are kept for records.
const LONGEST_NAME: usize = 128;

/// Claims in which issuers name the program they gave the token to.
const CLIENT_CLAIMS: [&str; 4] = ["azp", "client_id", "cid", "appid"];

/// Times beyond this are no times: the largest whole number that every reader of JSON agrees on.
const LAST_SECOND: f64 = 9_007_199_254_740_991.0;

/// What a token's claims must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity) struct Expected {
    /// One of them must be its audience.
    pub(in crate::identity) audiences: Vec<String>,
    /// How far clocks may differ.
    pub(in crate::identity) leeway: Duration,
    /// Claims that name the caller.
    pub(in crate::identity) subject_claim: String,
    /// Claims with a name to show; the first one present is used.
    pub(in crate::identity) name_claims: Vec<String>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity) struct Claims {
    pub(in crate::identity) subject: String,
    pub(in crate::identity) name: Option<String>,
    pub(in crate::identity) client: Option<String>,
    pub(in crate::identity) scopes: BTreeSet<String>,
}

impl Claims {
    /// Checks the claims of a token whose signature is valid; `now` in seconds since 1970.
    ///
    /// # Errors
    ///
    /// The first that is not as it must be.
    pub(in crate::identity) fn read(
        claims: &Map<String, Value>,
        is_at_jwt: bool,
        expected: &Expected,
        now: u64,
    ) -> Result<Self, Fault> {
        check_audience(claims.get("aud"), &expected.audiences)?;
        check_times(claims, expected.leeway, now)?;
        // `sub` must be there even if another claim names the caller: all access tokens have it
        // (RFC 9068, 2.2).
        let subject = claims
            .get("sub")
            .and_then(subject)
            .ok_or(Fault::Unreadable)?;
        let subject = match expected.subject_claim.as_str() {
            "sub" => subject,
            other => claims
                .get(other)
                .and_then(self::subject)
                .ok_or(Fault::Unreadable)?,
        };
        check_kind(claims, is_at_jwt)?;
        Ok(Self {
            subject: subject.to_owned(),
            name: shown(claims, expected.name_claims.iter().map(String::as_str)),
            client: shown(claims, CLIENT_CLAIMS.into_iter()),
            scopes: scopes(claims),
        })
    }
}

/// One of the audiences must be this server's, compared exactly.
fn check_audience(audience: Option<&Value>, ours: &[String]) -> Result<(), Fault> {
    let is_ours = |audience: &Value| {
        audience
            .as_str()
            .is_some_and(|audience| ours.iter().any(|ours| ours == audience))
    };
    let is_for_us = match audience {
        Some(Value::Array(several)) => {
            // One odd member makes the whole list doubtful, although one that fits is in it.
            several.iter().all(Value::is_string) && several.iter().any(is_ours)
        }
        Some(one) => is_ours(one),
        None => false,
    };
    is_for_us.then_some(()).ok_or(Fault::Audience)
}

fn check_times(claims: &Map<String, Value>, leeway: Duration, now: u64) -> Result<(), Fault> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
    let (now, leeway) = (now as f64, leeway.as_secs_f64());
    let expires = claims
        .get("exp")
        .and_then(seconds)
        .ok_or(Fault::Unreadable)?;
    // At the second of `exp` the token is over already (RFC 7519, 4.1.4).
    if expires <= now - leeway {
        return Err(Fault::Expired);
    }
    for name in ["nbf", "iat"] {
        if let Some(value) = claims.get(name) {
            // A token without an end would be valid for ever.
            let from = seconds(value).ok_or(Fault::Unreadable)?;
            if from > now + leeway {
                return Err(Fault::TooEarly);
            }
        }
    }
    Ok(())
}

/// A time: a number in the range of times. A text is not accepted.
fn seconds(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .filter(|seconds| (0.0..=LAST_SECOND).contains(seconds))
}

fn subject(value: &Value) -> Option<&str> {
    value.as_str().filter(|subject| {
        !subject.is_empty()
            && subject.chars().count() <= LONGEST_SUBJECT
            && !subject.chars().any(char::is_control)
    })
}

/// An identity token is signed by the same key, and names the same audience if a client is its own API. So it is recognized
/// by its claims.
fn check_kind(claims: &Map<String, Value>, is_at_jwt: bool) -> Result<(), Fault> {
    let says = |name: &str, accepted: &[&str]| match claims.get(name) {
        None => true,
        Some(Value::String(kind)) => accepted.contains(&kind.as_str()),
        Some(_) => false,
    };
    let is_access = says("token_use", &["access"])
        // Keycloak writes the kind of a token into a claim `typ`, as `ID` or `Refresh` for those
        // that are none.
        && says("typ", &["Bearer", "at+jwt", "JWT"])
        // Hashes of the tokens that came with it, which only an identity token has (OpenID Connect
        // Core, 3.1.3.6).
        && !claims.contains_key("at_hash")
        && !claims.contains_key("c_hash");
    let has_rights = ["scope", "scp", "roles", "permissions"]
        .iter()
        .any(|name| claims.contains_key(*name));
    if !is_access || !(is_at_jwt || has_rights) {
        return Err(Fault::NotAccess);
    }
    // It is bound to a key that its sender must prove to have (RFC 8705, RFC 9449), and this server
    // cannot check that. As a plain bearer token it would be worth more than its issuer meant.
    if claims.contains_key("cnf") {
        return Err(Fault::Bound);
    }
    Ok(())
}

/// Of `scope` and `scp`, each a text of words or a list of them.
fn scopes(claims: &Map<String, Value>) -> BTreeSet<String> {
    let mut scopes = BTreeSet::new();
    for claim in ["scope", "scp"].iter().filter_map(|name| claims.get(*name)) {
        match claim {
            Value::String(words) => scopes.extend(words.split(' ').map(ToOwned::to_owned)),
            Value::Array(items) => scopes.extend(
                items
                    .iter()
                    .filter_map(|item| item.as_str().map(ToOwned::to_owned)),
            ),
            _ => {}
        }
    }
    // Two spaces in a row make an empty word, which is no scope.
    scopes.remove("");
    scopes
}

/// A name for records: no control characters or marks that turn the direction of writing, and not too long.
fn shown<'a>(
    claims: &Map<String, Value>,
    mut names: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let text = names.find_map(|name| claims.get(name).and_then(Value::as_str))?;
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = text.chars().filter(is_shown).take(LONGEST_NAME).collect();
    (!text.is_empty()).then_some(text)
}
