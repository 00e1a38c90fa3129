//! Reading the files: everything that can be wrong with them is found here, before any of it is in force.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

use crate::telemetry::certificate::validity_of;

/// No chain, key or list of authorities is longer. Lists of revocations can be.
const MOST_BYTES: u64 = 4 << 20;

const CERTIFICATE: &str = "TLS_CERT_FILE";
const KEY: &str = "TLS_KEY_FILE";
const AUTHORITIES: &str = "TLS_CLIENT_CA_FILE";

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Paths {
    /// `TLS_CERT_FILE`.
    pub certificate: PathBuf,
    /// `TLS_KEY_FILE`.
    pub key: PathBuf,
    /// `TLS_CLIENT_CA_FILE`.
    pub authorities: Option<PathBuf>,
}

/// What is wrong, and with which file.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {}: {fault}", path.display())]
pub struct Error {
    /// The setting that names the file.
    pub setting: &'static str,
    path: PathBuf,
    fault: Fault,
}

/// What a file lacks. Nothing of its content is repeated: a key may be in the wrong one.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is no file")]
    NoFile,
    #[error("it has more than {MOST_BYTES} bytes")]
    TooLong,
    #[error("there is no certificate in it; it must begin with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    #[error("certificate {0} in it cannot be read")]
    BadCertificate(usize),
    #[error(
        "there is no private key in it; it must have a line such as -----BEGIN PRIVATE KEY-----"
    )]
    NoKey,
    #[error(
        "the key in it is encrypted, and the server cannot ask for the password; decrypt it with `openssl pkey -in … -out …`"
    )]
    EncryptedKey,
    #[error(
        "the key in it cannot be used: it must be RSA of 2048 bits or more, ECDSA on P-256 or P-384, or Ed25519"
    )]
    UnfitKey,
    #[error("the certificate in it does not match the key in TLS_KEY_FILE")]
    OtherKey,
    #[error("the certificate in it expired on {0}")]
    Ended(Timestamp),
    #[error("the certificate in it is not valid before {0}")]
    NotYet(Timestamp),
    #[error("the revocation lists in it cannot be used: {0}")]
    BadLists(rustls::server::VerifierBuilderError),
}

/// The files as they are, before anything is made of them.
pub(super) struct Raw {
    certificate: Vec<u8>,
    key: SecretSlice<u8>,
    authorities: Option<Vec<u8>>,
}

/// What the files say.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) pair: Arc<CertifiedKey>,
    /// Who judges the certificates of clients, where they are asked for any.
    pub(super) judge: Option<Arc<dyn ClientCertVerifier>>,
    /// When the certificate ends, in seconds since 1970.
    pub(super) ends: i64,
    /// Of the files that say it.
    pub(super) digest: [u8; 32],
}

impl Paths {
    pub(super) fn read(&self) -> Result<Raw, Error> {
        let certificate =
            bytes(&self.certificate).map_err(|fault| self.wrong(CERTIFICATE, fault))?;
        let key = bytes(&self.key).map_err(|fault| self.wrong(KEY, fault))?;
        let authorities = self.authorities.as_deref().map(bytes).transpose();
        Ok(Raw {
            certificate,
            key: key.into(),
            authorities: authorities.map_err(|fault| self.wrong(AUTHORITIES, fault))?,
        })
    }

    fn wrong(&self, setting: &'static str, fault: Fault) -> Error {
        let path = match setting {
            CERTIFICATE => Some(&self.certificate),
            KEY => Some(&self.key),
            _ => self.authorities.as_ref(),
        };
        Error {
            setting,
            path: path.cloned().unwrap_or_default(),
            fault,
        }
    }
}

impl Raw {
    /// Tells one state of the files from another.
    pub(super) fn digest(&self) -> [u8; 32] {
        let key = self.key.expose_secret();
        let mut digest = Sha256::new();
        for part in [
            Some(self.certificate.as_slice()),
            Some(key),
            self.authorities.as_deref(),
        ] {
            let part = part.unwrap_or_default();
            // With the lengths, so that a byte that moves from one file to the next is a change.
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    /// What they say, if all of it can be put in force.
    pub(super) fn understand(
        &self,
        paths: &Paths,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Said, Error> {
        let of_certificate = |fault| paths.wrong(CERTIFICATE, fault);
        let chain = certificates(&self.certificate).map_err(of_certificate)?;
        let key = key(self.key.expose_secret()).map_err(|fault| paths.wrong(KEY, fault))?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|_| paths.wrong(KEY, Fault::UnfitKey))?;
        // Of the chain only the first is this server's; clients check the others.
        let own = chain.first().and_then(|own| validity_of(own));
        let own = own.ok_or_else(|| of_certificate(Fault::BadCertificate(1)))?;
        let now = Timestamp::now();
        let moment = |seconds| Timestamp::from_second(seconds).unwrap_or_default();
        // rustls would serve it, and every client would refuse it: the operator should hear it
        // first.
        if own.ends < now.as_second() {
            return Err(of_certificate(Fault::Ended(moment(own.ends))));
        }
        if own.begins > now.as_second() {
            return Err(of_certificate(Fault::NotYet(moment(own.begins))));
        }
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            // A key that does not tell its public half is not refused for it.
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(of_certificate(Fault::OtherKey));
            }
            Err(_) => return Err(of_certificate(Fault::BadCertificate(1))),
        }
        let judge = self
            .authorities
            .as_deref()
            .map(|text| judge(text, provider));
        Ok(Said {
            pair: Arc::new(pair),
            judge: judge
                .transpose()
                .map_err(|fault| paths.wrong(AUTHORITIES, fault))?,
            ends: own.ends,
            digest: self.digest(),
        })
    }
}

/// A verifier for certificates of these authorities, with their revocation lists.
///
/// Whether a client must show one is asked where there is an answer to give ([`super::client`]), so here it need not.
fn judge(
    text: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Fault> {
    let mut roots = RootCertStore::empty();
    for (place, authority) in certificates(text)?.into_iter().enumerate() {
        let added = roots.add(authority);
        added.map_err(|_| Fault::BadCertificate(place + 1))?;
    }
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(text).collect();
    let unreadable = |error: rustls::pki_types::pem::Error| io::Error::other(error.to_string());
    // If there are revocation lists, a certificate that none of them covers is refused: it may be revoked in a list
    // that is missing.
    WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(provider))
        .with_crls(lists.map_err(unreadable)?)
        // Lists of intermediate authorities are rarely at hand, and asking for them would refuse
        // everybody.
        .only_check_end_entity_revocation()
        .allow_unauthenticated()
        .build()
        .map_err(Fault::BadLists)
}

/// The certificates of a text; one at least.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let mut found = Vec::new();
    for (place, certificate) in CertificateDer::pem_slice_iter(text).enumerate() {
        let certificate = certificate.map_err(|_| Fault::BadCertificate(place + 1))?;
        if validity_of(&certificate).is_none() {
            return Err(Fault::BadCertificate(place + 1));
        }
        found.push(certificate);
    }
    if found.is_empty() {
        return Err(Fault::NoCertificate);
    }
    Ok(found)
}

fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, Fault> {
    let has = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    if has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(Fault::EncryptedKey);
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|_| Fault::NoKey)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Fault> {
    // A pipe would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Fault::NoFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?
        // One more than allowed, to tell a file that is too long from one that just fits.
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Fault::TooLong);
    }
    Ok(bytes)
}
