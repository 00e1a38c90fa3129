//! A date or time as it is, and a text as the TIMESTAMP it says: the one function whose type follows from its argument.
//!
//! A macro could not choose. The signatures below are what DuckDB chooses among when it plans.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId as Id};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, data_chunk_to_arrow, write_arrow_array_to_vector};

use super::moments;

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<When>("rs_when")
}

struct When;

impl VScalar for When {
    type State = ();

    fn invoke(
        (): &(),
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let batch = data_chunk_to_arrow(input)?;
        let given = batch.column(0);
        let Some(texts) = given.as_string_opt::<i32>() else {
            return write_arrow_array_to_vector(given, output);
        };
        let mut moments = Vec::with_capacity(texts.len());
        for row in 0..texts.len() {
            let moment = match texts.is_valid(row) {
                // As a macro says it, see error.rs.
                true => Some(
                    moments::microseconds(texts.value(row))
                        .map_err(|said| format!("sf_fail:{said}"))?,
                ),
                false => None,
            };
            moments.push(moment);
        }
        let moments: ArrayRef = Arc::new(TimestampMicrosecondArray::from(moments));
        write_arrow_array_to_vector(&moments, output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        let one = |from: LogicalTypeHandle, to: LogicalTypeHandle| {
            ScalarFunctionSignature::exact(vec![from], to)
        };
        let same = [Id::Date, Id::Time, Id::Timestamp, Id::TimestampTZ];
        let mut all = vec![one(Id::Varchar.into(), Id::Timestamp.into())];
        all.extend(same.into_iter().map(|id| one(id.into(), id.into())));
        all
    }
}
