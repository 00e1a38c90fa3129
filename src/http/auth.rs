//! The layer of `/mcp` that finds out who is calling; every other route stays open for probes and scrapers.
//!
//! A key arrives as `Authorization: Bearer <key>` or `X-API-Key: <key>`, a token as `Authorization: Bearer <token>`. What goes on
//! to the tools is the [`Caller`] alone: the headers that carried the secret are taken off the request here, and nothing a client
//! sent is ever repeated in an answer or a log line.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use subtle::ConstantTimeEq;

use super::answer::Refusal;
use super::challenge::Challenges;
use super::observe;
use super::strangers::Strangers;
use super::tls::client::Certificate;
use crate::identity::{Access, Caller, Credential, Fault, Kind, Refused};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Admission, Shown};

/// The other header a key may come in.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Seconds to wait if an issuer's keys are missing: the server asks for them every few seconds.
const COME_BACK: &str = "5";

const MISSING: Refusal = Refusal {
    code: "unauthorized",
    message: "this server needs an API key and the request has none",
    hint: "send the key as `Authorization: Bearer <key>` or as `X-API-Key: <key>`",
};

const MISSING_TOKEN: Refusal = Refusal {
    code: "unauthorized",
    message: "this server needs a sign-in and the request has neither a token nor an API key",
    hint: "sign in: clients find out where at /.well-known/oauth-protected-resource; an API key goes into `Authorization: Bearer <key>`",
};

const WRONG: Refusal = Refusal {
    code: "unauthorized",
    message: "this server does not know the API key in the request",
    hint: "compare the key with API_KEY, API_KEYS and CALLERS_FILE of the server, where it may have expired or be disabled; it must match exactly",
};

const DOUBTFUL: Refusal = Refusal {
    code: "bad_request",
    message: "the request has more than one credential",
    hint: "send the key once: as `Authorization: Bearer <key>` or as `X-API-Key: <key>`",
};

const IN_QUERY: Refusal = Refusal {
    code: "bad_request",
    message: "the request has a token in its address, which proxies write into their logs",
    hint: "send the token as `Authorization: Bearer <token>`, and revoke this one",
};

const TOO_FEW_SCOPES: Refusal = Refusal {
    code: "insufficient_scope",
    message: "the token lacks a scope that this request needs",
    hint: "sign in again and allow the scopes that WWW-Authenticate names",
};

const NO_GRANT: Refusal = Refusal {
    code: "no_grant",
    message: "the token is valid, but its user has no grant on this server",
    hint: "the person who runs this server gives grants to tokens by issuer, scopes and claims, in `rules` of CALLERS_FILE; signing in again does not help",
};

const NO_ISSUER_KEYS: Refusal = Refusal {
    code: "issuer_unavailable",
    message: "the token could not be checked: the keys of its issuer are not available",
    hint: "send the request again in a few seconds; the token may be valid",
};

/// Why a request is refused before [`Access`] is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    /// Two different credentials: a proxy in front may have checked the other one.
    Several,
    /// A token in the address.
    InQuery,
}

/// The credential in the request: a bearer token or `X-API-Key`. The same value in both counts once; an empty one does not
/// count.
fn presented<'a>(headers: &'a HeaderMap, query: &str) -> Result<Credential<'a>, Unfit> {
    let bearer = one(headers, header::AUTHORIZATION)?.and_then(bearer_token);
    let plain = one(headers, X_API_KEY)?.map(|value| value.as_bytes().trim_ascii());
    let there = |key: &&[u8]| !key.is_empty();
    // RFC 6750 allows a token in the query, but proxies and browsers write addresses into logs and histories.
    let is_in_query = |part: &str| part.split('=').next() == Some("access_token");
    // Refused rather than ignored, so that the client's author finds out.
    if query.split('&').any(is_in_query) {
        return Err(Unfit::InQuery);
    }
    match (bearer.filter(there), plain.filter(there)) {
        // A proxy might use the one and the server the other. Equal credentials are harmless.
        (Some(bearer), Some(plain)) if !bool::from(bearer.ct_eq(plain)) => Err(Unfit::Several),
        (Some(bearer), _) => Ok(Credential::Bearer(bearer)),
        (None, Some(plain)) => Ok(Credential::Key(plain)),
        (None, None) => Ok(Credential::None),
    }
}

fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&HeaderValue>, Unfit> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Unfit::Several),
    }
}

/// The scheme's name is case-insensitive (RFC 9110); tabs separate as spaces do.
fn bearer_token(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"Bearer")
        && token
            .first()
            .is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    is_bearer.then(|| token.trim_ascii())
}

/// A refused request: its answer, and what metrics and logs say of it.
struct Turned {
    answer: HttpResponse,
    reason: &'static str,
    outcome: Admission,
    /// Whether the caller may be guessing a key. Such callers get ever slower answers.
    is_guess: bool,
}

