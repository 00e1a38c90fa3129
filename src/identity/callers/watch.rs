//! Reads `CALLERS_FILE` again when it has changed. A file that is wrong changes nothing: the one before stays in force.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::base::Base;
use super::reading::{Callers, CallersError, bytes, parse};
use crate::telemetry::LIFECYCLE;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Delivery;

/// How often the file is read: a key that was removed is refused within about this time.
const EVERY: Duration = Duration::from_secs(10);

/// Looks at the file for as long as the runtime lives, and hands over what changed since the state with the digest `taken`.
/// Contents are compared and not times, because Kubernetes replaces a link.
pub async fn watch(
    path: PathBuf,
    taken: [u8; 32],
    base: Base,
    metrics: Arc<Metrics>,
    replace: impl Fn(Callers) + Send + Sync + 'static,
) {
    let mut seen = Some(taken);
    let base = Arc::new(base);
    loop {
        tokio::time::sleep(EVERY).await;
        let (path, base) = (path.clone(), Arc::clone(&base));
        let known = seen;
        let look = move || {
            let bytes = bytes(&path);
            let now = digest(&bytes);
            let has_changed = now != known;
            (
                now,
                has_changed.then(|| bytes.and_then(|bytes| parse(&bytes, &base))),
            )
        };
        // A panic in there was logged by its hook.
        let Ok((now, read)) = tokio::task::spawn_blocking(look).await else {
            continue;
        };
        seen = now;
        match read {
            None => {}
            Some(Ok(callers)) => {
                metrics.callers_read(Delivery::Ok);
                tracing::info!(target: LIFECYCLE, event = "callers_read", keys = callers.len(), "CALLERS_FILE was read again");
                replace(callers);
            }
            Some(Err(error)) => {
                metrics.callers_read(Delivery::Failed);
                tracing::warn!(
                    "CALLERS_FILE has changed and is not taken, what it said before stays in force: {error}"
                );
            }
        }
    }
}

/// What tells one state of the file from another; a file that cannot be read is a state too.
fn digest(bytes: &Result<Vec<u8>, CallersError>) -> Option<[u8; 32]> {
    bytes
        .as_ref()
        .ok()
        .map(|bytes| Sha256::digest(bytes).into())
}
