//! The seam to `mobc`, which keeps the sessions of one login: its hooks, and nothing else.
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
use super::login::Login;
use super::member::{Member, Place, Pooled};
use super::people::Guest;
use crate::telemetry::metrics::labels::SessionState;
use crate::warehouse::snowflake::error::Error;
use crate::warehouse::snowflake::session::Session;
use crate::warehouse::snowflake::sign_in;

/// The sessions of one login.
pub(super) type Sessions = mobc::Pool<Manager>;

/// One of them, until it is dropped.
pub(super) type Connection = mobc::Connection<Manager>;

/// Opens and checks the sessions of one login for `mobc`.
pub(super) struct Manager {
    inner: Arc<Inner>,
    login: Login,
    /// The person it is, where it is not the service.
    guest: Option<Arc<Guest>>,
}

/// No sessions yet.
pub(super) fn sessions(inner: Arc<Inner>, login: Login, guest: Option<Arc<Guest>>) -> Sessions {
    let max = u64::try_from(inner.sizes.max).unwrap_or(u64::MAX);
    let wait = inner.sizes.wait;
    mobc::Pool::builder()
        .max_open(max)
        // All of them: by default two are kept and the others signed out at once.
        .max_idle(max)
        .test_on_check_out(true)
        .health_check_interval(None)
        .get_timeout(Some(wait))
        .build(Manager {
            inner,
            login,
            guest,
        })
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
        let of_person = inner.sizes.of_persons.max;
        // A place before the sign-in, so that sessions under way count among those that may be
        // open.
        let place = inner
            .members
            .place(inner.max(), of_person, &self.login)
            .await;
        // Detached: a sign-in that is broken off half-way may leave a session open that nobody knows of. When the caller
        // has gone, the session is dropped at its end, and so closed.
        let caller = Arc::new(());
        let sign_in = open(
            inner,
            self.login.clone(),
            self.guest.clone(),
            Arc::downgrade(&caller),
            place,
        );
        let opened = self.inner.runtime.spawn(sign_in).await;
        let opened = opened
            .unwrap_or_else(|error| Err(Error::Protocol(format!("a sign-in broke off: {error}"))));
        // Dropped only now: its weak reference tells the detached sign-in that somebody still waits.
        drop(caller);
        opened
    }

    async fn check(&self, pooled: Pooled) -> Result<Pooled, Error> {
        // mobc drops the session and takes the next idle one, or calls `connect`.
        if !pooled.lend() {
            return Err(Error::SessionGone { code: 0 });
        }
        let session = &pooled.session;
        // A heartbeat costs a round trip, so a session that was used a moment ago is not asked.
        if session.idle() > self.inner.sizes.health_check || session.is_suspect() {
            session.heartbeat().await?;
        }
        Ok(pooled)
    }

    fn validate(&self, pooled: &mut Pooled) -> bool {
        pooled.rest()
    }
}

/// Says once what is wrong with the exchange for every caller; each caller's own refusal is told by its breaker, but for a role that
/// is not the one asked for, which says nothing of the caller's others.
fn tell_operator(inner: &Inner, error: &Error) {
    match error {
        Error::OtherRole { .. } => tracing::warn!("{error}"),
        Error::Credentials(sign_in::Error::Exchange(fault)) if fault.is_operators() => {
            let text = error.to_string();
            if inner.shared.told.is_new(&text) {
                tracing::error!("{text}");
            }
        }
        _ => {}
    }
}

/// Signs in, unless it is of no use: nobody waits any more, or Snowflake has just refused these credentials.
async fn open(
    inner: Arc<Inner>,
    login: Login,
    guest: Option<Arc<Guest>>,
    caller: Weak<()>,
    place: Place,
) -> Result<Pooled, Error> {
    let shared = &inner.shared;
    if let Some(guest) = guest {
        let opening = async {
            if caller.strong_count() == 0 {
                return Err(Error::Protocol("nobody waits for the session".to_owned()));
            }
            let _opening = inner.metrics().session(SessionState::Opening);
            let deadline = Instant::now() + inner.sizes.wait;
            let role = login.role.as_ref();
            Session::open(Arc::clone(shared), &guest.sign_in, role, deadline).await
        };
        // The same whatever token it is: see the breaker.
        let session = guest.breaker.guard(|| async { None }, opening).await;
        let session = session.inspect_err(|error| tell_operator(&inner, error))?;
        let members = Arc::clone(&inner.members);
        return Ok(Pooled::new(Member::lent(members, login, session, place)));
    }
    let given_up = shared.sign_in.given_up();
    let opening = async {
        shared.sign_in.check_attended(given_up)?;
        if caller.strong_count() == 0 {
            return Err(Error::Protocol("nobody waits for the session".to_owned()));
        }
        let _opening = inner.metrics().session(SessionState::Opening);
        let deadline = Instant::now() + inner.sizes.wait;
        Session::open(
            Arc::clone(shared),
            &shared.sign_in,
            login.role.as_ref(),
            deadline,
        )
        .await
    };
    let fingerprint = || shared.sign_in.fingerprint();
    let session = inner.breaker.guard(fingerprint, opening).await?;
    inner.widen();
    let members = Arc::clone(&inner.members);
    Ok(Pooled::new(Member::lent(members, login, session, place)))
}
