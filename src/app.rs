//! The only file that knows every room: builds them, starts them, drains them.
//!
//! The order of a start: runtime, signals, port, warehouse and handler, HTTP. The port comes early so that "address in use"
//! is told at once and early clients wait instead of being refused; the warehouse is asked in the background, so that the
//! first `tools/list` does not wait for it. [`shutdown`] tells the way out.
//!
//! Two kinds of threads serve: actix's workers, each with a single-threaded runtime of its own, where requests are read and
//! answered, and the threads of the runtime made here, where the warehouse lives and where work that takes the processor
//! for long belongs.

mod pid_file;
mod reload;
mod shutdown;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ServiceExt;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Environment, Settings};
use crate::http::health::{self, Readiness};
use crate::http::listen::{self, Port};
use crate::http::{self, Parts};
use crate::mcp::tools::{Registry, Toolset};
use crate::mcp::{Handler, Services};
use crate::policy::Policy;
use crate::query::{Budget, Format, Queries, Query};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{self, LIFECYCLE};
use crate::warehouse::{self, Warehouse};

use pid_file::PidFile;
pub use reload::Launch;
pub use shutdown::{AFTER_TIMEOUT, StopSignal};
use shutdown::{Drain, Running, Signals};

/// The stack of our threads. The SQL parser recurses with the nesting of a statement and is bounded to what fits in here.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Threads for work that blocks, such as the embedded engine's. Far more than run at once; it only must not be endless.
const BLOCKING_THREADS: usize = 128;

/// How long readiness has failed before the port closes: what a load balancer needs to notice. Kubernetes takes about this
/// long to tell all nodes that a pod is going. In development nobody is to be told.
const PAUSE_BEFORE_CLOSING: Duration = Duration::from_secs(3);

/// A warehouse that has not said within this time that it is ready, is not.
const WAREHOUSE_PATIENCE: Duration = Duration::from_secs(10);

