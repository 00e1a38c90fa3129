//! Approving a statement: parse it, ask the policy, and add what the warehouse needs to run it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::measure::{objects, verdict};
use super::{Author, Error, Queries};
use crate::policy::{ApprovedStatement, CurrentNames};
use crate::sql::{self, Identifier, SMALL_STATEMENT_BYTES};
use crate::telemetry::metrics::labels::Phase;
use crate::warehouse::{self, Parameter, Run, SessionContext, WarehouseKind};

/// An approved statement, and the summary of it that its span shows.
type Judged = (ApprovedStatement, Option<String>);

impl Queries {
    /// Approves a statement that the caller wrote.
    pub(super) async fn approved(
        &self,
        sql: &str,
        session: SessionContext,
        parameters: Vec<Parameter>,
        timeout: Option<Duration>,
    ) -> Result<Run, Error> {
        self.approved_as(Author::Caller, sql, session, parameters, timeout)
            .await
    }

    /// Approves a statement by the rules for its author.
    pub(super) async fn approved_as(
        &self,
        author: Author,
        sql: &str,
        session: SessionContext,
        parameters: Vec<Parameter>,
        timeout: Option<Duration>,
    ) -> Result<Run, Error> {
        let session = self.as_its_caller(session);
        let judged = self.approve(author, sql, None, &session).await?;
        Ok(self.ready(judged, session, parameters, timeout))
    }

    /// Approves a statement that lists names, and has it begin after `name`.
    pub(super) async fn approved_after(
        &self,
        name: &str,
        sql: &str,
        session: SessionContext,
    ) -> Result<Run, Error> {
        let session = self.as_its_caller(session);
        let judged = self
            .approve(Author::Caller, sql, Some(name), &session)
            .await?;
        Ok(self.ready(judged, session, Vec::new(), None))
    }

    /// The session context with the caller's own role, if the call names none.
    fn as_its_caller(&self, mut session: SessionContext) -> SessionContext {
        if session.role.is_none() {
            session.role.clone_from(&self.usual_role);
        }
        session
    }

    /// Adds what the warehouse needs to run an approved statement.
    fn ready(
        &self,
        (statement, summary): Judged,
        session: SessionContext,
        parameters: Vec<Parameter>,
        timeout: Option<Duration>,
    ) -> Run {
        let now = Instant::now();
        Run {
            statement: Arc::new(statement),
            session,
            parameters,
            deadline: now + self.budget.time(timeout),
            tag: self.tag.clone(),
            notes: self.notes.clone(),
            summary,
            owner: self.owner.clone(),
            // No longer than a call waits for rows: after that the client may have gone.
            admit_by: now + self.budget.time(timeout).min(self.budget.sync_wait),
        }
    }

    /// Parses a statement and asks the policy. With `after`, the statement lists names, and begins after that one.
    async fn approve(
        &self,
        author: Author,
        sql: &str,
        after: Option<&str>,
        session: &SessionContext,
    ) -> Result<Judged, Error> {
        let measured = self.common.metrics.stopwatch(Phase::Policy);
        let (judged, names) = if sql.len() <= SMALL_STATEMENT_BYTES {
            self.judge(author, sql, session)
        } else {
            self.judge_long(author, sql, session).await
        };
        // Before the list is prepared below, which is not the policy's time.
        drop(measured);
        let judged = judged.and_then(|statement| match after {
            None => Ok(statement),
            Some(name) => statement.after(name).ok_or_else(|| {
                let why = "the list cannot be told to begin behind its last name";
                warehouse::Error::internal("reading on in a list", why).into()
            }),
        });
        let verdict = verdict(&judged);
        self.common.metrics.judged(verdict);
        // The audit record has the text that runs, which differs from the caller's when a list begins after a name.
        let text = judged.as_ref().map_or(sql, ApprovedStatement::text);
        let summary = self.notes.judged(text, verdict, names);
        judged.map(|statement| (statement, summary))
    }

    /// The verdict on a statement, and the tables it names.
    fn judge(
        &self,
        author: Author,
        sql: &str,
        session: &SessionContext,
    ) -> (Result<ApprovedStatement, Error>, Vec<String>) {
        let (database, schema) = self.home(session);
        let place = CurrentNames {
            database: database.as_ref(),
            schema: schema.as_ref(),
            role: session.role.as_ref(),
            warehouse: session.warehouse.as_ref(),
        };
        let mut names = Vec::new();
        let judged = sql::parse(sql).map_err(Error::from).and_then(|parsed| {
            // Before the verdict, so that the audit log has the tables of refused statements too.
            names = objects(&parsed);
            Ok(match author {
                Author::Caller => self.policy.approve(parsed, &place),
                Author::Server => self.policy.approve_about_own(parsed, &place),
                Author::Operator => self.policy.approve_operators(parsed, &place),
            }?)
        });
        (judged, names)
    }

    /// [`Self::judge`] for a long statement. Its tree needs a hundred times the memory of its text and takes a while to build, so
    /// long statements are parsed one at a time, on a thread that may block.
    async fn judge_long(
        &self,
        author: Author,
        sql: &str,
        session: &SessionContext,
    ) -> (Result<ApprovedStatement, Error>, Vec<String>) {
        // Acquiring fails only if the semaphore is closed, and nobody closes it.
        let _alone = self.common.reading.acquire().await;
        let (own, sql, session) = (self.clone(), sql.to_owned(), session.clone());
        let work = move || {
            let (judged, names) = own.judge(author, &sql, &session);
            // Snowflake gets the text, so the tree need not wait in memory for the statement to end.
            let judged = match own.warehouse.kind() {
                WarehouseKind::Snowflake => judged.map(ApprovedStatement::without_tree),
                WarehouseKind::Embedded => judged,
            };
            (judged, names)
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|error| {
                let error = warehouse::Error::internal("reading a statement", error);
                (Err(error.into()), Vec::new())
            })
    }

    /// The database and schema of unqualified names, if they are known.
    pub(super) fn home(
        &self,
        session: &SessionContext,
    ) -> (Option<Identifier>, Option<Identifier>) {
        let schema = session.schema.as_ref();
        let named = schema
            .and_then(|schema| schema.schema.as_ref())
            // A schema given with its database wins over a database given by itself.
            .or(session.database.as_ref());
        let usual = self.common.default_database.as_ref();
        // As USE DATABASE does, naming another database alone selects its schema PUBLIC.
        let public = Identifier::exact("PUBLIC").ok();
        let usual_schema = match (named, usual) {
            (Some(named), Some(usual)) if named != usual => public.as_ref(),
            (Some(_), None) => None,
            _ => self.common.default_schema.as_ref(),
        };
        let schema = schema.map(|schema| &schema.object).or(usual_schema);
        (named.or(usual).cloned(), schema.cloned())
    }
}
