//! Values as JSON with their types kept. What a reader's double would change is written as text instead.

use serde_json::{Number, Value};

use crate::warehouse::Cell;

use super::value::plain_text;

/// Digits a double is sure to keep.
const SAFE_DIGITS: i128 = 1_000_000_000_000_000;

/// The largest whole number up to which a double holds every whole number.
const SAFE_INTEGER: u128 = 1 << 53;

pub(super) fn value(cell: &Cell<'_>) -> Value {
    let number = match cell {
        Cell::Null => return Value::Null,
        Cell::Boolean(value) => return Value::Bool(*value),
        Cell::Number { unscaled, scale: 0 } if unscaled.unsigned_abs() <= SAFE_INTEGER => {
            i64::try_from(*unscaled).ok().map(Number::from)
        }
        Cell::Number { unscaled, .. } if unscaled.abs() < SAFE_DIGITS => plain_text(cell)
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

pub(super) fn append(text: &mut String, value: &Value) {
    use std::fmt::Write as _;
    // Writing into a String cannot fail.
    let _ = write!(text, "{value}");
}
