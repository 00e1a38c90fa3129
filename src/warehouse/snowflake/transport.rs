//! HTTP to the account's host: one request out, one reply back, sent again where that helps.
//!
//! `snowflake_api`'s [`Connection`] makes the POSTs: headers, token, JSON both ways. It knows four paths of one host and
//! gives every request a new id, so each request brings a middleware of its own, [`Addressed`], that puts the real address
//! in; docs/decisions/0002-snowflake-driver.md says why. What holds for all requests, GETs among them, is in `layers`: it
//! turns every status but success into an error, so that an HTML page from a proxy is never read as a reply.
//!
//! Trying again is decided here too, because only here is it known what may be sent twice: the same `requestId` lets the
//! service recognise a repetition, so a statement runs once however often its request is sent.
//!
//! Nothing here logs a body or a header.

mod error;
mod layers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::Value;
use snowflake_api::connection::{Connection, ConnectionError, QueryType};
use tokio::sync::Mutex;
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

pub(super) use self::error::Error;
use self::error::{reached, translate};
use self::layers::{Addressed, Answered, Bounded, Clock};
use super::backoff::Backoff;
use super::contact::Contact;
use super::intake;
use super::memory::Memory;
use super::wire::Reply;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Endpoint;

/// First and longest wait before another attempt, unless the service names a longer one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(16);

/// How much longer than the time left an attempt may take: so that it is the deadline that ends it, and tells why, and not
/// a request that failed.
const PAST_DEADLINE: Duration = Duration::from_secs(1);

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// When a connection on which an answer is waited for is tried, and how often. A statement may keep its request waiting for
/// 45 s; a peer that is gone is noticed after 25 s, and the request sent again under its id while the caller still waits.
const KEEPALIVE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// For answers that have rows in them, or name their chunks: at the most some ten thousand, of 2 KB each. Memory ends sooner, see
/// [`Growing`](super::memory::Growing).
const ANSWER_LIMIT: u64 = 64 * 1024 * 1024;

/// One request to the account's host. Not to be printed: it holds tokens, and a sign-in's body passwords.
pub(super) struct Request<'a> {
    /// The path, with a query where the endpoint has one of its own: `/session?delete=true`.
    pub(super) path: &'a str,
    /// More of the query string.
    pub(super) query: &'a [(&'a str, String)],
    /// Names the request for the service; the same in every attempt.
    pub(super) request_id: Uuid,
    /// A session or master token.
    pub(super) token: Option<&'a str>,
    /// The body of a POST; a GET when there is none.
    pub(super) body: Option<&'a Value>,
    /// Limit of one attempt.
    pub(super) timeout: Duration,
    /// When no further attempt is worth making.
    pub(super) deadline: Instant,
    /// Attempts after the first, for failures that pass.
    pub(super) retries: u32,
    /// Turns false when nobody wants the answer any more; always wanted, where there is none. A request under way goes on; it
    /// is not sent again.
    pub(super) is_wanted: Option<&'a AtomicBool>,
}

/// The way to the account's host.
pub(super) struct Transport {
    client: ClientWithMiddleware,
    base: Url,
    clock: Arc<Clock>,
    memory: Memory,
    contact: Arc<Contact>,
    metrics: Arc<Metrics>,
}

impl Transport {
    /// A transport to `base`, which has a scheme, a host and perhaps a port.
    ///
    /// # Errors
    ///
    /// The TLS library could not be set up.
    pub(super) fn new(
        base: Url,
        memory: Memory,
        contact: Arc<Contact>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, reqwest::Error> {
        let clock = Arc::new(Clock::default());
        let client = reqwest::Client::builder()
            .user_agent(super::client::USER_AGENT)
            .gzip(true)
            .referer(false)
            // A redirect would carry the token to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(KEEPALIVE)
            .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
            .tcp_keepalive_retries(3)
            // Where the certificate's end is read from.
            .tls_info(true)
            .build()?;
        let answered = Answered {
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
        };
        Ok(Self {
            client: ClientBuilder::new(client).with(answered).build(),
            base,
            clock,
            memory,
            contact,
            metrics,
        })
    }

    /// Sends a request, again where that helps, and reads the reply whatever it says.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Reply, Error> {
        let sent = self.send_again(request).await;
        if sent.is_err() {
            self.contact.note_failure();
        }
        sent
    }

    /// Sends a request whose answer nobody misses: once, and what becomes of it says nothing of whether Snowflake answers.
    pub(super) async fn send_in_passing(&self, request: Request<'_>) -> Result<Reply, Error> {
        self.send_once(&request, 0, 0).await
    }

