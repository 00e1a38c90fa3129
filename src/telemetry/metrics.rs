//! Every metric of the service, declared once: name, help, labels with their values, and buckets side by side.
//!
//! The table in the `metrics!` call is also the reference: [`reference()`] renders it as `docs/metrics.md`, and a test fails
//! when the two differ (`make docs` rewrites the file).
//!
//! To add a metric: one entry in the table, the unit in its name (`_seconds`, `_bytes`, `_total` for counters), and a
//! method on [`Metrics`] that records it. Callers use the method, so that no label is a loose string elsewhere. The values
//! of a label come from a closed set in [`labels`]; an object's name, a caller or an error text would make a new time series
//! each. `family` says how that saves the locks, so that a scrape never waits for a request nor a request for a scrape.

mod family;
mod guards;
pub mod labels;
#[cfg(target_os = "linux")]
mod process;
mod reference;
mod runtime;

use std::time::Duration;

use prometheus::{Encoder, Histogram, IntCounter, IntGauge, Opts, Registry, TextEncoder};

use self::family::Family;
pub use self::guards::{
    Acquire, Held, Lent, PoolNumbers, RequestWatch, ResultWatch, SetAside, Stopwatch,
};
use self::labels::{
    Acquired, Cause, Closed, Cut, Delivery, Endpoint, HTTP_METHODS, OUTCOMES, Phase, REVISIONS,
    ROUTES, RPC_METHODS, RPC_OUTCOMES, Reached, STATUSES, SessionState, SignIn, TOOLS, Verdict,
    place,
};
pub use self::reference::reference;

/// Latency buckets, in seconds.
///
/// From a list answered from memory (0.5 ms) over typical warehouse round trips (50 ms to 5 s) up to the longest wait a
/// call can be configured to have before it answers with a query handle.
const LATENCY: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 120.0,
];

/// Buckets for the steps of a query, in seconds: judging a statement takes microseconds, running it may take minutes.
const STEPS: &[f64] = &[
    0.000_05, 0.000_25, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 120.0,
];

/// One label of a metric and the values it can have.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values; empty where they describe the build and cannot change while the process lives.
    pub values: &'static [&'static str],
}

/// What the reference says of one metric, and what it is registered with.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Full name, with the unit.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// One sentence; doc comments as they were written, so with spaces around.
    help: &'static [&'static str],
    /// Labels, in the order values are given.
    pub labels: &'static [Label],
    /// Upper bounds; empty for what is no histogram.
    pub buckets: &'static [f64],
}

/// A kind of metric that can be made from its declaration.
trait Kind: Sized {
    /// As Prometheus calls it.
    const NAME: &'static str;

