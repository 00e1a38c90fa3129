//! From a statement's text to a bounded, rendered result.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::cursor::CursorSigner;
use super::measure::{objects, verdict};
use super::name_cache::NameCache;
use super::owner_mark::owner_mark;
use super::page::{self, Layout, Page, Table};
use super::{Allowance, Author, Budget, Error, Less, Query, Rights, Source, View};
use crate::policy::{ApprovedStatement, CurrentNames, Narrowing, Policy, Preset, RowFilter};
use crate::sql::{self, Identifier, SMALL_STATEMENT_BYTES};
use crate::telemetry::call::Notes;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Phase;
use crate::warehouse::{
    self, Answer, Owner, Parameter, Person, Run, SessionContext, Warehouse, WarehouseKind,
};

/// Runs queries on one warehouse under one policy and budget. A cheap clone.
#[derive(Clone)]
pub struct Queries {
    pub(super) warehouse: Arc<dyn Warehouse>,
    pub(super) budget: Budget,
    pub(super) signer: Arc<CursorSigner>,
    /// Who asks: cursors are good for nobody else.
    pub(super) caller: Arc<str>,
    /// The same for people, and for the marks of statements.
    name: Cow<'static, str>,
    policy: Policy,
    /// The same for callers that may not change anything.
    reading_policy: Policy,
    default_database: Option<Identifier>,
    default_schema: Option<Identifier>,
    tag: Option<String>,
    /// What a tool with limits of its own takes from the budget: its cursors say so.
    pub(super) less: Less,
    /// Where its caller's call learns of its statements.
    pub(super) notes: Notes,
    /// What single callers may have, by their names.
    allowances: Arc<HashMap<String, Allowance>>,
    /// Who is charged for the statements.
    owner: Owner,
    /// The role of calls that name none, where that is the caller's own.
    usual_role: Option<Identifier>,
    pub(super) name_cache: NameCache,
    pub(super) metrics: Arc<Metrics>,
    pub(super) is_structured: bool,
    /// Held while a long statement is read.
    reading: Arc<Semaphore>,
}

/// Who a call is made for.
#[derive(Debug, Clone)]
pub struct Behalf {
    /// As what it may have is filed under.
    pub name: Cow<'static, str>,
    /// Tells it from all others: cursors are good for nobody else.
    pub identity: Arc<str>,
    /// Who waits in the queue: callers without a key share an identity, but no queue.
    pub account: Arc<str>,
    /// Marks every statement in the warehouse's own records (Snowflake's `QUERY_TAG`).
    pub tag: String,
    /// Where its call learns of its statements.
    pub notes: Notes,
    /// Whether statements may do more than read, as far as the policy lets them.
    pub may_change: bool,
    /// What it may do and have, where that is its own.
    pub rights: Option<Arc<Rights>>,
    /// As whom its statements run, where that is not the service.
    pub person: Option<Arc<Person>>,
}

/// The virtual warehouse that a call names.
pub(super) fn virtual_warehouse(session: &SessionContext) -> Option<&str> {
    session.warehouse.as_ref().map(Identifier::as_str)
}

/// Whether the rows of a view are names.
pub(super) fn is_list(view: Option<&View>) -> bool {
    view.is_some_and(|view| view.source == Source::List)
}

/// An approved statement, and what it is in a few words where a trace shows it.
type Judged = (ApprovedStatement, Option<String>);

