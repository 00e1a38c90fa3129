//! What a function of ours is, and how the engine is given one.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
};
use duckdb::arrow::datatypes::DataType;
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};

use super::effort::{Working, look, spend};

/// The arguments of one row.
pub(super) type Arguments<'a> = [Option<&'a str>];

/// What a function gives for one row, or the sentence that ends the statement.
pub(super) type Outcome<T> = Result<Option<T>, String>;

/// What a function may make for the rows it is given at a time, in bytes: nothing stops it before it has made all.
pub(super) const MOST_AT_A_TIME: usize = 64 << 20;

const TOO_MUCH: &str = "sf_fail:the embedded engine makes at most 64 MiB of texts in one step; ask for fewer rows or shorter \
                        texts";

/// What a function returns.
pub(super) trait Value: Sized + Send + Sync + 'static {
    /// Memory it holds besides itself.
    fn bytes(&self) -> usize {
        0
    }

    fn data_type() -> DataType;
    fn array(rows: Vec<Option<Self>>) -> ArrayRef;
}

impl Value for String {
    fn bytes(&self) -> usize {
        self.len()
    }

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn array(rows: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(StringArray::from(rows))
    }
}

impl Value for i64 {
    fn data_type() -> DataType {
        DataType::Int64
    }

    fn array(rows: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(Int64Array::from(rows))
    }
}

impl Value for bool {
    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn array(rows: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(BooleanArray::from(rows))
    }
}

/// A function of texts.
struct Native<T>(std::marker::PhantomData<T>);

/// What it does for one row.
struct Body<T> {
    run: fn(&Arguments<'_>) -> Outcome<T>,
    /// Whether the number of the statement comes before the arguments, see effort.rs.
    is_watched: bool,
}

impl<T> Clone for Body<T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// The library asks for it; every function is registered with a body of its own.
impl<T> Default for Body<T> {
    fn default() -> Self {
        Self {
            run: |_| Ok(None),
            is_watched: false,
        }
    }
}

impl<T: Value> VArrowScalar for Native<T> {
    type State = Body<T>;

    fn invoke(body: &Body<T>, input: RecordBatch) -> Result<Arc<dyn Array>, Box<dyn Error>> {
        let columns = input
            .columns()
            .iter()
            .map(|column| {
                column
                    .as_string_opt::<i32>()
                    .ok_or("sf_fail:the embedded engine could not hand over a text")
            })
            .collect::<Result<Vec<_>, _>>()?;
        let (statement, columns) = match columns.split_first() {
            Some((statement, columns)) if body.is_watched => (Some(statement), columns),
            _ => (None, columns.as_slice()),
        };
        let statement = statement.filter(|column| !column.is_empty() && column.is_valid(0));
        let _working = Working::begin(statement.map(|column| column.value(0)));
        // As a macro says it, see error.rs.
        let failed = |said| format!("sf_fail:{said}");
        look().map_err(failed)?;
        let mut rows = Vec::with_capacity(input.num_rows());
        let mut arguments = Vec::with_capacity(columns.len());
        let mut made = 0_usize;
        for row in 0..input.num_rows() {
            arguments.clear();
            arguments.extend(
                columns
                    .iter()
                    .map(|column| column.is_valid(row).then(|| column.value(row))),
            );
            spend(arguments.iter().flatten().map(|text| text.len()).sum()).map_err(failed)?;
            let value = (body.run)(&arguments).map_err(failed)?;
            made = made.saturating_add(value.as_ref().map_or(0, T::bytes));
            if made > MOST_AT_A_TIME {
                return Err(TOO_MUCH.into());
            }
            rows.push(value);
        }
        Ok(T::array(rows))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::variadic(
            DataType::Utf8,
            T::data_type(),
        )]
    }
}

/// A name and what it does.
pub(super) type Row<T> = (&'static str, fn(&Arguments<'_>) -> Outcome<T>);

pub(super) fn register<T: Value>(connection: &Connection, rows: &[Row<T>]) -> duckdb::Result<()> {
    add(connection, rows, false)
}

/// Functions that may take long: the translation hands over `lengths::STATEMENT` before their arguments.
pub(super) fn register_watched<T: Value>(
    connection: &Connection,
    rows: &[Row<T>],
) -> duckdb::Result<()> {
    add(connection, rows, true)
}

fn add<T: Value>(connection: &Connection, rows: &[Row<T>], is_watched: bool) -> duckdb::Result<()> {
    rows.iter().try_for_each(|(name, run)| {
        let body = Body {
            run: *run,
            is_watched,
        };
        connection.register_scalar_function_with_state::<Native<T>>(name, &body)
    })
}

/// The arguments, none of them NULL.
pub(super) fn present<'a, const N: usize>(arguments: &Arguments<'a>) -> Option<[&'a str; N]> {
    let given: Vec<&str> = arguments.iter().copied().collect::<Option<_>>()?;
    given.try_into().ok()
}
