//! The only file that knows every room: builds them, starts them, drains them.
//!
//! The order of a start: runtime, signals, port, warehouse and handler, HTTP. The port comes early so that "address in use"
//! is told at once and early clients wait instead of being refused; the warehouse is asked in the background, so that the
//! first `tools/list` does not wait for it. [`shutdown`] tells the way out.
//!
//! Two kinds of threads serve: actix's workers, each with a single-threaded runtime of its own, where requests are read and
//! answered, and the threads of the runtime made here, where the warehouse lives and where work that takes the processor
//! for long belongs.

mod access;
mod announce;
mod budget;
mod custom;
mod error;
mod folders;
mod gate;
#[cfg(feature = "embedded")]
mod late;
mod pid_file;
mod policy;
mod process;
mod reload;
mod reread;
mod rooms;
mod shutdown;
mod snowflake;
mod stdio;
mod tls;
mod warehouse;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::{Backend, Environment, Loaded, Problem, Settings};
use crate::http;
use crate::http::listen::Port;
use crate::policy::Policy;
use crate::query::{self, Format, Query};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{self, LIFECYCLE};

use error::system;
pub use error::{Ending, Error};
pub use folders::{enter_working_dir, prepare_folders};
use pid_file::PidFile;
pub use process::Process;
use process::{Telemetry, runtime};
pub use reload::Launch;
use rooms::Rooms;
pub use shutdown::{AFTER_TIMEOUT, StopSignal};
use shutdown::{Drain, Running, Signals};

/// How long readiness has failed before the port closes: what a load balancer needs to notice. Kubernetes takes about this
/// long to tell all nodes that a pod is going. In development, on an address of this machine only, nobody is to be told.
const PAUSE_BEFORE_CLOSING: Duration = Duration::from_secs(3);

/// What the rooms cannot work with in the settings: a [`RoomCheck`](crate::config::RoomCheck). Reads no file but
/// those of the operator's tools, of callers and of TLS, and asks nobody.
#[must_use]
pub fn check(settings: &Settings, is_right: bool) -> Vec<Problem> {
    let mut found = policy::problems(settings, is_right);
    if is_right && found.is_empty() {
        // They are judged by the policy.
        found.extend(custom::problems(settings));
        found.extend(access::problem(settings));
        // Certificates are read now too, so that a wrong file is in the same list as a wrong
        // setting.
        found.extend(tls::problem(settings));
    }
    if is_right && found.is_empty() && settings.warehouse.backend == Backend::Snowflake {
        // The policy has been looked at above.
        let options = snowflake::options(settings, Policy::default());
        found.extend(options.err().map(|error| error.problem()));
    }
    found
}

/// Why the first sign-in could not begin: a key, token or client's secret that cannot be read, or is none.
///
/// It reads the file but sends no request. A service starts anyway, because the file may appear later;
/// `snowflake-mcp check` reports it at once.
#[must_use]
pub fn unreadable(settings: &Settings) -> Option<Error> {
    if settings.warehouse.backend != Backend::Snowflake {
        return None;
    }
    let options = snowflake::options(settings, Policy::default()).ok()?;
    let of_exchange = || Some(options.exchange.as_ref()?.try_reading());
    let failed = match options.sign_in.try_reading() {
        Ok(()) => of_exchange()?.err()?,
        Err(failed) => failed,
    };
    Some(snowflake::Error::from(failed).into())
}

/// Serves HTTP until a signal, or a change with `SERVER_RELOAD`, ends it.
///
/// # Errors
///
/// It could not start, or ended by itself.
pub fn serve(loaded: &Loaded, launch: &Launch, process: Process) -> Result<Ending, Error> {
    let Process { runtime, telemetry } = process;
    let ending = runtime.block_on(serve_until_told(loaded, launch, telemetry));
    // Not dropped: that would wait for threads that may be stuck in a system call.
    runtime.shutdown_background();
    ending
}

