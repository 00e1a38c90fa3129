//! The TLS configuration in force: read at the start, replaced as a whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;

use super::files::{Error, Paths, Said};
use super::refusals::Refusals;
use crate::config::{self, ClientAuth};
use crate::telemetry::audit::Audit;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Credential;

/// The TLS of a port. A cheap clone; all clones change together.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    paths: Paths,
    provider: Arc<CryptoProvider>,
    /// Whether clients must show a certificate; `None` where they are not asked for one.
    client_auth: Option<ClientAuth>,
    now: RwLock<Arc<Said>>,
    /// How often it has changed.
    changes: AtomicU64,
    refusals: Refusals,
    metrics: Arc<Metrics>,
}

/// The files as they were when they were last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Whatever they are, somebody wants to know.
    Unknown,
    /// One of them could not be read.
    Away,
    /// Their digest.
    Files([u8; 32]),
}

/// What became of a look at the files.
pub(super) enum Look {
    /// They are as they were.
    Same,
    /// They have changed, and are in force.
    Taken,
    /// They have changed and have errors, so the old ones stay in force.
    Refused(Error),
}

/// Where the files are, if the settings switch TLS on.
fn paths(tls: &config::Tls) -> Option<Paths> {
    Some(Paths {
        certificate: tls.cert_file.clone()?,
        key: tls.key_file.clone()?,
        authorities: tls.client_ca_file.clone(),
    })
}

impl Tls {
    /// As the settings say; `None` where they switch it off.
    ///
    /// # Errors
    ///
    /// The files are not as they must be.
    pub fn start(
        settings: &config::Tls,
        metrics: Arc<Metrics>,
        audit: Audit,
    ) -> Result<Option<Self>, Error> {
        let Some(paths) = paths(settings) else {
            return Ok(None);
        };
        let provider = Arc::new(ring::default_provider());
        let said = paths.read()?.understand(&paths, &provider)?;
        metrics.set_end(Credential::ServerCertificate, said.ends);
        let asks = paths.authorities.is_some();
        Ok(Some(Self(Arc::new(Inner {
            paths,
            provider,
            client_auth: asks.then_some(settings.client_auth),
            now: RwLock::new(Arc::new(said)),
            changes: AtomicU64::new(0),
            refusals: Refusals::new(Arc::clone(&metrics), audit),
            metrics,
        }))))
    }

    /// What is wrong with the files that the settings name.
    ///
    /// # Errors
    ///
    /// That.
    pub fn check(settings: &config::Tls) -> Result<(), Error> {
        let Some(paths) = paths(settings) else {
            return Ok(());
        };
        let provider = Arc::new(ring::default_provider());
        paths.read()?.understand(&paths, &provider).map(|_| ())
    }

    /// Looks at the files, and puts them in force if they have changed since they were last `seen` and are good.
    pub(super) fn look(&self, seen: &mut Seen) -> Look {
        let inner = &self.0;
        let raw = match inner.paths.read() {
            Ok(raw) => raw,
            // A file that is away is told of once.
            Err(_) if *seen == Seen::Away => return Look::Same,
            Err(error) => {
                *seen = Seen::Away;
                return Look::Refused(error);
            }
        };
        let digest = raw.digest();
        if *seen == Seen::Files(digest) {
            return Look::Same;
        }
        // Also when they are refused below: one warning for each change.
        *seen = Seen::Files(digest);
        match raw.understand(&inner.paths, &inner.provider) {
            Ok(said) => {
                inner
                    .metrics
                    .set_end(Credential::ServerCertificate, said.ends);
                *inner.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(said);
                // After the new files are in force, so that a connection which sees the number is
                // judged by them.
                inner.changes.fetch_add(1, Ordering::Release);
                Look::Taken
            }
            Err(error) => Look::Refused(error),
        }
    }

    /// The files that are in force, for the first look.
    pub(super) fn seen(&self) -> Seen {
        Seen::Files(self.now().digest)
    }

    /// When the certificate ends, in seconds since 1970.
    pub(super) fn ends(&self) -> i64 {
        self.now().ends
    }

    /// Whether clients must show a certificate; `None` where they are not asked for one.
    pub(super) fn client_auth(&self) -> Option<ClientAuth> {
        self.0.client_auth
    }

    /// Who judges the certificates of clients now.
    pub(super) fn judge(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.now().judge.clone()
    }

    /// What new handshakes show.
    pub(super) fn pair(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.now().pair)
    }

    pub(super) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.0.provider
    }

    /// How often the files have changed.
    pub(super) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    pub(super) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    fn now(&self) -> Arc<Said> {
        Arc::clone(&self.0.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}
