//! Values as JSON with their types kept. What a reader's double would change is written as text instead.

use std::fmt::Write as _;

use serde_json::{Number, Value};

use crate::warehouse::Cell;

use super::value::{plain_text, write_plain};

/// Digits a double is sure to keep.
const SAFE_DIGITS: u128 = 1_000_000_000_000_000;

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
        // Snowflake's JSON can hold `undefined` and NaN, which no JSON parser reads: those go out as text.
        Cell::Json(text) => {
            return serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()));
        }
        _ => None,
    };
    match number {
        Some(number) => Value::Number(number),
        None => plain_text(cell).map_or(Value::Null, Value::String),
    }
}

/// Appends the value as JSON text, digit for digit what [`value`] holds. `value` is that cell's own.
pub(super) fn write(text: &mut String, cell: &Cell<'_>, value: &Value) {
    match (cell, value) {
        // A decimal's digits are a JSON number as they stand, and cheaper than a double's.
        (Cell::Number { .. }, Value::Number(_)) => write_plain(text, cell),
        (_, Value::String(string)) => write_string(text, string),
        // Kept as Snowflake wrote it; that it is JSON is known from the value.
        (Cell::Json(json), _) => text.push_str(json),
        (_, value) => {
            // Writing into a String cannot fail.
            let _ = write!(text, "{value}");
        }
    }
}

fn write_string(text: &mut String, string: &str) {
    let is_plain = !string
        .bytes()
        .any(|byte| byte < b' ' || byte == b'"' || byte == b'\\');
    if is_plain {
        text.push('"');
        text.push_str(string);
        text.push('"');
    } else {
        let _ = write!(text, "{}", Value::from(string));
    }
}
