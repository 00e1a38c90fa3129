//! What happens to sessions while nobody asks: warmed up at the start, kept alive, retired, filled up again.
//!
//! `mobc` looks at an idle session only when it is handed out, the youngest first, so those at the bottom would rot. They
//! are looked at where they lie; one that is ended here is found out by `mobc` at check-out.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::inner::Inner;
use super::login::Login;
use super::manager::Sessions;
use crate::telemetry::metrics::labels::{Closed, Credential};

/// How often idle sessions are looked at; more often when `SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES` is shorter.
const EVERY: Duration = Duration::from_secs(30);

/// Starts the work, which ends when the pool is closed. `sessions` are those of the configured role.
pub(super) fn start(inner: Arc<Inner>, sessions: Sessions) {
    let runtime = inner.runtime.clone();
    runtime.spawn(tell_lifetimes(Arc::clone(&inner)));
    runtime.spawn(keep_up(inner, sessions));
}

async fn keep_up(inner: Arc<Inner>, sessions: Sessions) {
    let sizes = &inner.sizes;
    let every = EVERY
        .min(sizes.health_check / 2)
        .min(sizes.of_persons.max_inactive / 2);
    while !inner.members.is_closing() {
        look_after(&inner).await;
        fill_up(&inner, &sessions).await;
        tokio::time::sleep(every).await;
    }
}

/// By itself: the mount that a key or token lies on may hang, which is no reason to let sessions rot.
async fn tell_lifetimes(inner: Arc<Inner>) {
    while !inner.members.is_closing() {
        tell_lifetime(&inner).await;
        tokio::time::sleep(EVERY).await;
    }
}

/// Whoever renews a key or token writes its file while the service runs.
async fn tell_lifetime(inner: &Inner) {
    let lifetime = inner.shared.sign_in.lifetime().await;
    let metrics = &inner.shared.metrics;
    metrics.set_end(Credential::Token, lifetime.token_ends.unwrap_or_default());
    metrics.set_key_written(lifetime.key_written.unwrap_or_default());
}

/// Retires idle sessions that are too old or too long unused, and keeps the others alive.
async fn look_after(inner: &Inner) {
    let sizes = &inner.sizes;
    let mut quiet = Vec::new();
    for member in inner.members.idle() {
        let idle = member.session.idle();
        let is_idle_for_long = if member.is_of_service() {
            // Below the minimum the same would be opened again at once.
            inner.members.open_of_service() > sizes.min && idle > sizes.max_inactive
        } else {
            idle > sizes.of_persons.max_inactive
        };
        if !member.is_fit() {
            member.end_idle(Closed::Age);
        } else if is_idle_for_long {
            member.end_idle(Closed::Inactive);
        } else if idle > sizes.health_check {
            quiet.push(member);
        }
    }
    // A caller may take one meanwhile: asking whether it is there disturbs no statement.
    let asked = quiet.iter().map(|member| async {
        if let Err(error) = member.session.heartbeat().await {
            tracing::debug!("an idle session did not answer: {error}");
            member.end_idle(Closed::Unfit);
        }
    });
    join_all(asked).await;
}

/// Opens what is missing to the minimum, all at once.
async fn fill_up(inner: &Inner, sessions: &Sessions) {
    let min = inner.sizes.min.min(inner.max());
    let missing = min.saturating_sub(inner.members.open_of_service());
    // Nobody is there: no window every few seconds.
    let sign_in = &inner.shared.sign_in;
    if missing == 0 || sign_in.is_unattended() || sign_in.is_nobody() {
        return;
    }
    let login = Login {
        person: None,
        role: inner.shared.defaults.role.clone(),
    };
    let idle = inner.members.idle();
    let idle = idle.iter().filter(|member| member.is_of(&login)).count();
    // Upkeep takes permits like any caller, so it never uses a slot that a statement waits for.
    let permits = (0..idle + missing).map_while(|_| inner.gate.try_enter(&Inner::own()));
    let permits: Vec<_> = permits.collect();
    let opening = permits.into_iter().map(|permit| async {
        match sessions.get().await {
            Err(error) => {
                tracing::debug!("a session could not be opened in advance: {error}");
                None
            }
            Ok(new) if new.is_brand_new() => None,
            // Held until all are there: otherwise it would be taken for the next one that is missing.
            Ok(idle) => Some((idle, permit)),
        }
    });
    drop(join_all(opening).await);
}
