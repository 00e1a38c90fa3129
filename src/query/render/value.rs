//! One value as the text Snowflake's own clients show for it with default settings.

use std::fmt::Write as _;

use crate::warehouse::{Cell, calendar};

/// The value as text; `None` for NULL.
#[must_use]
pub fn plain_text(cell: &Cell<'_>) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Text(value) | Cell::Json(value) => Some(value.to_string()),
        cell => {
            let mut text = String::new();
            write_plain(&mut text, cell);
            Some(text)
        }
    }
}

/// Appends the value as text; NULL is `NULL`.
pub(super) fn write_plain(text: &mut String, cell: &Cell<'_>) {
    match *cell {
        Cell::Null => text.push_str("NULL"),
        Cell::Boolean(value) => text.push_str(if value { "true" } else { "false" }),
        Cell::Number { unscaled, scale } => write_number(text, unscaled, scale),
        Cell::Float(value) => write_float(text, value),
        Cell::Text(ref value) | Cell::Json(ref value) => text.push_str(value),
        Cell::Binary(bytes) => {
            for byte in bytes {
                let _ = write!(text, "{byte:02X}");
            }
        }
        Cell::Date(days) => calendar::write_date(text, days.into()),
        Cell::Time { nanoseconds, scale } => calendar::write_time(text, nanoseconds, scale),
        Cell::Timestamp {
            seconds,
            nanoseconds,
            offset_minutes,
            scale,
        } => calendar::write_timestamp(text, seconds, nanoseconds, offset_minutes, scale),
    }
}

fn write_number(text: &mut String, unscaled: i128, scale: u8) {
    // Nearly every number fits into 64 bits, which are written several times faster than 128.
    match (i64::try_from(unscaled), 10_u64.checked_pow(scale.into())) {
        (Ok(unscaled), _) if scale == 0 => {
            let _ = write!(text, "{unscaled}");
        }
        // By hand, since -0.05 has a whole part of 0, which has no sign.
        (Ok(unscaled), Some(unit)) => {
            let sign = if unscaled < 0 { "-" } else { "" };
            let (whole, part) = (
                unscaled.unsigned_abs() / unit,
                unscaled.unsigned_abs() % unit,
            );
            let _ = write!(text, "{sign}{whole}.{part:0>width$}", width = scale.into());
        }
        _ => write_wide_number(text, unscaled, scale.into()),
    }
}

fn write_wide_number(text: &mut String, unscaled: i128, scale: usize) {
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if unscaled < 0 {
        text.push('-');
    }
    text.push_str(whole);
    if scale > 0 {
        text.push('.');
        text.push_str(fraction);
    }
}

/// Shortest text that reads back as the same number; an exponent outside the range people read easily.
fn write_float(text: &mut String, value: f64) {
    let size = value.abs();
    let _ = if value.is_nan() {
        write!(text, "NaN")
    } else if value.is_infinite() {
        write!(text, "{}", if value < 0.0 { "-inf" } else { "inf" })
    } else if size != 0.0 && !(1e-5..1e16).contains(&size) {
        write!(text, "{value:e}")
    } else {
        write!(text, "{value}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(cell: Cell<'_>) -> String {
        plain_text(&cell).unwrap()
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(
            text(Cell::Number {
                unscaled: -5,
                scale: 2
            }),
            "-0.05"
        );
        assert_eq!(
            text(Cell::Number {
                unscaled: 1200,
                scale: 2
            }),
            "12.00"
        );
        let largest = 10_i128.pow(38) - 1;
        assert_eq!(
            text(Cell::Number {
                unscaled: largest,
                scale: 37
            }),
            format!("9.{}", "9".repeat(37))
        );
        assert_eq!(
            text(Cell::Number {
                unscaled: i128::MIN,
                scale: 0
            }),
            i128::MIN.to_string()
        );
    }

    proptest! {
        #[test]
        fn both_ways_to_write_a_number_agree(unscaled in any::<i64>(), scale in 0_u8..38) {
            let mut wide = String::new();
            write_wide_number(&mut wide, unscaled.into(), scale.into());
            prop_assert_eq!(text(Cell::Number { unscaled: unscaled.into(), scale }), wide);
        }
    }

    #[test]
    fn floats_read_back_as_themselves() {
        for value in [0.0, 1.0, -1.5, 0.1, 1e300, 5e-324, 123_456_789.125] {
            assert_eq!(text(Cell::Float(value)).parse::<f64>().unwrap(), value);
        }
        assert_eq!(text(Cell::Float(f64::NAN)), "NaN");
        assert_eq!(text(Cell::Float(f64::NEG_INFINITY)), "-inf");
    }

    #[test]
    fn dates_and_times_look_as_in_snowflake() {
        assert_eq!(text(Cell::Date(0)), "1970-01-01");
        assert_eq!(text(Cell::Date(-719_162)), "0001-01-01");
        assert_eq!(
            text(Cell::Time {
                nanoseconds: 3_661_500_000_000,
                scale: 9
            }),
            "01:01:01.5"
        );
        let at = |nanoseconds, offset_minutes| Cell::Timestamp {
            seconds: 0,
            nanoseconds,
            offset_minutes,
            scale: 9,
        };
        assert_eq!(text(at(0, None)), "1970-01-01 00:00:00.000");
        assert_eq!(text(at(1_000, None)), "1970-01-01 00:00:00.000001");
        assert_eq!(text(at(0, Some(-330))), "1969-12-31 18:30:00.000 -0530");
    }

    #[test]
    fn the_last_day_is_a_day_in_every_format() {
        let zone = |offset_minutes| Cell::Timestamp {
            seconds: 253_402_300_799,
            nanoseconds: 999_999_999,
            offset_minutes,
            scale: 9,
        };
        for (cell, shown) in [
            (Cell::Date(2_932_896), "9999-12-31"),
            (zone(None), "9999-12-31 23:59:59.999999999"),
            (zone(Some(0)), "9999-12-31 23:59:59.999999999 +0000"),
            (Cell::Date(-719_529), "-0001-12-31"),
            (Cell::Date(2_932_897), "10000-01-01"),
        ] {
            assert_eq!(text(cell.clone()), shown);
            let (mut markdown, mut csv) = (String::new(), String::new());
            super::super::markdown::row(&mut markdown, std::iter::once(cell.clone()));
            super::super::csv::row(&mut csv, std::iter::once(cell.clone()));
            assert_eq!(markdown, format!("| {shown} |\n"));
            assert_eq!(csv, format!("{shown}\r\n"));
            let mut json = String::new();
            super::super::json::row(&mut json, std::iter::once(cell));
            assert_eq!(json, format!("[\"{shown}\"]"));
        }
    }

    #[test]
    fn binary_is_upper_case_hexadecimal() {
        assert_eq!(text(Cell::Binary(&[0, 0xab])), "00AB");
    }
}
