//! Stopping: whoever stops waiting, the statement stops too.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::support::{code, execute, run, serve, show, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;
use crate::support::{Server, Signal};

#[tokio::test]
async fn a_caller_that_goes_away_stops_its_statement() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    let mcp = server.mcp();
    let call = tokio::spawn(async move {
        mcp.call_tool("execute_query", json!({"sql": "select stub.sleep(60000)"}))
            .await
    });
    until(&stub, "running", |counters| counters.running == 1).await;
    call.abort();
    until(&stub, "aborted", |counters| {
        counters.running == 0 && counters.aborted == 1
    })
    .await;
    let seen = stub.counters();
    // Nobody knew its id: its request still waited.
    assert_eq!((seen.aborts_by_request, seen.aborts_by_id), (1, 0));
    // The last word of that request is told to whoever looks for the statement.
    let told = |line: &Value| line["message"] == "stopped a statement";
    let told = server.line("the statement's end", told).await;
    assert!(told["query_id"].is_string(), "{told}");
    assert!(told["span"]["trace_id"].is_string(), "{told}");
    // The session is as good as new.
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    assert_eq!(stub.counters().logins, 1);
    stop(server, &stub).await;
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_sent_again() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    // It never arrived, and is to be sent again in a second; the abort takes longer than that.
    stub.fault(json!([
        {"endpoint": "query", "kind": "status", "code": 503, "retry_after": 1, "times": 1},
        {"endpoint": "abort", "kind": "delay", "ms": 2000, "times": 1},
    ]));
    let call = spawn(&server, json!({"sql": "select stub.sleep(60000)"}));
    until(&stub, "refused", |it| it.faults == 1).await;
    call.abort();
    until(&stub, "asked to stop", |it| it.aborts_by_request > 0).await;
    assert_eq!(stub.counters().statements, 1, "{:?}", stub.counters());
    stop(server, &stub).await;
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_sent_again_with_a_new_token() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SNOWFLAKE_POOL_MAX_SIZE", "1")]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    // The token runs out on the way there, and the first word to stop it takes longer than that.
    stub.fault(json!([
        {"endpoint": "query", "kind": "delay", "ms": 1000, "times": 1},
        {"endpoint": "abort", "kind": "delay", "ms": 3000, "times": 1},
    ]));
    let call = spawn(&server, json!({"sql": "select stub.sleep(60000)"}));
    until(&stub, "on its way", |it| it.faults == 1).await;
    stub.lose(Loss::SessionTokens);
    call.abort();
    until(&stub, "asked to stop", |it| it.aborts_by_request > 0).await;
    assert_eq!(stub.counters().statements, 1, "{:?}", stub.counters());
    // The session is as good as new.
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    assert_eq!(stub.counters().logins, 1);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_statement_whose_server_dies_ends_by_its_time_limit() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    let arguments = json!({"sql": "select stub.sleep(60000)", "timeout_seconds": 2});
    let params = json!({"name": "execute_query", "arguments": arguments});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let call = tokio::spawn(server.mcp().post().json(&body).send());
    until(&stub, "running", |it| it.running == 1).await;
    server.signal(Signal::KILL);
    server.ended().await;
    assert!(call.await.unwrap().is_err());
    // Nobody has its id, and nobody asks.
    let seen = until(&stub, "ended", |it| it.running == 0).await;
    assert_eq!((seen.timed_out, seen.aborted), (1, 0), "{seen:?}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let result = execute(
        &server,
        json!({"sql": "select stub.sleep(60000)", "timeout_seconds": 1}),
    )
    .await;
    assert_eq!(code(&result), "query_timeout", "{result}");
    // Its last word names it.
    let query_id = &result["structuredContent"]["query_id"];
    assert!(query_id.is_string(), "{result}");
    until(&stub, "stopped", |counters| counters.running == 0).await;
    stop(server, &stub).await;
}

#[tokio::test]
async fn sigterm_with_twenty_statements_running_leaves_nothing_behind() {
    let stub = Stub::start().await;
    let mut server = serve(
        &stub,
        &[
            ("SNOWFLAKE_POOL_MAX_SIZE", "20"),
            ("SHUTDOWN_TIMEOUT", "500ms"),
        ],
    )
    .await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let mcp = server.mcp();
            tokio::spawn(async move {
                mcp.call_tool("execute_query", json!({"sql": "select stub.sleep(60000)"}))
                    .await
            })
        })
        .collect();
    until(&stub, "twenty running", |counters| counters.running == 20).await;
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    for call in join_all(calls).await {
        assert_eq!(code(&call.unwrap()), "query_cancelled");
    }
    let counters = stub.counters();
    show(&counters);
    assert_eq!(counters.running, 0, "{counters:?}");
    assert_eq!(counters.sessions_open, 0, "{counters:?}");
}

