//! Keeps wrong credentials from being tried again and again: Snowflake locks a user after five wrong passwords.
//!
//! Until a sign-in has succeeded, one is made at a time, so that a pool that fills itself does not fail five times at once.
//! After a refusal none is made for a while; who asks meanwhile is told what Snowflake said. A key or token that has
//! changed since is tried at once. What goes wrong before Snowflake is asked, such as a file that cannot be read, locks
//! nobody and is no refusal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::error::Error;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::SignIn;

/// How long no sign-in is made after the first, second, third… refusal in a row.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(30),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];

/// The same of a person. It is short, for the person signs in again and means it; a new token does not end it, since clients renew
/// theirs all the time.
const OF_A_PERSON: [Duration; 1] = [Duration::from_secs(30)];

/// The state of our credentials, or of a person's, as far as known.
pub(super) struct Breaker {
    metrics: Arc<Metrics>,
    /// As logs name the person, where it is one.
    person: Option<String>,
    state: Mutex<State>,
    /// Held by the one sign-in there may be while it is not known that signing in works.
    alone: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    works: bool,
    refusals: usize,
    refused: Option<Refused>,
}

#[derive(Clone)]
struct Refused {
    until: Instant,
    /// Of the credentials that were refused.
    fingerprint: Option<String>,
    message: String,
    /// What the caller is told, where it is the caller who is refused.
    told: Option<(&'static str, &'static str)>,
}

