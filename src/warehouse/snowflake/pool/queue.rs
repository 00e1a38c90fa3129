//! The sessions of one role, as `mobc` holds them: how one is opened, checked, taken out and given back.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use opentelemetry::context::FutureExt;

use super::Pool;
use crate::sql::Identifier;
use crate::telemetry::metrics::Held;
use crate::telemetry::metrics::labels::{Closed, SessionState};
use crate::warehouse::snowflake::error::Error;
use crate::warehouse::snowflake::session::{Names, Session};

/// The sessions of one role.
pub(super) type Queue = mobc::Pool<Manager>;

/// One of them, out of the queue until it is dropped.
pub(super) type Connection = mobc::Connection<Manager>;

/// How long a session takes at most to go back to its queue.
const TO_RETURN: Duration = Duration::from_millis(10);

/// How long to look for an idle session.
const TO_LOOK: Duration = Duration::from_millis(5);

tokio::task_local! {
    /// Set where only an idle session is wanted, never a new one.
    static IDLE_ONLY: ();
}

fn is_idle_only() -> bool {
    IDLE_ONLY.try_with(|()| ()).is_ok()
}

/// An empty queue.
pub(super) fn new(pool: Pool, role: Option<Identifier>) -> Queue {
    let max = u64::try_from(pool.0.sizes.max).unwrap_or(u64::MAX);
    let wait = pool.0.sizes.wait;
    mobc::Pool::builder()
        .max_open(max)
        // All of them: by default two are kept and the others signed out at once.
        .max_idle(max)
        .test_on_check_out(true)
        .health_check_interval(None)
        .get_timeout(Some(wait))
        .build(Manager { pool, role })
}

/// All idle sessions of a queue; none is opened for it.
pub(super) async fn idle(queue: &Queue) -> Vec<Connection> {
    let mut idle = Vec::new();
    while let Ok(connection) = IDLE_ONLY.scope((), queue.get_timeout(TO_LOOK)).await {
        idle.push(connection);
    }
    idle
}

/// One idle session of a queue, out of it for good.
async fn take_idle(queue: &Queue) -> Option<Pooled> {
    let one = IDLE_ONLY.scope((), queue.get_timeout(TO_LOOK)).await;
    one.ok().map(Connection::into_inner)
}

/// A place among the open sessions.
struct Open(Pool);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What one who needs a session gets.
enum Room {
    /// A place for a new one.
    Place(Open),
    /// One that is there already.
    Session(Pooled),
}

/// A session as the queue holds it. Dropped anywhere, by anybody, it is closed in Snowflake.
pub(super) struct Pooled {
    pub(super) session: Arc<Session>,
    /// What it was set to when it was new.
    pub(super) initial: Names,
    /// Why it is being closed, where that does not show.
    reason: Option<Closed>,
    _counted: Held,
    place: Open,
}

impl Pooled {
    /// Closes it for this reason.
    pub(super) fn close(mut self, reason: Closed) {
        self.reason = Some(reason);
    }

    fn why_closed(&self) -> Closed {
        match self.reason {
            Some(reason) => reason,
            None if self.place.0.is_closing() => Closed::Shutdown,
            None if !self.session.is_poisoned() && !self.session.is_fit() => Closed::Age,
            None => Closed::Unfit,
        }
    }

    /// Whether it may be handed out again.
    fn is_fit(&self) -> bool {
        // A USE cannot be taken back where there was nothing before.
        let current = self.session.current();
        let strayed = (self.initial.database.is_none() && current.database.is_some())
            || (self.initial.schema.is_none() && current.schema.is_some())
            || (self.initial.warehouse.is_none() && current.warehouse.is_some())
            || (self.initial.role.is_some() && self.initial.role != current.role);
        self.session.is_fit() && !strayed
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.place.0.metrics().session_closed(self.why_closed());
        // Handed over before the place is given up, so that nobody finds neither.
        self.place.0.0.janitor.close(Arc::clone(&self.session));
    }
}

/// Opens and checks the sessions of one role for `mobc`.
pub(super) struct Manager {
    pool: Pool,
    role: Option<Identifier>,
}

