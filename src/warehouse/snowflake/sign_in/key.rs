//! The private key: from its file or its text, opened with the passphrase, and read again when the file changes. What
//! keys look like when people bring them is in [`form`].

mod form;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;
use pkcs8::EncryptedPrivateKeyInfo;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use self::form::Form;
use super::error::{Error, KeyFault};
use crate::config::types::Secret;

/// Above any key's file, below what would hurt: the path may be wrong.
const LARGEST_FILE: u64 = 64 * 1024;

/// Where the private key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file, read again when it changes.
    File {
        /// The file.
        path: PathBuf,
        /// What opens it.
        passphrase: Option<Secret>,
    },
    /// The key itself, in any of its forms.
    Text {
        /// The text.
        text: Secret,
        /// What opens it.
        passphrase: Option<Secret>,
    },
}

/// A key that is ready to sign.
pub(super) struct SigningKey {
    pub(super) signer: EncodingKey,
    /// How Snowflake names the public half: `SHA256:<base64>`.
    pub(super) fingerprint: String,
}

/// The key in force.
pub(super) struct KeyRing {
    source: KeySource,
    current: Mutex<Option<(Stamp, Arc<SigningKey>)>>,
}

/// What tells a changed file from the one that was read. `None` where there is no file.
type Stamp = Option<(SystemTime, u64)>;

impl KeyRing {
    pub(super) const fn new(source: KeySource) -> Self {
        Self {
            source,
            current: Mutex::new(None),
        }
    }

    /// The key as it is now. Reads files and may derive a key from a passphrase: call it where blocking is fine.
    ///
    /// A key that was good once stays in force while its file is gone or half-written: whoever rotates keys should not
    /// have to do it atomically.
    pub(super) fn current(&self) -> Result<Arc<SigningKey>, Error> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let path = match &self.source {
            KeySource::Text { text, passphrase } => {
                if let Some((_, key)) = &*current {
                    return Ok(Arc::clone(key));
                }
                let key = read(text.expose_secret().as_bytes(), passphrase.as_ref()).map_err(
                    |fault| Error::Key {
                        setting: "SNOWFLAKE_PRIVATE_KEY",
                        fault,
                    },
                )?;
                let key = Arc::new(key);
                *current = Some((None, Arc::clone(&key)));
                return Ok(key);
            }
            KeySource::File { path, .. } => path,
        };
        match (self.read_file(path, &current), &*current) {
            (Ok(Some((stamp, key))), _) => {
                *current = Some((stamp, Arc::clone(&key)));
                Ok(key)
            }
            (Ok(None), Some((_, key))) => Ok(Arc::clone(key)),
            (Err(error), Some((_, key))) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the private key changed and cannot be used yet; signing in with the one read before"
                );
                Ok(Arc::clone(key))
            }
            (Err(error), None) => Err(error),
            (Ok(None), None) => Err(Error::Internal {
                message: "no private key was read",
                source: None,
            }),
        }
    }

    /// When the file was last written; `None` where there is none.
    pub(super) fn written(&self) -> Option<SystemTime> {
        match &self.source {
            KeySource::File { path, .. } => fs::metadata(path).ok()?.modified().ok(),
            KeySource::Text { .. } => None,
        }
    }

    /// The file's key, or `None` when it is the one that was read before.
    fn read_file(
        &self,
        path: &Path,
        current: &Option<(Stamp, Arc<SigningKey>)>,
    ) -> Result<Option<(Stamp, Arc<SigningKey>)>, Error> {
        let setting = "SNOWFLAKE_PRIVATE_KEY_PATH";
        let unreadable = |source| Error::File {
            setting,
            path: path.to_owned(),
            source,
        };
        let about = fs::metadata(path).map_err(unreadable)?;
        // Time and length: some volumes keep the time of writing when a file is replaced.
        let stamp = Some((about.modified().map_err(unreadable)?, about.len()));
        if current.as_ref().is_some_and(|(known, _)| *known == stamp) {
            return Ok(None);
        }
        let fault = |fault| Error::Key { setting, fault };
        // Before it is read: a wrong path may name a file of gigabytes.
        if about.len() > LARGEST_FILE {
            return Err(fault(KeyFault::NotAKey));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let passphrase = match &self.source {
            KeySource::File { passphrase, .. } | KeySource::Text { passphrase, .. } => passphrase,
        };
        let key = read(&bytes, passphrase.as_ref()).map_err(fault)?;
        Ok(Some((stamp, Arc::new(key))))
    }
}

fn read(text: &[u8], passphrase: Option<&Secret>) -> Result<SigningKey, KeyFault> {
    let key = match form::of(text)? {
        Form::Pkcs1(der) => RsaPrivateKey::from_pkcs1_der(&der).map_err(|_| KeyFault::NotAKey)?,
        Form::Pkcs8(der) => from_pkcs8(&der)?,
        Form::Encrypted(der) => {
            let passphrase = passphrase.ok_or(KeyFault::PassphraseMissing)?;
            let sealed = EncryptedPrivateKeyInfo::try_from(der.as_slice())
                .map_err(|_| KeyFault::OldEncryption)?;
            let opened = sealed
                .decrypt(passphrase.expose_secret())
                .map_err(|error| opening(&error))?;
            // The same by an even greater chance: it can be read, and is no key.
            from_pkcs8(opened.as_bytes()).map_err(|fault| match fault {
                KeyFault::NotAKey => KeyFault::PassphraseWrong,
                other => other,
            })?
        }
    };
    let bits = key.size() * 8;
    // Snowflake asks for 2048 bits; the signer signs with up to 4096.
    if !(2048..=4096).contains(&bits) {
        return Err(KeyFault::Size { bits });
    }
    let public = key
        .to_public_key()
        .to_public_key_der()
        .map_err(|_| KeyFault::NotAKey)?;
    let private = key.to_pkcs1_der().map_err(|_| KeyFault::NotAKey)?;
    Ok(SigningKey {
        signer: EncodingKey::from_rsa_der(private.as_bytes()),
        fingerprint: format!(
            "SHA256:{}",
            STANDARD.encode(Sha256::digest(public.as_bytes()))
        ),
    })
}

fn opening(error: &pkcs8::Error) -> KeyFault {
    use pkcs8::pkcs5::Error as Pkcs5;
    match error {
        // pkcs5 0.7 reports bad padding after decryption as a failure to encrypt.
        pkcs8::Error::EncryptedPrivateKey(Pkcs5::DecryptFailed | Pkcs5::EncryptFailed)
        // One wrong passphrase in 256 ends in valid padding by chance; what comes out is nothing that could be read.
        | pkcs8::Error::Asn1(_) => KeyFault::PassphraseWrong,
        _ => KeyFault::OldEncryption,
    }
}

fn from_pkcs8(der: &[u8]) -> Result<RsaPrivateKey, KeyFault> {
    let info = pkcs8::PrivateKeyInfo::try_from(der).map_err(|_| KeyFault::NotAKey)?;
    if info.algorithm.oid != rsa::pkcs1::ALGORITHM_OID {
        return Err(KeyFault::NotRsa);
    }
    RsaPrivateKey::from_pkcs8_der(der).map_err(|_| KeyFault::NotAKey)
}

#[cfg(test)]
mod tests;
