//! Elements of arrays that the engine takes up one by one, for FILTER and TRANSFORM.
//!
//! The engine makes the lists of 2,048 rows before it looks at their first element, and calls the lambda for all elements
//! before it looks for an interruption. So the elements are counted before there is a list, and each batch of them
//! first asks whether the statement goes on.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, AsArray, RecordBatch};
use duckdb::arrow::datatypes::DataType;
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};

use super::native::{Arguments, MOST_AT_A_TIME, Outcome, Row};

/// Elements of one step. Each is 16 bytes in a list, as much in the list of results, and as much again on the way there.
const MOST_ELEMENTS: usize = 1 << 20;

/// `rs_goes_on(statement, anything)` is true, or ends the statement.
pub(super) const WATCHED: &[Row<bool>] = &[("rs_goes_on", goes_on)];

/// Looking is all it does, and every watched function does that first.
#[expect(clippy::unnecessary_wraps, reason = "the type of all functions")]
fn goes_on(_: &Arguments<'_>) -> Outcome<bool> {
    Ok(Some(true))
}

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<Taken>("rs_taken")
}

/// An array as it is, where its elements and those of the other rows are not too many to take them up.
struct Taken;

impl VArrowScalar for Taken {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Result<Arc<dyn Array>, Box<dyn Error>> {
        let arrays = input.column(0);
        let (mut elements, mut bytes) = (0, 0);
        for array in arrays.as_string::<i32>().iter().flatten() {
            elements += elements_of(array);
            bytes += array.len();
        }
        if elements > MOST_ELEMENTS || bytes > MOST_AT_A_TIME {
            return Err(format!(
                "sf_fail:the embedded engine takes up at most {MOST_ELEMENTS} elements of {} MiB in one step of FILTER and \
                 TRANSFORM; ask for fewer rows or shorter arrays",
                MOST_AT_A_TIME >> 20
            )
            .into());
        }
        Ok(Arc::clone(arrays))
    }

    /// In a lambda the same array is a list for each element, so a constant must be counted as often.
    fn volatile() -> bool {
        true
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(
            vec![DataType::Utf8],
            DataType::Utf8,
        )]
    }
}

/// How many elements a JSON array has, which is well formed.
fn elements_of(array: &str) -> usize {
    let (mut commas, mut depth, mut is_text, mut is_escaped) = (0, 0_usize, false, false);
    for byte in array.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => commas += 1,
            _ => {}
        }
    }
    commas + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_those_of_the_array_itself() {
        for (array, expected) in [
            ("[1]", 1),
            ("[1,2,3]", 3),
            (r#"["a,b","c\",d"]"#, 2),
            (r#"[[1,2],{"a":1,"b":[1,2]},3]"#, 3),
        ] {
            assert_eq!(elements_of(array), expected, "{array}");
        }
    }
}
