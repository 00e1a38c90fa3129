//! Closes in Snowflake every session that leaves the pool. Sessions may be dropped where nothing can be waited for, so
//! they are handed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::super::session::Session;

/// Sign-outs at once.
const AT_ONCE: usize = 16;

/// Closes sessions in the background.
pub(super) struct Janitor {
    runtime: Handle,
    at_once: Arc<Semaphore>,
    under_way: Arc<AtomicUsize>,
}

impl Janitor {
    pub(super) fn start(runtime: &Handle) -> Self {
        Self {
            runtime: runtime.clone(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Arc::default(),
        }
    }

    /// Takes a session over. May be called on any thread.
    pub(super) fn close(&self, session: Arc<Session>) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let at_once = Arc::clone(&self.at_once);
        let under_way = Arc::clone(&self.under_way);
        self.runtime.spawn(async move {
            let _permit = at_once.acquire().await;
            session.close().await;
            under_way.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Whether every session handed over has been closed.
    pub(super) fn is_done(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) == 0
    }
}
