//! The sessions that are kept: handed out, kept alive, retired in time, closed in Snowflake.
//!
//! [`Pool::lease`] is the way in: the fair gate says whose statement is next, `mobc` has a session for it or opens one.
//! [`inner`] is what all parts share; [`manager`] is the seam to `mobc`; [`member`] one session and what becomes of it;
//! [`lease`] a session in a caller's hands; [`janitor`] closes every session that leaves, whatever way it leaves; [`breaker`]
//! keeps wrong credentials from locking the user; [`upkeep`] warms up, keeps alive, and retires.
//!
//! A session belongs to one [`login`] from sign-in to sign-out, so `mobc` has a pool for each: the service's own user or a person
//! of [`people`], with one role. All share the same number of sessions.

mod breaker;
mod inner;
mod janitor;
mod lease;
mod login;
mod manager;
mod member;
mod people;
mod upkeep;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use self::inner::Inner;
pub use self::inner::{PersonSizes, Sizes};
pub(super) use self::lease::Lease;
use self::login::Login;
use self::manager::Sessions;
use self::member::Members;
use self::people::Guest;
use super::error::Error;
use super::session::Session;
use super::shared::Shared;
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{AcquireOutcome, Closed, Phase};
use crate::warehouse::{self, Owner, Person};

/// How long it takes at most to get a session that nobody uses, and to ask it whether it is still there.
const AT_HAND: Duration = Duration::from_secs(1);

/// The pool, as the service or a person sees it: neither ever has a session of the other. A cheap clone; what is shared lives as
/// long as the process.
#[derive(Clone)]
pub(super) struct Pool {
    parts: Arc<Parts>,
    person: Option<Arc<Person>>,
}

struct Parts {
    inner: Arc<Inner>,
    /// The sessions of each login.
    by_login: Mutex<HashMap<Login, Sessions>>,
}

impl Pool {
    /// An empty pool, which fills itself in the background. Must be called inside the runtime.
    pub(super) fn start(shared: Arc<Shared>, sizes: Sizes) -> Self {
        let inner = Arc::new(Inner::new(shared, sizes));
        let pool = Self {
            parts: Arc::new(Parts {
                inner: Arc::clone(&inner),
                by_login: Mutex::default(),
            }),
            person: None,
        };
        upkeep::start(inner, pool.sessions(pool.login(None), None));
        pool
    }

