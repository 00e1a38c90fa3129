//! A Snowflake that does what a test asks of it: the driver protocol over HTTP, scripted statements, faults on demand.
//!
//! It is no SQL engine. A statement's text says what happens (`select stub.sleep(500)`, `select * from stub.rows(n =>
//! 1000)`; see [`script`]), so any client can drive it. What a test wants to break is broken with [`Stub::fault`], what
//! happened is read from [`Stub::counters`]; the same is open to other languages over HTTP under `/stub/`.
//!
//! Start reading at [`routes`]. The chapters: [`wire`] (envelopes, bodies, tokens in headers), [`login`], [`browser`] and [`sessions`],
//! [`keys`] (JWT), [`query`] and [`statements`] (running, polling, aborting), [`script`] and [`literals`] (what a text
//! means), [`show`] and [`account`] (a generated account), [`results`], [`columns`], [`times`] and [`types`] (encodings, chunks), [`faults`], [`counters`], [`settings`].
//!
//! ```ignore
//! let stub = Stub::start().await;
//! stub.fault(json!([{"endpoint": "query", "kind": "status", "code": 503, "times": 1}]));
//! // … a driver talks to stub.address …
//! assert_eq!(stub.counters().sessions_open, 0);
//! ```

#![allow(dead_code, reason = "each of its users uses a part of it")]

pub mod account;
pub mod browser;
pub mod columns;
pub mod control;
pub mod counters;
pub mod effects;
pub mod faults;
pub mod keys;
pub mod literals;
pub mod login;
pub mod nested;
pub mod query;
pub mod replies;
pub mod results;
pub mod script;
pub mod sessions;
pub mod settings;
pub mod show;
pub mod statements;
pub mod times;
pub mod types;
pub mod wire;

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle, middleware::from_fn, web};
use counters::Counters;
use faults::{Endpoint, Faults};
use serde_json::Value;
use sessions::Sessions;
use settings::Settings;
use statements::Statements;

/// A running stub; it stops when dropped.
pub struct Stub {
    /// Where it listens: 127.0.0.1 and a free port, plain HTTP.
    pub address: SocketAddr,
    state: Arc<State>,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// What all requests share.
pub struct State {
    address: SocketAddr,
    settings: Mutex<Settings>,
    counters: Mutex<Counters>,
    faults: Mutex<Faults>,
    sessions: Mutex<Sessions>,
    statements: Mutex<Statements>,
    browser: Mutex<Vec<browser::Begun>>,
    heard: Mutex<String>,
}

impl Stub {
    /// Starts on a free port.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Starts on `port`; 0 is a free one. It has a thread and an actix system of its own, so a test's runtime can be any.
    pub async fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            address,
            settings: Mutex::default(),
            counters: Mutex::default(),
            faults: Mutex::default(),
            sessions: Mutex::default(),
            statements: Mutex::default(),
            browser: Mutex::default(),
            heard: Mutex::default(),
        });
        let data = web::Data::from(Arc::clone(&state));
        let (started, starting) = tokio::sync::oneshot::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || App::new().app_data(data.clone()).configure(routes);
                let server = HttpServer::new(app)
                    // One worker: a stub must not take the cores from what it tests.
                    .workers(1)
                    .max_connections(100_000)
                    // Longer than any test: a pooled connection must not be closed behind a client's back.
                    .keep_alive(Duration::from_secs(300))
                    .disable_signals()
                    .shutdown_timeout(0)
                    .on_connect(faults::keep_socket)
                    .listen(listener)
                    .unwrap()
                    .run();
                started.send(server.handle()).ok();
                server.await.unwrap();
            });
        });
        let server = starting.await.unwrap();
        Self {
            address,
            state,
            server,
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.state.counters().clone()
    }

    /// The texts of all statements so far.
    pub fn sent(&self) -> Vec<String> {
        let history = self.state.statements().history();
        history.into_iter().map(|(_, text)| text).collect()
    }

    /// Heads and bodies of all that was sent while it listened.
    pub fn heard(&self) -> String {
        lock(&self.state.heard).clone()
    }

    /// The texts of all statements so far, each with the user of the session it was sent in.
    pub fn users_of_statements(&self) -> Vec<(String, String)> {
        let all = self.state.statements().with_sessions();
        let sessions = self.state.sessions();
        let named = all
            .into_iter()
            .filter_map(|(session, text)| Some((sessions.user_of(session)?, text)));
        named.collect()
    }

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state.settings());
    }

    /// Adds faults, written as `POST /stub/faults` takes them.
    pub fn fault(&self, wanted: Value) {
        self.state.faults().add(wanted).unwrap();
    }

    /// No more faults.
    pub fn heal(&self) {
        self.state.faults().clear();
    }

    /// Ends the life of what clients hold: see [`sessions::Loss`].
    pub fn lose(&self, what: sessions::Loss) {
        self.state.lose(what);
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // The command is sent when `stop` is called; what it returns only waits for the end, which the thread does too.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl State {
    fn lose(&self, what: sessions::Loss) {
        self.sessions().lose(what);
        if what == sessions::Loss::Sessions {
            self.counters().sessions_open = 0;
        }
    }

    fn hear(&self, request: &actix_web::HttpRequest, body: &[u8]) {
        if !self.settings().listens {
            return;
        }
        let mut heard = lock(&self.heard);
        heard.push_str(&format!("{} {}\n", request.method(), request.uri()));
        for (name, value) in request.headers() {
            heard.push_str(&format!(
                "{name}: {}\n",
                String::from_utf8_lossy(value.as_bytes())
            ));
        }
        heard.push_str(&String::from_utf8_lossy(body));
        heard.push('\n');
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        lock(&self.settings)
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        lock(&self.counters)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        lock(&self.sessions)
    }

    fn browser(&self) -> MutexGuard<'_, Vec<browser::Begun>> {
        lock(&self.browser)
    }

    fn statements(&self) -> MutexGuard<'_, Statements> {
        lock(&self.statements)
    }
}

