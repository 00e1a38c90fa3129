//! Gauges that count as long as a value lives, and stopwatches that stop when dropped: a call may be dropped at any await.

use std::time::{Duration, Instant};

use prometheus::IntGauge;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Metrics;
use super::labels::{AcquireOutcome, Endpoint, Phase, Reached, SessionState};
use crate::telemetry::traces;

/// Counts one in a gauge until it is dropped.
#[must_use = "counts for as long as it lives"]
#[derive(Debug)]
pub struct Held(IntGauge);

impl Held {
    pub(super) fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts memory for a chunk of a result until it is dropped.
#[must_use = "counts for as long as it lives"]
#[derive(Debug)]
pub struct SetAside {
    all: IntGauge,
    bytes: i64,
}

impl SetAside {
    pub(super) fn new(all: &IntGauge, bytes: u64) -> Self {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        all.add(bytes);
        Self {
            all: all.clone(),
            bytes,
        }
    }
}

impl Drop for SetAside {
    fn drop(&mut self) {
        self.all.sub(self.bytes);
    }
}

/// A caller that waits for a session. If it is dropped without an outcome, the caller has left.
#[must_use = "counts for as long as it lives"]
#[derive(Debug)]
pub struct Acquire<'a> {
    metrics: &'a Metrics,
    started: Instant,
    outcome: AcquireOutcome,
    _waiting: Held,
}

impl Acquire<'_> {
    /// The wait has ended like this.
    pub fn ended(mut self, outcome: AcquireOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let histogram = self.metrics.acquired.with(self.outcome);
        histogram.observe(self.started.elapsed().as_secs_f64());
    }
}

/// Measures a step of a query until it is dropped.
#[must_use = "measures for as long as it lives"]
#[derive(Debug)]
pub struct Stopwatch<'a> {
    metrics: &'a Metrics,
    phase: Phase,
    started: Instant,
    /// Ends with it.
    _span: Span,
    _in_flight: Option<Held>,
}

impl Drop for Stopwatch<'_> {
    fn drop(&mut self) {
        self.metrics.phase_took(self.phase, self.started.elapsed());
    }
}

/// Measures how a result is read: the time spent waiting for rows, and the time spent writing them.
#[must_use = "measures for as long as it lives"]
#[derive(Debug)]
pub struct ResultWatch<'a> {
    metrics: &'a Metrics,
    started: Instant,
    waited: Duration,
    span: Span,
}

impl ResultWatch<'_> {
    /// Waits for the next rows.
    pub async fn arrival<T>(&mut self, rows: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let rows = rows.await;
        self.waited += asked.elapsed();
        rows
    }
}

impl Drop for ResultWatch<'_> {
    fn drop(&mut self) {
        self.metrics.phase_took(Phase::Download, self.waited);
        let waited = self.waited.as_secs_f64();
        self.span
            .set_attribute("snowflake.download_seconds", waited);
        let rest = self.started.elapsed().saturating_sub(self.waited);
        self.metrics.phase_took(Phase::Render, rest);
    }
}

/// One attempt of a request to Snowflake. If it is dropped without an outcome, the attempt was abandoned.
#[must_use = "measures for as long as it lives"]
#[derive(Debug)]
pub struct RequestWatch<'a> {
    metrics: &'a Metrics,
    endpoint: Endpoint,
    started: Instant,
    outcome: Reached,
    status: Option<u16>,
    span: Span,
}

impl RequestWatch<'_> {
    /// The attempt's span: spans of HTTP libraries belong below it.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// The attempt has ended like this, with this HTTP status if there was an answer.
    pub fn ended(mut self, outcome: Reached, status: Option<u16>) {
        self.outcome = outcome;
        self.status = status;
    }
}

impl Drop for RequestWatch<'_> {
    fn drop(&mut self) {
        if let Some(status) = self.status {
            self.span
                .set_attribute("http.response.status_code", i64::from(status));
        }
        match (self.outcome, self.status) {
            // Abandoned, not failed.
            (Reached::Ok | Reached::Abandoned, _) => {}
            // The semantic conventions want the status as the kind of the error.
            (Reached::ClientError | Reached::ServerError, Some(status)) => {
                traces::fail(&self.span, status.to_string(), "");
            }
            (other, _) => traces::fail(&self.span, other.as_str(), ""),
        }
        self.metrics
            .snowflake_answered(self.endpoint, self.outcome, self.started.elapsed());
    }
}

