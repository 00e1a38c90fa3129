//! Every metric of the service, declared once, in the table in `table.rs`: name, help, labels and buckets side by side.
//!
//! The table is also the reference: [`reference()`] renders it as `docs/metrics.md`, and a test fails when the two differ
//! (`make docs` rewrites the file).
//!
//! To add a metric: one entry in the table, the unit in its name (`_seconds`, `_bytes`, `_total` for counters), and a
//! method on [`Metrics`] that records it. Labels are types of [`labels`] and [`lists`], whose values come from a closed set: an object's
//! name or an error text would make a new time series each.

mod declaration;
mod guards;
pub mod label;
pub mod labels;
pub mod lists;
#[cfg(target_os = "linux")]
mod process;
mod reference;
mod runtime;
mod table;
mod vectors;

use std::time::Duration;

use prometheus::{Encoder, Registry, TextEncoder};

pub use self::declaration::{Declaration, LabelInfo};
pub use self::guards::{
    Acquire, Held, PoolNumbers, RequestWatch, ResultWatch, SetAside, Stopwatch,
};
use self::labels::{
    Admission, Cache, Cause, Closed, Credential, Cut, Delivery, Endpoint, IssuerPlace, Lookup,
    Phase, QueueRefusal, Reached, Shown, SignIn, Verdict,
};
use self::lists::{
    Caller, HttpMethod, Outcome, Revision, Route, RpcMethod, RpcOutcome, Status, Tool,
    VirtualWarehouse,
};
pub use self::reference::reference;
pub use self::table::Metrics;

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
        let (route, method) = (Route::of(route), HttpMethod::of(method));
        let answered = (route, method, Status::of(status));
        self.http_requests.with(answered).inc();
        let duration = self.http_duration.with((route, method));
        duration.observe(took.as_secs_f64());
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
        let method = RpcMethod::of(method);
        let answered = (method, Revision::of(revision), RpcOutcome::of(outcome));
        self.rpc_requests.with(answered).inc();
        let duration = self.rpc_duration.with(method);
        duration.observe(took.as_secs_f64());
    }

    /// A call of a registered tool has come in; in flight until the value is dropped.
    pub fn tool_started(&self) -> Held {
        Held::new(&self.tools_in_flight)
    }

    /// A call has ended: `outcome` is `ok` or an error code. Words that are not known count as `other`.
    pub fn tool_finished(&self, tool: &str, outcome: &str, rows: u64, bytes: u64, took: Duration) {
        let (tool, outcome) = (Tool::of(tool), Outcome::of(outcome));
        self.tool_calls.with((tool, outcome)).inc();
        let duration = self.tool_duration.with(tool);
        duration.observe(took.as_secs_f64());
        self.tool_rows.with(tool).inc_by(rows);
        self.tool_bytes.with(tool).inc_by(bytes);
    }

    /// The same for its caller. A name that is not in the settings counts as `other`.
    pub fn caller_served(&self, caller: &str, outcome: &str, rows: u64, bytes: u64) {
        let caller = Caller::of(caller);
        let called = (caller, Outcome::of(outcome));
        self.caller_calls.with(called).inc();
        self.caller_rows.with(caller).inc_by(rows);
        self.caller_bytes.with(caller).inc_by(bytes);
    }

    /// A statement is sent to a virtual warehouse; `None` is the usual one.
    pub fn sent_to(&self, warehouse: Option<&str>) {
        let warehouse = VirtualWarehouse::of(warehouse.unwrap_or("default"));
        self.warehouse_statements.with(warehouse).inc();
    }

    /// It was estimated to scan so much there.
    pub fn would_scan(&self, warehouse: Option<&str>, bytes: u64) {
        let warehouse = VirtualWarehouse::of(warehouse.unwrap_or("default"));
        self.warehouse_bytes.with(warehouse).inc_by(bytes);
    }

    /// It has scanned so much there.
    pub fn scanned(&self, warehouse: Option<&str>, bytes: u64) {
        let warehouse = VirtualWarehouse::of(warehouse.unwrap_or("default"));
        self.warehouse_scanned.with(warehouse).inc_by(bytes);
    }

    /// Whether any replica reads the cursors of this one.
    pub fn set_cursors_shared(&self, are_shared: bool) {
        self.cursors_shared.set(i64::from(are_shared));
    }

    /// When a credential ends, in seconds since 1970; 0 where that is not known.
    pub fn set_end(&self, credential: Credential, seconds: i64) {
        self.credential_ends.with(credential).set(seconds);
    }

    /// When the private key's file was last written, in seconds since 1970; 0 where there is none.
    pub fn set_key_written(&self, seconds: i64) {
        self.key_written.set(seconds);
    }

    /// A cache was asked.
    pub fn looked_up(&self, cache: Cache, is_there: bool) {
        let outcome = if is_there { Lookup::Hit } else { Lookup::Miss };
        self.cache_lookups.with((cache, outcome)).inc();
    }

    /// How much there may be at once: statements in the warehouse, connections of clients.
    pub fn set_limits(&self, statements: usize, connections: usize) {
        let number = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        self.statements_max.set(number(statements));
        self.connections_max.set(number(connections));
    }

    /// A client has connected; counted until the value is dropped.
    pub fn connected(&self) -> Held {
        Held::new(&self.connections)
    }

    /// A call was stopped before its answer.
    pub fn call_stopped(&self, cause: Cause) {
        self.stopped.with(cause).inc();
    }

    /// A change of the operator's tools was not taken over.
    pub fn custom_tools_refused(&self) {
        self.custom_tools_refused.inc();
    }

    /// A statement was judged.
    pub fn judged(&self, verdict: Verdict) {
        self.verdicts.with(verdict).inc();
    }

    /// A step of a query has taken so long.
    pub fn phase_took(&self, phase: Phase, took: Duration) {
        self.phases.with(phase).observe(took.as_secs_f64());
    }

    /// A result was cut.
    pub fn cut(&self, cut: Cut) {
        self.cuts.with(cut).inc();
    }

    /// A sign-in has ended.
    pub fn signed_in(&self, outcome: SignIn) {
        self.sign_ins.with(outcome).inc();
    }

    /// A session is being closed.
    pub fn session_closed(&self, reason: Closed) {
        self.closes.with(reason).inc();
    }

    /// Whether sign-ins are held back now.
    pub fn set_breaker(&self, is_open: bool) {
        self.breaker_open.set(i64::from(is_open));
    }

    /// One attempt of a request to Snowflake has ended.
    pub fn snowflake_answered(&self, endpoint: Endpoint, outcome: Reached, took: Duration) {
        self.snowflake_requests.with((endpoint, outcome)).inc();
        let duration = self.snowflake_duration.with(endpoint);
        duration.observe(took.as_secs_f64());
    }

    /// A request to Snowflake is tried again.
    pub fn snowflake_retried(&self, endpoint: Endpoint) {
        self.snowflake_retries.with(endpoint).inc();
    }

    /// A statement waits to be let in until the value is dropped.
    pub fn queued(&self) -> Held {
        Held::new(&self.queue_waiting)
    }

    /// A statement was let in after so long.
    pub fn waited_in_queue(&self, time: Duration) {
        self.queue_waits.observe(time.as_secs_f64());
    }

    /// A statement was not let in.
    pub fn refused_in_queue(&self, why: QueueRefusal) {
        self.queue_refused.with(why).inc();
    }

    /// A session's token was renewed, or could not be.
    pub fn renewed(&self, is_ok: bool) {
        self.renewals.with(Delivery::of(is_ok)).inc();
    }

    /// Snowflake was asked to stop a statement.
    pub fn aborted(&self, is_confirmed: bool) {
        self.aborts.with(Delivery::of(is_confirmed)).inc();
    }

    /// A chunk of a result was fetched.
    pub fn downloaded(&self, bytes: usize) {
        self.downloaded
            .inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Sets memory aside for a chunk of a result.
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
        self.spans.with(outcome).inc_by(spans);
    }

    /// Whether a request was let in, and what it showed.
    pub fn admitted(&self, shown: Shown, outcome: Admission) {
        self.auth.with((shown, outcome)).inc();
    }

    /// What became of a changed `CALLERS_FILE`.
    pub fn callers_read(&self, outcome: Delivery) {
        self.callers_file.with(outcome).inc();
    }

    /// A client's certificate was refused, or was missing.
    pub fn certificate_refused(&self) {
        self.client_certificates.inc();
    }

    /// What became of the files of TLS when they were read again.
    pub fn tls_read(&self, outcome: Delivery) {
        self.tls_files.with(outcome).inc();
    }

    /// What became of a fetch of an issuer's keys; `place` is its number in the settings.
    pub fn issuer_keys_fetched(&self, place: usize, outcome: Delivery) {
        let place = IssuerPlace::of(place);
        self.issuer_keys.with((place, outcome)).inc();
        if outcome == Delivery::Ok {
            self.issuer_keys_at
                .with(place)
                .set(jiff::Timestamp::now().as_second());
        }
    }

    /// The issuer of this number is accepted no more: its keys have no age.
    pub fn issuer_left(&self, place: usize) {
        self.issuer_keys_at.with(IssuerPlace::of(place)).set(0);
    }

    /// A caller's token was to be exchanged.
    pub fn exchanged(&self, outcome: labels::Exchanged) {
        self.exchanges.with(outcome).inc();
    }

    /// What became of a record of the audit log.
    pub fn audited(&self, outcome: Delivery) {
        self.audit.with(outcome).inc();
    }
}

impl Delivery {
    fn of(is_ok: bool) -> Self {
        if is_ok { Self::Ok } else { Self::Failed }
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

#[cfg(test)]
mod tests;
