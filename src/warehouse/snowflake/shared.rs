//! What all sessions of an account share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::contact::Contact;
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
    pub(super) contact: Arc<Contact>,
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
