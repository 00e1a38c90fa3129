//! Keeps wrong credentials from being tried again and again: Snowflake locks a user after five wrong passwords.
//!
//! Until a sign-in has succeeded, one is made at a time, so that a pool that fills itself does not fail five times at once.
//! After a refusal none is made for a while; who asks meanwhile is told what Snowflake said.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::error::Error;

/// How long no sign-in is made after the first, second, third… refusal in a row.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(30),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];

/// The state of our credentials, as far as known.
#[derive(Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
    /// Held by the one sign-in there may be while it is not known that signing in works.
    alone: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    works: bool,
    refusals: usize,
    open: Option<Refused>,
}

#[derive(Clone)]
struct Refused {
    until: Instant,
    code: u32,
    message: String,
    advice: &'static str,
}

impl Breaker {
    /// Signs in, unless a refusal was too short ago.
    pub(super) async fn guard<T>(
        &self,
        sign_in: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let _alone = if self.state().works {
            None
        } else {
            Some(self.alone.lock().await)
        };
        self.check()?;
        let outcome = sign_in.await;
        match &outcome {
            Ok(_) => self.succeeded(),
            Err(error) if error.is_refusal() => self.refused(error),
            Err(_) => {}
        }
        outcome
    }

    fn check(&self) -> Result<(), Error> {
        let refused = self.state().open.clone();
        match refused {
            Some(refused) if Instant::now() < refused.until => Err(Error::SignInRefused {
                code: refused.code,
                message: refused.message,
                advice: refused.advice,
            }),
            _ => Ok(()),
        }
    }

    fn succeeded(&self) {
        let mut state = self.state();
        if state.refusals > 0 {
            tracing::info!("signing in to Snowflake works again");
        }
        *state = State {
            works: true,
            ..State::default()
        };
    }

    fn refused(&self, error: &Error) {
        let mut state = self.state();
        let pause = PAUSES
            .get(state.refusals)
            .or(PAUSES.last())
            .copied()
            .unwrap_or_default();
        state.works = false;
        state.refusals += 1;
        let (code, message, advice) = match error {
            Error::SignInRefused {
                code,
                message,
                advice,
            } => (*code, message.clone(), *advice),
            other => (
                0,
                other.to_string(),
                "Look at SNOWFLAKE_ACCOUNT, SNOWFLAKE_HOST and the settings of SNOWFLAKE_AUTH_TYPE",
            ),
        };
        tracing::error!("{error}; no sign-in is tried for {pause:?}");
        state.open = Some(Refused {
            until: Instant::now() + pause,
            code,
            message,
            advice,
        });
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no() -> Error {
        Error::SignInRefused {
            code: 390_100,
            message: "Incorrect username or password".to_owned(),
            advice: "",
        }
    }

    #[tokio::test]
    async fn after_a_refusal_nobody_signs_in_and_everybody_is_told() {
        let breaker = Breaker::default();
        let first = breaker.guard(async { Err::<(), _>(no()) }).await;
        assert!(first.is_err());
        let second = breaker.guard(async { Ok::<(), Error>(()) }).await;
        assert!(
            second
                .unwrap_err()
                .to_string()
                .contains("Incorrect username")
        );
    }

    #[tokio::test]
    async fn a_failure_that_passes_opens_nothing() {
        let breaker = Breaker::default();
        let broken = Error::Protocol("strange".to_owned());
        assert!(breaker.guard(async { Err::<(), _>(broken) }).await.is_err());
        assert!(breaker.guard(async { Ok::<(), Error>(()) }).await.is_ok());
    }

    #[tokio::test]
    async fn until_one_has_succeeded_sign_ins_wait_for_each_other() {
        let breaker = Breaker::default();
        let under_way = std::sync::atomic::AtomicUsize::new(0);
        let sign_in = || async {
            use std::sync::atomic::Ordering::Relaxed;
            assert_eq!(under_way.fetch_add(1, Relaxed), 0);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Relaxed);
            Err::<(), _>(Error::Protocol("passes".to_owned()))
        };
        let all = futures::future::join_all((0..5).map(|_| breaker.guard(sign_in())));
        assert!(all.await.iter().all(Result::is_err));
    }
}
