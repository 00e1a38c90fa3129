//! Whether Snowflake answers: what readiness goes by, and how long it makes sense to wait for a session.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::warehouse;

/// When Snowflake last answered anything at all: what readiness goes by, and how long it makes sense to wait for a session.
#[derive(Debug, Default)]
pub(super) struct Contact {
    times: Mutex<Times>,
    /// Whether nothing but failures was heard for [`HOPELESS_AFTER`].
    is_hopeless: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Times {
    heard: Option<Instant>,
    /// When the first attempt of a request was made that failed, of those after the last answer.
    failing_since: Option<Instant>,
    /// When a request last got no answer, after all its attempts.
    failed: Option<Instant>,
    /// When a session was last found to be gone. Others may be as well: Snowflake rarely loses only one.
    lost: Option<Instant>,
}

/// After this time, statements in the queue are answered that Snowflake does not answer: callers with a session keep it
/// for as long as their requests are retried, so none would become free.
const HOPELESS_AFTER: Duration = Duration::from_secs(3);

impl Contact {
    pub(super) fn note(&self) {
        let mut times = self.times();
        times.heard = Some(Instant::now());
        times.failing_since = None;
        drop(times);
        self.tell();
    }

    /// How long ago it was.
    pub(super) fn age(&self) -> Option<Duration> {
        self.times().heard.map(|at| at.elapsed())
    }

    /// An attempt that was made at this time was not answered.
    pub(super) fn note_attempt_failed(&self, made: Instant) {
        let mut times = self.times();
        let heard = times.heard.unwrap_or(made);
        times.failing_since.get_or_insert(made.max(heard));
        drop(times);
        self.tell();
    }

    /// Tells those who wait what the times say now. They are read where it is told, so that of two who tell at once the
    /// last one is right.
    fn tell(&self) {
        self.is_hopeless.send_if_modified(|told| {
            let since = self.times().failing_since;
            let is_hopeless = since.is_some_and(|since| since.elapsed() >= HOPELESS_AFTER);
            std::mem::replace(told, is_hopeless) != is_hopeless
        });
    }

    /// A request was not answered, however often it was tried.
    pub(super) fn note_failure(&self) {
        self.times().failed = Some(Instant::now());
    }

    /// Whether nothing has failed since Snowflake last answered.
    pub(super) fn is_unbroken(&self) -> bool {
        let times = self.times();
        times.failed <= times.heard
    }

    /// Ends when waiting for Snowflake has no use, with the error to return.
    pub(super) async fn hopeless(&self) -> warehouse::Error {
        let mut is_hopeless = self.is_hopeless.subscribe();
        // The sender lives as long as this does.
        let _ = is_hopeless.wait_for(|is_hopeless| *is_hopeless).await;
        warehouse::Error::Unreachable {
            message: "it does not answer, and all sessions wait for it".to_owned(),
            source: None,
        }
    }

    pub(super) fn note_loss(&self) {
        self.times().lost = Some(Instant::now());
    }

    pub(super) fn lost(&self) -> Option<Instant> {
        self.times().lost
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_hopeless_when_nothing_but_failures_was_heard_for_a_while() {
        let contact = Contact::default();
        let is_hopeless = || *contact.is_hopeless.borrow();
        let now = Instant::now();
        let before = |seconds| now.checked_sub(Duration::from_secs(seconds)).unwrap();
        contact.note_attempt_failed(now);
        assert!(!is_hopeless(), "it has only begun");
        contact.note();
        contact.note_attempt_failed(before(60));
        assert!(!is_hopeless(), "something was heard since");
        let silent = Contact::default();
        silent.note_attempt_failed(before(4));
        assert!(*silent.is_hopeless.borrow());
        silent.note();
        assert!(!*silent.is_hopeless.borrow(), "an answer ends it");
    }
}
