//! Reads the files again when they have changed, and at SIGHUP. If they have errors, the old ones stay in force.

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

/// How long to wait before files that do not match are reported: when two files are replaced, one of them is written
/// first.
const SETTLES: Duration = Duration::from_secs(1);

/// When the end of a certificate is worth a line in the log: the alert of the chart begins then as well.
const SOON: i64 = 7 * 24 * 3600;

/// How often it is logged from then on, so that a process that runs for months logs it too.
const AGAIN: i64 = 24 * 3600;

/// Looks at the files for as long as the runtime lives.
pub async fn watch(tls: Tls, metrics: Arc<Metrics>, mut hang_up: Signal) {
    let mut seen = tls.seen();
    let mut warned = Warned::default();
    loop {
        warned.of_the_end(tls.ends());
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            // Whoever asks wants an answer, also about what was told before.
            Some(()) = hang_up.recv() => seen = Seen::Unknown,
        }
        let before = seen;
        let mut look = looked(&tls, seen).await;
        if let Some((Look::Refused(_), _)) = look {
            // Certificate and key are two files, and tools write them one after the other.
            tokio::time::sleep(SETTLES).await;
            // With what was seen before the first look; otherwise the files would count as known.
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
                    "the TLS files were read again: new connections use a certificate that expires on {ends}"
                );
                warned = Warned::default();
            }
            Look::Refused(error) => {
                metrics.tls_read(Delivery::Failed);
                tracing::warn!(
                    target: LIFECYCLE,
                    event = "certificates_not_read",
                    "the TLS files have errors, so the old certificate stays in force: {error}"
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

/// What was last told of the end of a certificate.
#[derive(Debug, Default)]
struct Warned {
    /// When, in seconds since 1970.
    at: Option<i64>,
    /// Whether it had ended by then.
    as_ended: bool,
}

impl Warned {
    fn of_the_end(&mut self, ends: i64) {
        match (
            self.is_due(ends, Timestamp::now().as_second()),
            moment(ends),
        ) {
            (None, _) => {}
            (Some(false), ends) => {
                tracing::warn!(target: LIFECYCLE, %ends, "the certificate in TLS_CERT_FILE expires on {ends}: write a new one there; it is read without a restart");
            }
            (Some(true), ends) => {
                tracing::error!(target: LIFECYCLE, %ends, "the certificate in TLS_CERT_FILE expired on {ends}, so clients refuse it: write a new one there; it is read without a restart");
            }
        }
    }

    /// Whether it has ended, where that is to be told now.
    fn is_due(&mut self, ends: i64, now: i64) -> Option<bool> {
        let has_ended = ends < now;
        let is_news = self.at.is_none_or(|at| now - at >= AGAIN) || has_ended != self.as_ended;
        if ends - now >= SOON || !is_news {
            return None;
        }
        *self = Self {
            at: Some(now),
            as_ended: has_ended,
        };
        Some(has_ended)
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_of_when_it_is_near_once_a_day_and_when_it_has_come() {
        const DAY: i64 = 24 * 3600;
        let ends = 30 * DAY;
        let mut warned = Warned::default();
        let looks = (0..=32 * 24).map(|hour| hour * 3600);
        let told: Vec<_> = looks
            .filter_map(|now| Some((now, warned.is_due(ends, now)?)))
            .collect();
        let days = |from: i64, to: i64| (from..=to).map(|day| day * DAY);
        let near = std::iter::once(23 * DAY + 3600).chain(days(24, 29).map(|at| at + 3600));
        let over = [30 * DAY + 3600, 31 * DAY + 3600].map(|at| (at, true));
        let expected: Vec<_> = near.map(|at| (at, false)).chain(over).collect();
        assert_eq!(told, expected);
    }
}
