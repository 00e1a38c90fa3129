//! The table of metrics: what is measured, its name, its labels and buckets, one entry for each.

use prometheus::{Histogram, IntCounter, IntGauge, Registry};

use super::declaration::{BuildInfo, Declaration, Declared};
use super::labels::{
    AcquireOutcome, Admission, Cache, Cause, Closed, Credential, Cut, Delivery, Endpoint,
    Exchanged, IssuerPlace, Lookup, Phase, QueueRefusal, Reached, SessionState, Shown, SignIn,
    Verdict,
};
use super::lists::{
    Caller, HttpMethod, Outcome, Revision, Route, RpcMethod, RpcOutcome, Status, Tool,
    VirtualWarehouse,
};
use super::vectors::Vector;

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

type Counters<L> = Vector<IntCounter, L>;
type Gauges<L> = Vector<IntGauge, L>;
type Histograms<L> = Vector<Histogram, L>;

/// Turns the table below into the struct, its registration and [`Metrics::DECLARED`].
macro_rules! metrics {
    ($(#[$outer:meta])* pub struct $struct:ident {
        $($(#[doc = $help:literal])+ $field:ident: $kind:ty = $name:literal $(in $buckets:ident)?;)+
    }) => {
        $(#[$outer])*
        pub struct $struct {
            pub(super) registry: Registry,
            $($(#[doc = $help])+ pub(super) $field: $kind,)+
        }

        impl $struct {
            /// Every metric there is, in the order of the reference.
            pub const DECLARED: &'static [Declaration] = &[$(Declaration {
                name: concat!("snowflake_mcp_", $name),
                kind: <$kind as Declared>::KIND,
                help: &[$($help),+],
                labels: <$kind as Declared>::LABELS,
                buckets: metrics!(@buckets $($buckets)?),
            }),+];

            pub(super) fn register(registry: Registry) -> prometheus::Result<Self> {
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

fn register_next<D: Declared>(
    declared: &mut std::slice::Iter<'static, Declaration>,
    registry: &Registry,
) -> prometheus::Result<D> {
    let declaration = declared
        .next()
        .ok_or_else(|| prometheus::Error::Msg("more fields than declarations".into()))?;
    D::register(declaration, registry)
}

metrics! {
    /// The metrics of one process. Made once by `app`, shared behind an `Arc`.
    pub struct Metrics {
        /// Always 1; the labels say which build this is and which warehouse it uses.
        build_info: BuildInfo = "build_info";
        /// 1 while `/readyz` answers 200, 0 while it answers 503.
        ready: IntGauge = "ready";
        /// 1 if `CURSOR_SECRET` is set, so that any replica can return the next page of a result; 0 if only this
        /// process can.
        cursors_shared: IntGauge = "cursors_shared";

        /// HTTP requests that were answered. Status 499 counts clients that left before their answer.
        http_requests: Counters<(Route, HttpMethod, Status)> = "http_requests_total";
        /// Time from a request's head to the last byte of its answer, or until the client leaves.
        http_duration: Histograms<(Route, HttpMethod)> = "http_request_duration_seconds" in LATENCY;
        /// HTTP requests in flight, including streams.
        http_in_flight: IntGauge = "http_requests_in_flight";

        /// Requests to `/mcp`, by kind of credential and by outcome. `unavailable`: the keys of the token's issuer
        /// could not be fetched.
        auth: Counters<(Shown, Admission)> = "auth_total";
        /// Times `CALLERS_FILE` was read after a change. `failed`: it had errors, and the old contents stayed in force.
        callers_file: Counters<Delivery> = "callers_reload_total";
        /// Client certificates that were refused in the handshake, and requests that were refused because they had no
        /// valid one.
        client_certificates: IntCounter = "client_certificates_refused_total";
        /// Times the TLS files were read after a change or SIGHUP. `failed`: they had errors, and the old certificate
        /// stayed in force.
        tls_files: Counters<Delivery> = "tls_reload_total";
        /// Fetches of an issuer's keys, by the issuer's position in the settings and by outcome.
        issuer_keys: Counters<(IssuerPlace, Delivery)> = "jwks_refresh_total";
        /// When the keys in force were fetched, in seconds since 1970, by the issuer's position in the settings; 0 if
        /// there is no issuer, or its keys were not fetched yet.
        issuer_keys_at: Gauges<IssuerPlace> = "jwks_fetched_timestamp_seconds";

        /// Exchanges of callers' tokens for tokens for Snowflake (`SNOWFLAKE_IDENTITY=exchange`), by outcome.
        exchanges: Counters<Exchanged> = "token_exchanges_total";

        /// MCP requests, by the client's protocol revision and by outcome: `ok` or the JSON-RPC error. A tool that
        /// fails returns a result, and is `ok` here.
        rpc_requests: Counters<(RpcMethod, Revision, RpcOutcome)> = "rpc_requests_total";
        /// Time from an MCP request to its answer.
        rpc_duration: Histograms<RpcMethod> = "rpc_request_duration_seconds" in LATENCY;
        /// MCP requests in flight.
        rpc_in_flight: IntGauge = "rpc_requests_in_flight";

        /// Tool calls that were answered, by outcome: `ok` or an error code.
        tool_calls: Counters<(Tool, Outcome)> = "tool_calls_total";
        /// Time from a tool call to its answer.
        tool_duration: Histograms<Tool> = "tool_call_duration_seconds" in LATENCY;
        /// Tool calls in flight.
        tools_in_flight: IntGauge = "tool_calls_in_flight";
        /// Rows returned to callers.
        tool_rows: Counters<Tool> = "tool_rows_total";
        /// Bytes of text returned to callers.
        tool_bytes: Counters<Tool> = "tool_text_bytes_total";
        /// Calls that were stopped before their answer, by cause.
        stopped: Counters<Cause> = "tool_calls_stopped_total";

        /// Changes of `CUSTOM_TOOLS_FILE` that had errors, so that the old contents stayed in force.
        custom_tools_refused: IntCounter = "custom_tools_reload_failures_total";

        /// Tool calls by caller: `anonymous`, `local`, or the name of a key in the settings.
        caller_calls: Counters<(Caller, Outcome)> = "caller_calls_total";
        /// Rows returned to each caller.
        caller_rows: Counters<Caller> = "caller_rows_total";
        /// Bytes of text returned to each caller.
        caller_bytes: Counters<Caller> = "caller_text_bytes_total";
        /// Lookups in the caches of catalog answers and of names, by hit or miss.
        cache_lookups: Counters<(Cache, Lookup)> = "cache_lookups_total";

        /// Statements sent for callers, by the virtual warehouse that the call names: `default` if it names none,
        /// `other` if neither `SNOWFLAKE_WAREHOUSE` nor `ALLOWED_WAREHOUSES` contains the name.
        warehouse_statements: Counters<VirtualWarehouse> = "virtual_warehouse_statements_total";
        /// Bytes that statements would scan by Snowflake's estimate, for statements with an estimate
        /// (`MAX_SCAN_BYTES`).
        warehouse_bytes: Counters<VirtualWarehouse> = "virtual_warehouse_estimated_scan_bytes_total";
        /// Bytes that statements have scanned, as Snowflake reports after they end. Only statements that take a second
        /// or more are counted.
        warehouse_scanned: Counters<VirtualWarehouse> = "virtual_warehouse_scanned_bytes_total";
        /// Statements that run in the warehouse now while their call waits for them.
        statements_in_flight: IntGauge = "statements_in_flight";
        /// Statements that may run at once: `MAX_CONCURRENT_QUERIES`.
        statements_max: IntGauge = "statements_max";
        /// Client connections that are open now.
        connections: IntGauge = "http_connections";
        /// Most client connections: `MAX_CONNECTIONS` for each of `SERVER_WORKERS`.
        connections_max: IntGauge = "http_connections_max";

        /// Statements by the policy's verdict: `approved`, or the rule that refused them.
        verdicts: Counters<Verdict> = "statement_verdicts_total";
        /// Time of each step of a query. The first three have one observation for every statement sent to the
        /// warehouse; `download` and `render` are sums over a result.
        phases: Histograms<Phase> = "query_phase_duration_seconds" in STEPS;
        /// Results that were truncated, by the limit that was reached.
        cuts: Counters<Cut> = "results_truncated_total";

        /// Statements that wait in the queue now.
        queue_waiting: IntGauge = "queue_waiting";
        /// Time that admitted statements waited in the queue. Statements that did not wait are not counted.
        queue_waits: Histogram = "queue_wait_seconds" in STEPS;
        /// Statements that the queue refused, by reason.
        queue_refused: Counters<QueueRefusal> = "queue_refused_total";

        /// Sessions of the pool, by state. Their sum is the number of open sessions.
        sessions: Gauges<SessionState> = "pool_sessions";
        /// Most sessions: `SNOWFLAKE_POOL_MAX_SIZE`. 0 with the embedded engine, which has no pool.
        sessions_max: IntGauge = "pool_sessions_max";
        /// Callers waiting for a session now.
        waiting: IntGauge = "pool_waiting";
        /// Time that callers wait for a session, by outcome.
        acquired: Histograms<AcquireOutcome> = "pool_acquire_duration_seconds" in STEPS;
        /// Sign-ins, by outcome. `suppressed`: not tried, because the credentials had just been refused.
        sign_ins: Counters<SignIn> = "pool_sign_ins_total";
        /// Sessions that were closed, by reason.
        closes: Counters<Closed> = "pool_sessions_closed_total";
        /// 1 while no sign-in is tried, because Snowflake has refused the credentials.
        breaker_open: IntGauge = "pool_breaker_open";

        /// When the credential expires, in seconds since 1970; 0 if it does not say, or if there is none.
        credential_ends: Gauges<Credential> = "credential_expiry_timestamp_seconds";
        /// When the private key's file was last written, in seconds since 1970; 0 if there is none. A private key has
        /// no expiry of its own.
        key_written: IntGauge = "private_key_modified_timestamp_seconds";

        /// Attempts of requests to Snowflake and to its cloud storage, by endpoint and outcome.
        snowflake_requests: Counters<(Endpoint, Reached)> = "upstream_requests_total";
        /// Time of one attempt of a request to Snowflake.
        snowflake_duration: Histograms<Endpoint> = "upstream_request_duration_seconds" in LATENCY;
        /// Retries of requests to Snowflake.
        snowflake_retries: Counters<Endpoint> = "upstream_retries_total";
        /// Renewals of a session's token.
        renewals: Counters<Delivery> = "upstream_token_renewals_total";
        /// Statements stopped in Snowflake because their call had ended. `ok`: Snowflake confirmed it.
        aborts: Counters<Delivery> = "upstream_aborts_total";
        /// Bytes downloaded from cloud storage, before decompression.
        downloaded: IntCounter = "upstream_downloaded_bytes_total";

        /// Memory reserved for chunks of results that are being downloaded or not read yet; at most
        /// `DOWNLOAD_MEMORY_LIMIT`.
        download_memory: IntGauge = "download_memory_bytes";

        /// Memory that the embedded engine uses for data and statements; 0 with a Snowflake account.
        embedded_memory: IntGauge = "embedded_memory_bytes";

        /// Spans of sampled traces, by outcome: `ok` were exported, `failed` could not be exported, and for `dropped`
        /// the queue was full.
        spans: Counters<Delivery> = "trace_spans_total";
        /// Records of the audit log, by outcome.
        audit: Counters<Delivery> = "audit_records_total";
    }
}
