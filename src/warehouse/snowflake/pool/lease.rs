//! A session in the hands of one caller.

use std::ops::Deref;
use std::sync::Arc;

use super::Pool;
use super::manager::Connection;
use crate::warehouse::snowflake::session::Session;
use crate::warehouse::snowflake::target::Target;
use crate::warehouse::{self, Permit};

/// A session in the hands of one caller. Goes back to the pool when dropped, or out of it when it is no longer fit.
pub(in crate::warehouse::snowflake) struct Lease {
    // Dropped in this order: whoever gets the slot next finds the session.
    connection: Connection,
    _permit: Permit,
    pool: Pool,
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.connection.session
    }
}

impl Lease {
    pub(super) fn new(connection: Connection, pool: Pool, permit: Permit) -> Self {
        Self {
            connection,
            _permit: permit,
            pool,
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
}
