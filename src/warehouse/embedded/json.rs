//! Values without a cell of their own, as text: lists, structs and maps as JSON, everything odd as Arrow writes it.

use std::fmt::Write as _;

use duckdb::arrow::array::{Array, ArrayRef, AsArray};
use duckdb::arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};
use duckdb::core::{LogicalTypeHandle, LogicalTypeId};

use super::vector::{display_all, written_out};

/// What a nested type holds, as far as Arrow alone does not tell.
#[derive(Debug)]
pub(super) enum Shape {
    /// JSON text, taken over as it is.
    Json,
    /// A list or array of one type.
    List(Box<Shape>),
    /// Named fields.
    Struct(Vec<(String, Shape)>),
    /// Keys, written as text, and values.
    Map(Box<Shape>),
    /// Told by the vector itself.
    Plain,
}

/// DuckDB's JSON is text with an alias.
pub(super) fn is_json(logical: &LogicalTypeHandle) -> bool {
    logical.id() == LogicalTypeId::Varchar
        && logical
            .get_alias()
            .is_some_and(|alias| alias.eq_ignore_ascii_case("JSON"))
}

impl Shape {
    pub(super) fn of(logical: &LogicalTypeHandle) -> Self {
        match logical.id() {
            LogicalTypeId::List | LogicalTypeId::Array => {
                Self::List(Box::new(Self::of(&logical.child(0))))
            }
            LogicalTypeId::Struct => Self::Struct(
                (0..logical.num_children())
                    .map(|index| (logical.child_name(index), Self::of(&logical.child(index))))
                    .collect(),
            ),
            LogicalTypeId::Map => Self::Map(Box::new(Self::of(&logical.child(1)))),
            _ if is_json(logical) => Self::Json,
            _ => Self::Plain,
        }
    }
}

/// Every value of a vector as JSON, `None` for NULL.
pub(super) fn write_all(array: &ArrayRef, shape: &Shape) -> Vec<Option<String>> {
    (0..array.len())
        .map(|row| {
            array.is_valid(row).then(|| {
                let mut json = String::new();
                write(&mut json, array, row, shape);
                json
            })
        })
        .collect()
}

fn write(json: &mut String, array: &ArrayRef, row: usize, shape: &Shape) {
    if array.is_null(row) {
        json.push_str("null");
        return;
    }
    match (shape, array.data_type()) {
        (Shape::List(inner), DataType::List(_)) => {
            write_list(json, &array.as_list::<i32>().value(row), inner);
        }
        (Shape::List(inner), DataType::LargeList(_)) => {
            write_list(json, &array.as_list::<i64>().value(row), inner);
        }
        (Shape::List(inner), DataType::FixedSizeList(..)) => {
            write_list(json, &array.as_fixed_size_list().value(row), inner);
        }
        (Shape::Struct(fields), DataType::Struct(_)) => {
            let mut separator = '{';
            for ((name, shape), values) in fields.iter().zip(array.as_struct().columns()) {
                json.push(separator);
                separator = ',';
                write_text(json, name);
                json.push(':');
                write(json, values, row, shape);
            }
            json.push_str(if separator == '{' { "{}" } else { "}" });
        }
        (Shape::Map(inner), DataType::Map(..)) => {
            let entries = array.as_map().value(row);
            let mut separator = '{';
            if let [keys, values] = entries.columns() {
                for (entry, key) in display_all(keys).into_iter().enumerate() {
                    json.push(separator);
                    separator = ',';
                    write_text(json, &key.unwrap_or_default());
                    json.push(':');
                    write(json, values, entry, inner);
                }
            }
            json.push_str(if separator == '{' { "{}" } else { "}" });
        }
        (Shape::Json, DataType::Utf8) => json.push_str(array.as_string::<i32>().value(row)),
        _ => write_plain(json, array, row),
    }
}

fn write_list(json: &mut String, values: &ArrayRef, shape: &Shape) {
    json.push('[');
    for row in 0..values.len() {
        if row > 0 {
            json.push(',');
        }
        write(json, values, row, shape);
    }
    json.push(']');
}

fn write_plain(json: &mut String, array: &ArrayRef, row: usize) {
    match array.data_type() {
        DataType::Utf8 => write_text(json, array.as_string::<i32>().value(row)),
        DataType::Float64 => write_float(json, array.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => {
            write_float(json, array.as_primitive::<Float32Type>().value(row).into());
        }
        DataType::Decimal128(..) => {
            let decimals = array.as_primitive::<Decimal128Type>();
            let digits = decimals.value_as_string(row);
            // A VARIANT forgets a number's scale: 12.50 is 12.5 in it.
            json.push_str(match digits.contains('.') {
                true => digits.trim_end_matches('0').trim_end_matches('.'),
                false => &digits,
            });
        }
        data_type => {
            let is_bare = data_type.is_integer() || *data_type == DataType::Boolean;
            let text = written_out(array, row).unwrap_or_else(|| {
                ArrayFormatter::try_new(array, &FormatOptions::default())
                    .and_then(|formatter| formatter.value(row).try_to_string())
                    .unwrap_or_default()
            });
            if is_bare {
                json.push_str(&text);
            } else {
                write_text(json, &text);
            }
        }
    }
}

/// JSON has no word for infinity and not-a-number; Snowflake writes them as text too.
fn write_float(json: &mut String, float: f64) {
    if float.is_finite() {
        let _ = write!(json, "{float:?}");
    } else {
        write_text(
            json,
            if float.is_nan() {
                "NaN"
            } else if float > 0.0 {
                "inf"
            } else {
                "-inf"
            },
        );
    }
}

fn write_text(json: &mut String, text: &str) {
    // Writing a text into a string cannot fail; if it did, an empty text is still JSON.
    json.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".into()));
}
