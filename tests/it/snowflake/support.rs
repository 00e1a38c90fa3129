//! What the chapters share: a server on the stub, calls, keys, and waiting for what the stub has counted.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pkcs8::PrivateKeyInfo;
use pkcs8::pkcs5::pbes2::Parameters;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use serde_json::{Value, json};

use crate::stub::Stub;
use crate::stub::counters::Counters;
use crate::support::Server;

/// Longer than anything takes; only a failing test waits this long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server on the stub, with more variables.
pub async fn serve(stub: &Stub, more: &[(&str, &str)]) -> Server {
    let port = stub.address.port().to_string();
    Server::start(&account(&port, more)).await
}

/// The variables of an account at the stub's port, and more.
pub fn account<'a>(port: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut vars = vec![
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_USER", "SERVICE"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "correct-horse-battery"),
        ("SNOWFLAKE_HOST", "127.0.0.1"),
        ("SNOWFLAKE_PORT", port),
        ("SNOWFLAKE_PROTOCOL", "http"),
        // Shown when a test fails.
        ("LOG_LEVEL", "info,snowflake_mcp=debug"),
    ];
    vars.extend_from_slice(more);
    vars
}

/// Private keys, PEM. Made once: it takes a moment.
fn keys() -> &'static [RsaPrivateKey; 2] {
    static KEYS: OnceLock<[RsaPrivateKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [0, 1].map(|_| RsaPrivateKey::new(&mut OsRng, 2048).unwrap()))
}

pub fn key(number: usize) -> String {
    keys()[number]
        .to_pkcs8_pem(LineEnding::LF)
        .unwrap()
        .to_string()
}

/// The same, encrypted as `openssl pkcs8 -topk8` does it: with few rounds, which a debug build manages in time.
pub fn sealed_key(number: usize, passphrase: &str) -> String {
    let plain = keys()[number].to_pkcs8_der().unwrap();
    let how = Parameters::pbkdf2_sha256_aes256cbc(2048, b"saltsalt", b"0123456789abcdef").unwrap();
    let sealed = PrivateKeyInfo::try_from(plain.as_bytes())
        .and_then(|key| key.encrypt_with_params(how, passphrase))
        .unwrap();
    let pem = sealed.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF);
    pem.unwrap().to_string()
}

pub fn public_half(number: usize) -> String {
    let public = keys()[number].to_public_key();
    public.to_public_key_pem(LineEnding::LF).unwrap()
}

pub async fn execute(server: &Server, arguments: Value) -> Value {
    server.mcp().call_tool("execute_query", arguments).await
}

pub async fn run(server: &Server, sql: &str) -> Value {
    execute(server, json!({"sql": sql, "format": "json"})).await
}

pub fn code(result: &Value) -> &str {
    match result["structuredContent"]["code"].as_str() {
        Some(code) => code,
        None => "ok",
    }
}

/// Waits until what the stub has counted meets a condition.
pub async fn until(stub: &Stub, what: &str, is_it: impl Fn(&Counters) -> bool) -> Counters {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let counters = stub.counters();
        if is_it(&counters) {
            return counters;
        }
        assert!(Instant::now() < deadline, "never {what}: {counters:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Ends the server and checks that no session is left open.
pub async fn stop(mut server: Server, stub: &Stub) {
    assert_eq!(server.stop().await.code(), Some(0), "{}", server.log());
    let counters = stub.counters();
    show(&counters);
    assert_eq!(counters.sessions_open, 0, "{counters:?}\n{}", server.log());
    assert_eq!(counters.token_leaked_to_chunk, 0);
}

/// The stub's counters, for whoever runs a test with `--nocapture`: docs/operating.md has its numbers from there.
pub fn show(counters: &Counters) {
    let all = serde_json::to_value(counters).unwrap();
    let seen: Vec<_> = all
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| value.as_u64() > Some(0) || *name == "sessions_open")
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    println!("{test}: {}", seen.join(", "));
}
