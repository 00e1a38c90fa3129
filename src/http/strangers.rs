//! Requests without a known key: recorded in the log and in the audit log, and answered more and more slowly.
//!
//! A valid key is accepted at once, whatever came from its address before, because many callers share an address behind
//! a proxy. So nobody is locked out, and somebody who guesses keys gets at most two answers per second and connection.
//! Memory and log lines are bounded, whatever is sent.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::telemetry::audit::{Audit, Record};

/// Addresses that are remembered. The one that has been silent longest is forgotten first.
const REMEMBERED: u64 = 10_000;

/// After so long a silence an address begins anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// Refusals that are answered at once, for a person who is configuring a client.
const AT_ONCE: u32 = 3;

/// How long the next answer waits; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Answers that wait at the same time. Further ones are sent at once, so that waiting takes no memory without end.
const WAITING: usize = 256;

/// How often a line is written for one address, and how many for all of them in that time.
const TELL_EVERY: Duration = Duration::from_secs(10);
const LINES: u32 = 50;

/// What was refused. A cheap clone of one memory.
#[derive(Debug, Clone)]
pub(super) struct Strangers {
    seen: Cache<IpAddr, Arc<Mutex<Seen>>>,
    lines: Arc<Mutex<Lines>>,
    waiting: Arc<Semaphore>,
    audit: Audit,
}

/// What is known of an address.
#[derive(Debug)]
struct Seen {
    /// Refusals since it was silent for long.
    times: u32,
    last: Instant,
    told: Option<Instant>,
    /// Refusals that no line tells of yet.
    untold: u64,
}

/// Lines that were written since a time.
#[derive(Debug)]
struct Lines {
    since: Instant,
    written: u32,
}

impl Strangers {
    pub(super) fn new(audit: Audit) -> Self {
        let seen = Cache::builder()
            .max_capacity(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(FORGOTTEN_AFTER);
        let lines = Lines {
            since: Instant::now(),
            written: 0,
        };
        Self {
            seen: seen.build(),
            lines: Arc::new(Mutex::new(lines)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            audit,
        }
    }

    /// Records a refusal, and delays its answer if somebody may be guessing. Tokens cannot be guessed, and expired ones
    /// are common, so their refusals are not delayed.
    pub(super) async fn refuse(
        &self,
        address: Option<IpAddr>,
        reason: &'static str,
        is_guess: bool,
    ) {
        // Without one there is no connection either, but a test.
        let Some(address) = address else { return };
        let (times, wait) = self.note(network(address), Instant::now());
        if let Some(times) = times {
            warn!(%address, reason, times, "requests without a known key were refused");
            self.audit
                .record(Record::refused(address.to_string(), reason, times));
        }
        if is_guess
            && !wait.is_zero()
            && let Ok(_place) = self.waiting.try_acquire()
        {
            tokio::time::sleep(wait).await;
        }
    }

    /// How many refusals the log line reports, if one is due, and how long the answer waits.
    fn note(&self, network: IpAddr, now: Instant) -> (Option<u64>, Duration) {
        let first = || {
            Arc::new(Mutex::new(Seen {
                times: 0,
                last: now,
                told: None,
                untold: 0,
            }))
        };
        let seen = self.seen.get_with(network, first);
        // After a panic the counts may be off by one, which does no harm.
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(seen.last) >= FORGOTTEN_AFTER {
            seen.times = 0;
        }
        seen.last = now;
        seen.times = seen.times.saturating_add(1);
        seen.untold += 1;
        let is_due = seen
            .told
            .is_none_or(|told| now.saturating_duration_since(told) >= TELL_EVERY);
        let mut times = None;
        if is_due && self.may_tell(now) {
            seen.told = Some(now);
            times = Some(std::mem::take(&mut seen.untold));
        }
        let wait = match seen.times.checked_sub(AT_ONCE + 1) {
            None => Duration::ZERO,
            Some(more) => (FIRST_WAIT * (1 << more.min(10))).min(LONGEST_WAIT),
        };
        (times, wait)
    }

    fn may_tell(&self, now: Instant) -> bool {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(lines.since) >= TELL_EVERY {
            *lines = Lines {
                since: now,
                written: 0,
            };
        }
        lines.written += 1;
        lines.written <= LINES
    }
}

/// The owner of one IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn who_goes_on_guessing_waits_longer_up_to_a_limit_and_others_do_not() {
        let strangers = Strangers::new(Audit::default());
        let now = Instant::now();
        let wait = || strangers.note(address(1), now).1.as_millis();
        let waits: Vec<_> = (0..10).map(|_| wait()).collect();
        assert_eq!(waits, [0, 0, 0, 50, 100, 200, 400, 500, 500, 500]);
        assert_eq!(strangers.note(address(2), now).1, Duration::ZERO);
        let later = now + FORGOTTEN_AFTER;
        assert_eq!(strangers.note(address(1), later).1, Duration::ZERO);
    }

    #[test]
    fn all_are_counted_and_few_lines_are_written() {
        let strangers = Strangers::new(Audit::default());
        let now = Instant::now();
        assert_eq!(strangers.note(address(1), now).0, Some(1));
        for _ in 0..1000 {
            assert_eq!(strangers.note(address(1), now).0, None);
        }
        let later = now + TELL_EVERY;
        assert_eq!(strangers.note(address(1), later).0, Some(1001));
        let many = (0..=255).filter(|last| strangers.note(address(*last), later).0.is_some());
        assert!(many.count() < 50);
    }

    #[test]
    fn a_network_of_ipv6_is_one_stranger() {
        let text = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(text("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
