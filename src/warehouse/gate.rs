//! The one queue in front of a warehouse: who may run a statement now, who waits, and who is told to come back later.
//!
//! A slot that comes free goes to the caller that runs the fewest statements, then to the one that was served longest ago;
//! among the statements of one caller the oldest is first. No caller may take more than its share of the slots, because
//! nothing that runs is ever interrupted for somebody else. Both together keep the others fast while one caller has
//! hundreds of long statements. What cannot be served in time is refused at once, with the seconds to wait.
//!
//! Each replica has a gate of its own. docs/decisions/0019-fair-queue.md has the figures.

mod estimate;
mod limits;
mod line;
mod refusal;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use self::estimate::Holding;
pub use self::limits::{GateLimits, Owner};
use self::line::{Caps, Lines};
use self::refusal::{Numbers, refusal};
use super::Error;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::QueueRefusal;

/// The gate. A cheap clone.
#[derive(Clone)]
pub struct FairGate(Arc<Inner>);

struct Inner {
    limits: GateLimits,
    metrics: Option<Arc<Metrics>>,
    state: Mutex<State>,
    /// Notified when the last statement has ended.
    idle: Notify,
}

struct State {
    /// Slots there are now: fewer than the limit at first, where each needs a person to sign in.
    slots: usize,
    lines: Lines<oneshot::Sender<Verdict>>,
    holding: Holding,
    is_closed: bool,
}

/// The right to run one statement. It ends when this is dropped.
#[must_use = "the slot is free again when this is dropped"]
pub struct Permit {
    gate: FairGate,
    key: Arc<str>,
    since: Instant,
}

/// The answer to a statement that waits.
type Verdict = Result<Permit, Error>;