impl Manager {
    /// Room for one more session: an idle one of this role that turned up meanwhile, or a place for a new one, at the cost
    /// of an idle one of another role when all there may be are open.
    async fn reserve(&self) -> Room {
        let pool = &self.pool;
        let own = pool.queue(self.role.as_ref());
        // A session is given back by a task of its own. Whoever comes between would sign in although one is free.
        if pool.0.returning.load(Ordering::Relaxed) > 0 {
            let _ = tokio::time::timeout(TO_RETURN, self.all_returned()).await;
            if let Some(session) = take_idle(&own).await {
                return Room::Session(session);
            }
        }
        loop {
            let max = pool.max();
            let grow = |open| (open < max).then_some(open + 1);
            let open = &pool.0.open;
            if open
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow)
                .is_ok()
            {
                return Room::Place(Open(pool.clone()));
            }
            if let Some(session) = take_idle(&own).await {
                return Room::Session(session);
            }
            if !self.evict().await {
                // Somebody's session is just being closed, or a sign-in is failing.
                tokio::time::sleep(TO_RETURN).await;
            }
        }
    }

    /// Closes an idle session of another role. Whether there was one.
    async fn evict(&self) -> bool {
        for queue in self.pool.queues_but(&self.role) {
            if let Some(session) = take_idle(&queue).await {
                session.close(Closed::Evicted);
                return true;
            }
        }
        false
    }

    async fn all_returned(&self) {
        let inner = &self.pool.0;
        loop {
            let told = inner.returned.notified();
            if inner.returning.load(Ordering::Relaxed) == 0 {
                return;
            }
            told.await;
        }
    }

    /// Signs in, unless it is of no use: nobody waits any more, or Snowflake has just refused these credentials.
    async fn sign_in(
        pool: Pool,
        role: Option<Identifier>,
        waiting: Weak<()>,
        place: Open,
    ) -> Result<Pooled, Error> {
        let shared = &pool.0.shared;
        let given_up = shared.sign_in.given_up();
        let open = async {
            shared.sign_in.check_attended(given_up)?;
            if waiting.strong_count() == 0 {
                return Err(Error::Protocol("nobody waits for the session".to_owned()));
            }
            let _opening = pool.metrics().session(SessionState::Opening);
            let deadline = Instant::now() + pool.0.sizes.wait;
            Session::open(Arc::clone(shared), role.as_ref(), deadline).await
        };
        let fingerprint = || shared.sign_in.fingerprint();
        let session = Arc::new(pool.0.breaker.guard(fingerprint, open).await?);
        pool.widen();
        pool.note_live(role, &session);
        Ok(Pooled {
            initial: session.current(),
            reason: None,
            _counted: pool.metrics().session(SessionState::Idle),
            session,
            place,
        })
    }
}

#[async_trait]
impl mobc::Manager for Manager {
    type Connection = Pooled;
    type Error = Error;

    /// Gives a session back: on our runtime, wherever it is dropped, and counted until it is there.
    fn spawn_task<T>(&self, task: T)
    where
        T: Future + Send + 'static,
        T::Output: Send + 'static,
    {
        let pool = self.pool.clone();
        pool.0.returning.fetch_add(1, Ordering::Relaxed);
        let returned = async move {
            task.await;
            pool.0.returning.fetch_sub(1, Ordering::Relaxed);
            pool.0.returned.notify_waiters();
        };
        self.pool.0.runtime.spawn(returned.with_current_context());
    }

    async fn connect(&self) -> Result<Pooled, Error> {
        if is_idle_only() {
            return Err(Error::Protocol("no session is idle".to_owned()));
        }
        let place = match self.reserve().await {
            Room::Place(place) => place,
            Room::Session(session) => return Ok(session),
        };
        // Detached: a sign-in that is broken off half-way may leave a session open that nobody knows of. When the caller
        // has gone, the session is dropped at its end, and so closed.
        let caller = Arc::new(());
        let (pool, role) = (self.pool.clone(), self.role.clone());
        let sign_in = Self::sign_in(pool, role, Arc::downgrade(&caller), place);
        let opened = self
            .pool
            .0
            .runtime
            .spawn(sign_in)
            .await
            .unwrap_or_else(|error| Err(Error::Protocol(format!("a sign-in broke off: {error}"))));
        drop(caller);
        if matches!(opened, Err(Error::RoleRefused { .. })) {
            // Callers may name what they like; what is no role needs no queue.
            self.pool.queues().remove(&self.role);
        }
        opened
    }

    async fn check(&self, pooled: Pooled) -> Result<Pooled, Error> {
        if !pooled.is_fit() {
            return Err(Error::SessionGone { code: 0 });
        }
        let is_quiet = pooled.session.idle() > self.pool.0.sizes.health_check;
        if !is_idle_only() && (is_quiet || pooled.session.is_suspect()) {
            pooled.session.heartbeat().await?;
        }
        Ok(pooled)
    }

    fn validate(&self, pooled: &mut Pooled) -> bool {
        pooled.is_fit() && !self.pool.is_closing()
    }
}
