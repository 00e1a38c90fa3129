//! The engine inside this process: DuckDB behind Snowflake's SQL, with a copy of Snowflake's sample data.
//!
//! It makes the first command of the README do the main job without an account, and gives the tests a warehouse that is
//! always there. It is no Snowflake: what it cannot do it refuses with [`crate::warehouse::EngineLimit`], rather than
//! answer something else.
//!
//! One statement from end to end: `catalog` answers SHOW and DESCRIBE by itself; for queries `dialect` writes DuckDB's
//! SQL, `statement` runs it on a thread that may block and hands over the batches, `session` gives it a connection of
//! its own and can stop it, `rows` and `json` show the vectors as cells, `error` puts failures in Snowflake's words.
//!
//! What keeps a statement in its place, from the outside in: the policy lets reads pass only; `dialect` knows which
//! functions there are; a statement stands in parentheses, where only a query is one; its transaction is read-only; and
//! the database is locked: no files, no network, no extensions, no settings, a bounded memory.

mod catalog;
mod cost;
mod dialect;
mod error;
mod explain;
mod json;
mod kept;
mod local;
mod memory;
mod natives;
mod options;
mod rows;
mod sample_data;
mod semantic_view;
mod session;
mod statement;
#[cfg(test)]
mod tests;
mod vector;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::{future, stream};
use opentelemetry::context::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use self::catalog::{Catalog, Current, Listing, Stored};
use self::kept::{Kept, Results};
use self::local::{Files, Latest, Local};
use self::memory::Watch;
pub use self::options::Options;
use self::session::{Reason, Sessions, Stop};
use self::statement::{Job, OwnData, Underway};
use crate::sql::{Parsed, SMALL_STATEMENT_BYTES, Tree};
use crate::telemetry::metrics::labels::Phase;
use crate::telemetry::metrics::{Metrics, Stopwatch};
use crate::warehouse::{
    Answer, Batch, Earlier, EngineLimit, Error, FairGate, Run, Started, State, Status, Warehouse,
    WarehouseKind,
};

/// The current database of a call that names none.
pub const DEFAULT_DATABASE: &str = catalog::SAMPLE_DATABASE;

/// The schema that names without one belong to.
pub const DEFAULT_SCHEMA: &str = catalog::SAMPLE_SCHEMA;

/// How long closing waits for stopped statements. The engine answers an interruption within milliseconds; a statement
/// that has not gone by then ends with the process.
const CLOSING: Duration = Duration::from_secs(2);

/// Longest statement the engine is given, and the longest chain of operators in it: a translation goes as deep as the chain.
/// The sample data asks for neither.
const LONGEST: usize = SMALL_STATEMENT_BYTES;
const LONGEST_CHAIN: usize = 2_000;

/// Refuses what would take the engine too much memory or stack before it is run.
fn admit(parsed: &Parsed) -> Result<(), EngineLimit> {
    let what = if parsed.text().len() > LONGEST {
        format!("accepts statements of at most {LONGEST} bytes")
    } else if parsed.longest_chain() > LONGEST_CHAIN {
        format!("joins at most {LONGEST_CHAIN} values or queries in a row")
    } else {
        return Ok(());
    };
    Err(EngineLimit {
        what,
        hint: Some("write a list as IN (…), or ask in parts".into()),
    })
}

/// The share of the memory limit that stored results may use in addition: a quarter.
const RESULTS_SHARE: u64 = 4;

/// Largest scale factor: 1 is TPC-H's own gigabyte, more than an engine meant for trying things should hold.
const MAX_SCALE_FACTOR: f64 = 1.0;

/// The warehouse in this process.
pub struct Embedded {
    catalog: Arc<Latest>,
    engine: Engine,
    /// Keeps own data up to date while the engine lives.
    _local: Option<Local>,
    results: Arc<Results>,
}

