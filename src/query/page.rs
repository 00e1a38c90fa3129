//! One page of a result: rows of the warehouse's answer, written as text until they end or a limit is reached.

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::StreamExt;

use super::object_kind::{FLAGS, object_kind};
use super::render::{Format, Writer, plain_text};
use super::shorten::Shortener;
use super::shown_rows::ShownRows;
use super::view::{Pick, Shown, Source, View};
use super::{Budget, Error, Truncation, TruncationReason};
use crate::policy::RowFilter;
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::{Answer, Batch, Cell, Column};

/// Which rows of an answer are written, and in which form.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout {
    pub(super) format: Format,
    /// Rows at most.
    pub(super) limit: u64,
    pub(super) view: Option<&'static View>,
    pub(super) is_sample: bool,
    /// Bytes at most.
    pub(super) max_bytes: usize,
    /// Whether the rows are wanted as JSON too, whatever the format.
    pub(super) with_json: bool,
}

impl Layout {
    fn source(&self) -> Source {
        match (self.is_sample, self.view) {
            (true, _) => Source::Sample,
            (false, Some(view)) => view.source,
            (false, None) => Source::Statement,
        }
    }
}

/// A rendered result.
#[derive(Debug)]
pub struct Page {
    /// The rows as text, in the format asked for; empty for JSON, where they are in `rows`.
    pub text: String,
    /// Bytes that the rows take as they are written.
    pub bytes: u64,
    /// How they are written.
    pub format: Format,
    /// The rows as a JSON list of lists in column order: for [`Format::Json`], and where every answer has a structured part.
    pub rows: Option<String>,
    /// What the rows are made of.
    pub columns: Vec<Column>,
    /// Rows in the text.
    pub row_count: u64,
    /// The place of the first of them in the whole result, counted from 0.
    pub first_row: u64,
    /// Rows of the warehouse's answer before the first one that is not in the text: those, and those that are not shown.
    pub(super) taken: u64,
    /// What was left out; `None` when the result ends here.
    pub truncation: Option<Truncation>,
    /// How many names the warehouse lists, where this list has as many: there may be more.
    pub full_at: Option<u64>,
    /// What the rows are.
    pub source: Source,
    /// Values that were shortened to `MAX_CELL_BYTES`.
    pub shortened_cells: u64,
    /// Rows of the whole result, where the warehouse says.
    pub total_rows: Option<u64>,
    /// The cursor of the next page; only when there are more rows and the warehouse keeps them.
    pub next_cursor: Option<String>,
    /// The statement in the warehouse.
    pub query_id: String,
    /// From the call to the last row.
    pub elapsed: Duration,
}

/// Writes an answer's rows until they end or the budget does. `cursor_of` makes cursors of ids, where the view wants them.
pub(super) async fn write(
    mut answer: Answer,
    layout: Layout,
    filter: Option<RowFilter>,
    budget: &Budget,
    metrics: &Metrics,
    cursor_of: &(dyn Fn(&str) -> Option<String> + Send + Sync),
) -> Result<Page, Error> {
    let kept = kept_columns(&answer.columns, layout.view.map(|view| view.pick));
    let columns = kept.iter().map(|kept| &kept.column);
    let mut row_writer = RowWriter {
        writer: Writer::new(layout.format, columns, layout.max_bytes, layout.with_json),
        shortener: Shortener::new(budget.max_cell_bytes),
        kept: &kept,
        max_bytes: layout.max_bytes,
        longest: budget.max_bytes,
        cursor_of,
    };
    let hide = layout.view.and_then(|view| view.hide);
    let shown = ShownRows::new(&answer.columns, filter, hide);
    let Written {
        row_count,
        taken,
        truncation,
    } = write_rows(
        &mut answer,
        &mut row_writer,
        &shown,
        layout,
        budget,
        metrics,
    )
    .await?;
    let RowWriter {
        writer, shortener, ..
    } = row_writer;
    let bytes = writer.bytes();
    let (text, rows) = writer.finish();
    // An answer that was read to its end may still not hold all rows.
    let truncation = truncation.or_else(|| answer.full_at.map(Truncation::of_listing));
    let source = layout.source();
    let total_rows = answer
        .total_rows
        // The warehouse's own count includes rows that are hidden from the caller.
        .filter(|_| shown.are_all())
        .or(truncation.is_none().then_some(row_count))
        // A list that is as long as lists can be, or a sample that was cut, says nothing about the whole.
        .filter(|_| answer.full_at.is_none() && (source != Source::Sample || truncation.is_none()));
    if let Some(cut) = &truncation {
        metrics.cut(cut.reason.into());
    }
    Ok(Page {
        text,
        bytes,
        format: layout.format,
        rows,
        columns: kept.into_iter().map(|kept| kept.column).collect(),
        row_count,
        first_row: 0,
        taken,
        truncation,
        shortened_cells: shortener.count(),
        total_rows,
        full_at: answer.full_at,
        source,
        next_cursor: None,
        query_id: answer.query_id,
        elapsed: Duration::ZERO,
    })
}

