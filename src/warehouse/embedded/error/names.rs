//! Errors of binding: names that lead nowhere, and expressions that do not fit their place or their types.

use super::place::{Place, between};
use crate::warehouse::embedded::natives::Kind;
use crate::warehouse::{EngineLimit, Error};

/// Functions of ours that take a date or time first, see natives/units.rs.
const OF_DATES: [&str; 6] = [
    "RS_ADD_MONTHS",
    "RS_DATE_ADD",
    "RS_DATE_TRUNC",
    "RS_POINT",
    "RS_TIME_SLICE",
    "RS_WHEN",
];

/// What DuckDB says of statements that Snowflake refuses as well, and how it is told.
const REFUSED: [(&str, &str); 9] = [
    (
        "Separator argument to StringAgg",
        "argument 2 to function LISTAGG needs to be constant",
    ),
    (
        "at least one window function must appear in the SELECT column or QUALIFY clause",
        "QUALIFY needs a window function, in itself or in the SELECT list",
    ),
    (
        "columns available but",
        "Invalid column definition list: it names more columns than the table has",
    ),
    (
        "In a DISTINCT aggregate, ORDER BY expressions must appear in the argument list",
        "Not a valid order by expression: with DISTINCT, WITHIN GROUP orders by the values themselves",
    ),
    (
        "QUANTILE can only take parameters in the range",
        "The percentile is not between 0 and 1",
    ),
    (
        "QUANTILE can only take constant parameters",
        "The percentile is not a constant",
    ),
    (
        "frame starting from following row cannot",
        "Invalid window frame: it starts behind its end",
    ),
    (
        "frame starting from current row cannot",
        "Invalid window frame: it starts behind its end",
    ),
    (
        "Duplicate CTE name",
        "Two tables of one WITH clause have the same name",
    ),
];

/// What the values of a type of the engine's are called.
pub(super) fn word(name: &str) -> String {
    let name = match name {
        "INTEGER_LITERAL" => "INTEGER",
        "STRING_LITERAL" => "VARCHAR",
        "DECIMAL" => "DOUBLE",
        name => name,
    };
    Kind::read(name).word().to_owned()
}

