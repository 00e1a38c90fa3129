//! One vector of DuckDB's, its type known, and its values as cells.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use duckdb::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, BooleanArray, Date32Array,
    Decimal128Array, PrimitiveArray, StringArray,
};
use duckdb::arrow::datatypes::{
    self as arrow, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::warehouse::{Cell, calendar};

/// Digits of a second that Snowflake gives a time or timestamp without a scale of its own.
pub(super) const DEFAULT_SCALE: u8 = 9;

/// A vector with its Rust type known.
pub(super) enum View {
    Boolean(BooleanArray),
    Int8(PrimitiveArray<Int8Type>),
    Int16(PrimitiveArray<Int16Type>),
    Int32(PrimitiveArray<Int32Type>),
    Int64(PrimitiveArray<Int64Type>),
    UInt8(PrimitiveArray<UInt8Type>),
    UInt16(PrimitiveArray<UInt16Type>),
    UInt32(PrimitiveArray<UInt32Type>),
    UInt64(PrimitiveArray<UInt64Type>),
    Decimal(Decimal128Array, u8),
    Float32(PrimitiveArray<Float32Type>),
    Float64(PrimitiveArray<Float64Type>),
    Text(StringArray),
    Binary(BinaryArray),
    Date(Date32Array),
    TimeMicros(PrimitiveArray<Time64MicrosecondType>),
    TimeNanos(PrimitiveArray<Time64NanosecondType>),
    Seconds(PrimitiveArray<TimestampSecondType>, Option<i16>),
    Millis(PrimitiveArray<TimestampMillisecondType>, Option<i16>),
    Micros(PrimitiveArray<TimestampMicrosecondType>, Option<i16>),
    Nanos(PrimitiveArray<TimestampNanosecondType>, Option<i16>),
    Json(StringArray),
    /// Values that had to be written out, `None` for NULL.
    Written(Vec<Option<String>>),
    /// The same as JSON.
    WrittenJson(Vec<Option<String>>),
}

impl View {
    pub(super) fn plain(array: &ArrayRef) -> Self {
        use arrow::DataType as Arrow;
        // A zone is shown as its offset, and the engine's only zone is UTC.
        let offset = |zone: &Option<Arc<str>>| zone.as_ref().map(|_| 0);
        let view = match array.data_type() {
            Arrow::Boolean => array.as_boolean_opt().cloned().map(Self::Boolean),
            Arrow::Int8 => array.as_primitive_opt().cloned().map(Self::Int8),
            Arrow::Int16 => array.as_primitive_opt().cloned().map(Self::Int16),
            Arrow::Int32 => array.as_primitive_opt().cloned().map(Self::Int32),
            Arrow::Int64 => array.as_primitive_opt().cloned().map(Self::Int64),
            Arrow::UInt8 => array.as_primitive_opt().cloned().map(Self::UInt8),
            Arrow::UInt16 => array.as_primitive_opt().cloned().map(Self::UInt16),
            Arrow::UInt32 => array.as_primitive_opt().cloned().map(Self::UInt32),
            Arrow::UInt64 => array.as_primitive_opt().cloned().map(Self::UInt64),
            Arrow::Decimal128(_, scale) => {
                let scale = u8::try_from(*scale).unwrap_or(0);
                let decimals = array.as_primitive_opt().cloned();
                decimals.map(|decimals| Self::Decimal(decimals, scale))
            }
            Arrow::Float32 => array.as_primitive_opt().cloned().map(Self::Float32),
            Arrow::Float64 => array.as_primitive_opt().cloned().map(Self::Float64),
            Arrow::Utf8 => array.as_string_opt().cloned().map(Self::Text),
            Arrow::Binary => array.as_binary_opt().cloned().map(Self::Binary),
            Arrow::Date32 => array.as_primitive_opt().cloned().map(Self::Date),
            Arrow::Time64(TimeUnit::Microsecond) => {
                array.as_primitive_opt().cloned().map(Self::TimeMicros)
            }
            Arrow::Time64(TimeUnit::Nanosecond) => {
                array.as_primitive_opt().cloned().map(Self::TimeNanos)
            }
            Arrow::Timestamp(unit, zone) => {
                let offset = offset(zone);
                match unit {
                    TimeUnit::Second => typed(array).map(|times| Self::Seconds(times, offset)),
                    TimeUnit::Millisecond => typed(array).map(|times| Self::Millis(times, offset)),
                    TimeUnit::Microsecond => typed(array).map(|times| Self::Micros(times, offset)),
                    TimeUnit::Nanosecond => typed(array).map(|times| Self::Nanos(times, offset)),
                }
            }
            _ => None,
        };
        view.unwrap_or_else(|| Self::written(array))
    }

    pub(super) fn written(array: &ArrayRef) -> Self {
        Self::Written(display_all(array))
    }

    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        let cell = match self {
            Self::Boolean(array) => array.is_valid(row).then(|| Cell::Boolean(array.value(row))),
            Self::Int8(array) => value(array, row).map(whole),
            Self::Int16(array) => value(array, row).map(whole),
            Self::Int32(array) => value(array, row).map(whole),
            Self::Int64(array) => value(array, row).map(whole),
            Self::UInt8(array) => value(array, row).map(whole),
            Self::UInt16(array) => value(array, row).map(whole),
            Self::UInt32(array) => value(array, row).map(whole),
            Self::UInt64(array) => value(array, row).map(whole),
            Self::Decimal(array, scale) => value(array, row).map(|unscaled| Cell::Number {
                unscaled,
                scale: *scale,
            }),
            Self::Float32(array) => value(array, row).map(|float| Cell::Float(float.into())),
            Self::Float64(array) => value(array, row).map(Cell::Float),
            Self::Text(array) => text(array, row).map(Cell::Text),
            Self::Binary(array) => array.is_valid(row).then(|| Cell::Binary(array.value(row))),
            Self::Date(array) => value(array, row).map(date),
            Self::TimeMicros(array) => {
                value(array, row).map(|micros| time(micros.saturating_mul(1_000)))
            }
            Self::TimeNanos(array) => value(array, row).map(time),
            Self::Seconds(array, offset) => value(array, row).map(|at| timestamp(at, 1, *offset)),
            Self::Millis(array, offset) => {
                value(array, row).map(|at| timestamp(at, 1_000, *offset))
            }
            Self::Micros(array, offset) => {
                value(array, row).map(|at| timestamp(at, 1_000_000, *offset))
            }
            Self::Nanos(array, offset) => {
                value(array, row).map(|at| timestamp(at, 1_000_000_000, *offset))
            }
            Self::Json(array) => text(array, row).map(Cell::Json),
            Self::Written(texts) => written(texts, row).map(Cell::Text),
            Self::WrittenJson(texts) => written(texts, row).map(Cell::Json),
        };
        cell.unwrap_or(Cell::Null)
    }
}