/// A small result whose values a tool looks at itself. NULL is `None`.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
    /// The statement in the warehouse.
    pub query_id: String,
    /// Whether the budget's row limit cut the table.
    pub is_cut: bool,
}

/// What was written of an answer.
struct Written {
    row_count: u64,
    taken: u64,
    truncation: Option<Truncation>,
}

/// Writes rows until they end or a limit is reached.
async fn write_rows(
    answer: &mut Answer,
    row_writer: &mut RowWriter<'_>,
    shown: &ShownRows,
    layout: Layout,
    budget: &Budget,
    metrics: &Metrics,
) -> Result<Written, Error> {
    let mut row_count: u64 = 0;
    // Rows that were read, which are more than the rows shown if the policy hides some.
    let mut taken: u64 = 0;
    let mut truncation = None;
    // Measures how long rows are waited for and how long they take to write.
    let mut watch = metrics.result();
    'rows: while let Some(batch) = watch.arrival(answer.batches.next()).await {
        let batch = batch?;
        for row in 0..batch.rows() {
            if !shown.contain(&*batch, row) {
                // Hidden rows count here, so that the next page begins at the right row of the stored result.
                taken += 1;
                continue;
            }
            // Only a row beyond the limit shows that there is more.
            if row_count == layout.limit {
                truncation = Some(Truncation {
                    reason: TruncationReason::Rows,
                    limit: layout.limit,
                    may_be_raised: layout.limit < budget.max_rows,
                });
                break 'rows;
            }
            let fits = row_writer.write(&*batch, row, row_count == 0);
            if !fits {
                // A page without rows has a cursor to itself, and the client would read on for
                // ever.
                if row_count == 0 {
                    return Err(Error::RowTooLarge {
                        limit: budget.max_bytes,
                        query_id: answer.query_id.clone(),
                    });
                }
                truncation = Some(Truncation {
                    reason: TruncationReason::Bytes,
                    limit: layout.max_bytes as u64,
                    may_be_raised: layout.max_bytes < budget.max_bytes,
                });
                break 'rows;
            }
            row_count += 1;
            taken += 1;
        }
    }
    Ok(Written {
        row_count,
        taken,
        truncation,
    })
}

/// Writes rows of a page: all of a row, or nothing.
struct RowWriter<'page> {
    writer: Writer,
    shortener: Shortener,
    kept: &'page [Kept],
    /// Bytes of this page.
    max_bytes: usize,
    /// Bytes of any answer.
    longest: usize,
    cursor_of: &'page (dyn Fn(&str) -> Option<String> + Send + Sync),
}

impl RowWriter<'_> {
    /// Writes a row if it fits; the first of a page may be as long as any answer.
    fn write(&mut self, batch: &dyn Batch, row: usize, is_first: bool) -> bool {
        let mut fits = self.try_write(batch, row);
        if !fits && is_first && self.max_bytes < self.longest {
            // A page has one row at least, where the answer may be so long.
            self.writer.limit(self.longest);
            fits = self.try_write(batch, row);
            self.writer.limit(self.max_bytes);
        }
        fits
    }

    fn try_write(&mut self, batch: &dyn Batch, row: usize) -> bool {
        // A row that does not fit comes on the next page, where its shortened values are counted.
        let before = self.shortener.count();
        let cells = self
            .kept
            .iter()
            .map(|kept| kept.cell(batch, row, self.cursor_of));
        let shortener = &self.shortener;
        let fits = self.writer.write_row(cells.map(|cell| shortener.fit(cell)));
        if !fits {
            self.shortener.take_back(before);
        }
        fits
    }
}

