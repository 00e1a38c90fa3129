//! Statements: submitting, waiting, polling, aborting, looking up.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{HttpRequest, HttpResponse, rt, web};
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{
    State,
    login::{self, Session},
    results::Results,
    script::{self, Plan},
    wire::{self, Answer, Refusal},
};

/// Statements whose outcome can still be asked for: the service keeps a day, the stub a number.
const KEPT: usize = 20_000;

#[derive(Default)]
pub struct Statements {
    by_id: HashMap<String, Arc<Statement>>,
    by_request: HashMap<String, Arc<Statement>>,
    in_order: VecDeque<Arc<Statement>>,
}

/// One statement, from its submission on.
pub struct Statement {
    pub id: String,
    request_id: String,
    session: i64,
    text: String,
    is_async: bool,
    started_ms: u64,
    outcome: watch::Sender<Option<Outcome>>,
    abort: Notify,
}

type Outcome = Result<Arc<Finished>, Refusal>;

/// What a statement that went well leaves behind.
pub struct Finished {
    pub type_id: u32,
    pub results: Results,
    /// For PUT and GET: the fields of the reply that tell the client what to transfer.
    pub command: Option<Value>,
    /// `numRowsInserted` and its like.
    pub stats: Option<Value>,
}

impl Statements {
    fn add(&mut self, statement: &Arc<Statement>) {
        self.by_id
            .insert(statement.id.clone(), Arc::clone(statement));
        self.by_request
            .insert(statement.request_id.clone(), Arc::clone(statement));
        self.in_order.push_back(Arc::clone(statement));
        if self.in_order.len() > KEPT
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.by_id.remove(&oldest.id);
            self.by_request.remove(&oldest.request_id);
        }
    }

    pub fn abort_all_of(&self, session: i64) {
        self.in_order
            .iter()
            .filter(|it| it.session == session)
            .for_each(|it| {
                it.abort();
            });
    }

    fn find(&self, id: &str) -> Result<Arc<Statement>, Refusal> {
        let missing = || Refusal::of_statement("000612", "02000", "Result not found", id);
        self.by_id.get(id).cloned().ok_or_else(missing)
    }

    /// What the statement left behind, when it is done and went well.
    pub fn finished(&self, id: &str) -> Option<Arc<Finished>> {
        let outcome = self.by_id.get(id)?.outcome.borrow().clone();
        outcome?.ok()
    }
}

impl Statement {
    /// Whether there was something to abort.
    fn abort(&self) -> bool {
        let is_running = self.outcome.borrow().is_none();
        if is_running {
            self.abort.notify_one();
        }
        is_running
    }

