//! The sessions that are kept: handed out in the order of asking, kept alive, retired in time, closed in Snowflake.
//!
//! `mobc` is the queue and the stack of idle sessions; what makes it a pool of Snowflake sessions is here and in the
//! chapters below: [`janitor`] closes every session that leaves, whatever way it leaves; [`breaker`] keeps wrong
//! credentials from locking the user; [`upkeep`] warms up, keeps alive, and retires.
//!
//! A session belongs to one role from sign-in to sign-out, so each role has a queue of its own; all share the same number
//! of sessions.

mod breaker;
mod janitor;
mod upkeep;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use self::breaker::Breaker;
use self::janitor::Janitor;
use super::error::Error;
use super::session::{Names, Session, Shared};
use super::target::Target;
use crate::sql::Identifier;
use crate::warehouse;

/// Roles with sessions of their own at once. More are refused: every role takes sessions from the others.
const MAX_ROLES: usize = 64;

/// How long a session takes at most to go back to its queue.
const TO_RETURN: Duration = Duration::from_millis(10);

tokio::task_local! {
    /// Set where only an idle session is wanted, never a new one.
    static IDLE_ONLY: ();
}

/// How many sessions are kept, and for how long; the settings of the same names say why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sizes {
    /// Sessions kept even when idle.
    pub min: u32,
    /// Sessions at most.
    pub max: u32,
    /// Idle sessions above the minimum are closed after this.
    pub max_inactive: Duration,
    /// An idle session is kept alive this often.
    pub health_check: Duration,
    /// Longest wait for a session.
    pub wait: Duration,
}

impl Sizes {
    /// All of them.
    #[must_use]
    pub const fn new(
        min: u32,
        max: u32,
        max_inactive: Duration,
        health_check: Duration,
        wait: Duration,
    ) -> Self {
        Self {
            min,
            max,
            max_inactive,
            health_check,
            wait,
        }
    }
}

/// The pool. A cheap clone.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    sizes: Sizes,
    roles: Mutex<HashMap<Option<Identifier>, mobc::Pool<Manager>>>,
    /// One for each session in use: the queue that all callers stand in.
    slots: Arc<Semaphore>,
    /// Sessions there are, those signing in among them.
    open: AtomicUsize,
    /// Aborts under way: their sessions are still in use.
    aborting: AtomicUsize,
    /// Sessions on their way back to their queue.
    returning: AtomicUsize,
    /// Told whenever one has arrived there.
    returned: Notify,
    is_closing: AtomicBool,
    breaker: Breaker,
    janitor: Janitor,
    runtime: Handle,
}

impl Pool {
    /// An empty pool, which fills itself in the background. Must be called inside the runtime.
    pub(super) fn start(shared: Arc<Shared>, sizes: Sizes) -> Self {
        let runtime = Handle::current();
        let slots = usize::try_from(sizes.max).unwrap_or(usize::MAX);
        let pool = Self(Arc::new(Inner {
            shared,
            slots: Arc::new(Semaphore::new(slots)),
            sizes,
            roles: Mutex::default(),
            open: AtomicUsize::new(0),
            aborting: AtomicUsize::new(0),
            returning: AtomicUsize::new(0),
            returned: Notify::new(),
            is_closing: AtomicBool::new(false),
            breaker: Breaker::default(),
            janitor: Janitor::start(&runtime),
            runtime,
        }));
        upkeep::start(&pool);
        pool
    }

