//! Values to and from text: cells of a JSON result read by their type, and cells written where only text will do.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::types::{Type, Zone};
use crate::warehouse::{Cell, calendar};

const NANOSECONDS: i128 = 1_000_000_000;
/// Snowflake sends a `TIMESTAMP_TZ`'s offset with a day added, so that it is never negative.
const OFFSET_BIAS: i128 = 1_440;
/// More digits than any NUMBER has after its point; a DECFLOAT smaller than that is easier to read with an exponent.
const MAX_SCALE: i32 = 38;

/// Reads a cell that came as text. What does not look like its type is shown as it came.
pub(super) fn read<'text>(kind: &Type, text: &'text str) -> Cell<'text> {
    let cell = match kind {
        Type::Fixed { scale } => Decimal::parse(text).and_then(|value| value.fixed(*scale)),
        Type::Real => text.parse().ok().map(Cell::Float),
        Type::DecFloat => Decimal::parse(text).map(Decimal::floating),
        Type::Boolean => match text {
            "1" => Some(Cell::Boolean(true)),
            "0" => Some(Cell::Boolean(false)),
            text if text.eq_ignore_ascii_case("true") => Some(Cell::Boolean(true)),
            text if text.eq_ignore_ascii_case("false") => Some(Cell::Boolean(false)),
            _ => None,
        },
        Type::Date => text.parse().ok().map(Cell::Date),
        Type::Time { scale } => Decimal::parse(text)
            .and_then(Decimal::units)
            .and_then(|(units, digits)| time(units, digits, *scale)),
        Type::Timestamp { zone, scale } => read_timestamp(text, *zone, *scale),
        Type::YearMonth { is_years_only } => text
            .parse()
            .ok()
            .map(|months| year_month(months, *is_years_only)),
        Type::DayTime => text.parse().ok().map(day_time),
        Type::Json(_) => Some(Cell::Json(text.into())),
        Type::Text | Type::Binary | Type::Geo | Type::Unknown => None,
    };
    cell.unwrap_or(Cell::Text(Cow::Borrowed(text)))
}

fn read_timestamp<'batch>(text: &str, zone: Zone, scale: u8) -> Option<Cell<'batch>> {
    let (epoch, biased) = match text.split_once(' ') {
        Some((epoch, offset)) => (epoch, Some(offset.parse().ok()?)),
        None => (text, None),
    };
    let offset = match zone {
        Zone::Wall => None,
        Zone::Session(offset) => Some(offset),
        Zone::Own => Some(biased.map_or(0, own_offset)),
    };
    let (units, digits) = Decimal::parse(epoch)?.units()?;
    timestamp(units, digits, 0, offset, scale)
}

/// A TIME of `units`, of which there are `10^digits` in a second.
pub(super) fn time<'batch>(units: i128, digits: u8, scale: u8) -> Option<Cell<'batch>> {
    let nanoseconds = units.checked_mul(power(9_u8.checked_sub(digits)?)?)?;
    Some(Cell::Time {
        nanoseconds: nanoseconds.try_into().ok()?,
        scale,
    })
}

/// A TIMESTAMP of `units`, of which there are `10^digits` in a second, and `fraction` nanoseconds more.
///
/// Both may be negative, so the sum is brought into the form of whole seconds and what comes after them.
pub(super) fn timestamp<'batch>(
    units: i128,
    digits: u8,
    fraction: i128,
    offset_minutes: Option<i16>,
    scale: u8,
) -> Option<Cell<'batch>> {
    let nanoseconds = units
        .checked_mul(power(9_u8.checked_sub(digits)?)?)?
        .checked_add(fraction)?;
    Some(Cell::Timestamp {
        seconds: nanoseconds.div_euclid(NANOSECONDS).try_into().ok()?,
        nanoseconds: nanoseconds.rem_euclid(NANOSECONDS).try_into().ok()?,
        offset_minutes,
        scale,
    })
}

/// A `TIMESTAMP_TZ`'s own offset as it is sent, in minutes east of UTC; UTC for one that no place on earth has.
pub(super) fn own_offset(biased: i128) -> i16 {
    match biased.checked_sub(OFFSET_BIAS) {
        Some(minutes) if minutes.unsigned_abs() < OFFSET_BIAS.unsigned_abs() => {
            minutes.try_into().unwrap_or(0)
        }
        _ => 0,
    }
}

/// An interval of months as Snowflake writes it, `+1-02`.
pub(super) fn year_month<'batch>(months: i128, is_years_only: bool) -> Cell<'batch> {
    let sign = if months < 0 { '-' } else { '+' };
    let months = months.unsigned_abs();
    let years = months / 12;
    Cell::Text(Cow::Owned(if is_years_only {
        format!("{sign}{years}")
    } else {
        format!("{sign}{years}-{:02}", months % 12)
    }))
}

/// An interval of nanoseconds as Snowflake writes it, `+1 02:03:04.5`.
pub(super) fn day_time<'batch>(nanoseconds: i128) -> Cell<'batch> {
    let sign = if nanoseconds < 0 { '-' } else { '+' };
    let nanoseconds = nanoseconds.unsigned_abs();
    let (seconds, fraction) = (
        nanoseconds / NANOSECONDS.unsigned_abs(),
        nanoseconds % NANOSECONDS.unsigned_abs(),
    );
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let mut text = format!(
        "{sign}{days} {hours:02}:{:02}:{:02}",
        seconds / 60 % 60,
        seconds % 60
    );
    write_fraction(&mut text, fraction, 0);
    Cell::Text(Cow::Owned(text))
}

