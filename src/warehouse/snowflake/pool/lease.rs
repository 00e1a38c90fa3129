//! A session in the hands of one caller.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedSemaphorePermit;

use super::Pool;
use super::queue::Connection;
use crate::telemetry::metrics::Lent;
use crate::warehouse;
use crate::warehouse::snowflake::session::Session;
use crate::warehouse::snowflake::target::Target;

/// A session in the hands of one caller. Goes back to the pool when dropped, or out of it when it is no longer fit.
pub(in crate::warehouse::snowflake) struct Lease {
    connection: Connection,
    pool: Pool,
    _counted: Lent,
    _slot: OwnedSemaphorePermit,
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.connection.session
    }
}

impl Lease {
    pub(super) fn new(connection: Connection, pool: Pool, slot: OwnedSemaphorePermit) -> Self {
        Self {
            connection,
            _counted: pool.metrics().lend(),
            pool,
            _slot: slot,
        }
    }

    /// The session, for a request that may outlive the caller's wait.
    pub(in crate::warehouse::snowflake) fn session(&self) -> Arc<Session> {
        Arc::clone(&self.connection.session)
    }

    /// What the session is to be set to for a call.
    pub(in crate::warehouse::snowflake) fn wanted(&self, asked: &warehouse::Session) -> Target {
        Target::new(asked, &self.connection.initial)
    }

    /// Counts what became of an abort.
    pub(in crate::warehouse::snowflake) fn count_outcome(&self, is_confirmed: bool) {
        self.pool.metrics().aborted(is_confirmed);
    }

    /// Whether the pool is being closed.
    pub(in crate::warehouse::snowflake) fn is_closing(&self) -> bool {
        self.pool.is_closing()
    }

    /// Waits until the pool is being closed.
    pub(in crate::warehouse::snowflake) async fn closing(&self) {
        self.pool.0.closing.cancelled().await;
    }

    /// Keeps the pool from counting the session as done with while an abort is under way.
    pub(in crate::warehouse::snowflake) fn count_abort(&self) -> impl Drop + use<> {
        self.pool.0.aborting.fetch_add(1, Ordering::Relaxed);
        Aborting(self.pool.clone())
    }
}

struct Aborting(Pool);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.0.aborting.fetch_sub(1, Ordering::Relaxed);
    }
}
