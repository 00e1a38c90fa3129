//! Values as JSON with their types kept. What a reader's double would change is written as text instead.
//!
//! It is written directly into the answer: a tree of values would need several times the memory of its text, and time
//! to build.

use std::fmt::Write as _;

use serde_json::{Number, Value};

use crate::warehouse::Cell;

use super::value::write_plain;

/// Digits a double is sure to keep.
const SAFE_DIGITS: u128 = 1_000_000_000_000_000;

/// Digits and a point that a double is sure to keep.
const SAFE_NUMBER_LENGTH: usize = 16;

/// The largest whole number up to which a double holds every whole number.
const SAFE_INTEGER: u128 = 1 << 53;

/// Appends a row as a list.
pub(super) fn row<'batch>(text: &mut String, cells: impl Iterator<Item = Cell<'batch>>) {
    text.push('[');
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, &cell);
    }
    text.push(']');
}

fn write(text: &mut String, cell: &Cell<'_>) {
    match cell {
        Cell::Null => text.push_str("null"),
        Cell::Boolean(_) => write_plain(text, cell),
        // Above 2^53 a reader's double would silently round, so those go out as text.
        Cell::Number { unscaled, scale: 0 } if unscaled.unsigned_abs() <= SAFE_INTEGER => {
            write_plain(text, cell);
        }
        Cell::Number {
            unscaled,
            scale: 1..,
        } if unscaled.unsigned_abs() < SAFE_DIGITS => {
            write_fraction(text, cell);
        }
        // JSON has no word for NaN and the infinities.
        Cell::Float(value) if value.is_finite() => write_float(text, *value),
        Cell::Text(value) => quote(text, value),
        // Snowflake's JSON can hold `undefined` and NaN, which no JSON parser reads, and numbers of 38 digits: those go out as
        // text.
        Cell::Json(value) => match has_long_number(value) {
            true => quote(text, value),
            false => match serde_json::from_str::<Value>(value) {
                Ok(document) => {
                    let _ = write!(text, "{document}");
                }
                Err(_) => quote(text, value),
            },
        },
        // Nothing in these that JSON would escape.
        Cell::Number { .. }
        | Cell::Float(_)
        | Cell::Binary(_)
        | Cell::Date(_)
        | Cell::Time { .. }
        | Cell::Timestamp { .. } => {
            text.push('"');
            write_plain(text, cell);
            text.push('"');
        }
    }
}

/// As the shortest number that reads back the same: `12.50` is `12.5`, and `12.00` is `12.0`.
fn write_fraction(text: &mut String, cell: &Cell<'_>) {
    let begin = text.len();
    write_plain(text, cell);
    // Written first and shortened in place: this runs for every cell, and a second text would be an
    // allocation each.
    let written = text.get(begin..).unwrap_or_default();
    // Numbers this small get an exponent, as in the shortest text of a double.
    if written.trim_start_matches('-').starts_with("0.0000") {
        let value = written.parse().unwrap_or_default();
        text.truncate(begin);
        return write_float(text, value);
    }
    let digits = written.trim_end_matches('0');
    // One zero stays behind the point, so that a reader still sees a fraction.
    let zero = usize::from(digits.ends_with('.'));
    text.truncate(begin + digits.len() + zero);
}

fn write_float(text: &mut String, value: f64) {
    match Number::from_f64(value) {
        Some(number) => {
            let _ = write!(text, "{number}");
        }
        None => text.push_str("null"),
    }
}

/// Appends a text as a JSON string.
pub fn quote(text: &mut String, value: &str) {
    text.push('"');
    escape(text, value);
    text.push('"');
}

/// Appends a text as the inside of a JSON string.
pub fn escape(text: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = rest
        .bytes()
        // Stretches without special characters are copied whole: nearly every text has none.
        .position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        let (plain, special) = rest.split_at(at);
        text.push_str(plain);
        let mut special = special.chars();
        match special.next() {
            Some('"') => text.push_str("\\\""),
            Some('\\') => text.push_str("\\\\"),
            Some('\n') => text.push_str("\\n"),
            Some('\r') => text.push_str("\\r"),
            Some('\t') => text.push_str("\\t"),
            Some('\u{8}') => text.push_str("\\b"),
            Some('\u{c}') => text.push_str("\\f"),
            Some(control) => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = special.as_str();
    }
    text.push_str(rest);
}

/// Whether a number in it may have more digits than a double keeps.
fn has_long_number(json: &str) -> bool {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    json.as_bytes()
        .split(|byte| !is_of_number(byte))
        .any(|digits| digits.len() > SAFE_NUMBER_LENGTH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::render::value::plain_text;

    fn written(cell: &Cell<'_>) -> String {
        let mut text = String::new();
        write(&mut text, cell);
        text
    }

    #[test]
    fn a_document_whose_numbers_a_double_would_change_is_a_text() {
        for (json, is_text) in [
            (r#"{"a": [1, 2.5, null]}"#, false),
            ("[123456789012345.6]", true),
            (r#"{"id": 12345678901234567890}"#, true),
            ("undefined", true),
        ] {
            let text = written(&Cell::Json(json.into()));
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value.is_string(), is_text, "{json}");
            assert!(!is_text || value == json, "{value}");
        }
    }

    #[test]
    fn what_is_no_number_of_json_is_a_text() {
        for (cell, text) in [
            (Cell::Float(f64::NAN), "\"NaN\""),
            (Cell::Float(f64::NEG_INFINITY), "\"-inf\""),
            (Cell::Binary(&[0, 0xab]), "\"00AB\""),
            (Cell::Date(0), "\"1970-01-01\""),
            (Cell::Null, "null"),
            (Cell::Boolean(false), "false"),
        ] {
            assert_eq!(written(&cell), text);
        }
    }

    proptest! {
        /// The shortest text of the double that a reader makes of it.
        #[test]
        fn fractions_are_written_as_doubles_are(unscaled in -999_999_999_999_999_i64..1_000_000_000_000_000, scale in 1_u8..38) {
            let cell = Cell::Number { unscaled: unscaled.into(), scale };
            let double: f64 = plain_text(&cell).unwrap().parse().unwrap();
            // A double tells 0 from -0; a number of Snowflake's does not.
            let double = if double == 0.0 { 0.0 } else { double };
            prop_assert_eq!(written(&cell), Number::from_f64(double).unwrap().to_string());
        }

        #[test]
        fn texts_are_escaped_as_serde_json_does(text in any::<String>(), control in "[\\x00-\\x1f\"\\\\a]{0,8}") {
            for text in [text, control] {
                let mut quoted = String::new();
                quote(&mut quoted, &text);
                prop_assert_eq!(quoted, Value::String(text).to_string());
            }
        }
    }
}