/// `significand × 10^exponent`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) significand: i128,
    pub(super) exponent: i32,
}

impl Decimal {
    /// Reads digits with an optional sign, point and exponent; `None` too for more digits than any of Snowflake's types.
    fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if fraction.is_empty() {
            return Some(Self {
                significand: whole.parse().ok()?,
                exponent,
            });
        }
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // The sign belongs to the whole value: in `-0.5` the part before the point does not show it.
        let is_negative = whole.starts_with('-');
        let whole: i128 = match whole {
            "" | "-" | "+" => 0,
            whole => whole.parse().ok()?,
        };
        let length = u8::try_from(fraction.len()).ok()?;
        let fraction: i128 = fraction.parse().ok()?;
        // Checked everywhere: what does not fit is shown as the text that came, not as a wrong
        // number.
        let scaled = whole.checked_mul(power(length)?)?;
        Some(Self {
            significand: if is_negative {
                scaled.checked_sub(fraction)?
            } else {
                scaled.checked_add(fraction)?
            },
            exponent: exponent.checked_sub(length.into())?,
        })
    }

    /// As a NUMBER of this scale, or of a larger one where digits would be lost.
    fn fixed<'batch>(self, scale: u8) -> Option<Cell<'batch>> {
        let missing = i32::from(scale).checked_add(self.exponent)?;
        if missing < 0 {
            let scale = self.exponent.checked_neg()?.try_into().ok()?;
            return Some(Cell::Number {
                unscaled: self.significand,
                scale,
            });
        }
        let unscaled = self
            .significand
            .checked_mul(power(missing.try_into().ok()?)?)?;
        Some(Cell::Number { unscaled, scale })
    }

    /// As units of which there are `10^digits` in one.
    fn units(self) -> Option<(i128, u8)> {
        Some((
            self.significand,
            self.exponent.checked_neg()?.try_into().ok()?,
        ))
    }

    /// As a DECFLOAT: a number without needless zeros, or text with an exponent where it would be all zeros.
    pub(super) fn floating<'batch>(self) -> Cell<'batch> {
        let Self {
            mut significand,
            mut exponent,
        } = self;
        while significand != 0 && significand % 10 == 0 {
            significand /= 10;
            exponent = exponent.saturating_add(1);
        }
        let shortest = Self {
            significand,
            exponent: if significand == 0 { 0 } else { exponent },
        };
        let scale = shortest.exponent.saturating_neg().max(0);
        u8::try_from(scale)
            .ok()
            .filter(|_| scale <= MAX_SCALE)
            .and_then(|scale| shortest.fixed(scale))
            .unwrap_or_else(|| Cell::Text(Cow::Owned(shortest.scientific())))
    }

    fn scientific(self) -> String {
        let digits = self.significand.unsigned_abs().to_string();
        let sign = if self.significand < 0 { "-" } else { "" };
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        // At most 38 digits are moved, and the exponent has 32 bits of room only on paper.
        let moved = i64::try_from(rest.len()).unwrap_or(0);
        format!(
            "{sign}{first}{point}{rest}e{}",
            i64::from(self.exponent) + moved
        )
    }
}

/// Appends a cell as text, for parts of structured values and for types we do not know; NULL is nothing.
///
/// The renderer's way of writing, save that a FLOAT keeps the point that tells it from a NUMBER.
pub(super) fn write(text: &mut String, cell: &Cell<'_>) {
    // Writing into a String cannot fail.
    let _ = match cell {
        Cell::Null => Ok(()),
        Cell::Boolean(value) => write!(text, "{value}"),
        Cell::Number { unscaled, scale } => {
            write_number(text, *unscaled, (*scale).into());
            Ok(())
        }
        Cell::Float(value) => write!(text, "{value:?}"),
        Cell::Text(value) | Cell::Json(value) => {
            text.push_str(value);
            Ok(())
        }
        Cell::Binary(bytes) => bytes.iter().try_for_each(|byte| write!(text, "{byte:02X}")),
        Cell::Date(days) => {
            calendar::write_date(text, (*days).into());
            Ok(())
        }
        // All digits, for a part of a value has no column to give it a scale.
        Cell::Time { nanoseconds, .. } => {
            calendar::write_time(text, *nanoseconds, 9);
            Ok(())
        }
        Cell::Timestamp {
            seconds,
            nanoseconds,
            offset_minutes,
            ..
        } => {
            calendar::write_timestamp(text, *seconds, *nanoseconds, *offset_minutes, 9);
            Ok(())
        }
    };
}

fn write_number(text: &mut String, unscaled: i128, scale: usize) {
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let _ = write!(text, "{sign}{whole}{point}{fraction}");
}

/// At least `at_least` digits of a second, and as many as the value needs.
fn write_fraction(text: &mut String, nanoseconds: u128, at_least: usize) {
    let digits = format!("{nanoseconds:09}");
    let needed = digits.trim_end_matches('0').len().max(at_least);
    if needed > 0 {
        text.push('.');
        text.push_str(digits.get(..needed).unwrap_or(&digits));
    }
}

fn power(exponent: u8) -> Option<i128> {
    10_i128.checked_pow(exponent.into())
}
