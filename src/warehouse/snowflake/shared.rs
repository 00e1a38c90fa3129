//! What all sessions of an account share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use super::contact::Contact;
use super::defaults::Defaults;
use super::sign_in::{Exchanger, SignIn};
use super::transport::{Request, Transport};
use crate::policy::Policy;
use crate::telemetry::metrics::Metrics;
use crate::warehouse;

/// How long Snowflake may take to answer whether it is there.
const TO_ANSWER: Duration = Duration::from_secs(5);

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
    /// What exchanges callers' tokens, where statements run as the caller.
    pub(super) exchanger: Option<Arc<Exchanger>>,
    /// Which roles a session may have.
    pub(super) policy: Policy,
}

impl Shared {
    /// Whether Snowflake answers, without a session: nothing has failed since it last did, or it answers a heartbeat, which it
    /// refuses.
    pub(super) async fn reach(&self, silence: Duration) -> Result<(), warehouse::Error> {
        let heard = self.contact.age();
        if self.contact.is_unbroken() && heard.is_none_or(|age| age < silence) {
            return Ok(());
        }
        let body = json!({});
        let asked = self.transport.send(Request {
            path: "/session/heartbeat",
            query: &[],
            request_id: Uuid::new_v4(),
            token: None,
            body: Some(&body),
            timeout: TO_ANSWER,
            deadline: Instant::now() + TO_ANSWER,
            retries: 0,
            is_wanted: None,
        });
        match asked.await {
            // A refusal is an answer, and an answer is all that was asked for.
            Err(error) if !error.is_unauthorized() => Err(warehouse::Error::Unreachable {
                message: "Snowflake does not answer".to_owned(),
                source: Some(Box::new(error)),
            }),
            _ => Ok(()),
        }
    }
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
