//! A session in the hands of one caller.

use std::ops::Deref;
use std::sync::Arc;

use super::inner::Inner;
use super::manager::Connection;
use crate::warehouse::snowflake::session::Session;
use crate::warehouse::snowflake::target::Target;
use crate::warehouse::{self, Permit};

/// A session in the hands of one caller. Goes back to the pool when dropped, or out of it when it is no longer fit.
pub(in crate::warehouse::snowflake) struct Lease {
    // Dropped in this order: whoever gets the slot next finds the session.
    connection: Connection,
    _permit: Permit,
    inner: Arc<Inner>,
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.connection.session
    }
}

impl Lease {
    pub(super) fn new(connection: Connection, inner: Arc<Inner>, permit: Permit) -> Self {
        Self {
            connection,
            _permit: permit,
            inner,
        }
    }

    /// The session, for a request that may outlive the caller's wait.
    pub(in crate::warehouse::snowflake) fn session(&self) -> Arc<Session> {
        Arc::clone(&self.connection.session)
    }

    /// What the session is to be set to for a call.
    pub(in crate::warehouse::snowflake) fn wanted(
        &self,
        asked: &warehouse::SessionContext,
    ) -> Target {
        Target::new(asked, &self.connection.initial)
    }

    /// Counts what became of an abort.
    pub(in crate::warehouse::snowflake) fn count_outcome(&self, is_confirmed: bool) {
        self.inner.metrics().aborted(is_confirmed);
    }

    /// Whether the pool is being closed.
    pub(in crate::warehouse::snowflake) fn is_closing(&self) -> bool {
        self.inner.members.is_closing()
    }

    /// Waits until the pool is being closed.
    pub(in crate::warehouse::snowflake) async fn closing(&self) {
        self.inner.members.closing.cancelled().await;
    }
}
