//! The sessions that are kept: handed out, kept alive, retired in time, closed in Snowflake.
//!
//! [`Pool::lease`] is the way in: the fair gate says whose statement is next, `mobc` has a session for it or opens one.
//! [`manager`] is the seam to `mobc`; [`member`] one session and what becomes of it; [`lease`] a session in a caller's
//! hands; [`janitor`] closes every session that leaves, whatever way it leaves; [`breaker`] keeps wrong credentials from
//! locking the user; [`upkeep`] warms up, keeps alive, and retires.
//!
//! A session belongs to one role from sign-in to sign-out, so `mobc` has a pool for each role; all share the same number of
//! sessions.

mod breaker;
mod janitor;
mod lease;
mod manager;
mod member;
mod upkeep;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use self::breaker::Breaker;
use self::janitor::Janitor;
pub(super) use self::lease::Lease;
use self::manager::Sessions;
use self::member::Members;
use super::session::Session;
use super::shared::Shared;
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Acquired, Closed, Phase};
use crate::warehouse::{self, FairGate, GateLimits, Owner};

/// How many sessions are kept, and for how long; the settings of the same names say why.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Sessions kept even when idle.
    pub min: usize,
    /// Sessions at most.
    pub max: usize,
    /// Statements that run and wait; no more run than there are sessions.
    pub gate: GateLimits,
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
    /// The one queue: who has its permit finds a session or opens one.
    gate: FairGate,
    /// The sessions of each role.
    by_role: Mutex<HashMap<Option<Identifier>, Sessions>>,
    members: Members,
    /// Whether there is one session only, because a person would have to open each.
    is_narrow: AtomicBool,
    /// Cancelled when the pool is to end.
    closing: CancellationToken,
    breaker: Breaker,
    janitor: Janitor,
    runtime: Handle,
}

impl Pool {
    /// An empty pool, which fills itself in the background. Must be called inside the runtime.
    pub(super) fn start(shared: Arc<Shared>, sizes: Sizes) -> Self {
        let runtime = Handle::current();
        shared.metrics.set_pool_size(sizes.max);
        let gate = FairGate::new(sizes.gate.clone(), Some(Arc::clone(&shared.metrics)));
        let is_narrow = shared.sign_in.needs_a_person();
        if is_narrow {
            gate.set_slots(1);
        }
        let pool = Self(Arc::new(Inner {
            gate,
            sizes,
            by_role: Mutex::default(),
            members: Members::new(),
            is_narrow: AtomicBool::new(is_narrow),
            closing: CancellationToken::new(),
            breaker: Breaker::new(Arc::clone(&shared.metrics)),
            janitor: Janitor::start(&runtime),
            runtime,
            shared,
        }));
        upkeep::start(&pool);
        pool
    }

    /// A session of a role (the configured one when none is named) for a statement of this owner, who waits in the queue
    /// until `admit_by` and for the session until `deadline`.
    ///
    /// # Cancel safety
    ///
    /// A sign-in under way goes on and its session is closed in Snowflake.
    pub(super) async fn lease(
        &self,
        role: Option<&Identifier>,
        owner: &Owner,
        admit_by: Instant,
        deadline: Instant,
    ) -> Result<Lease, warehouse::Error> {
        let inner = &self.0;
        let asked = Instant::now();
        let _step = self.metrics().stopwatch(Phase::Wait);
        let acquire = self.metrics().acquire();
        let patience = deadline.min(asked + inner.sizes.wait);
        let hopeless = inner.shared.contact.hopeless();
        let permit = inner.gate.enter(owner, patience.min(admit_by), hopeless);
        let permit = match permit.await {
            Ok(permit) => permit,
            Err(error) => {
                acquire.ended(Acquired::Busy);
                return Err(error);
            }
        };
        let left = patience.saturating_duration_since(Instant::now());
        let got = self.sessions(role).get_timeout(left).await;
        acquire.ended(if got.is_ok() {
            Acquired::Got
        } else {
            Acquired::Failed
        });
        match got {
            Ok(connection) => Ok(Lease::new(connection, self.clone(), permit)),
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

    /// The same for a small request of our own.
    pub(super) async fn lease_for_us(
        &self,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Lease, warehouse::Error> {
        self.lease(role, &Self::own(), deadline, deadline).await
    }

    /// Who is charged for what no caller has asked for. No share of the slots is too much for it.
    fn own() -> Owner {
        Owner {
            at_once: Some(usize::MAX),
            ..Owner::default()
        }
    }

    /// Where to count.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.shared.metrics
    }

    /// The sessions of a role.
    fn sessions(&self, role: Option<&Identifier>) -> Sessions {
        let role = role.or(self.0.shared.defaults.role.as_ref()).cloned();
        let new = |role: &Option<Identifier>| manager::sessions(self.clone(), role.clone());
        self.by_role().entry(role).or_insert_with_key(new).clone()
    }

    fn by_role(&self) -> MutexGuard<'_, HashMap<Option<Identifier>, Sessions>> {
        self.0
            .by_role
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of a role that is there already, whoever uses it: for a small request beside its statement.
    pub(super) fn any_session(&self, role: Option<&Identifier>) -> Option<Arc<Session>> {
        let role = role.or(self.0.shared.defaults.role.as_ref());
        let all = self.members().all();
        let mut fit = all
            .iter()
            .filter(|member| member.is_of(role) && member.session.is_fit());
        fit.next().map(|member| Arc::clone(&member.session))
    }

    fn members(&self) -> &Members {
        &self.0.members
    }

    fn is_closing(&self) -> bool {
        self.0.closing.is_cancelled()
    }

    /// Sessions there may be now: one, while a person would have to open each.
    fn max(&self) -> usize {
        if self.0.is_narrow.load(Ordering::Relaxed) {
            1
        } else {
            self.0.sizes.max
        }
    }

    /// After a sign-in: lets in the callers that were held back, if further sessions need no person.
    fn widen(&self) {
        let is_narrow = &self.0.is_narrow;
        if !self.0.shared.sign_in.needs_a_person() && is_narrow.swap(false, Ordering::Relaxed) {
            self.0.gate.set_slots(self.0.sizes.gate.slots);
        }
    }

    /// Whether a statement sent now would find a session; asks Snowflake when nothing was heard for a while.
    pub(super) async fn ready(&self, silence: Duration) -> Result<(), warehouse::Error> {
        if self.is_closing() {
            return Err(closed());
        }
        let has_sessions = self.members().open() > 0;
        let heard = self.0.shared.contact.age();
        if has_sessions && heard.is_some_and(|age| age < silence) {
            return Ok(());
        }
        // All sessions are at work: callers wait their turn, which is no reason to be sent no more. A long statement is
        // silent for as long as one question for its result may take.
        let is_busy = self.0.gate.is_full();
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
        let lease = self.lease_for_us(None, deadline).await?;
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
        self.0.gate.close();
        self.0.janitor.hurry();
        for member in self.members().all() {
            member.end_idle(Closed::Shutdown);
        }
        self.members().gone().await;
        self.0.janitor.done().await;
    }
}

fn closed() -> warehouse::Error {
    warehouse::Error::Unreachable {
        message: "the server is shutting down".to_owned(),
        source: None,
    }
}
