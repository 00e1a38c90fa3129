//! Keeps the keys of an issuer. They are fetched in the background, and at once when a token names an unknown key.
//!
//! One task fetches, so there is never more than one fetch at a time. Tokens with unknown keys can cause at most one
//! fetch in 30 s.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::discovery::{Fetched, Source};
use crate::identity::token::{Fault, KeySet};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Delivery;

/// How often keys are fetched where the issuer does not say.
const USUAL: Duration = Duration::from_secs(600);

/// The bounds of what the issuer may say (`max-age`).
const OFTEN: Duration = Duration::from_secs(60);
const SELDOM: Duration = Duration::from_secs(3600);

/// The wait before a failed fetch is tried again. It doubles each time, up to a minute.
const AGAIN: Duration = Duration::from_secs(5);

/// How often a token can cause a fetch.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// How long a call waits for keys.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the keys.
#[derive(Debug, Clone, Default)]
pub(in crate::identity) struct Held {
    pub(super) keys: Option<Arc<KeySet>>,
    /// When they were fetched.
    fetched: Option<Instant>,
    /// Whether the last fetch failed.
    pub(super) is_failing: bool,
    /// The numbers of the last fetch that was begun and of the last one that ended.
    begun: u64,
    ended: u64,
}

/// When a token last asked for a fetch, and the number of the fetch it waits for.
#[derive(Debug, Default)]
struct Asked(Option<(Instant, u64)>);

/// The issuer's number in metrics.
#[derive(Debug)]
struct Place(usize, Arc<Metrics>);

/// The keys, and the task that fetches them.
#[derive(Debug)]
pub(in crate::identity) struct Keeper {
    held: watch::Receiver<Held>,
    asked: Mutex<Asked>,
    wake: Arc<Notify>,
    max_stale: Duration,
    /// How long a call waits for keys.
    patience: Duration,
    /// Dropping the keeper ends the task, which then removes its issuer's metrics.
    task: Option<(AbortHandle, Place)>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some((task, Place(place, metrics))) = &self.task {
            task.abort();
            metrics.issuer_left(*place);
        }
    }
}

impl Keeper {
    pub(super) fn start(
        source: Source,
        place: usize,
        max_stale: Duration,
        runtime: &Handle,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let (sender, held) = watch::channel(Held::default());
        let wake = Arc::new(Notify::new());
        let work = keep(
            source,
            place,
            sender,
            Arc::clone(&wake),
            Arc::clone(metrics),
        );
        Self {
            held,
            asked: Mutex::default(),
            wake,
            max_stale,
            patience: PATIENCE,
            task: Some((
                runtime.spawn(work).abort_handle(),
                Place(place, Arc::clone(metrics)),
            )),
        }
    }

    pub(super) fn has_keys(&self) -> bool {
        self.held.borrow().keys.is_some()
    }

    /// The keys to check a token with. Waits if the first ones have not arrived.
    pub(super) async fn keys(&self) -> Result<Arc<KeySet>, Fault> {
        let mut held = self.held.clone();
        // Only at the start. Later, calls never wait for a fetch that runs in the background.
        if held.borrow().keys.is_none() {
            let came = held.wait_for(|held| held.keys.is_some());
            // The sender lives as long as the task.
            drop(tokio::time::timeout(self.patience, came).await);
        }
        let held = held.borrow();
        // Keys that were withdrawn long ago must not work only because the issuer cannot be
        // reached.
        let is_good = held
            .fetched
            .is_some_and(|fetched| fetched.elapsed() <= self.max_stale);
        held.keys
            .clone()
            .filter(|_| is_good)
            .ok_or(Fault::Unavailable)
    }

    /// The keys after a fetch, if one may be made now.
    pub(super) async fn newer(&self) -> Held {
        let mut held = self.held.clone();
        let awaited = self.ask(held.borrow().begun);
        if let Some(number) = awaited {
            let ended = held.wait_for(|held| held.ended >= number);
            drop(tokio::time::timeout(self.patience, ended).await);
        }
        held.borrow().clone()
    }