impl Turned {
    fn new(refusal: Refusal, status: StatusCode, challenge: Option<String>) -> Self {
        let answer = refusal.answer(status, |answer| {
            if let Some(challenge) = challenge {
                answer.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
        });
        Self {
            answer,
            reason: "",
            outcome: Admission::Refused,
            is_guess: true,
        }
    }

    fn unfit(unfit: Unfit, challenges: &Challenges) -> Self {
        let (refusal, reason) = match unfit {
            Unfit::Several => (DOUBTFUL, "two credentials"),
            Unfit::InQuery => (IN_QUERY, "token in the address"),
        };
        let challenge = challenges.invalid_request(refusal.message);
        Self {
            reason,
            ..Self::new(refusal, StatusCode::BAD_REQUEST, Some(challenge))
        }
    }

    fn refused(refused: Refused, challenges: &Challenges, has_issuers: bool) -> Self {
        let unauthorized = StatusCode::UNAUTHORIZED;
        match refused {
            Refused::Missing => Self {
                reason: "no key",
                // Every sign-in of an OAuth client begins without a token.
                is_guess: !has_issuers,
                ..Self::new(
                    if has_issuers { MISSING_TOKEN } else { MISSING },
                    unauthorized,
                    Some(challenges.missing()),
                )
            },
            // No hint whether a key of this form exists: the sender may be guessing.
            Refused::UnknownKey => Self {
                reason: "unknown key",
                ..Self::new(WRONG, unauthorized, Some(challenges.invalid_token(None)))
            },
            // After a challenge the client would throw away a token that is good.
            Refused::Token(Fault::Unavailable) => {
                let answer = NO_ISSUER_KEYS.answer(StatusCode::SERVICE_UNAVAILABLE, |answer| {
                    answer.insert_header((header::RETRY_AFTER, COME_BACK));
                });
                Self {
                    answer,
                    reason: Fault::Unavailable.description(),
                    outcome: Admission::Unavailable,
                    is_guess: false,
                }
            }
            Refused::Token(fault) => Self {
                reason: fault.description(),
                // Tokens are signed, so nobody guesses them.
                is_guess: false,
                ..Self::new(
                    of_token(fault),
                    unauthorized,
                    Some(challenges.invalid_token(Some(fault.description()))),
                )
            },
            Refused::NoGrant => Self {
                reason: "no grant",
                is_guess: false,
                // Signing in again would not help, so there is no challenge.
                ..Self::new(NO_GRANT, StatusCode::FORBIDDEN, None)
            },
            Refused::Scopes(needed) => Self {
                reason: "too few scopes",
                // Counted apart: the caller is known, so it is a mistake of set-up and not an
                // attack.
                outcome: Admission::Scope,
                is_guess: false,
                ..Self::new(
                    TOO_FEW_SCOPES,
                    StatusCode::FORBIDDEN,
                    Some(
                        challenges
                            .lacking(&needed, "the token lacks a scope that every call needs"),
                    ),
                )
            },
        }
    }
}

/// What is wrong with a token, and what to do about it.
fn of_token(fault: Fault) -> Refusal {
    let hint = match fault {
        Fault::Expired => "get a new one with the refresh token, or sign in again",
        Fault::TooEarly => {
            "check the clocks of the issuer and of this server; OAUTH_LEEWAY says how far they may differ"
        }
        Fault::Audience => {
            "ask the issuer for a token for this server: `resource` in the request must be what /.well-known/oauth-protected-resource says, and OAUTH_AUDIENCE what the issuer writes into `aud`"
        }
        Fault::Issuer => "sign in at an issuer that /.well-known/oauth-protected-resource names",
        Fault::NotAccess => {
            "send the access token, not the identity token; it must have a `scope` or `scp`"
        }
        Fault::Algorithm => {
            "have the issuer sign its tokens with an algorithm that OAUTH_ALGORITHMS of the server lists"
        }
        Fault::Bound => {
            "get a plain bearer token: this server does not support tokens that are bound to a key"
        }
        Fault::UnknownKey | Fault::Signature => "sign in again: the issuer may have new keys",
        Fault::Unreadable | Fault::Unavailable => {
            "send an access token in the form of a JWT, or an API key that the server knows"
        }
    };
    Refusal {
        code: "unauthorized",
        message: fault.description(),
        hint,
    }
}

/// The middleware of the `/mcp` scope.
pub(super) async fn check(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let parts = (
        request.app_data::<web::Data<Access>>().cloned(),
        request.app_data::<web::Data<Challenges>>().cloned(),
    );
    let (Some(access), Some(challenges)) = parts else {
        // Cannot happen: the routes put them there. If it does, nobody is let in.
        let turned = Turned::new(MISSING, StatusCode::UNAUTHORIZED, None);
        return Ok(request.into_response(turned.answer).map_into_right_body());
    };
    let (verdict, shown) = if access.is_needed() {
        judge(&request, &access, &challenges).await
    } else {
        // Without keys there is nothing to compare with, so a client that sends a key is as anonymous as the others.
        (Ok(Caller::anonymous(None)), Shown::Nothing)
    };
    // From here on no layer, log line or error can contain them.
    for secret in [header::AUTHORIZATION, X_API_KEY, header::COOKIE] {
        request.headers_mut().remove(secret);
    }
    let metrics = request.app_data::<web::Data<Metrics>>().cloned();
    let count = |outcome| {
        if let Some(metrics) = &metrics {
            metrics.admitted(shown, outcome);
        }
    };
    match verdict {
        Ok(mut caller) => {
            if !access.is_needed() {
                // The address of the connection: anybody can write a header with another one.
                // Callers without a name are counted by their address.
                caller.address = request.peer_addr().map(|address| address.ip());
            }
            if let Some(certificate) = request.conn_data::<Certificate>() {
                caller.note_certificate(&certificate.name);
            }
            count(Admission::Ok);
            // The request's log line is written by an outer layer, which cannot see the caller otherwise.
            observe::note_caller(&request, &caller);
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(turned) => {
            count(turned.outcome);
            if let Some(strangers) = request.app_data::<web::Data<Strangers>>().cloned() {
                let address = request.peer_addr().map(|address| address.ip());
                // Waits a moment before the refusal, which slows guessing.
                strangers
                    .refuse(address, turned.reason, turned.is_guess)
                    .await;
            }
            Ok(request.into_response(turned.answer).map_into_right_body())
        }
    }
}

async fn judge(
    request: &ServiceRequest,
    access: &Access,
    challenges: &Challenges,
) -> (Result<Caller, Turned>, Shown) {
    let credential = match presented(request.headers(), request.query_string()) {
        Ok(credential) => credential,
        // Before the lookup: two credentials must not be tried one after the other.
        Err(unfit) => return (Err(Turned::unfit(unfit, challenges)), Shown::Key),
    };
    let verdict = access.judge(credential).await;
    let shown = match (credential, &verdict) {
        (Credential::None, _) => Shown::Nothing,
        (_, Err(Refused::Token(_) | Refused::Scopes(_) | Refused::NoGrant)) => Shown::Token,
        (_, Ok(caller)) if caller.kind == Kind::Token => Shown::Token,
        _ => Shown::Key,
    };
    let verdict =
        verdict.map_err(|refused| Turned::refused(refused, challenges, access.has_issuers()));
    (verdict, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    fn shown(pairs: &[(&'static str, &'static str)]) -> Result<String, Unfit> {
        let headers = headers(pairs);
        presented(&headers, "").map(|credential| match credential {
            Credential::None => "none".to_owned(),
            Credential::Key(key) => format!("key {}", String::from_utf8_lossy(key)),
            Credential::Bearer(token) => format!("bearer {}", String::from_utf8_lossy(token)),
        })
    }

    #[test]
    fn a_credential_comes_in_either_header() {
        for (pair, credential) in [
            (("authorization", "Bearer second"), "bearer second"),
            (("authorization", "bearer  second "), "bearer second"),
            (("authorization", "BEARER\tsecond"), "bearer second"),
            (("x-api-key", "second"), "key second"),
            (("x-api-key", ""), "none"),
            (("authorization", "Bearer "), "none"),
            (("authorization", "Bearersecond"), "none"),
            (("authorization", "Basic Zmlyc3Q="), "none"),
            (("accept", "*/*"), "none"),
        ] {
            assert_eq!(shown(&[pair]).as_deref(), Ok(credential), "{pair:?}");
        }
    }

    #[test]
    fn credentials_that_differ_are_not_chosen_from() {
        let bearer = ("authorization", "Bearer first");
        for (other, verdict) in [
            (("x-api-key", "second"), Err(Unfit::Several)),
            (("x-api-key", "first"), Ok("bearer first".to_owned())),
            (("x-api-key", ""), Ok("bearer first".to_owned())),
            (("authorization", "Bearer first"), Err(Unfit::Several)),
            (("authorization", "Basic Zmlyc3Q="), Err(Unfit::Several)),
        ] {
            assert_eq!(shown(&[bearer, other]), verdict, "{other:?}");
        }
        let twice = [("x-api-key", "first"), ("x-api-key", "second")];
        assert_eq!(shown(&twice), Err(Unfit::Several));
    }

    #[test]
    fn a_token_in_the_address_is_refused_whatever_else_there_is() {
        for query in ["access_token=x", "a=1&access_token=", "access_token"] {
            let both = headers(&[("authorization", "Bearer first")]);
            assert_eq!(
                presented(&both, query).err(),
                Some(Unfit::InQuery),
                "{query}"
            );
        }
        assert!(presented(&HeaderMap::new(), "not_access_token=x").is_ok());
    }
}
