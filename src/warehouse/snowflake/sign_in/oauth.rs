//! OAuth client credentials: an access token fetched from an issuer and kept until shortly before it expires.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::error::Error;
use crate::config::types::Secret;
use crate::warehouse::snowflake::{account, intake};

/// A token this close to its end may expire on the way to Snowflake.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a token is kept whose issuer does not say: RFC 6749 only recommends that it does.
const UNSAID_LIFETIME: Duration = Duration::from_secs(300);

/// An OAuth client of an issuer.
#[derive(Debug, Clone)]
pub struct OauthClient {
    /// The client's id.
    pub id: String,
    /// The client's secret.
    pub secret: Secret,
    /// Where tokens are fetched.
    pub token_url: String,
    /// What to ask for.
    pub scope: Option<String>,
}

/// A client with the token it holds.
pub(super) struct TokenFetcher {
    client: OauthClient,
    url: Url,
    held: Mutex<Option<(SecretString, Instant)>>,
    /// Whoever holds this asks the issuer; the others wait for what comes of it.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
}

impl TokenFetcher {
    pub(super) fn new(client: OauthClient) -> Result<Self, Error> {
        let url = Url::parse(&client.token_url)
            .ok()
            .filter(|url| url.scheme() == "https" || account::is_loopback(url))
            .ok_or(Error::Setting {
                setting: "SNOWFLAKE_OAUTH_TOKEN_URL",
                expected: "an `https://` address; `http` is for loopback only",
            })?;
        Ok(Self {
            client,
            url,
            held: Mutex::new(None),
            asking: tokio::sync::Mutex::new(()),
        })
    }

    /// The token that is held, or a new one.
    pub(super) async fn token(&self, http: &Client) -> Result<SecretString, Error> {
        if let Some(token) = self.held_token() {
            return Ok(token);
        }
        let _asking = self.asking.lock().await;
        if let Some(token) = self.held_token() {
            return Ok(token);
        }
        let (token, lifetime) = self.fetch(http).await?;
        let until = Instant::now() + lifetime.saturating_sub(MARGIN);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        Ok(token)
    }

    /// Drops the token that is held. Whether there was one.
    pub(super) fn forget(&self) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.take().is_some()
    }

    fn held_token(&self) -> Option<SecretString> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .filter(|(_, until)| Instant::now() < *until)
            .map(|(token, _)| token.clone())
    }

    async fn fetch(&self, http: &Client) -> Result<(SecretString, Duration), Error> {
        let setting = "SNOWFLAKE_OAUTH_TOKEN_URL";
        let mut form = vec![("grant_type", "client_credentials")];
        if let Some(scope) = &self.client.scope {
            form.push(("scope", scope));
        }
        // RFC 6749, 2.3.1: id and secret are form-encoded before they become a user and a password.
        let encode =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = http
            .post(self.url.clone())
            .basic_auth(
                encode(&self.client.id),
                Some(encode(self.client.secret.expose_secret())),
            )
            .header("Accept", "application/json")
            .form(&form);
        let (status, body) = send(request, "the OAuth issuer", setting).await?;
        if !status.is_success() {
            let word = serde_json::from_slice::<Denied>(&body).map(|denied| denied.error);
            // Error codes are short words; anything else may repeat what was sent.
            let word = word.ok().filter(|word| {
                word.len() <= 64 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
            let setting = match word.as_deref() {
                Some("invalid_client" | "unauthorized_client") => {
                    "SNOWFLAKE_OAUTH_CLIENT_ID and SNOWFLAKE_OAUTH_CLIENT_SECRET"
                }
                Some("invalid_scope") => "SNOWFLAKE_OAUTH_SCOPE",
                _ => setting,
            };
            return Err(Error::Refused {
                who: "the OAuth issuer",
                reason: word.unwrap_or_else(|| status.to_string()),
                setting,
            });
        }
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| Error::Refused {
            who: "the OAuth issuer",
            reason: "its answer holds no access token".to_owned(),
            setting,
        })?;
        let lifetime = granted
            .expires_in
            // `expires_in` is only recommended (RFC 6749, 5.1).
            .map_or(UNSAID_LIFETIME, Duration::from_secs)
            .min(Duration::from_secs(86_400));
        Ok((SecretString::from(granted.access_token), lifetime))
    }
}

/// Sends a request and reads the answer. Trouble on the way or on the other side is [`Error::Unreachable`].
pub(super) async fn send(
    request: reqwest::RequestBuilder,
    who: &'static str,
    setting: &'static str,
) -> Result<(StatusCode, bytes::Bytes), Error> {
    // The address may carry parameters that concern nobody.
    let unreachable = |source: reqwest::Error| Error::Unreachable {
        who,
        setting,
        source: Some(source.without_url().into()),
    };
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    if status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
    {
        return Err(Error::Unreachable {
            who,
            setting,
            source: Some(status.to_string().into()),
        });
    }
    let body = intake::whole(answer, intake::SMALL).await;
    let body = body.map_err(|why| Error::Unreachable {
        who,
        setting,
        source: Some(why.into()),
    })?;
    Ok((status, body))
}
