//! HTTP to the account's host: `snowflake_api`'s connection behind one small trait.
//!
//! The crate builds requests for four endpoints of one fixed host. [`Route`], a middleware, sends each to the endpoint and
//! host it is really for, with a time limit, and turns every status but success into an error of its own, so that an HTML
//! page from a proxy is never read as a reply. Trying again is decided here too, because only here is it known what may be
//! sent twice: the same `requestId` lets the service recognise a repetition, so a statement runs once however often its
//! request is sent.
//!
//! Nothing here logs a body or a header.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::Extensions;
use rand::Rng;
use reqwest::header::{ACCEPT, DATE, HeaderValue, RETRY_AFTER};
use reqwest::{Request, Response, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use serde_json::Value;
use snowflake_api::connection::{Connection, ConnectionError, QueryType};
use url::Url;
use uuid::Uuid;

use super::wire::Reply;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Endpoint, Reached};

/// First wait before another attempt; doubled each time, with jitter, up to [`MAX_BACKOFF`].
const BACKOFF: Duration = Duration::from_millis(250);

/// Longest wait between attempts, unless the service names a longer one.
const MAX_BACKOFF: Duration = Duration::from_secs(16);

/// How much longer than the time left an attempt may take: so that it is the deadline that ends it, and tells why, and not
/// a request that failed.
const PAST_DEADLINE: Duration = Duration::from_secs(1);

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// When a connection on which an answer is waited for is tried, and how often. A statement may keep its request waiting for
/// 45 s; a peer that is gone is noticed after 25 s, and the request sent again under its id while the caller still waits.
const KEEPALIVE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// Where the request under way goes. `Connection` offers no options for one call.
    static TARGET: Target;
}

#[derive(Clone)]
struct Target {
    url: Url,
    timeout: Duration,
}

/// For requests that are always wanted.
pub(super) static WANTED: AtomicBool = AtomicBool::new(true);

/// One request to the account's host. Not to be printed: it holds tokens, and a sign-in's body passwords.
pub(super) struct Call<'a> {
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
    /// Turns false when nobody wants the answer any more. A request under way goes on; it is not sent again.
    pub(super) is_wanted: &'a AtomicBool,
}

/// Why there was no reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// A status other than success.
    #[error("the host answered {status} to {path}")]
    Status {
        path: String,
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    /// No connection, a broken one, or no answer in time.
    #[error("the request to {path} failed: {reason}")]
    Network { path: String, reason: String },
    /// A reply that is not what the protocol has.
    #[error("the answer to {path} could not be read: {reason}")]
    Unreadable { path: String, reason: String },
}

impl Error {
    /// Whether the same request may succeed a moment later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            Self::Network { .. } | Self::Unreadable { .. } => true,
        }
    }

    /// Whether the host does not accept the token.
    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == StatusCode::UNAUTHORIZED)
    }

    /// Whether the host has nothing at this address.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == StatusCode::NOT_FOUND)
    }

    /// How long the host asks to be left alone.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What the query string of a repetition says of the attempt before.
    fn reason_code(&self) -> u16 {
        match self {
            Self::Status { status, .. } => status.as_u16(),
            _ => 0,
        }
    }
}

/// The way to the account's host. One implementation serves; the trait is the seam at which another could.
#[async_trait]
pub(super) trait Transport: Send + Sync {
    /// Sends a request, again where that helps, and reads the reply whatever it says.
    async fn send(&self, call: Call<'_>) -> Result<Reply, Error>;

    /// How many seconds the host's clock was ahead of ours when it last answered.
    fn clock_ahead(&self) -> i64;
}

/// `snowflake_api`'s connection, pointed at one host.
pub(super) struct Https {
    connection: Connection,
    base: Url,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
}

/// The host's time, from the `Date` of its answers. 0 until the first, and where both agree.
#[derive(Default)]
struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    fn note(&self, response: &Response) {
        let date = response.headers().get(DATE);
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok())
        else {
            return;
        };
        let ahead = date.timestamp().as_second() - jiff::Timestamp::now().as_second();
        self.ahead.store(ahead, Ordering::Relaxed);
    }
}

impl Https {
    /// A transport to `base`, which has a scheme, a host and perhaps a port.
    ///
    /// # Errors
    ///
    /// The TLS library could not be set up.
    pub(super) fn new(base: Url, metrics: Arc<Metrics>) -> Result<Self, reqwest::Error> {
        let clock = Arc::new(Clock::default());
        Ok(Self {
            connection: Connection::new_with_middware(client(Arc::clone(&clock))?),
            base,
            clock,
            metrics,
        })
    }

