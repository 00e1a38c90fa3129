//! Functions that give a value back as it is, except for values of one type.
//!
//! Neither a macro nor the statement could tell which type a column has. The signatures below are what DuckDB chooses among
//! when it plans.

use std::error::Error;
use std::marker::PhantomData;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, AsArray, Int32Array, TimestampMicrosecondArray};
use duckdb::arrow::datatypes::Int64Type;
use duckdb::core::{DataChunkHandle, LogicalTypeId as Id};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, data_chunk_to_arrow, write_arrow_array_to_vector};

use super::moments;

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<Function<When>>("rs_when")?;
    connection.register_scalar_function::<Function<Days>>("rs_days")
}

/// What is done with the values of one type.
trait Changes: 'static {
    /// That type, and what becomes of it.
    const CHANGED: (Id, Id);
    /// Types whose values stay as they are.
    const KEPT: &[Id];

    /// The values changed, or none where they are of another type.
    ///
    /// # Errors
    ///
    /// The sentence that ends the statement.
    fn change(given: &ArrayRef) -> Result<Option<ArrayRef>, String>;
}

struct Function<T>(PhantomData<T>);

impl<T: Changes> VScalar for Function<T> {
    type State = ();

    fn invoke(
        (): &(),
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let batch = data_chunk_to_arrow(input)?;
        let given = batch.column(0);
        // As a macro says it, see error.rs.
        let changed = T::change(given).map_err(|said| format!("sf_fail:{said}"))?;
        write_arrow_array_to_vector(changed.as_ref().unwrap_or(given), output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        let same = T::KEPT.iter().map(|id| (*id, *id));
        std::iter::once(T::CHANGED)
            .chain(same)
            .map(|(from, to)| ScalarFunctionSignature::exact(vec![from.into()], to.into()))
            .collect()
    }
}

/// A text as the TIMESTAMP that it says; a date or time as it is.
struct When;

impl Changes for When {
    const CHANGED: (Id, Id) = (Id::Varchar, Id::Timestamp);
    const KEPT: &[Id] = &[Id::Date, Id::Time, Id::Timestamp, Id::TimestampTZ];

    fn change(given: &ArrayRef) -> Result<Option<ArrayRef>, String> {
        let Some(texts) = given.as_string_opt::<i32>() else {
            return Ok(None);
        };
        let moments = texts
            .iter()
            .map(|text| text.map(moments::microseconds).transpose())
            .collect::<Result<TimestampMicrosecondArray, _>>()?;
        Ok(Some(Arc::new(moments)))
    }
}

/// A whole number as days that are added to a date, which the engine moves by an INTEGER only; a date as it is. Which side of
/// a sum is which does not show in the statement.
struct Days;

impl Changes for Days {
    const CHANGED: (Id, Id) = (Id::Bigint, Id::Integer);
    const KEPT: &[Id] = &[Id::Integer, Id::Date, Id::Timestamp];

    fn change(given: &ArrayRef) -> Result<Option<ArrayRef>, String> {
        let Some(numbers) = given.as_primitive_opt::<Int64Type>() else {
            return Ok(None);
        };
        let days = numbers
            .iter()
            .map(|number| number.map(i32::try_from).transpose())
            .collect::<Result<Int32Array, _>>()
            .map_err(|_| "the embedded engine adds at most 2147483647 days to a date")?;
        Ok(Some(Arc::new(days)))
    }
}
