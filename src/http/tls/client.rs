//! Client certificates: an additional protection in front of keys and tokens.
//!
//! One that is not good is refused in the handshake. Whether one must be shown is asked of each request: there it can be said what
//! is missing and to whom, and probes need none. A connection goes on for as long as its certificate is good, so that one that was
//! taken back opens nothing within seconds.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, web};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};
use sha2::{Digest, Sha256};

use super::in_force::Tls;
use super::refusals::reason;
use crate::config::ClientAuth;
use crate::http::answer::Refusal;
use crate::http::strangers::Strangers;
use crate::telemetry::certificate::end_of;
use crate::telemetry::hex;
use crate::telemetry::metrics::Metrics;

const REQUIRED: Refusal = Refusal {
    code: "certificate_required",
    message: "this server requires a client certificate, and the connection has none",
    hint: "give your client a certificate and its key; TLS_CLIENT_CA_FILE of the server has the accepted authorities",
};

const NOT_GOOD: Refusal = Refusal {
    code: "certificate_not_accepted",
    message: "the client's certificate is not accepted any more",
    hint: "it may have expired or been revoked: get a new one, and connect again",
};

/// Paths that are answered without a certificate where they have no port of their own: kubelets have none.
const PROBES: [&str; 4] = ["/livez", "/healthz", "/readyz", "/startupz"];

/// Bytes of a digest that name a certificate.
const NAME_BYTES: usize = 16;

/// The digest by which a certificate is named: the first 16 bytes of its SHA-256.
pub(super) fn name_of(certificate: &[u8]) -> String {
    hex(Sha256::digest(certificate).iter().take(NAME_BYTES))
}

/// A certificate that was good in its handshake.
#[derive(Debug)]
pub(in crate::http) struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    pub(in crate::http) name: String,
    ends: i64,
    /// How often the files had changed when it was last judged.
    judged_at: AtomicU64,
}

/// Notes the certificate of a new connection.
pub(in crate::http) fn note(tls: &Tls, stream: &dyn Any, connection: &mut Extensions) {
    // Before the certificate is looked at: a change in between has it judged again.
    let judged_at = tls.changes().saturating_sub(1);
    let stream = stream.downcast_ref::<TlsStream<TcpStream>>();
    let chain = stream.and_then(|stream| stream.get_ref().1.peer_certificates());
    if let Some([own, between @ ..]) = chain {
        connection.insert(Certificate {
            name: name_of(own),
            ends: end_of(own).unwrap_or_default(),
            chain: std::iter::once(own)
                .chain(between)
                .map(|certificate| certificate.clone().into_owned())
                .collect(),
            judged_at: AtomicU64::new(judged_at),
        });
    }
}

impl Certificate {
    /// Whether it is good now.
    fn judge(&self, tls: &Tls) -> Result<(), &'static str> {
        let now = UnixTime::now();
        // Connections live for hours, and a certificate may end in the middle of one.
        if i64::try_from(now.as_secs()).unwrap_or(i64::MAX) > self.ends {
            return Err("the client's certificate has expired");
        }
        let changes = tls.changes();
        // The whole check costs a signature, so it is made once for each change of the files.
        if self.judged_at.load(Ordering::Relaxed) == changes {
            return Ok(());
        }
        let (Some(judge), Some((own, between))) = (tls.judge(), self.chain.split_first()) else {
            return Ok(());
        };
        judge
            .verify_client_cert(own, between, now)
            .map_err(|error| reason(&error))?;
        self.judged_at.store(changes, Ordering::Relaxed);
        Ok(())
    }
}

/// The layer that asks for it.
pub(in crate::http) async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(tls) = request.app_data::<web::Data<Tls>>().cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let refused = match (request.conn_data::<Certificate>(), tls.client_auth()) {
        (Some(certificate), _) => certificate.judge(&tls).err().map(|why| (NOT_GOOD, why)),
        // Kubernetes' probes can show no certificate.
        (None, Some(ClientAuth::Required)) if !PROBES.contains(&request.path()) => {
            Some((REQUIRED, "no certificate of the client"))
        }
        _ => None,
    };
    let Some((refusal, reason)) = refused else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    if let Some(metrics) = request.app_data::<web::Data<Metrics>>() {
        metrics.certificate_refused();
    }
    if let Some(strangers) = request.app_data::<web::Data<Strangers>>().cloned() {
        let address = request.peer_addr().map(|address| address.ip());
        strangers.refuse(address, reason, false).await;
    }
    let answer = refusal.answer(StatusCode::FORBIDDEN, |answer| {
        // Another certificate needs another connection.
        answer.force_close();
    });
    Ok(request.into_response(answer).map_into_right_body())
}

/// Called by rustls: the verifier in force checks the certificate, and refusals are recorded.
#[derive(Debug)]
pub(super) struct Asked(pub(super) Tls);

impl ClientCertVerifier for Asked {
    fn client_auth_mandatory(&self) -> bool {
        // Asked for each request, by `check`.
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // They would have to outlive a change of the files. Without them clients choose by themselves.
        &[]
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let Some(judge) = self.0.judge() else {
            // Cannot happen: it is called only if there is one.
            return Err(rustls::Error::General("nobody to judge".to_owned()));
        };
        let verdict = judge.verify_client_cert(own, between, now);
        verdict.inspect_err(|error| self.0.refusals().note(error, || name_of(own)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.0.provider().signature_verification_algorithms;
        known.supported_schemes()
    }
}
