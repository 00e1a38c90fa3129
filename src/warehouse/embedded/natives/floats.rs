//! Functions of FLOATs. A macro would name some of its arguments twice, which nested calls cannot afford: see
//! docs/decisions/0021.

use std::cmp::Ordering;
use std::error::Error;
use std::f64::consts::PI;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use duckdb::arrow::datatypes::Float64Type;
use duckdb::core::{DataChunkHandle, LogicalTypeId as Id};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, data_chunk_to_arrow, write_arrow_array_to_vector};

/// What a function makes of its arguments, none of which is NULL.
type Run<const N: usize> = fn([f64; N]) -> Result<f64, &'static str>;

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    add(connection, "rs_finite", finite)?;
    add(connection, "rs_ratio", ratio)?;
    add(connection, "rs_mixed", |[low, high, share]| {
        Ok(low + share * (high - low))
    })?;
    add(connection, "rs_normal", normal)?;
    add(connection, "rs_haversine", haversine)?;
    add(connection, "rs_width_bucket", width_bucket)
}

fn add<const N: usize>(connection: &Connection, name: &str, run: Run<N>) -> duckdb::Result<()> {
    connection.register_scalar_function_with_state::<Floats<N>>(name, &Body(run))
}

struct Floats<const N: usize>;

#[derive(Clone)]
struct Body<const N: usize>(Run<N>);

impl<const N: usize> VScalar for Floats<N> {
    type State = Body<N>;

    fn invoke(
        body: &Body<N>,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let batch = data_chunk_to_arrow(input)?;
        let columns = batch.columns().iter();
        let columns: Vec<&Float64Array> = columns
            .map(|column| column.as_primitive_opt::<Float64Type>())
            .collect::<Option<_>>()
            .ok_or("sf_fail:the embedded engine could not hand over a FLOAT")?;
        let columns: [&Float64Array; N] = columns
            .try_into()
            .map_err(|_| "sf_fail:the embedded engine handed over too many FLOATs")?;
        let row = |row: usize| {
            let is_known = columns.iter().all(|column| column.is_valid(row));
            // As a macro says it, see error.rs.
            is_known
                .then(|| (body.0)(columns.map(|column| column.value(row))))
                .transpose()
                .map_err(|said| format!("sf_fail:{said}"))
        };
        let made = (0..batch.num_rows())
            .map(row)
            .collect::<Result<Float64Array, _>>()?;
        let made: ArrayRef = Arc::new(made);
        write_arrow_array_to_vector(&made, output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        let given = std::iter::repeat_with(|| Id::Double.into()).take(N);
        vec![ScalarFunctionSignature::exact(
            given.collect(),
            Id::Double.into(),
        )]
    }
}

/// Without end, or no number: Snowflake refuses some of these, and which ones is not documented.
fn finite([number]: [f64; 1]) -> Result<f64, &'static str> {
    if number.is_finite() {
        Ok(number)
    } else {
        Err("the embedded engine does not return infinity or NaN from this function")
    }
}

/// One logarithm by another: that of 1 is zero.
#[allow(clippy::float_cmp, reason = "zero is zero")]
fn ratio([one, other]: [f64; 2]) -> Result<f64, &'static str> {
    if other == 0.0 {
        Err("Division by zero")
    } else {
        Ok(one / other)
    }
}

/// A number that is distributed normally, of two that are evenly, by the method of Box and Muller.
fn normal([mean, deviation, share, turn]: [f64; 4]) -> Result<f64, &'static str> {
    Ok(mean + deviation * (-2.0 * (1.0 - share).ln()).sqrt() * (2.0 * PI * turn).cos())
}

/// Kilometres between two places on a sphere as large as the Earth.
fn haversine([from, from_east, to, to_east]: [f64; 4]) -> Result<f64, &'static str> {
    let half = |one: f64, other: f64| ((other - one) / 2.0).to_radians().sin();
    let (north, east) = (half(from, to), half(from_east, to_east));
    let across = north * north + from.to_radians().cos() * to.to_radians().cos() * east * east;
    Ok(2.0 * 6371.0 * across.sqrt().asin())
}

/// Which of so many equal parts of a range holds a value; 0 before the first, one more than there are behind the last.
fn width_bucket([value, low, high, count]: [f64; 4]) -> Result<f64, &'static str> {
    if count < 1.0 {
        return Err("the number of buckets in WIDTH_BUCKET is not greater than 0");
    }
    match low.total_cmp(&high) {
        Ordering::Equal => return Err("the bounds of WIDTH_BUCKET are equal"),
        Ordering::Greater => {
            return Err(
                "the embedded engine supports WIDTH_BUCKET only if the first bound is the lower one",
            );
        }
        Ordering::Less => {}
    }
    Ok(if value < low {
        0.0
    } else if value >= high {
        count + 1.0
    } else {
        ((value - low) * count / (high - low)).floor() + 1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused() {
        assert_eq!(finite([1.5]), Ok(1.5));
        assert!(finite([f64::INFINITY]).is_err() && finite([f64::NAN]).is_err());
        assert_eq!(ratio([1.0, 0.0]), Err("Division by zero"));
        assert_eq!(ratio([3.0, 2.0]), Ok(1.5));
    }

    #[test]
    fn parts_of_a_range_count_from_one() {
        let bucket = |value| width_bucket([value, 0.0, 10.0, 5.0]);
        assert_eq!(
            [-0.1, 0.0, 1.9, 2.0, 9.9, 10.0].map(bucket),
            [0.0, 1.0, 1.0, 2.0, 5.0, 6.0].map(Ok)
        );
    }

    #[test]
    fn a_quarter_of_the_equator_is_a_quarter_of_it() {
        let far = haversine([0.0, 0.0, 0.0, 90.0]).unwrap();
        assert!((far - 6371.0 * PI / 2.0).abs() < 1e-9, "{far}");
        assert_eq!(haversine([50.0, 10.0, 50.0, 10.0]), Ok(0.0));
    }

    #[test]
    fn the_middle_of_a_normal_distribution_is_its_mean() {
        assert_eq!(normal([7.0, 2.0, 0.0, 0.3]), Ok(7.0));
        let far = normal([0.0, 1.0, 0.5, 0.0]).unwrap();
        assert!((far - 1.177_410_022_515_474_7).abs() < 1e-12, "{far}");
    }
}
