//! DuckDB's errors in Snowflake's words, as far as they can be told apart.
//!
//! What has no words of Snowflake's becomes an [`EngineLimit`] without DuckDB's: they name functions, types and settings
//! that the caller never wrote, and whether Snowflake would refuse the statement too is not known. The log has them.
//!
//! DuckDB gives one text, `Class Error: sentence`, then hints and a line with a caret that show the translated
//! statement. Only the first paragraph is used: the rest speaks of names and settings the caller never sees.

use duckdb::Error as Cause;

use super::natives;
use crate::warehouse::{EngineLimit, Error, Position};

/// What an error text may say about the statement it happened to.
pub(super) struct Place<'a> {
    /// The statement as the caller sent it.
    pub(super) statement: &'a str,
    pub(super) query_id: &'a str,
    pub(super) memory_limit_bytes: u64,
    /// The folder of own data, which no error names.
    pub(super) own_data: Option<&'a str>,
    /// The file of it that the engine's own words name.
    pub(super) file: Option<String>,
}

/// DuckDB's error as the warehouse's.
pub(super) fn translate(cause: &Cause, place: &Place<'_>) -> Error {
    let text = match cause {
        Cause::DuckDBFailure(_, Some(text)) => text.clone(),
        Cause::FromSqlConversionFailure(..) => {
            return EngineLimit::new("cannot hand over a value of this type").into();
        }
        other => return Error::internal("a call of the engine failed", other.to_string()),
    };
    let (class, message) = text.split_once(" Error: ").unwrap_or(("", &text));
    // Said by a macro of the dialect, which fails by a cast that cannot be made.
    if let Some(said) = message.split_once("'sf_fail:").map(|(_, rest)| rest)
        && let Some((said, _)) = said.rsplit_once("' to INT32")
    {
        return place.said_by_the_dialect(said);
    }
    // Said by a function of `natives`.
    if let Some((_, said)) = message.split_once("sf_fail:") {
        return place.said_by_the_dialect(said.trim_end());
    }
    let message = first_paragraph(message);
    if place
        .own_data
        .is_some_and(|folder| message.contains(folder))
    {
        tracing::warn!(
            file = place.file,
            "a file of EMBEDDED_DATA_DIR could not be read: {message}"
        );
        return place.broken_file();
    }
    match class {
        _ if message.starts_with("Max expression depth") => EngineLimit {
            what: "does not follow expressions that nest this deep".into(),
            hint: Some("name the inner part in a subquery or a WITH clause".into()),
        }
        .into(),
        "Catalog" | "Binder" => place.name_error(&message),
        "Not implemented" if message.starts_with("Unknown TimeZone ") => {
            let zone = between(&message, "'", "'").unwrap_or_default();
            place.data(&format!("Unknown timezone: '{zone}'"))
        }
        "Parser" | "Syntax" | "Not implemented" => {
            place.unexplained("cannot run this statement", &message)
        }
        "Out of Memory" => out_of_memory(place.memory_limit_bytes),
        "INTERRUPT" => Error::Cancelled {
            query_id: Some(place.query_id.to_owned()),
        },
        "Permission" | "IO" | "Extension Autoloading" | "Missing Extension" | "HTTP" => {
            EngineLimit::new("reads its own tables only, no files and no network").into()
        }
        "INTERNAL" | "FATAL" | "TransactionContext" | "Connection" => {
            Error::internal("the engine failed", text.clone())
        }
        // Said by GET_DDL, in Snowflake's words.
        _ if message.ends_with("does not exist or not authorized.") => Error::ObjectNotFound {
            message: format!("SQL compilation error:\n{message}"),
            query_id: Some(place.query_id.to_owned()),
        },
        _ => place.data_error(&message),
    }
}

/// What a statement is told that needs more than the `limit` in bytes.
pub(super) fn out_of_memory(limit: u64) -> Error {
    EngineLimit {
        what: format!(
            "ran out of memory: this statement needs more than the {} MiB it may use",
            limit >> 20
        ),
        hint: Some(
            "aggregate or filter earlier; EMBEDDED_MEMORY_LIMIT sets how much memory there is"
                .into(),
        ),
    }
    .into()
}

