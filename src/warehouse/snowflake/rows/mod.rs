//! Results as Snowflake sends them, as columns and cells of ours.
//!
//! The reply's `rowtype` says what a column means ([`types`]); what it is made of is told by each Arrow batch anew, for
//! Snowflake packs a NUMBER into the narrowest integer that holds this batch's values. [`arrow`] brings the two together.
//! A result in JSON ([`json`]) is put into Arrow columns of text first, so that both formats share one way to a cell and
//! cannot disagree. Nothing here fails over a single value: what cannot be read as its type is shown as it came.

mod arrow;
mod error;
mod json;
mod nested;
mod stored;
mod text;
mod types;

#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::ArrowError;
use bytes::Bytes;

use super::wire::RowType;
use crate::warehouse::{Batch, Cell, Column};

use arrow::View;
pub(super) use error::DecodeError;
use nested::Part as _;
use types::Type;

/// The columns of a result and how to read them. Clones share one allocation.
#[derive(Debug, Clone)]
pub(super) struct Schema(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    columns: Arc<[Column]>,
    types: Vec<Type>,
}

impl Schema {
    /// Takes the columns from the reply. `timezone` is the session's, in which `TIMESTAMP_LTZ` is shown; a zone whose
    /// offset changes over the year counts as UTC, which is what we sign in with.
    pub(super) fn new(row_types: &[RowType], timezone: Option<&str>) -> Self {
        let offset = timezone.map_or(0, types::fixed_offset);
        Self(Arc::new(Shared {
            columns: row_types.iter().map(types::column).collect(),
            types: row_types
                .iter()
                .map(|row_type| Type::new(row_type, offset))
                .collect(),
        }))
    }

    /// The columns, there even when there are no rows.
    pub(super) fn columns(&self) -> Arc<[Column]> {
        Arc::clone(&self.0.columns)
    }

    /// Reads one complete Arrow IPC stream, of however many batches; no bytes at all are no batches.
    ///
    /// The cells look into `bytes`, which live as long as the last of the batches.
    ///
    /// # Errors
    ///
    /// Bytes that are no Arrow stream or end within a message, and columns other than announced. A stream that ends
    /// between two messages cannot be told from a complete one: compare the number of rows with the reply's.
    pub(super) fn arrow(&self, bytes: Bytes) -> Result<Vec<Box<dyn Batch>>, DecodeError> {
        let size = bytes.len();
        let broken = |source| DecodeError::Arrow {
            bytes: size,
            source,
        };
        let mut rest = Buffer::from(bytes);
        let mut decoder = StreamDecoder::new();
        let mut batches: Vec<Box<dyn Batch>> = Vec::new();
        while !rest.is_empty() {
            // The decoder checks what values refer to, but panics over a buffer said to lie outside its message. The
            // bytes are a server's: they may cost this result and no more. Neither is used again after a panic.
            let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode(&mut rest)));
            let decoded = decoded.unwrap_or_else(|_| {
                let outside = "a buffer lies outside its message";
                Err(ArrowError::IpcError(outside.into()))
            });
            if let Some(batch) = decoded.map_err(broken)? {
                batches.push(self.batch(batch.num_rows(), batch.columns())?);
            }
        }
        decoder.finish().map_err(broken)?;
        match decoder.schema() {
            // Also where no batch follows, for a wrong stream should not pass as an empty one.
            Some(schema) => self.expect_columns(schema.fields().len())?,
            None if size > 0 => {
                return Err(broken(ArrowError::IpcError("no schema in it".into())));
            }
            None => {}
        }
        Ok(batches)
    }

    /// Reads rows in JSON: a chunk, whose rows stand side by side without brackets around them, or a whole `rowset`.
    ///
    /// # Errors
    ///
    /// Text that is not rows in JSON, and rows with more or fewer cells than announced columns.
    pub(super) fn json_chunk(&self, bytes: &[u8]) -> Result<Box<dyn Batch>, DecodeError> {
        let table = json::Table::read(self.0.types.len(), bytes)?;
        self.table(table)
    }

    /// Takes rows in JSON that have been parsed already, as those within the reply are.
    ///
    /// # Errors
    ///
    /// Rows with more or fewer cells than announced columns.
    pub(super) fn json_rows(
        &self,
        rows: Vec<Vec<Option<String>>>,
    ) -> Result<Box<dyn Batch>, DecodeError> {
        let mut table = json::Table::new(self.0.types.len());
        for row in rows {
            table.push(&row)?;
        }
        self.table(table)
    }

    fn table(&self, table: json::Table) -> Result<Box<dyn Batch>, DecodeError> {
        let (rows, columns) = table.finish();
        self.batch(rows, &columns)
    }

    fn batch(&self, rows: usize, columns: &[ArrayRef]) -> Result<Box<dyn Batch>, DecodeError> {
        self.expect_columns(columns.len())?;
        let views = self
            .0
            .types
            .iter()
            .zip(columns)
            .map(|(kind, array)| View::new(kind, array))
            .collect();
        Ok(Box::new(Rows { rows, views }))
    }

    fn expect_columns(&self, found: usize) -> Result<(), DecodeError> {
        let expected = self.0.types.len();
        if found == expected {
            Ok(())
        } else {
            Err(DecodeError::Columns { expected, found })
        }
    }
}

/// Some rows, column by column.
struct Rows {
    rows: usize,
    views: Vec<View>,
}

impl Batch for Rows {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.views.get(column) {
            Some(view) if row < self.rows => view.cell(row),
            _ => Cell::Null,
        }
    }
}