impl Breaker {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            person: None,
            state: Mutex::default(),
            alone: tokio::sync::Mutex::default(),
        }
    }

    /// For a person.
    pub(super) fn of_person(metrics: Arc<Metrics>, name: String) -> Self {
        Self {
            person: Some(name),
            ..Self::new(metrics)
        }
    }

    /// Signs in, unless these credentials were refused a moment ago. `fingerprint` tells credentials apart; it is asked
    /// for only after a refusal.
    pub(super) async fn guard<T, F: Future<Output = Option<String>>>(
        &self,
        fingerprint: impl Fn() -> F,
        sign_in: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        // While it is not known whether the credentials work, sign-ins run one after another: twenty at once with a
        // wrong password would lock the user.
        let alone = if self.state().works {
            None
        } else {
            Some(self.alone.lock().await)
        };
        // Who had to wait for a sign-in that succeeded need not keep the others waiting.
        let _alone = alone.filter(|_| !self.state().works);
        let refused = self.state().refused.clone();
        // New credentials have another fingerprint and are tried at once, without waiting for the pause to end.
        if let Some(refused) = refused.filter(|refused| Instant::now() < refused.until)
            && refused.fingerprint == fingerprint().await
        {
            self.metrics.signed_in(SignIn::Suppressed);
            return Err(match refused.told {
                Some((message, hint)) => Error::PersonHeld { message, hint },
                None => Error::SignInHeld(refused.message),
            });
        }
        let outcome = sign_in.await;
        self.metrics.signed_in(match &outcome {
            Ok(_) => SignIn::Ok,
            Err(error) if error.is_refusal() => SignIn::Refused,
            Err(_) => SignIn::Failed,
        });
        match &outcome {
            Ok(_) => self.succeeded(),
            // Only a refusal by Snowflake opens the breaker. A network error says nothing about the credentials.
            Err(error) if error.is_refusal() => self.refused(error, fingerprint().await),
            Err(_) => {}
        }
        outcome
    }

    fn succeeded(&self) {
        let mut state = self.state();
        if state.refusals > 0 {
            match &self.person {
                None => tracing::info!("signing in to Snowflake works again"),
                Some(caller) => {
                    tracing::info!(%caller, "the caller's sign-in to Snowflake works again");
                }
            }
        }
        if self.person.is_none() {
            self.metrics.set_breaker(false);
        }
        *state = State {
            works: true,
            ..State::default()
        };
    }

    fn refused(&self, error: &Error, fingerprint: Option<String>) {
        let mut state = self.state();
        let pauses: &[Duration] = match self.person {
            None => &PAUSES,
            Some(_) => &OF_A_PERSON,
        };
        let pause = pauses
            // Longer with each refusal, up to the last of the list: Snowflake counts five, and
            // unlocks after 15 minutes.
            .get(state.refusals)
            .or(pauses.last())
            .copied()
            .unwrap_or_default();
        state.works = false;
        state.refusals += 1;
        match &self.person {
            None => {
                self.metrics.set_breaker(true);
                tracing::error!(
                    "{error}; no sign-in is tried for {pause:?} unless the key or token changes"
                );
            }
            Some(caller) => {
                tracing::warn!(%caller, "{error}; no sign-in of this caller is tried for {pause:?}");
            }
        }
        state.refused = Some(Refused {
            until: Instant::now() + pause,
            fingerprint,
            message: error.to_string(),
            told: error.told_to_caller(),
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(Arc::new(Metrics::new().unwrap()))
    }

    async fn same() -> Option<String> {
        None
    }

    fn no() -> Error {
        Error::SignInRefused {
            code: 390_100,
            message: "Incorrect username or password".to_owned(),
            advice: "",
        }
    }

    #[tokio::test]
    async fn after_a_refusal_nobody_signs_in_and_everybody_is_told() {
        let breaker = breaker();
        let first = breaker.guard(same, async { Err::<(), _>(no()) }).await;
        assert!(first.is_err());
        let second = breaker.guard(same, async { Ok::<(), Error>(()) }).await;
        assert!(
            second
                .unwrap_err()
                .to_string()
                .contains("Incorrect username")
        );
    }

    #[tokio::test]
    async fn a_failure_that_passes_opens_nothing() {
        let breaker = breaker();
        let broken = Error::Protocol("strange".to_owned());
        assert!(
            breaker
                .guard(same, async { Err::<(), _>(broken) })
                .await
                .is_err()
        );
        assert!(
            breaker
                .guard(same, async { Ok::<(), Error>(()) })
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn until_one_has_succeeded_sign_ins_wait_for_each_other() {
        let breaker = breaker();
        let under_way = std::sync::atomic::AtomicUsize::new(0);
        let sign_in = || async {
            use std::sync::atomic::Ordering::Relaxed;
            assert_eq!(under_way.fetch_add(1, Relaxed), 0);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Relaxed);
            Err::<(), _>(Error::Protocol("passes".to_owned()))
        };
        let all = futures::future::join_all((0..5).map(|_| breaker.guard(same, sign_in())));
        assert!(all.await.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn after_a_refusal_sign_ins_wait_for_each_other_again() {
        use std::sync::atomic::Ordering::Relaxed;
        let breaker = breaker();
        let works = breaker.guard(same, async { Ok::<(), Error>(()) }).await;
        assert!(works.is_ok());
        let refused = breaker.guard(same, async { Err::<(), _>(no()) }).await;
        assert!(refused.is_err());
        let other = || async { Some("another key".to_owned()) };
        let under_way = std::sync::atomic::AtomicUsize::new(0);
        let sign_in = || async {
            assert_eq!(under_way.fetch_add(1, Relaxed), 0);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Relaxed);
            Err::<(), _>(Error::Protocol("passes".to_owned()))
        };
        let all = futures::future::join_all((0..5).map(|_| breaker.guard(other, sign_in())));
        assert!(all.await.iter().all(Result::is_err));
    }

    /// How long no sign-in is made from now on, of the last refusal.
    fn pause(breaker: &Breaker) -> Duration {
        let refused = breaker.state().refused.clone().unwrap();
        refused.until.saturating_duration_since(Instant::now())
    }

    #[tokio::test]
    async fn each_refusal_in_a_row_lengthens_the_pause_and_a_success_starts_anew() {
        let breaker = breaker();
        let key = |name: &'static str| move || async move { Some(name.to_owned()) };
        let soon = Duration::from_secs(20);
        // Another key each time, as the same would not be tried.
        for (name, expected) in [("a", 30), ("b", 300), ("c", 900), ("d", 900)] {
            let refused = breaker.guard(key(name), async { Err::<(), _>(no()) }).await;
            assert!(refused.is_err());
            let (pause, expected) = (pause(&breaker), Duration::from_secs(expected));
            assert!(
                pause <= expected && pause + soon > expected,
                "{name}: {pause:?}"
            );
        }
        let works = breaker.guard(key("e"), async { Ok::<(), Error>(()) }).await;
        assert!(works.is_ok());
        assert!(breaker.state().refused.is_none());
        let again = breaker.guard(key("e"), async { Err::<(), _>(no()) }).await;
        assert!(again.is_err());
        assert!(pause(&breaker) <= Duration::from_secs(30));
    }

    #[tokio::test]
    async fn a_person_waits_for_half_a_minute_each_time_and_the_service_not_at_all() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let breaker = Breaker::of_person(Arc::clone(&metrics), "user:1".to_owned());
        let key = |name: &'static str| move || async move { Some(name.to_owned()) };
        for name in ["a", "b", "c"] {
            let refused = breaker.guard(key(name), async { Err::<(), _>(no()) }).await;
            assert!(refused.is_err());
            let pause = pause(&breaker);
            assert!(
                pause <= Duration::from_secs(30) && pause > Duration::from_secs(10),
                "{name}: {pause:?}"
            );
        }
        let told = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(told.contains("snowflake_mcp_pool_breaker_open 0"), "{told}");
    }

    #[tokio::test]
    async fn other_credentials_are_tried_at_once() {
        let breaker = breaker();
        let key = |name: &'static str| move || async move { Some(name.to_owned()) };
        let first = breaker.guard(key("a"), async { Err::<(), _>(no()) }).await;
        assert!(first.is_err());
        let again = breaker.guard(key("a"), async { Ok::<(), Error>(()) }).await;
        assert!(again.is_err());
        let other = breaker.guard(key("b"), async { Ok::<(), Error>(()) }).await;
        assert!(other.is_ok());
    }
}
