//! Rows in JSON, parsed into one Arrow column of text for each column: two allocations a column instead of one a cell.

use std::fmt;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::LargeStringBuilder;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::error::DecodeError;

/// Rows as text, column by column. Every cell in JSON is a text or `null`, whatever its type.
pub(super) struct Table {
    rows: usize,
    // Large, for an offset of 32 bits would end the process at two gigabytes.
    columns: Vec<LargeStringBuilder>,
    /// How many cells the first row had that was not as wide as the table.
    ragged: Option<usize>,
}

impl Table {
    pub(super) fn new(width: usize) -> Self {
        Self {
            rows: 0,
            columns: (0..width).map(|_| LargeStringBuilder::new()).collect(),
            ragged: None,
        }
    }

    /// Reads `[..],[..]` and `[[..],[..]]` alike.
    pub(super) fn read(width: usize, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut table = Self::new(width);
        // Copying a chunk costs little beside parsing it, and parsing from a slice is several times faster than from a
        // reader that could put the brackets around it.
        let wrapped;
        let rowset = if is_rowset(bytes) {
            bytes
        } else {
            wrapped = [b"[", bytes, b"]"].concat();
            &wrapped
        };
        let mut deserializer = serde_json::Deserializer::from_slice(rowset);
        let outcome = Rowset(&mut table)
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end());
        match (outcome, table.ragged) {
            (_, Some(found)) => Err(DecodeError::Columns {
                expected: width,
                found,
            }),
            (Err(source), None) => Err(DecodeError::Json {
                bytes: bytes.len(),
                source,
            }),
            (Ok(()), None) => Ok(table),
        }
    }

    pub(super) fn push(&mut self, row: &[Option<String>]) -> Result<(), DecodeError> {
        if row.len() != self.columns.len() {
            return Err(DecodeError::Columns {
                expected: self.columns.len(),
                found: row.len(),
            });
        }
        for (column, cell) in self.columns.iter_mut().zip(row) {
            column.append_option(cell.as_deref());
        }
        self.rows += 1;
        Ok(())
    }

    /// The number of rows, and the columns.
    pub(super) fn finish(self) -> (usize, Vec<ArrayRef>) {
        let columns = self
            .columns
            .into_iter()
            .map(|mut column| Arc::new(column.finish()) as ArrayRef)
            .collect();
        (self.rows, columns)
    }
}

/// Whether there are brackets around the rows, or around no rows at all.
fn is_rowset(bytes: &[u8]) -> bool {
    let mut significant = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    significant.next() == Some(&b'[') && matches!(significant.next(), Some(b'[' | b']'))
}

/// All rows.
struct Rowset<'table>(&'table mut Table);

/// One row.
struct Row<'table>(&'table mut Table);

/// One cell, for its column; `None` beyond the last one.
struct Slot<'table>(Option<&'table mut LargeStringBuilder>);

impl<'de> DeserializeSeed<'de> for Rowset<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rowset<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let mut width = 0;
        while cells
            .next_element_seed(Slot(self.0.columns.get_mut(width)))?
            .is_some()
        {
            width += 1;
        }
        if width != self.0.columns.len() {
            self.0.ragged = Some(width);
            return Err(A::Error::custom("row of another width"));
        }
        self.0.rows += 1;
        Ok(())
    }
}

impl Slot<'_> {
    fn put<E>(self, text: Option<&str>) -> Result<(), E> {
        if let Some(column) = self.0 {
            column.append_option(text);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Slot<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Text and `null` are what Snowflake sends; all else is let in as the text it would have been.
impl<'de> Visitor<'de> for Slot<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or null")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.put(Some(text))
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(Some(if value { "1" } else { "0" }))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(Some(&value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(Some(&value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.put(Some(&value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Value>()? {
            list.push(item);
        }
        self.put(Some(&Value::Array(list).to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut object = serde_json::Map::new();
        while let Some((key, value)) = entries.next_entry()? {
            object.insert(key, value);
        }
        self.put(Some(&Value::Object(object).to_string()))
    }
}
