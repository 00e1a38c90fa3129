//! The error of a statement that is refused: who uses the slots, why waiting does not help, and when to try again.

use std::time::Duration;

use super::limits::GateLimits;
use crate::telemetry::metrics::labels::QueueRefusal;
use crate::warehouse::Error;

/// The shortest and longest time to wait that is reported.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// The state of the queue, for one caller.
pub(super) struct Numbers {
    pub(super) slots: usize,
    /// How many statements the caller may run at once.
    pub(super) cap: usize,
    /// Whether that is a limit of its own.
    pub(super) has_own_limit: bool,
    pub(super) running: usize,
    pub(super) waiting: usize,
    pub(super) estimate: Option<Duration>,
}

pub(super) fn refusal(why: QueueRefusal, limits: &GateLimits, it: Numbers) -> Error {
    let Numbers {
        slots,
        cap,
        running,
        waiting,
        ..
    } = it;
    let setting = limits.setting;
    let may_run = if it.has_own_limit && cap < slots {
        format!(
            "its key may have {cap} running at once (max_concurrent_queries in API_KEYS), and all callers together {slots} ({setting})"
        )
    } else if cap < slots {
        format!(
            "it may have {cap} running at once (MAX_CALLER_SHARE), and all callers together {slots} ({setting})"
        )
    } else {
        format!("{slots} of all callers may run at once ({setting})")
    };
    let why = match why {
        QueueRefusal::CallerFull => format!(
            "at most {} statements of one caller may wait (MAX_QUEUED_PER_CALLER)",
            limits.queued_per_caller()
        ),
        QueueRefusal::Full => format!(
            "the queue is full with {} statements (MAX_QUEUED)",
            limits.queued()
        ),
        QueueRefusal::Displaced => format!(
            "the queue is full with {} statements (MAX_QUEUED), and this one gave its place to a caller that had none waiting",
            limits.queued()
        ),
        QueueRefusal::TooLong => {
            let seconds = it.estimate.map_or(0, whole_seconds);
            format!("this one would have to wait about {seconds} s, which is longer than it may")
        }
        QueueRefusal::Late => "no slot became free while this one could wait".to_owned(),
        QueueRefusal::Unreachable => "Snowflake does not answer".to_owned(),
    };
    Error::Busy {
        message: format!(
            "of this caller's statements {running} run and {waiting} wait; {may_run}; {why}"
        ),
        retry_after: it
            .estimate
            // An estimate from a few statements may be absurd, and clients wait as long as they are
            // told.
            .map(|estimate| estimate.clamp(SHORTEST, LONGEST)),
    }
}

/// Rounded up: a caller that tries again too early would be refused again.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
