//! The keys of an issuer, read one by one: a key that cannot be used does not spoil the others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::algorithm::Material;
use crate::config::TokenAlgorithm;

/// Keys in a set. Issuers have two to ten.
const MOST_KEYS: usize = 100;

/// How many keys are tried for a token that names none.
const MOST_TRIED: usize = 4;

/// Bytes of the shortest RSA modulus, and of the longest that ring takes.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The keys that tokens of one issuer are checked with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::identity) struct KeySet(Vec<Key>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    id: Option<String>,
    /// What the set says the key is for, if it does.
    algorithm: Option<TokenAlgorithm>,
    material: Material,
}

impl KeySet {
    /// Reads a set (RFC 7517). Keys that cannot check a token are left out.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words of our own.
    pub(in crate::identity) fn read(body: &[u8]) -> Result<Self, &'static str> {
        let set: Value = serde_json::from_slice(body).map_err(|_| "the key set is not JSON")?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or("the key set has no list `keys`")?;
        // A token without `kid` is tried with each key, so the number bounds the cost of a request.
        if keys.len() > MOST_KEYS {
            return Err("the key set has more than 100 keys");
        }
        let keys: Vec<Key> = keys.iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err("the key set has no key that can check a token");
        }
        Ok(Self(keys))
    }

    /// Whether there is a key of this name for this kind of signature; without a name, any key for it.
    pub(in crate::identity) fn has(&self, id: Option<&str>, algorithm: TokenAlgorithm) -> bool {
        self.candidates(id, algorithm).next().is_some()
    }

    /// Whether one of the keys of this name made the signature.
    pub(in crate::identity) fn verifies(
        &self,
        id: Option<&str>,
        algorithm: TokenAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.candidates(id, algorithm)
            .take(MOST_TRIED)
            .any(|key| key.material.verifies(algorithm, message, signature))
    }

    fn candidates(
        &self,
        id: Option<&str>,
        algorithm: TokenAlgorithm,
    ) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| {
            id.is_none_or(|id| key.id.as_deref() == Some(id))
                && key.algorithm.is_none_or(|own| own == algorithm)
                && key.material.fits(algorithm)
        })
    }
}

impl Key {
    /// Reads one key; `None` if it cannot check tokens.
    fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        // Issuers publish keys for encryption in the same set.
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if let Some(operations) = key.get("key_ops") {
            let operations = operations.as_array()?;
            operations.iter().find(|operation| *operation == "verify")?;
        }
        let algorithm = match text("alg") {
            // Compared exactly: JOSE's names are case-sensitive.
            Some(name) => Some(super::form::algorithm_named(name)?),
            None => None,
        };
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let modulus = without_zeros(bytes("n")?);
                // 2048 bits are 256 bytes whose first bit is set.
                let is_short = modulus.len() == *RSA_BYTES.start()
                    && modulus.first().is_none_or(|it| *it < 0x80);
                if !RSA_BYTES.contains(&modulus.len()) || is_short {
                    return None;
                }
                let exponent = without_zeros(bytes("e")?);
                Material::Rsa { modulus, exponent }
            }
            ("EC", Some("P-256")) => Material::P256(point(&bytes("x")?, &bytes("y")?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(&bytes("x")?, &bytes("y")?, 48)?),
            ("OKP", Some("Ed25519")) => {
                Material::Ed25519(bytes("x").filter(|point| point.len() == 32)?)
            }
            _ => return None,
        };
        Some(Self {
            id: text("kid").map(ToOwned::to_owned),
            algorithm,
            material,
        })
    }
}

fn without_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

/// A point in the uncompressed form.
fn point(x: &[u8], y: &[u8], length: usize) -> Option<Vec<u8>> {
    (x.len() == length && y.len() == length).then(|| [&[4], x, y].concat())
}
