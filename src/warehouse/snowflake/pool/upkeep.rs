//! What happens to sessions while nobody asks: warmed up at the start, kept alive, retired, filled up again.
//!
//! `mobc` looks at an idle session only when it is handed out, the youngest first, so those at the bottom would rot.

use std::time::Duration;

use futures::future::join_all;

use super::{Pool, queue};
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
    for sessions in pool.all_queues() {
        let mut quiet = Vec::new();
        for connection in queue::idle(&sessions).await {
            let idle = connection.session.idle();
            if pool.open() > sizes.min && idle > sizes.max_inactive {
                connection.into_inner().close(Closed::Inactive);
            } else if idle > sizes.health_check {
                quiet.push(connection);
            }
            // The others go back at once: somebody may be waiting.
        }
        let asked = quiet.iter().map(|connection| async {
            if let Err(error) = connection.session.heartbeat().await {
                tracing::debug!("an idle session did not answer: {error}");
            }
        });
        join_all(asked).await;
    }
}

/// Opens what is missing to the minimum, all at once.
async fn fill_up(pool: &Pool) {
    let min = pool.0.sizes.min.min(pool.max());
    let missing = min.saturating_sub(pool.open());
    // Nobody is there: no window every few seconds.
    if missing == 0 || pool.0.shared.sign_in.is_unattended() {
        return;
    }
    let sessions = pool.queue(None);
    // Held until all are there: given back one by one, the first would be taken for the second.
    let idle = queue::idle(&sessions).await;
    let opened = join_all((0..missing).map(|_| sessions.get())).await;
    for failed in opened.iter().filter_map(|opened| opened.as_ref().err()) {
        tracing::debug!("a session could not be opened ahead of need: {failed}");
    }
    drop((idle, opened));
}
