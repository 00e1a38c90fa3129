//! Who runs how many statements, who waits, and who gets the next permit.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::limits::Owner;

/// Callers there may be before those that have nothing are forgotten.
const REMEMBERED: usize = 100;

/// How many statements may run at once.
#[derive(Clone, Copy)]
pub(super) struct Caps {
    /// Of all callers.
    pub(super) slots: usize,
    /// Of one caller that has no limit of its own.
    pub(super) share: usize,
}

impl Caps {
    /// Of one caller.
    pub(super) fn of(&self, at_once: Option<usize>) -> usize {
        at_once.map_or(self.share, |own| own.min(self.slots))
    }
}

/// A waiting statement, and the channel for the answer.
pub(super) struct Waiter<T> {
    id: u64,
    pub(super) verdict: T,
}

/// The statements of one caller.
struct Line<T> {
    running: usize,
    /// How many may run at once, where the caller has a limit of its own.
    at_once: Option<usize>,
    weight: u32,
    waiting: VecDeque<Waiter<T>>,
    /// When it was last served, as a number that grows. An unknown caller counts as served just now: otherwise callers
    /// who come and go would overtake those who have been waiting.
    served: u64,
}

impl<T> Line<T> {
    fn owner(&self, key: &Arc<str>) -> Owner {
        Owner {
            key: Arc::clone(key),
            at_once: self.at_once,
            weight: self.weight,
        }
    }

    /// Which of two has more to run for its weight: without division, so that nothing is rounded.
    fn load(&self, other: &Self) -> Ordering {
        let own = self.running as u64 * u64::from(other.weight);
        own.cmp(&(other.running as u64 * u64::from(self.weight)))
    }

    fn is_empty(&self) -> bool {
        self.running == 0 && self.waiting.is_empty()
    }

    fn is_eligible(&self, caps: Caps) -> bool {
        !self.waiting.is_empty() && self.running < caps.of(self.at_once)
    }
}

/// All of them. A caller that has nothing any more keeps its line for a while, so that it is known when it was served.
pub(super) struct Lines<T> {
    lines: HashMap<Arc<str>, Line<T>>,
    running: usize,
    waiting: usize,
    /// Grows with everything that happens.
    clock: u64,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            running: 0,
            waiting: 0,
            clock: 0,
        }
    }
}

impl<T> Lines<T> {
    /// Admits a statement at once, if a slot is free, its caller may run one more, and no waiting statement could use
    /// the slot.
    pub(super) fn admit_newcomer(&mut self, owner: &Owner, caps: Caps) -> bool {
        let is_free = self.running < caps.slots
            && self.running_of(&owner.key) < caps.of(owner.at_once)
            && (self.waiting == 0 || !self.lines.values().any(|line| line.is_eligible(caps)));
        if is_free {
            self.admit(owner);
        }
        is_free
    }

    /// Puts a statement behind the others of its caller. Its number is for [`Self::give_up`].
    pub(super) fn queue(&mut self, owner: &Owner, verdict: T) -> u64 {
        let id = self.tick();
        self.waiting += 1;
        let line = self.line(owner);
        line.waiting.push_back(Waiter { id, verdict });
        id
    }

    /// Admits the next waiting statement, if there is a free slot.
    pub(super) fn next(&mut self, caps: Caps) -> Option<(Owner, Waiter<T>)> {
        if self.running >= caps.slots {
            return None;
        }
        let lines = self.lines.iter_mut();
        let (key, line) = lines
            .filter(|(_, line)| line.is_eligible(caps))
            .min_by(|(_, one), (_, other)| one.load(other).then(one.served.cmp(&other.served)))?;
        let owner = line.owner(key);
        let waiter = line.waiting.pop_front()?;
        self.waiting -= 1;
        self.admit(&owner);
        Some((owner, waiter))
    }

    /// A statement has ended.
    pub(super) fn leave(&mut self, key: &Arc<str>) {
        if let Some(line) = self.lines.get_mut(key) {
            line.running -= 1;
            self.running -= 1;
        }
        self.tidy();
    }

    /// Removes a statement from the queue, if it still waits.
    pub(super) fn give_up(&mut self, key: &Arc<str>, id: u64) -> Option<Waiter<T>> {
        let line = self.lines.get_mut(key)?;
        let place = line.waiting.iter().position(|waiter| waiter.id == id)?;
        let waiter = line.waiting.remove(place);
        self.waiting -= 1;
        self.tidy();
        waiter
    }

    /// Takes out the newest statement of the caller that has most waiting, where that is more than one: a caller with a
    /// single one has as good a claim to its place as whoever comes.
    pub(super) fn displace(&mut self) -> Option<(Owner, Waiter<T>)> {
        let lines = self.lines.iter_mut();
        let several = lines.filter(|(_, line)| line.waiting.len() > 1);
        let (key, line) = several.max_by_key(|(_, line)| line.waiting.len())?;
        let owner = line.owner(key);
        let waiter = line.waiting.pop_back()?;
        self.waiting -= 1;
        self.tidy();
        Some((owner, waiter))
    }

    /// Takes out everything that waits.
    pub(super) fn take_all(&mut self) -> Vec<Waiter<T>> {
        self.waiting = 0;
        let lines = self.lines.values_mut();
        lines.flat_map(|line| line.waiting.drain(..)).collect()
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn running_of(&self, key: &str) -> usize {
        self.lines.get(key).map_or(0, |line| line.running)
    }

    pub(super) fn waiting_of(&self, key: &str) -> usize {
        self.lines.get(key).map_or(0, |line| line.waiting.len())
    }

    /// Callers there are, this one among them.
    pub(super) fn callers_with(&self, key: &str) -> usize {
        let lines = self.lines.iter();
        let others = lines.filter(|(other, line)| ***other != *key && !line.is_empty());
        others.count() + 1
    }

    fn admit(&mut self, owner: &Owner) {
        let now = self.tick();
        self.running += 1;
        let line = self.line(owner);
        line.running += 1;
        line.served = now;
    }

    fn line(&mut self, owner: &Owner) -> &mut Line<T> {
        let served = self.clock;
        let new = || Line {
            running: 0,
            at_once: None,
            weight: 1,
            waiting: VecDeque::new(),
            served,
        };
        let line = self.lines.entry(Arc::clone(&owner.key)).or_insert_with(new);
        line.at_once = owner.at_once;
        line.weight = owner.weight.max(1);
        line
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Forgets the callers that have nothing, when there are too many.
    fn tidy(&mut self) {
        if self.lines.len() > REMEMBERED {
            self.lines.retain(|_, line| !line.is_empty());
        }
    }
}
