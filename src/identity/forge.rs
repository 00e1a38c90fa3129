//! Keys and tokens for tests: real ones, and those that somebody would like to be taken for real.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaKeyPair,
};
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

/// A key with its public half as an issuer publishes it.
pub(super) struct SigningKey {
    pub(super) jwk: Value,
    pub(super) algorithm: &'static str,
    signer: Signer,
}

enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl SigningKey {
    pub(super) fn rsa(id: &str) -> Self {
        let key = private_rsa(2048);
        let jwk = public_half(id, &key);
        let der = key.to_pkcs8_der().unwrap();
        let signer = RsaKeyPair::from_pkcs8(der.as_bytes()).unwrap();
        Self {
            jwk,
            algorithm: "RS256",
            signer: Signer::Rsa(signer),
        }
    }

    pub(super) fn ec(id: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let point = key.public_key().as_ref();
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": id, "use": "sig",
            "x": base64url(&point[1..33]), "y": base64url(&point[33..])});
        Self {
            jwk,
            algorithm: "ES256",
            signer: Signer::Ec(key),
        }
    }

    pub(super) fn ed(id: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": id,
            "x": base64url(key.public_key().as_ref())});
        Self {
            jwk,
            algorithm: "EdDSA",
            signer: Signer::Ed(key),
        }
    }

    pub(super) fn id(&self) -> &str {
        self.jwk["kid"].as_str().unwrap()
    }

    /// A signature in the key's own way, or in another that it can.
    pub(super) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.signer {
            Signer::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let padding: &dyn ring::signature::RsaEncoding = match algorithm {
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Signer::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Signer::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with the usual header.
    pub(super) fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm, "typ": "at+jwt", "kid": self.id()});
        self.token_with(&header, claims)
    }

    pub(super) fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_of(&header.to_string(), &claims.to_string())
    }

    /// Of texts, which may be no JSON.
    pub(super) fn token_of(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", base64url(header), base64url(claims));
        let signature = self.sign(self.algorithm, message.as_bytes());
        format!("{message}.{}", base64url(signature))
    }
}

fn private_rsa(bits: usize) -> rsa::RsaPrivateKey {
    rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).unwrap()
}

fn public_half(id: &str, key: &rsa::RsaPrivateKey) -> Value {
    json!({"kty": "RSA", "kid": id, "use": "sig", "alg": "RS256",
        "n": base64url(key.n().to_bytes_be()), "e": base64url(key.e().to_bytes_be())})
}

/// The public half of a key that may be too short to sign with.
pub(super) fn public_rsa(id: &str, bits: usize) -> Value {
    public_half(id, &private_rsa(bits))
}

/// A set of the keys' public halves.
pub(super) fn key_set(keys: &[&SigningKey]) -> Vec<u8> {
    let keys: Vec<&Value> = keys.iter().map(|key| &key.jwk).collect();
    json!({"keys": keys}).to_string().into_bytes()
}

/// Seconds since 1970, and some more.
pub(super) fn in_seconds(more: i64) -> i64 {
    jiff::Timestamp::now().as_second() + more
}
