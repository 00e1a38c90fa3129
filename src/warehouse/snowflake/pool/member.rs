//! A session of the pool: idle, lent or ended. Whoever ends it closes it in Snowflake.

use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::janitor::Janitor;
use super::login::Login;
use crate::telemetry::metrics::labels::{Closed, SessionState};
use crate::telemetry::metrics::{Held, Metrics};
use crate::warehouse::snowflake::session::{Names, Session};

/// A session of the pool.
pub(super) struct Member {
    pub(super) session: Arc<Session>,
    /// What it was set to when it was new.
    pub(super) initial: Names,
    /// As whom and with which role it was opened.
    login: Login,
    among: Arc<Members>,
    state: Mutex<State>,
}

enum State {
    Idle(Counted),
    Lent(Counted),
    Ended,
}

/// What ends with a session.
struct Counted {
    place: Place,
    _gauge: Held,
}

impl Member {
    /// A session that was just opened for a caller.
    pub(super) fn lent(
        among: Arc<Members>,
        login: Login,
        session: Session,
        place: Place,
    ) -> Arc<Self> {
        let member = Arc::new(Self {
            initial: session.current(),
            session: Arc::new(session),
            login,
            state: Mutex::new(State::Lent(Counted {
                place,
                _gauge: among.metrics.session(SessionState::InUse),
            })),
            among,
        });
        member.among.note(&member);
        member
    }

    /// Lends an idle session. Whether it may be.
    pub(super) fn lend(&self) -> bool {
        let mut state = self.state();
        match mem::replace(&mut *state, State::Ended) {
            // Checked under the lock, so that upkeep cannot end the session in the same moment.
            State::Idle(counted) if self.is_fit() => {
                *state = State::Lent(self.counted(counted.place, SessionState::InUse));
                true
            }
            other => {
                *state = other;
                false
            }
        }
    }

    /// Takes a session back. Whether it may be lent again.
    pub(super) fn rest(&self) -> bool {
        if !self.is_fit() {
            return false;
        }
        let mut state = self.state();
        match mem::replace(&mut *state, State::Ended) {
            State::Lent(counted) => {
                *state = State::Idle(self.counted(counted.place, SessionState::Idle));
            }
            other => *state = other,
        }
        drop(state);
        // The pool may have begun to close meanwhile, and looked at this one before it was idle.
        !(self.among.is_closing() && self.end_idle(Closed::Shutdown))
    }

    /// Ends the session if nobody uses it. Whether it did.
    pub(super) fn end_idle(&self, why: Closed) -> bool {
        let mut state = self.state();
        let is_idle = matches!(*state, State::Idle(_));
        if is_idle {
            self.close(mem::replace(&mut *state, State::Ended), why);
        }
        is_idle
    }

    fn end(&self) {
        let why = if self.among.is_closing() {
            Closed::Shutdown
        } else if !self.session.is_poisoned() && !self.session.is_fit() {
            // Not poisoned and still unfit: only its age is left as the reason.
            Closed::Age
        } else {
            Closed::Unfit
        };
        let mut state = self.state();
        self.close(mem::replace(&mut *state, State::Ended), why);
    }

    fn close(&self, was: State, why: Closed) {
        if let State::Idle(_) | State::Lent(_) = was {
            self.among.metrics.session_closed(why);
            // Before its place is given up, so that nobody finds neither.
            self.among.janitor.close(Arc::clone(&self.session));
        }
    }

    pub(super) fn is_lent(&self) -> bool {
        matches!(*self.state(), State::Lent(_))
    }

    fn has_ended(&self) -> bool {
        matches!(*self.state(), State::Ended)
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(*self.state(), State::Idle(_))
    }

    pub(super) fn is_of(&self, login: &Login) -> bool {
        self.login == *login
    }

    pub(super) fn is_of_service(&self) -> bool {
        self.login.is_service()
    }

    pub(super) fn is_of_person(&self, identity: &str) -> bool {
        self.login.person.as_deref() == Some(identity)
    }

    /// Whether it may be lent: its token lives long enough, and no statement left it in a state nobody else may have.
    pub(super) fn is_fit(&self) -> bool {
        // A USE cannot be taken back where there was nothing before.
        let current = self.session.current();
        let strayed = (self.initial.database.is_none() && current.database.is_some())
            || (self.initial.schema.is_none() && current.schema.is_some())
            || (self.initial.warehouse.is_none() && current.warehouse.is_some())
            || (self.initial.role.is_some() && self.initial.role != current.role);
        self.session.is_fit() && !strayed
    }

