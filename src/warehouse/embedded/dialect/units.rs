//! Units of time and parts of a date, under all the names Snowflake takes.

use crate::sql::ast::{DateTimeField, Expr};

use super::writer::{Fault, limit, refuse};

/// A unit of time that can be added, counted and truncated to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Years, quarters and months, in months.
    Months(i64, &'static str),
    /// Weeks and days, in days.
    Days(i64, &'static str),
    /// Hours and what is shorter, in microseconds.
    Time(i64, &'static str),
}

/// The names Snowflake takes for each unit, and what it is.
const UNITS: [(&[&str], Unit); 10] = [
    (
        &["year", "y", "yy", "yyy", "yyyy", "yr", "years", "yrs"],
        Unit::Months(12, "year"),
    ),
    (
        &["quarter", "q", "qtr", "qtrs", "quarters"],
        Unit::Months(3, "quarter"),
    ),
    (
        &["month", "mm", "mon", "mons", "months"],
        Unit::Months(1, "month"),
    ),
    (
        &["week", "w", "wk", "weekofyear", "woy", "wy", "weeks"],
        Unit::Days(7, "week"),
    ),
    (
        &["day", "d", "dd", "days", "dayofmonth"],
        Unit::Days(1, "day"),
    ),
    (
        &["hour", "h", "hh", "hr", "hours", "hrs"],
        Unit::Time(3_600_000_000, "hour"),
    ),
    (
        &["minute", "m", "mi", "min", "minutes", "mins"],
        Unit::Time(60_000_000, "minute"),
    ),
    (
        &["second", "s", "sec", "seconds", "secs"],
        Unit::Time(1_000_000, "second"),
    ),
    (
        &["millisecond", "ms", "msec", "milliseconds"],
        Unit::Time(1_000, "millisecond"),
    ),
    (
        &["microsecond", "us", "usec", "microseconds"],
        Unit::Time(1, "microsecond"),
    ),
];

/// Parts of a date that can be read but not added, with DuckDB's expression for them; `{}` stands for the timestamp.
const PARTS: [(&[&str], &str); 13] = [
    (
        &["dayofweek", "weekday", "dow", "dw"],
        "date_part('dow', {})",
    ),
    (
        &[
            "dayofweekiso",
            "dayofweek_iso",
            "weekday_iso",
            "dow_iso",
            "dw_iso",
        ],
        "date_part('isodow', {})",
    ),
    (
        &["dayofyear", "yearday", "doy", "dy"],
        "date_part('doy', {})",
    ),
    (
        &["weekiso", "week_iso", "weekofyeariso", "weekofyear_iso"],
        "date_part('week', {})",
    ),
    (&["yearofweek", "yearofweekiso"], "date_part('isoyear', {})"),
    (
        &["epoch", "epoch_second", "epoch_seconds"],
        "(epoch_us({}) // 1000000)",
    ),
    (&["epoch_millisecond", "epoch_milliseconds"], "epoch_ms({})"),
    (&["epoch_microsecond", "epoch_microseconds"], "epoch_us({})"),
    (&["epoch_nanosecond", "epoch_nanoseconds"], "epoch_ns({})"),
    (
        &["second", "s", "sec", "seconds", "secs"],
        "date_part('second', {})",
    ),
    (
        &["millisecond", "ms", "msec", "milliseconds"],
        "(date_part('microsecond', {}) % 1000000 // 1000)",
    ),
    (
        &["microsecond", "us", "usec", "microseconds"],
        "(date_part('microsecond', {}) % 1000000)",
    ),
    (
        &[
            "nanosecond",
            "ns",
            "nsec",
            "nanosec",
            "nsecond",
            "nanoseconds",
            "nanosecs",
            "nseconds",
        ],
        "(date_part('microsecond', {}) % 1000000 * 1000)",
    ),
];

/// The unit of a name, whatever its case.
pub(super) fn unit(name: &str) -> Result<Unit, Fault> {
    let wanted = name.to_lowercase();
    match UNITS
        .iter()
        .find(|(names, _)| names.contains(&wanted.as_str()))
    {
        Some((_, unit)) => Ok(*unit),
        None if wanted.starts_with(['n', 't']) || expression_of_part(&wanted).is_some() => {
            limit(format!("does not support {name} as a unit of time"))
        }
        None => refuse(format!("'{name}' is not a valid date/time component")),
    }
}

/// DuckDB's expression for a part of a date, by a name in lower case; `{}` stands for the timestamp.
pub(super) fn expression_of_part(name: &str) -> Option<&'static str> {
    let (_, template) = PARTS.iter().find(|(names, _)| names.contains(&name))?;
    Some(template)
}

/// The unit or part an argument names, bare or in quotes.
pub(super) fn unit_name(argument: &Expr) -> Result<String, Fault> {
    match argument {
        Expr::Identifier(ident) => Ok(ident.value.clone()),
        Expr::Value(value) => match value.value.clone().into_string() {
            Some(name) => Ok(name),
            None => refuse(format!("{argument} is not a valid date/time component")),
        },
        Expr::CompoundIdentifier(_) => limit("accepts a date part as a word or a literal only"),
        _ => refuse(format!("{argument} is not a valid date/time component")),
    }
}

impl Unit {
    /// DuckDB's name for the unit.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Months(_, name) | Self::Days(_, name) | Self::Time(_, name) => name,
        }
    }
}

/// The name of a unit that is written behind an INTERVAL.
pub(super) fn field_name(field: &DateTimeField) -> String {
    field.to_string().to_lowercase()
}
