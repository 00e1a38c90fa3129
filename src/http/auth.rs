//! Who is calling? API keys on `/mcp`; every other route stays open for probes and scrapers.
//!
//! A key arrives as `Authorization: Bearer <key>` or `X-API-Key: <key>`. What is compared are SHA-256 digests, in constant
//! time and always against every key, so that neither a key's length nor its place in the list shows in the time taken.
//! What goes on to the tools is the [`Caller`] alone: the headers that carried the key are taken off the request here, and
//! nothing a client sent is ever repeated in an answer or a log line.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::answer::Refusal;
use super::observe;
use super::strangers::Strangers;
use crate::config::ApiKey;
use crate::mcp::Caller;

/// The other header a key may come in.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

const MISSING: Refusal = Refusal {
    code: "unauthorized",
    message: "this server needs an API key and the request has none",
    hint: "send the key as `Authorization: Bearer <key>` or as `X-API-Key: <key>`",
};

const WRONG: Refusal = Refusal {
    code: "unauthorized",
    message: "the API key in the request is not one this server knows",
    hint: "check the key against API_KEY or API_KEYS of the server; keys are compared to the letter",
};

const DOUBTFUL: Refusal = Refusal {
    code: "bad_request",
    message: "the request has more than one credential",
    hint: "send the key once: as `Authorization: Bearer <key>` or as `X-API-Key: <key>`",
};

/// The keys this server knows, as digests.
#[derive(Clone)]
pub(super) struct Keys {
    known: Vec<Known>,
    /// Whether a request without a key is let in.
    allows_anonymous: bool,
}

#[derive(Clone)]
struct Known {
    digest: [u8; 32],
    caller: Caller,
}

/// What a look at the headers found.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Known(Caller),
    Missing,
    Wrong,
    /// Two different keys: a proxy in front of this server may have checked the other one.
    Doubtful,
}

impl Keys {
    pub(super) fn new<'a>(keys: impl Iterator<Item = &'a ApiKey>, allows_anonymous: bool) -> Self {
        let known = keys
            .map(|key| Known {
                digest: digest(key.secret().expose_secret().as_bytes()),
                caller: Caller {
                    name: key.name().to_owned().into(),
                    address: None,
                },
            })
            .collect();
        Self {
            known,
            allows_anonymous,
        }
    }

    /// Whether a request without a key is refused.
    pub(super) fn are_needed(&self) -> bool {
        !self.allows_anonymous
    }

    fn judge(&self, headers: &HeaderMap) -> Verdict {
        // Without keys there is nothing to compare with: clients that send one anyway are as anonymous as the rest.
        if self.known.is_empty() && self.allows_anonymous {
            return Verdict::Known(Caller::ANONYMOUS);
        }
        match presented(headers) {
            Err(Several) => Verdict::Doubtful,
            Ok(Some(key)) => self.find(key).map_or(Verdict::Wrong, Verdict::Known),
            Ok(None) if self.allows_anonymous => Verdict::Known(Caller::ANONYMOUS),
            Ok(None) => Verdict::Missing,
        }
    }

    /// The owner of a key. Takes the same time whether it is the first, the last or none.
    fn find(&self, key: &[u8]) -> Option<Caller> {
        let presented = digest(key);
        let mut found = Choice::from(0);
        let mut place = 0_u64;
        for (index, known) in (0_u64..).zip(&self.known) {
            let is_this = known.digest.ct_eq(&presented);
            place.conditional_assign(&index, is_this);
            found |= is_this;
        }
        if !bool::from(found) {
            return None;
        }
        let place = usize::try_from(place).ok()?;
        self.known.get(place).map(|known| known.caller.clone())
    }
}

/// There is more than one credential, or more than one header where there may be one.
#[derive(Debug)]
struct Several;

/// The key in the request: a bearer token or `X-API-Key`; the same in both is one. Empty counts as none.
fn presented(headers: &HeaderMap) -> Result<Option<&[u8]>, Several> {
    let bearer = one(headers, header::AUTHORIZATION)?.and_then(bearer_token);
    let plain = one(headers, X_API_KEY)?.map(|value| value.as_bytes().trim_ascii());
    let there = |key: &&[u8]| !key.is_empty();
    match (bearer.filter(there), plain.filter(there)) {
        (Some(bearer), Some(plain)) if !bool::from(bearer.ct_eq(plain)) => Err(Several),
        (bearer, plain) => Ok(bearer.or(plain)),
    }
}

fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&HeaderValue>, Several> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Several),
    }
}

