//! What happens to sessions while nobody asks: warmed up at the start, kept alive, retired, filled up again.
//!
//! `mobc` looks at an idle session only when it is handed out, the youngest first, so those at the bottom would rot.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::future::join_all;

use super::{Inner, Pool};

/// How often idle sessions are looked at; more often when `SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES` is shorter.
const EVERY: Duration = Duration::from_secs(30);

/// Starts the work, which ends with the pool.
pub(super) fn start(pool: &Pool) {
    let inner = Arc::downgrade(&pool.0);
    let every = EVERY.min(pool.0.sizes.health_check / 2);
    pool.0.runtime.spawn(keep_up(inner, every));
}

async fn keep_up(inner: Weak<Inner>, every: Duration) {
    loop {
        match inner.upgrade().map(Pool) {
            Some(pool) if !pool.0.is_closing.load(Ordering::Relaxed) => {
                look_after(&pool).await;
                fill_up(&pool).await;
            }
            _ => return,
        }
        tokio::time::sleep(every).await;
    }
}

/// Retires idle sessions that are too old or too long unused, and keeps the others alive.
async fn look_after(pool: &Pool) {
    let sizes = &pool.0.sizes;
    let min = usize::try_from(sizes.min).unwrap_or(usize::MAX);
    let queues: Vec<_> = pool.roles().values().cloned().collect();
    for sessions in queues {
        let mut quiet = Vec::new();
        for connection in Pool::idle(&sessions).await {
            let idle = connection.session.idle();
            let is_spare = pool.0.open.load(Ordering::Relaxed) > min;
            if is_spare && idle > sizes.max_inactive {
                drop(connection.into_inner());
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
    let min = usize::try_from(pool.0.sizes.min).unwrap_or(usize::MAX);
    let missing = min.saturating_sub(pool.0.open.load(Ordering::Relaxed));
    if missing == 0 {
        return;
    }
    let Ok(sessions) = pool.sessions_of(pool.0.shared.defaults.role.as_ref()) else {
        return;
    };
    // Held until all are there: given back one by one, the first would be taken for the second.
    let idle = Pool::idle(&sessions).await;
    let opened = join_all((0..missing).map(|_| sessions.get())).await;
    for failed in opened.iter().filter_map(|opened| opened.as_ref().err()) {
        tracing::debug!("a session could not be opened ahead of need: {failed}");
    }
    drop((idle, opened));
}
