//! The seam to `mobc`, which keeps the sessions of one role: its hooks, and nothing else.
//!
//! | hook | when | what it does |
//! |---|---|---|
//! | `connect` | no session is idle | signs in, detached from the caller |
//! | `check` | at check-out | refuses what has ended or is too old, and asks one that was quiet whether it is still there |
//! | `validate` | at check-in | refuses what a statement left in a state nobody else may have |
//! | `spawn_task` | at check-in | puts the session back before the caller's slot is free |
//!
//! `mobc`'s own limit and queue are never reached: the fair gate in front lets in no more callers than there may be sessions.

use std::sync::{Arc, Weak};
use std::time::Instant;

use async_trait::async_trait;
use futures::FutureExt;

use super::inner::Inner;
use super::member::{Member, Place, Pooled};
use crate::sql::Identifier;
use crate::telemetry::metrics::labels::SessionState;
use crate::warehouse::snowflake::error::Error;
use crate::warehouse::snowflake::session::Session;

/// The sessions of one role.
pub(super) type Sessions = mobc::Pool<Manager>;

/// One of them, until it is dropped.
pub(super) type Connection = mobc::Connection<Manager>;

/// Opens and checks the sessions of one role for `mobc`.
pub(super) struct Manager {
    inner: Arc<Inner>,
    role: Option<Identifier>,
}

/// No sessions yet.
pub(super) fn sessions(inner: Arc<Inner>, role: Option<Identifier>) -> Sessions {
    let max = u64::try_from(inner.sizes.max).unwrap_or(u64::MAX);
    let wait = inner.sizes.wait;
    mobc::Pool::builder()
        .max_open(max)
        // All of them: by default two are kept and the others signed out at once.
        .max_idle(max)
        .test_on_check_out(true)
        .health_check_interval(None)
        .get_timeout(Some(wait))
        .build(Manager { inner, role })
}

#[async_trait]
impl mobc::Manager for Manager {
    type Connection = Pooled;
    type Error = Error;

    fn spawn_task<T>(&self, task: T)
    where
        T: Future + Send + 'static,
        T::Output: Send + 'static,
    {
        let mut task = Box::pin(task);
        // All it ever waits for is a lock that is held for a moment. Done at once, the session is there for whoever gets the
        // caller's slot.
        if (&mut task).now_or_never().is_none() {
            self.inner.runtime.spawn(task);
        }
    }

    async fn connect(&self) -> Result<Pooled, Error> {
        let inner = Arc::clone(&self.inner);
        let role = self.role.as_ref();
        let place = inner.members.place(inner.max(), role).await;
        // Detached: a sign-in that is broken off half-way may leave a session open that nobody knows of. When the caller
        // has gone, the session is dropped at its end, and so closed.
        let caller = Arc::new(());
        let sign_in = sign_in(inner, self.role.clone(), Arc::downgrade(&caller), place);
        let opened = self.inner.runtime.spawn(sign_in).await;
        let opened = opened
            .unwrap_or_else(|error| Err(Error::Protocol(format!("a sign-in broke off: {error}"))));
        drop(caller);
        opened
    }

    async fn check(&self, pooled: Pooled) -> Result<Pooled, Error> {
        if !pooled.lend() {
            return Err(Error::SessionGone { code: 0 });
        }
        let session = &pooled.session;
        if session.idle() > self.inner.sizes.health_check || session.is_suspect() {
            session.heartbeat().await?;
        }
        Ok(pooled)
    }

    fn validate(&self, pooled: &mut Pooled) -> bool {
        pooled.rest()
    }
}

/// Signs in, unless it is of no use: nobody waits any more, or Snowflake has just refused these credentials.
async fn sign_in(
    inner: Arc<Inner>,
    role: Option<Identifier>,
    caller: Weak<()>,
    place: Place,
) -> Result<Pooled, Error> {
    let shared = &inner.shared;
    let given_up = shared.sign_in.given_up();
    let open = async {
        shared.sign_in.check_attended(given_up)?;
        if caller.strong_count() == 0 {
            return Err(Error::Protocol("nobody waits for the session".to_owned()));
        }
        let _opening = inner.metrics().session(SessionState::Opening);
        let deadline = Instant::now() + inner.sizes.wait;
        Session::open(Arc::clone(shared), role.as_ref(), deadline).await
    };
    let fingerprint = || shared.sign_in.fingerprint();
    let session = inner.breaker.guard(fingerprint, open).await?;
    inner.widen();
    let members = Arc::clone(&inner.members);
    Ok(Pooled::new(Member::lent(members, role, session, place)))
}