    fn counted(&self, place: Place, state: SessionState) -> Counted {
        Counted {
            place,
            _gauge: self.among.metrics.session(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one handle by which a session stays in the pool. Dropped anywhere, by anybody, the session is ended.
pub(super) struct Pooled(Arc<Member>);

impl Pooled {
    pub(super) fn new(member: Arc<Member>) -> Self {
        Self(member)
    }
}

impl Deref for Pooled {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// All sessions there are, and how many more there may be.
pub(super) struct Members {
    all: Mutex<Vec<Weak<Member>>>,
    /// Those signing in among them.
    open: watch::Sender<usize>,
    /// Closes those that leave.
    pub(super) janitor: Janitor,
    /// Cancelled when the pool is to end.
    pub(super) closing: CancellationToken,
    metrics: Arc<Metrics>,
}

/// A place among the open sessions.
pub(super) struct Place(watch::Sender<usize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl Members {
    pub(super) fn new(runtime: &Handle, metrics: Arc<Metrics>) -> Self {
        Self {
            all: Mutex::default(),
            open: watch::Sender::new(0),
            janitor: Janitor::start(runtime),
            closing: CancellationToken::new(),
            metrics,
        }
    }

    /// Whether the pool is to end.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// A place for one more session of this login among at most `max`, at the cost of an idle one where all are taken. A person
    /// with `of_person` sessions gives up one of its own that is idle.
    pub(super) async fn place(&self, max: usize, of_person: usize, login: &Login) -> Place {
        if let Some(person) = &login.person {
            // Before a place is waited for: otherwise a person with the most sessions would take a place from others.
            self.make_room(person, of_person);
        }
        let mut open = self.open.subscribe();
        loop {
            let is_free = self.open.send_if_modified(|open| {
                let is_free = *open < max;
                *open += usize::from(is_free);
                is_free
            });
            if is_free {
                return Place(self.open.clone());
            }
            // An idle session of another role makes room, or callers of a new role would wait for
            // ever.
            if self.evict(login) {
                continue;
            }
            // As many as there may be are at work or signing in, and this caller has a permit to be one of them: one of
            // the others is about to end.
            if open.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Ends the idle session that was used longest ago, one of another login if there is one. Whether there was any.
    fn evict(&self, login: &Login) -> bool {
        let mut idle = self.idle();
        idle.sort_by_key(|member| {
            (
                member.is_of(login),
                std::cmp::Reverse(member.session.idle()),
            )
        });
        idle.iter().any(|member| member.end_idle(Closed::Evicted))
    }

    /// Ends the idle session of a person that was used longest ago, where the person has as many as it may have.
    fn make_room(&self, person: &str, most: usize) {
        let mut own = self.all();
        own.retain(|member| member.is_of_person(person) && !member.has_ended());
        if own.len() < most {
            return;
        }
        own.sort_by_key(|member| std::cmp::Reverse(member.session.idle()));
        own.iter().any(|member| member.end_idle(Closed::Evicted));
    }

    /// Ends what a person has and nobody uses.
    pub(super) fn end_idle_of(&self, person: &str) {
        for member in self.idle() {
            if member.is_of_person(person) {
                member.end_idle(Closed::Evicted);
            }
        }
    }

    /// Whether a person's session is at work.
    pub(super) fn is_busy(&self, person: &str) -> bool {
        self.all()
            .iter()
            .any(|member| member.is_of_person(person) && member.is_lent())
    }

    /// How many the service's own user has, those signing in among them.
    pub(super) fn open_of_service(&self) -> usize {
        let of_persons = self.all();
        let of_persons = of_persons
            .iter()
            .filter(|member| !member.is_of_service() && !member.has_ended());
        self.open().saturating_sub(of_persons.count())
    }

    /// The sessions nobody uses.
    pub(super) fn idle(&self) -> Vec<Arc<Member>> {
        let mut all = self.all();
        all.retain(|member| member.is_idle());
        all
    }

    /// All sessions, at work or not.
    pub(super) fn all(&self) -> Vec<Arc<Member>> {
        let all = self.list();
        all.iter().filter_map(Weak::upgrade).collect()
    }

    /// How many there are, those signing in among them.
    pub(super) fn open(&self) -> usize {
        *self.open.borrow()
    }

    /// Waits until there are none.
    pub(super) async fn gone(&self) {
        // The sender lives as long as this does.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    fn note(&self, member: &Arc<Member>) {
        let mut all = self.list();
        all.retain(|member| member.strong_count() > 0);
        all.push(Arc::downgrade(member));
    }

    fn list(&self) -> MutexGuard<'_, Vec<Weak<Member>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
