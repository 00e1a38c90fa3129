//! What it takes to let somebody in by a token: from the header's text to the caller.
//!
//! `cargo bench --bench verify`. An issuer in this process publishes its keys, and the tokens are as Keycloak and Okta make them: ten
//! groups and some 1.2 KB. Nothing is kept from one check to the next, so the figure is what every request pays.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark"
)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use snowflake_mcp::config::{Settings, TokenAlgorithm};
use snowflake_mcp::identity::{
    Access, Credential, Entrance, Issuer, IssuerOptions, KnownKeys, Scopes,
};
use snowflake_mcp::telemetry::metrics::Metrics;

const OURS: &str = "https://mcp.example.com/mcp";

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The signing halves of two keys, and their set as an issuer publishes it.
struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    set: Value,
}

impl Keys {
    fn make() -> Self {
        let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let rsa = RsaKeyPair::from_pkcs8(private.to_pkcs8_der().unwrap().as_bytes()).unwrap();
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let point = ec.public_key().as_ref();
        let set = json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256",
             "n": base64url(private.n().to_bytes_be()), "e": base64url(private.e().to_bytes_be())},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig",
             "x": base64url(&point[1..33]), "y": base64url(&point[33..])},
        ]});
        Self { rsa, ec, set }
    }

    fn token(&self, algorithm: &str, claims: &Value) -> String {
        let id = if algorithm == "RS256" { "rsa" } else { "ec" };
        let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": id});
        let message = format!(
            "{}.{}",
            base64url(header.to_string()),
            base64url(claims.to_string())
        );
        let random = SystemRandom::new();
        let signature = if algorithm == "RS256" {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            let signed = self.rsa.sign(
                &RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signature,
            );
            signed.unwrap();
            signature
        } else {
            let signature = self.ec.sign(&random, message.as_bytes()).unwrap();
            signature.as_ref().to_vec()
        };
        format!("{message}.{}", base64url(signature))
    }
}

/// Serves one document, whatever is asked.
fn publish(document: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let _ = connection.read(&mut [0; 4096]);
            let length = document.len();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = connection.write_all((head + &document).as_bytes());
        }
    });
    format!("http://{address}")
}

fn scopes() -> Arc<Scopes> {
    Arc::new(Scopes {
        catalog: Some("mcp:catalog".to_owned()),
        query: Some("mcp:query".to_owned()),
        write: Some("mcp:write".to_owned()),
        needed: Vec::new(),
        supported: Vec::new(),
    })
}

fn verify(criterion: &mut Criterion) {
    let keys = Keys::make();
    let url = publish(keys.set.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let options = IssuerOptions {
        issuer: url.clone(),
        audiences: vec![OURS.to_owned()],
        jwks_url: Some(format!("{url}/keys")),
        algorithms: vec![TokenAlgorithm::Rs256, TokenAlgorithm::Es256],
        subject_claim: "sub".to_owned(),
        name_claims: vec!["preferred_username".to_owned()],
        leeway: Duration::from_secs(60),
        require_at_jwt: false,
        max_stale: Duration::from_secs(86_400),
        allows_http_here: true,
    };
    let metrics = Arc::new(Metrics::new().unwrap());
    let http = reqwest::Client::new();
    let issuer = Issuer::start(options, 0, &http, runtime.handle(), &metrics);
    let issuers = vec![(Arc::new(issuer), Vec::new())];
    let entrance = Entrance::new(KnownKeys::default(), None, issuers, scopes());
    let access = Access::new(entrance);
    let now = jiff::Timestamp::now().as_second();
    let groups: Vec<String> = (0..10)
        .map(|it| format!("/organization/team-{it}"))
        .collect();
    let claims = json!({
        "iss": url, "aud": [OURS, "account"], "sub": "f3b0a1c2-7d4e-4b5a-9c8d-0123456789ab", "azp": "claude",
        "scope": "openid profile mcp:catalog mcp:query", "iat": now, "exp": now + 3600, "jti": "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0",
        "typ": "Bearer", "preferred_username": "anna.example", "email": "anna@example.com", "groups": groups,
        "realm_access": {"roles": ["default-roles-a", "offline_access", "uma_authorization"]},
    });
    for algorithm in ["RS256", "ES256"] {
        let token = keys.token(algorithm, &claims);
        let judge = || runtime.block_on(access.judge(Credential::Bearer(token.as_bytes())));
        assert!(judge().is_ok(), "{:?}", judge());
        criterion.bench_function(&format!("a token signed by {algorithm}"), |bencher| {
            bencher.iter(|| black_box(judge()));
        });
    }
}

/// A key that is wrong in its first byte, and one that is wrong in its last: the difference must be noise.
fn guess(criterion: &mut Criterion) {
    let right = "k".repeat(64);
    let vars = [("API_KEY".to_owned(), right.clone())].into();
    let settings = Settings::from_vars(&vars).unwrap();
    let keys = KnownKeys::new(settings.auth.keys());
    let entrance = Entrance::new(keys, None, Vec::new(), scopes());
    let access = Access::new(entrance);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (first, last) = (format!("x{}", &right[1..]), format!("{}x", &right[1..]));
    for (name, key) in [("first", first), ("last", last)] {
        criterion.bench_function(&format!("a key whose {name} byte is wrong"), |bencher| {
            bencher.iter(|| {
                let judged = access.judge(Credential::Key(black_box(key.as_bytes())));
                assert!(runtime.block_on(judged).is_err());
            });
        });
    }
}

criterion_group!(benches, verify, guess);
criterion_main!(benches);