/// What runs statements. A cheap clone.
#[derive(Clone)]
struct Engine {
    sessions: Arc<Sessions>,
    gate: FairGate,
    closing: CancellationToken,
    shared: Arc<statement::Shared>,
    options: Options,
    metrics: Option<Arc<Metrics>>,
}

/// A statement that is understood as far as the catalog goes.
enum Begun {
    /// It is about the catalog alone, which has answered.
    Listed(Uuid, Listing),
    /// The engine is to run it.
    Engine(Box<Work>),
}

/// A statement for the engine.
struct Work {
    query_id: Uuid,
    run: Run,
    current: Current,
    catalog: Arc<Catalog>,
    stop: Arc<Stop>,
}

impl Embedded {
    /// Makes the database, loads the sample data and locks the engine. Takes CPU time, about half a second for the
    /// default scale; waits for nothing.
    ///
    /// # Errors
    ///
    /// When an option is out of bounds, or the data does not fit into the memory allowed.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let is_scale_possible =
            options.scale_factor > 0.0 && options.scale_factor <= MAX_SCALE_FACTOR;
        if !is_scale_possible || options.threads == 0 || options.gate.slots == 0 {
            return Err(Error::internal(
                "starting the embedded engine",
                format!(
                    "a scale factor above 0 and at most {MAX_SCALE_FACTOR} and at least one thread and one statement \
                     were expected, not {options:?}"
                ),
            ));
        }
        let failed = |error| Error::internal("starting the embedded engine", error);
        let mut catalog = Catalog::new();
        if options.data_dir.is_some() {
            catalog.add_local();
        }
        let (root, stored) = fill(&mut catalog, options).map_err(failed)?;
        let folder = options.data_dir.as_deref().map(|folder| {
            let folder = local::open(&root, folder)?;
            Ok::<_, local::Error>((folder, root.try_clone()?))
        });
        let folder = folder.transpose().map_err(own_data)?;
        session::lock(&root, folder.is_some()).map_err(failed)?;
        let own_data_folder = folder.as_ref().map(|(path, _)| path.display().to_string());
        let catalog = Arc::new(Latest::new(catalog));
        let files = Arc::new(Files::default());
        let local = folder
            .map(|(folder, connection)| {
                Local::start(folder, connection, &catalog, stored, Arc::clone(&files))
            })
            .transpose()
            .map_err(own_data)?;
        let sessions = Sessions::new(root);
        let counted = sessions.probe().map_err(failed)?;
        let limit = options.memory_limit_bytes;
        let watch = match options.watches_process {
            true => Watch::start(limit, counted),
            false => Watch::none(),
        };
        let mut shared = statement::Shared::new(limit, options.threads, watch);
        shared.own_data = own_data_folder.map(|folder| OwnData { folder, files });
        Ok(Self {
            catalog,
            engine: Engine {
                sessions: Arc::new(sessions),
                shared: Arc::new(shared),
                gate: FairGate::new(options.gate.clone(), None),
                closing: CancellationToken::new(),
                options: options.clone(),
                metrics: None,
            },
            _local: local,
            results: Arc::new(Results::new(options.memory_limit_bytes / RESULTS_SHARE)),
        })
    }

    /// The same, told where to count.
    #[must_use]
    pub fn measured_by(mut self, metrics: Arc<Metrics>) -> Self {
        let limits = self.engine.options.gate.clone();
        self.engine.gate = FairGate::new(limits, Some(Arc::clone(&metrics)));
        self.engine.metrics = Some(metrics);
        self
    }

    /// Reads a statement as far as the catalog can, and answers what is about the catalog alone.
    fn begin(&self, run: Run) -> Result<Begun, Error> {
        if self.engine.closing.is_cancelled() {
            return Err(closed());
        }
        admit(run.statement.parsed())?;
        let query_id = Uuid::new_v4();
        let catalog = self.catalog.get();
        let current = Current::new(&catalog, &run.session)?;
        let listing = match run.statement.parsed().tree() {
            Tree::Show(show) => catalog::show(&catalog, &current, show)?,
            Tree::Describe(describe) => catalog::describe(&catalog, &current, describe)?,
            Tree::Statement(_) | Tree::Explain { .. } | Tree::Pipeline(_) | Tree::Unread { .. } => {
                let id = query_id.to_string();
                run.notes.running_as(&id);
                let stop = Arc::new(Stop::new(&self.engine.closing, run.deadline, &id));
                return Ok(Begun::Engine(Box::new(Work {
                    query_id,
                    run,
                    current,
                    catalog,
                    stop,
                })));
            }
        };
        Ok(Begun::Listed(query_id, listing))
    }
}

