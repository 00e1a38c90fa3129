//! DuckDB's Arrow vectors as columns and cells of ours. Nothing is copied but values that have to be written as text.

use std::time::{Duration, Instant};

use duckdb::arrow::array::{Array, ArrayRef, AsArray, StructArray};
use duckdb::arrow::compute::concat;
use duckdb::arrow::datatypes::{self as arrow, Field};
use duckdb::core::{LogicalTypeHandle, LogicalTypeId};

use super::json::{self, Shape};
use super::vector::{DEFAULT_SCALE, View};
use crate::warehouse::{Batch, Cell, Column, DataType, EngineLimit, Error};

/// Digits of the widest NUMBER.
const MAX_PRECISION: u8 = 38;

/// The first number that has more.
const BEYOND: u128 = 10_u128.pow(MAX_PRECISION as u32);

/// How one column of a result is read.
pub(super) struct Reader {
    column: Column,
    form: Form,
    /// Whether the engine's type has room for more digits than a NUMBER.
    is_huge: bool,
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
            is_huge: logical.id() == LogicalTypeId::Hugeint,
        }
    }

    pub(super) fn column(&self) -> Column {
        self.column.clone()
    }

    /// Whether a vector holds a whole number of more digits than a NUMBER has.
    fn is_beyond(&self, array: &ArrayRef) -> bool {
        self.is_huge
            && array
                .as_primitive_opt::<arrow::Decimal128Type>()
                .is_some_and(|numbers| {
                    numbers
                        .iter()
                        .flatten()
                        .any(|number| number.unsigned_abs() >= BEYOND)
                })
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

/// Small chunks on their way to be one large one. Each round of a recursive query gives a chunk of its own, of one row
/// at the worst, which takes as much memory as hundreds.
#[derive(Default)]
pub(super) struct Gathered {
    chunks: Vec<StructArray>,
    rows: usize,
    since: Option<Instant>,
}

impl Gathered {
    /// A chunk with fewer rows is small.
    const SMALL: usize = 256;
    /// Small chunks that wait for one another, at most.
    const MOST: usize = 256;
    /// A row that has waited for so long is handed over with the next chunk, however small that is.
    const PATIENCE: Duration = Duration::from_millis(20);

    /// Adds a chunk; gives all there are when they are many, or have waited for long.
    pub(super) fn add(&mut self, chunk: StructArray) -> Result<Option<StructArray>, Error> {
        let is_large = chunk.len() >= Self::SMALL;
        self.rows += chunk.len();
        self.chunks.push(chunk);
        let since = *self.since.get_or_insert_with(Instant::now);
        let is_time = is_large
            || self.rows >= Self::SMALL
            || self.chunks.len() >= Self::MOST
            || since.elapsed() >= Self::PATIENCE;
        if is_time { self.rest() } else { Ok(None) }
    }

    /// All there are.
    pub(super) fn rest(&mut self) -> Result<Option<StructArray>, Error> {
        let mut chunks = std::mem::take(self).chunks;
        if chunks.len() <= 1 {
            return Ok(chunks.pop());
        }
        let all: Vec<&dyn Array> = chunks.iter().map(|chunk| chunk as &dyn Array).collect();
        let one = concat(&all).map_err(|error| Error::internal("joining rows", error))?;
        Ok(one.as_struct_opt().cloned())
    }
}

/// The readers with the names that the statement gives its columns. Of two that a subquery gives the same name, the
/// engine calls one something else.
pub(super) fn named(mut readers: Vec<Reader>, names: &[String]) -> Vec<Reader> {
    let is_double = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    if readers.len() == names.len() {
        for (reader, name) in readers.iter_mut().zip(names) {
            if !name.is_empty() && is_double(name) {
                reader.column.name.clone_from(name);
            }
        }
    }
    readers
}

/// Refuses whole numbers of more than 38 digits, which the engine computes and Snowflake does not, and dates after the last
/// that Snowflake is known to have.
pub(super) fn check(readers: &[Reader], chunk: &StructArray) -> Result<(), Error> {
    if chunk.columns().iter().any(is_after_all) {
        return Err(EngineLimit {
            what: "does not return dates after the year 9999".into(),
            hint: Some("TO_TIMESTAMP(n, 3) reads a number of milliseconds, and without a second argument of seconds".into()),
        }
        .into());
    }
    let mut columns = readers.iter().zip(chunk.columns());
    if columns.any(|(reader, array)| reader.is_beyond(array)) {
        return Err(Error::Sql {
            message: "Number out of representable range".into(),
            position: None,
            query_id: None,
        });
    }
    Ok(())
}

/// Whether a vector holds a date after the year 9999. The last of the engine's stands for no end, see vector.rs.
fn is_after_all(array: &ArrayRef) -> bool {
    const DAYS: i32 = 2_932_896;
    const MICROSECONDS: i64 = (DAYS as i64 + 1) * 86_400_000_000;
    if let Some(days) = array.as_primitive_opt::<arrow::Date32Type>() {
        return days
            .iter()
            .flatten()
            .any(|day| day > DAYS && day != i32::MAX);
    }
    array
        .as_primitive_opt::<arrow::TimestampMicrosecondType>()
        .is_some_and(|times| {
            times
                .iter()
                .flatten()
                .any(|at| at >= MICROSECONDS && at != i64::MAX)
        })
}

/// One vector of DuckDB's for each column, at most 2,303 rows.
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
