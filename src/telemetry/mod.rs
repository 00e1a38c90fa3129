//! What the process tells about itself: log lines, metrics, traces and the audit log. A leaf: every room may use it, it reads its own settings only.
//!
//! [`logs::start`] once, first thing; then `tracing`'s macros anywhere, for log lines and spans alike: one subscriber has a
//! layer for each, and each layer a filter. [`metrics`] holds every metric, declared once; [`traces`] sends spans; [`call`]
//! ties what belongs to one call of a tool together, for its record in [`audit`].
//!
//! What never goes into a log line or a label, at any level: keys and tokens, request bodies, SQL text and its values, rows.

pub mod audit;
pub mod call;
pub mod certificate;
pub mod codes;
mod daily;
mod failing;
pub mod logs;
pub mod metrics;
pub mod reopen;
mod statement;
pub mod traces;

/// The target of the few lines that tell a process's life: what it listens on, which warehouse it uses, why it ends.
///
/// They are written at INFO and shown even when `LOG_LEVEL` is WARNING, the default in production: a dozen lines in a
/// process's life, and the first ones anybody looks for.
pub const LIFECYCLE: &str = "lifecycle";

/// The target of the span that tells every line of a call which tool, for whom, and in which trace. It is for log lines only,
/// and always on: a warning must not lose them because `LOG_LEVEL` is WARNING.
pub const CALL: &str = "call";

/// The version of this build: the package's, unless the build was told another (`SNOWFLAKE_MCP_VERSION`).
pub const VERSION: &str = match option_env!("SNOWFLAKE_MCP_VERSION") {
    Some(version) if !version.is_empty() => version,
    _ => env!("CARGO_PKG_VERSION"),
};

/// The commit this build was made from, where the build was told (`SNOWFLAKE_MCP_REVISION`).
pub const REVISION: &str = match option_env!("SNOWFLAKE_MCP_REVISION") {
    Some(revision) if !revision.is_empty() => revision,
    _ => "unknown",
};

/// Bytes as hexadecimal digits.
pub fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    use std::fmt::Write;
    bytes.fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a client chose, in no more than a span's attribute is good for.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// To the microsecond: more digits are noise.
#[must_use]
pub fn milliseconds(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// An error with its causes, for the operator. A cause whose text is already part of it is not repeated.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) {
            return text;
        }
        format!("{text}: {cause}")
    })
}
