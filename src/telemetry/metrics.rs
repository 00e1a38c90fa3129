//! Every metric of the service, declared once: name, help, labels and buckets side by side.
//!
//! The table in the `metrics!` call is also the reference: [`reference()`] renders it as `docs/metrics.md`, and a test fails
//! when the two differ (`make docs` rewrites the file).
//!
//! To add a metric: one entry in the table, the unit in its name (`_seconds`, `_bytes`, `_total` for counters), and a
//! method on [`Metrics`] that records it. Callers use the method, so that no label is a loose string elsewhere. Labels take
//! values from a closed set only; an object's name, a caller or an error text would make a new time series each.

use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Latency buckets, in seconds.
///
/// From a list answered from memory (0.5 ms) over typical warehouse round trips (50 ms to 5 s) up to the longest wait a
/// call can be configured to have before it answers with a query handle.
const LATENCY: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 120.0,
];

/// What the reference says of one metric, and what it is registered with.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Full name, with the unit.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// One sentence; doc comments as they were written, so with spaces around.
    help: &'static [&'static str],
    /// Label names, in the order values are given.
    pub labels: &'static [&'static str],
    /// Upper bounds; empty for what is no histogram.
    pub buckets: &'static [f64],
}

/// A kind of metric that can be made from its declaration.
trait Kind: Sized {
    /// As Prometheus calls it.
    const NAME: &'static str;

    /// Makes and registers it.
    fn register(declaration: &Declaration, registry: &Registry) -> prometheus::Result<Self>;
}

