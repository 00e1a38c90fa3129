//! What goes on after a call: statements left running, pages of results, asked for with cursors at any replica.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::cursor::{Cursor, now};
use super::sheet::{self, Layout, Sheet};
use super::{Error, Format, Queries, Query};
use crate::sql::Identifier;
use crate::warehouse::{Earlier, Started, Status};

/// What came of a call within the time it waits.
#[derive(Debug)]
pub enum Outcome {
    /// Rows.
    Sheet(Box<Sheet>),
    /// The statement goes on.
    Running(Running),
}

/// A statement that goes on.
#[derive(Debug)]
pub struct Running {
    /// The statement in the warehouse.
    pub query_id: String,
    /// What to ask for it with: a cursor before its first row.
    pub cursor: String,
    /// How long this call waited.
    pub waited: Duration,
}

/// What is known of an earlier statement.
#[derive(Debug)]
pub struct Known {
    /// The statement in the warehouse.
    pub query_id: String,
    /// How far it has come.
    pub status: Status,
    /// Where to read its result, or to ask again.
    pub cursor: String,
}

/// How long a statement that was told to stop may take to show it.
const TO_STOP: Duration = Duration::from_secs(5);

impl Queries {
    /// Checks and runs one statement and writes its first rows. What is not ended after `SYNC_WAIT` is left running, and
    /// what does not fit can be fetched, both with a cursor.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the statement in the warehouse.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn page(&self, query: Query) -> Result<Outcome, Error> {
        let asked = Instant::now();
        let layout = self.layout(&query);
        let role = query.session.role.clone();
        let run = self.approved(
            &query.sql,
            query.session.clone(),
            query.parameters.clone(),
            query.timeout,
        )?;
        if run.statement.row_filter().is_some() {
            // A cursor would lead to the stored result, where the rows that may not be shown still are.
            return Ok(Outcome::Sheet(Box::new(self.sheet(run, layout).await?)));
        }
        self.check_cost(&query, &run).await?;
        let patience = asked + self.budget.sync_wait;
        let run = self.in_turn(run).await?;
        let started = self.warehouse.start(run, patience).await?;
        self.outcome(started, role, 0, layout, asked).await
    }

    /// The rows from a cursor on, waited for as long as a new statement would be.
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
    ) -> Result<Outcome, Error> {
        let asked = Instant::now();
        let cursor = self.seal.read(cursor, &self.caller)?;
        let layout = Layout {
            format: format.unwrap_or(cursor.format),
            limit: self
                .budget
                .rows(Some(limit.unwrap_or(u64::from(cursor.limit)))),
            ..Layout::default()
        };
        let deadline = asked + self.budget.timeout;
        let patience = deadline.min(asked + self.budget.sync_wait);
        let started = self
            .warehouse
            .result(&cursor.earlier, cursor.row, patience, deadline)
            .await?;
        self.outcome(started, cursor.earlier.role, cursor.row, layout, asked)
            .await
    }

    /// How far the statement of a cursor has come.
    ///
    /// # Errors
    ///
    /// As for [`Queries::fetch`].
    pub async fn status(&self, cursor: &str) -> Result<Known, Error> {
        let read = self.seal.read(cursor, &self.caller)?;
        let status = self.warehouse.status(&read.earlier).await?;
        Ok(known(&read, cursor, status))
    }

    /// Stops the statement of a cursor, and tells what became of it: it may have ended before.
    ///
    /// # Errors
    ///
    /// As for [`Queries::fetch`].
    pub async fn cancel(&self, cursor: &str) -> Result<Known, Error> {
        let read = self.seal.read(cursor, &self.caller)?;
        self.warehouse.cancel(&read.earlier).await?;
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

    async fn outcome(
        &self,
        started: Started,
        role: Option<Identifier>,
        row: u64,
        layout: Layout,
        asked: Instant,
    ) -> Result<Outcome, Error> {
        let answer = match started {
            Started::Ended(answer) => answer,
            Started::Running { query_id } => {
                let cursor = self.cursor(&query_id, role, row, layout);
                return Ok(Outcome::Running(Running {
                    cursor: cursor.unwrap_or_default(),
                    query_id,
                    waited: asked.elapsed(),
                }));
            }
        };
        let whole = answer.total_rows;
        let mut sheet = sheet::write(answer, layout, &self.budget, &self.metrics).await?;
        let next = row.saturating_add(sheet.row_count);
        if sheet.truncation.is_some() {
            sheet.next_cursor = self.cursor(&sheet.query_id, role, next, layout);
        }
        sheet.first_row = row;
        sheet.total_rows = whole.or_else(|| sheet.truncation.is_none().then_some(next));
        sheet.elapsed = asked.elapsed();
        Ok(Outcome::Sheet(Box::new(sheet)))
    }

    /// `None` for a statement without an id to ask by, which no warehouse of ours has.
    fn cursor(
        &self,
        query_id: &str,
        role: Option<Identifier>,
        row: u64,
        layout: Layout,
    ) -> Option<String> {
        let query_id = Uuid::parse_str(query_id).ok()?;
        let cursor = Cursor {
            earlier: Earlier { query_id, role },
            row,
            limit: u32::try_from(layout.limit).unwrap_or(u32::MAX),
            format: layout.format,
            expires: now().saturating_add(self.budget.cursor_lifetime.as_secs()),
        };
        Some(self.seal.write(&cursor, &self.caller))
    }
}

fn known(read: &Cursor, cursor: &str, status: Status) -> Known {
    Known {
        query_id: read.earlier.query_id.to_string(),
        status,
        cursor: cursor.trim().to_owned(),
    }
}
