//! Functions of dates and times.

use crate::sql::ast::Expr;

use super::call::Call;
use super::decimals::at_places;
use super::numbers::is_beyond;
use super::returns::Form;
use super::texts::{text_literal, whole};
use super::types::{Target, typed_null};
use super::units::{Of, Unit, part, span, unit, unit_name};
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
        let from = self.point_of(call.argument(1)?, unit.of())?;
        let to = self.point_of(call.argument(2)?, unit.of())?;
        if unit == Unit::Nanoseconds {
            return Ok(format!("(date_diff('microsecond', {from}, {to}) * 1000)"));
        }
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
        // A column may be called D, which is a day as well: a unit in quotes goes before.
        let is_quoted = |expr: &Expr| text_literal(expr).is_some_and(|name| span(name).is_ok());
        let (name, date) = if is_quoted(second) && !is_quoted(first) {
            (second, first)
        } else {
            (first, second)
        };
        let unit = span(&unit_name(name)?)?;
        let name = match unit {
            Unit::Nanoseconds => "microsecond",
            unit => unit.name(),
        };
        let date = self.moment(date)?;
        if is_short(&date) {
            return Ok(macro_call("date_trunc", &[&date, &quote_text(name)]));
        }
        Ok(format!("rs_date_trunc({date}, 0, '{name}')"))
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
    pub(super) fn date_part(&mut self, name: &str, date: &Expr) -> Written {
        let (template, of) = part(name.trim_matches('\''))?;
        if of != Of::Zone {
            self.shed_zone(date);
        }
        let moment = self.point_of(date, of)?;
        Ok(match template.as_str() {
            "sf_epoch" => macro_call("epoch", &[&moment, "1000000"]),
            "sf_epoch_ms" => macro_call("epoch", &[&moment, "1000"]),
            _ => template.replace("{}", &moment),
        })
    }

    /// `ADD_MONTHS(date, months)`
    pub(super) fn add_months(&mut self, call: &Call<'_>) -> Written {
        let date = self.moment(call.argument(0)?)?;
        let months = self.number(call.argument(1)?)?;
        if is_short(&date) && is_short(&months) {
            return Ok(macro_call("add_months", &[&date, &months]));
        }
        Ok(format!(
            "rs_add_months({date}, CAST({months} AS BIGINT), '')"
        ))
    }

    /// `LAST_DAY(date [, unit])`
    pub(super) fn last_day(&mut self, call: &Call<'_>) -> Written {
        let moment = self.point_of(call.argument(0)?, Of::Day)?;
        let unit = match call.arguments().get(1) {
            Some(name) => span(&unit_name(name)?)?,
            None => return Ok(format!("last_day({moment})")),
        };
        let next = match unit {
            Unit::Months(months, _) => format!("to_months({months})"),
            Unit::Days(days, _) => format!("to_days({days})"),
            Unit::Time(..) | Unit::Nanoseconds => {
                return refuse("LAST_DAY takes year, quarter, month or week");
            }
        };
        Ok(format!(
            "CAST(date_trunc('{}', {moment}) + {next} - to_days(1) AS DATE)",
            unit.name()
        ))
    }

    /// `NEXT_DAY(date, weekday)` and `PREVIOUS_DAY`.
    pub(super) fn neighbour_day(&mut self, call: &Call<'_>, is_next: bool) -> Written {
        let moment = self.point_of(call.argument(0)?, Of::Day)?;
        let function = if is_next { "next_day" } else { "previous_day" };
        let day = call.argument(1)?;
        let Some(name) = text_literal(day) else {
            let day = macro_call("weekday", &[&self.text(day)?]);
            return Ok(macro_call(function, &[&moment, &day]));
        };
        let name = name.trim_start().to_lowercase();
        let days = ["mo", "tu", "we", "th", "fr", "sa", "su"];
        let Some(index) = days.iter().position(|day| name.starts_with(day)) else {
            return refuse(format!("'{name}' is not a day of the week"));
        };
        let weekday = (index + 1).to_string();
        if !is_short(&moment) {
            let sign = if is_next { "" } else { "-" };
            return Ok(format!(
                "CAST(rs_neighbour_day({moment}, {sign}{weekday}, '') AS DATE)"
            ));
        }
        Ok(macro_call(function, &[&moment, &weekday]))
    }

    /// `TIME_SLICE(date, length, unit [, 'START' | 'END'])`
    pub(super) fn time_slice(&mut self, call: &Call<'_>) -> Written {
        const NO_LENGTH: &str = "the length of TIME_SLICE must be a positive whole number";
        let unit = unit(&unit_name(call.argument(2)?)?)?;
        let sign = match call.arguments().get(3) {
            None => "",
            Some(edge) => match unit_name(edge)?.to_uppercase().as_str() {
                "START" => "",
                "END" => "-",
                edge => return refuse(format!("'{edge}' is neither START nor END in TIME_SLICE")),
            },
        };
        let length = match call.argument(1)? {
            Expr::Value(value) => value.value.to_string(),
            Expr::UnaryOp { .. } => return refuse(NO_LENGTH),
            _ => return limit("accepts only a literal length in TIME_SLICE"),
        };
        match length.parse::<u16>() {
            Ok(1..) => {}
            _ => return refuse(NO_LENGTH),
        }
        if !matches!(
            unit,
            Unit::Months(..) | Unit::Days(..) | Unit::Time(1_000_000.., _)
        ) {
            return refuse(format!(
                "'{}' is not a valid date/time component for TIME_SLICE",
                unit.name()
            ));
        }
        let date = self.moment(call.argument(0)?)?;
        Ok(format!(
            "rs_time_slice({date}, {sign}{length}, '{}')",
            unit.name()
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
            let (day, hour) = (self.expression(date)?, self.expression(time)?);
            let day = self.as_type(day, date, Target::Date);
            let hour = self.as_type(hour, time, Target::Time);
            return Ok(format!("({day} + {hour})"));
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

    /// A date, time or timestamp. What is text or VARIANT by its form becomes a timestamp, as it does in Snowflake.
    pub(super) fn moment(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        Ok(self.as_moment(written, expr))
    }

    /// A date or time as a point in time.
    pub(super) fn point(&mut self, expr: &Expr) -> Written {
        self.point_of(expr, Of::Any)
    }

    /// The same, of a value that has what a part or a unit is of.
    fn point_of(&mut self, expr: &Expr, of: Of) -> Written {
        let written = self.moment(expr)?;
        Ok(self.as_point(&written, expr, of))
    }

    pub(super) fn as_moment(&self, written: String, expr: &Expr) -> String {
        if matches!(self.form(expr), Some(Form::Text | Form::Json)) {
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
pub(super) fn added(date: &str, count: &str, unit: Unit) -> String {
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
        Unit::Nanoseconds => macro_call(
            "add_time_to",
            &[date, &macro_call("microseconds", &[count])],
        ),
    }
}

/// A date so many months or days later: for a column as the engine computes it fastest, for what is longer by a function
/// of ours, which names the date once.
pub(super) fn later(date: &str, count: &str, unit: &str) -> String {
    if is_short(date) {
        return macro_call(&format!("add_{unit}s_to"), &[date, count]);
    }
    format!("rs_date_add({date}, CAST({count} AS BIGINT), '{unit}')")
}