    async fn send_again(&self, request: Request<'_>) -> Result<Reply, Error> {
        let is_wanted = || {
            let is_wanted = request.is_wanted;
            is_wanted.is_none_or(|is_wanted| is_wanted.load(Ordering::Relaxed))
        };
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, request.retries);
        let mut reason = 0;
        let mut attempt = 0;
        loop {
            let made = Instant::now();
            let error = match self.send_once(&request, attempt, reason).await {
                Ok(mut reply) => {
                    self.contact.note();
                    reply.repeated = attempt;
                    return Ok(reply);
                }
                Err(error) => error,
            };
            if error.is_transient() {
                // With the time at which the attempt began: an answer to a later request proves more recent contact.
                self.contact.note_attempt_failed(made);
            }
            if !error.is_transient() || !is_wanted() {
                return Err(error);
            }
            let Some(wait) = backoff.next_before(request.deadline, error.retry_after()) else {
                return Err(error);
            };
            let path = path_only(request.path);
            tracing::debug!(path, attempt, "trying again: {error}");
            reason = error.reason_code();
            attempt += 1;
            self.metrics.snowflake_retried(Endpoint::of(request.path));
            tokio::time::sleep(wait).await;
            if !is_wanted() {
                return Err(error);
            }
        }
    }

    /// One attempt, measured.
    async fn send_once(
        &self,
        request: &Request<'_>,
        attempt: u32,
        reason: u16,
    ) -> Result<Reply, Error> {
        let left = request.deadline.saturating_duration_since(Instant::now());
        let url = self.url(request, attempt, reason)?;
        let watch = self
            .metrics
            .request(Endpoint::of(request.path), &url, attempt);
        let limit = request.timeout.min(left + PAST_DEADLINE);
        let sent = self.attempt(request, url, limit);
        let sent = sent.instrument(watch.span()).await;
        let (outcome, status) = reached(&sent);
        watch.ended(outcome, status);
        sent
    }

    /// How many seconds the host's clock was ahead of ours when it last answered.
    pub(super) fn clock_ahead(&self) -> i64 {
        self.clock.ahead()
    }

    fn url(&self, request: &Request<'_>, attempt: u32, reason: u16) -> Result<Url, Error> {
        let mut url = self
            .base
            .join(request.path)
            .map_err(|error| Error::Unreadable {
                path: request.path.to_owned(),
                reason: error.to_string(),
            })?;
        // The path may come from a reply (`getResultUrl`); the token must not follow it to another host.
        if url.origin() != self.base.origin() {
            return Err(Error::Unreadable {
                path: "a result's address".to_owned(),
                reason: "it points to another host than the account's".to_owned(),
            });
        }
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in request.query {
                query.append_pair(name, value);
            }
            // The same in every attempt, by which Snowflake recognises a retry; `request_guid` is new in each.
            query.append_pair("requestId", &request.request_id.to_string());
            query.append_pair("request_guid", &Uuid::new_v4().to_string());
            query.append_pair("clientStartTime", &super::client::unix_millis().to_string());
            if attempt > 0 {
                query.append_pair("retryCount", &attempt.to_string());
                query.append_pair("retryReason", &reason.to_string());
            }
        }
        Ok(url)
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        url: Url,
        limit: Duration,
    ) -> Result<Reply, Error> {
        let path = path_only(request.path);
        let token = request
            .token
            .map(|token| format!("Snowflake Token=\"{token}\""));
        // Whoever reads that a name does not resolve or nobody answers wants to know which host it is.
        let host = url.host_str().unwrap_or_default();
        let asked = match url.port() {
            Some(port) => format!("{host}:{port}{path}"),
            None => format!("{host}{path}"),
        };
        let memory = Arc::new(Mutex::new(self.memory.begin()));
        let bounded = Bounded {
            limit: if path.starts_with("/queries/") || path.starts_with("/monitoring/") {
                ANSWER_LIMIT
            } else {
                intake::SMALL
            },
            memory: Arc::clone(&memory),
        };
        let client = ClientBuilder::from_client(self.client.clone()).with(bounded);
        let sent = async {
            match request.body {
                Some(body) => post(client, url, token.as_deref(), body).await,
                None => get(client.build(), url, token.as_deref()).await,
            }
        };
        match tokio::time::timeout(limit, sent).await {
            Ok(Ok(mut reply)) => {
                if let Some(data) = &mut reply.data {
                    // The body is read and gone: nobody else has it.
                    data.held = Arc::into_inner(memory).map(Mutex::into_inner);
                }
                Ok(reply)
            }
            Ok(Err(error)) => Err(translate(error, &asked)),
            Err(_) => Err(Error::Network {
                path: asked,
                reason: format!("no answer within {:.1} s", limit.as_secs_f64()),
            }),
        }
    }
}

async fn post(
    client: ClientBuilder,
    url: Url,
    token: Option<&str>,
    body: &Value,
) -> Result<Reply, ConnectionError> {
    let kind = if url.path().starts_with("/queries/v1") {
        QueryType::ArrowQuery
    } else {
        QueryType::JsonQuery
    };
    Connection::new_with_middware(client.with(Addressed(url)).build())
        .request(kind, "account", &[], token, body)
        .await
}

async fn get(
    client: ClientWithMiddleware,
    url: Url,
    token: Option<&str>,
) -> Result<Reply, ConnectionError> {
    // A result comes as a statement's reply does; what else is asked for is plain JSON.
    let wanted = if url.path().starts_with("/queries/") {
        "application/snowflake"
    } else {
        "application/json"
    };
    let mut request = client.get(url).header(ACCEPT, wanted);
    if let Some(token) = token {
        let mut token = HeaderValue::from_str(token)?;
        // Keeps the token out of debug output of the HTTP libraries.
        token.set_sensitive(true);
        request = request.header(AUTHORIZATION, token);
    }
    Ok(request.send().await?.json().await?)
}

fn path_only(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}