    /// A session of a role (the configured one when none is named), waited for in the order of asking.
    ///
    /// # Cancel safety
    ///
    /// A sign-in under way goes on and its session is closed in Snowflake.
    pub(super) async fn lease(
        &self,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Lease, warehouse::Error> {
        let inner = &self.0;
        let asked = Instant::now();
        let patience = deadline.min(asked + inner.sizes.wait);
        if inner.is_closing.load(Ordering::Relaxed) {
            return Err(closed());
        }
        let free = Arc::clone(&inner.slots).acquire_owned();
        let slot = match tokio::time::timeout_at(patience.into(), free).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) => return Err(closed()),
            Err(_) => return Err(self.busy(asked)),
        };
        let role = role.or(inner.shared.defaults.role.as_ref());
        let sessions = self.sessions_of(role)?;
        let left = patience.saturating_duration_since(Instant::now());
        match sessions.get_timeout(left).await {
            Ok(connection) => Ok(Lease {
                connection,
                pool: self.clone(),
                _slot: slot,
            }),
            Err(mobc::Error::Inner(error)) => Err(error.into()),
            Err(_) => Err(self.busy(asked)),
        }
    }

    fn busy(&self, asked: Instant) -> warehouse::Error {
        warehouse::Error::Busy {
            message: format!(
                "no Snowflake session came free within {:.1} s; SNOWFLAKE_POOL_MAX_SIZE is {}",
                asked.elapsed().as_secs_f64(),
                self.0.sizes.max
            ),
        }
    }

    fn sessions_of(
        &self,
        role: Option<&Identifier>,
    ) -> Result<mobc::Pool<Manager>, warehouse::Error> {
        let mut roles = self.roles();
        let role = role.cloned();
        if let Some(sessions) = roles.get(&role) {
            return Ok(sessions.clone());
        }
        if roles.len() >= MAX_ROLES {
            return Err(warehouse::Error::Busy {
                message: format!("{MAX_ROLES} roles are in use already"),
            });
        }
        let max = u64::from(self.0.sizes.max);
        let sessions = mobc::Pool::builder()
            .max_open(max)
            // All of them: by default two are kept and the others signed out at once.
            .max_idle(max)
            .test_on_check_out(true)
            .health_check_interval(None)
            .get_timeout(Some(self.0.sizes.wait))
            .build(Manager {
                pool: self.clone(),
                role: role.clone(),
            });
        roles.insert(role, sessions.clone());
        Ok(sessions)
    }

    fn roles(&self) -> std::sync::MutexGuard<'_, HashMap<Option<Identifier>, mobc::Pool<Manager>>> {
        self.0.roles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All idle sessions of one queue; no session is opened for it.
    async fn idle(sessions: &mobc::Pool<Manager>) -> Vec<mobc::Connection<Manager>> {
        let mut idle = Vec::new();
        let take = || IDLE_ONLY.scope((), sessions.get_timeout(Duration::from_millis(5)));
        while let Ok(connection) = take().await {
            idle.push(connection);
        }
        idle
    }

    /// One idle session of a queue, out of it.
    async fn take_idle(sessions: mobc::Pool<Manager>) -> Option<Pooled> {
        let one = sessions.get_timeout(Duration::from_millis(5));
        let connection = IDLE_ONLY.scope((), one).await.ok()?;
        Some(connection.into_inner())
    }

    /// Room for one more session of a role, at the cost of an idle one of another role when all there may be are open; or
    /// an idle one of this role that turned up meanwhile.
    async fn reserve(&self, role: Option<&Identifier>) -> Result<Room, Error> {
        let own = self.sessions_of(role)?;
        // A session is given back by a task of its own. Whoever comes between would sign in although one is free.
        let arrived = async {
            while self.0.returning.load(Ordering::Relaxed) > 0 {
                let told = self.0.returned.notified();
                if self.0.returning.load(Ordering::Relaxed) > 0 {
                    told.await;
                }
            }
        };
        if self.0.returning.load(Ordering::Relaxed) > 0 {
            let _ = tokio::time::timeout(TO_RETURN, arrived).await;
            if let Some(session) = Self::take_idle(own.clone()).await {
                return Ok(Room::Session(session));
            }
        }
        let max = usize::try_from(self.0.sizes.max).unwrap_or(usize::MAX);
        loop {
            let grow = |open| (open < max).then_some(open + 1);
            let grown = self
                .0
                .open
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow);
            if grown.is_ok() {
                return Ok(Room::Place(Open(self.clone())));
            }
            if let Some(session) = Self::take_idle(own.clone()).await {
                return Ok(Room::Session(session));
            }
            let others: Vec<_> = self.roles().values().cloned().collect();
            let mut has_evicted = false;
            for sessions in others {
                if let Some(session) = Self::take_idle(sessions).await {
                    drop(session);
                    has_evicted = true;
                    break;
                }
            }
            if !has_evicted {
                // Somebody's session is just being closed, or a sign-in is failing.
                tokio::time::sleep(TO_RETURN).await;
            }
        }
    }

    /// Whether a statement sent now would find a session; asks Snowflake when nothing was heard for a while.
    pub(super) async fn ready(&self, silence: Duration) -> Result<(), warehouse::Error> {
        if self.0.is_closing.load(Ordering::Relaxed) {
            return Err(closed());
        }
        let has_sessions = self.0.open.load(Ordering::Relaxed) > 0;
        let heard = self.0.shared.contact.age();
        if has_sessions && heard.is_some_and(|age| age < silence) {
            return Ok(());
        }
        // All sessions are at work: callers wait their turn, which is no reason to be sent no more. A long statement is
        // silent for as long as one question for its result may take.
        let is_busy = has_sessions && self.0.slots.available_permits() == 0;
        if is_busy && heard.is_some_and(|age| age < super::statement::WAIT_TIMEOUT) {
            return Ok(());
        }
        let deadline = Instant::now() + self.0.sizes.wait;
        let lease = self.lease(None, deadline).await?;
        if self.0.shared.contact.age().is_some_and(|age| age < silence) {
            return Ok(());
        }
        Ok(lease.heartbeat().await?)
    }

    /// Ends every session in Snowflake: the idle ones now, the others as they come back.
    ///
    /// # Cancel safety
    ///
    /// What was begun goes on for as long as the runtime lives.
    pub(super) async fn close(&self) {
        self.0.is_closing.store(true, Ordering::Relaxed);
        self.0.slots.close();
        loop {
            let all: Vec<_> = self.roles().values().cloned().collect();
            for sessions in all {
                for connection in Self::idle(&sessions).await {
                    drop(connection.into_inner());
                }
            }
            let open = self.0.open.load(Ordering::Relaxed);
            let aborting = self.0.aborting.load(Ordering::Relaxed);
            if open == 0 && aborting == 0 && self.0.janitor.is_done() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn closed() -> warehouse::Error {
    warehouse::Error::Unreachable {
        message: "the server is shutting down".to_owned(),
        source: None,
    }
}

/// A session in the hands of one caller. Goes back to the pool when dropped, or out of it when it is no longer fit.
pub(super) struct Lease {
    connection: mobc::Connection<Manager>,
    pool: Pool,
    _slot: OwnedSemaphorePermit,
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.connection.session
    }
}

impl Lease {
    /// What the session is to be set to for a call.
    pub(super) fn wanted(&self, asked: &warehouse::Session) -> Target {
        Target::new(asked, &self.connection.initial)
    }

    /// Whether the pool is being closed.
    pub(super) fn is_closing(&self) -> bool {
        self.pool.0.is_closing.load(Ordering::Relaxed)
    }

    /// Keeps the pool from counting the session as done with while an abort is under way.
    pub(super) fn count_abort(&self) -> impl Drop + use<> {
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
    session: Arc<Session>,
    /// What it was set to when it was new.
    initial: Names,
    /// Given up before the session is closed: the place is free for a new one.
    place: Option<Open>,
}

impl Pooled {
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
        if let Some(place) = self.place.take() {
            place.0.0.janitor.close(Arc::clone(&self.session));
        }
    }
}

/// Opens and checks the sessions of one role for `mobc`.
struct Manager {
    pool: Pool,
    role: Option<Identifier>,
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
        self.pool.0.runtime.spawn(async move {
            task.await;
            pool.0.returning.fetch_sub(1, Ordering::Relaxed);
            pool.0.returned.notify_waiters();
        });
    }

    async fn connect(&self) -> Result<Pooled, Error> {
        if IDLE_ONLY.try_with(|()| ()).is_ok() {
            return Err(Error::Protocol("no session is idle".to_owned()));
        }
        let place = match self.pool.reserve(self.role.as_ref()).await? {
            Room::Place(place) => place,
            Room::Session(session) => return Ok(session),
        };
        let role = self.role.clone();
        let pool = self.pool.clone();
        // Detached: a sign-in that is broken off half-way may leave a session open that nobody knows of. When the caller
        // has gone, the session is dropped at its end, and so closed.
        let sign_in = self.pool.0.runtime.spawn(async move {
            let inner = &pool.0;
            let deadline = Instant::now() + inner.sizes.wait;
            let open = Session::open(Arc::clone(&inner.shared), role.as_ref(), deadline);
            let session = inner.breaker.guard(open).await?;
            Ok(Pooled {
                initial: session.current(),
                session: Arc::new(session),
                place: Some(place),
            })
        });
        sign_in
            .await
            .unwrap_or_else(|error| Err(Error::Protocol(format!("a sign-in broke off: {error}"))))
    }

    async fn check(&self, pooled: Pooled) -> Result<Pooled, Error> {
        if !pooled.is_fit() {
            return Err(Error::SessionGone { code: 0 });
        }
        let is_only_looked_at = IDLE_ONLY.try_with(|()| ()).is_ok();
        if !is_only_looked_at && pooled.session.idle() > self.pool.0.sizes.health_check {
            pooled.session.heartbeat().await?;
        }
        Ok(pooled)
    }

    fn validate(&self, pooled: &mut Pooled) -> bool {
        pooled.is_fit() && !self.pool.0.is_closing.load(Ordering::Relaxed)
    }
}