fn typed<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<PrimitiveArray<T>> {
    array.as_primitive_opt().cloned()
}

fn value<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

fn text(array: &StringArray, row: usize) -> Option<Cow<'_, str>> {
    array.is_valid(row).then(|| Cow::Borrowed(array.value(row)))
}

fn written(texts: &[Option<String>], row: usize) -> Option<Cow<'_, str>> {
    texts.get(row)?.as_deref().map(Cow::Borrowed)
}

fn whole<'batch>(value: impl Into<i128>) -> Cell<'batch> {
    Cell::Number {
        unscaled: value.into(),
        scale: 0,
    }
}

/// A value that JSON has no form for, as the text that Snowflake writes for it; `None` for any other.
pub(super) fn written_out(array: &ArrayRef, row: usize) -> Option<String> {
    let mut text = String::new();
    match View::plain(array).cell(row) {
        Cell::Date(days) => calendar::write_date(&mut text, days.into()),
        Cell::Time { nanoseconds, scale } => calendar::write_time(&mut text, nanoseconds, scale),
        Cell::Timestamp {
            seconds,
            nanoseconds,
            offset_minutes,
            scale,
        } => calendar::write_timestamp(&mut text, seconds, nanoseconds, offset_minutes, scale),
        // The engine's word for a day without end.
        Cell::Text(word) => text.push_str(&word),
        Cell::Binary(bytes) => {
            for byte in bytes {
                // Writing into a String cannot fail.
                let _ = write!(text, "{byte:02X}");
            }
        }
        _ => return None,
    }
    Some(text)
}

/// The engine's days before and after all others are the two ends of its range. Snowflake has none; as dates they would be
/// days of years that nobody wrote.
fn endless<'batch>(at: i64, end: i64) -> Option<Cell<'batch>> {
    match at {
        at if at == end => Some(Cell::Text("infinity".into())),
        at if at == -end => Some(Cell::Text("-infinity".into())),
        _ => None,
    }
}

fn date<'batch>(days: i32) -> Cell<'batch> {
    endless(days.into(), i32::MAX.into()).unwrap_or(Cell::Date(days))
}

fn time<'batch>(nanoseconds: i64) -> Cell<'batch> {
    Cell::Time {
        nanoseconds,
        scale: DEFAULT_SCALE,
    }
}

/// `at` counts units of which there are `per_second` in a second, since 1970 and possibly before.
fn timestamp<'batch>(at: i64, per_second: i64, offset_minutes: Option<i16>) -> Cell<'batch> {
    if let Some(endless) = endless(at, i64::MAX) {
        return endless;
    }
    let fraction = at.rem_euclid(per_second) * (1_000_000_000 / per_second);
    Cell::Timestamp {
        seconds: at.div_euclid(per_second),
        nanoseconds: u32::try_from(fraction).unwrap_or(0),
        offset_minutes,
        scale: DEFAULT_SCALE,
    }
}

/// Every value of a vector as Arrow shows it, `None` for NULL. A value Arrow cannot show is empty, not an error.
pub(super) fn display_all(array: &ArrayRef) -> Vec<Option<String>> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options);
    (0..array.len())
        .map(|row| {
            let formatter = formatter.as_ref().ok()?;
            array
                .is_valid(row)
                .then(|| formatter.value(row).try_to_string().unwrap_or_default())
        })
        .collect()
}
