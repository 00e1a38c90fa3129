//! What the network and the service do on a bad day.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{code, execute, run, serve, stop};
use crate::stub::Stub;

#[tokio::test]
async fn failures_that_pass_are_not_seen_and_a_statement_runs_once() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    for fault in [
        json!({"endpoint": "query", "kind": "status", "code": 503, "times": 1}),
        json!({"endpoint": "query", "kind": "status", "code": 429, "retry_after": 1, "times": 1}),
        json!({"endpoint": "query", "kind": "html", "times": 1}),
        json!({"endpoint": "query", "kind": "truncate", "times": 1}),
        json!({"endpoint": "query", "kind": "reset", "times": 1}),
        json!({"endpoint": "chunk", "kind": "status", "code": 503, "times": 1}),
        json!({"endpoint": "chunk", "kind": "truncate", "times": 1}),
        json!({"endpoint": "chunk", "kind": "reset", "times": 1}),
    ] {
        let before = stub.counters().statements;
        stub.fault(json!([fault]));
        let sql = "select * from stub.rows(n => 300, chunk => 100)";
        let result = execute(&server, json!({"sql": sql, "limit": 1000})).await;
        assert_eq!(
            result["structuredContent"]["row_count"], 300,
            "{fault}: {result}"
        );
        assert_eq!(stub.counters().statements - before, 1, "{fault}");
        stub.heal();
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn an_outage_is_told_readiness_fails_and_comes_back_by_itself() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "0")]).await;
    server.event("ready").await;
    let everything = ["login", "query", "heartbeat", "renew"];
    stub.fault(Value::Array(
        everything
            .iter()
            .map(|endpoint| json!({"endpoint": endpoint, "kind": "status", "code": 503}))
            .collect(),
    ));
    let result = run(&server, "select 1").await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    server.event("not_ready").await;
    assert_eq!(server.get(&server.url("/livez")).await.0, 200);
    assert_eq!(server.get(&server.url("/readyz")).await.0, 503);
    stub.heal();
    server.nth_event("ready", 2).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn an_outage_is_seen_although_callers_keep_all_sessions_at_work() {
    let stub = Stub::start().await;
    let more = [
        ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "0"),
        ("SNOWFLAKE_POOL_MAX_SIZE", "2"),
    ];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    let everything = ["login", "query", "result", "heartbeat", "renew", "abort"];
    stub.fault(Value::Array(
        everything
            .iter()
            .map(|endpoint| json!({"endpoint": endpoint, "kind": "hang"}))
            .collect(),
    ));
    let mcp = server.mcp();
    let callers = async {
        let caller = |_| async {
            loop {
                let call = json!({"sql": "select 1", "timeout_seconds": 3});
                mcp.call_tool("execute_query", call).await;
            }
        };
        join_all((0..8).map(caller)).await;
    };
    tokio::select! {
        _ = callers => unreachable!("they never stop"),
        _ = server.event("not_ready") => {}
    }
    assert_eq!(server.get(&server.url("/readyz")).await.0, 503);
    stub.heal();
    server.nth_event("ready", 2).await;
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_result_that_points_elsewhere_is_not_fetched() {
    let stub = Stub::start().await;
    let elsewhere = Stub::start().await;
    let server = serve(&stub, &[]).await;
    // The metadata address of every cloud.
    stub.set(|settings| settings.chunk_url_host = Some("169.254.169.254".to_owned()));
    let sql = "select * from stub.rows(n => 300, chunk => 100)";
    let result = execute(&server, json!({"sql": sql, "limit": 1000})).await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    stub.set(|settings| {
        settings.chunk_url_host = None;
        settings.result_url_host = Some(elsewhere.url());
        settings.sync_window_ms = 200;
    });
    let result = run(&server, "select stub.sleep(1000)").await;
    assert_ne!(code(&result), "ok", "{result}");
    assert_eq!(elsewhere.counters().result_polls, 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn one_request_in_twenty_broken_is_not_seen() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    let kinds = ["html", "truncate", "reset"];
    let endpoints = ["login", "query", "result", "chunk", "renew", "heartbeat"];
    let faults = endpoints.iter().flat_map(|endpoint| {
        kinds
            .iter()
            // A session whose token was lost on the way cannot be signed out by anybody: it is not ours to count.
            .filter(move |kind| (*endpoint, **kind) != ("login", "truncate"))
            .map(move |kind| json!({"endpoint": endpoint, "kind": kind, "probability": 0.017}))
    });
    stub.fault(Value::Array(faults.collect()));
    for round in 0..15 {
        let calls = (0..8).map(|_| {
            let sql = "select * from stub.rows(n => 300, chunk => 100)";
            execute(&server, json!({"sql": sql, "limit": 1000}))
        });
        for result in join_all(calls).await {
            assert_eq!(
                result["structuredContent"]["row_count"],
                300,
                "round {round}: {result}\n{}",
                server.log()
            );
        }
    }
    assert!(stub.counters().faults > 5);
    stub.heal();
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_run_again() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SQL_POLICY", "read_write")]).await;
    let write = "insert into t values (1)";
    assert_eq!(code(&run(&server, write).await), "ok");
    let before = stub.counters().statements;
    stub.fault(json!([
        {"endpoint": "query", "kind": "code", "code": "390111", "after": true, "times": 1}
    ]));
    let result = run(&server, write).await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    assert_eq!(result["structuredContent"]["retryable"], false, "{result}");
    assert_eq!(stub.counters().statements - before, 1);
    // A read is sent again: nothing is lost by reading twice.
    stub.fault(json!([
        {"endpoint": "query", "kind": "code", "code": "390111", "after": true, "times": 1}
    ]));
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}