    /// The number of the fetch to wait for. A fetch that is already running may have read the keys before they changed, so
    /// it does not count.
    fn ask(&self, begun: u64) -> Option<u64> {
        // Each change is a plain assignment, so a poisoned lock holds complete numbers.
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match asked.0 {
            // Tokens with invented keys must not make this server hammer the issuer; they all wait
            // for the one fetch.
            Some((at, number)) if now.saturating_duration_since(at) < ASK_EVERY => Some(number),
            _ => {
                let number = begun + 1;
                asked.0 = Some((now, number));
                self.wake.notify_one();
                Some(number)
            }
        }
    }
}

/// Fetches keys until the keeper is dropped.
async fn keep(
    mut source: Source,
    place: usize,
    held: watch::Sender<Held>,
    wake: Arc<Notify>,
    metrics: Arc<Metrics>,
) {
    let mut failures = 0_u32;
    loop {
        let mut number = 0;
        held.send_modify(|held| {
            // Counted before the fetch, so that whoever asks while it runs waits for the next one.
            held.begun += 1;
            number = held.begun;
        });
        let outcome = source.fetch().await;
        let outcome_word = match &outcome {
            Ok(_) => Delivery::Ok,
            Err(_) => Delivery::Failed,
        };
        metrics.issuer_keys_fetched(place, outcome_word);
        let pause = match &outcome {
            Ok(fetched) => {
                if failures > 0 {
                    tracing::info!(
                        issuer = source.issuer(),
                        "the keys of the issuer can be fetched again"
                    );
                }
                failures = 0;
                // The issuer's own wish, within bounds: `max-age=0` would be a request without
                // pause, a year would never see a new key.
                fetched.max_age.unwrap_or(USUAL).clamp(OFTEN, SELDOM)
            }
            Err(reason) => {
                // One warning for each outage, not for each try.
                if failures == 0 {
                    tracing::warn!(
                        issuer = source.issuer(),
                        "the keys of the issuer could not be fetched, so the old keys stay in force: {reason}"
                    );
                }
                failures = failures.saturating_add(1);
                (AGAIN * (1 << failures.min(5).saturating_sub(1))).min(OFTEN)
            }
        };
        held.send_modify(|held| note(held, number, outcome));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wake.notified() => {}
        }
    }
}

fn note(held: &mut Held, number: u64, outcome: Result<Fetched, String>) {
    held.ended = number;
    held.is_failing = outcome.is_err();
    if let Ok(fetched) = outcome {
        held.fetched = Some(Instant::now());
        held.keys = Some(Arc::new(fetched.keys));
    }
}

#[cfg(test)]
impl Keeper {
    /// One that fetches nothing: the test sends what there is.
    pub(in crate::identity) fn of(max_stale: Duration) -> (Self, watch::Sender<Held>) {
        let (sender, held) = watch::channel(Held::default());
        let keeper = Self {
            held,
            asked: Mutex::default(),
            wake: Arc::default(),
            max_stale,
            // Nothing is ever fetched, so every test that asks waits for it.
            patience: Duration::from_millis(100),
            task: None,
        };
        (keeper, sender)
    }
}

#[cfg(test)]
impl Held {
    pub(in crate::identity) fn with(keys: KeySet) -> Self {
        Self {
            keys: Some(Arc::new(keys)),
            fetched: Some(Instant::now()),
            ..Self::default()
        }
    }

    /// The same, fetched some time ago.
    pub(in crate::identity) fn aged(self, by: Duration) -> Self {
        Self {
            fetched: self.fetched.and_then(|fetched| fetched.checked_sub(by)),
            ..self
        }
    }

    /// The same, after a fetch that a token has caused.
    pub(in crate::identity) fn after_fetch(keys: KeySet) -> Self {
        Self {
            begun: 1,
            ended: 1,
            ..Self::with(keys)
        }
    }
}
