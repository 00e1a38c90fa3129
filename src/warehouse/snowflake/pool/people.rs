//! Persons who have sessions of their own: each with its way to sign in and its breaker, so that what is refused to one holds back
//! nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::breaker::Breaker;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::Person;
use crate::warehouse::snowflake::error::Error;
use crate::warehouse::snowflake::shared::Shared;
use crate::warehouse::snowflake::sign_in::SignIn;

/// Refusals that are remembered, whoever is known at the time: leaving and coming again must not be a way around.
const MOST_BREAKERS: u64 = 10_000;

/// How long one is remembered after it was last looked at; longer than any pause.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// A person with sessions, or about to have some.
pub(super) struct Guest {
    pub(super) identity: Arc<str>,
    pub(super) sign_in: SignIn,
    pub(super) breaker: Arc<Breaker>,
    seen: Mutex<Instant>,
}

/// All of them.
pub(super) struct People {
    guests: Mutex<HashMap<Arc<str>, Arc<Guest>>>,
    breakers: Cache<Arc<str>, Arc<Breaker>>,
    max: usize,
}

impl People {
    pub(super) fn new(max: usize) -> Self {
        Self {
            guests: Mutex::default(),
            breakers: Cache::builder()
                .max_capacity(MOST_BREAKERS)
                .time_to_idle(REMEMBERED)
                .build(),
            max,
        }
    }

    /// This person, and who has to leave for it: the one not seen for longest of those that are not `busy`.
    ///
    /// # Errors
    ///
    /// Nothing exchanges tokens here: a defect.
    pub(super) fn enter(
        &self,
        person: &Arc<Person>,
        shared: &Shared,
        metrics: &Arc<Metrics>,
        busy: impl Fn(&str) -> bool,
    ) -> Result<(Arc<Guest>, Option<Arc<str>>), Error> {
        let mut guests = self.guests();
        if let Some(guest) = guests.get(&person.identity) {
            // The newest token of the person is used for the next exchange.
            guest.sign_in.came(person);
            *guest.seen.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            return Ok((Arc::clone(guest), None));
        }
        let exchanger = shared.exchanger.as_ref().ok_or_else(|| {
            Error::Protocol(
                "a statement is to run as a person, and nothing exchanges tokens".to_owned(),
            )
        })?;
        let breaker = || {
            Arc::new(Breaker::of_person(
                Arc::clone(metrics),
                person.name.to_string(),
            ))
        };
        let breaker = self
            .breakers
            .get_with(Arc::clone(&person.identity), breaker);
        let sign_in = shared
            .sign_in
            .of_person(Arc::clone(exchanger), Arc::clone(person));
        let guest = Arc::new(Guest {
            identity: Arc::clone(&person.identity),
            sign_in,
            breaker,
            seen: Mutex::new(Instant::now()),
        });
        // Those at work are never more than there may be statements at once.
        let leaving = (guests.len() >= self.max)
            .then(|| {
                let mut idle: Vec<_> = guests.values().filter(|it| !busy(&it.identity)).collect();
                idle.sort_by_key(|guest| guest.seen());
                idle.first().map(|guest| Arc::clone(&guest.identity))
            })
            .flatten();
        if let Some(leaving) = &leaving {
            // Its sessions are closed by the caller, outside of this lock.
            guests.remove(leaving);
        }
        guests.insert(Arc::clone(&person.identity), Arc::clone(&guest));
        Ok((guest, leaving))
    }

    fn guests(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Guest>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    fn seen(&self) -> Instant {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
