//! Sign-in, sessions and their tokens: login, renewal, heartbeat, close.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, rt::time::sleep, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    State,
    counters::Leaving,
    keys,
    wire::{self, Answer, Refusal},
};

/// All sessions there ever were, and the tokens that were given out for them.
#[derive(Default)]
pub struct Sessions {
    last_id: i64,
    by_id: HashMap<i64, Session>,
    tokens: HashMap<String, Token>,
}

/// One sign-in.
#[derive(Clone, Default)]
pub struct Session {
    pub id: i64,
    pub user: String,
    pub database: Option<String>,
    pub schema: Option<String>,
    pub warehouse: Option<String>,
    pub role: Option<String>,
    /// Names in upper case.
    pub parameters: BTreeMap<String, Value>,
    is_closed: bool,
}

struct Token {
    session: i64,
    kind: Kind,
    expires: Instant,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Session,
    Master,
}

/// What a test can take away from all clients at once.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Session tokens are expired: 390112 until they are renewed.
    SessionTokens,
    /// Both kinds are expired: a renewal is answered with 390114.
    MasterTokens,
    /// The service knows neither sessions nor tokens any more: HTTP 401 and 390104.
    Sessions,
}

impl Sessions {
    /// A session for the signed-in user, with its session token and its master token.
    fn open(
        &mut self,
        mut session: Session,
        lifetimes: (Duration, Duration),
    ) -> (i64, String, String) {
        self.last_id += 1;
        // Beyond what a 32-bit number holds, as the service's are.
        session.id = 1_128_500_000_000 + self.last_id;
        let id = session.id;
        self.by_id.insert(id, session);
        let (token, master) = self.issue(id, lifetimes);
        (id, token, master)
    }

    fn issue(&mut self, session: i64, (token, master): (Duration, Duration)) -> (String, String) {
        let mut issue = |kind, lifetime| {
            let text = format!("ver:3-hint:{session}-{}", Uuid::new_v4().simple());
            let expires = Instant::now() + lifetime;
            self.tokens.insert(
                text.clone(),
                Token {
                    session,
                    kind,
                    expires,
                },
            );
            text
        };
        (issue(Kind::Session, token), issue(Kind::Master, master))
    }

    /// The session of an unexpired token of this kind.
    fn holder(&self, token: &str, kind: Kind) -> Result<&Session, Refusal> {
        let unknown =
            || Refusal::unauthorized("390104", "Session token is not recognized by the server.");
        let token = self
            .tokens
            .get(token)
            .filter(|it| it.kind == kind)
            .ok_or_else(unknown)?;
        let session = self.by_id.get(&token.session).ok_or_else(unknown)?;
        if session.is_closed {
            return Err(Refusal::new(
                "390111",
                "Session no longer exists. New login required to access the service.",
            ));
        }
        if token.expires <= Instant::now() {
            return Err(match kind {
                Kind::Session => {
                    Refusal::new("390112", "Your session has expired. Please login again.")
                }
                Kind::Master => Refusal::new(
                    "390114",
                    "Authentication token has expired. The user must authenticate again.",
                ),
            });
        }
        Ok(session)
    }

    pub fn get_mut(&mut self, id: i64) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    pub fn lose(&mut self, what: Loss) {
        if what == Loss::Sessions {
            self.by_id.clear();
            self.tokens.clear();
        }
        for token in self.tokens.values_mut() {
            if token.kind == Kind::Session || what == Loss::MasterTokens {
                token.expires = Instant::now();
            }
        }
    }
}

/// The session a request belongs to, by the session token in its header.
pub fn session(state: &State, request: &HttpRequest) -> Result<Session, Refusal> {
    let token = wire::token(request)?;
    state.sessions().holder(&token, Kind::Session).cloned()
}

pub async fn login(state: web::Data<State>, request: HttpRequest, bytes: web::Bytes) -> Answer {
    let data = wire::body(&request, &bytes)?["data"].take();
    state.counters().login_begins();
    let _leaving = Leaving(&state, |counters| counters.concurrent_logins -= 1);
    let delay = state.settings().login_delay_ms;
    sleep(Duration::from_millis(delay)).await;
    let granted = authenticate(&state, &data);
    let mut counters = state.counters();
    match &granted {
        Ok(()) => {
            counters.logins += 1;
            counters.sessions_open += 1;
        }
        Err(_) => counters.logins_refused += 1,
    }
    counters.last_login = without_secrets(&data);
    drop(counters);
    granted?;

    let settings = state.settings().clone();
    let asked = wire::query_string(&request);
    let asked = |name: &str| {
        asked
            .get(name)
            .filter(|it| !it.is_empty())
            .map(|it| it.to_uppercase())
    };
    let granted = |instead: &Option<String>, asked: Option<String>| match instead.as_deref() {
        None => asked,
        Some("") => None,
        Some(other) => Some(other.to_owned()),
    };
    let mut parameters = default_parameters();
    let wanted = data["SESSION_PARAMETERS"].as_object().into_iter().flatten();
    parameters.extend(wanted.map(|(name, value)| (name.to_uppercase(), value.clone())));
    let session = Session {
        user: data["LOGIN_NAME"]
            .as_str()
            .unwrap_or("STUB_USER")
            .to_uppercase(),
        database: asked("databaseName"),
        schema: asked("schemaName"),
        warehouse: granted(&settings.warehouse_granted, asked("warehouse")),
        role: granted(
            &settings.role_granted,
            asked("roleName").or_else(|| Some("PUBLIC".to_owned())),
        ),
        parameters,
        ..Session::default()
    };
    let lifetimes = settings.lifetimes();
    let (id, token, master) = state.sessions().open(session.clone(), lifetimes);
    Ok(wire::success(json!({
        "token": token, "masterToken": master, "sessionId": id,
        "validityInSeconds": lifetimes.0.as_secs(), "masterValidityInSeconds": lifetimes.1.as_secs(),
        "displayUserName": session.user, "serverVersion": "9.0.0 stub", "firstLogin": false,
        "healthCheckInterval": 45, "newClientForUpgrade": null, "remMeToken": null, "remMeValidityInSeconds": 0,
        "parameters": parameter_list(&session),
        "sessionInfo": {
            "databaseName": session.database, "schemaName": session.schema,
            "warehouseName": session.warehouse, "roleName": session.role,
        },
        "idToken": null, "idTokenValidityInSeconds": 0, "responseData": null,
        "mfaToken": null, "mfaTokenValidityInSeconds": 0,
    })))
}