/// A call that is given up by `abort`.
fn spawn(server: &Server, arguments: Value) -> JoinHandle<Value> {
    let mcp = server.mcp();
    tokio::spawn(async move { mcp.call_tool("execute_query", arguments).await })
}

#[tokio::test]
async fn a_caller_that_goes_away_while_its_session_signs_in_leaves_no_session_behind() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    server.event("ready").await;
    stub.set(|settings| settings.login_delay_ms = 600);
    // A role of its own, so that it needs a session of its own.
    let call = spawn(&server, json!({"sql": "select 1", "role": "ANALYST"}));
    until(&stub, "signing in", |it| it.concurrent_logins == 1).await;
    call.abort();
    // The sign-in goes on, because what is broken off could stay open unknown to anybody.
    let seen = until(&stub, "signed in", |it| it.logins == 2).await;
    assert_eq!(seen.statements, 0, "{seen:?}");
    until(&stub, "signed out", |it| it.sessions_open == 1).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_while_it_waits_runs_nothing_and_holds_nobody_up() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SNOWFLAKE_POOL_MAX_SIZE", "1")]).await;
    let first = spawn(&server, json!({"sql": "select stub.sleep(1000)"}));
    until(&stub, "running", |it| it.running == 1).await;
    let waiting: Vec<_> = (0..5)
        .map(|_| spawn(&server, json!({"sql": "select 2"})))
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    for call in &waiting {
        call.abort();
    }
    assert_eq!(code(&first.await.unwrap()), "ok");
    assert_eq!(code(&run(&server, "select 3").await), "ok");
    assert_eq!(stub.counters().statements, 2);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_at_any_moment_of_a_statement_stops_it() {
    let stub = Stub::start().await;
    stub.set(|settings| (settings.sync_window_ms, settings.long_poll_ms) = (200, 300));
    let server = serve(&stub, &[]).await;
    // Before Snowflake has said that it runs, while it is asked for, between two questions.
    for (number, after_ms) in [(1, 0), (2, 60), (3, 300), (4, 700)] {
        let call = spawn(&server, json!({"sql": "select stub.sleep(60000)"}));
        until(&stub, "running", |it| it.statements == number).await;
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        call.abort();
        until(&stub, "stopped", |it| {
            it.running == 0 && it.aborted == number
        })
        .await;
    }
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    assert!(stub.counters().logins <= 5, "{:?}", stub.counters());
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_while_it_downloads_ends_the_download() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let sql = "select * from stub.rows(n => 9000, chunk => 10, delay_ms => 50)";
    let call = spawn(&server, json!({"sql": sql, "limit": 9000}));
    until(&stub, "downloading", |it| it.chunk_gets > 4).await;
    call.abort();
    until(&stub, "no download", |it| it.concurrent_chunk_gets == 0).await;
    let seen = stub.counters().chunk_gets;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stub.counters().chunk_gets, seen);
    assert!(seen < 900, "all of it: {seen}");
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn sigterm_while_sessions_sign_in_and_results_are_fetched_leaves_nothing_behind() {
    let stub = Stub::start().await;
    let more = [
        ("SNOWFLAKE_POOL_MAX_SIZE", "6"),
        ("SHUTDOWN_TIMEOUT", "1500ms"),
    ];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    let sql = "select * from stub.rows(n => 9000, chunk => 10, delay_ms => 50)";
    let mut calls = vec![spawn(&server, json!({"sql": sql, "limit": 9000}))];
    until(&stub, "downloading", |it| it.chunk_gets > 4).await;
    stub.set(|settings| settings.login_delay_ms = 400);
    let signing_in = ["A", "B", "C"].map(|role| {
        spawn(
            &server,
            json!({"sql": "select stub.sleep(60000)", "role": role}),
        )
    });
    calls.extend(signing_in);
    until(&stub, "signing in", |it| it.concurrent_logins > 0).await;
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    for call in join_all(calls).await {
        assert_eq!(code(&call.unwrap()), "query_cancelled");
    }
    let counters = stub.counters();
    show(&counters);
    assert_eq!(counters.running, 0, "{counters:?}");
    assert_eq!(counters.sessions_open, 0, "{counters:?}\n{}", server.log());
}
