//! Every endpoint, broken in every way: now and then, when nothing may be seen of it, and all the time, when the caller is
//! told at once and the server is as good as new a moment after the endpoint is.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{code, execute, serve, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;
use crate::support::Server;

/// The ways to break an endpoint.
fn ways() -> [Value; 6] {
    [
        json!({"kind": "status", "code": 503}),
        json!({"kind": "status", "code": 429, "retry_after": 1}),
        json!({"kind": "html"}),
        json!({"kind": "truncate"}),
        json!({"kind": "reset"}),
        json!({"kind": "hang"}),
    ]
}

/// An order for a fault of this kind.
fn at(endpoint: &str, way: &Value, probability: f64) -> Value {
    let mut fault = way.clone();
    fault["endpoint"] = json!(endpoint);
    fault["probability"] = json!(probability);
    fault
}

/// Short limits: a test waits for nothing that a setting can shorten.
const BRIEF: [(&str, &str); 4] = [
    ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "1"),
    ("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "2"),
    ("SNOWFLAKE_POOL_MAX_SIZE", "4"),
    ("SQL_POLICY", "admin"),
];

/// Snowflake's 45 s, as long as a test has time for: what takes longer is asked for by its id.
const IN_PROGRESS_MS: u64 = 200;

/// What a call that meets a broken endpoint may be answered with.
const TOLD: [&str; 2] = ["warehouse_unreachable", "query_timeout"];

/// An endpoint and what a server does that needs it.
struct Case {
    endpoint: &'static str,
    /// What the server finds before the call.
    lost: Option<Loss>,
    call: Value,
    /// What the caller is told while the endpoint is broken.
    told: &'static [&'static str],
}

