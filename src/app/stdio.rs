//! `snowflake-mcp stdio`: one conversation on stdin and stdout, with the program that started this one.
//!
//! When stdin ends, rmcp gives the calls in flight five seconds to answer, so that `echo … | snowflake-mcp stdio` gets
//! its answer; calls that still run after that are cancelled. After a signal calls are cancelled at once.

use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use tokio_util::sync::CancellationToken;

use super::rooms::Rooms;
use super::shutdown::Signals;
use super::{Ending, Error, Telemetry, announce, system};
use crate::config::Loaded;
use crate::mcp::Handler;
use crate::telemetry::LIFECYCLE;

/// How long interrupted calls have to answer on stdout.
const TO_ANSWER: Duration = Duration::from_millis(500);

/// Speaks until the other side closes its end, or a signal.
pub(super) async fn until_closed(loaded: &Loaded, telemetry: Telemetry) -> Result<Ending, Error> {
    // Before the rooms, as in `serve`: a signal during the start must end the process in order too.
    let mut signals = Signals::catch().map_err(system("signal handlers"))?;
    let mut rooms = Rooms::build(&loaded.settings, telemetry)?;
    announce::summary(loaded, rooms.warehouse.kind(), &rooms.tools);
    let session = CancellationToken::new();
    let conversation = converse(rooms.handler.clone(), session.clone());
    // Waited for twice: here, and once more after a signal.
    tokio::pin!(conversation);
    let ended = tokio::select! {
        ended = &mut conversation => ended,
        failed = &mut rooms.failed_start => return Err(failed.unwrap_or(Error::Panicked)),
        _ = signals.next() => {
            // Calls are interrupted rather than waited for, but they get their answers.
            rooms.stop_calls.cancel();
            let interrupted = tokio::select! {
                _ = tokio::time::timeout(TO_ANSWER, &mut conversation) => None,
                signal = signals.next() => Some(signal),
            };
            if let Some(signal) = interrupted {
                return Ok(Ending::Interrupted(signal));
            }
            session.cancel();
            Ok(())
        }
    };
    // The client is gone, so nobody waits for the calls that still run.
    // Their statements would otherwise cost money for an answer that nobody reads.
    rooms.stop_calls.cancel();
    rooms.close_warehouse(tokio::time::Instant::now()).await;
    ended?;
    tracing::info!(target: LIFECYCLE, event = "stopped", "stopped");
    Ok(Ending::Finished)
}

async fn converse(handler: Handler, session: CancellationToken) -> Result<(), Error> {
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