impl FairGate {
    /// An open gate.
    #[must_use]
    pub fn new(limits: GateLimits, metrics: Option<Arc<Metrics>>) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(State {
                slots: limits.slots,
                lines: Lines::default(),
                holding: Holding::default(),
                is_closed: false,
            }),
            limits,
            metrics,
            idle: Notify::new(),
        }))
    }

    /// Waits for the permission to run a statement, at most until `until`, or until `hopeless` ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue, or the slot that was just given.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] with the time to wait, at once if waiting here would not help; [`Error::Unreachable`] if the
    /// gate is closed; the error that `hopeless` returns.
    pub async fn enter(
        &self,
        owner: &Owner,
        until: std::time::Instant,
        hopeless: impl Future<Output = Error>,
    ) -> Result<Permit, Error> {
        let asked = Instant::now();
        let until = Instant::from_std(until);
        // The place in the queue is taken before the first await, so callers are served in the order in which they
        // came.
        let mut waiting = match self.join(owner, until.saturating_duration_since(asked))? {
            Joined::In(permit) => return Ok(permit),
            Joined::Queued(waiting) => waiting,
        };
        let metrics = self.0.metrics.as_ref();
        let _counted = metrics.map(|metrics| metrics.queued());
        let permit = tokio::select! {
            // The verdict is looked at first: a slot that was given in the same moment as the deadline passed is used,
            // not lost.
            biased;
            // The gate drops a sender only with itself.
            verdict = &mut waiting.verdict => verdict.unwrap_or_else(|_| Err(closed()))?,
            error = hopeless => {
                self.count(QueueRefusal::Unreachable);
                return Err(error);
            }
            // Dropping `waiting` on the way out gives the place back.
            () = tokio::time::sleep_until(until) => {
                return Err(self.refuse(owner, QueueRefusal::Late, &self.state()));
            }
        };
        if let Some(metrics) = metrics {
            metrics.waited_in_queue(asked.elapsed());
        }
        Ok(permit)
    }

    /// Lets the owner in, gives it a place in the queue, or refuses.
    fn join(&self, owner: &Owner, patience: std::time::Duration) -> Result<Joined, Error> {
        let mut state = self.state();
        if state.is_closed {
            return Err(closed());
        }
        let limits = &self.0.limits;
        let caps = self.caps(&state);
        // The lock is not held while the permit is made: a permit that is dropped takes the same lock.
        if state.lines.admit_newcomer(owner, caps) {
            drop(state);
            return Ok(Joined::In(self.permit(&owner.key)));
        }
        let own = state.lines.waiting_of(&owner.key);
        // The caller's own limit is checked before the common one, so a caller that floods the queue is told that it is
        // the cause, and cannot displace others.
        if own >= limits.queued_per_caller() {
            return Err(self.refuse(owner, QueueRefusal::CallerFull, &state));
        }
        if self
            .estimate(owner, &state)
            // Refused at once: a caller that knows now can do something else, one that learns it at
            // its deadline cannot.
            .is_some_and(|needed| needed > patience)
        {
            return Err(self.refuse(owner, QueueRefusal::TooLong, &state));
        }
        let mut displaced = None;
        if state.lines.waiting() >= limits.queued() {
            // A caller that has nothing waiting takes the place of the newest statement of the caller that has most
            // waiting.
            displaced =
                (own == 0)
                    .then(|| state.lines.displace())
                    .flatten()
                    .map(|(owner, waiter)| {
                        (self.refuse(&owner, QueueRefusal::Displaced, &state), waiter)
                    });
            if displaced.is_none() {
                return Err(self.refuse(owner, QueueRefusal::Full, &state));
            }
        }
        // The sender may carry a `Permit` back to the gate when it is dropped, so it is used only after the lock is
        // released.
        let (sender, verdict) = oneshot::channel();
        let id = state.lines.queue(owner, sender);
        drop(state);
        if let Some((error, waiter)) = displaced {
            let _ = waiter.verdict.send(Err(error));
        }
        Ok(Joined::Queued(Waiting {
            gate: self.clone(),
            key: Arc::clone(&owner.key),
            id,
            verdict,
        }))
    }

    fn caps(&self, state: &State) -> Caps {
        let (share, slots) = (self.0.limits.share, state.slots);
        // With one slot a share below 1 would let nobody in.
        if share >= 1.0 || slots < 2 {
            return Caps {
                slots,
                share: slots,
            };
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a positive share of at most some thousand slots"
        )]
        let of_slots = (slots as f64 * share) as usize;
        Caps {
            slots,
            // At least one slot for the caller, and at least one left for the others, whatever the rounding gives.
            share: of_slots.clamp(1, slots - 1),
        }
    }

    /// How long one more statement of this owner would wait, if there is an estimate.
    fn estimate(&self, owner: &Owner, state: &State) -> Option<std::time::Duration> {
        let place = state.lines.waiting_of(&owner.key);
        // Slots go to callers in turn, so each caller has an equal part of them as long as all have statements waiting.
        let share = state.slots / state.lines.callers_with(&owner.key);
        let share = share.min(self.caps(state).of(owner.at_once)).max(1);
        state.holding.until_served(place, share)
    }

    fn refuse(&self, owner: &Owner, why: QueueRefusal, state: &State) -> Error {
        self.count(why);
        refusal(
            why,
            &self.0.limits,
            Numbers {
                slots: state.slots,
                cap: self.caps(state).of(owner.at_once),
                has_own_limit: owner.at_once.is_some(),
                running: state.lines.running_of(&owner.key),
                waiting: state.lines.waiting_of(&owner.key),
                estimate: self.estimate(owner, state),
            },
        )
    }

    fn count(&self, why: QueueRefusal) {
        if let Some(metrics) = &self.0.metrics {
            metrics.refused_in_queue(why);
        }
    }

    /// A slot at once, or nothing: for work of our own that can wait for another time.
    pub fn try_enter(&self, owner: &Owner) -> Option<Permit> {
        let mut state = self.state();
        let caps = self.caps(&state);
        let is_in = !state.is_closed && state.lines.admit_newcomer(owner, caps);
        drop(state);
        is_in.then(|| self.permit(&owner.key))
    }

    /// Whether all slots are taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let state = self.state();
        state.lines.running() >= state.slots
    }

    /// Changes the number of slots.
    pub fn set_slots(&self, slots: usize) {
        self.state().slots = slots;
        self.hand_out();
    }

    /// Refuses everybody from now on, and tells those who wait.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let waiters = state.lines.take_all();
        drop(state);
        for waiter in waiters {
            let _ = waiter.verdict.send(Err(closed()));
        }
    }

    /// Waits until nothing runs any more.
    pub async fn emptied(&self) {
        loop {
            let told = self.0.idle.notified();
            tokio::pin!(told);
            // Registered before the count is read: otherwise the last statement could end between the two, and nobody
            // would be woken.
            told.as_mut().enable();
            if self.state().lines.running() == 0 {
                return;
            }
            told.await;
        }
    }

    fn permit(&self, key: &Arc<str>) -> Permit {
        Permit {
            gate: self.clone(),
            key: Arc::clone(key),
            since: Instant::now(),
        }
    }

    /// Gives free slots to waiting statements. The permits are sent outside the lock: a permit whose receiver has gone
    /// is dropped, and its drop takes the lock.
    fn hand_out(&self) {
        loop {
            let mut state = self.state();
            let caps = self.caps(&state);
            let Some((owner, waiter)) = state.lines.next(caps) else {
                return;
            };
            drop(state);
            // If the receiver has gone, the permit is dropped here, and the next statement gets the slot.
            drop(waiter.verdict.send(Ok(self.permit(&owner.key))));
        }
    }

    fn release(&self, permit: &Permit) {
        let mut state = self.state();
        state.holding.note(permit.since.elapsed());
        state.lines.leave(&permit.key);
        let is_idle = state.lines.running() == 0;
        drop(state);
        if is_idle {
            self.0.idle.notify_waiters();
        }
        self.hand_out();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.clone().release(self);
    }
}

/// What came of joining.
enum Joined {
    In(Permit),
    Queued(Waiting),
}

/// A place in the queue, given up when dropped.
struct Waiting {
    gate: FairGate,
    key: Arc<str>,
    id: u64,
    verdict: oneshot::Receiver<Verdict>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.gate.state().lines.give_up(&self.key, self.id));
    }
}

fn closed() -> Error {
    Error::Unreachable {
        message: "the server is shutting down".to_owned(),
        source: None,
    }
}