/// Keeps an answer's values, at most the budget's maximum of rows.
pub(super) async fn tabulate(
    mut answer: Answer,
    filter: Option<RowFilter>,
    budget: &Budget,
) -> Result<Table, Error> {
    let shown = ShownRows::new(&answer.columns, filter, None);
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    let mut is_cut = false;
    'rows: while let Some(batch) = answer.batches.next().await {
        let batch = batch?;
        for row in (0..batch.rows()).filter(|row| shown.contain(&*batch, *row)) {
            if rows.len() as u64 == budget.max_rows {
                is_cut = true;
                break 'rows;
            }
            // Kept in memory, so the budget's rows are a limit even for callers that write no text.
            rows.push(values(&*batch, row, answer.columns.len()));
        }
    }
    Ok(Table {
        columns: answer.columns.to_vec(),
        rows,
        query_id: answer.query_id,
        is_cut,
    })
}

/// A row's values as texts.
pub(super) fn values(batch: &dyn Batch, row: usize, columns: usize) -> Vec<Option<String>> {
    (0..columns)
        .map(|column| plain_text(&batch.cell(row, column)))
        .collect()
}

impl Table {
    /// The first value of the first row.
    #[must_use]
    pub fn first_value(&self) -> Option<&str> {
        self.rows.first()?.first()?.as_deref()
    }

    /// The rows, each to be asked by column name.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row {
            columns: &self.columns,
            values,
        })
    }
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'table> {
    columns: &'table [Column],
    values: &'table [Option<String>],
}

impl<'table> Row<'table> {
    /// The value of a column, by name without regard to case; `None` for NULL, for blank and for no such column.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'table str> {
        let index = self
            .columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))?;
        self.values
            .get(index)?
            .as_deref()
            .filter(|value| !value.is_empty())
    }
}

/// A column of the result and where it comes from.
struct Kept {
    index: usize,
    column: Column,
    shown: Shown,
    /// For the kind of a table: where the other columns are that know it.
    flags: Vec<(&'static str, usize)>,
}

impl Kept {
    fn cell<'batch>(
        &self,
        batch: &'batch dyn Batch,
        row: usize,
        cursor_of: &(dyn Fn(&str) -> Option<String> + Send + Sync),
    ) -> Cell<'batch> {
        match batch.cell(row, self.index) {
            cell if self.shown == Shown::Kind => {
                let of = |name: &str| match name {
                    "kind" => plain_text(&cell),
                    flag => {
                        let (_, index) = self.flags.iter().find(|(name, _)| *name == flag)?;
                        plain_text(&batch.cell(row, *index))
                    }
                };
                Cell::Text(object_kind("TABLE", of).into())
            }
            Cell::Text(name) if self.shown == Shown::Identifier => {
                match Identifier::exact(&*name) {
                    Ok(identifier) => Cell::Text(identifier.to_string().into()),
                    // A name that is no identifier is shown as it is rather than not at all.
                    Err(_) => Cell::Text(name),
                }
            }
            Cell::Text(id) if self.shown == Shown::Cursor => match cursor_of(&id) {
                Some(cursor) => Cell::Text(cursor.into()),
                // Ids that are no UUID belong to statements whose results cannot be fetched.
                None => Cell::Null,
            },
            cell => cell,
        }
    }
}

fn kept_columns(columns: &[Column], pick: Option<&[Pick]>) -> Vec<Kept> {
    let Some(picks) = pick else {
        let keep = |(index, column): (usize, &Column)| Kept {
            index,
            column: column.clone(),
            shown: Shown::Value,
            flags: Vec::new(),
        };
        return columns.iter().enumerate().map(keep).collect();
    };
    let place = |name: &str| {
        columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    };
    picks
        .iter()
        .filter_map(|pick| {
            // Editions and releases of Snowflake leave out columns of SHOW, and a list is useful
            // without them.
            let index = place(pick.source)?;
            let flags = match pick.shown {
                Shown::Kind => FLAGS
                    .iter()
                    .filter_map(|(flag, _)| Some((*flag, place(flag)?)))
                    .collect(),
                Shown::Value | Shown::Identifier | Shown::Cursor => Vec::new(),
            };
            let column = Column {
                name: pick.name.to_owned(),
                ..columns.get(index)?.clone()
            };
            Some(Kept {
                index,
                column,
                shown: pick.shown,
                flags,
            })
        })
        .collect()
}
