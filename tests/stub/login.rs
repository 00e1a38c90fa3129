//! Signing in and what keeps a session going: login, renewal, heartbeat, close.

use std::time::Duration;

use actix_web::{HttpRequest, http::StatusCode, rt::time::sleep, web};
use serde_json::{Map, Value, json};

use super::{
    State, browser,
    counters::Leaving,
    keys,
    sessions::{self, Kind, Session},
    wire::{self, Answer, Refusal},
};

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
        Ok(_) => {
            counters.logins += 1;
            counters.sessions_open += 1;
        }
        Err(_) => counters.logins_refused += 1,
    }
    counters.last_login = without_secrets(&data);
    drop(counters);
    let user = granted?;

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
    let mut parameters = sessions::default_parameters();
    let wanted = data["SESSION_PARAMETERS"].as_object().into_iter().flatten();
    parameters.extend(wanted.map(|(name, value)| (name.to_uppercase(), value.clone())));
    parameters.extend(settings.parameters_forced.clone());
    let session = Session {
        user,
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
    let mut counters = state.counters();
    if counters.signed_in.len() == 1000 {
        counters.signed_in.pop_front();
    }
    let role = session.role.clone().unwrap_or_default();
    counters.signed_in.push_back((session.user.clone(), role));
    drop(counters);
    let wants_id_token = data["AUTHENTICATOR"] == "EXTERNALBROWSER"
        && data["SESSION_PARAMETERS"]["CLIENT_STORE_TEMPORARY_CREDENTIAL"] == true;
    let id_token = (wants_id_token && settings.allow_id_token).then_some(browser::ID_TOKEN);
    let lifetimes = settings.lifetimes();
    let (id, token, master) = state.sessions().open(session.clone(), lifetimes);
    Ok(wire::success(json!({
        "token": token, "masterToken": master, "sessionId": id,
        "validityInSeconds": lifetimes.0.as_secs(), "masterValidityInSeconds": lifetimes.1.as_secs(),
        "displayUserName": session.user, "serverVersion": "9.0.0 stub", "firstLogin": false,
        "healthCheckInterval": 45, "newClientForUpgrade": null, "remMeToken": null, "remMeValidityInSeconds": 0,
        "parameters": sessions::parameter_list(&session),
        "sessionInfo": {
            "databaseName": session.database, "schemaName": session.schema,
            "warehouseName": session.warehouse, "roleName": session.role,
        },
        "idToken": id_token, "idTokenValidityInSeconds": 0, "responseData": null,
        "mfaToken": null, "mfaTokenValidityInSeconds": 0,
    })))
}

/// The user whom a sign-in names, where it is granted.
fn authenticate(state: &State, data: &Value) -> Result<String, Refusal> {
    prove(state, data)?;
    let settings = state.settings();
    let named = data["LOGIN_NAME"].as_str().map(str::to_owned);
    let user = if settings.tokens_name_users && data["AUTHENTICATOR"] == "OAUTH" {
        let subject = subject(data["TOKEN"].as_str().unwrap_or_default());
        subject.ok_or_else(|| Refusal::new("390303", "Invalid OAuth access token."))?
    } else {
        named.unwrap_or_else(|| "STUB_USER".to_owned())
    };
    let user = user.to_uppercase();
    match settings.refused_users.get(&user) {
        None => Ok(user),
        Some(code) => Err(Refusal::new(code, &format!("{user} is refused."))),
    }
}

/// Whom a JWT names.
fn subject(token: &str) -> Option<String> {
    use base64::Engine;
    let payload = token.split('.').nth(1)?;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    let payload: Value = serde_json::from_slice(&payload.ok()?).ok()?;
    payload["sub"].as_str().map(str::to_owned)
}

fn prove(state: &State, data: &Value) -> Result<(), Refusal> {
    let settings = state.settings();
    let wrong = || Refusal::new("390100", "Incorrect username or password was specified.");
    let text = |field: &str| data[field].as_str().filter(|it| !it.is_empty());
    let is_ours = |wanted: &Option<String>, field| {
        wanted
            .as_deref()
            .is_none_or(|it| text(field).is_some_and(|name| name.eq_ignore_ascii_case(it)))
    };
    if !is_ours(&settings.account, "ACCOUNT_NAME") {
        return Err(Refusal {
            status: StatusCode::FORBIDDEN,
            ..Refusal::new("390201", "There is no such account.")
        });
    }
    if !is_ours(&settings.user, "LOGIN_NAME") {
        return Err(wrong());
    }
    match data["AUTHENTICATOR"].as_str().unwrap_or_default() {
        "SNOWFLAKE_JWT" => keys::verify(
            text("TOKEN").unwrap_or_default(),
            &settings.keys(),
            settings.clock(),
        ),
        "EXTERNALBROWSER" => {
            let (token, key) = (text("TOKEN"), text("PROOF_KEY"));
            browser::take(state, token.unwrap_or_default(), key.unwrap_or_default())
        }
        "ID_TOKEN" if text("TOKEN") == Some(browser::ID_TOKEN) && settings.allow_id_token => Ok(()),
        "ID_TOKEN" => Err(Refusal::new("390195", "The ID token is invalid.")),
        "OAUTH" | "PROGRAMMATIC_ACCESS_TOKEN" | "WORKLOAD_IDENTITY" => {
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
    let kept = kept.filter(|(name, _)| {
        !["PASSWORD", "TOKEN", "PASSCODE", "PROOF_KEY"].contains(&name.as_str())
    });
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

pub async fn renew(state: web::Data<State>, request: HttpRequest) -> Answer {
    let master = wire::token(&request)?;
    let lifetimes = state.settings().lifetimes();
    let master_ends = state.settings().masters_end;
    let mut sessions = state.sessions();
    let id = match sessions.holder(&master, Kind::Master) {
        Ok(session) => session.id,
        Err(refusal) => {
            // Nobody can sign out of a session that has run out; one that was only forgotten still counts as open.
            if sessions.end_expired(&master) {
                let mut counters = state.counters();
                counters.sessions_open = counters.sessions_open.saturating_sub(1);
                counters.sessions_expired += 1;
            }
            return Err(refusal);
        }
    };
    sessions.retire_tokens_of(id);
    if master_ends {
        sessions.forget(&master);
    }
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
