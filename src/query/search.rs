//! Finds tables by words in their names, columns or comments: reads several lists of names as one.
//!
//! `tables` puts what matches together, table by table, and `rank` says how well it matches. Every page reads the stored lists
//! again: what was found is not kept, and the same lists give the same order.

mod rank;
mod tables;

use std::time::Instant;

use futures::StreamExt;
use uuid::Uuid;

pub use self::tables::FoundTable;
use self::tables::Tables;
use super::cursor::Cursor;
use super::listing::{List, SearchPosition};
use super::shown_rows::{self, ShownRows};
use super::view::Hide;
use super::{CursorError, Error, Format, Queries};
use crate::policy::RowFilter;
use crate::sql::Identifier;
use crate::warehouse::{self, Answer, Earlier, Run, SessionContext, Started};

/// The schema that is left out unless it is wanted.
const CATALOG: Hide = Hide {
    column: "schema_name",
    value: "INFORMATION_SCHEMA",
};

/// Tables in a page. Together with their columns they take a fourth of the bytes that as many rows of columns would.
const USUAL_TABLES: u64 = 20;

/// Bytes of a page that are left for the text around the tables.
const AROUND: usize = 1_536;

/// What to look for, and where.
#[derive(Debug, Clone)]
pub struct Search {
    /// Words that a table must have in its name, its columns or its comments: all of them, in lower case.
    pub words: Vec<String>,
    /// Statements that list tables and views which may match. If the list of one is cut, the next one is asked instead.
    pub tables: Vec<String>,
    /// Sets of statements that list columns which may match. If a list of one set is cut, the next set is asked instead.
    pub columns: Vec<Vec<String>>,
    /// Whether names in `INFORMATION_SCHEMA` are wanted: they are the same in every database, and seldom what is looked for.
    pub has_catalog: bool,
    /// How many tables are wanted; some when absent, never above the budget's maximum.
    pub limit: Option<u64>,
    /// How what is found is to be written.
    pub format: Format,
}

/// A page of what was found.
#[derive(Debug)]
pub struct Found {
    /// Tables and views, the best first.
    pub tables: Vec<FoundTable>,
    /// How many tables come before these.
    pub first: u64,
    /// How many tables there are in all.
    pub total: u64,
    /// Continues after these, if there are more.
    pub next_cursor: Option<String>,
    /// How many names the warehouse returns at most, if one of the lists is that long: there may be more.
    pub full_at: Option<u64>,
    /// The format of the answer.
    pub format: Format,
}

/// One of the lists.
struct Part {
    answer: Answer,
    filter: Option<RowFilter>,
    statement: String,
}