/// What its engine of regular expressions says of a pattern that cannot be read. Snowflake's is the same one.
const BROKEN_PATTERNS: [&str; 10] = [
    "missing )",
    "missing ]",
    "unexpected )",
    "no argument for repetition operator",
    "bad repetition operator",
    "invalid repetition size",
    "invalid character class range",
    "invalid escape sequence",
    "invalid perl operator",
    "invalid named capture group",
];

/// What DuckDB says of an argument that a function of numbers has no value for, and how it is told.
const OUT_OF_DOMAIN: [(&str, &str); 6] = [
    (
        "cannot take square root of a negative number",
        "the square root of a negative number",
    ),
    ("cannot take logarithm of zero", "the logarithm of zero"),
    (
        "cannot take logarithm of a negative number",
        "the logarithm of a negative number",
    ),
    (
        "factorial of a negative number",
        "the factorial of a negative number",
    ),
    (
        "ACOS is undefined outside",
        "ACOS of a number that is not between -1 and 1",
    ),
    (
        "ASIN is undefined outside",
        "ASIN of a number that is not between -1 and 1",
    ),
];

/// Functions of ours that take a date or time first, see natives/units.rs.
const OF_DATES: [&str; 6] = [
    "RS_ADD_MONTHS",
    "RS_DATE_ADD",
    "RS_DATE_TRUNC",
    "RS_POINT",
    "RS_TIME_SLICE",
    "RS_WHEN",
];