async fn serve_until_told(
    loaded: &Loaded,
    launch: &Launch,
    telemetry: Telemetry,
) -> Result<Ending, Error> {
    let settings = &loaded.settings;
    let server = &settings.server;
    // Before the ports: a signal that comes during the start must end the process in order too.
    let mut signals = Signals::catch().map_err(system("signal handlers"))?;
    // Both ports before the warehouse: an address in use ends the process at once, with nothing to sign out.
    let port = Port::open(&server.host, server.port, "SERVER_PORT")?;
    let management = match server.management_port {
        Some(port) => Some(Port::open(&server.host, port, "MANAGEMENT_PORT")?),
        None => None,
    };
    let _pid_file = server.pid_file.as_deref().map(PidFile::write).transpose()?;
    let address = port.address;
    let mut rooms = Rooms::build(settings, telemetry)?;
    announce::summary(loaded, rooms.warehouse.kind(), &rooms.tools);
    // Cancelled at the end of the drain, to close the connections whose calls would not end.
    let cut = CancellationToken::new();
    let main = http::serve(
        port,
        settings,
        rooms.handler.clone(),
        rooms.parts.clone(),
        cut.clone(),
    )
    .map_err(system("the HTTP server"))?;
    // From here on `/livez` answers and `/readyz` says no, while the warehouse is still starting.
    let mut main = Running::start(main);
    let management_address = management.as_ref().map(|port| port.address);
    let management = management
        .map(|port| http::serve_management(port, rooms.parts.clone()))
        .transpose()
        .map_err(system("the management port"))?
        .map(Running::start);
    announce::start(
        settings,
        address,
        management_address,
        rooms.warehouse.kind(),
    );

    let is_restart = until_told(&mut signals, launch, server.reload, &mut rooms, &mut main).await?;
    // What the calls in progress leave of it is for signing out.
    let deadline = tokio::time::Instant::now() + *server.shutdown_timeout;
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
    // After the drain, because a call that still runs needs its session to be aborted in order.
    rooms.close_warehouse(deadline).await;
    // Last of all, so that probes and scrapes are answered while the rest ends.
    if let Some(management) = management {
        management.end().await;
    }
    if is_restart {
        tracing::info!(target: LIFECYCLE, event = "restarting", "starting again in place");
        // Clients know the port that the system chose, so the next run must have the same.
        let keep = (server.port == 0).then(|| address.port());
        return Ok(Ending::Again(keep));
    }
    tracing::info!(target: LIFECYCLE, event = "stopped", "stopped");
    Ok(Ending::Finished)
}

/// A quarter of the time there is at most: the calls in progress need the rest.
fn pause(settings: &Settings, is_restart: bool) -> Duration {
    let server = &settings.server;
    let is_alone = settings.environment == Environment::Development && server.is_loopback();
    if is_restart || is_alone {
        return Duration::ZERO;
    }
    PAUSE_BEFORE_CLOSING.min(*server.shutdown_timeout / 4)
}

/// Signs in and runs one statement, for `check --connect`; returns what answered.
///
/// # Errors
///
/// The runtime could not be made, or the warehouse did not start or answer.
pub fn connect(settings: &Settings) -> Result<String, Error> {
    let runtime = runtime()?;
    let answer = runtime.block_on(ask_once(settings));
    runtime.shutdown_background();
    answer
}

/// Waits for a signal or, with `may_reload`, a change of the program. Returns whether to start again.
///
/// # Errors
///
/// The warehouse or the server has ended by itself.
async fn until_told(
    signals: &mut Signals,
    launch: &Launch,
    may_reload: bool,
    rooms: &mut Rooms,
    main: &mut Running,
) -> Result<bool, Error> {
    Ok(tokio::select! {
        _ = signals.next() => false,
        _ = launch.changed(), if may_reload => true,
        // A warehouse that cannot start at all. An account that does not answer is tried again, and readiness says so.
        failed = &mut rooms.failed_start => return Err(failed.unwrap_or(Error::Panicked)),
        ended = &mut main.task => {
            let reason = match ended {
                Ok(Ok(())) => "no reason given".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            return Err(Error::Ended { reason });
        }
    })
}

async fn ask_once(settings: &Settings) -> Result<String, Error> {
    let metrics = Arc::new(Metrics::new()?);
    let warehouse::Starting { warehouse, start } = warehouse::start(settings, &metrics)?;
    // The command is there to try the warehouse, so it waits for a start that `serve` lets run
    // beside the port.
    start.await.map_err(|_| Error::Panicked)??;
    let queries = rooms::queries(Arc::clone(&warehouse), settings, &metrics)?;
    let query = Query {
        sql: "SELECT CURRENT_VERSION() AS VERSION".to_owned(),
        format: Format::Csv,
        ..Query::default()
    };
    let page = queries.run(query).await;
    warehouse.close().await;
    // Only now: a refused statement must sign its session out all the same.
    let page = page.map_err(|error| {
        Error::Unanswered(match error {
            query::Error::Warehouse(error) => crate::warehouse::explained(&error),
            other => telemetry::chain(&other),
        })
    })?;
    let took = page.elapsed.as_millis();
    let kind = warehouse.kind();
    Ok(format!(
        "the {kind} warehouse answered a statement in {took} ms"
    ))
}

/// Speaks MCP with the program that started this one, on stdin and stdout, until it closes them.
///
/// # Errors
///
/// The conversation could not start.
pub fn stdio(loaded: &Loaded, process: Process) -> Result<Ending, Error> {
    let Process { runtime, telemetry } = process;
    let ending = runtime.block_on(stdio::until_closed(loaded, telemetry));
    // A read of stdin cannot be cancelled, so its thread must not be waited for.
    runtime.shutdown_background();
    ending
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
    runtime.block_on(http::healthcheck::ask(&settings.server, &settings.tls))
}
