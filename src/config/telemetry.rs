//! What is logged and exported.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use envconfig::Envconfig;

use super::types::{Secret, Unreadable, words};

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

/// Logs, and the OpenTelemetry variables as its specification names them.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Telemetry {
    /// What is logged.
    #[envconfig(from = "LOG_LEVEL")]
    pub log_level: LogLevel,
    /// What a log line looks like.
    #[envconfig(from = "LOG_FORMAT")]
    pub log_format: LogFormat,
    /// Where each call of a tool is recorded.
    #[envconfig(from = "AUDIT_LOG_FILE")]
    pub audit_log_file: Option<PathBuf>,
    /// Whether traces show statements, without their values.
    ///
    /// Off by default: names of tables and columns may say enough to whoever reads traces.
    #[envconfig(from = "TRACE_SQL", default = "false")]
    pub trace_sql: bool,
    /// Which spans besides our own steps become part of a trace.
    #[envconfig(from = "TRACE_FILTER")]
    pub trace_filter: Option<LogLevel>,
    /// Switches export off.
    #[envconfig(from = "OTEL_SDK_DISABLED")]
    pub otel_sdk_disabled: Option<bool>,
    /// What the service is called.
    #[envconfig(from = "OTEL_SERVICE_NAME")]
    pub otel_service_name: Option<String>,
    /// What else describes the service.
    #[envconfig(from = "OTEL_RESOURCE_ATTRIBUTES")]
    pub otel_resource_attributes: Option<String>,
    /// Where to export to.
    #[envconfig(from = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// Where traces go, when not there; taken as it stands.
    #[envconfig(from = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")]
    pub otel_exporter_otlp_traces_endpoint: Option<String>,
    /// What is sent along, often a key.
    #[envconfig(from = "OTEL_EXPORTER_OTLP_HEADERS")]
    pub otel_exporter_otlp_headers: Option<Secret>,
    /// How to export.
    #[envconfig(from = "OTEL_EXPORTER_OTLP_PROTOCOL")]
    pub otel_exporter_otlp_protocol: Option<String>,
    /// How long an export may take.
    #[envconfig(from = "OTEL_EXPORTER_OTLP_TIMEOUT")]
    pub otel_exporter_otlp_timeout: Option<u64>,
    /// Whether and where traces go.
    #[envconfig(from = "OTEL_TRACES_EXPORTER")]
    pub otel_traces_exporter: Option<String>,
    /// Whether and where metrics go.
    #[envconfig(from = "OTEL_METRICS_EXPORTER")]
    pub otel_metrics_exporter: Option<String>,
    /// Which traces are kept.
    #[envconfig(from = "OTEL_TRACES_SAMPLER")]
    pub otel_traces_sampler: Option<String>,
    /// How many of them.
    #[envconfig(from = "OTEL_TRACES_SAMPLER_ARG")]
    pub otel_traces_sampler_arg: Option<String>,
    /// Spans that may wait to be sent.
    #[envconfig(from = "OTEL_BSP_MAX_QUEUE_SIZE")]
    pub otel_bsp_max_queue_size: Option<usize>,
    /// Spans sent at once.
    #[envconfig(from = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE")]
    pub otel_bsp_max_export_batch_size: Option<usize>,
    /// Longest wait before spans are sent.
    #[envconfig(from = "OTEL_BSP_SCHEDULE_DELAY")]
    pub otel_bsp_schedule_delay: Option<u64>,
    /// Longest time an export may take, whatever it is made of.
    #[envconfig(from = "OTEL_BSP_EXPORT_TIMEOUT")]
    pub otel_bsp_export_timeout: Option<u64>,
    /// How a trace's id is handed on.
    #[envconfig(from = "OTEL_PROPAGATORS")]
    pub otel_propagators: Option<String>,
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