impl Queries {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        warehouse: Arc<dyn Warehouse>,
        policy: Policy,
        budget: Budget,
        metrics: Arc<Metrics>,
    ) -> Self {
        let reading_policy = policy.narrowed(Narrowing {
            preset: Some(Preset::ReadOnly),
            ..Narrowing::default()
        });
        Self {
            warehouse,
            policy,
            reading_policy,
            budget,
            signer: Arc::new(CursorSigner::random()),
            caller: Arc::from(""),
            name: Cow::Borrowed(""),
            default_database: None,
            default_schema: None,
            tag: None,
            less: Less::default(),
            notes: Notes::default(),
            allowances: Arc::default(),
            owner: Owner::default(),
            usual_role: None,
            name_cache: NameCache::default(),
            metrics,
            is_structured: false,
            reading: Arc::new(Semaphore::new(1)),
        }
    }

    /// The same, told which database and schema the warehouse uses when a call names none, so that the policy knows what
    /// unqualified names belong to.
    #[must_use]
    pub fn with_default_names(
        self,
        database: Option<Identifier>,
        schema: Option<Identifier>,
    ) -> Self {
        Self {
            default_database: database,
            default_schema: schema,
            ..self
        }
    }

    /// The same, with cursors that other processes with the same secrets understand.
    #[must_use]
    pub fn with_signer(self, signer: CursorSigner) -> Self {
        Self {
            signer: Arc::new(signer),
            ..self
        }
    }

    /// The same, with the rows of every answer as JSON values too (`STRUCTURED_OUTPUT`).
    #[must_use]
    pub fn with_structured_output(self, is_structured: bool) -> Self {
        Self {
            is_structured,
            ..self
        }
    }

    /// The same, with less for some callers, by their names.
    #[must_use]
    pub fn with_allowances(self, allowances: HashMap<String, Allowance>) -> Self {
        Self {
            allowances: Arc::new(allowances),
            ..self
        }
    }

    /// The same for one caller within what it may have.
    #[must_use]
    pub fn on_behalf_of(&self, behalf: Behalf) -> Self {
        let usual = self.usual_of(&behalf.name, behalf.may_change);
        let own = behalf.rights.as_deref();
        Self {
            budget: own.map_or_else(|| usual.0.clone(), |own| own.budget.clone()),
            owner: Owner {
                key: behalf.account,
                at_once: own.map_or(usual.2, |own| own.at_once),
                weight: own.map_or(1, |own| own.weight),
            },
            policy: match own {
                Some(own) if behalf.may_change => own.policy.clone(),
                Some(own) => own.reading_policy.clone(),
                None => usual.1.clone(),
            },
            warehouse: self.seen_by(behalf.person.as_ref()),
            usual_role: own.and_then(|own| own.role.clone()),
            caller: behalf.identity,
            name: behalf.name,
            tag: Some(behalf.tag),
            notes: behalf.notes,
            ..self.clone()
        }
    }

    /// The warehouse as a person sees it: whatever is asked on its behalf goes there.
    fn seen_by(&self, person: Option<&Arc<Person>>) -> Arc<dyn Warehouse> {
        person
            .and_then(|person| self.warehouse.of(person))
            .unwrap_or_else(|| Arc::clone(&self.warehouse))
    }

    /// What a caller may have and do that has no rights of its own.
    fn usual_of(&self, caller: &str, may_change: bool) -> (&Budget, &Policy, Option<usize>) {
        let own = self.allowances.get(caller);
        (
            self.budget_of(caller),
            self.policy_of(may_change),
            own.and_then(|own| own.at_once),
        )
    }

    /// What may run for a caller that may change something, or may not.
    #[must_use]
    pub fn policy_of(&self, may_change: bool) -> &Policy {
        if may_change {
            &self.policy
        } else {
            &self.reading_policy
        }
    }

    /// The same with less for each answer.
    #[must_use]
    pub fn with_less(&self, less: Less) -> Self {
        let mut own = self.clone();
        own.less = less;
        if let Some(rows) = less.rows {
            own.budget.max_rows = own.budget.max_rows.min(rows);
            own.budget.default_rows = own.budget.default_rows.min(rows);
        }
        if let Some(bytes) = less.bytes {
            own.budget.max_bytes = own.budget.max_bytes.min(bytes);
        }
        own
    }

    /// Whether the rows of every answer are wanted as JSON values too.
    #[must_use]
    pub fn is_structured(&self) -> bool {
        self.is_structured
    }

    /// Who asks, as logs and the marks of statements have it.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.name
    }

    /// What the tags of the caller's statements say of whose they are.
    #[must_use]
    pub fn owner_mark(&self) -> String {
        owner_mark(&self.caller)
    }

    /// The database that names without one belong to, where it is known.
    #[must_use]
    pub fn default_database(&self) -> Option<&Identifier> {
        self.default_database.as_ref()
    }

    /// The schema that names without one belong to, with its database, where both are known.
    #[must_use]
    pub fn default_place(&self) -> Option<String> {
        let (database, schema) = (
            self.default_database.as_ref()?,
            self.default_schema.as_ref()?,
        );
        Some(format!("{}.{}", database.quoted(), schema.quoted()))
    }

    /// The warehouse asked.
    #[must_use]
    pub fn warehouse(&self) -> &dyn Warehouse {
        &*self.warehouse
    }

    /// What may run.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The limits in force.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The limits in force for one caller.
    #[must_use]
    pub fn budget_of(&self, caller: &str) -> &Budget {
        let own = self.allowances.get(caller);
        own.map_or(&self.budget, |own| &own.budget)
    }

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

    /// Checks and runs one of our own statements, as if its caller had sent it, and keeps its values, at most the budget's
    /// maximum of rows.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn table(&self, sql: &str, session: SessionContext) -> Result<Table, Error> {
        let run = self.approved(sql, session, Vec::new(), None).await?;
        let (answer, filter) = self.answer(run).await?;
        page::tabulate(answer, filter, &self.budget).await
    }

    /// The same for what a caller asked to be looked at, which is held to the budget as its own statements are.
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
            with_json: self.is_structured,
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
            &self.metrics,
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
        self.metrics.sent_to(virtual_warehouse(&run.session));
    }

    /// The statement with the policy's approval and all it needs to run.
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

    /// The same for a statement that this one wrote.
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

    /// The same for what comes behind a name in a list of names.
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

    /// With the role of its caller, where it names none.
    fn as_its_caller(&self, mut session: SessionContext) -> SessionContext {
        if session.role.is_none() {
            session.role.clone_from(&self.usual_role);
        }
        session
    }

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

    /// Reads a statement and asks the policy. `after` is the name behind which a list begins.
    async fn approve(
        &self,
        author: Author,
        sql: &str,
        after: Option<&str>,
        session: &SessionContext,
    ) -> Result<Judged, Error> {
        let measured = self.metrics.stopwatch(Phase::Policy);
        let (judged, names) = if sql.len() <= SMALL_STATEMENT_BYTES {
            self.judge(author, sql, session)
        } else {
            self.judge_long(author, sql, session).await
        };
        drop(measured);
        let judged = judged.and_then(|statement| match after {
            None => Ok(statement),
            Some(name) => statement.after(name).ok_or_else(|| {
                let why = "the list cannot be told to begin behind its last name";
                warehouse::Error::internal("reading on in a list", why).into()
            }),
        });
        let verdict = verdict(&judged);
        self.metrics.judged(verdict);
        // What is noted is what runs, where anything does.
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
            names = objects(&parsed);
            Ok(match author {
                Author::Caller => self.policy.approve(parsed, &place),
                Author::Server => self.policy.approve_about_own(parsed, &place),
                Author::Operator => self.policy.approve_operators(parsed, &place),
            }?)
        });
        (judged, names)
    }

    /// The same for a statement whose reading takes a while, and for that while a hundred times the memory of its text: on a
    /// thread that may block, one after another. A tree that the warehouse has no use for is not kept.
    async fn judge_long(
        &self,
        author: Author,
        sql: &str,
        session: &SessionContext,
    ) -> (Result<ApprovedStatement, Error>, Vec<String>) {
        // Acquiring fails only if the semaphore is closed, and nobody closes it.
        let _alone = self.reading.acquire().await;
        let (own, sql, session) = (self.clone(), sql.to_owned(), session.clone());
        let work = move || {
            let (judged, names) = own.judge(author, &sql, &session);
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

    /// The database and schema that unqualified names belong to, where they are known.
    pub(super) fn home(
        &self,
        session: &SessionContext,
    ) -> (Option<Identifier>, Option<Identifier>) {
        let schema = session.schema.as_ref();
        let named = schema
            .and_then(|schema| schema.schema.as_ref())
            .or(session.database.as_ref());
        let usual = self.default_database.as_ref();
        // A call that only names another database finds itself in that one's PUBLIC.
        let public = Identifier::exact("PUBLIC").ok();
        let usual_schema = match (named, usual) {
            (Some(named), Some(usual)) if named != usual => public.as_ref(),
            (Some(_), None) => None,
            _ => self.default_schema.as_ref(),
        };
        let schema = schema.map(|schema| &schema.object).or(usual_schema);
        (named.or(usual).cloned(), schema.cloned())
    }
}
