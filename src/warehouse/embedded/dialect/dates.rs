//! Functions of dates and times.

use crate::sql::ast::{Expr, Interval};

use super::call::Call;
use super::decimals::at_places;
use super::numbers::is_beyond;
use super::texts::{text_literal, whole};
use super::types::{Target, typed_null};
use super::units::{Unit, expression_of_part, field_name, unit, unit_name};
use super::writer::{Fault, Writer, Written, is_short, limit, macro_call, quote_text, refuse};
impl Writer<'_> {
    /// `DATEADD(unit, n, date)`
    pub(super) fn date_add(&mut self, call: &Call<'_>) -> Written {
        let unit = unit(&unit_name(call.argument(0)?)?)?;
        let count = self.number(call.argument(1)?)?;
        let date = self.moment(call.argument(2)?)?;
        Ok(added(&date, &count, unit))
    }

    /// `DATEDIFF(unit, from, to)`
    pub(super) fn date_diff(&mut self, call: &Call<'_>) -> Written {
        let unit = unit(&unit_name(call.argument(0)?)?)?;
        let from = self.point(call.argument(1)?)?;
        let to = self.point(call.argument(2)?)?;
        // Weeks begin on Monday for Snowflake; DuckDB counts spans of seven days.
        if unit.name() == "week" {
            return Ok(format!(
                "(date_diff('day', date_trunc('week', {from}), date_trunc('week', {to})) // 7)"
            ));
        }
        Ok(format!("date_diff('{}', {from}, {to})", unit.name()))
    }

    /// `DATE_TRUNC(unit, date)`, in either order of the arguments.
    pub(super) fn date_trunc(&mut self, call: &Call<'_>) -> Written {
        let (first, second) = (call.argument(0)?, call.argument(1)?);
        let (name, date) = match unit_name(first).and_then(|name| unit(&name).map(|_| name)) {
            Ok(name) => (name, second),
            Err(_) => (unit_name(second)?, first),
        };
        let unit = unit(&name)?;
        let date = self.moment(date)?;
        if is_short(&date) {
            return Ok(macro_call("date_trunc", &[&date, &quote_text(unit.name())]));
        }
        Ok(format!("rs_date_trunc({date}, 0, '{}')", unit.name()))
    }

    /// `TRUNC` of a number to a scale, or of a date to a unit.
    pub(super) fn trunc(&mut self, call: &Call<'_>) -> Written {
        match call.arguments() {
            [_, second] if text_literal(second).is_some() => self.date_trunc(call),
            [number] => {
                let number = self.number(number)?;
                Ok(format!("trunc({number})"))
            }
            _ => {
                let number = self.number(call.argument(0)?)?;
                let scale = whole(call.argument(1)?, "TRUNC")?;
                if is_beyond(&scale) {
                    return Ok(number);
                }
                let truncated = at_places("trunc", &number, &scale);
                Ok(format!("round({truncated}, {scale})"))
            }
        }
    }

    /// `DATE_PART(part, date)`, `EXTRACT(part FROM date)`, `YEAR(date)`.
    pub(super) fn date_part(&mut self, part: &str, date: &Expr) -> Written {
        self.shed_zone(date);
        let moment = self.point(date)?;
        let wanted = part.trim_matches('\'').to_lowercase();
        if let Some(template) = expression_of_part(&wanted) {
            return Ok(template.replace("{}", &moment));
        }
        Ok(format!("date_part('{}', {moment})", unit(&wanted)?.name()))
    }

    /// `ADD_MONTHS(date, months)`
    pub(super) fn add_months(&mut self, call: &Call<'_>) -> Written {
        let date = self.moment(call.argument(0)?)?;
        let months = self.number(call.argument(1)?)?;
        if is_short(&date) {
            return Ok(macro_call("add_months", &[&date, &months]));
        }
        Ok(format!(
            "rs_add_months({date}, CAST({months} AS BIGINT), '')"
        ))
    }

    /// `LAST_DAY(date [, unit])`
    pub(super) fn last_day(&mut self, call: &Call<'_>) -> Written {
        let moment = self.point(call.argument(0)?)?;
        let unit = match call.arguments().get(1) {
            Some(name) => unit(&unit_name(name)?)?,
            None => return Ok(format!("last_day({moment})")),
        };
        let next = match unit {
            Unit::Months(months, _) => format!("to_months({months})"),
            Unit::Days(days, _) => format!("to_days({days})"),
            Unit::Time(..) => return refuse("LAST_DAY takes year, quarter, month or week"),
        };
        Ok(format!(
            "CAST(date_trunc('{}', {moment}) + {next} - to_days(1) AS DATE)",
            unit.name()
        ))
    }

    /// `NEXT_DAY(date, weekday)` and `PREVIOUS_DAY`.
    pub(super) fn neighbour_day(&mut self, call: &Call<'_>, is_next: bool) -> Written {
        let name = unit_name(call.argument(1)?)?.to_lowercase();
        let days = ["mo", "tu", "we", "th", "fr", "sa", "su"];
        let Some(index) = days.iter().position(|day| name.starts_with(day)) else {
            return match call.argument(1)? {
                Expr::Value(_) => refuse(format!("{name} is not a day of the week")),
                _ => limit(format!(
                    "accepts the day of {} as a literal only",
                    call.name
                )),
            };
        };
        let moment = self.point(call.argument(0)?)?;
        let weekday = (index + 1).to_string();
        let function = if is_next { "next_day" } else { "previous_day" };
        Ok(macro_call(function, &[&moment, &weekday]))
    }

    /// `TIME_SLICE(date, length, unit [, 'START' | 'END'])`
    pub(super) fn time_slice(&mut self, call: &Call<'_>) -> Written {
        let unit = unit(&unit_name(call.argument(2)?)?)?;
        let is_end = match call.arguments().get(3) {
            Some(edge) => unit_name(edge)?.eq_ignore_ascii_case("END"),
            None => false,
        };
        let length = match call.argument(1)? {
            Expr::Value(value) => value.value.to_string(),
            _ => return limit("accepts only a literal length in TIME_SLICE"),
        };
        let Ok(length) = length.parse::<u16>() else {
            return refuse("the length of TIME_SLICE must be a positive whole number");
        };
        if unit == Unit::Days(7, "week") && length != 1 {
            return limit("does not support slices of several weeks in TIME_SLICE");
        }
        if length == 0 {
            return refuse("the length of TIME_SLICE must be a positive whole number");
        }
        // Weeks begin on Mondays, and everything else with 1970, a Thursday.
        let origin = match unit {
            Unit::Days(7, _) => "TIMESTAMP '1969-12-29 00:00:00'",
            _ => "TIMESTAMP '1970-01-01 00:00:00'",
        };
        let date = self.moment(call.argument(0)?)?;
        if !is_short(&date) {
            let sign = if is_end { "-" } else { "" };
            return Ok(format!(
                "rs_time_slice({date}, {sign}{length}, '{}')",
                unit.name()
            ));
        }
        Ok(macro_call(
            if is_end {
                "time_slice_end"
            } else {
                "time_slice"
            },
            &[
                &date,
                &format!("INTERVAL '{length}' {}", unit.name()),
                origin,
            ],
        ))
    }

    /// `TIME_FROM_PARTS(hour, minute, second [, nanosecond])`: parts beyond their range count on.
    pub(super) fn time_of_parts(&mut self, call: &Call<'_>) -> Written {
        let parts = self.written_numbers(call.arguments())?;
        let span = span_of(parts.get(..3).unwrap_or_default(), parts.get(3));
        Ok(format!(
            "CAST(TIMESTAMP '1970-01-01 00:00:00' + {span} AS TIME)"
        ))
    }

    /// `TIMESTAMP_FROM_PARTS(year, month, day, hour, minute, second [, nanosecond])`, or a date and a time.
    pub(super) fn timestamp_of_parts(&mut self, call: &Call<'_>) -> Written {
        if let [date, time] = call.arguments() {
            let (date, time) = (self.expression(date)?, self.expression(time)?);
            let date = super::types::cast_to(&date, Target::Date);
            let time = super::types::cast_to(&time, Target::Time);
            return Ok(format!("({date} + {time})"));
        }
        if call.arguments().len() > 7 {
            return limit(format!("does not accept time zone in {}", call.name));
        }
        let parts = self.written_numbers(call.arguments())?;
        let (Some(day), Some(time)) = (parts.get(..3), parts.get(3..6)) else {
            return refuse(format!("not enough arguments for function {}", call.name));
        };
        let day: Vec<&str> = day.iter().map(String::as_str).collect();
        let date = macro_call("date_of_parts", &day);
        let at = format!(
            "(CAST({date} AS TIMESTAMP) + {})",
            span_of(time, parts.get(6))
        );
        let is_zoned = call.name.contains("TZ") && !call.name.contains("NTZ");
        Ok(if is_zoned {
            format!("CAST({at} AS TIMESTAMPTZ)")
        } else {
            at
        })
    }

    fn written_numbers(&mut self, list: &[&Expr]) -> Result<Vec<String>, Fault> {
        list.iter().map(|expr| self.number(expr)).collect()
    }

    /// `date + INTERVAL '1 month, 2 days'`
    pub(super) fn plus_interval(
        &mut self,
        date: &str,
        is_minus: bool,
        interval: &Interval,
    ) -> Written {
        let sign = if is_minus { "-" } else { "" };
        let text = match interval.value.as_ref() {
            Expr::Value(value) => match &value.value {
                crate::sql::ast::Value::Number(digits, _) => digits.clone(),
                other => other.clone().into_string().unwrap_or_default(),
            },
            _ => return limit("accepts an INTERVAL with a literal only"),
        };
        let mut written = date.to_owned();
        let text = match &interval.leading_field {
            Some(field) => format!("{text} {}", field_name(field)),
            None => text,
        };
        let words: Vec<&str> = text
            .split([',', ' '])
            .filter(|word| !word.is_empty())
            .collect();
        if words.is_empty() {
            return limit("does not accept INTERVAL without a number");
        }
        for pair in words.chunks(2) {
            let (count, name) = match pair {
                [count, name] => (*count, *name),
                [count] => (*count, "second"),
                _ => return refuse(format!("the interval '{text}' could not be read")),
            };
            let Ok(count) = count.parse::<i64>() else {
                return if count.parse::<f64>().is_ok() {
                    limit("accepts whole numbers in an INTERVAL only")
                } else {
                    refuse(format!("the interval '{text}' could not be read"))
                };
            };
            written = added(&written, &format!("({sign}{count})"), unit(name)?);
        }
        Ok(written)
    }

    /// A date, time or timestamp. What is text or VARIANT by its form becomes a timestamp, as it does in Snowflake.
    pub(super) fn moment(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        Ok(self.as_moment(written, expr))
    }

    /// A date or time as a point in time.
    pub(super) fn point(&mut self, expr: &Expr) -> Written {
        let written = self.moment(expr)?;
        Ok(self.as_point(&written, expr))
    }

    pub(super) fn as_moment(&self, written: String, expr: &Expr) -> String {
        if self.is_text(expr) {
            self.as_type(written, expr, Target::Timestamp)
        } else if self.is_variant(expr) {
            macro_call("timestamp", &[&written])
        } else if is_unseen(expr) {
            if is_short(&written) {
                macro_call("when", &[&written])
            } else {
                format!("rs_when({written})")
            }
        } else {
            typed_null(&written, "TIMESTAMP")
        }
    }
}

