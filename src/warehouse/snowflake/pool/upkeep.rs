//! What happens to sessions while nobody asks: warmed up at the start, kept alive, retired, filled up again.
//!
//! `mobc` looks at an idle session only when it is handed out, the youngest first, so those at the bottom would rot. They
//! are looked at where they lie; one that is ended here is found out by `mobc` at check-out.

use std::time::Duration;

use futures::future::join_all;

use super::Pool;
use crate::telemetry::metrics::labels::Closed;

/// How often idle sessions are looked at; more often when `SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES` is shorter.
const EVERY: Duration = Duration::from_secs(30);

/// Starts the work, which ends when the pool is closed.
pub(super) fn start(pool: &Pool) {
    pool.0.runtime.spawn(keep_up(pool.clone()));
}

async fn keep_up(pool: Pool) {
    let every = EVERY.min(pool.0.sizes.health_check / 2);
    while !pool.is_closing() {
        look_after(&pool).await;
        fill_up(&pool).await;
        tokio::time::sleep(every).await;
    }
}

/// Retires idle sessions that are too old or too long unused, and keeps the others alive.
async fn look_after(pool: &Pool) {
    let sizes = &pool.0.sizes;
    let mut quiet = Vec::new();
    for member in pool.members().idle() {
        let idle = member.session.idle();
        if !member.is_fit() {
            member.end_idle(Closed::Age);
        } else if pool.members().open() > sizes.min && idle > sizes.max_inactive {
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
async fn fill_up(pool: &Pool) {
    let min = pool.0.sizes.min.min(pool.max());
    let missing = min.saturating_sub(pool.members().open());
    // Nobody is there: no window every few seconds.
    if missing == 0 || pool.0.shared.sign_in.is_unattended() {
        return;
    }
    let role = pool.0.shared.defaults.role.as_ref();
    let sessions = pool.sessions(None);
    let idle = pool.members().idle();
    let idle = idle.iter().filter(|member| member.is_of(role)).count();
    let permits = (0..idle + missing).map_while(|_| pool.0.gate.try_enter(&Pool::own()));
    let permits: Vec<_> = permits.collect();
    let opening = permits.into_iter().map(|permit| async {
        match sessions.get().await {
            Err(error) => {
                tracing::debug!("a session could not be opened ahead of need: {error}");
                None
            }
            Ok(new) if new.is_brand_new() => None,
            // Held until all are there: otherwise it would be taken for the next one that is missing.
            Ok(idle) => Some((idle, permit)),
        }
    });
    drop(join_all(opening).await);
}
