//! Signing in with the user's browser: Snowflake names an address, the person signs in there, and the browser brings a
//! token to a port of this machine.
//!
//! Where the account allows it (`ALLOW_ID_TOKEN`), the first sign-in also gives an id token, which is kept in memory and
//! signs further sessions in without a browser, as the official drivers do. Where it does not, one session is all there
//! is: a browser that opens for every session is nothing anybody wants.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::error::Error;
use crate::telemetry::LIFECYCLE;
use crate::warehouse::snowflake::account::{self, Endpoint};
use crate::warehouse::snowflake::intake;

/// Longer than any request a browser makes here: the token is a few hundred characters.
const LONGEST_REQUEST: usize = 64 * 1024;

/// How long one connection may take to bring its request. Browsers open some that they never use.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// What the browser shows at the end.
const DONE: &str = "<!doctype html><meta charset=utf-8><title>snowflake-mcp</title>\
    <p>You are signed in to Snowflake. This window can be closed.";

/// What a login request needs.
pub(super) enum Proof {
    /// From the browser, just now.
    Browser {
        token: SecretString,
        proof_key: SecretString,
    },
    /// From an earlier sign-in.
    IdToken(SecretString),
}

/// The user's browser, and what it brought.
pub(super) struct Browser {
    /// How long a person has to sign in.
    patience: Duration,
    id_token: Mutex<Option<SecretString>>,
    /// Windows that nobody used, since somebody last did.
    given_up: AtomicUsize,
    /// Held by the one window there may be.
    window: tokio::sync::Mutex<()>,
}

#[derive(Deserialize)]
struct Reply {
    success: bool,
    message: Option<String>,
    data: Option<Start>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    sso_url: String,
    proof_key: String,
}

impl Browser {
    /// A browser that has brought nothing yet.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            id_token: Mutex::default(),
            given_up: AtomicUsize::default(),
            window: tokio::sync::Mutex::default(),
        }
    }

    /// What the next login request is to carry. May wait for a person.
    pub(super) async fn proof(
        &self,
        http: &Client,
        endpoint: &Endpoint,
        user: &str,
    ) -> Result<Proof, Error> {
        // One window at a time: a pool that fills itself must not open five.
        let _window = self.window.lock().await;
        // Looked up after the lock, because whoever was in front may have brought it.
        if let Some(token) = self.id_token() {
            return Ok(Proof::IdToken(token));
        }
        let (listener, port) = listen()
            .await
            .map_err(internal("no port for the browser"))?;
        let start = ask(http, endpoint, user, port).await?;
        // It is handed to a program on this machine, so it must be a plain address of the sign-in.
        let address = checked(&start.sso_url, endpoint)?;
        // For people without a browser on this machine's screen as well.
        tracing::info!(
            target: LIFECYCLE,
            event = "browser",
            url = %address,
            "sign in to Snowflake with the browser: {address}",
        );
        open(address);
        let token = tokio::time::timeout(self.patience, token_from(&listener)).await;
        let Ok(token) = token else {
            // Counted, so that no window opens every few seconds where nobody sits.
            self.given_up.fetch_add(1, Ordering::Relaxed);
            return Err(self.nobody());
        };
        self.given_up.store(0, Ordering::Relaxed);
        Ok(Proof::Browser {
            token: token.into(),
            proof_key: start.proof_key.into(),
        })
    }

    /// Keeps what signs the next session in.
    pub(super) fn keep(&self, id_token: Option<String>) {
        if let Some(id_token) = id_token.filter(|token| !token.is_empty()) {
            *self.kept() = Some(id_token.into());
        }
    }

    /// Forgets it. Whether there was one.
    pub(super) fn forget(&self) -> bool {
        self.kept().take().is_some()
    }

    /// How many windows nobody used, since somebody last did.
    pub(super) fn given_up(&self) -> usize {
        self.given_up.load(Ordering::Relaxed)
    }

    /// What those are told who waited for a window that nobody used.
    pub(super) fn nobody(&self) -> Error {
        Error::NobodySignedIn {
            patience: self.patience,
        }
    }

    /// Whether a further session needs no window.
    pub(super) fn has_id_token(&self) -> bool {
        self.kept().is_some()
    }

    fn id_token(&self) -> Option<SecretString> {
        self.kept().clone()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<SecretString>> {
        self.id_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SETTING: &str = "SNOWFLAKE_AUTH_TYPE";

fn internal<E: std::error::Error + Send + Sync + 'static>(
    message: &'static str,
) -> impl FnOnce(E) -> Error {
    move |source| Error::Internal {
        message,
        source: Some(source.into()),
    }
}

async fn listen() -> std::io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Asks Snowflake where the person is to sign in.
async fn ask(http: &Client, endpoint: &Endpoint, user: &str, port: u16) -> Result<Start, Error> {
    let unreachable = |source: reqwest::Error| Error::Unreachable {
        who: "Snowflake, asked for the address to sign in at,",
        setting: "SNOWFLAKE_ACCOUNT",
        source: Some(source.without_url().into()),
    };
    let url = endpoint
        .base
        .join("/session/authenticator-request")
        .map_err(internal("the account's address"))?;
    let body = json!({"data": {
        "CLIENT_APP_ID": crate::warehouse::snowflake::client::APPLICATION,
        "CLIENT_APP_VERSION": crate::telemetry::VERSION,
        "ACCOUNT_NAME": endpoint.account_name,
        "LOGIN_NAME": user,
        "AUTHENTICATOR": "EXTERNALBROWSER",
        "BROWSER_MODE_REDIRECT_PORT": port.to_string(),
    }});
    let reply = http.post(url).json(&body).send().await;
    let reply = reply.map_err(unreachable)?;
    let status = reply.status();
    if status.is_client_error() {
        return Err(refused(format!("the host answered {status}")));
    }
    let reply = reply.error_for_status().map_err(unreachable)?;
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| Error::Unreachable {
        who: "Snowflake, asked for the address to sign in at,",
        setting: "SNOWFLAKE_ACCOUNT",
        source: Some(source),
    };
    let body = intake::whole(reply, intake::SMALL).await;
    let body = body.map_err(|why| unreadable(why.into()))?;
    let reply: Reply = serde_json::from_slice(&body).map_err(|why| unreadable(why.into()))?;
    match reply.data {
        Some(start) if reply.success => Ok(start),
        _ => Err(refused(
            reply
                .message
                .unwrap_or_else(|| "no reason was given".to_owned()),
        )),
    }
}

fn refused(reason: String) -> Error {
    Error::Refused {
        who: "Snowflake, asked for the address to sign in at,",
        reason,
        setting: SETTING,
    }
}

/// The address comes from a reply and goes to a program of the desktop: it must be one of the web.
fn checked(address: &str, endpoint: &Endpoint) -> Result<Url, Error> {
    let is_local = |url: &Url| endpoint.is_loopback() && account::is_loopback(url);
    Url::parse(address)
        .ok()
        .filter(|url| url.scheme() == "https" || (url.scheme() == "http" && is_local(url)))
        .ok_or_else(|| refused("its address is not `https`".to_owned()))
}

/// Opens it where there is a desktop. That it cannot be opened is no error: it has been told.
fn open(address: Url) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    // A thread, because somebody has to wait for the program's end, which may take as long as the browser runs.
    std::thread::spawn(move || {
        let status = Command::new(program)
            .arg(address.as_str())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if let Err(error) = status {
            tracing::debug!("{program} could not be started: {error}");
        }
    });
}

