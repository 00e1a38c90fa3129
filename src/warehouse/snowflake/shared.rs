//! What all sessions of an account share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::defaults::Defaults;
use super::sign_in::SignIn;
use super::transport::Transport;
use crate::policy::Policy;
use crate::telemetry::metrics::Metrics;

/// What all sessions share.
pub(super) struct Shared {
    pub(super) transport: Transport,
    pub(super) sign_in: SignIn,
    pub(super) account_name: String,
    pub(super) defaults: Defaults,
    /// Attempts after the first, for failures that pass.
    pub(super) retries: u32,
    pub(super) contact: Contact,
    pub(super) metrics: Arc<Metrics>,
    pub(super) told: Told,
    /// Which roles a session may have.
    pub(super) policy: Policy,
}

/// Warnings that were given: one that holds for every session is not repeated with each.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashSet<String>>);

/// So many different ones are kept; callers may name roles without end.
const MOST_TOLD: usize = 100;

impl Told {
    /// Whether this is to be told: not yet, and not too many others.
    pub(super) fn is_new(&self, warning: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST_TOLD && told.insert(warning.to_owned())
    }
}

/// When Snowflake last answered anything at all: what readiness goes by.
#[derive(Debug, Default)]
pub(super) struct Contact {
    heard: Mutex<Option<Instant>>,
    /// When a request last failed for want of an answer.
    failed: Mutex<Option<Instant>>,
    /// When a session was last found to be gone. Others may be as well: Snowflake rarely loses only one.
    lost: Mutex<Option<Instant>>,
}

impl Contact {
    pub(super) fn note(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago it was.
    pub(super) fn age(&self) -> Option<Duration> {
        let at = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        at.map(|at| at.elapsed())
    }

    /// A request was not answered, however often it was tried.
    pub(super) fn note_failure(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether nothing has failed since Snowflake last answered.
    pub(super) fn is_unbroken(&self) -> bool {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed <= heard
    }

    pub(super) fn note_loss(&self) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn lost(&self) -> Option<Instant> {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
