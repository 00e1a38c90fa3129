//! The rows of a listing without those that name what the policy does not allow.

use std::sync::Arc;

use futures::StreamExt;

use crate::policy::RowFilter;
use crate::warehouse::{Answer, Batch, Cell, Column};

/// The rows of a batch that may be shown.
struct Sifted {
    batch: Box<dyn Batch>,
    shown: Vec<usize>,
}

impl Batch for Sifted {
    fn rows(&self) -> usize {
        self.shown.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.shown.get(row) {
            Some(row) => self.batch.cell(*row, column),
            None => Cell::Null,
        }
    }
}

/// The answer without rows that may not be shown. How many rows there are in all is then not known.
pub(super) fn sifted(answer: Answer, filter: RowFilter) -> Answer {
    let columns = Arc::clone(&answer.columns);
    let batches = answer.batches.map(move |batch| {
        let batch = batch?;
        let is_shown = |row: &usize| filter.shows(|column| text(&columns, &*batch, *row, column));
        let shown = (0..batch.rows()).filter(is_shown).collect();
        let sifted: Box<dyn Batch> = Box::new(Sifted { batch, shown });
        Ok(sifted)
    });
    Answer {
        batches: Box::pin(batches),
        total_rows: None,
        ..answer
    }
}

fn text<'batch>(
    columns: &[Column],
    batch: &'batch dyn Batch,
    row: usize,
    name: &str,
) -> Option<std::borrow::Cow<'batch, str>> {
    let is_it = |column: &Column| column.name.eq_ignore_ascii_case(name);
    match batch.cell(row, columns.iter().position(is_it)?) {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}
