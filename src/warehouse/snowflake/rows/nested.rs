//! Structured values and vectors as JSON text: the parts are views of their own, so their types need no second reading.

use std::fmt::Write as _;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType as Arrow, Field};
use serde::de::IgnoredAny;

use super::text;
use super::types::Type;
use crate::warehouse::Cell;

/// A part of a value: an array of its own, which may have parts again.
pub(super) trait Part: Sized {
    fn new(kind: &Type, array: &ArrayRef) -> Self;
    fn cell(&self, row: usize) -> Cell<'_>;
    /// Appends the value as JSON.
    fn write_json(&self, json: &mut String, row: usize);
}

/// An Arrow array of values that have parts.
pub(super) enum Nested<P> {
    Object(Vec<(String, P)>),
    Array {
        spans: Spans,
        items: Box<P>,
    },
    Map {
        spans: Spans,
        keys: Box<P>,
        values: Box<P>,
    },
}

/// Which of the items belong to a row.
pub(super) enum Spans {
    Short(OffsetBuffer<i32>),
    Long(OffsetBuffer<i64>),
    /// Each row has as many.
    Even(usize),
}

impl<P: Part> Nested<P> {
    /// `None` for an array that has no parts.
    pub(super) fn of(parts: &[Type], array: &ArrayRef) -> Option<Self> {
        let view = |position: usize, field: &Field, array: &ArrayRef| {
            P::new(&Type::of_part(parts.get(position), field), array)
        };
        Some(match array.data_type() {
            Arrow::Struct(fields) => Self::Object(
                fields
                    .iter()
                    .zip(array.as_struct_opt()?.columns())
                    .enumerate()
                    .map(|(position, (field, column))| {
                        (field.name().clone(), view(position, field, column))
                    })
                    .collect(),
            ),
            Arrow::List(field) => {
                let list = array.as_list_opt::<i32>()?;
                Self::Array {
                    spans: Spans::Short(list.offsets().clone()),
                    items: Box::new(view(0, field, list.values())),
                }
            }
            Arrow::LargeList(field) => {
                let list = array.as_list_opt::<i64>()?;
                Self::Array {
                    spans: Spans::Long(list.offsets().clone()),
                    items: Box::new(view(0, field, list.values())),
                }
            }
            Arrow::FixedSizeList(field, size) => Self::Array {
                spans: Spans::Even(usize::try_from(*size).ok()?),
                items: Box::new(view(0, field, array.as_fixed_size_list_opt()?.values())),
            },
            Arrow::Map(..) => {
                let map = array.as_map_opt()?;
                let (key, value) = map.entries_fields();
                Self::Map {
                    spans: Spans::Short(map.offsets().clone()),
                    keys: Box::new(view(0, key, map.keys())),
                    values: Box::new(view(1, value, map.values())),
                }
            }
            _ => return None,
        })
    }

    /// Appends the value in this row, which must not be NULL.
    pub(super) fn write(&self, json: &mut String, row: usize) {
        match self {
            Self::Object(parts) => {
                json.push('{');
                for (position, (name, part)) in parts.iter().enumerate() {
                    separate(json, position);
                    write_text(json, name);
                    json.push(':');
                    part.write_json(json, row);
                }
                json.push('}');
            }
            Self::Array { spans, items } => {
                json.push('[');
                for (position, item) in spans.of(row).enumerate() {
                    separate(json, position);
                    items.write_json(json, item);
                }
                json.push(']');
            }
            Self::Map {
                spans,
                keys,
                values,
            } => {
                json.push('{');
                for (position, entry) in spans.of(row).enumerate() {
                    separate(json, position);
                    // JSON has no keys but texts, Snowflake also has whole numbers.
                    let mut key = String::new();
                    text::write(&mut key, &keys.cell(entry));
                    write_text(json, &key);
                    json.push(':');
                    values.write_json(json, entry);
                }
                json.push('}');
            }
        }
    }
}

impl Spans {
    fn of(&self, row: usize) -> Range<usize> {
        let range = match self {
            Self::Short(offsets) => span(offsets, row),
            Self::Long(offsets) => span(offsets, row),
            Self::Even(size) => row
                .checked_mul(*size)
                .and_then(|start| Some(start..start.checked_add(*size)?)),
        };
        range.unwrap_or(0..0)
    }
}

fn span<Offset: Copy + TryInto<usize>>(offsets: &[Offset], row: usize) -> Option<Range<usize>> {
    let [start, end] = offsets.get(row..)?.get(..2)? else {
        return None;
    };
    Some((*start).try_into().ok()?..(*end).try_into().ok()?)
}

/// Appends a cell that has no parts.
pub(super) fn write_cell(json: &mut String, cell: &Cell<'_>) {
    match cell {
        Cell::Null => json.push_str("null"),
        Cell::Boolean(_) | Cell::Number { .. } => text::write(json, cell),
        Cell::Float(value) if value.is_finite() => {
            // `?` keeps the point of a whole number and is JSON as it stands.
            let _ = write!(json, "{value:?}");
        }
        // Snowflake's JSON may hold `undefined`; one such part must not spoil the whole.
        Cell::Json(part) if serde_json::from_str::<IgnoredAny>(part).is_ok() => {
            json.push_str(part);
        }
        Cell::Text(value) | Cell::Json(value) => write_text(json, value),
        cell => {
            let mut value = String::new();
            text::write(&mut value, cell);
            write_text(json, &value);
        }
    }
}

fn separate(json: &mut String, position: usize) {
    if position > 0 {
        json.push(',');
    }
}

fn write_text(json: &mut String, text: &str) {
    let _ = write!(json, "{}", serde_json::Value::from(text));
}