    fn url(&self, call: &Call<'_>, attempt: u32, reason: u16) -> Result<Url, Error> {
        let mut url = self
            .base
            .join(call.path)
            .map_err(|error| Error::Unreadable {
                path: call.path.to_owned(),
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
            for (name, value) in call.query {
                query.append_pair(name, value);
            }
            query.append_pair("requestId", &call.request_id.to_string());
            query.append_pair("request_guid", &Uuid::new_v4().to_string());
            query.append_pair("clientStartTime", &super::unix_millis().to_string());
            if attempt > 0 {
                query.append_pair("retryCount", &attempt.to_string());
                query.append_pair("retryReason", &reason.to_string());
            }
        }
        Ok(url)
    }

    async fn attempt(&self, call: &Call<'_>, url: Url, timeout: Duration) -> Result<Reply, Error> {
        let token = call
            .token
            .map(|token| format!("Snowflake Token=\"{token}\""));
        let target = Target { url, timeout };
        // The crate knows POST only; `Route` makes a GET of a request without a body.
        let empty = Value::Null;
        let kind = if call.body.is_some() && call.path.starts_with("/queries/v1") {
            QueryType::ArrowQuery
        } else {
            QueryType::JsonQuery
        };
        let sent = self.connection.request::<Reply>(
            kind,
            "account",
            &[],
            token.as_deref(),
            call.body.unwrap_or(&empty),
        );
        TARGET
            .scope(target, sent)
            .await
            .map_err(|error| translate(error, path_only(call.path)))
    }
}

#[async_trait]
impl Transport for Https {
    async fn send(&self, call: Call<'_>) -> Result<Reply, Error> {
        let endpoint = Endpoint::of(call.path);
        let mut backoff = BACKOFF;
        let mut reason = 0;
        let mut attempt = 0;
        loop {
            let left = call.deadline.saturating_duration_since(Instant::now());
            let url = self.url(&call, attempt, reason)?;
            let watch = self.metrics.request(endpoint, &url, attempt);
            let sent = self
                .attempt(&call, url, call.timeout.min(left + PAST_DEADLINE))
                .await;
            let (outcome, status) = reached(&sent);
            watch.ended(outcome, status);
            let error = match sent {
                Ok(mut reply) => {
                    reply.repeated = attempt;
                    return Ok(reply);
                }
                Err(error) => error,
            };
            let wait = error
                .retry_after()
                .unwrap_or_else(|| rand::rng().random_range(backoff / 2..=backoff));
            let left = call.deadline.saturating_duration_since(Instant::now());
            let is_wanted = || call.is_wanted.load(Ordering::Relaxed);
            if !error.is_transient() || attempt >= call.retries || wait >= left || !is_wanted() {
                return Err(error);
            }
            tracing::debug!(
                path = path_only(call.path),
                attempt,
                "trying again: {error}"
            );
            reason = error.reason_code();
            attempt += 1;
            self.metrics.snowflake_retried(endpoint);
            tokio::time::sleep(wait).await;
            if !is_wanted() {
                return Err(error);
            }
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }

    fn clock_ahead(&self) -> i64 {
        self.clock.ahead.load(Ordering::Relaxed)
    }
}

fn client(clock: Arc<Clock>) -> Result<ClientWithMiddleware, reqwest::Error> {
    let client = reqwest::Client::builder()
        .user_agent(super::USER_AGENT)
        .gzip(true)
        .referer(false)
        // A redirect would carry the token to wherever it points.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
        .tcp_keepalive_retries(3)
        .build()?;
    Ok(ClientBuilder::new(client).with(Route { clock }).build())
}

/// Sends what `Connection` built to where [`TARGET`] says.
struct Route {
    clock: Arc<Clock>,
}

#[async_trait]
impl Middleware for Route {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let target = TARGET
            .try_with(Clone::clone)
            .map_err(reqwest_middleware::Error::middleware)?;
        let path = target.url.path().to_owned();
        let is_get = request
            .body()
            .and_then(reqwest::Body::as_bytes)
            .is_some_and(|body| body == b"null");
        *request.url_mut() = target.url;
        *request.timeout_mut() = Some(target.timeout);
        if is_get {
            *request.method_mut() = reqwest::Method::GET;
            *request.body_mut() = None;
            request.headers_mut().remove(reqwest::header::CONTENT_TYPE);
            // A result comes as a statement's reply does; what else is asked for is plain JSON.
            let wanted = match path.starts_with("/queries/") {
                true => "application/snowflake",
                false => "application/json",
            };
            request
                .headers_mut()
                .insert(ACCEPT, HeaderValue::from_static(wanted));
        }
        let response = next.run(request, extensions).await?;
        self.clock.note(&response);
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(reqwest_middleware::Error::middleware(Error::Status {
            path,
            status,
            retry_after: retry_after(&response),
        }))
    }
}

/// How it ended, and the HTTP status where there was an answer.
fn reached(sent: &Result<Reply, Error>) -> (Reached, Option<u16>) {
    match sent {
        Ok(_) => (Reached::Ok, Some(200)),
        Err(Error::Status { status, .. }) => {
            let status = status.as_u16();
            (Reached::status(status), Some(status))
        }
        Err(Error::Network { .. }) => (Reached::Network, None),
        Err(Error::Unreadable { .. }) => (Reached::Unreadable, Some(200)),
    }
}

/// Seconds only: Snowflake sends no dates here, and a date would need the host's clock to be right.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

fn translate(error: ConnectionError, path: &str) -> Error {
    let path = path.to_owned();
    let plain = match error {
        ConnectionError::RequestMiddlewareError(reqwest_middleware::Error::Middleware(error)) => {
            return match error.downcast::<Error>() {
                Ok(error) => error,
                Err(error) => Error::Network {
                    path,
                    reason: error.to_string(),
                },
            };
        }
        ConnectionError::RequestMiddlewareError(reqwest_middleware::Error::Reqwest(error))
        | ConnectionError::RequestError(error) => error,
        other => {
            return Error::Unreadable {
                path,
                reason: other.to_string(),
            };
        }
    };
    // The address has the request's ids, which mean nothing to a reader.
    let plain = plain.without_url();
    let reason = crate::telemetry::chain(&plain).to_string();
    if plain.is_decode() {
        Error::Unreadable { path, reason }
    } else {
        Error::Network { path, reason }
    }
}

fn path_only(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}
