//! What a statement would read, by the warehouse's own plan, before it runs.

use super::estimate::{Estimate, Plan};
use super::run::virtual_warehouse;
use super::{Error, Page, Queries, Query};
use crate::sql::{self, Shape};
use crate::warehouse::Run;

impl Queries {
    /// Refuses a statement that would read more than the budget allows (`MAX_SCAN_BYTES`).
    pub(super) async fn check_cost(&self, query: &Query, run: &Run) -> Result<(), Error> {
        let Some(limit) = self.budget.max_scan_bytes else {
            return Ok(());
        };
        // Lists and plans scan no tables.
        match run.statement.parsed().shape() {
            Shape::Metadata | Shape::Explain | Shape::List => return Ok(()),
            Shape::Statement | Shape::Pipeline | Shape::Unread => {}
        }
        let explained = self
            .explained(
                // The text that was approved, not the caller's: they differ when comments or a code
                // fence were taken off.
                &format!("EXPLAIN USING JSON {}", run.statement.text()),
                query,
            )
            .await;
        let estimate = match explained {
            Ok(plan) => plan.and_then(|plan| Estimate::of_plan(&plan)),
            // No plan is no permission: it is refused below as a statement of unknown cost.
            Err(Error::NoPlan | Error::PlanUnread) => None,
            Err(error) => return Err(error),
        };
        if let Some(estimate) = &estimate
            // Only what goes on to run counts as scanned.
            && estimate.bytes <= limit
        {
            let warehouse = virtual_warehouse(&run.session);
            self.common.metrics.would_scan(warehouse, estimate.bytes);
        }
        match estimate {
            None => Err(Error::NoEstimate),
            Some(estimate) if estimate.bytes > limit => {
                Err(Error::TooExpensive { estimate, limit })
            }
            Some(_) => Ok(()),
        }
    }

    /// The plan of a statement as rows, and in words where the warehouse gives a plan that can be read.
    ///
    /// # Cancel safety
    ///
    /// As for [`Queries::run`].
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn explain(&self, query: Query) -> Result<(Page, Option<String>), Error> {
        let plan = self.plan(&query).await;
        self.taught(plan, &query.sql, &query.session).await
    }

    async fn plan(&self, query: &Query) -> Result<(Page, Option<String>), Error> {
        // EXPLAIN must stand directly in front of the statement, so comments around it are left out.
        let sql = sql::cleaned(&query.sql)?;
        let tabular = Query {
            sql: format!("EXPLAIN USING TABULAR {sql}"),
            ..query.clone()
        };
        let (session, parameters) = (tabular.session.clone(), tabular.parameters.clone());
        let plan = self
            .approved_as(
                query.author,
                &tabular.sql,
                session,
                parameters,
                tabular.timeout,
            )
            .await?;
        check_is_plan(&plan)?;
        let json = format!("EXPLAIN USING JSON {sql}");
        // Both at once: each is a round trip.
        let (page, plan) = futures::join!(
            self.page_of(plan, self.layout(&tabular)),
            self.explained(&json, query)
        );
        let page = page?;
        // The caller asked for the rows of the plan. They are useful without the summary too.
        let words = plan
            .ok()
            .flatten()
            .and_then(|plan| serde_json::from_str::<Plan>(&plan).ok())
            .map(|plan| plan.in_words());
        Ok((page, words))
    }

    /// The first value of a plan's rows.
    async fn explained(&self, sql: &str, query: &Query) -> Result<Option<String>, Error> {
        let (session, parameters) = (query.session.clone(), query.parameters.clone());
        let run = self
            .approved_as(query.author, sql, session, parameters, query.timeout)
            .await?;
        check_is_plan(&run)?;
        let table =
            super::page::tabulate(self.warehouse.run(run).await?, None, &self.budget).await?;
        Ok(table.first_value().map(ToOwned::to_owned))
    }
}

/// Checks that every part of the text is an EXPLAIN. In front of statements joined by `->>` the word belongs to the first
/// alone: the others would run, and the last could report any cost it likes.
fn check_is_plan(run: &Run) -> Result<(), Error> {
    match run.statement.parsed().shape() {
        Shape::Explain => Ok(()),
        Shape::Unread => Err(Error::PlanUnread),
        Shape::Statement | Shape::List | Shape::Metadata | Shape::Pipeline => Err(Error::NoPlan),
    }
}
