//! Logs, traces and the audit log.

use super::forms::is_url;
use super::variable::{Section, Variable};
use crate::config::shape::Shape;
use crate::config::telemetry::{LogFormat, LogLevel};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "LOG_LEVEL",
        Section::Telemetry,
        Shape::Checked(
            "`DEBUG`, `INFO`, `WARNING`, `ERROR`, or a filter such as `info,snowflake_mcp=debug`",
            |text| text.parse::<LogLevel>().is_ok(),
        ),
        "What is logged. Accepts Python's level names and the filter syntax of Rust's `tracing`.",
    )
    .each("DEBUG", "INFO", "WARNING"),
    Variable::new(
        "LOG_FORMAT",
        Section::Telemetry,
        Shape::Choice(LogFormat::WORDS),
        "What a log line looks like: `text` for people, `json` for machines.",
    )
    .each("text", "json", "json"),
    Variable::new(
        "AUDIT_LOG_FILE",
        Section::Telemetry,
        Shape::Path("the path of a file that can be written"),
        "File that records every tool call, one JSON object per line; see docs/logging.md.",
    )
    .unset("in the log, under the target `audit`"),
    Variable::new(
        "TRACE_SQL",
        Section::Telemetry,
        Shape::Switch,
        "Whether traces show statements, with `?` for every value.",
    )
    .default("false"),
    Variable::new(
        "TRACE_FILTER",
        Section::Telemetry,
        Shape::Checked(
            "a filter such as `h2=trace,rmcp=info`",
            |text| text.parse::<LogLevel>().is_ok(),
        ),
        "Which spans of libraries are traced in addition to the steps of a call. Accepts the filter syntax of `tracing`.",
    )
    .unset("none"),
    Variable::new(
        "OTEL_SDK_DISABLED",
        Section::Telemetry,
        Shape::Switch,
        "Turns the export off.",
    )
    .unset("export is on where an endpoint is set"),
    Variable::new(
        "OTEL_SERVICE_NAME",
        Section::Telemetry,
        Shape::Text("a name"),
        "What the service is called in traces and metrics.",
    )
    .unset("`snowflake-mcp`"),
    Variable::new(
        "OTEL_RESOURCE_ATTRIBUTES",
        Section::Telemetry,
        Shape::Text("comma-separated `name=value` pairs"),
        "Further attributes of the service.",
    )
    .unset("none"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Section::Telemetry,
        Shape::Checked(
            "an `http://` or `https://` address without user or password",
            is_url,
        ),
        "Where traces are sent. `http/protobuf` adds `/v1/traces`.",
    )
    .unset("nothing is sent"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        Section::Telemetry,
        Shape::Checked(
            "an `http://` or `https://` address without user or password",
            is_url,
        ),
        "Where traces are sent, if not to `OTEL_EXPORTER_OTLP_ENDPOINT`. Used as it is, path included.",
    )
    .unset("`OTEL_EXPORTER_OTLP_ENDPOINT`"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_HEADERS",
        Section::Telemetry,
        Shape::Text("comma-separated `name=value` pairs"),
        "Headers of each export, often an API key.",
    )
    .secret()
    .unset("none"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        Section::Telemetry,
        Shape::Choice(&["grpc", "http/protobuf"]),
        "Protocol of the export.",
    )
    .unset("`http/protobuf`"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        Section::Telemetry,
        Shape::Whole(1, 3_600_000),
        "How long an export may take, in milliseconds.",
    )
    .unset("10000"),
    Variable::new(
        "OTEL_TRACES_EXPORTER",
        Section::Telemetry,
        Shape::Choice(&["otlp", "none"]),
        "Where traces go.",
    )
    .unset("`otlp`"),
    Variable::new(
        "OTEL_METRICS_EXPORTER",
        Section::Telemetry,
        Shape::Text("`prometheus`, `none` or another exporter's name"),
        "Metrics are at `/metrics`, whatever this says, and are not pushed.",
    )
    .later()
    .unset("`prometheus`"),
    Variable::new(
        "OTEL_TRACES_SAMPLER",
        Section::Telemetry,
        Shape::Choice(&[
            "always_on",
            "always_off",
            "traceidratio",
            "parentbased_always_on",
            "parentbased_always_off",
            "parentbased_traceidratio",
        ]),
        "Which traces are sampled.",
    )
    .unset("`parentbased_always_on`"),
    Variable::new(
        "OTEL_TRACES_SAMPLER_ARG",
        Section::Telemetry,
        Shape::Text("the sampler's argument, such as `0.1`"),
        "The sampler's argument: the share of traces that are sampled.",
    )
    .unset("1"),
    Variable::new(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        Section::Telemetry,
        Shape::Whole(1, 1_000_000),
        "Most spans that wait to be sent. Further spans are dropped and counted.",
    )
    .unset("2048"),
    Variable::new(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        Section::Telemetry,
        Shape::Whole(1, 1_000_000),
        "Most spans sent at once.",
    )
    .unset("512"),
    Variable::new(
        "OTEL_BSP_SCHEDULE_DELAY",
        Section::Telemetry,
        Shape::Whole(1, 3_600_000),
        "Longest time before a span is sent, in milliseconds.",
    )
    .unset("5000"),
    Variable::new(
        "OTEL_BSP_EXPORT_TIMEOUT",
        Section::Telemetry,
        Shape::Whole(1, 3_600_000),
        "Longest time an export may take in all, in milliseconds.",
    )
    .unset("30000"),
    Variable::new(
        "OTEL_PROPAGATORS",
        Section::Telemetry,
        Shape::Text("comma-separated names, such as `tracecontext,baggage`"),
        "How the trace id is read from a request. `tracecontext` always is.",
    )
    .later()
    .unset("`tracecontext`"),
];
