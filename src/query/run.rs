//! From a statement's text to a bounded, rendered result.

use std::time::Instant;

use super::page::{self, Layout, Page, Table};
use super::{Error, Queries, Query, Source, View};
use crate::policy::RowFilter;
use crate::sql::Identifier;
use crate::warehouse::{Answer, Run, SessionContext};

/// The virtual warehouse that a call names.
pub(super) fn virtual_warehouse(session: &SessionContext) -> Option<&str> {
    session.warehouse.as_ref().map(Identifier::as_str)
}

/// Whether the rows of a view are names.
pub(super) fn is_list(view: Option<&View>) -> bool {
    view.is_some_and(|view| view.source == Source::List)
}

impl Queries {
    /// Checks and runs one statement, and writes its rows until they end or the budget does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the statement in the warehouse.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn run(&self, query: Query) -> Result<Page, Error> {
        let layout = self.layout(&query);
        let run = self
            .approved(&query.sql, query.session, query.parameters, query.timeout)
            .await?;
        self.page_of(run, layout).await
    }

    /// Checks and runs a statement that this server wrote, with the caller's rights, and keeps its values in memory, up to
    /// the budget's maximum of rows.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn table(&self, sql: &str, session: SessionContext) -> Result<Table, Error> {
        let run = self.approved(sql, session, Vec::new(), None).await?;
        let (answer, filter) = self.answer(run).await?;
        page::tabulate(answer, filter, &self.budget).await
    }

    /// The same for a statement that the caller chose: its cost is checked as well.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn table_within_budget(&self, query: &Query) -> Result<Table, Error> {
        let (session, parameters) = (query.session.clone(), query.parameters.clone());
        let run = self
            .approved_as(query.author, &query.sql, session, parameters, query.timeout)
            .await?;
        self.check_cost(query, &run).await?;
        let (answer, filter) = self.answer(run).await?;
        page::tabulate(answer, filter, &self.budget).await
    }

    pub(super) fn layout(&self, query: &Query) -> Layout {
        let limit = self.budget.rows(query.limit);
        Layout {
            format: query.format,
            limit,
            max_bytes: self.budget.bytes(limit, is_list(query.view)),
            view: query.view,
            is_sample: query.is_sample,
            with_json: self.common.is_structured,
        }
    }

    /// Runs an approved statement and writes its rows.
    pub(super) async fn page_of(&self, run: Run, layout: Layout) -> Result<Page, Error> {
        let started = Instant::now();
        let (answer, filter) = self.answer(run).await?;
        let page = self.write_page(answer, layout, filter).await?;
        Ok(Page {
            elapsed: started.elapsed(),
            ..page
        })
    }

    /// Writes an answer's rows.
    pub(super) async fn write_page(
        &self,
        answer: Answer,
        layout: Layout,
        filter: Option<RowFilter>,
    ) -> Result<Page, Error> {
        let cursor_of = |id: &str| self.cursor_of(id);
        page::write(
            answer,
            layout,
            filter,
            &self.budget,
            &self.common.metrics,
            &cursor_of,
        )
        .await
    }

    /// Runs an approved statement; its answer, and which of its rows may be shown.
    async fn answer(&self, run: Run) -> Result<(Answer, Option<RowFilter>), Error> {
        let filter = run.statement.row_filter().cloned();
        self.note_sent(&run);
        Ok((self.warehouse.run(run).await?, filter))
    }

    /// Counts a statement that is sent to the warehouse.
    pub(super) fn note_sent(&self, run: &Run) {
        self.common.metrics.sent_to(virtual_warehouse(&run.session));
    }
}
