//! How much work one call of a function of ours may be.
//!
//! The engine calls a function for up to 2,048 rows and looks for an interruption only when it has all of them. So what may
//! take long looks by itself, every so many steps, whether its statement shall end. The translation hands over the
//! number of the statement to those functions; any other has a time of its own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// What a call may take that does not know its statement.
const LONGEST_CALL: Duration = Duration::from_secs(5);

/// Steps between two looks: less than a millisecond, if a step is a byte or a comparison.
const STEPS: usize = 1 << 16;

/// What ends a call of a statement that has been stopped. Its caller is told why it was stopped, not this.
const STOPPED: &str = "the statement has been stopped";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// What stops the statements that run.
static RUNNING: Mutex<BTreeMap<u64, CancellationToken>> = Mutex::new(BTreeMap::new());

fn running() -> MutexGuard<'static, BTreeMap<u64, CancellationToken>> {
    // A thread that panicked while it held the lock left nothing half done.
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A statement whose functions look at what stops it, until this is dropped.
pub(in super::super) struct Announced(u64);

impl Announced {
    pub(in super::super) fn new(stop: &CancellationToken) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        running().insert(number, stop.clone());
        Self(number)
    }

    /// What the functions are given to know it by.
    pub(in super::super) fn number(&self) -> u64 {
        self.0
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        running().remove(&self.0);
    }
}

/// What ends a call before it is done.
enum Limit {
    Statement(CancellationToken),
    Until(Instant),
}

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(STEPS) };
    static LIMIT: RefCell<Option<Limit>> = const { RefCell::new(None) };
}

/// A call that is being worked on. The engine calls one after another on a thread, never one inside another.
pub(super) struct Working(());

impl Working {
    /// `statement` is the number of an [`Announced`] one.
    pub(super) fn begin(statement: Option<&str>) -> Self {
        let known = statement
            .and_then(|number| number.parse().ok())
            .and_then(|number: u64| running().get(&number).cloned());
        let limit = known.map_or_else(
            || Limit::Until(Instant::now() + LONGEST_CALL),
            Limit::Statement,
        );
        LEFT.set(STEPS);
        LIMIT.set(Some(limit));
        Self(())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        LIMIT.set(None);
    }
}

/// Counts so many steps that are about to be taken.
///
/// # Errors
///
/// The call has to end: its statement has been stopped, or it took too long.
pub(super) fn spend(steps: usize) -> Result<(), String> {
    match LEFT.get().checked_sub(steps) {
        Some(left) => {
            LEFT.set(left);
            Ok(())
        }
        None => {
            LEFT.set(STEPS);
            look()
        }
    }
}

/// Looks whether the call has to end.
///
/// # Errors
///
/// As for [`spend`].
pub(super) fn look() -> Result<(), String> {
    LIMIT.with_borrow(|limit| match limit {
        Some(Limit::Statement(stop)) if stop.is_cancelled() => Err(STOPPED.into()),
        Some(Limit::Until(end)) if Instant::now() > *end => Err(format!(
            "the embedded engine gives one step of a function {} s; ask for fewer rows or shorter values",
            LONGEST_CALL.as_secs()
        )),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_with_its_statement_and_no_other() {
        let (stopped, going) = (CancellationToken::new(), CancellationToken::new());
        let (one, other) = (Announced::new(&stopped), Announced::new(&going));
        stopped.cancel();
        let spent = |number: &str| {
            let _working = Working::begin(Some(number));
            spend(STEPS + 1)
        };
        assert_eq!(spent(&one.number().to_string()), Err(STOPPED.to_owned()));
        assert_eq!(spent(&other.number().to_string()), Ok(()));
        let number = one.number().to_string();
        drop(one);
        assert_eq!(spent(&number), Ok(()), "a number is not used again");
        // Outside of calls nothing is limited.
        assert_eq!(spend(STEPS + 1), Ok(()));
    }

    #[test]
    fn steps_add_up_until_it_is_time_to_look() {
        let stop = CancellationToken::new();
        let announced = Announced::new(&stop);
        let _working = Working::begin(Some(&announced.number().to_string()));
        stop.cancel();
        let done = (0..).take_while(|_| spend(STEPS / 4).is_ok()).count();
        assert_eq!(done, 4);
    }

    #[test]
    fn a_call_without_a_statement_has_a_time_of_its_own() {
        let _working = Working::begin(None);
        assert_eq!(spend(usize::MAX), Ok(()));
        LIMIT.set(Some(Limit::Until(
            Instant::now() - Duration::from_millis(1),
        )));
        let said = spend(usize::MAX).unwrap_err();
        assert!(
            said.starts_with("the embedded engine gives one step"),
            "{said}"
        );
    }
}
