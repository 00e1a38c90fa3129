//! Fetches the keys of an issuer, from where its metadata says they are.
//!
//! Fetched data is trusted as little as possible: redirects are not followed, answers are limited in time and size, and
//! the metadata must name exactly the issuer.

use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use super::options::IssuerOptions;
use crate::identity::token::KeySet;

/// For one answer, from the request to its last byte.
const TIME: Duration = Duration::from_secs(5);

/// Longest answer. A set of a hundred keys with certificates has a fifth of it.
const MOST_BYTES: usize = 512 << 10;

/// Where the keys of one issuer come from.
#[derive(Debug)]
pub(super) struct Source {
    http: Client,
    issuer: String,
    /// From the settings.
    fixed: Option<String>,
    /// From the metadata, until it fails.
    found: Option<Url>,
    allows_http_here: bool,
}

/// Keys that came.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    /// How long the issuer wants them kept.
    pub(super) max_age: Option<Duration>,
}

/// The part of the metadata that matters (RFC 8414; OpenID Connect Discovery).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Option<String>,
}

impl Source {
    pub(super) fn new(http: Client, options: &IssuerOptions) -> Self {
        Self {
            http,
            issuer: options.issuer.clone(),
            fixed: options.jwks_url.clone(),
            found: None,
            allows_http_here: options.allows_http_here,
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Fetches the keys.
    ///
    /// # Errors
    ///
    /// What went wrong, in words of our own: what the other side sent is not repeated.
    pub(super) async fn fetch(&mut self) -> Result<Fetched, String> {
        let url = match (&self.fixed, &self.found) {
            (Some(fixed), _) => self.url(fixed)?,
            (None, Some(found)) => found.clone(),
            (None, None) => self.discover().await?,
        };
        let fetched = self.keys_at(&url).await;
        self.found = fetched.is_ok().then_some(url);
        fetched
    }

    async fn keys_at(&self, url: &Url) -> Result<Fetched, String> {
        let (body, max_age) = self.get(url).await?;
        let keys = KeySet::read(&body).map_err(|reason| format!("{url}: {reason}"))?;
        Ok(Fetched { keys, max_age })
    }

    /// Asks for the metadata at each place it may be; the first that is right counts.
    async fn discover(&self) -> Result<Url, String> {
        let mut reason = String::new();
        for url in places(&self.issuer).ok_or("the issuer is not a URL")? {
            match self.metadata_at(&url).await {
                Ok(found) => return Ok(found),
                Err(why) if reason.is_empty() => reason = why,
                Err(why) => reason = format!("{reason}; {why}"),
            }
        }
        Err(reason)
    }

    async fn metadata_at(&self, url: &Url) -> Result<Url, String> {
        let (body, _) = self.get(url).await?;
        let metadata: Metadata = serde_json::from_slice(&body)
            .map_err(|_| format!("{url}: the answer is not an issuer's metadata"))?;
        // RFC 8414, 3.3: otherwise one issuer's metadata could bring keys for another's tokens.
        if metadata.issuer != self.issuer {
            return Err(format!(
                "{url}: the metadata names another issuer; set OAUTH_ISSUER, or `issuer` in CALLERS_FILE, to exactly what `iss` of its tokens is"
            ));
        }
        let keys = metadata
            .jwks_uri
            .ok_or_else(|| format!("{url}: the metadata has no jwks_uri"))?;
        // The metadata may name any host, as some issuers do; it must still be https.
        self.url(&keys)
    }

    /// An address that may be asked.
    fn url(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|_| {
            "the address of the keys (jwks_uri of the metadata, or OAUTH_JWKS_URL) is not a URL"
                .to_owned()
        })?;
        // The error messages contain the address.
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address of the keys (jwks_uri of the metadata, or OAUTH_JWKS_URL) has a user or a password"
                .to_owned());
        }
        let is_safe = url.scheme() == "https" || (self.allows_http_here && is_here(&url));
        is_safe.then_some(url).ok_or_else(|| {
            "the address of the keys (jwks_uri of the metadata, or OAUTH_JWKS_URL) is not https"
                .to_owned()
        })
    }

    async fn get(&self, url: &Url) -> Result<(Vec<u8>, Option<Duration>), String> {
        let answer = tokio::time::timeout(TIME, self.read(url)).await;
        let seconds = TIME.as_secs();
        answer.unwrap_or_else(|_| Err(format!("{url}: no answer within {seconds} s")))
    }

    async fn read(&self, url: &Url) -> Result<(Vec<u8>, Option<Duration>), String> {
        let unreachable = |error: reqwest::Error| {
            format!("{url}: {}", crate::telemetry::chain(&error.without_url()))
        };
        let request = self
            .http
            .get(url.clone())
            .header(ACCEPT, "application/json");
        let mut answer = request.send().await.map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{url}: status {}", answer.status().as_u16()));
        }
        let max_age = answer
            .headers()
            .get(CACHE_CONTROL)
            .and_then(|value| max_age(value.to_str().ok()?));
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(unreachable)? {
            // Counted while it arrives: `Content-Length` may be missing or wrong.
            if body.len() + piece.len() > MOST_BYTES {
                return Err(format!(
                    "{url}: the answer is longer than {MOST_BYTES} bytes"
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok((body, max_age))
    }
}

/// The places where the metadata may be: RFC 8414 and OpenID Connect with the issuer's path at the end, then OpenID Connect
/// with the path in front.
fn places(issuer: &str) -> Option<Vec<Url>> {
    let base = Url::parse(issuer).ok()?;
    let path = base.path().trim_end_matches('/');
    let mut places: Vec<Url> = Vec::new();
    for place in [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ] {
        let mut url = base.clone();
        url.set_path(&place);
        // For an issuer without a path, two of the three are the same.
        if !places.contains(&url) {
            places.push(url);
        }
    }
    Some(places)
}

fn is_here(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn max_age(cache_control: &str) -> Option<Duration> {
    cache_control
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age="))
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_the_standards_put_it() {
        let found = |issuer: &str| -> Vec<String> {
            let places = places(issuer).unwrap();
            places.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            found("https://login.example.com/realms/a"),
            [
                "https://login.example.com/.well-known/oauth-authorization-server/realms/a",
                "https://login.example.com/.well-known/openid-configuration/realms/a",
                "https://login.example.com/realms/a/.well-known/openid-configuration",
            ]
        );
        let bare = [
            "https://t.example.com/.well-known/oauth-authorization-server",
            "https://t.example.com/.well-known/openid-configuration",
        ];
        assert_eq!(found("https://t.example.com/"), bare);
        assert_eq!(found("https://t.example.com"), bare);
    }

    #[test]
    fn keys_come_over_tls_but_for_those_of_this_machine() {
        let source = |allows_http_here| Source {
            http: Client::new(),
            issuer: String::new(),
            fixed: None,
            found: None,
            allows_http_here,
        };
        for (url, here, production) in [
            ("https://login.example.com/keys", true, true),
            ("http://127.0.0.1:9410/jwks", true, false),
            ("http://[::1]/jwks", true, false),
            ("http://login.example.com/keys", false, false),
            ("http://127.0.0.1.example.com/keys", false, false),
            ("file:///etc/passwd", false, false),
            ("https://user:secret@login.example.com/keys", false, false),
        ] {
            assert_eq!(source(true).url(url).is_ok(), here, "{url}");
            assert_eq!(source(false).url(url).is_ok(), production, "{url}");
        }
    }

    #[test]
    fn how_long_keys_may_be_kept_is_read() {
        assert_eq!(
            max_age("public, max-age=120"),
            Some(Duration::from_secs(120))
        );
        assert_eq!(max_age("no-store"), None);
        assert_eq!(max_age("max-age=x"), None);
    }
}
