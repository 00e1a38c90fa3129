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
mod dialect;
mod error;
mod explain;
mod json;
mod rows;
mod sample_data;
mod session;
mod statement;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::catalog::{Catalog, Current, Listing};
use self::session::{Sessions, Stop};
use self::statement::Job;
use crate::sql::Tree;
use crate::warehouse::{Answer, Batch, Error, Kind, Run, Warehouse};

/// The current database of a call that names none.
pub const DEFAULT_DATABASE: &str = catalog::SAMPLE_DATABASE;

/// How long closing waits for stopped statements. The engine answers an interruption within milliseconds; a statement
/// that has not gone by then ends with the process.
const CLOSING: Duration = Duration::from_secs(2);

/// Largest scale factor: 1 is TPC-H's own gigabyte, more than an engine meant for trying things should hold.
const MAX_SCALE_FACTOR: f64 = 1.0;

/// How large the engine is and what it may use.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Size of the sample data as a fraction of TPC-H's 1 GB; more than 0 and at most 1.
    pub scale_factor: f64,
    /// Memory the engine may use for data and statements together, in bytes. A statement that needs more fails.
    pub memory_limit_bytes: u64,
    /// Threads that work on statements, the calling ones among them.
    pub threads: usize,
    /// Statements that run at once; others wait until their deadline.
    pub max_concurrent: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // 60,000 line items: enough for every question to have an answer, loaded in a fraction of a second, and
            // small enough that the whole process stays below 120 MB.
            scale_factor: 0.01,
            // Ten times what the default data takes: room for joins and sorts, and a small container survives them.
            memory_limit_bytes: 256 << 20,
            // More than a few threads do not make small tables faster, and a laptop has other things to do.
            threads: std::thread::available_parallelism()
                .map_or(1, usize::from)
                .min(4),
            // As many as a busy development machine has use for; each holds a few megabytes at most.
            max_concurrent: 16,
        }
    }
}

/// The warehouse in this process.
pub struct Embedded {
    catalog: Catalog,
    sessions: Arc<Sessions>,
    permits: Arc<Semaphore>,
    closing: CancellationToken,
    options: Options,
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
        if !is_scale_possible || options.threads == 0 || options.max_concurrent == 0 {
            return Err(Error::internal(
                "starting the embedded engine",
                format!(
                    "a scale factor above 0 and at most {MAX_SCALE_FACTOR} and at least one thread and one statement \
                     were expected, not {options:?}"
                ),
            ));
        }
        let mut catalog = Catalog::new();
        let root = fill(&mut catalog, options)
            .map_err(|error| Error::internal("starting the embedded engine", error))?;
        Ok(Self {
            catalog,
            sessions: Arc::new(Sessions::new(root)),
            permits: Arc::new(Semaphore::new(options.max_concurrent)),
            closing: CancellationToken::new(),
            options: options.clone(),
        })
    }

    async fn permit(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        let asked = Instant::now();
        let free = Arc::clone(&self.permits).acquire_owned();
        let waited = tokio::select! {
            biased;
            free = free => return free.map_err(|_| closed()),
            () = self.closing.cancelled() => return Err(closed()),
            () = tokio::time::sleep_until(deadline.into()) => asked.elapsed(),
        };
        Err(Error::Busy {
            message: format!(
                "{} statements run already and none ended within {waited:?}; MAX_CONCURRENT_QUERIES sets how many may",
                self.options.max_concurrent
            ),
        })
    }
}

/// docs/embedded-functions.md: the functions a statement may call.
#[must_use]
pub fn functions_reference() -> String {
    dialect::reference()
}

/// The locked database with everything in it.
fn fill(catalog: &mut Catalog, options: &Options) -> duckdb::Result<duckdb::Connection> {
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
    catalog::create_information_schema(&root, catalog)?;
    dialect::install(&root)?;
    session::lock(&root)?;
    Ok(root)
}

#[async_trait]
impl Warehouse for Embedded {
    fn kind(&self) -> Kind {
        Kind::Embedded
    }

    async fn run(&self, run: Run) -> Result<Answer, Error> {
        if self.closing.is_cancelled() {
            return Err(closed());
        }
        let query_id = Uuid::new_v4().to_string();
        let current = Current::new(&self.catalog, &run.session)?;
        match run.statement.parsed().tree() {
            Tree::Show(show) => {
                return catalog::show(&self.catalog, &current, show)
                    .map(|listing| whole(query_id, listing));
            }
            Tree::Describe(describe) => {
                return catalog::describe(&self.catalog, &current, describe)
                    .map(|listing| whole(query_id, listing));
            }
            Tree::Statement(_) | Tree::Explain { .. } | Tree::Pipeline(_) | Tree::Unread { .. } => {
            }
        }
        let stop = Arc::new(Stop::new(&self.closing, run.deadline, &query_id));
        let permit = self.permit(run.deadline).await?;
        let job = Job {
            statement: run.statement,
            context: dialect::Context {
                database: current.database,
                schema: current.schema,
                role: current.role,
                warehouse: current.warehouse,
                user: current.user,
                query_id,
                parameters: run.parameters,
            },
            sessions: Arc::clone(&self.sessions),
            stop: Arc::clone(&stop),
            memory_limit_bytes: self.options.memory_limit_bytes,
            permit,
        };
        tokio::spawn(stop.watch(run.deadline));
        statement::start(job).await
    }

    async fn ready(&self) -> Result<(), Error> {
        if self.closing.is_cancelled() {
            return Err(closed());
        }
        // Nothing to reach and nothing to sign in to. A failure so deep that DuckDB closes the database shows here.
        self.sessions
            .probe()
            .map_err(|error| Error::internal("the engine no longer answers", error))
    }

    async fn close(&self) {
        self.closing.cancel();
        let all = u32::try_from(self.options.max_concurrent).unwrap_or(u32::MAX);
        let ended = tokio::time::timeout(CLOSING, self.permits.acquire_many(all)).await;
        if ended.is_err() {
            tracing::warn!("a statement of the embedded engine did not stop in {CLOSING:?}");
        }
        self.permits.close();
    }
}

/// The answer of a statement that needed no engine.
fn whole(query_id: String, listing: Listing) -> Answer {
    Answer {
        query_id,
        columns: listing.columns(),
        total_rows: u64::try_from(listing.rows()).ok(),
        batches: Box::pin(stream::iter([Ok(Box::new(listing) as Box<dyn Batch>)])),
    }
}

fn closed() -> Error {
    Error::Unreachable {
        message: "the embedded engine is closed".into(),
        source: None,
    }
}
