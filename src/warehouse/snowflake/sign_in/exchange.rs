//! A caller's token, exchanged for one that Snowflake accepts: RFC 8693, or Entra's on-behalf-of flow.
//!
//! The caller's own token goes to the issuer's token end-point and nowhere else. What comes back is bounded in time and size, must
//! name the same subject and be another token, and is kept for each role until shortly before it ends: in memory, never on disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::blocking::blocking;
use super::error::{Error, ExchangeFault};
use super::token::TokenSource;
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Exchanged as Outcome;
use crate::warehouse::Person;
use crate::warehouse::snowflake::{account, intake};

/// For one exchange, from the request to the last byte of the answer.
const TIME: Duration = Duration::from_secs(10);

/// An end-point that takes longer than this and gives no answer hangs.
const HANGS: Duration = Duration::from_secs(2);

/// How long it is left alone then. Whoever waits for it holds a place among the sessions, and others need those: persons whose
/// tokens are there, and the service itself.
const LEFT_ALONE: Duration = Duration::from_secs(5);

const WHO: &str = "the token end-point";
const SETTING: &str = "SNOWFLAKE_EXCHANGE_URL";

/// Longest answer. A token with hundreds of groups has some 8 KiB.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Longest token, as for those of callers.
const LONGEST_TOKEN: usize = 16 << 10;

/// A token this close to its end may expire on the way to Snowflake; one that lives for less than four times this is renewed after
/// three quarters of its life.
const MARGIN: Duration = Duration::from_secs(60);

/// Beyond this a token's life is not believed.
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// Tokens that are kept for one person: one for each role.
const MOST_HELD: usize = 32;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// How an issuer is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// RFC 8693.
    TokenExchange,
    /// Microsoft Entra.
    OnBehalfOf,
}

/// Where and how tokens are exchanged.
#[derive(Debug, Clone)]
pub struct ExchangeOptions {
    /// The token end-point.
    pub url: String,
    /// How it is asked.
    pub profile: Profile,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: TokenSource,
    /// Whom the token is for, by name.
    pub audience: Option<String>,
    /// The same by address.
    pub resource: Option<String>,
    /// What it must allow, with `{role}` where the role's name belongs.
    pub scope: String,
    /// Where tokens name the person.
    pub subject_claim: String,
}

/// Exchanges tokens.
pub(in crate::warehouse::snowflake) struct Exchanger {
    options: ExchangeOptions,
    url: Url,
    http: Client,
    metrics: Arc<Metrics>,
    outage: Mutex<Outage>,
}

/// When the end-point last hung; no more once it has answered.
#[derive(Debug, Default)]
struct Outage(Option<Instant>);

/// One person's tokens for Snowflake.
pub(super) struct Wallet {
    exchanger: Arc<Exchanger>,
    /// As it came last: with the newest token.
    person: Mutex<Arc<Person>>,
    held: Mutex<HashMap<Option<Identifier>, Held>>,
    /// Whoever holds this asks the issuer; the others wait for what comes of it.
    asking: tokio::sync::Mutex<()>,
}

/// A token for Snowflake.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) token: SecretString,
    renew: Instant,
    pub(super) ends: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<Value>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
}

impl ExchangeOptions {
    /// Reads our secret there, and asks nobody.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is none.
    pub fn try_reading(&self) -> Result<(), Error> {
        self.client_secret.read().map(drop)
    }
}