impl Engine {
    fn stopwatch(&self, phase: Phase) -> Option<Stopwatch<'_>> {
        Some(self.metrics.as_ref()?.stopwatch(phase))
    }

    /// Runs a statement as far as its columns.
    async fn start(self, work: Work) -> Result<Underway, Error> {
        let Work {
            query_id,
            run,
            current,
            catalog,
            stop,
        } = work;
        tokio::spawn(Arc::clone(&stop).watch(run.deadline));
        let waiting = self.stopwatch(Phase::Wait);
        let permit = tokio::select! {
            biased;
            permit = self.gate.enter(&run.owner, run.admit_by.min(run.deadline), future::pending()) => permit?,
            () = stop.asked() => return Err(stop.error().unwrap_or_else(closed)),
        };
        drop(waiting);
        let metrics = self.metrics.clone();
        let metrics = metrics.as_ref();
        let _running = metrics.map(|m| m.statement("duckdb", run.summary.as_deref()));
        statement::start(Job {
            statement: run.statement,
            context: dialect::Context {
                database: current.database,
                schema: current.schema,
                role: current.role,
                warehouse: current.warehouse,
                user: current.user,
                tables: dialect::Tables::new(move |name| catalog.found(name)),
                query_id: query_id.to_string(),
                parameters: run.parameters,
                // Known when its tree has been walked.
                long_texts: false,
            },
            sessions: self.sessions,
            stop,
            shared: self.shared,
            permit,
        })
        .await
    }
}

/// docs/embedded-functions.md: the functions a statement may call.
#[must_use]
pub fn functions_reference() -> String {
    dialect::reference()
}

/// The database with everything in it, not locked yet, and which columns the standard views have.
fn fill(catalog: &mut Catalog, options: &Options) -> duckdb::Result<(duckdb::Connection, Stored)> {
    let root = session::open(options)?;
    for database in &catalog.databases {
        let name = catalog::quoted(database.name);
        root.execute_batch(&format!("ATTACH ':memory:' AS {name}"))?;
        for schema in &database.schemas {
            let schema = match schema.name {
                catalog::INFORMATION_SCHEMA => catalog::ENGINE_INFORMATION_SCHEMA,
                name => name,
            };
            root.execute_batch(&format!("CREATE SCHEMA {name}.{}", catalog::quoted(schema)))?;
        }
    }
    for make_views in [false, true] {
        for (database, schema, table) in catalog.tables() {
            if schema.name != catalog::INFORMATION_SCHEMA && table.is_view() == make_views {
                root.execute_batch(&table.engine_ddl(database.name, schema.name))?;
            }
        }
    }
    root.execute_batch(catalog::DEMO_ROWS)?;
    catalog.set_size("DEMO", "PUBLIC", "Mixed Case", catalog::DEMO_SIZE);
    for (table, size) in sample_data::load(&root, options.scale_factor)? {
        catalog.set_size(
            catalog::SAMPLE_DATABASE,
            catalog::SAMPLE_SCHEMA,
            table,
            size,
        );
    }
    let stored = catalog::create_information_schema(&root, catalog)?;
    natives::install(&root)?;
    dialect::install(&root)?;
    Ok((root, stored))
}

