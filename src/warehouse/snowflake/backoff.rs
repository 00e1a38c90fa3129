//! How long to wait before something is tried or asked again: twice as long each time, never the same for two who failed
//! together.

use std::time::{Duration, Instant};

use rand::Rng;

/// The waits between the attempts of one thing.
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
    left: u32,
}

impl Backoff {
    /// Attempts after the first; the wait before each is double the one before, up to `longest`.
    pub(super) fn new(first: Duration, longest: Duration, retries: u32) -> Self {
        Self {
            next: first,
            longest,
            left: retries,
        }
    }

    /// For requests that are repeated until there is an answer.
    pub(super) fn endless(first: Duration, longest: Duration) -> Self {
        Self::new(first, longest, u32::MAX)
    }

    /// The wait before the next attempt: half of it is fixed, half is chance. `None` when all attempts were made.
    pub(super) fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        Some(rand::rng().random_range(wait / 2..=wait))
    }

    /// The same, or what the other side asks for; `None` also when there would be no time left for the attempt.
    pub(super) fn next_before(
        &mut self,
        deadline: Instant,
        asked_for: Option<Duration>,
    ) -> Option<Duration> {
        let wait = self.next()?;
        let wait = asked_for.unwrap_or(wait);
        let left = deadline.saturating_duration_since(Instant::now());
        (wait < left).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_attempts() {
        let mut backoff = Backoff::new(SECOND, 3 * SECOND, 4);
        for longest in [1, 2, 3, 3] {
            let longest = longest * SECOND;
            let wait = backoff.next().unwrap();
            assert!(wait >= longest / 2 && wait <= longest, "{wait:?}");
        }
        assert_eq!(backoff.next(), None);
    }

    #[test]
    fn who_waits_at_the_same_time_does_not_come_back_at_the_same_time() {
        let waits: std::collections::HashSet<_> = (0..100)
            .filter_map(|_| Backoff::endless(SECOND, SECOND).next())
            .collect();
        assert!(waits.len() > 50);
    }

    #[test]
    fn no_attempt_is_made_after_the_deadline_however_long_the_other_side_asks_to_wait() {
        let deadline = Instant::now() + SECOND;
        let backoff = || Backoff::endless(SECOND / 10, SECOND);
        assert!(backoff().next_before(deadline, None).is_some());
        let half = Some(SECOND / 2);
        assert_eq!(backoff().next_before(deadline, half), half);
        assert_eq!(backoff().next_before(deadline, Some(2 * SECOND)), None);
    }
}
