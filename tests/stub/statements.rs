//! Statements from their submission to their outcome.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::HttpResponse;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::{
    State,
    results::Results,
    script::Plan,
    sessions,
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
    pub is_async: bool,
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
    pub fn add(&mut self, statement: &Arc<Statement>) {
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

    pub fn by_id(&self, id: &str) -> Option<Arc<Statement>> {
        self.by_id.get(id).cloned()
    }

    /// The id of the statement that its session started last.
    pub fn last_of(&self, session: i64) -> Option<String> {
        let mut last = self.in_order.iter().rev();
        Some(last.find(|it| it.session == session)?.id.clone())
    }

    /// Ids and texts of all statements, as the history of their user has them.
    pub fn history(&self) -> Vec<(String, String)> {
        let all = self.in_order.iter();
        all.map(|it| (it.id.clone(), it.text.clone())).collect()
    }

    /// Texts of all statements, with their sessions.
    pub fn with_sessions(&self) -> Vec<(i64, String)> {
        let all = self.in_order.iter();
        all.map(|it| (it.session, it.text.clone())).collect()
    }

    pub fn by_request(&self, request_id: &str) -> Option<Arc<Statement>> {
        self.by_request.get(request_id).cloned()
    }

    /// What the statement left behind, when it is done and went well.
    pub fn finished(&self, id: &str) -> Option<Arc<Finished>> {
        let outcome = self.by_id.get(id)?.outcome.borrow().clone();
        outcome?.ok()
    }
}

impl Statement {
    pub fn new(id: String, request_id: String, session: i64, body: &Value) -> Self {
        Self {
            id,
            request_id,
            session,
            text: body["sqlText"].as_str().unwrap_or_default().to_owned(),
            is_async: body["asyncExec"] == true,
            started_ms: now_ms(),
            outcome: watch::Sender::new(None),
            abort: Notify::new(),
        }
    }

    /// Whether there was something to abort.
    pub fn abort(&self) -> bool {
        let is_running = self.outcome.borrow().is_none();
        if is_running {
            self.abort.notify_one();
        }
        is_running
    }

    /// Runs to the end, which may come early.
    pub async fn run(&self, state: &State, plan: Plan, limit: Option<Duration>) {
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
            () = passed(plan.takes) => plan.outcome.map(Arc::new).map_err(|it| it.refusal(&self.id)),
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

    pub async fn answer(&self, state: &State, patience: Duration) -> Answer {
        match self.wait(patience).await {
            Some(Ok(finished)) => Ok(self.reply(state, &finished)),
            Some(Err(refusal)) => Err(refusal),
            None => Ok(self.in_progress(state)),
        }
    }

    pub fn in_progress(&self, state: &State) -> HttpResponse {
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
        let told_id = (!state.settings().no_query_id).then_some(&self.id);
        let data = json!({
            "queryId": told_id, "getResultUrl": format!("{host}/queries/{}/result", self.id),
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
            "parameters": sessions::parameter_list(&session),
            "queryId": self.id, "sqlState": "00000", "statementTypeId": finished.type_id, "stats": finished.stats,
            "finalDatabaseName": session.database, "finalSchemaName": session.schema,
            "finalWarehouseName": session.warehouse, "finalRoleName": session.role,
            "numberOfBinds": 0, "arrayBindSupported": false, "version": 1, "sendResultTime": now_ms(),
            "queryContext": { "entries": [{ "id": 0, "timestamp": now_ms() * 1_000, "priority": 0, "context": "CPvPmZoD" }] },
        });
        if let (Some(data), Value::Object(rest)) = (data.as_object_mut(), rest) {
            data.extend(rest);
            if state.settings().no_type_id {
                data.remove("statementTypeId");
            }
        }
        wire::success(data)
    }
}

/// What every statement has read, whatever it is.
const SCANNED: u64 = 1 << 20;

impl Statement {
    /// As `/monitoring/queries/…` tells it.
    pub fn status(&self) -> Value {
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
            "stats": { "scanBytes": SCANNED, "producedRows": 0 },
        })
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

/// A timer is a millisecond late at least, which is too much for what takes no time at all.
pub async fn passed(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}
