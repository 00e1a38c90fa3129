//! The rate limit of callers: as many calls at once as in a minute, then one more whenever its share of the minute has
//! passed.
//!
//! Counted in this process alone: with several replicas behind a load balancer a caller may make as many at each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::failure::{Code, Failure};
use crate::identity::Caller;

/// Most callers that are remembered. The caller that has been silent longest is forgotten first.
const REMEMBERED: u64 = 10_000;

/// The limits are for a minute.
const MINUTE: Duration = Duration::from_secs(60);

/// After this time of silence a caller has all its calls again.
const FORGOTTEN_AFTER: Duration = MINUTE.saturating_mul(2);

/// The rate limits of all callers.
#[derive(Debug, Clone)]
pub struct Rates {
    /// Calls in a minute, for callers without a limit of their own.
    everybody: Option<u32>,
    /// Limits of single callers, by their names.
    own: Arc<HashMap<String, u32>>,
    /// For each caller, when all its calls will be back.
    full_at: Cache<Arc<str>, Arc<Mutex<Instant>>>,
}

/// The calls that a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallsLeft {
    /// Calls in a minute that it may make.
    pub in_a_minute: u32,
    /// Of those, the calls it may make at once now.
    pub left: u32,
}

/// A call over the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany {
    /// Calls in a minute that the caller may make.
    pub(super) rate: u32,
    /// The time until the next call may be made.
    pub(super) wait: Duration,
}

impl From<TooMany> for Failure {
    fn from(TooMany { rate, wait }: TooMany) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::new(
            Code::RateLimited,
            format!("this caller may make {rate} calls per minute, and has used all of them"),
            format!(
                "wait {seconds} s, then send the same call again; use fewer calls that ask for more each"
            ),
        )
        .after(seconds)
    }
}

impl Rates {
    /// For all callers, and for those with a limit of their own; calls in a minute.
    #[must_use]
    pub fn new(everybody: Option<u32>, own: HashMap<String, u32>) -> Self {
        let full_at = Cache::builder()
            .max_capacity(REMEMBERED)
            // Otherwise a new caller is not remembered while all others are busier.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(FORGOTTEN_AFTER);
        Self {
            everybody,
            own: Arc::new(own),
            full_at: full_at.build(),
        }
    }

    /// Counts a call and returns how many are left, if the caller has a limit; or refuses it, with the time to wait.
    pub(super) fn admit(
        &self,
        caller: &Caller,
        now: Instant,
    ) -> Result<Option<CallsLeft>, TooMany> {
        let Some(rate) = self.rate_of(caller) else {
            return Ok(None);
        };
        let full_at = self
            .full_at
            .get_with(caller.account(), || Arc::new(Mutex::new(now)));
        // After a panic one caller's time may be wrong, which does no harm.
        let mut full_at = full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let each = MINUTE / rate.max(1);
        // One time says it all: when all calls would be back. Every call moves it further.
        let then = (*full_at).max(now) + each;
        // Each used call comes back within a minute at the latest.
        let wait = then.saturating_duration_since(now + MINUTE);
        if wait.is_zero() {
            *full_at = then;
            let free = MINUTE.saturating_sub(then.saturating_duration_since(now));
            let left = free.as_nanos() / each.as_nanos().max(1);
            Ok(Some(CallsLeft {
                in_a_minute: rate,
                left: u32::try_from(left).unwrap_or(rate).min(rate),
            }))
        } else {
            Err(TooMany { rate, wait })
        }
    }

    /// The caller's limit, if it has one.
    fn rate_of(&self, caller: &Caller) -> Option<u32> {
        let own = match &caller.grant {
            Some(grant) => grant.rate,
            None => self.own.get(&*caller.name).copied(),
        };
        own.or(self.everybody)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::Kind;

    fn caller(name: &'static str, address: Option<&str>) -> Caller {
        Caller {
            address: address.map(|address| address.parse().unwrap()),
            ..Caller::new(Kind::Key, name, name)
        }
    }

    fn rates(everybody: u32) -> Rates {
        let own = HashMap::from([("key:slow".to_owned(), 1)]);
        Rates::new(Some(everybody), own)
    }

    #[test]
    fn so_many_at_once_and_then_one_for_each_share_of_a_minute() {
        let rates = rates(3);
        let key = caller("key:1", None);
        let start = Instant::now();
        for left in [2, 1, 0] {
            let in_a_minute = 3;
            let expected = CallsLeft { in_a_minute, left };
            assert_eq!(rates.admit(&key, start), Ok(Some(expected)));
        }
        let TooMany { rate, wait } = rates.admit(&key, start).unwrap_err();
        assert_eq!((rate, wait), (3, Duration::from_secs(20)));
        let later = start + wait;
        let sooner = later - Duration::from_millis(1);
        assert!(rates.admit(&key, sooner).is_err(), "and it costs nothing");
        assert!(rates.admit(&key, later).is_ok());
        assert!(rates.admit(&key, later).is_err());
        for _ in 0..3 {
            assert!(rates.admit(&key, later + MINUTE).is_ok());
        }
        assert!(
            rates.admit(&key, later + MINUTE).is_err(),
            "no more than all"
        );
    }

    #[test]
    fn each_caller_is_counted_by_itself() {
        let rates = rates(1);
        let now = Instant::now();
        for (caller, may) in [
            (caller("key:1", None), true),
            (caller("key:1", None), false),
            (caller("key:2", None), true),
            (caller("key:slow", None), true),
            (caller("key:slow", None), false),
            (caller("anonymous", Some("192.0.2.1")), true),
            (caller("anonymous", Some("192.0.2.2")), true),
            (caller("anonymous", Some("::ffff:192.0.2.2")), false),
            (caller("anonymous", Some("2001:db8::1")), true),
            (caller("anonymous", Some("2001:db8::2")), false),
            (caller("anonymous", Some("2001:db8:0:1::1")), true),
        ] {
            assert_eq!(rates.admit(&caller, now).is_ok(), may, "{caller:?}");
        }
    }

    #[test]
    fn without_a_rate_nobody_is_counted() {
        let rates = Rates::new(None, HashMap::from([("key:slow".to_owned(), 1)]));
        let (free, slow) = (caller("key:1", None), caller("key:slow", None));
        let now = Instant::now();
        assert!((0..1000).all(|_| rates.admit(&free, now).is_ok()));
        assert!(rates.admit(&slow, now).is_ok());
        assert!(rates.admit(&slow, now).is_err());
    }

    proptest! {
        #[test]
        fn who_waits_as_long_as_told_is_admitted(rate in 1_u32..500, steps in prop::collection::vec(0_u64..5000, 1..200)) {
            let rates = rates(rate);
            let key = caller("key:1", None);
            let mut now = Instant::now();
            let (start, mut admitted) = (now, 0_u32);
            for step in steps {
                now += Duration::from_millis(step);
                match rates.admit(&key, now) {
                    Ok(_) => admitted += 1,
                    Err(TooMany { wait, .. }) => {
                        prop_assert!(wait <= MINUTE);
                        now += wait;
                        prop_assert!(rates.admit(&key, now).is_ok());
                        admitted += 1;
                    }
                }
                let share = (now - start).as_secs_f64() / 60.0 * f64::from(rate);
                prop_assert!(f64::from(admitted) <= f64::from(rate) + share + 1e-3);
            }
        }
    }
}