impl Place<'_> {
    fn said_by_the_dialect(&self, message: &str) -> Error {
        match message.strip_prefix("the embedded engine ") {
            Some(what) => EngineLimit::new(what).into(),
            None => Error::Sql {
                message: message.to_owned(),
                position: None,
                query_id: Some(self.query_id.to_owned()),
            },
        }
    }

    fn name_error(&self, message: &str) -> Error {
        if message.contains("WHERE clause cannot contain aggregates") {
            return self.compilation("Invalid aggregate function in where clause", None);
        }
        if message.contains("WHERE clause cannot contain window functions") {
            return self.compilation(
                "Window function appears outside of SELECT, QUALIFY, and ORDER BY clauses.",
                None,
            );
        }
        if message.contains("Function with name ") {
            let function = between(message, "with name ", " ").unwrap_or_default();
            return EngineLimit::new(format!(
                "does not know the function {}",
                function.to_uppercase()
            ))
            .into();
        }
        if message.starts_with("Type with name ") {
            let name = between(message, "with name ", " ").unwrap_or_default();
            return EngineLimit::new(format!(
                "does not know the data type {}",
                name.to_uppercase()
            ))
            .into();
        }
        if let Some(column) = between(message, "does not have a column named \"", "\"") {
            let table = between(message, "able \"", "\"").or(between(message, "list \"", "\""));
            return match table {
                Some(table) => self.invalid_identifier(&format!("{table}.{column}")),
                None => self.invalid_identifier(column),
            };
        }
        if let Some(column) = between(message, "Referenced column \"", "\"") {
            return self.invalid_identifier(column);
        }
        if let Some(table) = between(message, "Referenced table \"", "\"") {
            // The column after the dot is not in the message, but it is in the statement.
            return match self.word_after(&format!("{table}.")) {
                Some(column) => self.invalid_identifier(&format!("{table}.{column}")),
                None => self.invalid_identifier(table),
            };
        }
        if let Some(schema) = between(message, "because schema \"", "\" does not exist") {
            return self.missing("Schema", &public(schema));
        }
        if let Some(name) = between(message, "Table with name \"", "\"")
            .or_else(|| between(message, "Table with name ", " does not exist"))
        {
            return self.missing("Object", &public(name));
        }
        if let Some(name) = between(message, "Catalog \"", "\" does not exist") {
            return self.missing("Database", name);
        }
        if let Some(name) = between(message, "Schema with name ", " does not exist") {
            return self.missing("Schema", &public(name));
        }
        if let Some(name) = between(message, "Ambiguous reference to column name \"", "\"") {
            return self.compilation(
                &format!("ambiguous column name '{}'", name.to_uppercase()),
                Some(name),
            );
        }
        if let Some(name) = between(message, "column \"", "\" must appear in the GROUP BY") {
            return self.compilation(
                &format!(
                    "'{}' is not a valid group by expression",
                    name.to_uppercase()
                ),
                Some(name),
            );
        }
        if let Some(name) = between(message, "Column \"", "\" does not exist on") {
            return self.invalid_identifier(name);
        }
        if message.contains("aggregate function calls cannot contain window function calls") {
            return self.compilation(
                "A window function cannot stand inside an aggregate function",
                None,
            );
        }
        if message.starts_with("Subquery returns ") {
            return self.compilation("A subquery in place of a value has one column", None);
        }
        if let Some(call) = between(message, "given name and argument types '", "'") {
            return self.wrong_types(call, message);
        }
        if message.contains("UNION types") || message.contains("same number of result columns") {
            return self.compilation("invalid number of result columns for set operator", None);
        }
        if message.contains("aggregate function calls cannot be nested") {
            return self.compilation("Aggregate functions cannot be nested", None);
        }
        if message.contains("ORDER term out of range")
            || message.contains("GROUP BY term out of range")
        {
            return self.compilation(
                "the number in ORDER BY or GROUP BY is not in the select list",
                None,
            );
        }
        if message.contains("more than one row returned by a subquery") {
            return self.data("Single-row subquery returns more than one row.");
        }
        self.unexplained("could not plan this statement", message)
    }

    /// What DuckDB could not apply to the types it found. Sums of what cannot be added are refused by Snowflake as well.
    fn wrong_types(&self, call: &str, message: &str) -> Error {
        let (function, types) = call.split_once('(').unwrap_or((call, ""));
        let types = types.trim_end_matches(')');
        let name = function.to_uppercase();
        let is_sum = matches!(name.as_str(), "SUM" | "AVG" | "MEDIAN")
            && matches!(types, "DATE" | "BOOLEAN" | "TIMESTAMP" | "TIME");
        if is_sum {
            return self.compilation(
                &format!("Invalid argument types for function '{name}': ({types})"),
                Some(function),
            );
        }
        if OF_DATES.contains(&name.as_str()) {
            return self.data(
                "a value of this type is no date or time; of a number it is made by TO_TIMESTAMP",
            );
        }
        let known = [
            "VARCHAR",
            "DATE",
            "TIMESTAMP",
            "TIME",
            "BOOLEAN",
            "DOUBLE",
            "INTEGER",
            "BIGINT",
            "BLOB",
        ];
        let types: Vec<&str> = types
            .split(", ")
            .map(|name| match name {
                "INTEGER" | "BIGINT" | "HUGEINT" | "SMALLINT" | "TINYINT" | "INTEGER_LITERAL" => {
                    "NUMBER"
                }
                "DOUBLE" => "FLOAT",
                "BLOB" => "BINARY",
                "JSON" => "VARIANT",
                "STRING_LITERAL" => "VARCHAR",
                name if name.starts_with("DECIMAL") => "NUMBER",
                name if known.contains(&name) => name,
                _ => "another type",
            })
            .collect();
        tracing::debug!(message, "the engine refused the types of an expression");
        EngineLimit {
            what: format!(
                "does not put values of these types together: {}",
                types.join(", ")
            ),
            // Snowflake casts texts that are numbers; that these are is not known here.
            hint: Some(
                if name == "+" && types.iter().all(|kind| *kind == "VARCHAR") {
                    "+ adds numbers: join texts with ||, or cast them, as in x::NUMBER(38, 2)"
                        .into()
                } else {
                    "cast them first, as in x::NUMBER(38, 2), x::DATE or x::STRING".into()
                },
            ),
        }
        .into()
    }

    /// An error that has no words of Snowflake's.
    fn unexplained(&self, what: &str, message: &str) -> Error {
        tracing::debug!(query_id = self.query_id, message, "the engine's own error");
        let hint = if message.contains("subquer") {
            "join the table of the subquery instead, or name it in a WITH clause"
        } else if message.contains("lias") {
            "write the expression again in place of its alias, or name it in a subquery"
        } else if message.contains("window") {
            "compute the window function in a subquery"
        } else if message.contains("GROUP BY") || message.contains("aggregate") {
            "group by the expressions themselves, or aggregate in a subquery"
        } else {
            "write it in smaller steps: a WITH clause, plain columns, casts where types meet"
        };
        EngineLimit {
            what: what.to_owned(),
            hint: Some(hint.into()),
        }
        .into()
    }

    fn data(&self, message: &str) -> Error {
        Error::Sql {
            message: message.to_owned(),
            position: None,
            query_id: Some(self.query_id.to_owned()),
        }
    }

    /// Snowflake's words for a column nobody has, with the place when the word is in the statement just once.
    fn invalid_identifier(&self, name: &str) -> Error {
        let message = format!("invalid identifier '{}'", name.to_uppercase());
        Error::ObjectNotFound {
            message: self.at(&message, self.position(name)),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    fn missing(&self, kind: &str, name: &str) -> Error {
        Error::ObjectNotFound {
            message: does_not_exist(kind, name),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    fn compilation(&self, message: &str, word: Option<&str>) -> Error {
        let position = word.and_then(|word| self.position(word));
        Error::Sql {
            message: self.at(message, position),
            position,
            query_id: Some(self.query_id.to_owned()),
        }
    }

    fn at(&self, message: &str, position: Option<Position>) -> String {
        match position {
            // Snowflake counts lines from one and positions from nought.
            Some(Position { line, column }) => format!(
                "SQL compilation error: error line {line} at position {}\n{message}",
                column.saturating_sub(1)
            ),
            None => format!("SQL compilation error:\n{message}"),
        }
    }

    /// A text beside a date or timestamp that the engine could not read as such.
    fn moment(&self, text: &str, kind: &str) -> Error {
        if !natives::is_moment(text) {
            return self.data(&format!("{kind} '{text}' is not recognized"));
        }
        EngineLimit {
            what: "reads a text beside a DATE or TIMESTAMP in the form of 2024-12-31 only".into(),
            hint: Some(format!("cast it, as in '{text}'::{}", kind.to_uppercase())),
        }
        .into()
    }

    fn data_error(&self, message: &str) -> Error {
        if message.contains("Malformed JSON") {
            // A path into a text: Snowflake has none, the engine tried to read the text as JSON.
            let refused = "Invalid argument types for function 'GET': (VARCHAR, VARCHAR)";
            return self.compilation(refused, None);
        }
        let quoted = between(message, "string \"", "\" to ")
            .or_else(|| between(message, "string '", "' to "));
        if let Some(value) = quoted {
            return self.data(&if message.contains("to BOOL") {
                format!("Boolean value '{value}' is not recognized")
            } else {
                format!("Numeric value '{value}' is not recognized")
            });
        }
        if let Some(value) = between(message, "invalid date field format: \"", "\"") {
            return self.moment(value, "Date");
        }
        if let Some(value) = between(message, "invalid timestamp field format: \"", "\"") {
            return self.moment(value, "Timestamp");
        }
        // Said by strptime, with a mark under the place.
        if let Some(value) = between(message, "Could not parse string \"", "\" according to") {
            return self.data(&format!(
                "Can't parse '{value}' as date or timestamp with the format of this call"
            ));
        }
        if let Some((what, pattern)) = message.split_once(": ")
            && BROKEN_PATTERNS.contains(&what)
        {
            return self.data(&format!("Invalid regular expression: '{pattern}', {what}"));
        }
        if message == "Map keys must be unique." {
            return self.data("Duplicate field key in the OBJECT");
        }
        // Fewer digits than Snowflake's 38: the limit is not the statement's.
        if message.contains("Needed scale ")
            || (message.contains("verflow")
                && ["INT8", "INT16", "INT32", "INT64", "DECIMAL(18"]
                    .iter()
                    .any(|small| message.contains(small)))
        {
            return EngineLimit {
                what: "computes this in fewer digits than Snowflake".into(),
                hint: Some("cast one side to more digits and fewer places, as in x::NUMBER(38, 2), or to FLOAT".into()),
            }
            .into();
        }
        if message.contains("out of range")
            || message.contains("Overflow")
            || message.contains("overflow")
            || message.contains("Could not cast value")
        {
            return self.data("Number out of representable range");
        }
        if message.contains("ore than one row returned by a subquery")
            || message.contains("Scalar subquery")
        {
            return self.data("Single-row subquery returns more than one row.");
        }
        if let Some(value) = between(message, "Failed to cast value to decimal: ", "\n")
            .or_else(|| message.strip_prefix("Failed to cast value to decimal: "))
        {
            return self.data(&format!("Failed to cast variant value {value} to FIXED"));
        }
        if let Some(code) = message.strip_prefix("Invalid UTF8 Codepoint ") {
            return self.data(&format!("Invalid character code {code} in the CHR input"));
        }
        if let Some((_, why)) = OUT_OF_DOMAIN
            .iter()
            .find(|(said, _)| message.contains(said))
        {
            return self.data(&format!("Invalid floating point operation: {why}"));
        }
        self.unexplained("could not compute a value of this statement", message)
    }

    /// The engine's own words have the whole path; the log has them.
    pub(super) fn broken_file(&self) -> Error {
        let file = match &self.file {
            Some(file) => format!("the file {file}, which is a table of LOCAL,"),
            None => "the file behind a table of LOCAL".to_owned(),
        };
        Error::ObjectNotFound {
            message: format!(
                "{file} cannot be read: it is broken, or it has changed a moment ago; the log of the server says more, \
                 and SHOW TABLES IN DATABASE LOCAL what there is"
            ),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    /// What failed may have failed because of that alone.
    pub(super) fn changed_file(&self, file: &str) -> Error {
        Error::ObjectNotFound {
            message: format!(
                "the file {file} has changed since its columns were read for LOCAL, or is gone; ask again in a few seconds"
            ),
            query_id: Some(self.query_id.to_owned()),
        }
    }

    /// The word that follows a text in the statement, wherever it does so first.
    fn word_after(&self, start: &str) -> Option<&str> {
        let at = self
            .statement
            .to_ascii_lowercase()
            .find(&start.to_ascii_lowercase())?;
        let rest = self.statement.get(at + start.len()..)?;
        let word = rest.split(|c: char| !is_part_of_name(c)).next()?;
        (!word.is_empty()).then_some(word)
    }

    /// Where the word stands in the statement, when it stands there once.
    fn position(&self, word: &str) -> Option<Position> {
        let statement = self.statement.to_ascii_lowercase();
        let word = word.to_ascii_lowercase();
        let mut found = statement.match_indices(&word).filter(|(start, _)| {
            let before = statement
                .get(..*start)
                .and_then(|text| text.chars().next_back());
            let after = statement
                .get(start + word.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(is_part_of_name) && !after.is_some_and(is_part_of_name)
        });
        let (start, _) = found.next()?;
        if word.is_empty() || found.next().is_some() {
            return None;
        }
        let before = statement.get(..start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some(Position {
            line: u64::try_from(line).ok()?,
            column: u64::try_from(column).ok()?,
        })
    }
}

/// The alias that DuckDB found, and would not use where it stands: then its expression has to stand there.
pub(super) fn refused_alias(cause: &Cause) -> Option<String> {
    let Cause::DuckDBFailure(_, Some(text)) = cause else {
        return None;
    };
    let text = text.strip_prefix("Binder Error: ")?;
    let name = between(text, "Alias with name \"", "\" exists")
        .or_else(|| between(text, "Alias \"", "\" referenced"))?;
    Some(name.to_owned())
}

/// Whether DuckDB would not add up texts, which Snowflake takes for numbers.
pub(super) fn refuses_text_sum(cause: &Cause) -> bool {
    let Cause::DuckDBFailure(_, Some(text)) = cause else {
        return false;
    };
    between(text, "given name and argument types '", "'").is_some_and(|call| {
        matches!(
            call,
            "sum(VARCHAR)" | "avg(VARCHAR)" | "median(VARCHAR)" | "*(VARCHAR, DECIMAL(4,3))"
        )
    })
}

/// Snowflake's words for a name that leads nowhere.
pub(super) fn does_not_exist(kind: &str, name: &str) -> String {
    format!("SQL compilation error:\n{kind} '{name}' does not exist or not authorized.")
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The engine keeps the views of `INFORMATION_SCHEMA` in a schema of its own.
fn public(name: &str) -> String {
    name.replace("_INFORMATION_SCHEMA", "INFORMATION_SCHEMA")
}

fn first_paragraph(message: &str) -> String {
    message
        .lines()
        .take_while(|line| {
            !line.trim().is_empty()
                && !line.starts_with("LINE ")
                && !line.starts_with("Did you mean")
                && !line.starts_with("Candidate")
                && !line.starts_with('\t')
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}