impl Exchanger {
    /// # Errors
    ///
    /// The address cannot be asked.
    pub(in crate::warehouse::snowflake) fn new(
        options: ExchangeOptions,
        http: Client,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Error> {
        let url = Url::parse(&options.url)
            .ok()
            .filter(|url| url.scheme() == "https" || account::is_loopback(url))
            .ok_or(Error::Setting {
                setting: "SNOWFLAKE_EXCHANGE_URL",
                expected: "an `https://` address; `http` is for loopback only",
            })?;
        Ok(Self {
            options,
            url,
            http,
            metrics,
            outage: Mutex::default(),
        })
    }

    /// The scope for a role. A role's name may hold anything, and what stands in a scope must not become a second one.
    fn scope(&self, role: Option<&Identifier>) -> Result<String, Error> {
        let scope = &self.options.scope;
        if !scope.contains("{role}") {
            return Ok(scope.clone());
        }
        let role = role.ok_or(Error::Exchange(ExchangeFault::NoRole))?.as_str();
        let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if role.is_empty() || !role.chars().all(fits) {
            return Err(Error::Exchange(ExchangeFault::Role));
        }
        Ok(scope.replace("{role}", role))
    }

    async fn exchange(&self, person: &Person, role: Option<&Identifier>) -> Result<Held, Error> {
        let began = Instant::now();
        // While the issuer hangs, each call would wait for the whole time limit. Those in between
        // are told at once.
        if !self.outage().admits(began) {
            self.metrics.exchanged(Outcome::Failed);
            return Err(Error::LeftAlone {
                who: WHO,
                setting: SETTING,
            });
        }
        let outcome = match tokio::time::timeout(TIME, self.ask(person, role)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unreachable(format!(
                "no answer within {} s",
                TIME.as_secs()
            ))),
        };
        let is_away = outcome.as_ref().is_err_and(Error::is_transient);
        self.outage()
            .ended(Instant::now(), is_away && began.elapsed() >= HANGS);
        self.metrics.exchanged(match &outcome {
            Ok(_) => Outcome::Ok,
            Err(error) if error.is_transient() => Outcome::Failed,
            Err(_) => Outcome::Refused,
        });
        outcome
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, person: &Person, role: Option<&Identifier>) -> Result<Held, Error> {
        let scope = self.scope(role)?;
        let source = self.options.client_secret.clone();
        // The file may lie on a mount that hangs.
        let secret = blocking(move || source.read()).await?;
        let subject_token = person.token.expose_secret();
        let client_id = self.options.client_id.as_str();
        let request = self
            .http
            .post(self.url.clone())
            .header("Accept", "application/json");
        let request = match self.options.profile {
            Profile::TokenExchange => {
                let mut form = vec![
                    (
                        "grant_type",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                    ),
                    ("subject_token", subject_token),
                    ("subject_token_type", ACCESS_TOKEN),
                    ("requested_token_type", ACCESS_TOKEN),
                    ("scope", scope.as_str()),
                ];
                form.extend(self.options.audience.as_deref().map(|it| ("audience", it)));
                form.extend(self.options.resource.as_deref().map(|it| ("resource", it)));
                // RFC 6749, 2.3.1: id and secret are form-encoded before they become a user and a password.
                request
                    .basic_auth(encoded(client_id), Some(encoded(secret.expose_secret())))
                    .form(&form)
            }
            Profile::OnBehalfOf => request.form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", subject_token),
                ("requested_token_use", "on_behalf_of"),
                ("scope", scope.as_str()),
                ("client_id", client_id),
                ("client_secret", secret.expose_secret()),
            ]),
        };
        let (status, body) = answer(request).await?;
        if status != StatusCode::OK {
            return Err(Error::Exchange(denied(status, &body)));
        }
        self.judge(&body, person)
    }

    /// What came is not trusted beyond its use: Snowflake checks its signature, and here it must be this person's.
    fn judge(&self, body: &[u8], person: &Person) -> Result<Held, Error> {
        let unfit = |what| Error::Exchange(ExchangeFault::Answer(what));
        let granted: Granted =
            serde_json::from_slice(body).map_err(|_| unfit("it holds no access token"))?;
        let token = granted.access_token;
        if token.len() > LONGEST_TOKEN {
            return Err(unfit("its token is longer than 16 KiB"));
        }
        if token == person.token.expose_secret() {
            return Err(unfit(
                "it is the caller's own token, which goes to nobody else",
            ));
        }
        let claims = claims(&token).ok_or_else(|| unfit("its token is no JWT"))?;
        let subject = claims
            .get(&self.options.subject_claim)
            .and_then(Value::as_str);
        // A mix-up at the issuer would run statements as somebody else.
        if subject != Some(&*person.subject) {
            return Err(unfit(
                "its token does not name the caller, in the claim of OAUTH_SUBJECT_CLAIM",
            ));
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let said = granted.expires_in.as_ref().and_then(seconds);
        let ends = claims.get("exp").and_then(seconds);
        let ends = ends.ok_or_else(|| unfit("its token does not say when it ends"))?;
        let life = ends
            .saturating_sub(now)
            .min(said.unwrap_or(LONGEST_LIFE))
            // A token that is kept for very long would outlive the person's rights.
            .min(LONGEST_LIFE);
        if life.is_zero() {
            return Err(unfit("its token has ended already"));
        }
        let came = Instant::now();
        Ok(Held {
            token: SecretString::from(token),
            // A quarter at most: the margin for hours would be all of a token of a minute.
            renew: came + life.saturating_sub(MARGIN.min(life / 4)),
            ends: came + life,
        })
    }
}

