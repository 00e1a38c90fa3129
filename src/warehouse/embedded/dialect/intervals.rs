//! Dates and times with an INTERVAL added or taken away.
//!
//! Snowflake has two kinds. An interval constant has its units in the text, `INTERVAL '1 year, 2 days'`, and leaves a DATE
//! a DATE. A literal of an interval type has them behind it, `INTERVAL '3' DAY`: days and what is shorter make a TIMESTAMP
//! of a DATE.

use crate::sql::ast::{DateTimeField, Expr, Interval, Value};

use super::dates::{added, later};
use super::units::unit;
use super::writer::{Fault, Writer, Written, limit, limit_with_hint, macro_call, refuse};

/// What an interval of a type adds up to.
enum Length {
    Months(i64),
    Microseconds(i64),
}

impl Writer<'_> {
    /// `date + INTERVAL '1 month, 2 days'`
    pub(super) fn plus_interval(
        &mut self,
        date: &str,
        is_minus: bool,
        interval: &Interval,
    ) -> Written {
        let sign = if is_minus { -1 } else { 1 };
        let text = match interval.value.as_ref() {
            Expr::Value(value) => match &value.value {
                Value::Number(..) => {
                    return refuse(
                        "the value of an INTERVAL stands in quotes: write INTERVAL '1 day', or DATEADD(day, 1, …)",
                    );
                }
                other => other.clone().into_string().unwrap_or_default(),
            },
            _ => {
                return limit_with_hint(
                    "accepts an INTERVAL with a literal only",
                    "DATEADD(day, n, …) adds a number that is computed",
                );
            }
        };
        if let Some(first) = &interval.leading_field {
            return Ok(
                match length_of(&text, first, interval.last_field.as_ref())? {
                    Length::Months(months) => later(date, &format!("({})", sign * months), "month"),
                    Length::Microseconds(span) => {
                        macro_call("add_time_to", &[date, &format!("({})", sign * span)])
                    }
                },
            );
        }
        let mut written = date.to_owned();
        for part in text.split(',') {
            let words: Vec<&str> = part.split_whitespace().collect();
            let (count, name) = match words.as_slice() {
                [count, name] => (*count, *name),
                [count] => (*count, "second"),
                [] => return limit("does not accept INTERVAL without a number"),
                _ => {
                    return limit_with_hint(
                        "needs a comma between the parts of an INTERVAL",
                        "write INTERVAL '1 day, 2 hours'",
                    );
                }
            };
            let Ok(count) = count.parse::<i64>() else {
                return if count.parse::<f64>().is_ok() {
                    limit("accepts whole numbers in an INTERVAL only")
                } else {
                    unread(&text)
                };
            };
            let count = count.saturating_mul(sign);
            written = added(&written, &format!("({count})"), unit(name)?);
        }
        Ok(written)
    }
}

fn unread<T>(text: &str) -> Result<T, Fault> {
    refuse(format!(
        "the interval '{text}' could not be read: write INTERVAL '1 year, 2 days', INTERVAL '1-2' YEAR TO MONTH or \
         INTERVAL '1 02:03:04' DAY TO SECOND"
    ))
}

/// The length of `INTERVAL '1-2' YEAR TO MONTH` or `INTERVAL '1 02:03:04.5' DAY TO SECOND`.
fn length_of(
    text: &str,
    first: &DateTimeField,
    last: Option<&DateTimeField>,
) -> Result<Length, Fault> {
    const FIELDS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];
    let place = |field: &DateTimeField| {
        let name = field.to_string().to_lowercase();
        FIELDS
            .iter()
            .position(|known| *known == name.trim_end_matches('s'))
    };
    let (Some(first), Some(last)) = (place(first), place(last.unwrap_or(first))) else {
        return limit_with_hint(
            "supports YEAR, MONTH, DAY, HOUR, MINUTE and SECOND behind an INTERVAL",
            "write the unit into the text, as in INTERVAL '1 week'",
        );
    };
    let is_of_months = last < 2;
    if last < first || (first < 2) != is_of_months {
        return unread(text);
    }
    let (sign, digits) = match text.trim().strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim().trim_start_matches('+')),
    };
    let numbers: Vec<&str> = digits
        .split(['-', ' ', ':'])
        .filter(|part| !part.is_empty())
        .collect();
    if numbers.len() != last - first + 1 {
        return unread(text);
    }
    let mut sum = 0_i64;
    for (at, number) in numbers.iter().enumerate() {
        // In months, or in microseconds.
        let (size, most) = match first + at {
            0 => (12, i64::MAX),
            1 => (1, 11),
            2 => (86_400_000_000, i64::MAX),
            3 => (3_600_000_000, 23),
            4 => (60_000_000, 59),
            _ => (1_000_000, 59),
        };
        let (whole, fraction) = amount(text, number, first + at == 5)?;
        if at > 0 && whole > most {
            return limit(
                "supports parts of an INTERVAL in their usual range only, as 0 to 59 for minutes",
            );
        }
        let part = whole
            .checked_mul(size)
            .and_then(|part| part.checked_add(fraction));
        sum = match part.and_then(|part| sum.checked_add(part)) {
            Some(sum) => sum,
            None => return limit("does not support an INTERVAL this long"),
        };
    }
    Ok(if is_of_months {
        Length::Months(sign * sum)
    } else {
        Length::Microseconds(sign * sum)
    })
}

/// A number of a part, and the microseconds behind its point, which only seconds have.
fn amount(text: &str, number: &str, is_second: bool) -> Result<(i64, i64), Fault> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let Ok(whole) = whole.parse::<i64>() else {
        return unread(text);
    };
    if fraction.is_empty() {
        return Ok((whole, 0));
    }
    if !is_second || fraction.len() > 6 {
        return limit("supports a fraction of seconds to the microsecond in an INTERVAL");
    }
    match format!("{fraction:0<6}").parse::<i64>() {
        Ok(fraction) => Ok((whole, fraction)),
        Err(_) => unread(text),
    }
}