    /// Makes and registers it.
    fn register(declaration: &'static Declaration, registry: &Registry)
    -> prometheus::Result<Self>;
}

type Counters = Family<IntCounter>;
type Gauges = Family<IntGauge>;
type Histograms = Family<Histogram>;

/// Turns the table below into the struct, its registration and [`Metrics::DECLARED`].
macro_rules! metrics {
    ($(#[$outer:meta])* pub struct $struct:ident {
        $($(#[doc = $help:literal])+ $field:ident: $kind:ident = $name:literal
            [$($label:literal of $values:expr),*] $(in $buckets:ident)?;)+
    }) => {
        $(#[$outer])*
        pub struct $struct {
            registry: Registry,
            $($(#[doc = $help])+ $field: $kind,)+
        }

        impl $struct {
            /// Every metric there is, in the order of the reference.
            pub const DECLARED: &'static [Declaration] = &[$(Declaration {
                name: $name,
                kind: <$kind as Kind>::NAME,
                help: &[$($help),+],
                labels: &[$(Label { name: $label, values: $values }),*],
                buckets: metrics!(@buckets $($buckets)?),
            }),+];

            fn register(registry: Registry) -> prometheus::Result<Self> {
                let mut declared = Self::DECLARED.iter();
                // The fields are initialised in the order they are written, which is the order of the table.
                Ok(Self {
                    $($field: register_next(&mut declared, &registry)?,)+
                    registry,
                })
            }
        }
    };
    (@buckets) => { &[] };
    (@buckets $buckets:ident) => { $buckets };
}

metrics! {
    /// The metrics of one process. Made once by `app`, shared behind an `Arc`.
    pub struct Metrics {
        /// Always 1; the labels say which build this is and which warehouse it uses.
        build_info: BuildInfo = "snowflake_mcp_build_info" ["version" of &[], "revision" of &[], "warehouse" of &[]];
        /// 1 while `/readyz` answers 200, 0 while it answers 503.
        ready: IntGauge = "snowflake_mcp_ready" [];

        /// HTTP requests that were answered. Status 499 counts clients that left before their answer.
        http_requests: Counters = "snowflake_mcp_http_requests_total"
            ["route" of ROUTES, "method" of HTTP_METHODS, "status" of STATUSES];
        /// Time from a request's head to the last byte of its answer, or to the client's leaving.
        http_duration: Histograms = "snowflake_mcp_http_request_duration_seconds"
            ["route" of ROUTES, "method" of HTTP_METHODS] in LATENCY;
        /// HTTP requests being worked on now, streams included.
        http_in_flight: IntGauge = "snowflake_mcp_http_requests_in_flight" [];

        /// Requests of MCP, by the revision the client speaks and by outcome: `ok` or JSON-RPC's error. A tool that fails is a
        /// result, and `ok` here.
        rpc_requests: Counters = "snowflake_mcp_rpc_requests_total"
            ["method" of RPC_METHODS, "revision" of REVISIONS, "outcome" of RPC_OUTCOMES];
        /// Time from a request of MCP to its answer.
        rpc_duration: Histograms = "snowflake_mcp_rpc_request_duration_seconds" ["method" of RPC_METHODS] in LATENCY;
        /// Requests of MCP being worked on now.
        rpc_in_flight: IntGauge = "snowflake_mcp_rpc_requests_in_flight" [];

        /// Tool calls that were answered, by outcome: `ok` or an error code.
        tool_calls: Counters = "snowflake_mcp_tool_calls_total" ["tool" of TOOLS, "outcome" of OUTCOMES];
        /// Time from a tool call to its answer.
        tool_duration: Histograms = "snowflake_mcp_tool_call_duration_seconds" ["tool" of TOOLS] in LATENCY;
        /// Tool calls being worked on now.
        tools_in_flight: IntGauge = "snowflake_mcp_tool_calls_in_flight" [];
        /// Rows given to callers.
        tool_rows: Counters = "snowflake_mcp_tool_rows_total" ["tool" of TOOLS];
        /// Bytes of text given to callers.
        tool_bytes: Counters = "snowflake_mcp_tool_text_bytes_total" ["tool" of TOOLS];
        /// Calls that were stopped before their answer, by what ended them.
        stopped: Counters = "snowflake_mcp_tool_calls_stopped_total" ["cause" of Cause::WORDS];

        /// Statements judged: `approved`, or the rule that refused them.
        verdicts: Counters = "snowflake_mcp_statement_verdicts_total" ["verdict" of Verdict::WORDS];
        /// Time the steps of a query take. The first three are one observation each for every statement sent to the
        /// warehouse; `download` and `render` are the sums over a result.
        phases: Histograms = "snowflake_mcp_query_phase_duration_seconds" ["phase" of Phase::WORDS] in STEPS;
        /// Results that were cut, by the limit that was reached.
        cuts: Counters = "snowflake_mcp_results_truncated_total" ["limit" of Cut::WORDS];

        /// Sessions of the pool, by what they are doing. Their sum is the number of open sessions.
        sessions: Gauges = "snowflake_mcp_pool_sessions" ["state" of SessionState::WORDS];
        /// Sessions there may be: `SNOWFLAKE_POOL_MAX_SIZE`. 0 on the embedded engine, which has no pool.
        sessions_max: IntGauge = "snowflake_mcp_pool_sessions_max" [];
        /// Callers waiting for a session now.
        waiting: IntGauge = "snowflake_mcp_pool_waiting" [];
        /// Time callers wait for a session, by how the wait ended.
        acquired: Histograms = "snowflake_mcp_pool_acquire_duration_seconds" ["outcome" of Acquired::WORDS] in STEPS;
        /// Sign-ins, by how they ended. `held` ones were not tried, because the credentials had just been refused.
        sign_ins: Counters = "snowflake_mcp_pool_sign_ins_total" ["outcome" of SignIn::WORDS];
        /// Sessions that were closed, by reason.
        closes: Counters = "snowflake_mcp_pool_sessions_closed_total" ["reason" of Closed::WORDS];
        /// 1 while no sign-in is tried, because Snowflake has refused the credentials.
        breaker_open: IntGauge = "snowflake_mcp_pool_breaker_open" [];

        /// Attempts of requests to Snowflake and to its cloud storage, by purpose and by how they ended.
        snowflake_requests: Counters = "snowflake_mcp_snowflake_requests_total"
            ["endpoint" of Endpoint::WORDS, "outcome" of Reached::WORDS];
        /// Time one attempt of a request to Snowflake takes.
        snowflake_duration: Histograms = "snowflake_mcp_snowflake_request_duration_seconds"
            ["endpoint" of Endpoint::WORDS] in LATENCY;
        /// Attempts after the first, of requests to Snowflake.
        snowflake_retries: Counters = "snowflake_mcp_snowflake_retries_total" ["endpoint" of Endpoint::WORDS];
        /// Renewals of a session's token.
        renewals: Counters = "snowflake_mcp_snowflake_token_renewals_total" ["outcome" of Delivery::WORDS];
        /// Statements stopped in Snowflake because their call had ended: `ok` where Snowflake confirmed it.
        aborts: Counters = "snowflake_mcp_snowflake_aborts_total" ["outcome" of Delivery::WORDS];
        /// Bytes fetched from cloud storage, as they were sent.
        downloaded: IntCounter = "snowflake_mcp_snowflake_downloaded_bytes_total" [];

        /// Memory set aside for pieces of results that are fetched and not yet read; not above `DOWNLOAD_MEMORY_LIMIT`.
        download_memory: IntGauge = "snowflake_mcp_download_memory_bytes" [];

        /// Memory the embedded engine uses for data and statements; 0 on a Snowflake account.
        embedded_memory: IntGauge = "snowflake_mcp_embedded_memory_bytes" [];

        /// Spans of traces that are kept, by what became of them: `ok` were exported, `failed` could not be, and `dropped`
        /// found the queue full.
        spans: Counters = "snowflake_mcp_trace_spans_total" ["outcome" of Delivery::WORDS];
        /// Records of the audit log, by what became of them.
        audit: Counters = "snowflake_mcp_audit_records_total" ["outcome" of Delivery::WORDS];
    }
}

impl Metrics {
    /// Declares and registers everything, the process's own metrics (CPU, memory, file descriptors) included.
    ///
    /// # Errors
    ///
    /// A name or label Prometheus does not accept, or one declared twice. A test makes sure that there is none.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(process::Process::this()))?;
        Self::register(registry)
    }

    /// Adds what a runtime tells of itself.
    ///
    /// # Errors
    ///
    /// It was added before.
    pub fn watch_runtime(&self, runtime: tokio::runtime::Handle) -> prometheus::Result<()> {
        self.registry
            .register(Box::new(runtime::RuntimeCollector::new(runtime)?))
    }

    /// Everything, in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// Two metrics of one name with different kinds, which registration already refuses.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(64 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// The content type of [`Metrics::render`].
    pub const CONTENT_TYPE: &'static str = prometheus::TEXT_FORMAT;

    /// Says which build this is and which warehouse it uses.
    pub fn describe_build(&self, version: &str, revision: &str, warehouse: &str) {
        self.build_info
            .0
            .with_label_values(&[version, revision, warehouse])
            .set(1);
    }

    /// Readiness has changed, or was looked at.
    pub fn set_ready(&self, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
    }

    /// An HTTP request has come in.
    pub fn http_started(&self) {
        self.http_in_flight.inc();
    }

    /// An HTTP request has ended. A route, method or status that is not known counts as `other`.
    pub fn http_finished(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.http_in_flight.dec();
        let mut digits = [0; 3];
        let status = status_digits(status, &mut digits);
        let (route, method) = (place(ROUTES, route), place(HTTP_METHODS, method));
        count(
            self.http_requests
                .at([route, method, place(STATUSES, status)]),
        );
        observe(self.http_duration.at([route, method]), took);
    }

    /// How many HTTP requests are being worked on now.
    #[must_use]
    pub fn http_in_flight(&self) -> i64 {
        self.http_in_flight.get()
    }

    /// A request of MCP has come in; in flight until the value is dropped.
    pub fn rpc_started(&self) -> Held {
        Held::new(&self.rpc_in_flight)
    }

    /// A request of MCP was answered. Words that are not known count as `other`.
    pub fn rpc_finished(&self, method: &str, revision: &str, outcome: &str, took: Duration) {
        let method = place(RPC_METHODS, method);
        let (revision, outcome) = (place(REVISIONS, revision), place(RPC_OUTCOMES, outcome));
        count(self.rpc_requests.at([method, revision, outcome]));
        observe(self.rpc_duration.at([method]), took);
    }

    /// A call of a registered tool has come in.
    pub fn tool_started(&self) {
        self.tools_in_flight.inc();
    }

    /// A call has ended: `outcome` is `ok` or an error code. Words that are not known count as `other`.
    pub fn tool_finished(&self, tool: &str, outcome: &str, rows: u64, bytes: u64, took: Duration) {
        self.tools_in_flight.dec();
        let tool = place(TOOLS, tool);
        count(self.tool_calls.at([tool, place(OUTCOMES, outcome)]));
        observe(self.tool_duration.at([tool]), took);
        add(self.tool_rows.at([tool]), rows);
        add(self.tool_bytes.at([tool]), bytes);
    }

    /// A call was stopped before its answer.
    pub fn call_stopped(&self, cause: Cause) {
        count(self.stopped.at([cause.place()]));
    }

    /// A statement was judged.
    pub fn judged(&self, verdict: Verdict) {
        count(self.verdicts.at([verdict.place()]));
    }

    /// A step of a query has taken so long.
    pub fn phase_took(&self, phase: Phase, took: Duration) {
        observe(self.phases.at([phase.place()]), took);
    }

    /// A result was cut.
    pub fn cut(&self, cut: Cut) {
        count(self.cuts.at([cut.place()]));
    }

    /// A sign-in has ended.
    pub fn signed_in(&self, outcome: SignIn) {
        count(self.sign_ins.at([outcome.place()]));
    }

    /// A session is being closed.
    pub fn session_closed(&self, reason: Closed) {
        count(self.closes.at([reason.place()]));
    }

    /// Whether sign-ins are held back now.
    pub fn set_breaker(&self, is_open: bool) {
        self.breaker_open.set(i64::from(is_open));
    }

    /// One attempt of a request to Snowflake has ended.
    pub fn snowflake_answered(&self, endpoint: Endpoint, outcome: Reached, took: Duration) {
        count(
            self.snowflake_requests
                .at([endpoint.place(), outcome.place()]),
        );
        observe(self.snowflake_duration.at([endpoint.place()]), took);
    }

    /// A request to Snowflake is tried again.
    pub fn snowflake_retried(&self, endpoint: Endpoint) {
        count(self.snowflake_retries.at([endpoint.place()]));
    }

    /// A session's token was renewed, or could not be.
    pub fn renewed(&self, is_ok: bool) {
        count(self.renewals.at([Delivery::of(is_ok).place()]));
    }

    /// Snowflake was asked to stop a statement.
    pub fn aborted(&self, is_confirmed: bool) {
        count(self.aborts.at([Delivery::of(is_confirmed).place()]));
    }

    /// A piece of a result was fetched.
    pub fn downloaded(&self, bytes: usize) {
        self.downloaded
            .inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Sets memory aside for a piece of a result.
    pub fn set_aside(&self, bytes: u64) -> SetAside {
        SetAside::new(&self.download_memory, bytes)
    }

    /// How much memory the embedded engine uses now.
    pub fn set_embedded_memory(&self, bytes: u64) {
        self.embedded_memory
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// What became of so many spans.
    pub fn spans(&self, outcome: Delivery, spans: usize) {
        let spans = u64::try_from(spans).unwrap_or(u64::MAX);
        add(self.spans.at([outcome.place()]), spans);
    }

    /// What became of a record of the audit log.
    pub fn audited(&self, outcome: Delivery) {
        count(self.audit.at([outcome.place()]));
    }
}

impl Delivery {
    fn of(is_ok: bool) -> Self {
        if is_ok { Self::Ok } else { Self::Failed }
    }
}

fn count(counter: Option<&IntCounter>) {
    add(counter, 1);
}

fn add(counter: Option<&IntCounter>, by: u64) {
    if let Some(counter) = counter {
        counter.inc_by(by);
    }
}

fn observe(histogram: Option<&Histogram>, took: Duration) {
    if let Some(histogram) = histogram {
        histogram.observe(took.as_secs_f64());
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A status as text without asking the allocator on every request.
fn status_digits(status: u16, digits: &mut [u8; 3]) -> &str {
    let mut rest = status;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

fn register_next<K: Kind>(
    declared: &mut std::slice::Iter<'static, Declaration>,
    registry: &Registry,
) -> prometheus::Result<K> {
    let declaration = declared
        .next()
        .ok_or_else(|| prometheus::Error::Msg("more fields than declarations".into()))?;
    K::register(declaration, registry)
}

impl Declaration {
    /// The help text: the doc comment's lines as one.
    #[must_use]
    pub fn help(&self) -> String {
        let lines: Vec<&str> = self.help.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }

    /// The same for Prometheus, which shows it as plain text; the back-ticks are for the reference.
    fn plain_help(&self) -> String {
        self.help().replace('`', "")
    }

    fn opts(&self) -> Opts {
        Opts::new(self.name, self.plain_help())
    }
}

/// The one metric whose labels are no closed set: they are what was built and configured, and are set once.
struct BuildInfo(prometheus::IntGaugeVec);

impl Kind for BuildInfo {
    const NAME: &'static str = "gauge";

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let labels: Vec<&str> = declaration.labels.iter().map(|label| label.name).collect();
        let metric = prometheus::IntGaugeVec::new(declaration.opts(), &labels)?;
        registry.register(Box::new(metric.clone()))?;
        Ok(Self(metric))
    }
}

impl Kind for IntGauge {
    const NAME: &'static str = "gauge";

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let metric = Self::with_opts(declaration.opts())?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

impl Kind for IntCounter {
    const NAME: &'static str = "counter";

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let metric = Self::with_opts(declaration.opts())?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

#[cfg(test)]
mod tests;