impl Case {
    fn of(endpoint: &'static str, sql: &str, told: &'static [&'static str]) -> Self {
        Self {
            endpoint,
            lost: None,
            call: json!({"sql": sql, "timeout_seconds": 2, "limit": 1000}),
            told,
        }
    }

    /// Breaks the endpoint in every way, one after the other.
    async fn run(self) {
        let stub = Stub::start().await;
        stub.set(|settings| settings.sync_window_ms = IN_PROGRESS_MS);
        let mut server = serve(&stub, &BRIEF).await;
        server.event("ready").await;
        for way in ways() {
            self.break_once(&stub, &server, &way).await;
        }
        stop(server, &stub).await;
        assert_eq!(stub.counters().running, 0, "{:?}", stub.counters());
    }

    async fn break_once(&self, stub: &Stub, server: &Server, way: &Value) {
        let what = format!("{} broken by {way}", self.endpoint);
        let before = stub.counters();
        stub.fault(json!([at(self.endpoint, way, 1.0)]));
        // Only now: what the pool does for its own sake would make good for it at once.
        if let Some(lost) = self.lost {
            stub.lose(lost);
        }
        let result = execute(server, self.call.clone()).await;
        assert!(
            self.told.contains(&code(&result)),
            "{what}: {result}\n{}",
            server.log()
        );
        until(stub, &what, |counters| counters.faults > before.faults).await;
        // Whatever the caller was told, nothing runs on, even while the endpoint stays broken.
        until(stub, "stopped", |counters| counters.running == 0).await;
        stub.heal();
        // As good as new, without a restart and at the first call.
        let next = execute(server, json!({"sql": "select 1"})).await;
        assert_eq!(code(&next), "ok", "after {what}: {next}\n{}", server.log());
        let logins = stub.counters().logins - before.logins;
        assert!(logins <= 6, "after {what}: {logins} sign-ins");
    }
}

#[tokio::test]
async fn sign_ins_that_fail_are_told_and_are_over_when_snowflake_is_back() {
    let case = Case::of("login", "select 1", &TOLD);
    let lost = Some(Loss::Sessions);
    Case { lost, ..case }.run().await;
}

#[tokio::test]
async fn renewals_that_fail_are_told_and_are_over_when_snowflake_is_back() {
    let case = Case::of("renew", "select 1", &TOLD);
    let lost = Some(Loss::SessionTokens);
    Case { lost, ..case }.run().await;
}

#[tokio::test]
async fn heartbeats_that_fail_are_seen_by_readiness_and_by_no_caller() {
    // Nothing is asked for as long as something was heard a moment ago, so this takes its time: all at once.
    let all = ways().map(|way| async move {
        let stub = Stub::start().await;
        let mut server = serve(&stub, &BRIEF).await;
        server.event("ready").await;
        stub.fault(json!([at("heartbeat", &way, 1.0)]));
        server.event("not_ready").await;
        assert_eq!(server.get(&server.url("/readyz")).await.0, 503, "{way}");
        let result = execute(&server, json!({"sql": "select 1"})).await;
        assert_eq!(code(&result), "ok", "{way}: {result}");
        stub.heal();
        server.nth_event("ready", 2).await;
        stop(server, &stub).await;
    });
    join_all(all).await;
}

#[tokio::test]
async fn sign_outs_that_fail_are_made_up_for() {
    // Its session is not used again.
    Case::of("close", "create table t (a int)", &["ok"])
        .run()
        .await;
}

#[tokio::test]
async fn statements_that_cannot_be_sent_are_told() {
    Case::of("query", "select 1", &TOLD).run().await;
}

#[tokio::test]
async fn results_that_cannot_be_asked_for_are_told_and_their_statements_stopped() {
    Case::of("result", "select stub.sleep(800)", &TOLD)
        .run()
        .await;
}

#[tokio::test]
async fn a_state_that_cannot_be_asked_for_is_told_and_its_statement_goes_on() {
    let all = ways().map(|way| async move {
        let stub = Stub::start().await;
        let more = [BRIEF.as_slice(), &[("SYNC_WAIT", "1s")]].concat();
        let server = serve(&stub, &more).await;
        let started = execute(&server, json!({"sql": "select stub.sleep(5000)"})).await;
        let cursor = json!({"cursor": started["structuredContent"]["cursor"]});
        let ask = async |tool: &str| server.mcp().call_tool(tool, cursor.clone()).await;
        // Also what the pool asks for its own sake, to know when the statement's session is free again.
        stub.fault(json!([at("monitoring", &way, 1.0)]));
        let told = ask("query_status").await;
        assert!(
            TOLD.contains(&code(&told)),
            "{way}: {told}\n{}",
            server.log()
        );
        assert_eq!(told["structuredContent"]["retryable"], true, "{told}");
        stub.heal();
        let told = ask("query_status").await;
        assert_eq!(code(&told), "ok", "{way}: {told}");
        stub.fault(json!([at("monitoring", &way, 0.5)]));
        let mut rows = ask("fetch_results").await;
        while rows["structuredContent"]["status"] == "running" {
            rows = ask("fetch_results").await;
        }
        assert_eq!(rows["structuredContent"]["row_count"], 1, "{way}: {rows}");
        assert_eq!(
            (stub.counters().statements, stub.counters().aborted),
            (1, 0)
        );
        stub.heal();
        stop(server, &stub).await;
    });
    join_all(all).await;
}

#[tokio::test]
async fn aborts_that_fail_end_with_the_session() {
    let told = &["query_timeout"];
    Case::of("abort", "select stub.sleep(60000)", told)
        .run()
        .await;
}

#[tokio::test]
async fn pieces_that_cannot_be_fetched_are_told() {
    let sql = "select * from stub.rows(n => 300, chunk => 100)";
    Case::of("chunk", sql, &TOLD).run().await;
}

#[tokio::test]
async fn one_request_in_twenty_broken_in_any_one_way_is_not_seen() {
    let all = ways().map(|way| async move {
        let stub = Stub::start().await;
        stub.set(|settings| settings.sync_window_ms = IN_PROGRESS_MS);
        let more = [
            // Seven in a row are broken once in a thousand million times.
            ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "6"),
            ("SQL_POLICY", "admin"),
        ];
        let server = serve(&stub, &more).await;
        // A request that hangs may be a statement that takes its time: it is waited for as long as the caller waits.
        let hangs = way["kind"] == "hang";
        let endpoints = [
            "login",
            "renew",
            "heartbeat",
            "close",
            "query",
            "result",
            "abort",
            "chunk",
            "monitoring",
        ];
        let mut faults: Vec<_> = endpoints
            .iter()
            .filter(|it| (**it, &way["kind"]) != ("login", &json!("truncate")))
            .map(|it| at(it, &way, 0.05))
            .collect();
        for fault in &mut faults {
            fault["retry_after"] = Value::Null;
        }
        stub.fault(Value::Array(faults));
        let callers = (0..6).map(|number| one_caller(&server, &stub, &way, number));
        join_all(callers).await;
        assert!(stub.counters().faults > 0, "{way}");
        stub.heal();
        let next = execute(&server, json!({"sql": "select 1"})).await;
        assert_eq!(code(&next), "ok", "after {way}: {next}");
        until(&stub, "stopped", |counters| counters.running == 0).await;
        if hangs {
            // Six callers at four sessions each would be too many.
            assert!(stub.counters().logins < 60, "{:?}", stub.counters());
        }
        stop(server, &stub).await;
    });
    join_all(all).await;
}

/// Calls of every kind, one after the other.
async fn one_caller(server: &Server, stub: &Stub, way: &Value, number: usize) {
    let hangs = way["kind"] == "hang";
    for turn in 0..8 {
        let (call, rows) = match (turn + number) % 4 {
            0 => ("select * from stub.rows(n => 300, chunk => 100)", 300),
            1 => ("select stub.sleep(400)", 1),
            2 => ("create table t (a int)", 1),
            _ => ("select 1", 1),
        };
        // One of them: a token that is lost again before it was used is no accident of real life.
        if turn == 4 && number == 0 {
            stub.lose(Loss::SessionTokens);
        }
        let patience = if hangs { 2 } else { 60 };
        let call = json!({"sql": call, "limit": 1000, "timeout_seconds": patience});
        let result = execute(server, call.clone()).await;
        if hangs && TOLD.contains(&code(&result)) {
            continue;
        }
        assert_eq!(
            result["structuredContent"]["row_count"],
            rows,
            "{way}, {call}: {result}\n{}",
            server.log()
        );
    }
}