impl Queries {
    /// Finds tables.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the statements in the warehouse.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn search(&self, search: Search) -> Result<Found, Error> {
        // Lists of tables stand for themselves; lists of columns come with alternatives, of which
        // the first that works is taken.
        let tables: Vec<_> = search.tables.into_iter().map(|one| vec![one]).collect();
        let (mut parts, columns) =
            futures::try_join!(self.listed_by(&tables), self.listed_by(&search.columns))?;
        parts.extend(columns);
        let mut list = List::default();
        // The statements are needed only to ask the policy again. Without filters the cursor stays
        // short.
        if parts.iter().any(|part| part.filter.is_some()) {
            list.statements = parts.iter().map(|part| part.statement.clone()).collect();
        }
        let ids = parts
            .iter()
            .map(|part| Uuid::parse_str(&part.answer.query_id));
        let ids: Vec<Uuid> = ids
            .collect::<Result<_, _>>()
            .map_err(|_| internal("a listing has no id"))?;
        let (first, others) = ids
            .split_first()
            .ok_or_else(|| internal("nothing to list"))?;
        list.search = Some(SearchPosition {
            columns: others.iter().map(|id| id.simple().to_string()).collect(),
            words: search.words,
            has_catalog: search.has_catalog,
        });
        let limit = self.budget.rows(Some(search.limit.unwrap_or(USUAL_TABLES)));
        let from = self.cursor_before(*first, list, limit, search.format);
        self.find(parts, &from).await
    }

    /// The next page of a search.
    pub(super) async fn search_on(&self, from: Cursor, limit: Option<u64>) -> Result<Found, Error> {
        let deadline = Instant::now() + self.budget.timeout;
        let list = from.list.clone().unwrap_or_default();
        let Some(place) = &list.search else {
            return Err(internal("this is not the cursor of a search"));
        };
        let role = from.earlier.role.clone();
        // In the order of the ids below: tables first, then the lists of columns.
        let mut filters = self.filters(&list, role.as_ref()).await?.into_iter();
        let mut ids = vec![from.earlier.query_id];
        for id in &place.columns {
            ids.push(Uuid::parse_str(id).map_err(|_| CursorError::Malformed)?);
        }
        let reads = ids.into_iter().map(|query_id| {
            let filter = filters.next().flatten();
            self.kept(query_id, role.clone(), filter, deadline)
        });
        let parts = futures::future::try_join_all(reads).await?;
        let limit = self
            .budget
            .rows(Some(limit.unwrap_or(u64::from(from.limit))));
        let from = Cursor {
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            ..from
        };
        self.find(parts, &from).await
    }

    /// The first set of statements whose lists are complete, or else the last set.
    async fn listed_by(&self, tries: &[Vec<String>]) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::new();
        for statements in tries {
            let runs = statements.iter().map(|statement| self.part(statement));
            parts = futures::future::try_join_all(runs).await?;
            // Otherwise a list may lack names, so the next, narrower lists are tried.
            if parts.iter().all(|part| part.answer.full_at.is_none()) {
                break;
            }
        }
        Ok(parts)
    }

    /// Runs one of the statements. The warehouse keeps its result.
    async fn part(&self, statement: &str) -> Result<Part, Error> {
        let run: Run = self
            .approved(statement, SessionContext::default(), Vec::new(), None)
            .await?;
        let filter = run.statement.row_filter().cloned();
        self.note_sent(&run);
        let deadline = run.deadline;
        Ok(Part {
            answer: whole(self.warehouse.start(run, deadline).await?)?,
            filter,
            statement: statement.to_owned(),
        })
    }

    /// The result of a statement that ran for an earlier page.
    async fn kept(
        &self,
        query_id: Uuid,
        role: Option<Identifier>,
        filter: Option<RowFilter>,
        deadline: Instant,
    ) -> Result<Part, Error> {
        let earlier = Earlier { query_id, role };
        let read = self.warehouse.result(&earlier, 0, deadline, deadline);
        Ok(Part {
            answer: whole(read.await?)?,
            filter,
            statement: String::new(),
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
            less: self.less,
        }
    }

    async fn find(&self, parts: Vec<Part>, from: &Cursor) -> Result<Found, Error> {
        let Some(place) = from.list.as_ref().and_then(|list| list.search.as_ref()) else {
            return Err(internal("this is not the cursor of a search"));
        };
        let full_at = parts.iter().find_map(|part| part.answer.full_at);
        let mut tables = Tables::new(&place.words);
        // Columns first: then only the tables that can still match are kept.
        for (index, part) in parts.into_iter().enumerate().rev() {
            let are_columns = index > 0;
            gather(part, are_columns, place.has_catalog, &mut tables).await?;
        }
        // All pages rank the same stored lists, so a page begins where the one before it ended.
        let ranked = tables.ranked();
        let total = ranked.len() as u64;
        let max_bytes = self.budget.bytes(u64::from(from.limit), true);
        let max_bytes = max_bytes.saturating_sub(AROUND);
        let mut bytes = 0_usize;
        let mut page = Vec::new();
        let first = usize::try_from(from.row).unwrap_or(usize::MAX);
        let most = usize::try_from(from.limit).unwrap_or(usize::MAX);
        for table in ranked.into_iter().skip(first).take(most) {
            bytes = bytes.saturating_add(table.bytes());
            // At least one table is shown, however long.
            if bytes > max_bytes && !page.is_empty() {
                break;
            }
            page.push(table);
        }
        let end = from.row.saturating_add(page.len() as u64);
        let has_more = end < total;
        Ok(Found {
            tables: page,
            first: from.row,
            total,
            next_cursor: has_more.then(|| self.cursor_at(from, end)).flatten(),
            full_at,
            format: from.format,
        })
    }

    fn cursor_at(&self, from: &Cursor, row: u64) -> Option<String> {
        if !from.list.as_ref()?.is_short() {
            return None;
        }
        let cursor = Cursor {
            row,
            expires: self.expiry(),
            ..from.clone()
        };
        Some(self.common.signer.write(&cursor, &self.caller))
    }
}

/// Reads one of the lists.
async fn gather(
    part: Part,
    are_columns: bool,
    has_catalog: bool,
    tables: &mut Tables<'_>,
) -> Result<(), Error> {
    let Part {
        mut answer, filter, ..
    } = part;
    let hide = (!has_catalog).then_some(CATALOG);
    let shown = ShownRows::new(&answer.columns, filter, hide);
    let place = |name: &str| shown_rows::place(&answer.columns, name);
    let (database, schema) = (place("database_name"), place("schema_name"));
    let table = place(if are_columns { "table_name" } else { "name" });
    let (column, kind, comment) = (place("column_name"), place("kind"), place("comment"));
    while let Some(batch) = answer.batches.next().await {
        let batch = batch?;
        let text = |row: usize, place: Option<usize>| {
            let text = shown_rows::text(&*batch, row, place?)?;
            Some(text).filter(|text| !text.is_empty())
        };
        for row in (0..batch.rows()).filter(|row| shown.contain(&*batch, *row)) {
            let names = (text(row, database), text(row, schema), text(row, table));
            let (Some(database), Some(schema), Some(table)) = names else {
                continue;
            };
            let name = [database, schema, table].map(std::borrow::Cow::into_owned);
            let comment = text(row, comment);
            if !are_columns {
                tables.add_table(name, text(row, kind).as_deref(), comment.as_deref());
            } else if let Some(column) = text(row, column) {
                tables.add_column(name, &column, comment.as_deref());
            }
        }
    }
    Ok(())
}

/// Lists of names end quickly, so they are never left running.
fn whole(started: Started) -> Result<Answer, Error> {
    match started {
        Started::Ended(answer) => Ok(answer),
        Started::Running { .. } => Err(internal("a listing was left running")),
    }
}

fn internal(what: &str) -> Error {
    warehouse::Error::internal("searching", what).into()
}