/// The pool at one moment, as `/readyz?verbose` tells it. The numbers are read one after the other, so that under load
/// they may not add up to the last session.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PoolNumbers {
    /// Sessions there are, those signing in among them.
    pub open: i64,
    /// Sessions being signed in.
    pub opening: i64,
    /// Sessions that wait for a caller.
    pub idle: i64,
    /// Sessions that work for a caller.
    pub in_use: i64,
    /// Sessions there may be.
    pub max: i64,
    /// Callers waiting for one.
    pub waiting: i64,
    /// Whether sign-ins are held back because the credentials were refused.
    pub breaker_open: bool,
}

/// An address that may be shown. Addresses of cloud storage are signed: whoever reads one could fetch the rows. So the query
/// is left out everywhere; elsewhere it has only the numbers of requests.
fn shown(url: &url::Url, endpoint: Endpoint) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // An address without a host has nothing to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if endpoint == Endpoint::Chunk {
        url.set_path("/REDACTED");
    }
    url.into()
}

impl Metrics {
    /// Measures a step from now until the value is dropped.
    pub fn stopwatch(&self, phase: Phase) -> Stopwatch<'_> {
        self.step(phase, info_span!("step", otel.name = phase.as_str()), None)
    }

    /// Measures how a statement is run, from now until the value is dropped: in which system, as OpenTelemetry calls it, and
    /// what the statement is in a few words.
    pub fn statement(&self, system: &'static str, summary: Option<&str>) -> Stopwatch<'_> {
        let span = info_span!(
            "statement",
            otel.name = summary.unwrap_or(system),
            otel.kind = "client",
            db.system.name = system,
            db.query.summary = summary,
        );
        self.step(Phase::Execute, span, Some(&self.statements_in_flight))
    }

    fn step(&self, phase: Phase, span: Span, counted: Option<&IntGauge>) -> Stopwatch<'_> {
        Stopwatch {
            metrics: self,
            phase,
            started: Instant::now(),
            _span: span,
            _in_flight: counted.map(Held::new),
        }
    }

    /// An attempt of a request to Snowflake begins; `attempt` counts from 0.
    pub fn request(&self, endpoint: Endpoint, url: &url::Url, attempt: u32) -> RequestWatch<'_> {
        let method = match endpoint {
            Endpoint::Chunk | Endpoint::Result | Endpoint::Status => "GET",
            _ => "POST",
        };
        let span = info_span!(
            "request",
            otel.name = method,
            otel.kind = "client",
            http.request.method = method,
            http.request.resend_count = (attempt > 0).then(|| i64::from(attempt)),
            url.full = shown(url, endpoint),
            server.address = url.host_str().unwrap_or_default(),
            server.port = i64::from(url.port_or_known_default().unwrap_or(0)),
            snowflake.endpoint = endpoint.as_str(),
        );
        RequestWatch {
            metrics: self,
            endpoint,
            started: Instant::now(),
            outcome: Reached::Abandoned,
            status: None,
            span,
        }
    }

    /// A result begins to be read.
    pub fn result(&self) -> ResultWatch<'_> {
        ResultWatch {
            metrics: self,
            started: Instant::now(),
            waited: Duration::ZERO,
            span: info_span!("render"),
        }
    }

    /// A caller begins to wait for a session.
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire {
            metrics: self,
            started: Instant::now(),
            outcome: AcquireOutcome::Abandoned,
            _waiting: Held::new(&self.waiting),
        }
    }

    /// A session is in this state until the value is dropped.
    pub fn session(&self, state: SessionState) -> Held {
        Held::new(&self.sessions.with(state))
    }

    /// How many sessions the pool may have.
    pub fn set_pool_size(&self, max: usize) {
        self.sessions_max
            .set(i64::try_from(max).unwrap_or(i64::MAX));
    }

    /// The pool as it is now; `None` where there is none.
    #[must_use]
    pub fn pool(&self) -> Option<PoolNumbers> {
        let max = self.sessions_max.get();
        let sessions = |state: SessionState| self.sessions.with(state).get();
        let (opening, idle, in_use) = (
            sessions(SessionState::Opening),
            sessions(SessionState::Idle),
            sessions(SessionState::InUse),
        );
        (max > 0).then(|| PoolNumbers {
            open: opening + idle + in_use,
            opening,
            idle,
            in_use,
            max,
            waiting: self.waiting.get(),
            breaker_open: self.breaker_open.get() > 0,
        })
    }
}
