//! How many may run and wait, and whose statement one is.

use std::sync::Arc;

/// How many statements may run and wait; the settings of the same names say why.
#[derive(Debug, Clone, PartialEq)]
pub struct GateLimits {
    /// Statements at once.
    pub slots: usize,
    /// The setting that sets them.
    pub setting: &'static str,
    /// The share of the slots that one caller may have (`MAX_CALLER_SHARE`).
    pub share: f64,
    /// Statements that may wait, of all callers (`MAX_QUEUED`); four times the slots where nothing is said, and no fewer
    /// than 64.
    pub queued: Option<usize>,
    /// The same for one caller (`MAX_QUEUED_PER_CALLER`); as many as of all where nothing is said.
    pub queued_per_caller: Option<usize>,
}

impl GateLimits {
    /// This many slots, without limits for single callers.
    #[must_use]
    pub fn new(slots: usize, setting: &'static str) -> Self {
        Self {
            slots,
            setting,
            share: 1.0,
            queued: None,
            queued_per_caller: None,
        }
    }

    /// How many statements a single caller may have running and waiting if there are no others.
    #[must_use]
    pub fn of_one(&self) -> usize {
        self.slots + self.queued_per_caller()
    }

    pub(super) fn queued(&self) -> usize {
        self.queued.unwrap_or_else(|| (4 * self.slots).max(64))
    }

    pub(super) fn queued_per_caller(&self) -> usize {
        let all = self.queued();
        self.queued_per_caller.map_or(all, |own| own.min(all))
    }
}

/// Whose statement it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Tells callers apart: two with the same key share everything here.
    pub key: Arc<str>,
    /// How many statements it may run at once, if it has a limit of its own.
    pub at_once: Option<usize>,
    /// Its weight: with 2, two running statements count as one.
    pub weight: u32,
}

impl Default for Owner {
    fn default() -> Self {
        Self {
            key: Arc::default(),
            at_once: None,
            weight: 1,
        }
    }
}
