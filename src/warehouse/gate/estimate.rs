//! How long it takes until a statement that waits is let in, judged by how long slots were held lately.

use std::time::Duration;

/// There is no estimate until this many statements have ended.
const ENOUGH: u32 = 20;

/// How much the newest counts.
const WEIGHT: f64 = 0.1;

/// How long slots are held: a mean in which the newest count most.
#[derive(Debug, Default)]
pub(super) struct Holding {
    mean_seconds: f64,
    seen: u32,
}

impl Holding {
    /// A slot was held for so long.
    pub(super) fn note(&mut self, held: Duration) {
        let seconds = held.as_secs_f64();
        if self.seen == 0 {
            self.mean_seconds = seconds;
        }
        self.mean_seconds += WEIGHT * (seconds - self.mean_seconds);
        self.seen = self.seen.saturating_add(1);
    }

    /// How long a statement waits if `before` statements of the same caller are ahead of it, and the caller has `share`
    /// slots.
    pub(super) fn until_served(&self, before: usize, share: usize) -> Option<Duration> {
        // A few statements say little about the next ones, and a wrong estimate would turn away callers who could be
        // served.
        if self.seen < ENOUGH {
            return None;
        }
        let turns = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let share = u32::try_from(share.max(1)).unwrap_or(u32::MAX);
        let seconds = self.mean_seconds * f64::from(turns) / f64::from(share);
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn nothing_is_said_before_enough_was_seen_and_the_newest_counts_most() {
        let mut holding = Holding::default();
        for _ in 1..ENOUGH {
            holding.note(SECOND);
        }
        assert_eq!(holding.until_served(0, 1), None);
        holding.note(SECOND);
        let first = holding.until_served(0, 1).unwrap();
        assert!(first.abs_diff(SECOND) < SECOND / 1000, "{first:?}");
        let fifth_of_two = holding.until_served(4, 2).unwrap();
        assert!(fifth_of_two.abs_diff(SECOND * 5 / 2) < SECOND / 1000);
        for _ in 0..50 {
            holding.note(10 * SECOND);
        }
        assert!(holding.until_served(0, 1).unwrap() > 9 * SECOND);
    }
}
