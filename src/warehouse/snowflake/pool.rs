//! The sessions that are kept: handed out in the order of asking, kept alive, retired in time, closed in Snowflake.
//!
//! `mobc` is the queue and the stack of idle sessions; what makes it a pool of Snowflake sessions is here and in the
//! chapters below: [`queue`] opens, checks and evicts the sessions of one role; [`lease`] is a session in a caller's hands;
//! [`janitor`] closes every session that leaves, whatever way it leaves; [`breaker`] keeps wrong credentials from locking
//! the user; [`upkeep`] warms up, keeps alive, and retires.
//!
//! A session belongs to one role from sign-in to sign-out, so each role has a queue of its own; all share the same number
//! of sessions.

mod breaker;
mod janitor;
mod lease;
mod queue;
mod upkeep;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use self::breaker::Breaker;
use self::janitor::Janitor;
pub(super) use self::lease::Lease;
use self::queue::Queue;
use super::session::Session;
use super::shared::Shared;
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Acquired, Phase};
use crate::warehouse;

/// How many sessions are kept, and for how long; the settings of the same names say why.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Sessions kept even when idle.
    pub min: usize,
    /// Sessions at most.
    pub max: usize,
    /// Statements at once; more than there are sessions is no limit.
    pub max_concurrent: usize,
    /// Idle sessions above the minimum are closed after this.
    pub max_inactive: Duration,
    /// An idle session is kept alive this often.
    pub health_check: Duration,
    /// Longest wait for a session.
    pub wait: Duration,
}

/// The pool. A cheap clone; there is one for as long as the process lives.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    sizes: Sizes,
    queues: Mutex<HashMap<Option<Identifier>, Queue>>,
    /// One for each statement that may run: the queue that all callers stand in.
    slots: Arc<Semaphore>,
    /// Slots that are not given out yet, because a person would have to open their sessions.
    held_back: AtomicUsize,
    /// Sessions there are, those signing in among them.
    open: AtomicUsize,
    /// Aborts under way: their sessions are still in use.
    aborting: AtomicUsize,
    /// Sessions on their way back to their queue.
    returning: AtomicUsize,
    /// Told whenever one has arrived there.
    returned: Notify,
    /// Cancelled when the pool is to end.
    closing: CancellationToken,
    /// Every session there is, at work or not, by the role it was opened for.
    live: Mutex<Vec<(Option<Identifier>, Weak<Session>)>>,
    breaker: Breaker,
    janitor: Janitor,
    runtime: Handle,
}

impl Pool {
    /// An empty pool, which fills itself in the background. Must be called inside the runtime.
    pub(super) fn start(shared: Arc<Shared>, sizes: Sizes) -> Self {
        let runtime = Handle::current();
        shared.metrics.set_pool_size(sizes.max);
        let slots = sizes.max.min(sizes.max_concurrent);
        let held_back = if shared.sign_in.needs_a_person() {
            slots.saturating_sub(1)
        } else {
            0
        };
        let pool = Self(Arc::new(Inner {
            slots: Arc::new(Semaphore::new(slots - held_back)),
            held_back: AtomicUsize::new(held_back),
            sizes,
            queues: Mutex::default(),
            open: AtomicUsize::new(0),
            aborting: AtomicUsize::new(0),
            returning: AtomicUsize::new(0),
            returned: Notify::new(),
            closing: CancellationToken::new(),
            live: Mutex::default(),
            breaker: Breaker::new(Arc::clone(&shared.metrics)),
            janitor: Janitor::start(&runtime),
            runtime,
            shared,
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
        let _step = self.metrics().stopwatch(Phase::Wait);
        let acquire = self.metrics().acquire();
        let patience = deadline.min(asked + inner.sizes.wait);
        if self.is_closing() {
            return Err(closed());
        }
        let free = Arc::clone(&inner.slots).acquire_owned();
        let slot = match tokio::time::timeout_at(patience.into(), free).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) => return Err(closed()),
            Err(_) => {
                acquire.ended(Acquired::Busy);
                return Err(self.busy(asked));
            }
        };
        let left = patience.saturating_duration_since(Instant::now());
        let got = self.queue(role).get_timeout(left).await;
        acquire.ended(if got.is_ok() {
            Acquired::Got
        } else {
            Acquired::Failed
        });
        match got {
            Ok(connection) => Ok(Lease::new(connection, self.clone(), slot)),
            Err(mobc::Error::Inner(error)) => Err(error.into()),
            // There was room for it, so it is the session itself that takes so long.
            Err(_) => Err(warehouse::Error::Unreachable {
                message: format!(
                    "no session was opened within {:.1} s; SNOWFLAKE_POOL_CONNECTION_TIMEOUT sets how long is waited",
                    asked.elapsed().as_secs_f64()
                ),
                source: None,
            }),
        }
    }

    /// Where to count.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.shared.metrics
    }

