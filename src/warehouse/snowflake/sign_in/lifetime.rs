//! How long a key or token lasts, so that somebody renews it in time.
//!
//! Snowflake's own words for a token that has ended are those for a wrong one, and the service stands still then.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What is known of it, in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::warehouse::snowflake) struct Lifetime {
    /// When the token ends, where it says so.
    pub(in crate::warehouse::snowflake) token_ends: Option<i64>,
    /// When the key's file was last written.
    pub(in crate::warehouse::snowflake) key_written: Option<i64>,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
}

impl Lifetime {
    pub(super) fn of_key(written: Option<SystemTime>) -> Self {
        let since = written.and_then(|written| written.duration_since(UNIX_EPOCH).ok());
        Self {
            key_written: since.and_then(|since| i64::try_from(since.as_secs()).ok()),
            ..Self::default()
        }
    }

    pub(super) fn of_token(token: Option<&SecretString>) -> Self {
        Self {
            token_ends: token.and_then(|token| end_of(token.expose_secret())),
            ..Self::default()
        }
    }
}

/// When a token ends that is a JWT, as programmatic access tokens and those of most issuers are. It is not verified: that is
/// for Snowflake, and here nothing depends on it but a number in the metrics.
fn end_of(token: &str) -> Option<i64> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    // RFC 7519 allows fractions. Beyond the year 9999 it is no time but a mistake.
    let end = claims
        .exp
        .filter(|end| (0.0..253_402_300_800.0).contains(end))?;
    jiff::SignedDuration::try_from_secs_f64(end)
        .ok()
        .map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_that_is_a_jwt_says_when_it_ends() {
        for (claims, end) in [
            (r#"{"exp":1900000000,"iss":"SF:1"}"#, Some(1_900_000_000)),
            (r#"{"exp":1900000000.75}"#, Some(1_900_000_000)),
            (r#"{"iss":"SF:1"}"#, None),
            (r#"{"exp":-1}"#, None),
            (r#"{"exp":1e300}"#, None),
            (r#"{"exp":"soon"}"#, None),
            ("no JSON", None),
        ] {
            assert_eq!(end_of(&jwt(claims)), end, "{claims}");
        }
    }

    #[test]
    fn one_that_is_none_says_nothing() {
        for token in ["", "opaque", "a.b", "a.b.c.d", "ver:1-hint:2-ETMsDg.x"] {
            assert_eq!(end_of(token), None, "{token}");
        }
    }

    #[test]
    fn a_key_has_the_time_of_its_file() {
        let written = UNIX_EPOCH + Duration::from_secs(5);
        assert_eq!(Lifetime::of_key(Some(written)).key_written, Some(5));
        assert_eq!(Lifetime::of_key(None), Lifetime::default());
    }
}