/// Answers the browser until it brings a token.
async fn token_from(listener: &TcpListener) -> String {
    loop {
        let Ok((mut connection, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let request = tokio::time::timeout(REQUEST_TIMEOUT, read(&mut connection)).await;
        let request = request.ok().flatten().unwrap_or_default();
        let token = token_in(&request);
        let answer = answer(&request, token.is_some());
        let _ = connection.write_all(answer.as_bytes()).await;
        let _ = connection.shutdown().await;
        if let Some(token) = token {
            return token;
        }
    }
}

/// One request, head and body.
async fn read(connection: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        if request.len() > LONGEST_REQUEST || connection.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
}

/// The token of `GET /?token=…` or of a POST, as a form or as JSON.
fn token_in(request: &str) -> Option<String> {
    let (head, body) = request.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    let in_form = |form: &str| {
        url::form_urlencoded::parse(form.as_bytes())
            .find(|(name, _)| name == "token")
            .map(|(_, token)| token.into_owned())
    };
    let in_json = |body: &str| {
        let body: serde_json::Value = serde_json::from_str(body).ok()?;
        Some(body.get("token")?.as_str()?.to_owned())
    };
    let token = match (words.next()?, words.next()?) {
        ("GET", target) => in_form(target.split_once('?')?.1),
        ("POST", _) => in_json(body).or_else(|| in_form(body)),
        _ => None,
    };
    token.filter(|token| !token.is_empty())
}

/// What the browser is answered. A page of Snowflake's that posts the token asks first whether it may.
fn answer(request: &str, has_token: bool) -> String {
    let (status, body) = match (request.starts_with("OPTIONS "), has_token) {
        (true, _) => ("204 No Content", ""),
        (false, true) => ("200 OK", DONE),
        (false, false) => ("404 Not Found", "not here"),
    };
    let origin = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("origin"))
        .map(|(_, origin)| {
            format!(
                "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Methods: GET, POST\r\n\
                 Access-Control-Allow-Headers: Content-Type\r\nVary: Origin\r\n"
            )
        })
        .unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n{origin}\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_in_the_address_or_in_a_body() {
        for request in [
            "GET /?token=a%2Bb%3D HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 13\r\n\r\ntoken=a%2Bb%3D",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n{\"token\":\"a+b=\",\"consent\":true}",
        ] {
            assert_eq!(token_in(request).as_deref(), Some("a+b="), "{request}");
        }
        for request in [
            "GET /favicon.ico HTTP/1.1\r\n\r\n",
            "GET /?token= HTTP/1.1\r\n\r\n",
            "OPTIONS / HTTP/1.1\r\n\r\n",
            "",
        ] {
            assert_eq!(token_in(request), None, "{request}");
        }
    }

    #[test]
    fn only_addresses_of_the_web_are_opened() {
        let endpoint = Endpoint::resolve("org-acct", None, None, false, false).unwrap();
        for address in [
            "http://idp.example/",
            "http://127.0.0.1/",
            "file:///etc/passwd",
            "--help",
            "",
        ] {
            assert!(checked(address, &endpoint).is_err(), "{address}");
        }
        assert!(checked("https://idp.example/sso?x=1", &endpoint).is_ok());
    }
}
