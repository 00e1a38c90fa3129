//! Values as JSON with their types kept. What a reader's double would change is written as text instead.

use std::io;

use serde_json::{Number, Value};

use crate::warehouse::Cell;

use super::value::plain_text;

/// Digits a double is sure to keep.
const SAFE_DIGITS: u128 = 1_000_000_000_000_000;

/// Digits and a point that a double is sure to keep.
const SAFE_NUMBER_LENGTH: usize = 16;

/// The largest whole number up to which a double holds every whole number.
const SAFE_INTEGER: u128 = 1 << 53;

pub(super) fn value(cell: &Cell<'_>) -> Value {
    let number = match cell {
        Cell::Null => return Value::Null,
        Cell::Boolean(value) => return Value::Bool(*value),
        Cell::Number { unscaled, scale: 0 } if unscaled.unsigned_abs() <= SAFE_INTEGER => {
            i64::try_from(*unscaled).ok().map(Number::from)
        }
        Cell::Number { unscaled, .. } if unscaled.unsigned_abs() < SAFE_DIGITS => plain_text(cell)
            .and_then(|text| text.parse::<f64>().ok())
            .and_then(Number::from_f64),
        Cell::Float(value) => Number::from_f64(*value),
        // Snowflake's JSON can hold `undefined` and NaN, which no JSON parser reads, and numbers of 38 digits: those go out as
        // text.
        Cell::Json(text) => {
            let value = match has_long_number(text) {
                true => None,
                false => serde_json::from_str(text).ok(),
            };
            return value.unwrap_or_else(|| Value::String(text.to_string()));
        }
        _ => None,
    };
    match number {
        Some(number) => Value::Number(number),
        None => plain_text(cell).map_or(Value::Null, Value::String),
    }
}

/// Bytes the value takes when it is written out.
pub(super) fn length(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Counting cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
    use super::*;

    #[test]
    fn a_document_whose_numbers_a_double_would_change_is_a_text() {
        for (json, is_text) in [
            (r#"{"a": [1, 2.5, null]}"#, false),
            ("[123456789012345.6]", true),
            (r#"{"id": 12345678901234567890}"#, true),
            ("undefined", true),
        ] {
            let value = value(&Cell::Json(json.into()));
            assert_eq!(value.is_string(), is_text, "{json}");
            assert!(!is_text || value == json, "{value}");
        }
    }

    #[test]
    fn length_is_what_the_text_takes() {
        let value = serde_json::json!({"a": ["\"é\n", 1.5, null]});
        assert_eq!(length(&value), value.to_string().len());
    }
}