    /// The same pool for a person.
    pub(super) fn of(&self, person: &Arc<Person>) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
            person: Some(Arc::clone(person)),
        }
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
        let inner = &self.parts.inner;
        let asked = Instant::now();
        let _step = inner.metrics().stopwatch(Phase::Wait);
        let acquire = inner.metrics().acquire();
        let patience = deadline.min(asked + inner.sizes.wait);
        let hopeless = inner.shared.contact.hopeless();
        let owner = self.limited(owner);
        // The gate first and the pool second: whoever holds a session while it waits in the queue
        // keeps it from others.
        let permit = inner.gate.enter(&owner, patience.min(admit_by), hopeless);
        let permit = match permit.await {
            Ok(permit) => permit,
            Err(error) => {
                acquire.ended(AcquireOutcome::Busy);
                return Err(error);
            }
        };
        // While we waited, nobody may have used the window of whoever was in front.
        if owner == Inner::own()
            && let Err(error) = self.check_attended()
        {
            acquire.ended(AcquireOutcome::Failed);
            return Err(error);
        }
        // Who was let in at the last moment still gets a session that lies idle.
        let left = patience
            .saturating_duration_since(Instant::now())
            .max(AT_HAND);
        let login = self.login(role);
        let guest = match self.guest() {
            Ok(guest) => guest,
            Err(error) => {
                acquire.ended(AcquireOutcome::Failed);
                return Err(error.into());
            }
        };
        let got = self.sessions(login.clone(), guest).get_timeout(left).await;
        acquire.ended(if got.is_ok() {
            AcquireOutcome::Acquired
        } else {
            AcquireOutcome::Failed
        });
        // Callers may name any role: after a failed sign-in nothing must remain of it.
        if got.is_err() {
            self.forget_if_empty(&login);
        }
        match got {
            Ok(connection) => Ok(Lease::new(connection, Arc::clone(inner), permit)),
            Err(mobc::Error::Inner(error)) => Err(error.into()),
            // There was room for it, so it is the session itself that takes so long.
            Err(_) => Err(warehouse::Error::Unreachable {
                message: format!(
                    "no session was opened within {:.1} s; SNOWFLAKE_POOL_CONNECTION_TIMEOUT sets how long calls wait",
                    asked.elapsed().as_secs_f64()
                ),
                source: None,
            }),
        }
    }

    /// Drops the list of a login without sessions, whatever kept it from having one: callers may name what roles they like, and each
    /// would leave a list behind. That of the configured role stays, for `upkeep` fills it.
    fn forget_if_empty(&self, login: &Login) {
        let is_filled = login.is_service() && *login == self.login(None);
        if !is_filled && !self.members().all().iter().any(|it| it.is_of(login)) {
            self.by_login().remove(login);
        }
    }

    /// The same for a small request of our own.
    pub(super) async fn lease_for_us(
        &self,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Lease, warehouse::Error> {
        self.lease(role, &Inner::own(), deadline, deadline).await
    }

    /// Where to count.
    pub(super) fn metrics(&self) -> &Metrics {
        self.parts.inner.metrics()
    }

    /// The sessions of a login.
    fn sessions(&self, login: Login, guest: Option<Arc<Guest>>) -> Sessions {
        let inner = &self.parts.inner;
        let new = |login: &Login| manager::sessions(Arc::clone(inner), login.clone(), guest);
        self.by_login().entry(login).or_insert_with_key(new).clone()
    }

    /// As whom this pool signs in, with the role of a call or the configured one.
    fn login(&self, role: Option<&Identifier>) -> Login {
        let configured = self.parts.inner.shared.defaults.role.as_ref();
        Login {
            person: self.person.as_ref().map(|it| Arc::clone(&it.identity)),
            role: role.or(configured).cloned(),
        }
    }

    /// The person, who is known from now on; somebody else may have to leave for it.
    fn guest(&self) -> Result<Option<Arc<Guest>>, Error> {
        let Some(person) = &self.person else {
            return Ok(None);
        };
        let inner = &self.parts.inner;
        let members = self.members();
        let is_busy = |identity: &str| members.is_busy(identity);
        let (guest, leaving) =
            inner
                .people
                .enter(person, &inner.shared, &inner.shared.metrics, is_busy)?;
        if let Some(leaving) = leaving {
            // Before the lists are dropped, so that each is counted as what it is.
            members.end_idle_of(&leaving);
            self.by_login()
                .retain(|login, _| login.person.as_ref() != Some(&leaving));
        }
        Ok(Some(guest))
    }

    /// Who is charged: a person for no more statements at once than it may have sessions.
    fn limited(&self, owner: &Owner) -> Owner {
        let most = self.parts.inner.sizes.of_persons.max;
        match &self.person {
            // What we ask for ourselves is no statement.
            Some(_) if *owner != Inner::own() => Owner {
                at_once: Some(owner.at_once.map_or(most, |own| own.min(most))),
                ..owner.clone()
            },
            _ => owner.clone(),
        }
    }

    fn by_login(&self) -> MutexGuard<'_, HashMap<Login, Sessions>> {
        self.parts
            .by_login
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of a role that is there already, whoever uses it: for a small request beside its statement.
    pub(super) fn any_session(&self, role: Option<&Identifier>) -> Option<Arc<Session>> {
        let login = self.login(role);
        let all = self.members().all();
        let mut fit = all
            .iter()
            .filter(|member| member.is_of(&login) && member.session.is_fit());
        fit.next().map(|member| Arc::clone(&member.session))
    }

    fn members(&self) -> &Members {
        &self.parts.inner.members
    }

    /// Whether a statement sent now would find a session; asks Snowflake when nothing was heard for a while.
    pub(super) async fn ready(&self, silence: Duration) -> Result<(), warehouse::Error> {
        let inner = &self.parts.inner;
        if self.members().is_closing() {
            return Err(closed());
        }
        // Nobody can sign in as nobody: it is enough that Snowflake answers.
        if inner.shared.sign_in.is_nobody() {
            return inner.shared.reach(silence).await;
        }
        // Any answer of Snowflake's counts, so a busy pool is never asked for the sake of readiness.
        let has_sessions = self.members().open() > 0;
        let heard = inner.shared.contact.age();
        if has_sessions && heard.is_some_and(|age| age < silence) {
            return Ok(());
        }
        // All sessions are at work: callers wait for a permit, which is no reason to be sent no more. A long statement is
        // silent for as long as one question for its result may take.
        let is_busy = inner.gate.is_full();
        // Then there is no free session to ask with, so what was last heard has to do.
        if is_busy && !inner.shared.contact.is_unbroken() {
            return Err(warehouse::Error::Unreachable {
                message: "Snowflake does not answer, and callers use all sessions".to_owned(),
                source: None,
            });
        }
        if is_busy && has_sessions && heard.is_some_and(|age| age < super::statement::WAIT_TIMEOUT)
        {
            return Ok(());
        }
        self.check_attended()?;
        // Nothing is known, so a session is used, and opened if there is none.
        let deadline = Instant::now() + inner.sizes.wait;
        let lease = self.lease_for_us(None, deadline).await?;
        // Opening the session was an answer too.
        if inner.shared.contact.age().is_some_and(|age| age < silence) {
            return Ok(());
        }
        Ok(lease.heartbeat().await?)
    }

    /// An error where a session of our own would open a browser for a person who was not there the last time. Only a caller
    /// is worth a window.
    fn check_attended(&self) -> Result<(), warehouse::Error> {
        if self.members().open() > 0 || !self.parts.inner.shared.sign_in.is_unattended() {
            return Ok(());
        }
        Err(warehouse::Error::SignInRefused {
            message: "nobody has signed in with the browser; the next call opens it again"
                .to_owned(),
        })
    }

    /// Ends every session in Snowflake: the idle ones now, the others as they come back.
    ///
    /// # Cancel safety
    ///
    /// What was begun goes on for as long as the runtime lives.
    pub(super) async fn close(&self) {
        let members = self.members();
        // First, so that sessions that come back from now on are ended and not kept.
        members.closing.cancel();
        self.parts.inner.gate.close();
        members.janitor.hurry();
        for member in members.all() {
            member.end_idle(Closed::Shutdown);
        }
        members.gone().await;
        members.janitor.done().await;
    }
}

fn closed() -> warehouse::Error {
    warehouse::Error::Unreachable {
        message: "the server is shutting down".to_owned(),
        source: None,
    }
}

#[cfg(test)]
mod tests;
