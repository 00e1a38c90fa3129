//! A whole number as days that are added to a date, and a date as it is.
//!
//! The engine moves a DATE by an INTEGER only, and what it counts is a BIGINT. Which side of a sum is which does not show
//! in the statement; the signatures below are what the engine chooses among when it plans.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, AsArray, Int32Array};
use duckdb::arrow::datatypes::Int64Type;
use duckdb::core::{DataChunkHandle, LogicalTypeId as Id};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, data_chunk_to_arrow, write_arrow_array_to_vector};

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<Days>("rs_days")
}

struct Days;

impl VScalar for Days {
    type State = ();

    fn invoke(
        (): &(),
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let batch = data_chunk_to_arrow(input)?;
        let given = batch.column(0);
        let Some(numbers) = given.as_primitive_opt::<Int64Type>() else {
            return write_arrow_array_to_vector(given, output);
        };
        let days = numbers
            .iter()
            .map(|number| number.map(i32::try_from).transpose())
            .collect::<Result<Int32Array, _>>()
            // As a macro says it, see error.rs.
            .map_err(|_| "sf_fail:the embedded engine adds at most 2147483647 days to a date")?;
        let days: ArrayRef = Arc::new(days);
        write_arrow_array_to_vector(&days, output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        let one = |from: Id, to: Id| ScalarFunctionSignature::exact(vec![from.into()], to.into());
        vec![
            one(Id::Bigint, Id::Integer),
            one(Id::Integer, Id::Integer),
            one(Id::Date, Id::Date),
            one(Id::Timestamp, Id::Timestamp),
        ]
    }
}
