//! What the engine is told of files, and what it says of them.

use std::time::Duration;

/// How long reading the columns of one file may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A column's name and the engine's type for it.
pub(super) type Column = (String, String);

/// The first line of what the engine says.
pub(super) fn reason(error: duckdb::Error) -> String {
    let text = match error {
        duckdb::Error::DuckDBFailure(_, Some(text)) => text,
        other => other.to_string(),
    };
    if text.starts_with("INTERRUPT") {
        return format!("reading its columns took longer than {PATIENCE:?}");
    }
    let line = text.lines().next().unwrap_or_default();
    line.split_once(" Error: ")
        .map_or(line, |(_, said)| said)
        .chars()
        .take(300)
        .collect()
}

/// The text in single quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
