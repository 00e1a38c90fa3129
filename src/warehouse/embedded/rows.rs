//! DuckDB's Arrow vectors as columns and cells of ours. Nothing is copied but values that have to be written as text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use duckdb::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, BooleanArray, Date32Array,
    Decimal128Array, PrimitiveArray, StringArray, StructArray,
};
use duckdb::arrow::datatypes::{
    self as arrow, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use duckdb::core::{LogicalTypeHandle, LogicalTypeId};

use super::json::{self, Shape};
use crate::warehouse::{Batch, Cell, Column, DataType, calendar};

/// Digits of a second that Snowflake gives a time or timestamp without a scale of its own.
const DEFAULT_SCALE: u8 = 9;
/// Digits of the widest NUMBER.
const MAX_PRECISION: u8 = 38;

/// How one column of a result is read.
pub(super) struct Reader {
    column: Column,
    form: Form,
}

/// What the vectors of a column hold.
enum Form {
    /// Values of a plain type, told by the vector itself.
    Plain,
    /// JSON text.
    Json,
    /// Lists, structs, maps: written as JSON text.
    Nested(Shape),
    /// A type that Snowflake does not have, or whose vector does not say all: shown as DuckDB would write it.
    Text,
}

impl Reader {
    /// Reads the type from both of DuckDB's descriptions: Arrow's does not tell JSON from text, nor HUGEINT from DECIMAL.
    pub(super) fn new(logical: &LogicalTypeHandle, field: &Field) -> Self {
        let (data_type, form) = data_type(logical, field.data_type());
        Self {
            column: Column {
                name: field.name().clone(),
                data_type,
                // DuckDB does not say, and an expression over a NOT NULL column may still be NULL.
                is_nullable: true,
            },
            form,
        }
    }

    pub(super) fn column(&self) -> Column {
        self.column.clone()
    }

    fn view(&self, array: &ArrayRef) -> View {
        match &self.form {
            Form::Plain => View::plain(array),
            Form::Json => match array.as_string_opt::<i32>() {
                Some(texts) => View::Json(texts.clone()),
                None => View::written(array),
            },
            Form::Nested(shape) => View::WrittenJson(json::write_all(array, shape)),
            Form::Text => View::written(array),
        }
    }
}

fn data_type(logical: &LogicalTypeHandle, array: &arrow::DataType) -> (DataType, Form) {
    const WHOLE: DataType = DataType::Number {
        precision: MAX_PRECISION,
        scale: 0,
    };
    if json::is_json(logical) {
        return (DataType::Variant, Form::Json);
    }
    match logical.id() {
        LogicalTypeId::Boolean => (DataType::Boolean, Form::Plain),
        LogicalTypeId::Tinyint
        | LogicalTypeId::Smallint
        | LogicalTypeId::Integer
        | LogicalTypeId::Bigint
        | LogicalTypeId::UTinyint
        | LogicalTypeId::USmallint
        | LogicalTypeId::UInteger
        | LogicalTypeId::UBigint
        | LogicalTypeId::Hugeint => (WHOLE, Form::Plain),
        LogicalTypeId::Decimal => {
            let number = DataType::Number {
                precision: logical.decimal_width(),
                scale: logical.decimal_scale(),
            };
            (number, Form::Plain)
        }
        LogicalTypeId::Float | LogicalTypeId::Double => (DataType::Float, Form::Plain),
        LogicalTypeId::Varchar | LogicalTypeId::StringLiteral => {
            (DataType::Varchar(None), Form::Plain)
        }
        LogicalTypeId::Enum | LogicalTypeId::SqlNull => (DataType::Varchar(None), Form::Text),
        LogicalTypeId::Uuid => (DataType::Varchar(Some(36)), Form::Plain),
        LogicalTypeId::Blob => (DataType::Binary, Form::Plain),
        LogicalTypeId::Date => (DataType::Date, Form::Plain),
        LogicalTypeId::Time | LogicalTypeId::TimeNs => (DataType::Time(DEFAULT_SCALE), Form::Plain),
        LogicalTypeId::Timestamp
        | LogicalTypeId::TimestampS
        | LogicalTypeId::TimestampMs
        | LogicalTypeId::TimestampNs => (DataType::TimestampNtz(DEFAULT_SCALE), Form::Plain),
        LogicalTypeId::TimestampTZ => (DataType::TimestampLtz(DEFAULT_SCALE), Form::Plain),
        LogicalTypeId::List | LogicalTypeId::Array => {
            (DataType::Array, Form::Nested(Shape::of(logical)))
        }
        LogicalTypeId::Struct | LogicalTypeId::Map => {
            (DataType::Object, Form::Nested(Shape::of(logical)))
        }
        LogicalTypeId::Union => (DataType::Variant, Form::Nested(Shape::of(logical))),
        LogicalTypeId::Interval => (DataType::Other("INTERVAL".into()), Form::Text),
        // Unknown to this list, now or later. What Arrow shows as text or bytes stays that, the rest is written out.
        _ => match array {
            arrow::DataType::Utf8 => (DataType::Varchar(None), Form::Plain),
            arrow::DataType::Binary => (DataType::Binary, Form::Plain),
            _ => (DataType::Varchar(None), Form::Text),
        },
    }
}

/// One vector of DuckDB's for each column, at most 2,048 rows.
pub(super) struct ArrowBatch {
    rows: usize,
    views: Vec<View>,
}

impl ArrowBatch {
    pub(super) fn new(readers: &[Reader], chunk: &StructArray) -> Self {
        Self {
            rows: chunk.len(),
            views: readers
                .iter()
                .zip(chunk.columns())
                .map(|(reader, array)| reader.view(array))
                .collect(),
        }
    }
}

impl Batch for ArrowBatch {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.views.get(column) {
            Some(view) if row < self.rows => view.cell(row),
            _ => Cell::Null,
        }
    }
}

/// A vector with its Rust type known.
enum View {
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
    fn plain(array: &ArrayRef) -> Self {
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

    fn written(array: &ArrayRef) -> Self {
        Self::Written(json::display_all(array))
    }

    fn cell(&self, row: usize) -> Cell<'_> {
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