    fn busy(&self, asked: Instant) -> warehouse::Error {
        let sizes = &self.0.sizes;
        let (limit, setting) = if sizes.max_concurrent < sizes.max {
            (sizes.max_concurrent, "MAX_CONCURRENT_QUERIES")
        } else {
            (sizes.max, "SNOWFLAKE_POOL_MAX_SIZE")
        };
        warehouse::Error::Busy {
            message: format!(
                "no Snowflake session came free within {:.1} s; {setting} is {limit}",
                asked.elapsed().as_secs_f64(),
            ),
        }
    }

    /// The sessions of a role.
    fn queue(&self, role: Option<&Identifier>) -> Queue {
        let role = role.or(self.0.shared.defaults.role.as_ref()).cloned();
        let queue = |role: &Option<Identifier>| queue::new(self.clone(), role.clone());
        let mut queues = self.queues();
        queues.entry(role).or_insert_with_key(queue).clone()
    }

    /// A session of a role that is there already, whoever uses it: for a small request beside its statement.
    pub(super) fn any_session(&self, role: Option<&Identifier>) -> Option<Arc<Session>> {
        let role = role.or(self.0.shared.defaults.role.as_ref());
        let live = self.live();
        let mut of_role = live.iter().filter(|(of, _)| of.as_ref() == role);
        of_role.find_map(|(_, session)| session.upgrade().filter(|session| session.is_fit()))
    }

    /// Notes a new session, and forgets those that are gone.
    fn note_live(&self, role: Option<Identifier>, session: &Arc<Session>) {
        let mut live = self.live();
        live.retain(|(_, session)| session.strong_count() > 0);
        live.push((role, Arc::downgrade(session)));
    }

    fn live(&self) -> MutexGuard<'_, Vec<(Option<Identifier>, Weak<Session>)>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<Option<Identifier>, Queue>> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All queues there are now, to be gone through without the lock.
    fn all_queues(&self) -> Vec<Queue> {
        self.queues().values().cloned().collect()
    }

    fn is_closing(&self) -> bool {
        self.0.closing.is_cancelled()
    }

    /// The queues of other roles than this one.
    fn queues_but(&self, role: &Option<Identifier>) -> Vec<Queue> {
        let queues = self.queues();
        let others = queues.iter().filter(|(name, _)| *name != role);
        others.map(|(_, queue)| queue.clone()).collect()
    }

    /// Sessions there may be now: one, while a person would have to open each.
    fn max(&self) -> usize {
        if self.0.held_back.load(Ordering::Relaxed) > 0 {
            1
        } else {
            self.0.sizes.max
        }
    }

    /// After a sign-in: lets in the callers that were held back, if further sessions need no person.
    fn widen(&self) {
        if !self.0.shared.sign_in.needs_a_person() {
            let held_back = self.0.held_back.swap(0, Ordering::Relaxed);
            self.0.slots.add_permits(held_back);
        }
    }

    fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Whether a statement sent now would find a session; asks Snowflake when nothing was heard for a while.
    pub(super) async fn ready(&self, silence: Duration) -> Result<(), warehouse::Error> {
        if self.is_closing() {
            return Err(closed());
        }
        let has_sessions = self.open() > 0;
        let heard = self.0.shared.contact.age();
        if has_sessions && heard.is_some_and(|age| age < silence) {
            return Ok(());
        }
        // All sessions are at work: callers wait their turn, which is no reason to be sent no more. A long statement is
        // silent for as long as one question for its result may take.
        let is_busy = self.0.slots.available_permits() == 0;
        if is_busy && !self.0.shared.contact.is_unbroken() {
            return Err(warehouse::Error::Unreachable {
                message: "Snowflake does not answer, and callers keep all sessions at work"
                    .to_owned(),
                source: None,
            });
        }
        if is_busy && has_sessions && heard.is_some_and(|age| age < super::statement::WAIT_TIMEOUT)
        {
            return Ok(());
        }
        if !has_sessions && self.0.shared.sign_in.is_unattended() {
            return Err(warehouse::Error::SignInRefused {
                message: "nobody has signed in with the browser; the next call opens it again"
                    .to_owned(),
            });
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
        self.0.closing.cancel();
        self.0.slots.close();
        self.0.janitor.hurry();
        loop {
            for queue in self.all_queues() {
                for connection in queue::idle(&queue).await {
                    drop(connection.into_inner());
                }
            }
            let aborting = self.0.aborting.load(Ordering::Relaxed);
            if self.open() == 0 && aborting == 0 && self.0.janitor.is_done() {
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
