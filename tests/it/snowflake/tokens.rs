//! Tokens and sessions that end, before a statement and in the middle of one: no call fails for it.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{code, run, serve, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;

/// What can become of a session while nobody looks.
enum Blow {
    Lost(Loss),
    /// The token has run out, and this is what its renewal is answered with.
    Renewal(Value),
    /// What the next statement is answered with.
    Statement(Value),
    /// What the next question for a result is answered with.
    Result(Value),
}

impl Blow {
    fn strike(&self, stub: &Stub) {
        let order = |endpoint: &str, fault: &Value| {
            let mut fault = fault.clone();
            fault["endpoint"] = json!(endpoint);
            fault["times"] = json!(1);
            stub.fault(json!([fault]));
        };
        match self {
            Self::Lost(what) => stub.lose(*what),
            Self::Renewal(fault) => {
                stub.lose(Loss::SessionTokens);
                order("renew", fault);
            }
            Self::Statement(fault) => order("query", fault),
            Self::Result(fault) => order("result", fault),
        }
    }
}

fn says(code: &str) -> Value {
    json!({"kind": "code", "code": code})
}

fn status(code: u16) -> Value {
    json!({"kind": "status", "code": code})
}

#[tokio::test]
async fn whatever_ends_before_a_statement_it_runs_once() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    let cases = [
        ("session token expired", Blow::Lost(Loss::SessionTokens)),
        ("master token expired", Blow::Lost(Loss::MasterTokens)),
        ("sessions forgotten", Blow::Lost(Loss::Sessions)),
        ("renewal: no such master", Blow::Renewal(says("390113"))),
        ("renewal: master expired", Blow::Renewal(says("390114"))),
        ("renewal: master invalid", Blow::Renewal(says("390115"))),
        ("renewal: 401", Blow::Renewal(status(401))),
        ("renewal: 404", Blow::Renewal(status(404))),
        ("statement: 401", Blow::Statement(status(401))),
        ("statement: expired", Blow::Statement(says("390112"))),
        ("statement: no session", Blow::Statement(says("390111"))),
        ("statement: no token", Blow::Statement(says("390104"))),
    ];
    for (what, blow) in cases {
        let before = stub.counters();
        blow.strike(&stub);
        let result = run(&server, "select 1").await;
        assert_eq!(code(&result), "ok", "{what}: {result}\n{}", server.log());
        let after = stub.counters();
        assert_eq!(after.statements - before.statements, 1, "{what}");
        assert!(after.logins - before.logins <= 1, "{what}: {after:?}");
    }
    // What was refused has not begun, so there was nothing to stop.
    assert_eq!(stub.counters().requests.get("abort"), None);
    stub.heal();
    // Sessions whose renewal was refused are known to nobody, and open until their master token ends.
    stub.lose(Loss::Sessions);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_token_that_several_requests_find_expired_is_renewed_once() {
    let stub = Stub::start().await;
    let more = [("SNOWFLAKE_POOL_MAX_SIZE", "1"), ("SYNC_WAIT", "1s")];
    let server = serve(&stub, &more).await;
    let started = run(&server, "select stub.sleep(60000)").await;
    let cursor = json!({"cursor": started["structuredContent"]["cursor"]});
    // All of them have found it out before it is renewed.
    stub.fault(json!([{"endpoint": "renew", "kind": "delay", "ms": 1000, "times": 1}]));
    stub.lose(Loss::SessionTokens);
    let asked = (0..4).map(|_| async {
        let client = server.mcp();
        client.call_tool("query_status", cursor.clone()).await
    });
    for told in join_all(asked).await {
        assert_eq!(told["structuredContent"]["status"], "running", "{told}");
    }
    assert_eq!(stub.counters().renewals, 1);
    let told = server.mcp().call_tool("cancel_query", cursor.clone()).await;
    assert_eq!(told["structuredContent"]["status"], "cancelled", "{told}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn whatever_ends_in_the_middle_of_a_statement_its_result_arrives() {
    let stub = Stub::start().await;
    stub.set(|settings| (settings.sync_window_ms, settings.long_poll_ms) = (200, 200));
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    // How often it runs: only what has lost its session is sent again, and only because it reads.
    let cases = [
        ("401", Blow::Result(status(401)), 1),
        ("expired", Blow::Result(says("390112")), 1),
        ("token expired", Blow::Lost(Loss::SessionTokens), 1),
        ("no session", Blow::Result(says("390111")), 2),
        ("master token expired", Blow::Lost(Loss::MasterTokens), 2),
    ];
    for (what, blow, times) in cases {
        let before = stub.counters();
        let call = run(&server, "select stub.sleep(2000)");
        let strike = async {
            until(&stub, "asked for", |counters| {
                counters.result_polls > before.result_polls
            })
            .await;
            blow.strike(&stub);
        };
        let (result, ()) = tokio::join!(call, strike);
        assert_eq!(code(&result), "ok", "{what}: {result}\n{}", server.log());
        let after = stub.counters();
        assert_eq!(after.statements - before.statements, times, "{what}");
        // What is sent again leaves the first one behind.
        until(&stub, "ended", |counters| counters.running == 0).await;
        stub.heal();
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_statement_that_was_sent_again_is_the_one_that_is_stopped() {
    let stub = Stub::start().await;
    stub.set(|settings| (settings.sync_window_ms, settings.long_poll_ms) = (200, 200));
    let server = serve(&stub, &[]).await;
    let mcp = server.mcp();
    let call = tokio::spawn(async move {
        mcp.call_tool("execute_query", json!({"sql": "select stub.sleep(60000)"}))
            .await
    });
    until(&stub, "asked for", |counters| counters.result_polls > 0).await;
    stub.lose(Loss::Sessions);
    let polls = until(&stub, "sent again", |counters| counters.statements == 2).await;
    until(&stub, "asked for again", |counters| {
        counters.result_polls > polls.result_polls + 1
    })
    .await;
    call.abort();
    let seen = until(&stub, "stopped", |counters| counters.aborted == 1).await;
    // The first one is its lost session's; nobody can ask for it to be stopped.
    assert_eq!(seen.running, 1, "{seen:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}
