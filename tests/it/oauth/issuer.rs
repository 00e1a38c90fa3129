//! An issuer on this machine: metadata, keys, and tokens to the test's liking, which it also exchanges for others.

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

/// What comes of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// A token for whom it is asked for.
    Fine,
    /// For somebody else.
    OtherUser,
    /// One that names nobody.
    Nobody,
    /// The token that was brought.
    Same,
    /// One that is no JWT.
    Opaque,
    /// One that has ended.
    Ended,
    /// One without an end.
    Endless,
    /// A page.
    Html,
    /// 10 MB.
    Huge,
    /// The way to another address.
    Elsewhere(String),
    /// Nothing, for a long time.
    Slow,
    /// No, with this code of OAuth; with this status where it is a number.
    No(&'static str),
}

/// An exchange that was asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub authorization: String,
    pub form: std::collections::BTreeMap<String, String>,
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
    exchange: Mutex<Exchange>,
    /// Seconds that exchanged tokens live.
    life: AtomicUsize,
    /// The same as it says beside them; 0 is the truth.
    said: AtomicUsize,
    asked: Mutex<Vec<Asked>>,
    given: Mutex<Vec<String>>,
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
            exchange: Mutex::new(Exchange::Fine),
            life: AtomicUsize::new(600),
            said: AtomicUsize::new(0),
            asked: Mutex::default(),
            given: Mutex::default(),
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

    /// Where tokens are exchanged.
    pub fn exchange_url(&self) -> String {
        self.url.replace("/realms/a", "/exchange")
    }

    /// What comes of exchanges from now on.
    pub fn exchange(&self, what: Exchange) {
        *self.state.exchange.lock().unwrap() = what;
    }

    /// How long exchanged tokens live.
    pub fn life(&self, seconds: usize) {
        self.state.life.store(seconds, Ordering::SeqCst);
    }

    /// How long they live as it says beside them.
    pub fn says(&self, seconds: usize) {
        self.state.said.store(seconds, Ordering::SeqCst);
    }

    /// The exchanges that were asked for.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// The tokens that were given for others.
    pub fn given(&self) -> Vec<String> {
        self.state.given.lock().unwrap().clone()
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

    /// The same of an exchange.
    fn exchanged(&self, head: &str, body: &str) -> (u16, String, String) {
        let form = url::form_urlencoded::parse(body.as_bytes()).into_owned();
        let asked = Asked {
            authorization: head
                .lines()
                .find_map(|line| line.strip_prefix("authorization: "))
                .unwrap_or_default()
                .to_owned(),
            form: form.collect(),
        };
        self.asked.lock().unwrap().push(asked.clone());
        let what = self.exchange.lock().unwrap().clone();
        let brought = ["subject_token", "assertion"];
        let brought = brought
            .iter()
            .find_map(|name| asked.form.get(*name))
            .unwrap();
        let claims = URL_SAFE_NO_PAD
            .decode(brought.split('.').nth(1).unwrap())
            .unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let now = jiff::Timestamp::now().as_second();
        let life = i64::try_from(self.life.load(Ordering::SeqCst)).unwrap();
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        let mut new = json!({"iss": self.url, "aud": asked.form.get("audience"), "sub": claims["sub"], "iat": now, "exp": now + life,
            "scope": asked.form.get("scope"), "jti": made});
        if let Some(person) = claims.get("oid") {
            new["oid"] = person.clone();
        }
        match &what {
            Exchange::OtherUser => new["sub"] = json!("root"),
            Exchange::Ended => new["exp"] = json!(now - 1),
            Exchange::Nobody => drop(new.as_object_mut().unwrap().remove("sub")),
            Exchange::Endless => drop(new.as_object_mut().unwrap().remove("exp")),
            _ => {}
        }
        let keys = self.keys.lock().unwrap();
        let (id, key) = keys.last().unwrap();
        let token = match &what {
            Exchange::Same => brought.clone(),
            Exchange::Opaque => "ver:1-hint:1-ETMsDgAAAX".to_owned(),
            _ => sign(key, &json!({"alg": "EdDSA", "kid": id}), &new),
        };
        let said = match self.said.load(Ordering::SeqCst) {
            0 => life,
            said => i64::try_from(said).unwrap(),
        };
        let good = json!({"access_token": token, "token_type": "Bearer", "expires_in": said,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"});
        match what {
            Exchange::Html => (200, String::new(), "<html>".to_owned()),
            Exchange::Huge => (
                200,
                String::new(),
                format!("{{\"x\":\"{}\"}}", "x".repeat(10_000_000)),
            ),
            Exchange::Elsewhere(url) => (307, format!("Location: {url}\r\n"), String::new()),
            Exchange::No("503") => (503, String::new(), String::new()),
            Exchange::No(error) => (
                400,
                String::new(),
                json!({"error": error, "error_description": brought}).to_string(),
            ),
            _ => {
                self.given.lock().unwrap().push(token);
                (200, String::new(), good.to_string())
            }
        }
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
        let end = head.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let text = String::from_utf8_lossy(&head[..end]).to_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while head.len() < end + length {
            match connection.read(&mut piece).await {
                Ok(read) if read > 0 => head.extend_from_slice(&piece[..read]),
                _ => return,
            }
        }
        let text =
            String::from_utf8_lossy(&head[..end]).replace("Authorization: ", "authorization: ");
        let body = String::from_utf8_lossy(&head[end..]).into_owned();
        head.clear();
        let path = text.split(' ').nth(1).unwrap_or_default();
        if *state.mode.lock().unwrap() == Mode::Slow {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        }
        let is_exchange = path == "/exchange";
        if is_exchange && *state.exchange.lock().unwrap() == Exchange::Slow {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
        let (status, more, body) = if is_exchange {
            state.exchanged(&text, &body)
        } else {
            state.answer(path)
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if connection.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
