//! Holds the whole engine inside its memory limit, also what the engine itself does not count.
//!
//! DuckDB counts tables, sorts, joins and results, and ends a statement that wants too much. It counts neither the texts
//! and lists between two steps nor what its allocator has not given back. So the memory of the process is watched while
//! statements run, and when it has grown beyond the limit, a statement is stopped.
//!
//! Which one? Nothing tells how much memory a statement has. What the process grows by is shared out among the
//! statements that run at the time; of those with a large share the youngest goes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::session::{Reason, Stop};

/// How often memory is looked at while a statement runs. Looking takes 10 µs, and a copy fills 20 MB meanwhile.
const EVERY: Duration = Duration::from_millis(5);

/// How long stopped statements may take to give their memory back before it is no longer counted on.
const PATIENCE: Duration = Duration::from_millis(300);

/// A statement is not stopped for less than this part of the limit: the memory of statements before it, which the
/// allocator has not given back yet, is not its fault.
const LEAST_PART: u64 = 8;

/// Watches the memory of the process. Dropping it ends the watching.
pub(super) struct Watch {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: Vec<Running>,
    next: u64,
    is_closed: bool,
}

struct Running {
    number: u64,
    /// Its part of what the process has grown by, in bytes.
    grown: f64,
    stop: Arc<Stop>,
}

/// A statement that is watched, until this is dropped.
pub(super) struct Watched {
    shared: Arc<Shared>,
    number: u64,
}

impl Watch {
    /// Watches nothing.
    pub(super) fn none() -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        Self { shared }
    }

    /// Watches from now on. What the process holds now, but for the `counted` bytes that the engine knows of, is its own;
    /// everything beyond counts.
    pub(super) fn start(limit: u64, counted: u64) -> Self {
        let watch = Self::none();
        if let Some(meter) = Meter::new() {
            let own = meter.held().unwrap_or(0).saturating_sub(counted);
            let watcher = Watcher {
                shared: Arc::clone(&watch.shared),
                meter,
                own,
                limit,
                last: None,
                stopped: None,
            };
            let thread = std::thread::Builder::new().name("embedded-memory".into());
            if let Err(error) = thread.spawn(move || watcher.run()) {
                tracing::warn!(%error, "the memory of the embedded engine is not watched");
            }
        }
        watch
    }

    /// Watches a statement as well.
    pub(super) fn add(&self, stop: &Arc<Stop>) -> Watched {
        let mut state = held(&self.shared.state);
        let number = state.next;
        state.next += 1;
        state.running.push(Running {
            number,
            grown: 0.0,
            stop: Arc::clone(stop),
        });
        self.shared.changed.notify_one();
        Watched {
            shared: Arc::clone(&self.shared),
            number,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        held(&self.shared.state).is_closed = true;
        self.shared.changed.notify_one();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut state = held(&self.shared.state);
        state.running.retain(|one| one.number != self.number);
    }
}

struct Watcher {
    shared: Arc<Shared>,
    meter: Meter,
    own: u64,
    limit: u64,
    last: Option<u64>,
    /// When a statement was stopped last.
    stopped: Option<Instant>,
}

impl Watcher {
    fn run(mut self) {
        loop {
            let shared = Arc::clone(&self.shared);
            let mut state = held(&shared.state);
            while state.running.is_empty() && !state.is_closed {
                self.last = None;
                state = shared
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.is_closed {
                return;
            }
            if let Some(now) = self.meter.held() {
                self.look(&mut state, now);
            }
            drop(state);
            std::thread::sleep(EVERY);
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a share is an estimate, and exact up to petabytes"
    )]
    fn look(&mut self, state: &mut State, now: u64) {
        let grown = now as f64 - self.last.replace(now).unwrap_or(now) as f64;
        let each = grown / state.running.len().max(1) as f64;
        for one in &mut state.running {
            one.grown += each;
        }
        let excess = now.saturating_sub(self.own).saturating_sub(self.limit) as f64;
        // As many are stopped as will give the excess back. One after the other would take too long: eight that each double
        // a text fill a gigabyte while the first of them ends.
        let mut coming = self.coming(state);
        let least = (self.limit / LEAST_PART) as f64 / state.running.len().max(1) as f64;
        while coming < excess
            && let Some(one) = largest(&state.running, least)
        {
            one.stop.ask(Reason::Memory { limit: self.limit });
            coming += one.grown;
            self.stopped = Some(Instant::now());
        }
    }

    /// What the statements that have been stopped, and are not over yet, will give back.
    fn coming(&self, state: &State) -> f64 {
        let is_soon = self.stopped.is_some_and(|at| at.elapsed() < PATIENCE);
        let stopped = state.running.iter().filter(|one| one.stop.is_asked());
        if is_soon {
            stopped.map(|one| one.grown).sum()
        } else {
            0.0
        }
    }
}

/// The youngest of those that may have taken the most: at least half of what any has taken, and at least `least` bytes.
fn largest(running: &[Running], least: f64) -> Option<&Running> {
    let going = || running.iter().filter(|one| !one.stop.is_asked());
    let most = going().map(|one| one.grown).fold(0.0, f64::max);
    going()
        .filter(|one| one.grown >= least && one.grown >= most / 2.0)
        .max_by_key(|one| one.number)
}

/// Reads how much memory the process holds.
struct Meter {
    #[cfg(target_os = "linux")]
    process: procfs::process::Process,
}

#[cfg(target_os = "linux")]
impl Meter {
    fn new() -> Option<Self> {
        let process = procfs::process::Process::myself().ok()?;
        Some(Self { process })
    }

