//! How much statements have really read, for the metrics. Snowflake does not say so with a result, only to those who ask about
//! a statement that has ended.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::context::FutureExt;
use tokio::sync::Semaphore;

use super::earlier;
use super::pool::Lease;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::Run;

/// What takes less than this is not asked about: the question would cost as much as the statement, and what is read in so
/// short a time is next to nothing beside the rest.
const WORTH_ASKING: Duration = Duration::from_secs(1);

/// Questions under way at once. Beyond that statements are left out: their callers' statements go first.
const AT_ONCE: usize = 8;

/// Asks, and counts.
#[derive(Clone)]
pub(super) struct Scans {
    metrics: Arc<Metrics>,
    room: Arc<Semaphore>,
}

/// One statement's place in the count.
pub(super) struct Scan {
    metrics: Arc<Metrics>,
    room: Arc<Semaphore>,
    virtual_warehouse: Option<String>,
}

impl Scans {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        Self { metrics, room }
    }

    pub(super) fn of(&self, run: &Run) -> Scan {
        let warehouse = run.session.warehouse.as_ref();
        Scan {
            metrics: Arc::clone(&self.metrics),
            room: Arc::clone(&self.room),
            virtual_warehouse: warehouse.map(|name| name.as_str().to_owned()),
        }
    }
}

impl Scan {
    /// Asks in the background about a statement that has ended after so long, in its session: once, because nobody waits for
    /// the answer. Whoever gets the session next is not disturbed.
    pub(super) fn ask_after(self, took: Duration, lease: &Lease, query_id: Option<String>) {
        // At the shutdown the session ends at once, and a question in it would only find that out.
        let is_worth_it = took >= WORTH_ASKING && !lease.is_closing();
        let Some(query_id) = query_id.filter(|_| is_worth_it) else {
            return;
        };
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            return;
        };
        let session = lease.session();
        let asking = async move {
            self.count(earlier::scanned_bytes(&session, &query_id).await);
            drop(permit);
        };
        tokio::spawn(asking.with_current_context());
    }

    /// Counts what is known.
    pub(super) fn count(&self, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            let warehouse = self.virtual_warehouse.as_deref();
            self.metrics.scanned(warehouse, bytes);
        }
    }
}
