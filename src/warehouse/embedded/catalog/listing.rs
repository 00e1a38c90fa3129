//! A finished answer of the catalog: some named columns and a few rows.

use std::borrow::Cow;
use std::sync::Arc;

use crate::warehouse::{Batch, Cell, Column, DataType};

/// Rows the catalog made itself.
pub(in super::super) struct Listing {
    columns: Arc<[Column]>,
    rows: Vec<Vec<Value>>,
}

/// A value in a listing.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Value {
    Null,
    Number(i64),
    Text(Cow<'static, str>),
    /// Seconds since 1970-01-01, UTC.
    Time(i64),
    /// A JSON text.
    Json(String),
}

impl Listing {
    /// An empty listing of these columns: names and types.
    pub(in super::super) fn new<'n>(
        columns: impl IntoIterator<Item = (&'n str, DataType)>,
    ) -> Self {
        Self {
            columns: columns
                .into_iter()
                .map(|(name, data_type)| Column {
                    name: name.to_owned(),
                    data_type,
                    is_nullable: true,
                })
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. What is missing at its end is NULL.
    pub(in super::super) fn push(&mut self, row: Vec<Value>) {
        self.rows.push(row);
    }

    pub(in super::super) fn columns(&self) -> Arc<[Column]> {
        Arc::clone(&self.columns)
    }

    /// Keeps the named columns, in this order.
    pub(super) fn only(self, names: &[&str]) -> Self {
        let places: Vec<usize> = names
            .iter()
            .filter_map(|name| self.columns.iter().position(|column| column.name == *name))
            .collect();
        Self {
            columns: places
                .iter()
                .filter_map(|place| self.columns.get(*place).cloned())
                .collect(),
            rows: self
                .rows
                .iter()
                .map(|row| {
                    places
                        .iter()
                        .map(|place| row.get(*place).cloned().unwrap_or(Value::Null))
                        .collect()
                })
                .collect(),
        }
    }

    /// Keeps the rows whose text in the named column passes.
    pub(super) fn retain(&mut self, column: &str, mut passes: impl FnMut(&str) -> bool) {
        let place = self.columns.iter().position(|c| c.name == column);
        let Some(place) = place else { return };
        self.rows.retain(|row| match row.get(place) {
            Some(Value::Text(text)) => passes(text),
            _ => passes(""),
        });
    }

    /// Adds a column at the end with one value for all rows, which must be complete up to it.
    pub(super) fn add_column(&mut self, name: &str, data_type: DataType, value: &Value) {
        self.columns = self
            .columns
            .iter()
            .cloned()
            .chain([Column {
                name: name.to_owned(),
                data_type,
                is_nullable: true,
            }])
            .collect();
        for row in &mut self.rows {
            row.push(value.clone());
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    /// The rows as the engine's appender takes them.
    pub(super) fn into_rows(self) -> Vec<Vec<Value>> {
        self.rows
    }
}

impl Batch for Listing {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.rows.get(row).and_then(|row| row.get(column)) {
            None | Some(Value::Null) => Cell::Null,
            Some(Value::Number(number)) => Cell::Number {
                unscaled: i128::from(*number),
                scale: 0,
            },
            Some(Value::Text(text)) => Cell::Text(Cow::Borrowed(text)),
            Some(Value::Time(seconds)) => Cell::Timestamp {
                seconds: *seconds,
                nanoseconds: 0,
                offset_minutes: Some(0),
                scale: 3,
            },
            Some(Value::Json(json)) => Cell::Json(Cow::Borrowed(json)),
        }
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Option<u64>> for Value {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Null, Self::from)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
