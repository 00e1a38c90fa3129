//! Certificates that were refused in the handshake: counted, and told of in a few lines, whoever sends how many.
//!
//! The address is not known there, only the certificate: its digest is told, by which its owner can be found.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::{CertificateError, Error};

use crate::telemetry::audit::{Audit, Record};
use crate::telemetry::metrics::Metrics;

/// How many lines and records are written in so long.
const LINES: u32 = 10;
const IN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Refusals {
    told: Mutex<Told>,
    metrics: Arc<Metrics>,
    audit: Audit,
}

#[derive(Debug)]
struct Told {
    since: Instant,
    lines: u32,
    /// Refusals that no line tells of yet.
    untold: u64,
}

impl Refusals {
    pub(super) fn new(metrics: Arc<Metrics>, audit: Audit) -> Self {
        let told = Told {
            since: Instant::now(),
            lines: 0,
            untold: 0,
        };
        Self {
            told: Mutex::new(told),
            metrics,
            audit,
        }
    }

    /// Notes one. `certificate` is its digest.
    pub(super) fn note(&self, error: &Error, certificate: impl FnOnce() -> String) {
        self.metrics.certificate_refused();
        // Counted always, told rarely: anybody who reaches the port can cause one.
        let Some(times) = self.times(Instant::now()) else {
            return;
        };
        let (reason, certificate) = (reason(error), certificate());
        tracing::warn!(
            reason,
            certificate,
            times,
            "client certificates were refused"
        );
        self.audit
            .record(Record::refused_certificate(certificate, reason, times));
    }

    /// How many refusals the line reports, if one is due.
    fn times(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(told.since) >= IN {
            told.since = now;
            told.lines = 0;
        }
        told.untold += 1;
        if told.lines >= LINES {
            return None;
        }
        told.lines += 1;
        Some(std::mem::take(&mut told.untold))
    }
}

/// Why, in words of ours.
pub(super) fn reason(error: &Error) -> &'static str {
    let Error::InvalidCertificate(error) = error else {
        return "the client's certificate is not accepted";
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the client's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the client's certificate is not valid yet"
        }
        CertificateError::Revoked => "the client's certificate is revoked",
        CertificateError::UnknownRevocationStatus => {
            "no revocation list covers the client's certificate"
        }
        CertificateError::UnknownIssuer => "the client's certificate is from another authority",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the client's certificate is not meant for clients"
        }
        _ => "the client's certificate is not accepted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_few_lines_are_written() {
        let refusals = Refusals::new(Arc::new(Metrics::new().unwrap()), Audit::default());
        let now = Instant::now();
        let told = (0..1000).filter_map(|_| refusals.times(now));
        assert_eq!(told.collect::<Vec<_>>(), [1; LINES as usize]);
        assert_eq!(refusals.times(now + IN), Some(1001 - u64::from(LINES)));
    }

    #[test]
    fn every_reason_fits_into_a_record() {
        for error in [
            CertificateError::Expired,
            CertificateError::NotValidYet,
            CertificateError::Revoked,
            CertificateError::UnknownRevocationStatus,
            CertificateError::UnknownIssuer,
            CertificateError::InvalidPurpose,
            CertificateError::BadSignature,
        ] {
            let reason = reason(&Error::InvalidCertificate(error));
            assert!(reason.len() <= 64, "{reason}");
        }
    }
}
