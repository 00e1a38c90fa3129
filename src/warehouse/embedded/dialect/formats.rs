//! Conversions between texts, numbers and dates, with Snowflake's format models.

use crate::sql::ast::Expr;
use crate::warehouse::embedded::natives;

use super::super::natives::{Wants, wants};
use super::call::Call;
use super::kinds::of_timestamp;
use super::texts::{number_literal, text_literal};
use super::types::{Target, cast_to, try_cast_to};
use super::writer::{
    Fault, Writer, Written, limit, limit_with_hint, macro_call, quote_text, refuse,
};

/// Elements of date formats that strftime writes as Snowflake does, longest first where one begins another.
const OF_STRFTIME: [(&str, &str); 18] = [
    ("YYYY", "%Y"),
    ("YY", "%y"),
    ("MMMM", "%B"),
    ("MON", "%b"),
    ("MM", "%m"),
    ("MI", "%M"),
    ("DD", "%d"),
    ("DY", "%a"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("HH", "%H"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("SS", "%S"),
    ("FF3", "%g"),
    ("FF6", "%f"),
    ("FF9", "%n"),
    ("T", "T"),
];

impl Writer<'_> {
    /// `TO_CHAR(x [, format])`
    pub(super) fn char_of(&mut self, call: &Call<'_>) -> Written {
        let value = call.argument(0)?;
        if self.is_binary(value) {
            return self.char_of_binary(call);
        }
        let Some(format) = call.arguments().get(1) else {
            let written = self.expression(value)?;
            return Ok(self.as_cast_text(written, value));
        };
        let Some(format) = text_literal(format) else {
            let (value, format) = (self.expression(value)?, self.text(format)?);
            return Ok(macro_call("char_of", &[&value, &format]));
        };
        if format.eq_ignore_ascii_case("TM9") {
            return self.text(value);
        }
        if is_numeric_format(format) {
            return self.number_text(value, format);
        }
        self.shed_zone(value);
        self.moment_in_format(value, format)
    }

    /// A date or time in a literal format.
    fn moment_in_format(&mut self, value: &Expr, format: &str) -> Written {
        let wants = known(format)?;
        let moment = if wants.zone {
            self.sheds_zone = false;
            macro_call("in_utc", &[&self.moment(value)?])
        } else {
            self.point(value)?
        };
        Ok(match of_strftime(format) {
            Some(format) => format!("strftime({moment}, {})", quote_text(&format)),
            None => format!(
                "rs_write_moment(strftime({moment}, '%Y-%m-%d %H:%M:%S.%f'), {})",
                quote_text(format)
            ),
        })
    }

    /// `TO_DATE(x [, format])`, and with TRY_.
    pub(super) fn date_of(&mut self, call: &Call<'_>) -> Written {
        match self.parsed(call, Target::Date)? {
            Some(parsed) => Ok(parsed),
            None => self.converted(call, Target::Date),
        }
    }

    /// `TO_TIMESTAMP(x [, format or scale])`, and with TRY_.
    pub(super) fn timestamp_of(&mut self, call: &Call<'_>) -> Written {
        let target = match call.name.rsplit_once('_') {
            Some((_, "LTZ")) => Target::ZonedTimestamp,
            Some((_, "TZ")) => Target::OffsetTimestamp,
            _ => Target::Timestamp,
        };
        if let Some(scale) = call
            .arguments()
            .get(1)
            .and_then(|scale| number_literal(scale))
        {
            if !matches!(scale.parse::<u32>(), Ok(0..=9)) {
                return refuse("the scale of an epoch time is a whole number from 0 to 9");
            }
            let number = self.expression(call.argument(0)?)?;
            let moment = format!(
                "make_timestamp(CAST(rs_epoch(CAST({number} AS VARCHAR), '{scale}') AS BIGINT))"
            );
            return Ok(of_timestamp(&moment, target));
        }
        match self.parsed(call, target)? {
            Some(parsed) => Ok(parsed),
            None => self.converted(call, target),
        }
    }

    /// `TO_TIME(x [, format])`, and with TRY_.
    pub(super) fn time_of(&mut self, call: &Call<'_>) -> Written {
        match self.parsed(call, Target::Time)? {
            Some(parsed) => Ok(parsed),
            None => self.converted(call, Target::Time),
        }
    }

    fn converted(&mut self, call: &Call<'_>, target: Target) -> Written {
        let argument = call.argument(0)?;
        if matches!(target, Target::Timestamp | Target::Date | Target::Time) {
            self.shed_zone(argument);
        }
        let value = self.expression(argument)?;
        Ok(if call.name.starts_with("TRY_") {
            self.try_as_type(value, argument, target)
        } else {
            self.as_type(value, argument, target)
        })
    }

    /// `TO_BOOLEAN(x)`, and with TRY_.
    pub(super) fn boolean_of(&mut self, call: &Call<'_>) -> Written {
        self.converted(call, Target::Boolean)
    }

    /// The date, time or timestamp in a text of a given format, if the call has a format.
    fn parsed(&mut self, call: &Call<'_>, target: Target) -> Result<Option<String>, Fault> {
        let Some(format) = call.arguments().get(1) else {
            return Ok(None);
        };
        let (function, kind) = match target {
            Target::Date => ("date", "DATE"),
            Target::Time => ("time", "TIME"),
            Target::Timestamp => ("timestamp", "TIMESTAMP"),
            _ => ("zoned", "TIMESTAMPTZ"),
        };
        if let Some(format) = text_literal(format) {
            if format.eq_ignore_ascii_case("AUTO") {
                return Ok(None);
            }
            let wants = known(format)?;
            if wants.zone && target == Target::OffsetTimestamp {
                return limit_with_hint(
                    "keeps no offset in a TIMESTAMP_TZ",
                    "use TO_TIMESTAMP_LTZ, which shows the time in UTC",
                );
            }
            if !wants.year && target != Target::Time {
                return limit(format!(
                    "needs a year in the format of {}, because Snowflake's default for it is not documented",
                    call.name
                ));
            }
        } else if target == Target::OffsetTimestamp {
            return limit(format!("accepts only a literal format in {}", call.name));
        }
        let (text, format) = (self.text(call.argument(0)?)?, self.text(format)?);
        let prefix = if call.name.starts_with("TRY_") {
            "try_"
        } else {
            ""
        };
        Ok(Some(format!(
            "CAST(rs_{prefix}read_{function}({text}, {format}) AS {kind})"
        )))
    }

    /// `TO_NUMBER(x [, format] [, precision [, scale]])`, and with TRY_.
    pub(super) fn number_of(&mut self, call: &Call<'_>) -> Written {
        let (format, numbers) = match call.arguments() {
            [_, second, rest @ ..] => match text_literal(second) {
                Some(format) => (Some(format), rest),
                None => (None, call.arguments().get(1..).unwrap_or_default()),
            },
            _ => (None, [].as_slice()),
        };
        let mut digits = [38_u8, 0];
        for (place, number) in digits.iter_mut().zip(numbers) {
            match number_literal(number).and_then(|digits| digits.parse().ok()) {
                Some(number) => *place = number,
                None => {
                    return limit(format!(
                        "accepts only a literal precision and scale in {}",
                        call.name
                    ));
                }
            }
        }
        let [precision, scale] = digits;
        if !(1..=38).contains(&precision) || scale > precision {
            return limit(format!("does not support NUMBER({precision},{scale})"));
        }
        let value = self.expression(call.argument(0)?)?;
        let value = match format {
            None => value,
            Some(format) => self.number_in(call, format)?,
        };
        let target = Target::Number(precision, scale);
        Ok(if call.name.starts_with("TRY_") {
            try_cast_to(&value, target)
        } else if format.is_none() {
            self.as_type(value, call.argument(0)?, target)
        } else {
            cast_to(&value, target)
        })
    }

    /// The number in a text of a format.
    pub(super) fn number_in(&mut self, call: &Call<'_>, format: &str) -> Written {
        if !natives::is_number_format(format, true) {
            return limit(format!("does not read numbers in the format {format}"));
        }
        let text = self.text(call.argument(0)?)?;
        let function = if call.name.starts_with("TRY_") {
            "rs_try_number_of"
        } else {
            "rs_number_of"
        };
        Ok(format!("{function}({text}, {})", quote_text(format)))
    }

    /// `TO_DOUBLE(x [, format])`, and with TRY_.
    pub(super) fn double_of(&mut self, call: &Call<'_>) -> Written {
        let cast = if call.name.starts_with("TRY_") {
            "TRY_CAST"
        } else {
            "CAST"
        };
        let value = match call.arguments().get(1) {
            None => self.expression(call.argument(0)?)?,
            Some(format) => match text_literal(format) {
                Some(format) => self.number_in(call, format)?,
                None => return limit(format!("accepts only a literal format in {}", call.name)),
            },
        };
        Ok(format!("{cast}({value} AS DOUBLE)"))
    }

    /// A number as a text in a format.
    fn number_text(&mut self, number: &Expr, format: &str) -> Written {
        if !natives::is_number_format(format, false) {
            return limit_with_hint(
                format!("does not write numbers in the format {format}"),
                "it knows formats like 999,990.00, FM$999,990.00, S0000, 99.9MI and 0XXX; or cast with ::NUMBER(38,2)::STRING",
            );
        }
        let text = self.text(number)?;
        Ok(format!("rs_number_text({text}, {})", quote_text(format)))
    }
}

/// What a literal format asks for.
fn known(format: &str) -> Result<Wants, Fault> {
    match wants(format) {
        Ok(wants) => Ok(wants),
        Err(what) => limit(what),
    }
}

/// A date format in strftime's letters, if it has all of them.
fn of_strftime(format: &str) -> Option<String> {
    let mut written = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (literal, tail) = rest.get(1..)?.split_once('"')?;
            written.push_str(&literal.replace('%', "%%"));
            rest = tail;
            continue;
        }
        let element = OF_STRFTIME.iter().find(|(element, _)| {
            let start = rest.get(..element.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(element))
        });
        let length = match element {
            Some((element, letters)) => {
                written.push_str(letters);
                element.len()
            }
            None if first.is_alphanumeric() => return None,
            None => {
                written.push(first);
                if first == '%' {
                    written.push('%');
                }
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Some(written)
}

/// Whether a format is one for numbers: digits' places, and no letter of a date.
fn is_numeric_format(format: &str) -> bool {
    // Outside of double quotes.
    let bare: String = format.split('"').step_by(2).collect();
    let format = bare.to_uppercase();
    !format.contains("HH24")
        && !format.contains("HH12")
        && (format.contains(['9', '0', 'X']) || format.contains("TM"))
        && !["YY", "DD", "MON", "SS", "FF"]
            .iter()
            .any(|date| format.contains(date))
}