/// A panic of one request must not make the stub useless for the next.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything it answers. What a fault can be ordered for goes through [`faults::named`].
fn routes(app: &mut web::ServiceConfig) {
    macro_rules! breakable {
        ($path:expr, $method:ident, $endpoint:ident, $handler:path) => {
            app.service(
                web::resource($path)
                    .wrap(from_fn(|request, next| {
                        faults::named(Endpoint::$endpoint, request, next)
                    }))
                    .route(web::$method().to($handler)),
            );
        };
    }
    app.app_data(web::PayloadConfig::new(64 << 20));
    breakable!("/session/v1/login-request", post, Login, login::login);
    breakable!("/session/token-request", post, Renew, login::renew);
    breakable!("/session/heartbeat", post, Heartbeat, login::heartbeat);
    breakable!("/session", post, Close, login::close);
    breakable!("/queries/v1/query-request", post, Query, query::submit);
    breakable!(
        "/queries/v1/abort-request",
        post,
        Abort,
        query::abort_by_request
    );
    breakable!(
        "/queries/{id}/abort-request",
        post,
        Abort,
        query::abort_by_id
    );
    breakable!("/queries/{id}/result", get, Result, query::result);
    breakable!(
        // Connector 5 asks with two slashes.
        ["/monitoring/queries/{id}", "/monitoring/queries//{id}"],
        get,
        Monitoring,
        query::monitoring
    );
    breakable!("/chunks/{id}/{index}", get, Chunk, results::chunk);
    app.route(
        "/session/authenticator-request",
        web::post().to(browser::begin),
    );
    app.route("/sso", web::get().to(browser::sign_in));
    app.route("/telemetry/send", web::post().to(wire::accepted));
    app.route(
        "/telemetry/send/sessionless",
        web::post().to(wire::accepted),
    );
    app.route("/stub/faults", web::post().to(control::add_faults));
    app.route("/stub/faults", web::delete().to(control::clear_faults));
    app.route("/stub/settings", web::post().to(control::change_settings));
    app.route("/stub/lose", web::post().to(control::lose));
    app.route("/stub/statements", web::get().to(control::read_statements));
    app.route("/stub/counters", web::get().to(control::read_counters));
    app.route("/stub/page", web::post().to(control::page));
    app.default_service(web::to(control::unknown));
}
