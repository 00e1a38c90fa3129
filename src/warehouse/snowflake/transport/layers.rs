//! What holds for every request: it goes to its own address, its answer is bounded, and nothing but success is an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use http::Extensions;
use reqwest::Response;
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest_middleware::{Middleware, Next};
use tokio::sync::Mutex;
use url::Url;

use super::error::Error;
use crate::telemetry::certificate;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Credential;
use crate::telemetry::traces;
use crate::warehouse::snowflake::intake::{self, Unread};
use crate::warehouse::snowflake::memory::Growing;

/// Lets no more of an answer be read than its limit and its memory allow: bodies are read to their end otherwise.
pub(super) struct Bounded {
    pub(super) limit: u64,
    pub(super) memory: Arc<Mutex<Growing>>,
}

#[async_trait]
impl Middleware for Bounded {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let response = next.run(request, extensions).await?;
        // The body of another is not read.
        if !response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let memory = Arc::clone(&self.memory);
        let pieces = intake::bounded(response, self.limit).then(move |piece| {
            let memory = Arc::clone(&memory);
            async move {
                let piece = piece?;
                let room = memory.lock().await.grow(piece.len()).await;
                room.map_err(Unread::NoRoom)?;
                Ok::<_, Unread>(piece)
            }
        });
        let mut bounded = http::Response::new(reqwest::Body::wrap_stream(pieces));
        *bounded.status_mut() = status;
        *bounded.headers_mut() = headers;
        Ok(bounded.into())
    }
}

/// Sends what [`snowflake_api::connection::Connection`] has made to where it is for: its own address is always one of four of one host.
pub(super) struct Addressed(pub(super) Url);

#[async_trait]
impl Middleware for Addressed {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        request.url_mut().clone_from(&self.0);
        next.run(request, extensions).await
    }
}

/// Says which span a request belongs to, lets nothing but success through, and notes the host's time and certificate.
pub(super) struct Answered {
    pub(super) clock: Arc<Clock>,
    pub(super) metrics: Arc<Metrics>,
}

#[async_trait]
impl Middleware for Answered {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        traces::tell(request.headers_mut());
        let response = next.run(request, extensions).await?;
        self.clock.note(&response);
        let shown = response.extensions().get::<reqwest::tls::TlsInfo>();
        if let Some(end) = shown.and_then(|shown| certificate::end_of(shown.peer_certificate()?)) {
            self.metrics.set_end(Credential::Certificate, end);
        }
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(reqwest_middleware::Error::middleware(Error::Status {
            path: response.url().path().to_owned(),
            status,
            retry_after: retry_after(&response),
        }))
    }
}

/// The host's time, from the `Date` of its answers. 0 until the first, and where both agree.
#[derive(Default)]
pub(super) struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    /// How many seconds it was ahead of ours when the host last answered.
    pub(super) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

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

/// Seconds only: Snowflake sends no dates here, and a date would need the host's clock to be right.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}
