//! The way out: what a signal sets in motion, step by step, and how long each step may take.
//!
//! 1. Readiness fails, so that load balancers send new calls elsewhere; for a moment calls are still taken.
//! 2. The port is closed. Calls in progress have `SHUTDOWN_TIMEOUT`, counted from the signal.
//! 3. What is left then is interrupted: statements are stopped in the warehouse and their callers are told.
//! 4. Whoever has still not ended is cut off.
//!
//! Altogether at most `SHUTDOWN_TIMEOUT` and [`AFTER_TIMEOUT`]. A second signal ends the process at once.

use std::io;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::http::Parts;
use crate::telemetry::{LIFECYCLE, reopen};

/// How long an interrupted call has to answer. actix looks once a second whether its connections are done.
const TO_ANSWER: Duration = Duration::from_secs(2);

/// How long cut connections have to close.
const TO_CLOSE: Duration = Duration::from_millis(1500);

/// How long the warehouse has to end its sessions at least; longer where `SHUTDOWN_TIMEOUT` is not over.
pub(super) const TO_SIGN_OUT: Duration = Duration::from_secs(1);

/// How much longer than `SHUTDOWN_TIMEOUT` a shutdown can take. Give Kubernetes' `terminationGracePeriodSeconds` and
/// Compose's `stop_grace_period` at least this much more.
pub const AFTER_TIMEOUT: Duration = Duration::from_secs(5);

const _: () = assert!(
    TO_ANSWER.as_millis() + TO_CLOSE.as_millis() + TO_SIGN_OUT.as_millis()
        < AFTER_TIMEOUT.as_millis()
);

/// A signal that asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// From an orchestrator.
    Terminate,
    /// Ctrl-C.
    Interrupt,
}

impl StopSignal {
    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }

    /// What a shell shows for a process that died of it: 128 and the signal's number.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}

/// Both signals, caught from the moment this is made. SIGHUP is caught as well, and ends nothing: it has the files of log and
/// audit opened anew, for whoever has moved them away.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn catch() -> io::Result<Self> {
        tokio::spawn(reopen_files(signal(SignalKind::hangup())?));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next one. Cancel safe: a signal that comes in between is not lost.
    pub(super) async fn next(&mut self) -> StopSignal {
        let signal = tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        };
        tracing::info!(target: LIFECYCLE, signal = signal.name(), "received {}", signal.name());
        signal
    }
}

async fn reopen_files(mut hang_up: Signal) {
    while hang_up.recv().await.is_some() {
        reopen::request();
        tracing::info!(target: LIFECYCLE, signal = "SIGHUP", "received SIGHUP: the log file and the audit log file are opened again");
    }
}

/// A server that is being polled.
pub(super) struct Running {
    handle: ServerHandle,
    /// Ends when the server has ended.
    pub(super) task: JoinHandle<io::Result<()>>,
}

impl Running {
    pub(super) fn start(server: Server) -> Self {
        Self {
            handle: server.handle(),
            task: tokio::spawn(server),
        }
    }

    /// Ends it without waiting for anybody.
    pub(super) async fn end(self) {
        // The command is sent by the call; what the future waits for is its confirmation.
        drop(self.handle.stop(false));
        let _ = timeout(TO_CLOSE, self.task).await;
    }
}

/// What a drain needs to know.
pub(super) struct Drain {
    pub(super) parts: Parts,
    /// How long to accept calls after readiness has failed.
    pub(super) pause: Duration,
    /// `SHUTDOWN_TIMEOUT`.
    pub(super) timeout: Duration,
    /// Cancels calls, and answers their callers.
    pub(super) stop_calls: CancellationToken,
    /// Ends the transport.
    pub(super) cut: CancellationToken,
}

impl Drain {
    /// Steps 1 to 4. `Err` is a second signal, which ends the wait at once.
    pub(super) async fn run(
        self,
        mut server: Running,
        signals: &mut Signals,
    ) -> Result<(), StopSignal> {
        let started = Instant::now();
        tokio::select! {
            biased;
            signal = signals.next() => {
                tracing::warn!(target: LIFECYCLE, "received a second signal: exiting at once");
                Err(signal)
            }
            () = self.steps(&mut server, started) => {
                let took_s = started.elapsed().as_secs_f64();
                tracing::info!(target: LIFECYCLE, took_s, "all connections have ended");
                Ok(())
            }
        }
    }

    async fn steps(&self, server: &mut Running, started: Instant) {
        let deadline = started + self.timeout;
        self.parts.readiness.drain();
        tracing::info!(
            target: LIFECYCLE,
            event = "draining",
            in_flight = self.in_flight(),
            timeout_s = self.timeout.as_secs_f64(),
            "draining: readiness fails, requests in flight have {:?} to finish",
            self.timeout,
        );
        tokio::time::sleep(self.pause).await;
        drop(server.handle.stop(true));
        tokio::select! {
            _ = &mut server.task => return,
            () = sleep_until(deadline) => {}
        }
        tracing::warn!(
            target: LIFECYCLE,
            event = "interrupting",
            in_flight = self.in_flight(),
            "SHUTDOWN_TIMEOUT has passed: cancelling the calls that still run",
        );
        self.stop_calls.cancel();
        if timeout(TO_ANSWER, &mut server.task).await.is_ok() {
            return;
        }
        self.cut.cancel();
        if timeout(TO_CLOSE, &mut server.task).await.is_ok() {
            return;
        }
        tracing::warn!(
            target: LIFECYCLE,
            in_flight = self.in_flight(),
            "some connections did not close and are dropped",
        );
        // Dropping the server stops its workers without waiting for their connections.
        server.task.abort();
    }

    fn in_flight(&self) -> i64 {
        self.parts.metrics.http_in_flight()
    }
}