/// Turns the table below into the struct, its registration and [`Metrics::DECLARED`].
macro_rules! metrics {
    ($(#[$outer:meta])* pub struct $struct:ident {
        $($(#[doc = $help:literal])+ $field:ident: $kind:ident = $name:literal
            [$($label:literal),*] $(in $buckets:ident)?;)+
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
                labels: &[$($label),*],
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
        build_info: IntGaugeVec = "snowflake_mcp_build_info" ["version", "revision", "warehouse"];
        /// HTTP requests that were answered. Status 499 counts clients that left before their answer.
        http_requests: IntCounterVec = "snowflake_mcp_http_requests_total" ["route", "method", "status"];
        /// Time from a request's head to the last byte of its answer, or to the client's leaving.
        http_duration: HistogramVec = "snowflake_mcp_http_request_duration_seconds" ["route", "method"] in LATENCY;
        /// HTTP requests being worked on now, streams included.
        http_in_flight: IntGauge = "snowflake_mcp_http_requests_in_flight" [];
        /// Tool calls that were answered, by outcome: `ok` or an error code.
        tool_calls: IntCounterVec = "snowflake_mcp_tool_calls_total" ["tool", "outcome"];
        /// Time from a tool call to its answer.
        tool_duration: HistogramVec = "snowflake_mcp_tool_call_duration_seconds" ["tool"] in LATENCY;
        /// Tool calls being worked on now.
        tools_in_flight: IntGauge = "snowflake_mcp_tool_calls_in_flight" [];
        /// Rows given to callers.
        tool_rows: IntCounterVec = "snowflake_mcp_tool_rows_total" ["tool"];
        /// 1 while `/readyz` answers 200, 0 while it answers 503.
        ready: IntGauge = "snowflake_mcp_ready" [];
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
        registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        Self::register(registry)
    }

    /// Everything, in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// Two metrics of one name with different kinds, which registration already refuses.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// The content type of [`Metrics::render`].
    pub const CONTENT_TYPE: &'static str = prometheus::TEXT_FORMAT;

    /// Says which build this is and which warehouse it uses.
    pub fn describe_build(&self, version: &str, revision: &str, warehouse: &str) {
        self.build_info
            .with_label_values(&[version, revision, warehouse])
            .set(1);
    }

    /// An HTTP request has come in.
    pub fn http_started(&self) {
        self.http_in_flight.inc();
    }

    /// An HTTP request has ended. `route` and `method` must come from a closed set.
    pub fn http_finished(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.http_in_flight.dec();
        let mut digits = [0; 3];
        self.http_requests
            .with_label_values(&[route, method, status_digits(status, &mut digits)])
            .inc();
        self.http_duration
            .with_label_values(&[route, method])
            .observe(took.as_secs_f64());
    }

    /// A call of a registered tool has come in.
    pub fn tool_started(&self) {
        self.tools_in_flight.inc();
    }

    /// A call has ended. `tool` is a registered name and `outcome` is `ok` or an error code.
    pub fn tool_finished(&self, tool: &str, outcome: &str, rows: u64, took: Duration) {
        self.tools_in_flight.dec();
        self.tool_calls.with_label_values(&[tool, outcome]).inc();
        self.tool_duration
            .with_label_values(&[tool])
            .observe(took.as_secs_f64());
        self.tool_rows.with_label_values(&[tool]).inc_by(rows);
    }

    /// How many HTTP requests are being worked on now.
    #[must_use]
    pub fn http_in_flight(&self) -> i64 {
        self.http_in_flight.get()
    }

    /// Readiness has changed, or was looked at.
    pub fn set_ready(&self, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
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
    declared: &mut std::slice::Iter<'_, Declaration>,
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

    fn opts(&self) -> Opts {
        // Prometheus shows help as plain text; the back-ticks are for the reference.
        Opts::new(self.name, self.help().replace('`', ""))
    }
}

impl Kind for IntCounterVec {
    const NAME: &'static str = "counter";

    fn register(declaration: &Declaration, registry: &Registry) -> prometheus::Result<Self> {
        let metric = Self::new(declaration.opts(), declaration.labels)?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

impl Kind for IntGaugeVec {
    const NAME: &'static str = "gauge";

    fn register(declaration: &Declaration, registry: &Registry) -> prometheus::Result<Self> {
        let metric = Self::new(declaration.opts(), declaration.labels)?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

impl Kind for IntGauge {
    const NAME: &'static str = "gauge";

    fn register(declaration: &Declaration, registry: &Registry) -> prometheus::Result<Self> {
        let metric = Self::with_opts(declaration.opts())?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

impl Kind for HistogramVec {
    const NAME: &'static str = "histogram";

    fn register(declaration: &Declaration, registry: &Registry) -> prometheus::Result<Self> {
        let opts = HistogramOpts::from(declaration.opts()).buckets(declaration.buckets.to_vec());
        let metric = Self::new(opts, declaration.labels)?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

/// The text of `docs/metrics.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "<!-- Generated by `make docs` from src/telemetry/metrics.rs. -->\n# Metrics\n\n\
         `GET /metrics` answers in the Prometheus text format, on `MANAGEMENT_PORT` when it is set and on `SERVER_PORT`\n\
         otherwise. Every label takes its values from a closed set, so the number of series is bounded.\n\n\
         | metric | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for metric in Metrics::DECLARED {
        let labels: Vec<String> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
        let labels = if labels.is_empty() {
            "–".to_owned()
        } else {
            labels.join(", ")
        };
        text.push_str(&format!(
            "| `{}` | {} | {labels} | {} |\n",
            metric.name,
            metric.kind,
            metric.help()
        ));
    }
    text.push_str(
        "\nOn Linux the process's own metrics come with them: `process_cpu_seconds_total`, `process_open_fds`,\n\
         `process_max_fds`, `process_resident_memory_bytes`, `process_virtual_memory_bytes`, `process_threads` and\n\
         `process_start_time_seconds`.\n",
    );
    let mut shown: Vec<&[f64]> = Vec::new();
    for metric in Metrics::DECLARED {
        let buckets = metric.buckets;
        if buckets.is_empty() || shown.contains(&buckets) {
            continue;
        }
        shown.push(buckets);
        let sharing = Metrics::DECLARED.iter().filter(|m| m.buckets == buckets);
        let names: Vec<String> = sharing.map(|m| format!("`{}`", m.name)).collect();
        let bounds: Vec<String> = buckets.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "\nBuckets of {}: {}.\n",
            names.join(" and "),
            bounds.join(", ")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_declared_can_be_registered_and_rendered() {
        let metrics = Metrics::new().unwrap();
        metrics.describe_build("1.2.3", "abc", "embedded");
        metrics.http_started();
        metrics.http_finished("/mcp", "POST", 200, Duration::from_millis(3));
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(text.contains(
            r#"snowflake_mcp_http_requests_total{method="POST",route="/mcp",status="200"} 1"#
        ));
        assert!(text.contains("snowflake_mcp_http_requests_in_flight 0"));
    }

    #[test]
    fn names_carry_our_prefix_and_the_unit() {
        for metric in Metrics::DECLARED {
            let name = metric.name;
            assert!(name.starts_with("snowflake_mcp_"), "{name}");
            assert_eq!(
                name.ends_with("_total"),
                metric.kind == "counter",
                "{name}: counters, and only they, end in _total"
            );
            if metric.kind == "histogram" {
                assert!(
                    ["_seconds", "_bytes", "_rows"]
                        .iter()
                        .any(|unit| name.ends_with(unit)),
                    "{name} does not say its unit"
                );
            }
            assert!(metric.help().ends_with('.'), "{name}: help is a sentence");
        }
    }

    #[test]
    fn a_status_is_written_with_three_digits() {
        assert_eq!(status_digits(200, &mut [0; 3]), "200");
        assert_eq!(status_digits(499, &mut [0; 3]), "499");
    }
}