/// Whether the type of an expression does not show: a column may hold text.
fn is_unseen(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::Nested(inner) => is_unseen(inner),
        _ => false,
    }
}

/// Hours, minutes, seconds and nanoseconds as a span of time.
fn span_of(time: &[String], nanoseconds: Option<&String>) -> String {
    let time: Vec<&str> = time.iter().map(String::as_str).collect();
    let span = macro_call("time_of_parts", &time);
    match nanoseconds {
        Some(nanoseconds) => format!("({span} + {})", macro_call("nanoseconds", &[nanoseconds])),
        None => span,
    }
}

/// A date some units later. A number with a fraction is rounded before it is counted in other units.
fn added(date: &str, count: &str, unit: Unit) -> String {
    let is_whole = count
        .trim_matches(['(', ')', '-'])
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    let rounded;
    let count = if is_whole || count.starts_with("CAST(") {
        count
    } else {
        rounded = format!("round({count})");
        &rounded
    };
    match unit {
        Unit::Months(months, _) => later(date, &format!("({count} * {months})"), "month"),
        Unit::Days(days, _) => later(date, &format!("({count} * {days})"), "day"),
        Unit::Time(microseconds, _) => macro_call(
            "add_time_to",
            &[date, &format!("(CAST({count} AS BIGINT) * {microseconds})")],
        ),
    }
}

/// A date so many months or days later: for a column as the engine computes it fastest, for what is longer by a function
/// of ours, which names the date once.
fn later(date: &str, count: &str, unit: &str) -> String {
    if is_short(date) {
        return macro_call(&format!("add_{unit}s_to"), &[date, count]);
    }
    format!("rs_date_add({date}, CAST({count} AS BIGINT), '{unit}')")
}
