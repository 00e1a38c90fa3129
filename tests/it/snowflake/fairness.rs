//! The queue in front of the pool, through the front door: one key with far too much beside one with little.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{code, serve, stop, until};
use crate::stub::Stub;
use crate::support::{Client, Server};

const GREEDY: &str = "greedy-key-0123456789abcdef";
const POLITE: &str = "polite-key-0123456789abcdef";

async fn run(client: &Client, sql: &str) -> Value {
    let arguments = json!({"sql": sql, "format": "json"});
    client.call_tool("execute_query", arguments).await
}

/// Sends so many statements of the greedy key at once; their answers come to the channel.
fn flood(
    server: &Server,
    statements: usize,
    sql: &'static str,
) -> tokio::sync::mpsc::UnboundedReceiver<Value> {
    let (answers, received) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..statements {
        let (client, answers) = (server.mcp().key(GREEDY), answers.clone());
        tokio::spawn(async move {
            tokio::select! {
                answer = run(&client, sql) => { let _ = answers.send(answer); }
                // The test is over: nobody waits for the answer.
                () = answers.closed() => {}
            }
        });
    }
    received
}

#[tokio::test]
async fn one_key_with_200_statements_keeps_no_session_from_another() {
    let stub = Stub::start().await;
    let keys = format!("{GREEDY}, {POLITE}");
    let more = [
        ("API_KEYS", &*keys),
        ("SNOWFLAKE_POOL_MAX_SIZE", "4"),
        // All of them come to the queue.
        ("MAX_IN_FLIGHT_PER_CALLER", "1000"),
    ];
    let server = serve(&stub, &more).await;
    let mut answers = flood(&server, 200, "select stub.sleep(120000)");
    // A quarter is kept for others, sixteen wait, and the rest is told at once.
    let told = Instant::now();
    for _ in 0..200 - 3 - 16 {
        let refused = answers.recv().await.unwrap();
        assert_eq!(code(&refused), "warehouse_busy", "{refused}");
        let wait = refused["structuredContent"]["retry_after_seconds"].as_u64();
        assert!(wait.is_some_and(|wait| (1..=75).contains(&wait)));
        let text = refused.to_string();
        assert!(text.contains("MAX_QUEUED_PER_CALLER"), "{text}");
    }
    assert!(
        told.elapsed() < Duration::from_secs(20),
        "they were kept waiting"
    );
    until(&stub, "running", |counters| counters.running == 3).await;
    let polite = server.mcp().key(POLITE);
    for _ in 0..20 {
        let answer = run(&polite, "select 1").await;
        assert_eq!(code(&answer), "ok", "{answer}");
    }
    assert_eq!(stub.counters().running, 3, "nothing has ended for it");
    let metrics = reqwest::get(server.url("/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for line in [
        "snowflake_mcp_queue_waiting 16",
        "snowflake_mcp_queue_refused_total{reason=\"caller_full\"} 181",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    // Who leaves gives its place in the queue back, and its statement is stopped.
    drop(answers);
    until(&stub, "stopped", |counters| counters.running == 0).await;
    assert!(stub.counters().max_running <= 4);
    stop(server, &stub).await;
}

/// Row 52: who leaves while its statement waits gives its place back, and nothing is sent for it.
#[tokio::test]
async fn statements_of_those_who_left_the_queue_are_never_sent() {
    let stub = Stub::start().await;
    let more = [
        ("API_KEYS", GREEDY),
        ("SNOWFLAKE_POOL_MAX_SIZE", "1"),
        ("MAX_QUEUED", "64"),
    ];
    let server = serve(&stub, &more).await;
    let first = flood(&server, 1, "select stub.sleep(60000)");
    until(&stub, "running", |counters| counters.running == 1).await;
    let waiting = |count: u64| {
        let url = server.url("/metrics");
        async move {
            let line = format!("snowflake_mcp_queue_waiting {count}\n");
            let end = Instant::now() + Duration::from_secs(20);
            while !reqwest::get(&url)
                .await
                .unwrap()
                .text()
                .await
                .unwrap()
                .contains(&line)
            {
                assert!(Instant::now() < end, "never {count} waiting");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    // A thousand in turns of forty, each of which leaves.
    for _ in 0..25 {
        let left = flood(&server, 40, "select 'left' as a");
        waiting(40).await;
        drop(left);
        waiting(0).await;
    }
    drop(first);
    until(&stub, "stopped", |counters| counters.running == 0).await;
    let answer = run(&server.mcp().key(GREEDY), "select 1").await;
    assert_eq!(code(&answer), "ok", "{answer}");
    let sent = stub.sent();
    assert!(!sent.iter().any(|text| text.contains("'left'")), "{sent:?}");
    assert_eq!(stub.counters().statements, 2, "the first and the last");
    stop(server, &stub).await;
}

#[tokio::test]
async fn who_waits_behind_others_is_let_in_and_the_wait_is_measured() {
    let stub = Stub::start().await;
    let keys = format!("{GREEDY}, {POLITE}");
    let more = [("API_KEYS", &*keys), ("SNOWFLAKE_POOL_MAX_SIZE", "2")];
    let server = serve(&stub, &more).await;
    let mut answers = flood(&server, 12, "select stub.sleep(100)");
    for _ in 0..12 {
        let answer = answers.recv().await.unwrap();
        assert_eq!(code(&answer), "ok", "{answer}");
    }
    assert_eq!(
        stub.counters().max_running,
        1,
        "the other one is kept for others"
    );
    let metrics = reqwest::get(server.url("/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = "snowflake_mcp_queue_wait_seconds_count 11";
    assert!(metrics.contains(line), "{metrics}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_statement_waits_for_its_turn_no_longer_than_its_call_waits_for_rows() {
    let stub = Stub::start().await;
    let more = [
        ("SNOWFLAKE_POOL_MAX_SIZE", "1"),
        ("SYNC_WAIT", "1s"),
        // Patience with sign-ins is none with other callers.
        ("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "20"),
    ];
    let server = serve(&stub, &more).await;
    let client = server.mcp();
    let started = run(&client, "select stub.sleep(60000)").await;
    let cursor = json!({"cursor": started["structuredContent"]["cursor"]});
    let asked = Instant::now();
    let refused = run(&client, "select 1").await;
    assert_eq!(code(&refused), "warehouse_busy", "{refused}");
    let waited = asked.elapsed();
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    let told = client.call_tool("cancel_query", cursor).await;
    assert_eq!(told["structuredContent"]["status"], "cancelled", "{told}");
    stop(server, &stub).await;
}
