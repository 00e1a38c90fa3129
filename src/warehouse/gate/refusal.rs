//! What a statement that is not let in is told: who holds the slots, why it does not help to wait, when to come back.

use std::time::Duration;

use super::limits::GateLimits;
use crate::telemetry::metrics::labels::QueueRefusal;
use crate::warehouse::Error;

/// The bounds of what is told.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How it stands at the gate, for one caller.
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
            "its key may have {cap} running at once (max_concurrent_queries in API_KEYS), of {slots} of all callers ({setting})"
        )
    } else if cap < slots {
        format!(
            "it may have {cap} running at once (MAX_CALLER_SHARE), of {slots} of all callers ({setting})"
        )
    } else {
        format!("{slots} of all callers may run at once ({setting})")
    };
    let why = match why {
        QueueRefusal::CallerFull => format!(
            "no more than {} of one caller may wait (MAX_QUEUED_PER_CALLER)",
            limits.queued_per_caller()
        ),
        QueueRefusal::Full => format!(
            "{} statements wait, as many as may (MAX_QUEUED)",
            limits.queued()
        ),
        QueueRefusal::Displaced => format!(
            "{} statements wait, as many as may (MAX_QUEUED), and this one made way for a caller that had none among them",
            limits.queued()
        ),
        QueueRefusal::TooLong => {
            let seconds = it.estimate.map_or(0, whole_seconds);
            format!(
                "this one would be let in after about {seconds} s, which is longer than it may wait"
            )
        }
        QueueRefusal::Late => "no place came free for this one while it could wait".to_owned(),
        QueueRefusal::Unreachable => "Snowflake does not answer".to_owned(),
    };
    Error::Busy {
        message: format!(
            "of this caller's statements {running} run and {waiting} wait; {may_run}; {why}"
        ),
        retry_after: it
            .estimate
            .map(|estimate| estimate.clamp(SHORTEST, LONGEST)),
    }
}

/// Rounded up: who comes back too early has come in vain.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