fn authenticate(state: &State, data: &Value) -> Result<(), Refusal> {
    let settings = state.settings();
    let wrong = || Refusal::new("390100", "Incorrect username or password was specified.");
    let text = |field: &str| data[field].as_str().filter(|it| !it.is_empty());
    match data["AUTHENTICATOR"].as_str().unwrap_or_default() {
        "SNOWFLAKE_JWT" => keys::verify(
            text("TOKEN").unwrap_or_default(),
            settings.require_jwt_key.as_deref(),
        ),
        "OAUTH" | "PROGRAMMATIC_ACCESS_TOKEN" | "WORKLOAD_IDENTITY" | "ID_TOKEN" => {
            let invalid = || Refusal::new("390303", "Invalid OAuth access token.");
            let token = text("TOKEN").ok_or_else(invalid)?;
            let is_right = settings.token.as_deref().is_none_or(|it| it == token);
            if is_right { Ok(()) } else { Err(invalid()) }
        }
        _ => {
            text("LOGIN_NAME").ok_or_else(wrong)?;
            let password = text("PASSWORD").ok_or_else(wrong)?;
            let is_right = settings.password.as_deref().is_none_or(|it| it == password);
            if is_right { Ok(()) } else { Err(wrong()) }
        }
    }
}

fn without_secrets(data: &Value) -> Value {
    let kept = data.as_object().into_iter().flatten();
    let kept = kept.filter(|(name, _)| !["PASSWORD", "TOKEN", "PASSCODE"].contains(&name.as_str()));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

pub async fn renew(state: web::Data<State>, request: HttpRequest) -> Answer {
    let master = wire::token(&request)?;
    let lifetimes = state.settings().lifetimes();
    let mut sessions = state.sessions();
    let id = sessions.holder(&master, Kind::Master)?.id;
    // What a client still holds of the old tokens is of no use from here on.
    let old = sessions
        .tokens
        .values_mut()
        .filter(|it| it.session == id && it.kind == Kind::Session);
    old.for_each(|token| token.expires = Instant::now());
    let (token, master) = sessions.issue(id, lifetimes);
    state.counters().renewals += 1;
    Ok(wire::success(json!({
        "sessionToken": token, "masterToken": master, "sessionId": id,
        "validityInSecondsST": lifetimes.0.as_secs(), "validityInSecondsMT": lifetimes.1.as_secs(),
    })))
}

pub async fn heartbeat(state: web::Data<State>, request: HttpRequest) -> Answer {
    session(&state, &request)?;
    state.counters().heartbeats += 1;
    Ok(wire::success(Value::Null))
}

/// `POST /session?delete=true`: the session's running statements end with it.
pub async fn close(state: web::Data<State>, request: HttpRequest) -> Answer {
    let id = session(&state, &request)?.id;
    if let Some(session) = state.sessions().get_mut(id) {
        session.is_closed = true;
    }
    state.statements().abort_all_of(id);
    let mut counters = state.counters();
    counters.sessions_open = counters.sessions_open.saturating_sub(1);
    counters.sessions_closed += 1;
    Ok(wire::success(Value::Null))
}

/// The session parameters, as every reply lists them.
pub fn parameter_list(session: &Session) -> Value {
    let all = session.parameters.iter();
    all.map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

fn default_parameters() -> BTreeMap<String, Value> {
    let all = [
        ("AUTOCOMMIT", json!(true)),
        ("BINARY_OUTPUT_FORMAT", json!("HEX")),
        ("CLIENT_PREFETCH_THREADS", json!(4)),
        ("CLIENT_RESULT_CHUNK_SIZE", json!(160)),
        ("CLIENT_SESSION_KEEP_ALIVE", json!(false)),
        (
            "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY",
            json!(3_600),
        ),
        ("CLIENT_TELEMETRY_ENABLED", json!(false)),
        ("DATE_OUTPUT_FORMAT", json!("YYYY-MM-DD")),
        ("GEOGRAPHY_OUTPUT_FORMAT", json!("GeoJSON")),
        ("MULTI_STATEMENT_COUNT", json!(1)),
        ("PYTHON_CONNECTOR_QUERY_RESULT_FORMAT", json!("ARROW")),
        ("STATEMENT_TIMEOUT_IN_SECONDS", json!(172_800)),
        (
            "TIMESTAMP_NTZ_OUTPUT_FORMAT",
            json!("YYYY-MM-DD HH24:MI:SS.FF3"),
        ),
        (
            "TIMESTAMP_OUTPUT_FORMAT",
            json!("YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM"),
        ),
        ("TIMEZONE", json!("UTC")),
        ("TIME_OUTPUT_FORMAT", json!("HH24:MI:SS")),
    ];
    all.map(|(name, value)| (name.to_owned(), value)).into()
}
