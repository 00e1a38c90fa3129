//! What a function of ours is, and how the engine is given one.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
};
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId as Id};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, data_chunk_to_arrow, write_arrow_array_to_vector};

use super::effort::{Working, look, spend};
use super::limits::fits;

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

    fn logical_type() -> LogicalTypeHandle;
    fn array(rows: Vec<Option<Self>>) -> ArrayRef;
}

impl Value for String {
    fn bytes(&self) -> usize {
        self.len()
    }

    fn logical_type() -> LogicalTypeHandle {
        Id::Varchar.into()
    }

    fn array(rows: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(StringArray::from(rows))
    }
}

impl Value for i64 {
    fn logical_type() -> LogicalTypeHandle {
        Id::Bigint.into()
    }

    fn array(rows: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(Int64Array::from(rows))
    }
}

impl Value for bool {
    fn logical_type() -> LogicalTypeHandle {
        Id::Boolean.into()
    }

    fn array(rows: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(BooleanArray::from(rows))
    }
}

/// What a function takes and gives.
pub(super) trait Form: 'static {
    type Value: Value;

    /// Whether there is another one, `rs_within_…`, that is given the most bytes its value may have before its arguments.
    const MAY_BE_LONG: bool = false;

    fn given() -> LogicalTypeHandle {
        Id::Varchar.into()
    }

    fn gives() -> LogicalTypeHandle {
        Self::Value::logical_type()
    }
}

/// Texts, and what the value is.
pub(super) struct OfTexts<T>(std::marker::PhantomData<T>);

impl<T: Value> Form for OfTexts<T> {
    type Value = T;
}

/// JSON and texts as they are: a cast of each would be one more thing to plan at every level of nested calls.
pub(super) struct OfJson<T>(std::marker::PhantomData<T>);

impl<T: Value> Form for OfJson<T> {
    type Value = T;

    fn given() -> LogicalTypeHandle {
        Id::Any.into()
    }
}

/// The same, and the text that it gives is JSON.
pub(super) struct IntoJson;

impl Form for IntoJson {
    type Value = String;

    const MAY_BE_LONG: bool = true;

    fn given() -> LogicalTypeHandle {
        Id::Any.into()
    }

    fn gives() -> LogicalTypeHandle {
        let mut json = LogicalTypeHandle::from(Id::Varchar);
        json.set_alias("JSON");
        json
    }
}

/// A function of one such form.
struct Native<F>(std::marker::PhantomData<F>);

/// What it does for one row.
struct Body<T> {
    run: fn(&Arguments<'_>) -> Outcome<T>,
    /// Whether the number of the statement comes before the arguments, see effort.rs.
    is_watched: bool,
    /// Whether the most bytes that a value may have come before all that, see `cost/texts.rs`.
    is_bounded: bool,
}

impl<T> Clone for Body<T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<F: Form> VScalar for Native<F> {
    type State = Body<F::Value>;

    fn invoke(
        body: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        write_arrow_array_to_vector(&body.invoke(&data_chunk_to_arrow(input)?)?, output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        vec![ScalarFunctionSignature::variadic(F::given(), F::gives())]
    }
}

impl<T: Value> Body<T> {
    fn invoke(&self, input: &RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let columns = input
            .columns()
            .iter()
            .map(|column| {
                column
                    .as_string_opt::<i32>()
                    .ok_or("sf_fail:the embedded engine could not hand over a text")
            })
            .collect::<Result<Vec<_>, _>>()?;
        let (longest, columns) = taken(self.is_bounded, &columns);
        let (statement, columns) = taken(self.is_watched, columns);
        let _working = Working::begin(statement);
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
            let value = (self.run)(&arguments).map_err(failed)?;
            let bytes = value.as_ref().map_or(0, T::bytes);
            if let Some(longest) = longest {
                fits(bytes, longest).map_err(failed)?;
            }
            made = made.saturating_add(bytes);
            if made > MOST_AT_A_TIME {
                return Err(TOO_MUCH.into());
            }
            rows.push(value);
        }
        Ok(T::array(rows))
    }
}

/// What is the same for all rows and stands before the arguments, if it does, and the arguments.
fn taken<'a, 'c>(
    is_there: bool,
    columns: &'a [&'c StringArray],
) -> (Option<&'c str>, &'a [&'c StringArray]) {
    match columns.split_first() {
        Some((first, columns)) if is_there => {
            let is_known = !first.is_empty() && first.is_valid(0);
            (is_known.then(|| first.value(0)), columns)
        }
        _ => (None, columns),
    }
}

/// A name and what it does.
pub(super) type Row<T> = (&'static str, fn(&Arguments<'_>) -> Outcome<T>);

pub(super) fn register<F: Form>(
    connection: &Connection,
    rows: &[Row<F::Value>],
) -> duckdb::Result<()> {
    add::<F>(connection, rows, false)
}

/// Functions that may take long: the translation hands over `lengths::STATEMENT` before their arguments.
pub(super) fn register_watched<F: Form>(
    connection: &Connection,
    rows: &[Row<F::Value>],
) -> duckdb::Result<()> {
    add::<F>(connection, rows, true)
}

fn add<F: Form>(
    connection: &Connection,
    rows: &[Row<F::Value>],
    is_watched: bool,
) -> duckdb::Result<()> {
    rows.iter().try_for_each(|(name, run)| {
        let body = Body {
            run: *run,
            is_watched,
            is_bounded: false,
        };
        connection.register_scalar_function_with_state::<Native<F>>(name, &body)?;
        if !F::MAY_BE_LONG {
            return Ok(());
        }
        // One call that looks at the length, and not two: nested, that is half of the planning.
        let name = format!("rs_within_{}", name.trim_start_matches("rs_"));
        let body = Body {
            is_bounded: true,
            ..body
        };
        connection.register_scalar_function_with_state::<Native<F>>(&name, &body)
    })
}

/// The arguments, none of them NULL.
pub(super) fn present<'a, const N: usize>(arguments: &Arguments<'a>) -> Option<[&'a str; N]> {
    let given: Vec<&str> = arguments.iter().copied().collect::<Option<_>>()?;
    given.try_into().ok()
}
