//! An issuer on this machine: metadata, keys, and tokens to the test's liking.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What the issuer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Fine,
    Down,
    Html,
    Empty,
    Endless,
    ManyKeys,
    Slow,
    OtherIssuer,
    Redirect,
}

/// Ended when dropped.
pub struct Issuer {
    pub url: String,
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    url: String,
    mode: Mutex<Mode>,
    keys: Mutex<Vec<(String, Ed25519KeyPair)>>,
    fetches: AtomicUsize,
    made: AtomicUsize,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Issuer {
    pub async fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/realms/a", listener.local_addr().unwrap());
        let state = Arc::new(State {
            url: url.clone(),
            mode: Mutex::new(mode),
            keys: Mutex::default(),
            fetches: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
        });
        state.rotate(false);
        let serving = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, Arc::clone(&serving)));
            }
        });
        Self {
            url,
            state,
            task: task.abort_handle(),
        }
    }

    pub fn set(&self, mode: Mode) {
        *self.state.mode.lock().unwrap() = mode;
    }

    /// A new key, which signs from now on.
    pub fn rotate(&self, keeps: bool) {
        self.state.rotate(keeps);
    }

    /// How often the keys were fetched.
    pub fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::SeqCst)
    }

    /// A good token for this resource, with changes; `null` takes a claim away.
    pub fn token(&self, resource: &str, changes: Value) -> String {
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({"iss": self.url, "aud": resource, "sub": "alice", "iat": now, "exp": now + 300,
            "scope": "mcp:catalog mcp:query", "client_id": "test"});
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name),
                value => claims
                    .as_object_mut()
                    .unwrap()
                    .insert(name.clone(), value.clone()),
            };
        }
        let keys = self.state.keys.lock().unwrap();
        let (id, key) = keys.last().unwrap();
        let header = json!({"alg": "EdDSA", "kid": id, "typ": "at+jwt"});
        sign(key, &header, &claims)
    }

    /// A token that names a key which is not there.
    pub fn token_of_key(&self, id: &str, resource: &str) -> String {
        let good = self.token(resource, json!({}));
        let claims = good.split('.').nth(1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let keys = self.state.keys.lock().unwrap();
        let (_, key) = keys.last().unwrap();
        sign(key, &json!({"alg": "EdDSA", "kid": id}), &claims)
    }
}

fn sign(key: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

impl State {
    fn rotate(&self, keeps: bool) {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let id = format!("key-{}", self.made.fetch_add(1, Ordering::SeqCst));
        let mut keys = self.keys.lock().unwrap();
        if !keeps {
            keys.clear();
        }
        keys.push((id, key));
    }

    fn key_set(&self) -> Value {
        let keys = self.keys.lock().unwrap();
        let keys: Vec<Value> = keys
            .iter()
            .map(|(id, key)| {
                let point = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "use": "sig", "x": point})
            })
            .collect();
        json!({ "keys": keys })
    }

    /// Status, further headers and body.
    fn answer(&self, path: &str) -> (u16, String, String) {
        let mode = *self.mode.lock().unwrap();
        if path == "/keys" {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            return match mode {
                Mode::Down => (500, String::new(), String::new()),
                Mode::Html => (200, String::new(), "<html>".to_owned()),
                Mode::Empty => (200, String::new(), r#"{"keys":[]}"#.to_owned()),
                Mode::Endless => (200, String::new(), "x".repeat(10_000_000)),
                Mode::ManyKeys => {
                    let one = self.key_set()["keys"][0].clone();
                    let set = json!({"keys": vec![one; 10_000]});
                    (200, String::new(), set.to_string())
                }
                Mode::Redirect => (
                    302,
                    "Location: http://169.254.169.254/\r\n".to_owned(),
                    String::new(),
                ),
                _ => (200, String::new(), self.key_set().to_string()),
            };
        }
        if path != "/.well-known/oauth-authorization-server/realms/a" {
            return (404, String::new(), String::new());
        }
        let (host, _) = self.url.rsplit_once("/realms").unwrap();
        let issuer = match mode {
            Mode::OtherIssuer => format!("{host}/realms/b"),
            _ => self.url.clone(),
        };
        let metadata = json!({"issuer": issuer, "jwks_uri": format!("{host}/keys")});
        (200, String::new(), metadata.to_string())
    }
}

async fn answer(mut connection: TcpStream, state: Arc<State>) {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    loop {
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match connection.read(&mut piece).await {
                Ok(read) if read > 0 => head.extend_from_slice(&piece[..read]),
                _ => return,
            }
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        head.clear();
        let path = text.split(' ').nth(1).unwrap_or_default();
        if *state.mode.lock().unwrap() == Mode::Slow {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        }
        let (status, more, body) = state.answer(path);
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if connection.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
