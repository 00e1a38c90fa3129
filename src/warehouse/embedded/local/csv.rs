//! How a CSV file is written, as the engine finds out, and how the engine is told to read it so.
//!
//! The engine also gives a ready call as its answer, but writes the path and the names of columns into it as they are: an
//! apostrophe would end the text there, and what the file says after it would be run. So the call is put together here.

use duckdb::Connection;
use serde::Deserialize;

use super::words::{Column, literal, reason};

/// How a file is written.
pub(super) struct Form {
    pub(super) columns: Vec<Column>,
    /// The settings of the reader besides them, each with its value as the engine reads it.
    settings: Vec<(&'static str, String)>,
}

/// A column as the engine tells it.
#[derive(Deserialize)]
struct Told {
    name: String,
    #[serde(rename = "type")]
    engine_type: String,
}

/// What the engine says of a character that is not used.
const NONE: &str = "(empty)";

/// Finds out how a file is written. `path` is in quotes.
///
/// # Errors
///
/// In words, why it cannot be read.
pub(super) fn form(
    connection: &Connection,
    path: &str,
    sample: i64,
    encoding: &str,
) -> Result<Form, String> {
    let sniffed = format!(
        "SELECT Delimiter, Quote, Escape, Comment, NewLineDelimiter, CAST(SkipRows AS BIGINT), HasHeader, \
         CAST(DateFormat AS VARCHAR), CAST(TimestampFormat AS VARCHAR), CAST(to_json(\"Columns\") AS VARCHAR) \
         FROM sniff_csv({path}, sample_size = {sample}, encoding = {})",
        literal(encoding)
    );
    let (mut settings, columns, skipped, delimiter) = connection
        .query_row(&sniffed, [], |row| {
            let mut settings = Vec::new();
            for (place, name) in ["delim", "quote", "escape", "comment"].iter().enumerate() {
                let sign: String = row.get(place)?;
                let sign = if sign == NONE { "" } else { &sign };
                settings.push((*name, literal(sign)));
            }
            // Other words say that there is none, or several.
            let line_end: String = row.get(4)?;
            if line_end.starts_with('\\') {
                settings.push(("new_line", literal(&line_end)));
            }
            let skipped: i64 = row.get(5)?;
            settings.push(("skip", skipped.to_string()));
            settings.push(("header", row.get::<_, bool>(6)?.to_string()));
            for (place, name) in [(7, "dateformat"), (8, "timestampformat")] {
                if let Some(format) = row.get::<_, Option<String>>(place)? {
                    settings.push((name, literal(&format)));
                }
            }
            let delimiter: String = row.get(0)?;
            Ok((settings, row.get::<_, String>(9)?, skipped, delimiter))
        })
        .map_err(reason)?;
    if skipped > 0 && delimiter != NONE {
        refuse_values(connection, path, encoding, skipped, &delimiter)?;
    }
    settings.push(("encoding", literal(encoding)));
    let told: Vec<Told> = serde_json::from_str(&columns)
        .map_err(|error| format!("its columns could not be told: {error}"))?;
    let columns: Vec<Column> = told
        .into_iter()
        .map(|one| (one.name, one.engine_type))
        .collect();
    // Where lines are of different lengths, the engine may take each for one value.
    if let [(name, _)] = columns.as_slice()
        && name.contains([',', ';', '|', '\t'])
    {
        return Err(format!(
            "its lines do not have the same number of values: the header is {name}"
        ));
    }
    Ok(Form { columns, settings })
}

/// A title above the table may be passed over, lines with values may not: the engine passes over those as well when later
/// ones have more values.
fn refuse_values(
    connection: &Connection,
    path: &str,
    encoding: &str,
    skipped: i64,
    delimiter: &str,
) -> Result<(), String> {
    let lines = format!(
        "SELECT count(*) FROM (SELECT line FROM read_csv({path}, auto_detect = false, columns = {{'line': 'VARCHAR'}}, \
         delim = '\u{1f}', quote = '', escape = '', header = false, encoding = {}) LIMIT {skipped}) \
         WHERE contains(line, {})",
        literal(encoding),
        literal(delimiter)
    );
    let with_values: i64 = connection
        .query_row(&lines, [], |row| row.get(0))
        .map_err(reason)?;
    if with_values == 0 {
        return Ok(());
    }
    Err(format!(
        "its lines do not have the same number of values: the first {skipped} would be left out"
    ))
}

impl Form {
    /// What the rows come from. `path` is in quotes, `columns` is said as the engine takes it.
    pub(super) fn source(&self, path: &str, columns: &str) -> String {
        let settings: Vec<String> = self
            .settings
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        format!(
            "read_csv({path}, auto_detect = false, columns = {{{columns}}}, {})",
            settings.join(", ")
        )
    }
}