/// The scheme's name is case-insensitive (RFC 9110).
fn bearer_token(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// The middleware of the `/mcp` scope.
pub(super) async fn check(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let verdict = match request.app_data::<web::Data<Keys>>() {
        Some(keys) => keys.judge(request.headers()),
        // Cannot happen, because the routes put it there. If it did, refusing is safe.
        None => Verdict::Missing,
    };
    for secret in [header::AUTHORIZATION, X_API_KEY, header::COOKIE] {
        request.headers_mut().remove(secret);
    }
    let (refusal, challenge, reason) = match verdict {
        Verdict::Known(mut caller) => {
            if caller == Caller::ANONYMOUS {
                // The address of the connection: anybody may write what they like into a header.
                caller.address = request.peer_addr().map(|address| address.ip());
            }
            observe::note_caller(&request, &caller);
            request.extensions_mut().insert(caller);
            return Ok(next.call(request).await?.map_into_left_body());
        }
        Verdict::Missing => (MISSING, Some("Bearer"), "no key"),
        Verdict::Wrong => (
            WRONG,
            Some(r#"Bearer error="invalid_token""#),
            "unknown key",
        ),
        Verdict::Doubtful => (DOUBTFUL, None, "two credentials"),
    };
    if let Some(strangers) = request.app_data::<web::Data<Strangers>>() {
        let address = request.peer_addr().map(|address| address.ip());
        let strangers = strangers.clone();
        strangers.refuse(address, reason).await;
    }
    let answer = match challenge {
        Some(challenge) => refusal.answer(StatusCode::UNAUTHORIZED, |answer| {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        }),
        None => refusal.answer(StatusCode::BAD_REQUEST, |_| {}),
    };
    Ok(request.into_response(answer).map_into_right_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str], allows_anonymous: bool) -> Keys {
        let keys: Vec<ApiKey> = keys.iter().map(|k| ApiKey::new((*k).into())).collect();
        Keys::new(keys.iter(), allows_anonymous)
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    fn known(name: &str) -> Verdict {
        Verdict::Known(Caller {
            name: name.to_owned().into(),
            address: None,
        })
    }

    #[test]
    fn a_key_is_accepted_in_either_header() {
        let keys = keys(&["first", "second"], false);
        for pair in [
            ("authorization", "Bearer second"),
            ("authorization", "bearer  second "),
            ("x-api-key", "second"),
        ] {
            // SHA-256("second") begins 16367aac
            assert_eq!(
                keys.judge(&headers(&[pair])),
                known("key:16367aac"),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn a_wrong_key_is_told_from_a_missing_one() {
        let keys = keys(&["first"], false);
        for (pair, verdict) in [
            (("x-api-key", "second"), Verdict::Wrong),
            (("x-api-key", "firs"), Verdict::Wrong),
            (("authorization", "Bearer FIRST"), Verdict::Wrong),
            (("x-api-key", ""), Verdict::Missing),
            (("authorization", "Bearer "), Verdict::Missing),
            (("authorization", "Basic Zmlyc3Q="), Verdict::Missing),
            (("accept", "*/*"), Verdict::Missing),
        ] {
            assert_eq!(keys.judge(&headers(&[pair])), verdict, "{pair:?}");
        }
    }

    #[test]
    fn credentials_that_differ_are_not_chosen_from() {
        let keys = keys(&["first", "second"], true);
        let bearer = ("authorization", "Bearer first");
        for (other, verdict) in [
            (("x-api-key", "second"), Verdict::Doubtful),
            (("x-api-key", "first"), known("key:a7937b64")),
            (("x-api-key", ""), known("key:a7937b64")),
            (("authorization", "Bearer first"), Verdict::Doubtful),
            (("authorization", "Basic Zmlyc3Q="), Verdict::Doubtful),
        ] {
            let mut all = headers(&[bearer]);
            all.append(
                HeaderName::from_static(other.0),
                HeaderValue::from_static(other.1),
            );
            assert_eq!(keys.judge(&all), verdict, "{other:?}");
        }
        let twice = headers(&[("x-api-key", "first")]);
        let mut two = twice.clone();
        two.append(X_API_KEY, HeaderValue::from_static("second"));
        assert_eq!(keys.judge(&two), Verdict::Doubtful);
        assert_eq!(keys.judge(&twice), known("key:a7937b64"));
    }

    #[test]
    fn anonymous_callers_get_in_only_when_that_is_allowed() {
        let none = headers(&[]);
        assert_eq!(keys(&[], true).judge(&none), known("anonymous"));
        assert_eq!(keys(&["first"], true).judge(&none), known("anonymous"));
        assert_eq!(keys(&[], false).judge(&none), Verdict::Missing);
        let wrong = headers(&[("x-api-key", "guess")]);
        assert_eq!(keys(&["first"], true).judge(&wrong), Verdict::Wrong);
        assert_eq!(keys(&[], true).judge(&wrong), known("anonymous"));
        assert_eq!(keys(&[], false).judge(&wrong), Verdict::Wrong);
    }
}
