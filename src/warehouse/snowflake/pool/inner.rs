//! What the parts of the pool share: its limits, its queue, its sessions, and where to count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use super::breaker::Breaker;
use super::member::Members;
use super::people::People;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::snowflake::shared::Shared;
use crate::warehouse::{FairGate, GateLimits, Owner};

/// How many sessions are kept, and for how long; the settings of the same names say why.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Sessions kept even when idle.
    pub min: usize,
    /// Sessions at most.
    pub max: usize,
    /// Statements that run and wait; no more run than there are sessions.
    pub gate: GateLimits,
    /// Idle sessions above the minimum are closed after this.
    pub max_inactive: Duration,
    /// An idle session is kept alive this often.
    pub health_check: Duration,
    /// Longest wait for a session.
    pub wait: Duration,
    /// The same for persons.
    pub of_persons: PersonSizes,
}

/// Sessions of persons; the settings of the same names say why.
#[derive(Debug, Clone)]
pub struct PersonSizes {
    /// Sessions of one person.
    pub max: usize,
    /// Persons with sessions.
    pub people: usize,
    /// Idle sessions are closed after this.
    pub max_inactive: Duration,
}

pub(super) struct Inner {
    pub(super) shared: Arc<Shared>,
    pub(super) sizes: Sizes,
    /// The one queue: who has its permit finds a session or opens one.
    pub(super) gate: FairGate,
    pub(super) members: Arc<Members>,
    /// Of the service's own user.
    pub(super) breaker: Breaker,
    pub(super) people: People,
    pub(super) runtime: Handle,
    /// Whether there is one session only, because a person would have to open each.
    is_narrow: AtomicBool,
}

impl Inner {
    /// Without sessions. Must be called inside the runtime.
    pub(super) fn new(shared: Arc<Shared>, sizes: Sizes) -> Self {
        let runtime = Handle::current();
        shared.metrics.set_pool_size(sizes.max);
        let gate = FairGate::new(sizes.gate.clone(), Some(Arc::clone(&shared.metrics)));
        let is_narrow = shared.sign_in.needs_a_person();
        if is_narrow {
            gate.set_slots(1);
        }
        Self {
            gate,
            people: People::new(sizes.of_persons.people),
            sizes,
            members: Arc::new(Members::new(&runtime, Arc::clone(&shared.metrics))),
            breaker: Breaker::new(Arc::clone(&shared.metrics)),
            runtime,
            is_narrow: AtomicBool::new(is_narrow),
            shared,
        }
    }

    /// Who is charged for what no caller has asked for. No share of the slots is too much for it.
    pub(super) fn own() -> Owner {
        Owner {
            at_once: Some(usize::MAX),
            ..Owner::default()
        }
    }

    /// Where to count.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Sessions there may be now: one, while a person would have to open each.
    pub(super) fn max(&self) -> usize {
        if self.is_narrow.load(Ordering::Relaxed) {
            1
        } else {
            self.sizes.max
        }
    }

    /// After a sign-in: lets in the callers that were held back, if further sessions need no person.
    pub(super) fn widen(&self) {
        if !self.shared.sign_in.needs_a_person() && self.is_narrow.swap(false, Ordering::Relaxed) {
            self.gate.set_slots(self.sizes.gate.slots);
        }
    }
}
