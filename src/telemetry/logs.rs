//! Log lines: one per event, to stderr always and to `LOG_FILE` as well when it is set.
//!
//! JSON for machines, text for people; the same events and the same field names in both. Every line can be read alone, and
//! what one would filter by is a field. stdout stays free: the `stdio` command speaks MCP there.

mod departures;
mod watched;

use std::io::{self, IsTerminal};
use std::path::Path;

use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::departures::Departures;
use self::watched::Watched;
use super::daily::Daily;
use super::traces::Traces;
use super::{CALL, LIFECYCLE, audit};
use crate::config::{LogFormat, Telemetry};

/// Libraries that print what they send and receive from DEBUG on, keys and tokens included: never more than WARN, whatever
/// `LOG_LEVEL` says. `snowflake_api` would print tokens (in parts that are not used here), `sqlparser` the values of
/// statements.
const TALKATIVE: [&str; 17] = [
    "actix_http",
    "h2",
    "hyper",
    "hyper_util",
    "object_store",
    "opentelemetry",
    "opentelemetry_http",
    "opentelemetry_otlp",
    "opentelemetry_sdk",
    "reqwest",
    "reqwest_middleware",
    "rustls",
    "snowflake_api",
    "tonic",
    "tower",
    "jsonwebtoken",
    "sqlparser",
];

/// Libraries that say more than an operator wants to know, capped at WARN. A directive in `LOG_LEVEL` overrules the cap.
///
/// rmcp's would be worse than noise: from DEBUG on it prints whole messages, and those hold SQL, though no key: `http` has
/// taken it off the request.
const NOISY: [&str; 7] = [
    "actix_server",
    "actix_web",
    "duckdb",
    "mobc",
    "rmcp",
    "rmcp_actix_web",
    "sqlparser",
];

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log file's folder cannot be written to.
    #[error("LOG_FILE {path} cannot be opened: {reason}")]
    File {
        /// As configured.
        path: String,
        /// The system's error.
        reason: String,
    },
    /// The filter was checked when the settings were read, and is refused now.
    #[error("LOG_LEVEL is not a filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logs were started twice.
    #[error("logs were set up before: {0}")]
    SetTwice(#[from] tracing_subscriber::util::TryInitError),
}

/// Writes the remaining lines to the log file when it is dropped: keep it until the very end.
#[must_use = "dropping it ends the log file"]
#[derive(Debug)]
pub struct Guard {
    _file: Option<WorkerGuard>,
}

/// Starts logging for the whole process, panics included, and with it the spans of `traces`: there is one subscriber.
///
/// # Errors
///
/// See [`Error`].
pub fn start(
    settings: &Telemetry,
    file: Option<&Path>,
    keep: usize,
    traces: Option<&Traces>,
) -> Result<Guard, Error> {
    let filter = EnvFilter::try_new(with_caps(settings.log_level.as_filter()))?;
    // Colours only there: elsewhere their codes would be in the way of every search.
    let is_terminal = io::stderr().is_terminal();
    let (file, guard) = match file {
        Some(path) => {
            // Written by a thread of its own: a slow disk must not hold up requests.
            let (writer, guard) = tracing_appender::non_blocking(Watched::new(open(path, keep)?));
            let layer = lines(settings.log_format, false, writer);
            (Some(layer), Some(guard))
        }
        None => (None, None),
    };
    let lines = lines(settings.log_format, is_terminal, io::stderr).and_then(file);
    let filter = filter.and(filter_fn(may_be_a_line)).and(Departures);
    // Each layer has its own filter: `LOG_LEVEL` decides which events become lines, and never which spans are traced.
    let mut layers = vec![lines.with_filter(filter).boxed()];
    if let Some(traces) = traces {
        layers.push(traces.layer()?);
    }
    tracing_subscriber::registry().with(layers).try_init()?;
    // Last, when there is a log for them to go to.
    log_panics();
    Ok(Guard { _file: guard })
}

fn open(path: &Path, keep: usize) -> Result<Daily, Error> {
    Daily::open(path, keep).map_err(|error| Error::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

fn lines<S, W>(format: LogFormat, has_colour: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(has_colour);
    match format {
        // Flat, so that a field is found under its own name. Of the spans only the innermost, which has all our fields.
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Text => layer.compact().boxed(),
    }
}

/// Whether an event or span may become a line, before `LOG_LEVEL` is asked. Of the spans only the call's may: lines show the
/// innermost span they know.
fn may_be_a_line(metadata: &Metadata<'_>) -> bool {
    if metadata.is_span() {
        return metadata.target() == CALL;
    }
    *metadata.level() <= Level::WARN || !is_talkative(metadata.target())
}

/// Whether a target is one of [`TALKATIVE`] or a part of it.
fn is_talkative(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or(target);
    TALKATIVE.contains(&root)
}

/// The configured filter with our caps in front of it, so that the operator's directives win.
fn with_caps(filter: &str) -> String {
    // A cap must not let through more than `LOG_LEVEL` does.
    let cap = match filter {
        "error" | "off" => filter,
        _ => "warn",
    };
    let mut directives: Vec<String> = NOISY.iter().map(|name| format!("{name}={cap}")).collect();
    if filter != "off" {
        directives.extend([LIFECYCLE, CALL, audit::TARGET].map(|target| format!("{target}=info")));
    }
    directives.push(filter.to_owned());
    directives.join(",")
}

/// A panic becomes one log line instead of several on stderr that no collector can read.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic_message(panic.payload());
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(
            place,
            thread = thread.name(),
            "a defect of this program: panic: {message}"
        );
    }));
}

/// A panic's message, if it is a literal in the source. A formatted message may contain the text of a statement or a key, so
/// only its place is logged.
fn panic_message(payload: &(dyn std::any::Any + Send)) -> &'static str {
    let literal = payload.downcast_ref::<&'static str>().copied();
    literal.unwrap_or("its message may contain data of a call, and is left out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_of_the_operator_overrules_a_cap() {
        let filter: EnvFilter = with_caps("info,rmcp=debug").parse().unwrap();
        let shown = filter.to_string();
        assert!(shown.contains("rmcp=debug"), "{shown}");
        assert!(!shown.contains("rmcp=warn"), "{shown}");
        assert!(shown.contains("actix_server=warn"), "{shown}");
    }

    #[test]
    fn what_prints_sql_is_silent_in_development() {
        let directives = with_caps("debug");
        for library in ["rmcp", "sqlparser"] {
            assert!(
                directives.contains(&format!("{library}=warn")),
                "{directives}"
            );
        }
    }

    #[test]
    fn what_prints_tokens_is_known_by_the_root_of_its_target() {
        assert!(is_talkative("h2::codec::framed_read"));
        assert!(is_talkative("reqwest"));
        assert!(!is_talkative("snowflake_mcp::http"));
        assert!(!is_talkative("h2o"));
    }

    #[test]
    fn asking_for_errors_only_silences_the_noisy_ones_too() {
        assert!(with_caps("error").contains("rmcp=error"));
        assert!(!with_caps("off").contains(LIFECYCLE));
    }
}
