//! What is logged and exported.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use envconfig::Envconfig;

use super::forms::is_url;
use super::section::Section;
use super::shape::Shape;
use super::types::{Secret, Unreadable, words};
use super::variable::settings;

words! {
    /// What a log line looks like.
    LogFormat {
        /// For people.
        Text = "text",
        /// For machines: one JSON object per line.
        Json = "json",
    }
}

/// What is logged: a filter in the syntax of `tracing`.
///
/// Read from a level (Python's names too) or from directives such as `info,snowflake_mcp::query=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

settings! {
    /// Logs, and the OpenTelemetry variables as its specification names them.
    pub struct Telemetry in Section::Telemetry;

    /// What is logged. Accepts Python's level names and the filter syntax of Rust's `tracing`.
    pub log_level: LogLevel = "LOG_LEVEL",
        Shape::Checked("`DEBUG`, `INFO`, `WARNING`, `ERROR`, or a filter such as `info,snowflake_mcp=debug`",
            |text| text.parse::<LogLevel>().is_ok()),
        each "DEBUG" "INFO" "WARNING";

    /// What a log line looks like: `text` for people, `json` for machines.
    pub log_format: LogFormat = "LOG_FORMAT", Shape::Choice(LogFormat::WORDS), each "text" "json" "json";

    /// File that records every tool call, one JSON object per line; see docs/logging.md.
    pub audit_log_file: Option<PathBuf> = "AUDIT_LOG_FILE", Shape::Path("the path of a file that can be written"),
        unset "in the log, under the target `audit`";

    // Off: names of tables and columns may say enough to whoever reads traces.
    /// Whether traces show statements, with `?` for every value.
    pub trace_sql: bool = "TRACE_SQL", Shape::Switch, default "false";

    /// Which spans of libraries are traced in addition to the steps of a call. Accepts the filter syntax of `tracing`.
    pub trace_filter: Option<LogLevel> = "TRACE_FILTER",
        Shape::Checked("a filter such as `h2=trace,rmcp=info`",
            |text| text.parse::<LogLevel>().is_ok()),
        unset "none";

    /// Turns the export off.
    pub otel_sdk_disabled: Option<bool> = "OTEL_SDK_DISABLED", Shape::Switch, unset "traces are exported if an endpoint is set";

    /// What the service is called in traces and metrics.
    pub otel_service_name: Option<String> = "OTEL_SERVICE_NAME", Shape::Text("a name"), unset "`snowflake-mcp`";

    /// Further attributes of the service.
    pub otel_resource_attributes: Option<String> = "OTEL_RESOURCE_ATTRIBUTES",
        Shape::Text("comma-separated `name=value` pairs"),
        unset "none";

    /// Where traces are sent. `http/protobuf` adds `/v1/traces`.
    pub otel_exporter_otlp_endpoint: Option<String> = "OTEL_EXPORTER_OTLP_ENDPOINT",
        Shape::Checked("an `http://` or `https://` address without user or password", is_url),
        unset "nothing is sent";

    /// Where traces are sent, if not to `OTEL_EXPORTER_OTLP_ENDPOINT`. Used as it is, path included.
    pub otel_exporter_otlp_traces_endpoint: Option<String> = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        Shape::Checked("an `http://` or `https://` address without user or password", is_url),
        unset "`OTEL_EXPORTER_OTLP_ENDPOINT`";

    /// Headers of each export, often an API key.
    pub otel_exporter_otlp_headers: Option<Secret> = "OTEL_EXPORTER_OTLP_HEADERS",
        Shape::Text("comma-separated `name=value` pairs"),
        unset "none" [secret];

    /// Protocol of the export.
    pub otel_exporter_otlp_protocol: Option<String> = "OTEL_EXPORTER_OTLP_PROTOCOL", Shape::Choice(&["grpc", "http/protobuf"]),
        unset "`http/protobuf`";

    /// How long an export may take, in milliseconds.
    pub otel_exporter_otlp_timeout: Option<u64> = "OTEL_EXPORTER_OTLP_TIMEOUT", Shape::Whole(1, 3_600_000), unset "10000";

    /// Where traces go.
    pub otel_traces_exporter: Option<String> = "OTEL_TRACES_EXPORTER", Shape::Choice(&["otlp", "none"]), unset "`otlp`";

    /// Has no effect on metrics, which are always at `/metrics` and are never pushed.
    pub otel_metrics_exporter: Option<String> = "OTEL_METRICS_EXPORTER",
        Shape::Text("`prometheus`, `none` or another exporter's name"),
        unset "`prometheus`" [later];

    /// Which traces are sampled.
    pub otel_traces_sampler: Option<String> = "OTEL_TRACES_SAMPLER",
        Shape::Choice(&[ "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio", ]),
        unset "`parentbased_always_on`";

    /// The sampler's argument: the share of traces that are sampled.
    pub otel_traces_sampler_arg: Option<String> = "OTEL_TRACES_SAMPLER_ARG",
        Shape::Text("the sampler's argument, such as `0.1`"),
        unset "1";

    /// Most spans that wait to be sent. Further spans are dropped and counted.
    pub otel_bsp_max_queue_size: Option<usize> = "OTEL_BSP_MAX_QUEUE_SIZE", Shape::Whole(1, 1_000_000), unset "2048";

    /// Most spans sent at once.
    pub otel_bsp_max_export_batch_size: Option<usize> = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Shape::Whole(1, 1_000_000),
        unset "512";

    /// Longest time before a span is sent, in milliseconds.
    pub otel_bsp_schedule_delay: Option<u64> = "OTEL_BSP_SCHEDULE_DELAY", Shape::Whole(1, 3_600_000), unset "5000";

    /// Longest time an export may take in all, in milliseconds.
    pub otel_bsp_export_timeout: Option<u64> = "OTEL_BSP_EXPORT_TIMEOUT", Shape::Whole(1, 3_600_000), unset "30000";

    /// How the trace id is read from a request. `tracecontext` is always read.
    pub otel_propagators: Option<String> = "OTEL_PROPAGATORS",
        Shape::Text("comma-separated names, such as `tracecontext,baggage`"),
        unset "`tracecontext`" [later];
}

