//! Units of time and parts of a date, under all the names Snowflake takes.

use crate::sql::ast::Expr;

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
    /// Nanoseconds, of which the engine has every thousandth.
    Nanoseconds,
}

/// The names Snowflake takes for each unit, and what it is.
const UNITS: [(&[&str], Unit); 11] = [
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
    (&NANOSECONDS, Unit::Nanoseconds),
];

const NANOSECONDS: [&str; 8] = [
    "nanosecond",
    "ns",
    "nsec",
    "nanosec",
    "nsecond",
    "nanoseconds",
    "nanosecs",
    "nseconds",
];

/// Other names of weeks, which begin on Mondays whatever `WEEK_START` says, where a date is truncated or has a last day.
const ISO_WEEKS: [&str; 4] = ["weekiso", "week_iso", "weekofyeariso", "weekofyear_iso"];

/// What a part of a date is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A date, a time or a timestamp.
    Any,
    /// A date or a timestamp.
    Day,
    /// A time or a timestamp.
    Clock,
    /// A timestamp with zone.
    Zone,
}

/// Parts of a date that can be read but not added, with DuckDB's expression for them; `{}` stands for the timestamp.
const PARTS: [(&[&str], &str, Of); 13] = [
    (
        &["dayofweek", "weekday", "dow", "dw"],
        "date_part('dow', {})",
        Of::Day,
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
        Of::Day,
    ),
    (
        &["dayofyear", "yearday", "doy", "dy"],
        "date_part('doy', {})",
        Of::Day,
    ),
    (&ISO_WEEKS, "date_part('week', {})", Of::Day),
    (
        &["yearofweek", "yearofweekiso"],
        "date_part('isoyear', {})",
        Of::Day,
    ),
    (
        &["epoch", "epoch_second", "epoch_seconds"],
        "sf_epoch",
        Of::Day,
    ),
    (
        &["epoch_millisecond", "epoch_milliseconds"],
        "sf_epoch_ms",
        Of::Clock,
    ),
    (
        &["epoch_microsecond", "epoch_microseconds"],
        "epoch_us({})",
        Of::Clock,
    ),
    (
        &["epoch_nanosecond", "epoch_nanoseconds"],
        "epoch_ns({})",
        Of::Clock,
    ),
    (
        &["second", "s", "sec", "seconds", "secs"],
        "date_part('second', {})",
        Of::Any,
    ),
    (
        &NANOSECONDS,
        "(date_part('microsecond', {}) % 1000000 * 1000)",
        Of::Any,
    ),
    (
        &["timezone_hour", "tzh"],
        "(date_part('second', {}) * 0)",
        Of::Zone,
    ),
    (
        &["timezone_minute", "tzm"],
        "(date_part('second', {}) * 0)",
        Of::Zone,
    ),
];

/// The unit of a name, whatever its case.
pub(super) fn unit(name: &str) -> Result<Unit, Fault> {
    match known_unit(name) {
        Some(unit) => Ok(unit),
        None => refuse(format!("'{name}' is not a valid date/time component")),
    }
}

fn known_unit(name: &str) -> Option<Unit> {
    let wanted = name.to_lowercase();
    let (_, unit) = UNITS
        .iter()
        .find(|(names, _)| names.contains(&wanted.as_str()))?;
    Some(*unit)
}

/// The unit that a date is truncated to, or whose last day is asked for.
pub(super) fn span(name: &str) -> Result<Unit, Fault> {
    match name.to_lowercase().as_str() {
        iso if ISO_WEEKS.contains(&iso) => Ok(Unit::Days(7, "week")),
        "yearofweekiso" => limit("does not truncate dates to YEAROFWEEKISO"),
        _ => unit(name),
    }
}

/// DuckDB's expression for a part of a date, and what it is read from; `{}` stands for the timestamp.
pub(super) fn part(name: &str) -> Result<(String, Of), Fault> {
    let wanted = name.to_lowercase();
    if let Some((_, template, of)) = PARTS
        .iter()
        .find(|(names, _, _)| names.contains(&wanted.as_str()))
    {
        return Ok(((*template).to_owned(), *of));
    }
    match known_unit(&wanted) {
        Some(unit @ (Unit::Months(..) | Unit::Days(..))) => {
            Ok((format!("date_part('{}', {{}})", unit.name()), Of::Day))
        }
        // Shorter ones than seconds are read as nanoseconds.
        Some(Unit::Time(1_000_000.., name)) => Ok((format!("date_part('{name}', {{}})"), Of::Any)),
        _ => refuse(format!("'{name}' is not a valid date/time component")),
    }
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
            Self::Nanoseconds => "nanosecond",
        }
    }

    /// What can be counted or moved in it.
    pub(super) fn of(self) -> Of {
        match self {
            Self::Months(..) | Self::Days(..) => Of::Day,
            Self::Time(..) | Self::Nanoseconds => Of::Any,
        }
    }
}
