//! Reads the files again when they have changed, and at SIGHUP. What is wrong changes nothing.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::Signal;

use super::in_force::{Look, Seen, Tls};
use crate::telemetry::LIFECYCLE;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Delivery;

/// How often the files are read. Contents are compared and not times, because Kubernetes replaces a link.
const EVERY: Duration = Duration::from_secs(10);

/// How long a pair that is wrong is given to become right: whoever writes two files has written one of them first.
const SETTLES: Duration = Duration::from_secs(1);

/// When the end of a certificate is worth a line in the log: the alert of the chart begins then as well.
const SOON: i64 = 7 * 24 * 3600;

/// Looks at the files for as long as the runtime lives.
pub async fn watch(tls: Tls, metrics: Arc<Metrics>, mut hang_up: Signal) {
    let mut seen = tls.seen();
    warn_of_the_end(&tls);
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            // Whoever asks wants an answer, also about what was told before.
            Some(()) = hang_up.recv() => seen = Seen::Unknown,
        }
        let before = seen;
        let mut look = looked(&tls, seen).await;
        if let Some((Look::Refused(_), _)) = look {
            tokio::time::sleep(SETTLES).await;
            look = looked(&tls, before).await;
        }
        // A panic in there was logged by its hook.
        let Some((look, now)) = look else { continue };
        seen = now;
        match look {
            Look::Same => {}
            Look::Taken => {
                metrics.tls_read(Delivery::Ok);
                let ends = moment(tls.ends());
                tracing::info!(
                    target: LIFECYCLE,
                    event = "certificates_read",
                    %ends,
                    "the files of TLS were read again: new connections are shown a certificate that ends on {ends}"
                );
                warn_of_the_end(&tls);
            }
            Look::Refused(error) => {
                metrics.tls_read(Delivery::Failed);
                tracing::warn!(
                    target: LIFECYCLE,
                    event = "certificates_not_read",
                    "the files of TLS are not taken, what they said before stays in force: {error}"
                );
            }
        }
    }
}

/// A look on a thread where it may wait for the disk, and the state that was seen.
async fn looked(tls: &Tls, mut seen: Seen) -> Option<(Look, Seen)> {
    let tls = tls.clone();
    let look = tokio::task::spawn_blocking(move || {
        let look = tls.look(&mut seen);
        (look, seen)
    });
    look.await.ok()
}

fn warn_of_the_end(tls: &Tls) {
    let ends = tls.ends();
    if ends - Timestamp::now().as_second() < SOON {
        let ends = moment(ends);
        tracing::warn!(target: LIFECYCLE, %ends, "the certificate in TLS_CERT_FILE ends on {ends}");
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}