    /// Runs to the end, which may come early.
    async fn run(&self, state: &State, plan: Plan, limit: Option<Duration>) {
        let out_of_time = async {
            match limit {
                Some(limit) => sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        let outcome = tokio::select! {
            biased;
            () = self.abort.notified() => {
                state.counters().aborted += 1;
                Err(Refusal::of_statement("000604", "57014", "SQL execution canceled", &self.id))
            }
            () = out_of_time => {
                state.counters().timed_out += 1;
                let seconds = limit.unwrap_or_default().as_secs();
                let message = format!("Statement reached its statement or warehouse timeout of {seconds} second(s) and was canceled.");
                Err(Refusal::of_statement("000630", "57014", &message, &self.id))
            }
            () = sleep(plan.takes) => plan.outcome.map(Arc::new).map_err(|it| it.refusal(&self.id)),
        };
        if outcome.is_ok()
            && let Some(session) = state.sessions().get_mut(self.session)
        {
            plan.effect.apply(session);
        }
        state.counters().running -= 1;
        self.outcome.send_replace(Some(outcome));
    }

    /// The outcome, if it comes within `patience`.
    async fn wait(&self, patience: Duration) -> Option<Outcome> {
        let mut outcome = self.outcome.subscribe();
        let known = timeout(patience, outcome.wait_for(Option::is_some)).await;
        known.ok().and_then(Result::ok).and_then(|it| it.clone())
    }

    async fn answer(&self, state: &State, patience: Duration) -> Answer {
        match self.wait(patience).await {
            Some(Ok(finished)) => Ok(self.reply(state, &finished)),
            Some(Err(refusal)) => Err(refusal),
            None => Ok(self.in_progress(state)),
        }
    }

    fn in_progress(&self, state: &State) -> HttpResponse {
        let (code, message) = match self.is_async {
            true => (
                "333334",
                "Query execution in progress. It is detached from the client.",
            ),
            false => (
                "333333",
                "Query execution in progress. Please retry with the result URL.",
            ),
        };
        let host = state.settings().result_url_host.clone().unwrap_or_default();
        let data = json!({
            "queryId": self.id, "getResultUrl": format!("{host}/queries/{}/result", self.id),
            "queryAbortsAfterSecs": 300, "progressDesc": null,
        });
        wire::coded(Some(code), Some(message), data)
    }

    fn reply(&self, state: &State, finished: &Finished) -> HttpResponse {
        let mut data = match &finished.command {
            Some(command) => command.clone(),
            None => finished.results.fields(state, &self.id),
        };
        let session = state
            .sessions()
            .get_mut(self.session)
            .cloned()
            .unwrap_or_default();
        let rest = json!({
            "parameters": login::parameter_list(&session),
            "queryId": self.id, "sqlState": "00000", "statementTypeId": finished.type_id, "stats": finished.stats,
            "finalDatabaseName": session.database, "finalSchemaName": session.schema,
            "finalWarehouseName": session.warehouse, "finalRoleName": session.role,
            "numberOfBinds": 0, "arrayBindSupported": false, "version": 1, "sendResultTime": now_ms(),
            "queryContext": { "entries": [{ "id": 0, "timestamp": now_ms() * 1_000, "priority": 0, "context": "CPvPmZoD" }] },
        });
        if let (Some(data), Value::Object(rest)) = (data.as_object_mut(), rest) {
            data.extend(rest);
        }
        wire::success(data)
    }
}

pub async fn submit(state: web::Data<State>, request: HttpRequest, bytes: web::Bytes) -> Answer {
    let session = login::session(&state, &request)?;
    let body = wire::body(&request, &bytes)?;
    let request_id = wire::query_string(&request)
        .remove("requestId")
        .unwrap_or_default();
    let patience = Duration::from_millis(state.settings().sync_window_ms);

    let known = state.statements().by_request.get(&request_id).cloned();
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
    let statement = Arc::new(Statement {
        id,
        request_id,
        session: session.id,
        text: body["sqlText"].as_str().unwrap_or_default().to_owned(),
        is_async: body["asyncExec"] == true,
        started_ms: now_ms(),
        outcome: watch::Sender::new(None),
        abort: Notify::new(),
    });
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
        "parameters": login::parameter_list(session), "sqlState": "00000",
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
    let statement = state.statements().find(&id)?;
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
    let statement = state.statements().by_request.get(wanted).cloned();
    aborted(statement)
}

pub async fn abort_by_id(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    login::session(&state, &request)?;
    state.counters().aborts_by_id += 1;
    let statement = state.statements().by_id.get(&*id).cloned();
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
    let statement = state.statements().by_id.get(&*id).cloned();
    let queries: Vec<Value> = statement.iter().map(|it| it.status()).collect();
    Ok(wire::success(json!({ "queries": queries })))
}

impl Statement {
    fn status(&self) -> Value {
        let outcome = self.outcome.borrow().clone();
        let (status, code, message) = match &outcome {
            None => ("RUNNING", None, None),
            Some(Ok(_)) => ("SUCCESS", None, None),
            Some(Err(refusal)) if refusal.code == "000604" => {
                ("ABORTED", Some(&refusal.code), Some(&refusal.message))
            }
            Some(Err(refusal)) => (
                "FAILED_WITH_ERROR",
                Some(&refusal.code),
                Some(&refusal.message),
            ),
        };
        let end = if outcome.is_some() { now_ms() } else { 0 };
        json!({
            "id": self.id, "status": status, "state": status, "errorCode": code, "errorMessage": message,
            "sqlText": self.text, "sessionId": self.session, "startTime": self.started_ms, "endTime": end,
            "totalDuration": now_ms() - self.started_ms, "warehouseName": "STUB_WH",
            "stats": { "scanBytes": 0, "producedRows": 0 },
        })
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