impl Place<'_> {
    /// Values of two kinds that are not brought together. Snowflake refuses dates and times beside numbers as well.
    pub(super) fn no_conversion(&self, verb: &str, one: &str, other: &str) -> Error {
        let is_time = |word: &str| matches!(word, "dates" | "times" | "timestamps");
        if [(one, other), (other, one)]
            .iter()
            .any(|(time, other)| is_time(time) && matches!(*other, "numbers" | "truth values"))
        {
            return self.compilation(
                &format!(
                    "Invalid argument types: {one} and {other} cannot be converted into each other"
                ),
                None,
            );
        }
        let (verb, link) = match verb {
            "compare" => ("compare", "with"),
            other => (other, "to"),
        };
        EngineLimit {
            what: format!("does not {verb} {one} {link} {other}"),
            hint: Some("cast one of them, as in x::VARCHAR or x::NUMBER".into()),
        }
        .into()
    }

    /// What Snowflake refuses as well, in words of its own.
    pub(super) fn refused(&self, message: &str) -> Option<Error> {
        let (_, told) = REFUSED.iter().find(|(said, _)| message.contains(said))?;
        Some(self.compilation(told, None))
    }

    pub(super) fn name_error(&self, message: &str) -> Error {
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
                "does not support the function {}",
                function.to_uppercase()
            ))
            .into();
        }
        if message.starts_with("Type with name ") {
            let name = between(message, "with name ", " ").unwrap_or_default();
            return EngineLimit::new(format!(
                "does not support the data type {}",
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
        if let Some((one, other)) = between(message, "Cannot mix values of type ", " in ")
            .or_else(|| between(message, "Cannot combine types of ", " - an"))
            .and_then(|types| types.split_once(" and "))
        {
            return EngineLimit {
                what: format!("does not choose between {} and {}", word(one), word(other)),
                hint: Some("cast them to one type, as in x::VARCHAR or x::NUMBER".into()),
            }
            .into();
        }
        if let Some(error) = self.refused(message) {
            return error;
        }
        if let Some((one, other)) = between(message, "Cannot compare values of type ", " - an")
            .and_then(|types| types.split_once(" and type "))
        {
            return self.no_conversion("compare", &word(one), &word(other));
        }
        if let Some(name) = between(message, "Column \"", "\" in EXCLUDE list not found") {
            return self.invalid_identifier(name);
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
        self.unexplained("cannot plan this statement", message)
    }

    /// What DuckDB could not apply to the types it found. Sums of what cannot be added are refused by Snowflake as well.
    pub(super) fn wrong_types(&self, call: &str, message: &str) -> Error {
        let (function, types) = call.split_once('(').unwrap_or((call, ""));
        let types = types.trim_end_matches(')');
        let name = function.to_uppercase();
        // What is added up has a sign before it, see `summand`.
        let is_summand = name == "+" && !types.contains(", ");
        let sum = ["SUM", "AVG", "MEDIAN"]
            .into_iter()
            .find(|sum| *sum == name || (is_summand && self.word(sum)));
        if let Some(sum) = sum
            && matches!(types, "DATE" | "BOOLEAN" | "TIMESTAMP" | "TIME")
        {
            return self.compilation(
                &format!("Invalid argument types for function '{sum}': ({types})"),
                Some(sum),
            );
        }
        if OF_DATES.contains(&name.as_str()) {
            return self.data(
                "a value of this type is not a date or time; TO_TIMESTAMP makes one from a number",
            );
        }
        if let Some(sides) = unknown_to_both(&name, types) {
            return self.compilation(
                &format!(
                    "Invalid argument types for function '{name}': ({sides}); DATEADD moves a date or time, DATEDIFF counts \
                     between two"
                ),
                None,
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
        // A literal beside a text has become a FLOAT here.
        let is_added = |kind: &&str| ["VARCHAR", "FLOAT", "NUMBER"].contains(kind);
        tracing::debug!(message, "the engine refused the types of an expression");
        EngineLimit {
            what: format!(
                "does not combine values of these types: {}",
                types.join(", ")
            ),
            // Snowflake casts texts that are numbers; that these are is not known here.
            hint: Some(
                if matches!(name.as_str(), "+" | "-") && types.contains(&"DATE") {
                    "DATEADD(day, n, d) moves a date, DATEDIFF(day, a, b) counts the days between two".into()
                } else if name == "+" && types.contains(&"VARCHAR") && types.iter().all(is_added) {
                    "+ adds numbers: join texts with ||, or cast them, as in x::NUMBER(38, 2)"
                        .into()
                } else {
                    "cast them first, as in x::NUMBER(38, 2), x::DATE or x::STRING".into()
                },
            ),
        }
        .into()
    }
}

/// Operands of arithmetic that Snowflake refuses as well, in its names: a number added to a time, a date times something.
fn unknown_to_both(operator: &str, types: &str) -> Option<String> {
    let sides: Vec<&str> = types.split(", ").collect();
    let (left, right) = match sides.as_slice() {
        [left, right] => (*left, *right),
        // The engine's DECIMAL has a comma of its own.
        [left, precision, scale] if left.starts_with("DECIMAL(") && precision.ends_with(')') => {
            (*left, *scale)
        }
        [left, right, _] if right.starts_with("DECIMAL(") => (*left, *right),
        _ => return None,
    };
    let is_moment = |side: &str| side.starts_with("TIMESTAMP") || side == "TIME";
    let is_number = |side: &str| {
        [
            // Not DOUBLE, which may be a text that was read as a number.
            "INTEGER", "BIGINT", "HUGEINT", "SMALLINT", "TINYINT", "DECIMAL",
        ]
        .iter()
        .any(|number| side.starts_with(number))
    };
    let is_dated = |side: &str| is_moment(side) || side == "DATE";
    let is_refused = match operator {
        "+" => {
            (is_moment(left) && is_number(right))
                || (is_number(left) && is_moment(right))
                || (left == "DATE" && right == "DATE")
        }
        "-" => (is_moment(left) && is_number(right)) || (is_number(left) && is_dated(right)),
        "*" | "/" | "//" | "%" => is_dated(left) || is_dated(right),
        _ => false,
    };
    let name = |side: &str| match side {
        "TIMESTAMP" => "TIMESTAMP_NTZ",
        "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP_LTZ",
        "TIME" => "TIME",
        "DATE" => "DATE",
        side if is_number(side) => "NUMBER",
        _ => "VARCHAR",
    };
    is_refused.then(|| format!("{}, {}", name(left), name(right)))
}

/// The engine keeps the views of `INFORMATION_SCHEMA` in a schema of its own.
fn public(name: &str) -> String {
    name.replace("_INFORMATION_SCHEMA", "INFORMATION_SCHEMA")
}