    /// Bytes in memory now.
    fn held(&self) -> Option<u64> {
        let pages = self.process.statm().ok()?.resident;
        Some(pages.saturating_mul(procfs::page_size()))
    }
}

/// Elsewhere nothing tells it cheaply; the engine's own limit is what there is.
#[cfg(not(target_os = "linux"))]
impl Meter {
    fn new() -> Option<Self> {
        None
    }

    fn held(&self) -> Option<u64> {
        None
    }
}

/// A thread that panicked while it held the lock left nothing half done.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn statement() -> Arc<Stop> {
        let far = Instant::now() + Duration::from_secs(60);
        Arc::new(Stop::new(&CancellationToken::new(), far, "test"))
    }

    fn running(number: u64, grown: f64) -> Running {
        Running {
            number,
            grown,
            stop: statement(),
        }
    }

    #[test]
    fn the_youngest_of_the_large_ones_goes() {
        let all = [
            running(1, 40.0),
            running(2, 90.0),
            running(3, 60.0),
            running(4, 1.0),
        ];
        assert_eq!(largest(&all, 10.0).map(|one| one.number), Some(3));
        all[2].stop.ask(Reason::Cancelled);
        assert_eq!(largest(&all, 10.0).map(|one| one.number), Some(2));
        assert!(largest(&all, 100.0).is_none());
    }

    #[test]
    fn as_many_are_stopped_as_will_give_back_what_is_too_much() {
        let watch = Watch::none();
        let mut watcher = Watcher {
            shared: Arc::clone(&watch.shared),
            meter: Meter::new().unwrap(),
            own: 0,
            limit: 800,
            last: None,
            stopped: None,
        };
        let all: Vec<_> = (0..8).map(|_| statement()).collect();
        let watched: Vec<_> = all.iter().map(|stop| watch.add(stop)).collect();
        let asked = || all.iter().filter(|stop| stop.is_asked()).count();
        for (now, stopped) in [(0, 0), (800, 0), (850, 1), (890, 1), (1100, 3), (1100, 3)] {
            watcher.look(&mut held(&watch.shared.state), now);
            assert_eq!(asked(), stopped, "at {now}");
        }
        drop(watched);
    }

    #[test]
    fn growth_is_shared_out_and_a_statement_is_stopped_once_the_limit_is_passed() {
        let watch = Watch::none();
        let mut watcher = Watcher {
            shared: Arc::clone(&watch.shared),
            meter: Meter::new().unwrap(),
            own: 100,
            limit: 800,
            last: None,
            stopped: None,
        };
        let (old, hungry) = (statement(), statement());
        let first = watch.add(&old);
        watcher.look(&mut held(&watch.shared.state), 150);
        watcher.look(&mut held(&watch.shared.state), 160);
        let _second = watch.add(&hungry);
        watcher.look(&mut held(&watch.shared.state), 900);
        assert!(!hungry.is_asked(), "the limit is not passed yet");
        watcher.look(&mut held(&watch.shared.state), 950);
        assert!(hungry.is_asked() && !old.is_asked());
        let error = hungry.error().unwrap().to_string();
        assert!(error.contains("ran out of memory"), "{error}");
        // The old one is left alone while the stopped one may still end.
        watcher.look(&mut held(&watch.shared.state), 990);
        assert!(!old.is_asked());
        drop(first);
        assert_eq!(held(&watch.shared.state).running.len(), 1);
    }
}
