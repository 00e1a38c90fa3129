//! Statements that were left running, and further pages of results. Callers ask for both with cursors, which work at any
//! replica.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use futures::StreamExt;
use uuid::Uuid;

use super::cursor::{Cursor, now};
use super::listing::List;
use super::page::{Layout, Page};
use super::run::is_list;
use super::shown_rows;
use super::{Error, Format, Found, Less, Queries, Query, TruncationReason, View};
use crate::policy::{CurrentNames, RowFilter};
use crate::sql::Identifier;
use crate::warehouse::{self, Earlier, SessionContext, Started, Status};

/// What a call has after the time it waits.
#[derive(Debug)]
pub enum Outcome {
    /// The first rows.
    Page(Box<Page>),
    /// The statement is still running.
    Running(RunningStatement),
}

/// What a cursor leads to.
#[derive(Debug)]
pub enum Fetched {
    /// The result of a statement.
    Outcome(Outcome),
    /// More of what a search found.
    Found(Found),
}

/// A statement that is still running.
#[derive(Debug)]
pub struct RunningStatement {
    /// The statement in the warehouse.
    pub query_id: String,
    /// Asks for the statement later: a cursor in front of its first row.
    pub cursor: String,
    /// How long this call waited.
    pub waited: Duration,
}

/// How far an earlier statement has come.
#[derive(Debug)]
pub struct StatementProgress {
    /// The statement in the warehouse.
    pub query_id: String,
    /// How far it has come.
    pub status: Status,
    /// Reads the statement's result, or asks again.
    pub cursor: String,
}

/// The result that is read, where in it, and how its rows are written.
struct Reading {
    role: Option<Identifier>,
    /// Rows shown on earlier pages.
    row: u64,
    layout: Layout,
    filter: Option<RowFilter>,
    list: Option<List>,
    /// The database and schema of the statement's unqualified names, if the call names them. A statement left running needs
    /// them later, for hints.
    home: Option<List>,
    /// The statement to run again for the names after the last one, if the list allows that.
    rest: Option<String>,
    asked: Instant,
}

/// How long to wait for a cancelled statement to end.
const TO_STOP: Duration = Duration::from_secs(5);

