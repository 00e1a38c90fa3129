//! The configuration of rustls: protocol versions, the server's certificate, and whether clients need one.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use super::client::Asked;
use super::in_force::Tls;

/// For a port. actix adds `http/1.1` as the protocol to be spoken in it.
///
/// # Errors
///
/// The provider of cryptography lacks something: a defect.
pub(in crate::http) fn config(tls: &Tls) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(tls.provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    let shown = Arc::new(Shown(tls.clone()));
    if tls.client_auth().is_none() {
        return Ok(builder.with_no_client_auth().with_cert_resolver(shown));
    }
    let mut config = builder
        .with_client_cert_verifier(Arc::new(Asked(tls.clone())))
        .with_cert_resolver(shown);
    // A resumed TLS session would reuse the client's certificate without checking it again.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The certificate for each new handshake: the current one, whatever host name the client sends.
#[derive(Debug)]
struct Shown(Tls);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.pair())
    }
}