impl Outage {
    /// Whether the end-point may be asked now. While it hangs, one asks again from time to time.
    fn admits(&mut self, now: Instant) -> bool {
        let Some(last) = self.0 else { return true };
        let is_time = now.saturating_duration_since(last) >= LEFT_ALONE;
        if is_time {
            self.0 = Some(now);
        }
        is_time
    }

    fn ended(&mut self, now: Instant, hangs: bool) {
        self.0 = hangs.then_some(now);
    }
}

impl Wallet {
    pub(super) fn new(exchanger: Arc<Exchanger>, person: Arc<Person>) -> Self {
        Self {
            exchanger,
            person: Mutex::new(person),
            held: Mutex::default(),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// The person has come again, perhaps with a newer token.
    pub(super) fn came(&self, person: &Arc<Person>) {
        *self.person.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(person);
    }

    /// A token for this role: the one that is held, or a new one.
    pub(super) async fn token(&self, role: Option<&Identifier>) -> Result<Held, Error> {
        if let Some(held) = self.held_for(role) {
            return Ok(held);
        }
        let _asking = self.asking.lock().await;
        if let Some(held) = self.held_for(role) {
            return Ok(held);
        }
        let person = Arc::clone(&self.person.lock().unwrap_or_else(PoisonError::into_inner));
        let fresh = self.exchanger.exchange(&person, role).await?;
        let mut held = self.held();
        let now = Instant::now();
        held.retain(|_, held| now < held.renew);
        if held.len() < MOST_HELD {
            held.insert(role.cloned(), fresh.clone());
        }
        Ok(fresh)
    }

    /// Drops what is held. Whether there was anything.
    pub(super) fn forget(&self) -> bool {
        let mut held = self.held();
        let had_any = !held.is_empty();
        held.clear();
        had_any
    }

    fn held_for(&self, role: Option<&Identifier>) -> Option<Held> {
        let held = self.held();
        held.get(&role.cloned())
            .filter(|held| Instant::now() < held.renew)
            .cloned()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Option<Identifier>, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn unreachable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unreachable {
        who: WHO,
        setting: SETTING,
        source: Some(why.into()),
    }
}

/// Status and body, the body bounded. No redirect is followed: the client of this room never does.
async fn answer(request: reqwest::RequestBuilder) -> Result<(StatusCode, bytes::Bytes), Error> {
    // The address may carry parameters that concern nobody.
    let answer = request
        .send()
        .await
        .map_err(|error| unreachable(error.without_url()))?;
    let status = answer.status();
    if status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
    {
        return Err(unreachable(status.to_string()));
    }
    match intake::whole(answer, LONGEST_ANSWER).await {
        Ok(body) => Ok((status, body)),
        // The next one would be as long.
        Err(intake::Unread::TooLarge { .. }) => {
            Err(Error::Exchange(ExchangeFault::Answer("it is too long")))
        }
        Err(why) => Err(unreachable(why)),
    }
}

/// Whose fault it is, by the error codes of RFC 6749, RFC 8693 and Entra.
fn denied(status: StatusCode, body: &[u8]) -> ExchangeFault {
    let Ok(Denied { error }) = serde_json::from_slice(body) else {
        return ExchangeFault::Answer("it is neither a token nor an error of OAuth");
    };
    match error.as_str() {
        "invalid_grant" | "invalid_request" | "invalid_token" => ExchangeFault::Subject,
        "interaction_required" | "consent_required" | "login_required" => ExchangeFault::Consent,
        "invalid_scope" | "access_denied" => ExchangeFault::Role,
        "invalid_client" | "unauthorized_client" => ExchangeFault::Client,
        "unsupported_grant_type" => ExchangeFault::Grant,
        "invalid_target" => ExchangeFault::Target,
        _ if status == StatusCode::UNAUTHORIZED => ExchangeFault::Client,
        _ => ExchangeFault::Answer("it is an error that is not known here"),
    }
}

/// What a token says, whoever signed it.
fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Seconds, as a number or as some issuers write it: a text.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_point_that_hangs_is_asked_by_one_from_time_to_time() {
        let mut outage = Outage::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(outage.admits(at(0)) && outage.admits(at(0)));
        outage.ended(at(10), true);
        assert!(!outage.admits(at(10)) && !outage.admits(at(14)));
        assert!(outage.admits(at(15)));
        assert!(!outage.admits(at(15)), "one is enough to find out");
        outage.ended(at(25), true);
        assert!(!outage.admits(at(29)));
        assert!(outage.admits(at(30)));
        outage.ended(at(31), false);
        assert!(outage.admits(at(31)) && outage.admits(at(31)));
    }
}
