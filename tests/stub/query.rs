//! The requests about statements: submitting, polling, aborting, looking up.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, rt, web};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    State, login, script,
    sessions::{self, Session},
    statements::{Finished, Statement},
    wire::{self, Answer, Refusal},
};

pub async fn submit(state: web::Data<State>, request: HttpRequest, bytes: web::Bytes) -> Answer {
    let session = login::session(&state, &request)?;
    let body = wire::body(&request, &bytes)?;
    let request_id = wire::query_string(&request)
        .remove("requestId")
        .unwrap_or_default();
    let patience = Duration::from_millis(state.settings().sync_window_ms);

    let known = state.statements().by_request(&request_id);
    if let Some(known) = known {
        state.counters().replays += 1;
        return known.answer(&state, patience).await;
    }

    let id = Uuid::new_v4().to_string();
    let plan = script::plan(&state, &session, &body);
    if body["describeOnly"] == true {
        state.counters().described += 1;
        let finished = plan.outcome.map_err(|it| it.refusal(&id))?;
        return Ok(wire::success(described(
            &id, &finished, plan.binds, &session,
        )));
    }
    count(&state, &session, &body, &request_id);
    let traceparent = request.headers().get("traceparent");
    let traceparent = traceparent.and_then(|it| it.to_str().ok());
    state.counters().last_statement["traceparent"] = json!(traceparent);
    let statement = Arc::new(Statement::new(id, request_id, session.id, &body));
    state.statements().add(&statement);
    let limit = time_limit(&session, &body);
    let (running, on) = (Arc::clone(&statement), state.clone());
    rt::spawn(async move { running.run(&on, plan, limit).await });
    if statement.is_async {
        return Ok(statement.in_progress(&state));
    }
    statement.answer(&state, patience).await
}

/// What `describeOnly` answers: everything about the result but the rows.
fn described(id: &str, finished: &Finished, binds: usize, session: &Session) -> Value {
    json!({
        "rowtype": finished.results.rowtype(), "rowset": [], "total": 0, "returned": 0, "queryResultFormat": "json",
        "queryId": id, "statementTypeId": finished.type_id, "numberOfBinds": binds,
        "arrayBindSupported": binds > 0, "metaDataOfBinds": vec![json!({"type": "text", "nullable": true}); binds],
        "parameters": sessions::parameter_list(session), "sqlState": "00000",
        "finalDatabaseName": session.database, "finalSchemaName": session.schema,
        "finalWarehouseName": session.warehouse, "finalRoleName": session.role,
    })
}

fn count(state: &State, session: &Session, body: &Value, request_id: &str) {
    let mut counters = state.counters();
    counters.statement_begins();
    if let Some(tag) = parameter(session, body, "QUERY_TAG").and_then(Value::as_str) {
        *counters.queries_by_tag.entry(tag.to_owned()).or_default() += 1;
    }
    counters.last_statement = json!({
        "sql": body["sqlText"], "parameters": body["parameters"], "bindings": body["bindings"], "request_id": request_id,
        "session": session.id,
    });
}

/// A parameter of the statement, or else of its session.
pub fn parameter<'a>(session: &'a Session, body: &'a Value, name: &str) -> Option<&'a Value> {
    body["parameters"]
        .get(name)
        .or_else(|| session.parameters.get(name))
}

/// A parameter that is a number; some clients send it as text.
pub fn number(session: &Session, body: &Value, name: &str) -> Option<u64> {
    let value = parameter(session, body, name)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// 0 means none.
fn time_limit(session: &Session, body: &Value) -> Option<Duration> {
    let seconds = number(session, body, "STATEMENT_TIMEOUT_IN_SECONDS")?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

pub async fn result(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    login::session(&state, &request)?;
    state.counters().result_polls += 1;
    let patience = Duration::from_millis(state.settings().long_poll_ms);
    let missing = || Refusal::of_statement("000612", "02000", "Result not found", &id);
    let statement = state.statements().by_id(&id).ok_or_else(missing)?;
    statement.answer(&state, patience).await
}

pub async fn abort_by_request(
    state: web::Data<State>,
    request: HttpRequest,
    bytes: web::Bytes,
) -> Answer {
    login::session(&state, &request)?;
    let body = wire::body(&request, &bytes)?;
    state.counters().aborts_by_request += 1;
    let wanted = body["requestId"].as_str().unwrap_or_default();
    let statement = state.statements().by_request(wanted);
    aborted(statement)
}

pub async fn abort_by_id(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    login::session(&state, &request)?;
    state.counters().aborts_by_id += 1;
    let statement = state.statements().by_id(&id);
    aborted(statement)
}

fn aborted(statement: Option<Arc<Statement>>) -> Answer {
    match statement {
        Some(statement) if statement.abort() => Ok(wire::success(Value::Null)),
        _ => Err(Refusal::new(
            "000605",
            "Identified SQL statement is not currently executing.",
        )),
    }
}

pub async fn monitoring(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    login::session(&state, &request)?;
    let statement = state.statements().by_id(&id);
    let queries: Vec<Value> = statement.iter().map(|it| it.status()).collect();
    Ok(wire::success(json!({ "queries": queries })))
}
