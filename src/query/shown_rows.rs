//! Which rows of a listing are shown. Rows that name objects the policy does not allow are left out, and so are rows that the
//! listing hides.

use std::borrow::Cow;
use std::sync::Arc;

use super::view::Hide;
use crate::policy::RowFilter;
use crate::warehouse::{Batch, Cell, Column};

/// Decides for each row whether it is shown. Rows are left out while they are read, so each row's place in the stored result
/// stays known.
pub(super) struct ShownRows {
    columns: Arc<[Column]>,
    filter: Option<RowFilter>,
    hidden: Option<(usize, &'static str)>,
}

impl ShownRows {
    /// For an answer with these columns.
    pub(super) fn new(
        columns: &Arc<[Column]>,
        filter: Option<RowFilter>,
        hide: Option<Hide>,
    ) -> Self {
        let hidden = hide.and_then(|hide| Some((place(columns, hide.column)?, hide.value)));
        Self {
            columns: Arc::clone(columns),
            filter,
            hidden,
        }
    }

    /// Whether all rows are shown. If so, the warehouse's count of rows is right for the caller too.
    pub(super) fn are_all(&self) -> bool {
        self.hidden.is_none() && self.filter.is_none()
    }

    /// Whether this row is shown.
    pub(super) fn contain(&self, batch: &dyn Batch, row: usize) -> bool {
        let is_hidden = self
            .hidden
            .is_some_and(|(column, value)| batch.cell(row, column) == Cell::Text(value.into()));
        let cell = |name: &str| text(batch, row, place(&self.columns, name)?);
        !is_hidden && self.filter.as_ref().is_none_or(|filter| filter.shows(cell))
    }
}

/// The index of a column, by its name without regard to case.
pub(super) fn place(columns: &[Column], name: &str) -> Option<usize> {
    columns
        .iter()
        .position(|column| column.name.eq_ignore_ascii_case(name))
}

/// A cell's text.
pub(super) fn text(batch: &dyn Batch, row: usize, column: usize) -> Option<Cow<'_, str>> {
    match batch.cell(row, column) {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}
