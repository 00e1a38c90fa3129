//! Stopping: whoever stops waiting, the statement stops too.

use futures::future::join_all;
use serde_json::json;

use super::support::{code, execute, run, serve, stop, until};
use crate::stub::Stub;
use crate::support::Signal;

#[tokio::test]
async fn a_caller_that_goes_away_stops_its_statement() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
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
    // The session is as good as new.
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
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
    assert_eq!(counters.running, 0, "{counters:?}");
    assert_eq!(counters.sessions_open, 0, "{counters:?}");
}