/// Why a process that was to run did not, or ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A port could not be taken.
    #[error(transparent)]
    Port(#[from] listen::Error),
    /// `PID_FILE` could not be written.
    #[error(transparent)]
    PidFile(#[from] pid_file::Error),
    /// `WORKING_DIR` could not be entered.
    #[error("WORKING_DIR {path} cannot be entered: {source}")]
    WorkingDir {
        /// As configured.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// A metric is declared wrongly: a defect, found by a test first.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The system refused a thread, a signal handler or a socket.
    #[error("{what} cannot be set up: {source}")]
    System {
        /// What was being set up.
        what: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// The HTTP server stopped although nobody asked it to.
    #[error("the HTTP server ended by itself: {reason}")]
    Ended {
        /// What it left behind.
        reason: String,
    },
    /// The MCP session on stdin and stdout could not be started.
    #[error("the session on stdin and stdout failed: {0}")]
    Stdio(String),
}

/// How a run ended.
#[derive(Debug)]
pub enum Ending {
    /// As it should.
    Finished,
    /// By a second signal, without waiting for anything.
    Interrupted(StopSignal),
    /// A file has changed: the process is to begin again, on this port if the settings leave it open.
    Again(Option<u16>),
}

/// The rooms, built and joined.
struct Rooms {
    warehouse: Arc<dyn Warehouse>,
    handler: Handler,
    parts: Parts,
    /// Cancelled when calls in progress must end now.
    stop_calls: CancellationToken,
}

impl Rooms {
    fn build(settings: &Settings) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::new()?);
        let warehouse = warehouse(settings);
        let kind = warehouse.kind().to_string();
        metrics.describe_build(telemetry::VERSION, telemetry::REVISION, &kind);
        let stop_calls = CancellationToken::new();
        let handler = Handler::new(Services {
            queries: Arc::new(Queries::new(
                Arc::clone(&warehouse),
                Policy::default(),
                budget(&settings.limits),
            )),
            registry: Registry::new(&toolsets(&settings.limits)),
            runtime: tokio::runtime::Handle::current(),
            shutdown: stop_calls.clone(),
            identify: http::caller,
            metrics: Arc::clone(&metrics),
        });
        Ok(Self {
            handler,
            parts: Parts {
                readiness: Readiness::starting(kind, Arc::clone(&metrics)),
                metrics,
            },
            warehouse,
            stop_calls,
        })
    }

    /// Keeps readiness up to date for as long as the runtime lives.
    fn keep_asking_the_warehouse(&self) {
        let warehouse = Arc::clone(&self.warehouse);
        let readiness = self.parts.readiness.clone();
        tokio::spawn(async move {
            loop {
                let answer = tokio::time::timeout(WAREHOUSE_PATIENCE, warehouse.ready()).await;
                let answer = match answer {
                    Ok(answer) => answer.map_err(|error| error.to_string()),
                    Err(_) => Err(format!("no answer within {WAREHOUSE_PATIENCE:?}")),
                };
                note_warehouse(&readiness, warehouse.kind(), answer);
                tokio::time::sleep(health::ask_again_after(readiness.is_ready())).await;
            }
        });
    }

    async fn close_warehouse(&self) {
        let closed = tokio::time::timeout(shutdown::TO_SIGN_OUT, self.warehouse.close()).await;
        if closed.is_err() {
            tracing::warn!(target: LIFECYCLE, "the warehouse's sessions could not be ended in time");
        }
    }
}

/// The warehouse the settings ask for. A stand-in until the drivers are joined: ready at once, and never answers.
fn warehouse(settings: &Settings) -> Arc<dyn Warehouse> {
    struct Silent(warehouse::Kind);

    #[async_trait::async_trait]
    impl Warehouse for Silent {
        fn kind(&self) -> warehouse::Kind {
            self.0
        }

        async fn run(&self, _: warehouse::Run) -> Result<warehouse::Answer, warehouse::Error> {
            std::future::pending().await
        }

        async fn ready(&self) -> Result<(), warehouse::Error> {
            Ok(())
        }

        async fn close(&self) {}
    }

    Arc::new(Silent(match settings.warehouse.backend {
        config::Backend::Snowflake => warehouse::Kind::Snowflake,
        config::Backend::Embedded => warehouse::Kind::Embedded,
    }))
}

fn budget(limits: &config::Limits) -> Budget {
    Budget {
        default_rows: limits.default_rows,
        max_rows: limits.max_rows,
        max_bytes: usize::try_from(*limits.max_result_bytes).unwrap_or(usize::MAX),
        timeout: *limits.query_timeout,
    }
}

/// Passes on what the warehouse said, and logs it when it is news.
fn note_warehouse(readiness: &Readiness, kind: warehouse::Kind, answer: Result<(), String>) {
    let reason = answer.as_ref().err().cloned();
    if !readiness.warehouse_answered(answer) {
        return;
    }
    match reason {
        None => tracing::info!(
            target: LIFECYCLE,
            event = "ready",
            warehouse = %kind,
            "ready: the {kind} warehouse answers",
        ),
        Some(reason) => tracing::warn!(
            target: LIFECYCLE,
            event = "not_ready",
            warehouse = %kind,
            "not ready: the {kind} warehouse does not: {reason}",
        ),
    }
}

/// Enters `WORKING_DIR`. Before anything opens a relative path, the log file included.
///
/// # Errors
///
/// It cannot be entered.
pub fn enter_working_dir(settings: &Settings) -> Result<(), Error> {
    let Some(path) = &settings.server.working_dir else {
        return Ok(());
    };
    std::env::set_current_dir(path).map_err(|source| Error::WorkingDir {
        path: path.display().to_string(),
        source,
    })
}

/// Serves HTTP until a signal, or a change with `SERVER_RELOAD`, ends it.
///
/// # Errors
///
/// It could not start, or ended by itself.
pub fn serve(settings: &Settings, launch: &Launch) -> Result<Ending, Error> {
    let runtime = runtime()?;
    let ending = runtime.block_on(serve_until_told(settings, launch));
    // Not dropped: that would wait for threads that may be stuck in a system call.
    runtime.shutdown_background();
    ending
}

async fn serve_until_told(settings: &Settings, launch: &Launch) -> Result<Ending, Error> {
    let server = &settings.server;
    let mut signals = Signals::catch().map_err(system("signal handlers"))?;
    let port = Port::open(&server.host, server.port, "SERVER_PORT")?;
    let management = match server.management_port {
        Some(port) => Some(Port::open(&server.host, port, "MANAGEMENT_PORT")?),
        None => None,
    };
    let _pid_file = server.pid_file.as_deref().map(PidFile::write).transpose()?;
    let address = port.address;
    let rooms = Rooms::build(settings)?;
    let cut = CancellationToken::new();
    let main = http::serve(
        port,
        settings,
        rooms.handler.clone(),
        rooms.parts.clone(),
        cut.clone(),
    )
    .map_err(system("the HTTP server"))?;
    let mut main = Running::start(main);
    let management_address = management.as_ref().map(|port| port.address);
    let management = management
        .map(|port| http::serve_management(port, rooms.parts.clone()))
        .transpose()
        .map_err(system("the management port"))?
        .map(Running::start);
    tell_where(
        settings,
        address,
        management_address,
        rooms.warehouse.kind(),
    );
    rooms.keep_asking_the_warehouse();

    let is_restart = tokio::select! {
        _ = signals.next() => false,
        _ = launch.changed(), if server.reload => true,
        ended = &mut main.task => {
            let reason = match ended {
                Ok(Ok(())) => "no reason given".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            return Err(Error::Ended { reason });
        }
    };
    let drain = Drain {
        parts: rooms.parts.clone(),
        pause: pause(settings, is_restart),
        timeout: *server.shutdown_timeout,
        stop_calls: rooms.stop_calls.clone(),
        cut,
    };
    if let Err(signal) = drain.run(main, &mut signals).await {
        return Ok(Ending::Interrupted(signal));
    }
    rooms.close_warehouse().await;
    if let Some(management) = management {
        management.end().await;
    }
    if is_restart {
        tracing::info!(target: LIFECYCLE, event = "restarting", "starting again in place");
        let keep = (server.port == 0).then(|| address.port());
        return Ok(Ending::Again(keep));
    }
    tracing::info!(target: LIFECYCLE, event = "stopped", "stopped");
    Ok(Ending::Finished)
}

/// A quarter of the time there is at most: the calls in progress need the rest.
fn pause(settings: &Settings, is_restart: bool) -> Duration {
    if is_restart || settings.environment == Environment::Development {
        return Duration::ZERO;
    }
    PAUSE_BEFORE_CLOSING.min(*settings.server.shutdown_timeout / 4)
}

/// The `listening` event, which programs read, and for people how to connect.
fn tell_where(
    settings: &Settings,
    address: std::net::SocketAddr,
    management: Option<std::net::SocketAddr>,
    warehouse: warehouse::Kind,
) {
    tracing::info!(
        target: LIFECYCLE,
        event = "listening",
        %address,
        management_address = management.map(tracing::field::display),
        environment = %settings.environment,
        %warehouse,
        requires_key = settings.auth.is_required(),
        version = telemetry::VERSION,
        "listening on {address}, {}, warehouse: {warehouse}",
        settings.environment,
    );
    if settings.environment == Environment::Development {
        let url = format!("http://localhost:{}/mcp", address.port());
        tracing::info!(
            target: LIFECYCLE,
            "connect a client: claude mcp add --transport http snowflake {url}  ·  npx @modelcontextprotocol/inspector --transport http --server-url {url}",
        );
    }
    if settings.server.allowed_hosts.iter().any(|host| host == "*") {
        tracing::warn!(
            target: LIFECYCLE,
            "ALLOWED_HOSTS is *: any Host header is answered, which is safe only behind something that checks it",
        );
    }
    let any_page_may_call = settings
        .server
        .cors_origins
        .iter()
        .any(|origin| origin == "*")
        && !settings.auth.is_required();
    if any_page_may_call && warehouse == warehouse::Kind::Snowflake {
        tracing::warn!(
            target: LIFECYCLE,
            "CORS_ORIGINS is * and no key is asked for: every web page opened on this machine can query the account; \
             set API_KEY, or name the origins",
        );
    }
}

/// Signs in and runs one statement, as `check --connect` promises; says what answered.
///
/// # Errors
///
/// The runtime could not be made, or the warehouse did not answer.
pub fn connect(settings: &Settings) -> Result<String, Box<dyn std::error::Error>> {
    let runtime = runtime()?;
    let answer = runtime.block_on(async {
        let warehouse = warehouse(settings);
        let queries = Queries::new(
            Arc::clone(&warehouse),
            Policy::default(),
            budget(&settings.limits),
        );
        let query = Query {
            sql: "SELECT CURRENT_VERSION() AS VERSION".to_owned(),
            format: Format::Csv,
            ..Query::default()
        };
        let sheet = queries.run(query).await;
        warehouse.close().await;
        sheet.map(|sheet| (warehouse.kind(), sheet))
    });
    runtime.shutdown_background();
    let (kind, sheet) = answer?;
    Ok(format!(
        "the {kind} warehouse answered a statement in {} ms",
        sheet.elapsed.as_millis()
    ))
}

/// Speaks MCP with the program that started this one, on stdin and stdout, until it closes them.
///
/// # Errors
///
/// The conversation could not start.
pub fn stdio(settings: &Settings) -> Result<Ending, Error> {
    let runtime = runtime()?;
    let ending = runtime.block_on(stdio_until_closed(settings));
    // A read of stdin cannot be cancelled, so its thread must not be waited for.
    runtime.shutdown_background();
    ending
}

async fn stdio_until_closed(settings: &Settings) -> Result<Ending, Error> {
    let mut signals = Signals::catch().map_err(system("signal handlers"))?;
    let rooms = Rooms::build(settings)?;
    rooms.keep_asking_the_warehouse();
    let session = tokio_util::sync::CancellationToken::new();
    let conversation = converse(rooms.handler.clone(), session.clone());
    tokio::pin!(conversation);
    let ended = tokio::select! {
        ended = &mut conversation => ended,
        _ = signals.next() => {
            // Who started us wants us gone: calls are interrupted rather than waited for, but they get their answers.
            rooms.stop_calls.cancel();
            let interrupted = tokio::select! {
                _ = tokio::time::timeout(STDIO_TO_ANSWER, &mut conversation) => None,
                signal = signals.next() => Some(signal),
            };
            if let Some(signal) = interrupted {
                return Ok(Ending::Interrupted(signal));
            }
            session.cancel();
            Ok(())
        }
    };
    // The other side is gone: nobody waits for what still runs.
    rooms.stop_calls.cancel();
    rooms.close_warehouse().await;
    ended?;
    tracing::info!(target: LIFECYCLE, event = "stopped", "stopped");
    Ok(Ending::Finished)
}

/// How long interrupted calls have to answer on stdout.
const STDIO_TO_ANSWER: Duration = Duration::from_millis(500);

async fn converse(handler: Handler, session: CancellationToken) -> Result<(), Error> {
    use rmcp::service::ServerInitializeError;
    let transport = rmcp::transport::stdio();
    let running = match handler.serve_with_ct(transport, session).await {
        Ok(running) => running,
        // stdin was closed before anything was said.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(Error::Stdio(error.to_string())),
    };
    tracing::info!(target: LIFECYCLE, event = "connected", "a client has connected on stdin and stdout");
    match running.waiting().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::Stdio(error.to_string())),
    }
}

/// Asks the server that these settings describe whether it is alive.
///
/// # Errors
///
/// It is not.
pub fn healthcheck(settings: &Settings) -> Result<(), http::healthcheck::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(http::healthcheck::Error::Runtime)?;
    runtime.block_on(http::healthcheck::ask(&settings.server))
}

fn runtime() -> Result<Runtime, Error> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        // Two at least: one busy thread must not keep a cancellation from being seen.
        .worker_threads(cores.max(2))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_stack_size(STACK_BYTES)
        .thread_name("snowflake-mcp")
        .enable_all()
        .build()
        .map_err(system("the runtime"))
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { what, source }
}

fn toolsets(limits: &config::Limits) -> Vec<Toolset> {
    let named = limits.toolsets.iter().filter_map(|toolset| match toolset {
        config::Toolset::Catalog => Some(Toolset::Catalog),
        config::Toolset::Query => Some(Toolset::Query),
        // The settings refuse what this version does not have.
        _ => None,
    });
    named.collect()
}
