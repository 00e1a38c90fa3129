//! Answers that never end or unpack to more than any memory: every kind of them costs a call and nothing else.

use std::time::Instant;

use serde_json::json;

use super::pieces::peak;
use super::support::{code, run, serve};
use crate::stub::Stub;

const IN_PIECES: &str = "select * from stub.rows(n => 1000, chunk => 100, inline => 0)";

/// Each took more than a gigabyte before its limit was counted while it is read, and after it is unpacked.
#[tokio::test]
async fn an_answer_without_end_costs_a_call_and_little_memory() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SNOWFLAKE_POOL_MIN_SIZE", "1")]).await;
    assert_eq!(code(&run(&server, IN_PIECES).await), "ok");
    let before = peak(&server);
    stub.set(|settings| settings.sync_window_ms = 200);
    for kind in ["endless", "bomb"] {
        for (endpoint, sql) in [
            ("query", "select 1"),
            ("result", "select stub.sleep(1000)"),
            ("chunk", IN_PIECES),
        ] {
            stub.fault(json!([{"endpoint": endpoint, "kind": kind}]));
            let began = Instant::now();
            let result = run(&server, sql).await;
            let took = began.elapsed();
            let code = code(&result);
            assert!(
                ["warehouse_unreachable", "warehouse_busy"].contains(&code),
                "{kind} {endpoint}: {result}"
            );
            // With the time it takes a debug build to pack the bomb.
            assert!(took.as_secs() < 60, "{kind} {endpoint}: {took:?}");
            let more = (peak(&server) - before) / 1024;
            assert!(more < 160, "{kind} {endpoint}: {more} MiB more");
            stub.heal();
        }
    }
    assert_eq!(code(&run(&server, IN_PIECES).await), "ok");
}

#[tokio::test]
async fn a_sign_in_without_end_costs_little_memory() {
    let stub = Stub::start().await;
    stub.fault(json!([{"endpoint": "login", "kind": "endless", "times": 1}, {"endpoint": "login", "kind": "bomb"}]));
    let mut server = serve(&stub, &[]).await;
    server
        .line("a sign-in that was given up", |line| {
            line.to_string()
                .contains("far beyond what such an answer has")
        })
        .await;
    let peak = peak(&server) / 1024;
    assert!(peak < 250, "{peak} MiB");
}

#[tokio::test]
async fn an_answer_that_does_not_describe_its_columns_is_no_empty_one() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    stub.set(|settings| settings.no_rowtype = true);
    let result = run(&server, "select * from stub.rows(n => 10)").await;
    assert_eq!(code(&result), "internal", "{result}");
    assert!(server.log().contains("does not describe its columns"));
}