impl Queries {
    /// Checks and runs one statement and writes its first rows. A statement that has not ended within the call's waiting
    /// time (`SYNC_WAIT` at most) is left running. The answer then has a cursor, and so has one whose rows do not all fit.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the statement in the warehouse.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn page(&self, query: Query) -> Result<Outcome, Error> {
        let outcome = self.first_page(&query).await;
        self.taught(outcome, &query.sql, &query.session).await
    }

    async fn first_page(&self, query: &Query) -> Result<Outcome, Error> {
        let asked = Instant::now();
        let layout = self.layout(query);
        let (session, parameters) = (query.session.clone(), query.parameters.clone());
        let run = self
            .approved_as(query.author, &query.sql, session, parameters, query.timeout)
            .await?;
        self.check_cost(query, &run).await?;
        let reading = Reading {
            role: run.session.role.clone(),
            row: 0,
            layout,
            // The stored result has all rows, also those that the policy hides. So later pages are filtered as well.
            filter: run.statement.row_filter().cloned(),
            list: List::of(query, &run),
            home: List::at(&query.session),
            rest: query.goes_on.then(|| query.sql.clone()),
            asked,
        };
        // Counted from the call, so that parsing and approval do not add to the time that the caller waits.
        let patience = asked + self.budget.wait(query.wait);
        // Before it is sent, so that a call which is dropped now leaves a record of what it may
        // have started.
        self.note_sent(&run);
        let started = self.warehouse.start(run, patience).await?;
        self.outcome(started, reading).await
    }

    /// The rows from a cursor on. Waits for them as for a new statement's. `views` finds the view that a cursor names by its
    /// code.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the wait, not the statement.
    ///
    /// # Errors
    ///
    /// Why the cursor is not followed, or what became of the statement; see [`Error`].
    pub async fn fetch(
        &self,
        cursor: &str,
        limit: Option<u64>,
        format: Option<Format>,
        wait: Option<Duration>,
        views: fn(u8) -> Option<&'static View>,
    ) -> Result<Fetched, Error> {
        let asked = Instant::now();
        let mut cursor = self.common.signer.read(cursor, &self.caller)?;
        // The caller may have lost the role since: a cursor is good for a day, a grant until the file changes.
        self.policy.admit_defaults(&CurrentNames {
            role: cursor.earlier.role.as_ref(),
            ..CurrentNames::default()
        })?;
        cursor.format = format.unwrap_or(cursor.format);
        // A search reads several results at once, so it has a path of its own.
        let is_search = |list: &List| list.search.is_some();
        if cursor.list.as_ref().is_some_and(is_search) {
            return Ok(Fetched::Found(self.search_on(cursor, limit).await?));
        }
        let (earlier, list) = (cursor.earlier.clone(), cursor.list.clone());
        // A tool with limits of its own keeps them on every page.
        let own = self.with_less(cursor.less);
        let outcome = own.later_page(cursor, limit, wait, views, asked).await;
        let outcome = self.taught_later(outcome, &earlier, list.as_ref()).await?;
        Ok(Fetched::Outcome(outcome))
    }

    async fn later_page(
        &self,
        cursor: Cursor,
        limit: Option<u64>,
        wait: Option<Duration>,
        views: fn(u8) -> Option<&'static View>,
        asked: Instant,
    ) -> Result<Outcome, Error> {
        let list = cursor.list.as_ref();
        let view = list.map_or(Ok(None), |list| list.view(views))?;
        // Lists of our own have a view. Everything else came of a statement, whatever this call's tool needs.
        if view.is_none() && !self.may_read_values {
            return Err(Error::OutOfReach);
        }
        let role = cursor.earlier.role.as_ref();
        let filters = match list {
            Some(list) => self.filters(list, role).await?,
            None => Vec::new(),
        };
        let skip = list.map_or(cursor.row, |list| list.next);
        // A page is as long as the first one, unless this call says otherwise; the budget of today
        // limits both.
        let limit = Some(limit.unwrap_or(u64::from(cursor.limit)));
        let limit = self.budget.rows(limit);
        let layout = Layout {
            format: cursor.format,
            limit,
            max_bytes: self.budget.bytes(limit, is_list(view)),
            view,
            is_sample: false,
            with_json: self.common.is_structured,
        };
        let deadline = asked + self.budget.timeout;
        let patience = deadline.min(asked + self.budget.wait(wait));
        let started = match list.and_then(List::at_the_end) {
            None => {
                // From the row after the last one, counted in the stored result and not in what the
                // policy showed.
                let result = self
                    .warehouse
                    .result(&cursor.earlier, skip, patience, deadline);
                result.await?
            }
            Some(statement) => {
                self.start_after(statement, &cursor, skip, patience, deadline)
                    .await?
            }
        };
        let mut list = cursor.list;
        let mut rest = None;
        if let Some(list) = list.as_mut().filter(|list| list.goes_on) {
            rest = list.statements.first().cloned();
            // The statement was run again for the names after the last one, and its result is read from the first row.
            // Must be asked before `next` changes, because it is computed from it.
            if list.at_the_end().is_some() {
                list.next = 0;
            }
        }
        let reading = Reading {
            role: cursor.earlier.role,
            row: cursor.row,
            layout,
            filter: filters.into_iter().next().flatten(),
            home: list.clone(),
            list,
            rest,
            asked,
        };
        self.outcome(started, reading).await
    }

    /// Runs the statement of a list again, for the names after the last one that was read.
    async fn start_after(
        &self,
        statement: &str,
        cursor: &Cursor,
        skip: u64,
        patience: Instant,
        deadline: Instant,
    ) -> Result<Started, Error> {
        let session = SessionContext {
            role: cursor.earlier.role.clone(),
            ..cursor
                .list
                .as_ref()
                .map_or(Ok(SessionContext::default()), List::session)?
        };
        // SHOW ends at 10,000 rows, so the list is asked for again, from its last name on.
        let name = self.last_name(&cursor.earlier, skip, deadline).await?;
        // Approved again and not remembered: the policy may have become stricter since the
        // cursor was signed.
        let run = self.approved_after(&name, statement, session).await?;
        self.note_sent(&run);
        Ok(self.warehouse.start(run, patience).await?)
    }

    /// The name in the last row of a list that was read to its end. It is read again and not stored in the cursor,
    /// because the policy may hide the name from the caller.
    async fn last_name(
        &self,
        earlier: &Earlier,
        rows: u64,
        deadline: Instant,
    ) -> Result<String, Error> {
        let last = rows.saturating_sub(1);
        let started = self.warehouse.result(earlier, last, deadline, deadline);
        let missing = || warehouse::Error::internal("reading on in a list", "it has no last name");
        let Started::Ended(mut answer) = started.await? else {
            return Err(missing().into());
        };
        let column = shown_rows::place(&answer.columns, "name").ok_or_else(missing)?;
        let mut name = None;
        while let Some(batch) = answer.batches.next().await {
            let batch = batch?;
            let last = batch.rows().checked_sub(1);
            let last = last.and_then(|row| shown_rows::text(&*batch, row, column));
            // Batches may come in any number, also empty ones, so the last text so far is kept.
            name = last.map(Cow::into_owned).or(name);
        }
        Ok(name.ok_or_else(missing)?)
    }

    /// Which rows of each statement of a list may be shown, by the policy in force now.
    pub(super) async fn filters(
        &self,
        list: &List,
        role: Option<&Identifier>,
    ) -> Result<Vec<Option<RowFilter>>, Error> {
        let session = SessionContext {
            role: role.cloned(),
            ..list.session()?
        };
        let mut filters = Vec::new();
        for sql in &list.statements {
            let run = self
                .approved(sql, session.clone(), Vec::new(), None)
                .await?;
            filters.push(run.statement.row_filter().cloned());
        }
        Ok(filters)
    }

    /// How far the statement of a cursor has come.
    ///
    /// # Errors
    ///
    /// As for [`Queries::fetch`].
    pub async fn status(&self, cursor: &str) -> Result<StatementProgress, Error> {
        let read = self.common.signer.read(cursor, &self.caller)?;
        let status = self.warehouse.status(&read.earlier).await?;
        Ok(known(&read, cursor, status))
    }

    /// Stops the statement of a cursor, and returns how it ended: it may have ended before it was stopped.
    ///
    /// # Errors
    ///
    /// As for [`Queries::fetch`].
    pub async fn cancel(&self, cursor: &str) -> Result<StatementProgress, Error> {
        let read = self.common.signer.read(cursor, &self.caller)?;
        self.warehouse.cancel(&read.earlier).await?;
        // Snowflake confirms an abort before the statement has stopped, and the caller wants to
        // know how it ended.
        let until = Instant::now() + TO_STOP;
        let mut wait = Duration::from_millis(20);
        loop {
            let status = self.warehouse.status(&read.earlier).await?;
            if status.state.has_ended() || Instant::now() >= until {
                return Ok(known(&read, cursor, status));
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    async fn outcome(&self, started: Started, reading: Reading) -> Result<Outcome, Error> {
        let answer = match started {
            Started::Ended(answer) => answer,
            Started::Running { query_id } => {
                let list = reading.list.clone().or_else(|| reading.home.clone());
                let reading = Reading { list, ..reading };
                let cursor = self.cursor(&query_id, &reading, 0, 0);
                return Ok(Outcome::Running(RunningStatement {
                    cursor: cursor.unwrap_or_default(),
                    query_id,
                    waited: reading.asked.elapsed(),
                }));
            }
        };
        let (layout, filter) = (reading.layout, reading.filter.clone());
        let mut page = self.write_page(answer, layout, filter).await?;
        let is_cut_by = |reason| page.truncation.is_some_and(|it| it.reason == reason);
        // `full_at` says that SHOW had more names than it lists. What is left is another
        // statement's result.
        let rest = reading.rest.as_deref().filter(|_| page.full_at.is_some());
        if let Some(statement) = rest {
            let list = reading.list.clone().unwrap_or_default();
            let list = list.going_on(statement, reading.home.as_ref());
            let (rows, taken) = (page.row_count, page.taken);
            let reading = Reading {
                list: Some(list),
                ..reading
            };
            page.next_cursor = self.cursor(&page.query_id, &reading, rows, taken);
            // The next page has the missing names.
            if page.next_cursor.is_some() {
                page.full_at = None;
            }
            page.first_row = reading.row;
            page.elapsed = reading.asked.elapsed();
            return Ok(Outcome::Page(Box::new(page)));
        }
        if is_cut_by(TruncationReason::Listing) || layout.is_sample {
            // These pages cannot be continued.
        } else if page.truncation.is_some() {
            let (rows, taken) = (page.row_count, page.taken);
            page.next_cursor = self.cursor(&page.query_id, &reading, rows, taken);
        } else {
            // The last page, and only it, knows how many rows there were.
            page.total_rows = Some(reading.row.saturating_add(page.row_count));
        }
        page.first_row = reading.row;
        page.elapsed = reading.asked.elapsed();
        Ok(Outcome::Page(Box::new(page)))
    }

    /// A cursor after `rows` more rows shown and `taken` more rows read. `None` for a statement without a UUID, which no
    /// warehouse here has, and for a statement whose text does not fit into a cursor.
    fn cursor(&self, query_id: &str, from: &Reading, rows: u64, taken: u64) -> Option<String> {
        let query_id = Uuid::parse_str(query_id).ok()?;
        let mut list = from.list.clone();
        if let Some(list) = &mut list {
            // Rows that were read and rows that were shown are counted apart: the policy hides
            // some, and their number must not show.
            list.next = list.next.saturating_add(taken);
        }
        if list.as_ref().is_some_and(|list| !list.is_short()) {
            // Without a cursor the page says that it is cut, which is true; a cursor of many
            // kilobytes would cost more than it helps.
            return None;
        }
        let role = from.role.clone();
        let cursor = Cursor {
            earlier: Earlier { query_id, role },
            row: from.row.saturating_add(rows),
            limit: u32::try_from(from.layout.limit).unwrap_or(u32::MAX),
            format: from.layout.format,
            expires: self.expiry(),
            list,
            less: self.less,
        };
        Some(self.common.signer.write(&cursor, &self.caller))
    }

    /// A cursor before the first row of a statement of the caller's, from its id, perhaps a slash and what its tool may answer,
    /// perhaps a space and its role.
    pub(super) fn cursor_of(&self, id: &str) -> Option<String> {
        let (id, role) = match id.split_once(' ') {
            Some((id, role)) => (id, Some(Identifier::exact(role).ok()?)),
            None => (id, None),
        };
        let (id, less) = match id.split_once('/') {
            Some((id, mark)) => (id, Less::of_mark(mark)?),
            None => (id, Less::default()),
        };
        let query_id = Uuid::parse_str(id).ok()?;
        let cursor = Cursor {
            earlier: Earlier { query_id, role },
            row: 0,
            limit: u32::try_from(self.budget.default_rows).unwrap_or(u32::MAX),
            format: Format::default(),
            expires: self.expiry(),
            list: None,
            less,
        };
        Some(self.common.signer.write(&cursor, &self.caller))
    }

    /// When a cursor written now expires.
    pub(super) fn expiry(&self) -> u64 {
        now().saturating_add(self.budget.cursor_lifetime.as_secs())
    }
}

fn known(read: &Cursor, cursor: &str, status: Status) -> StatementProgress {
    StatementProgress {
        query_id: read.earlier.query_id.to_string(),
        status,
        cursor: cursor.trim().to_owned(),
    }
}
