//! Closes in Snowflake every session that leaves the pool. Sessions may be dropped where nothing can be waited for, so
//! they are handed over. One that cannot be closed is tried again, because nobody else knows of it: it would stay, with
//! whatever it runs, until Snowflake ends it hours later.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::context::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::super::backoff::Backoff;
use super::super::session::Session;

/// Sign-outs at once.
const AT_ONCE: usize = 16;

/// First and longest wait before a further attempt, and how many there are. They fill four hours: an outage is over after
/// that, or the session's master token is.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
const RETRIES: u32 = 16;

/// Closes sessions in the background.
pub(super) struct Janitor {
    runtime: Handle,
    at_once: Arc<Semaphore>,
    under_way: watch::Sender<usize>,
    /// Cancelled when there is no time left for waiting.
    hurry: CancellationToken,
}

impl Janitor {
    pub(super) fn start(runtime: &Handle) -> Self {
        Self {
            runtime: runtime.clone(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: watch::Sender::new(0),
            hurry: CancellationToken::new(),
        }
    }

    /// Takes a session over. May be called on any thread.
    pub(super) fn close(&self, session: Arc<Session>) {
        // Counted before the task runs, so that a shutdown which begins now waits for it.
        self.under_way.send_modify(|sessions| *sessions += 1);
        let at_once = Arc::clone(&self.at_once);
        let under_way = self.under_way.clone();
        let hurry = self.hurry.clone();
        let work = async move {
            let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, RETRIES);
            loop {
                let is_last = hurry.is_cancelled();
                // At a shutdown all sessions leave at once; a few at a time keep within the time
                // that is left.
                let permit = at_once.acquire().await;
                let is_closed = tokio::select! {
                    is_closed = session.close() => is_closed,
                    // It may hang. Signing out twice does no harm.
                    () = hurry.cancelled(), if !is_last => false,
                };
                drop(permit);
                let Some(wait) = backoff.next().filter(|_| !is_closed && !is_last) else {
                    break;
                };
                let _ = tokio::time::timeout(wait, hurry.cancelled()).await;
            }
            under_way.send_modify(|sessions| *sessions -= 1);
        };
        // In the trace of the call that the session was given up in, if there is one.
        self.runtime.spawn(work.with_current_context());
    }

    /// From now on nothing is waited for: what could not be closed yet is tried once more.
    pub(super) fn hurry(&self) {
        self.hurry.cancel();
    }

    /// Waits until every session handed over has been closed, or given up.
    pub(super) async fn done(&self) {
        let mut under_way = self.under_way.subscribe();
        // The sender lives as long as this does.
        let _ = under_way.wait_for(|sessions| *sessions == 0).await;
    }
}