#[async_trait]
impl Warehouse for Embedded {
    fn kind(&self) -> WarehouseKind {
        WarehouseKind::Embedded
    }

    async fn run(&self, run: Run) -> Result<Answer, Error> {
        match self.begin(run)? {
            Begun::Listed(query_id, listing) => Ok(whole(query_id, listing)),
            Begun::Engine(work) => {
                let query_id = work.query_id.to_string();
                // Also when the caller goes away before the engine has begun.
                let mut guard = StopOnDrop(Some(Arc::clone(&work.stop)));
                let underway = self.engine.clone().start(*work).await?;
                guard.0 = None;
                Ok(underway.into_answer(query_id))
            }
        }
    }

    async fn start(&self, run: Run, patience: Instant) -> Result<Started, Error> {
        let work = match self.begin(run)? {
            Begun::Listed(query_id, listing) => {
                let kept = Arc::new(Kept::listed(query_id, listing));
                self.results.add(&kept);
                return kept.answer(0, patience).await;
            }
            Begun::Engine(work) => work,
        };
        let text = work.run.statement.text();
        let kept = Arc::new(Kept::new(work.query_id, text, Arc::clone(&work.stop)));
        self.results.add(&kept);
        // Until it is left running, the statement belongs to this call.
        let mut guard = StopOnDrop(Some(Arc::clone(&work.stop)));
        let (results, filling) = (Arc::clone(&self.results), Arc::clone(&kept));
        let underway = self.engine.clone().start(*work);
        let filled = async move { results.fill(&filling, underway).await };
        // In the call's trace and with its log fields, also when it outlives the call.
        tokio::spawn(filled.in_current_span().with_current_context());
        let started = kept.answer(0, patience).await;
        guard.0 = None;
        started
    }

    async fn status(&self, earlier: &Earlier) -> Result<Status, Error> {
        Ok(self.results.find(earlier)?.status())
    }

    async fn result(
        &self,
        earlier: &Earlier,
        skip: u64,
        patience: Instant,
        _deadline: Instant,
    ) -> Result<Started, Error> {
        self.results.find(earlier)?.again(skip, patience).await
    }

    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error> {
        let kept = self.results.find(earlier)?;
        let is_running = kept.status().state == State::Running;
        kept.cancel();
        Ok(is_running)
    }

    async fn ready(&self) -> Result<(), Error> {
        if self.engine.closing.is_cancelled() {
            return Err(closed());
        }
        // Nothing to reach and nothing to sign in to. A failure so deep that DuckDB closes the database shows here.
        let memory = self
            .engine
            .sessions
            .probe()
            .map_err(|error| Error::internal("the engine no longer answers", error))?;
        if let Some(metrics) = &self.engine.metrics {
            metrics.set_embedded_memory(memory);
        }
        Ok(())
    }

    async fn close(&self) {
        self.engine.closing.cancel();
        self.engine.gate.close();
        let ended = tokio::time::timeout(CLOSING, self.engine.gate.emptied()).await;
        if ended.is_err() {
            tracing::warn!("a statement of the embedded engine did not stop in {CLOSING:?}");
        }
    }
}

/// The answer of a statement that needed no engine.
fn whole(query_id: Uuid, listing: Listing) -> Answer {
    Answer {
        query_id: query_id.to_string(),
        columns: listing.columns(),
        total_rows: u64::try_from(listing.rows()).ok(),
        full_at: None,
        batches: Box::pin(stream::iter([Ok(Box::new(listing) as Box<dyn Batch>)])),
    }
}

/// Stops a statement that nobody waits for any more.
struct StopOnDrop(Option<Arc<Stop>>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(stop) = &self.0 {
            stop.ask(Reason::Cancelled);
        }
    }
}

fn own_data(error: local::Error) -> Error {
    Error::internal("reading EMBEDDED_DATA_DIR", error)
}

fn closed() -> Error {
    Error::Unreachable {
        message: "the embedded engine is closed".into(),
        source: None,
    }
}
