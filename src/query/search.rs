//! Names that contain some words: two lists, of objects and of columns, read as if they were one.

use std::time::Instant;

use futures::StreamExt;
use uuid::Uuid;

use super::cursor::Cursor;
use super::listing::{List, SearchPosition};
use super::page::{Table, values};
use super::shown_rows::{self, ShownRows};
use super::view::Hide;
use super::{CursorError, Error, Format, Queries};
use crate::policy::RowFilter;
use crate::warehouse::{self, Answer, Earlier, Run, SessionContext, Started};

/// The columns of the two lists that hold the names.
const NAMES: [&str; 2] = ["name", "column_name"];

/// Left out unless it is wanted.
const CATALOG: Hide = Hide {
    column: "schema_name",
    value: "INFORMATION_SCHEMA",
};

/// What to look for, and where.
#[derive(Debug, Clone)]
pub struct Search {
    /// What names must contain, all of it, in lower case.
    pub words: Vec<String>,
    /// Lists objects that may match.
    pub objects: String,
    /// Lists columns that may match.
    pub columns: String,
    /// Whether names in `INFORMATION_SCHEMA` are wanted: they are the same in every database, and seldom what is looked for.
    pub has_catalog: bool,
    /// How many are wanted; the budget's default when absent, never above its maximum.
    pub limit: Option<u64>,
    /// How what is found is to be written.
    pub format: Format,
}

/// Some of what was found: objects first, then columns.
#[derive(Debug)]
pub struct Found {
    /// Tables and views.
    pub objects: Table,
    /// Columns.
    pub columns: Table,
    /// Whether there is more.
    pub is_cut: bool,
    /// Where to read on, when there is more.
    pub next_cursor: Option<String>,
    /// How many names the warehouse lists, where one of the lists has as many: there may be more.
    pub full_at: Option<u64>,
    /// How it is to be written.
    pub format: Format,
}

/// One of the lists, from some row on.
struct Half {
    answer: Answer,
    filter: Option<RowFilter>,
    first: u64,
}

/// How much may still be taken.
struct Room {
    rows: u64,
    bytes: usize,
    is_empty: bool,
}

impl Queries {
    /// Finds names.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops both statements in the warehouse.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn search(&self, search: Search) -> Result<Found, Error> {
        let begin = async |sql: &str| {
            self.approved(sql, SessionContext::default(), Vec::new(), None)
                .await
        };
        let runs = (begin(&search.objects).await?, begin(&search.columns).await?);
        let is_sifted = [&runs.0, &runs.1].map(|run| run.statement.row_filter().is_some());
        let mut list = List::default();
        if is_sifted.contains(&true) {
            list.statements = vec![search.objects, search.columns];
        }
        let (objects, columns) = futures::try_join!(self.half(runs.0), self.half(runs.1))?;
        let ids = [&objects, &columns].map(|half| Uuid::parse_str(&half.answer.query_id));
        let limit = self.budget.rows(search.limit);
        if let [Ok(first), Ok(second)] = ids {
            list.search = Some(SearchPosition {
                columns: second.simple().to_string(),
                is_in_columns: false,
                words: search.words,
                has_catalog: search.has_catalog,
            });
            let from = self.cursor_before(first, list, limit, search.format);
            return self.find(Some(objects), columns, &from).await;
        }
        Err(internal("a listing has no id"))
    }

    /// Reads on in what a search has found.
    pub(super) async fn search_on(&self, from: Cursor, limit: Option<u64>) -> Result<Found, Error> {
        let deadline = Instant::now() + self.budget.timeout;
        let list = from.list.clone().unwrap_or_default();
        let Some(place) = list.search.clone() else {
            return Err(internal("this is not the cursor of a search"));
        };
        let role = from.earlier.role.clone();
        let mut filters = self.filters(&list, role.as_ref()).await?.into_iter();
        let columns_id = Uuid::parse_str(&place.columns).map_err(|_| CursorError::Malformed)?;
        let read = async |query_id, first, filter| {
            let earlier = Earlier {
                query_id,
                role: role.clone(),
            };
            let read = self.warehouse.result(&earlier, first, deadline, deadline);
            Ok::<_, Error>(Half {
                answer: whole(read.await?)?,
                filter,
                first,
            })
        };
        let (first, second) = (filters.next().flatten(), filters.next().flatten());
        let (objects, columns) = if place.is_in_columns {
            (None, read(columns_id, list.next, second).await?)
        } else {
            let objects = read(from.earlier.query_id, list.next, first);
            let (objects, columns) = futures::try_join!(objects, read(columns_id, 0, second))?;
            (Some(objects), columns)
        };
        let limit = self
            .budget
            .rows(Some(limit.unwrap_or(u64::from(from.limit))));
        let from = Cursor {
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            ..from
        };
        self.find(objects, columns, &from).await
    }

    /// Runs one of the statements, whose result the warehouse keeps.
    async fn half(&self, run: Run) -> Result<Half, Error> {
        let filter = run.statement.row_filter().cloned();
        self.note_sent(&run);
        let deadline = run.deadline;
        Ok(Half {
            answer: whole(self.warehouse.start(run, deadline).await?)?,
            filter,
            first: 0,
        })
    }

    fn cursor_before(&self, query_id: Uuid, list: List, limit: u64, format: Format) -> Cursor {
        Cursor {
            earlier: Earlier {
                query_id,
                role: None,
            },
            row: 0,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            format,
            expires: self.expiry(),
            list: Some(list),
        }
    }

    async fn find(
        &self,
        objects: Option<Half>,
        columns: Half,
        from: &Cursor,
    ) -> Result<Found, Error> {
        let Some(place) = from.list.as_ref().and_then(|list| list.search.as_ref()) else {
            return Err(internal("this is not the cursor of a search"));
        };
        let mut room = Room {
            rows: u64::from(from.limit),
            bytes: self.budget.max_bytes,
            is_empty: true,
        };
        let [object_name, column_name] = NAMES;
        let full_at = objects.as_ref().and_then(|half| half.answer.full_at);
        let full_at = full_at.or(columns.answer.full_at);
        let nothing = || (Table::new(&[], Vec::new(), String::new()), None);
        let (objects, more_objects) = match objects {
            Some(objects) => gather(objects, object_name, place, &mut room).await?,
            None => nothing(),
        };
        // Columns come after all objects. The first row that does not fit shows that there are more.
        let (columns, more_columns) = match more_objects {
            Some(_) => nothing(),
            None => gather(columns, column_name, place, &mut room).await?,
        };
        let next = more_objects
            .map(|next| (next, false))
            .or_else(|| more_columns.map(|next| (next, true)));
        let taken = (objects.rows().count() + columns.rows().count()) as u64;
        Ok(Found {
            objects,
            columns,
            is_cut: next.is_some(),
            full_at,
            next_cursor: next.and_then(|next| self.cursor_after(from, taken, next)),
            format: from.format,
        })
    }

    fn cursor_after(&self, from: &Cursor, taken: u64, next: (u64, bool)) -> Option<String> {
        let mut list = from.list.clone()?;
        (list.next, list.search.as_mut()?.is_in_columns) = next;
        if !list.is_short() {
            return None;
        }
        let cursor = Cursor {
            row: from.row.saturating_add(taken),
            expires: self.expiry(),
            list: Some(list),
            ..from.clone()
        };
        Some(self.signer.write(&cursor, &self.caller))
    }
}

