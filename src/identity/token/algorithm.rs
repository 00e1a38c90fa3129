//! Signatures by public keys. Shared secrets (`HS256`) and unsigned tokens (`none`) are not supported on purpose.

use ring::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::config::TokenAlgorithm;

/// A public key, as ring takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// The point, uncompressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Material {
    /// Whether a signature of this kind can be made with the key.
    pub(super) fn fits(&self, algorithm: TokenAlgorithm) -> bool {
        use TokenAlgorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        matches!(
            (self, algorithm),
            (
                Self::Rsa { .. },
                Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512
            ) | (Self::P256(_), Es256)
                | (Self::P384(_), Es384)
                | (Self::Ed25519(_), EdDsa)
        )
    }

    /// Whether the key's owner signed the message. ring refuses RSA keys under 2048 bits.
    pub(super) fn verifies(
        &self,
        algorithm: TokenAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let verdict = match self {
            Self::Rsa { modulus, exponent } => match rsa(algorithm) {
                // The key's type and the token's algorithm must fit. Otherwise an RSA key could be
                // taken for material of another scheme.
                Some(parameters) => RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                }
                .verify(parameters, message, signature),
                None => return false,
            },
            Self::P256(point) | Self::P384(point) => match ecdsa(algorithm) {
                Some(algorithm) => {
                    UnparsedPublicKey::new(algorithm, point).verify(message, signature)
                }
                None => return false,
            },
            Self::Ed25519(point) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(message, signature)
            }
        };
        verdict.is_ok()
    }
}

fn rsa(algorithm: TokenAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        TokenAlgorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        TokenAlgorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        TokenAlgorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        TokenAlgorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        TokenAlgorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        TokenAlgorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn ecdsa(algorithm: TokenAlgorithm) -> Option<&'static EcdsaVerificationAlgorithm> {
    match algorithm {
        TokenAlgorithm::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        TokenAlgorithm::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
        _ => None,
    }
}