impl LogLevel {
    /// The filter, in the syntax of `tracing_subscriber::EnvFilter`.
    #[must_use]
    pub fn as_filter(&self) -> &str {
        &self.0
    }
}

/// `tracing`'s name of a level, from its own or Python's.
fn level(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_uppercase().as_str() {
        "OFF" => "off",
        "CRITICAL" | "FATAL" | "ERROR" => "error",
        "WARNING" | "WARN" => "warn",
        "INFO" => "info",
        "DEBUG" => "debug",
        "TRACE" | "NOTSET" => "trace",
        _ => return None,
    })
}

impl FromStr for LogLevel {
    type Err = Unreadable;

    /// Stricter than `EnvFilter`, which takes a misspelt level such as `DEBGU` for the name of a module and then logs
    /// nothing at all: here what stands alone must be a level.
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let filter = directives(text)
            .into_iter()
            .map(|directive| match directive.rsplit_once('=') {
                // A filter by span or field may leave the level out.
                _ if directive.ends_with(']') => Some(directive.to_owned()),
                None => level(directive).map(str::to_owned),
                Some((target, word)) => level(word.trim()).map(|level| format!("{target}={level}")),
            })
            .collect::<Option<Vec<_>>>()
            .filter(|directives| !directives.is_empty())
            .ok_or(Unreadable)?
            .join(",");
        // What has levels in the right places can still be refused, for example for an unclosed
        // bracket.
        filter
            .parse::<tracing_subscriber::EnvFilter>()
            .map(|_| Self(filter))
            .map_err(|_| Unreadable)
    }
}

/// Splits at the commas that are not inside the `[{…}]` of a span filter.
fn directives(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    text.split(move |c: char| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|directive| !directive.is_empty())
    .collect()
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