/// The rows with matching names for which there is room, and the place of the first for which there is none.
async fn gather(
    half: Half,
    name: &str,
    wanted: &SearchPosition,
    room: &mut Room,
) -> Result<(Table, Option<u64>), Error> {
    let Half {
        mut answer,
        filter,
        first,
    } = half;
    let hide = (!wanted.has_catalog).then_some(CATALOG);
    let shown = ShownRows::new(&answer.columns, filter, hide);
    let name = shown_rows::place(&answer.columns, name);
    let comment = shown_rows::place(&answer.columns, "comment");
    let mut rows = Vec::new();
    let mut place = first;
    let mut more = None;
    'rows: while let Some(batch) = answer.batches.next().await {
        let batch = batch?;
        for row in 0..batch.rows() {
            let found = name.and_then(|name| shown_rows::text(&*batch, row, name));
            let is_match = found.is_some_and(|name| {
                let comment = comment.and_then(|comment| shown_rows::text(&*batch, row, comment));
                let found = format!("{name}\n{}", comment.unwrap_or_default()).to_lowercase();
                wanted.words.iter().all(|word| found.contains(word))
            });
            if is_match && shown.contain(&*batch, row) {
                let values = values(&*batch, row, answer.columns.len());
                if !room.takes(&values) {
                    more = Some(place);
                    break 'rows;
                }
                rows.push(values);
            }
            place = place.saturating_add(1);
        }
    }
    Ok((Table::new(&answer.columns, rows, answer.query_id), more))
}

impl Room {
    /// Adds a row if there is room for it. The first row is always added.
    fn takes(&mut self, values: &[Option<String>]) -> bool {
        let bytes: usize = values.iter().flatten().map(String::len).sum();
        if self.rows == 0 || (bytes > self.bytes && !self.is_empty) {
            return false;
        }
        self.rows -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.is_empty = false;
        true
    }
}

/// A list of names is never left running.
fn whole(started: Started) -> Result<Answer, Error> {
    match started {
        Started::Ended(answer) => Ok(answer),
        Started::Running { .. } => Err(internal("a listing was left running")),
    }
}

fn internal(what: &str) -> Error {
    warehouse::Error::internal("searching", what).into()
}
