//! What goes on after a call: pages and long statements, at another replica than the one that began.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{PATIENCE, code, execute, serve, stop, until};
use crate::stub::Stub;
use crate::support::{Client, Server};

/// What replicas share.
const SECRET: (&str, &str) = (
    "CURSOR_SECRET",
    "a secret of at least thirty-two characters",
);
const SHORT_WAIT: (&str, &str) = ("SYNC_WAIT", "1s");

/// Ends the replicas and checks that no session is left open.
async fn stop_all<const N: usize>(replicas: [Server; N], stub: &Stub) {
    for mut replica in replicas {
        assert_eq!(replica.stop().await.code(), Some(0), "{}", replica.log());
    }
    assert_eq!(stub.counters().sessions_open, 0);
}

async fn fetch(client: &Client, cursor: &Value) -> Value {
    client
        .call_tool("fetch_results", json!({"cursor": cursor}))
        .await
}

async fn ask(client: &Client, tool: &str, cursor: &Value) -> Value {
    let told = client.call_tool(tool, json!({"cursor": cursor})).await;
    assert_eq!(told["isError"], false, "{told}");
    told["structuredContent"].clone()
}

/// Starts a statement that is left running; its cursor.
async fn left_running(server: &Server, sql: &str) -> Value {
    let started = execute(server, json!({"sql": sql})).await;
    let told = &started["structuredContent"];
    assert_eq!(told["status"], "running", "{started}");
    let text = started["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("Do not send it again"), "{text}");
    assert!(text.contains(told["cursor"].as_str().unwrap()), "{text}");
    told["cursor"].clone()
}

#[tokio::test]
async fn every_row_comes_once_and_in_order_from_whichever_replica() {
    let stub = Stub::start().await;
    let replicas = [serve(&stub, &[SECRET]).await, serve(&stub, &[SECRET]).await];
    for (encoding, inline, chunk, page) in [
        ("arrow", 50, 100, 70),
        ("json", 0, 64, 100),
        ("arrow", 1000, 1000, 999),
        ("json", 7, 13, 333),
    ] {
        let before = stub.counters();
        let sql = format!(
            "select * from stub.rows(n => 1000, chunk => {chunk}, inline => {inline}, format => '{encoding}')"
        );
        let arguments = json!({"sql": sql, "limit": page, "format": "json"});
        let mut result = execute(&replicas[0], arguments).await;
        let mut rows = Vec::new();
        for turn in 1.. {
            let answer = &result["structuredContent"];
            assert_eq!(code(&result), "ok", "{result}");
            rows.extend(answer["rows"].as_array().unwrap().clone());
            assert_eq!(answer["total_rows"], 1000);
            let cursor = answer["next_cursor"].clone();
            assert_eq!(answer["truncated"], !cursor.is_null());
            if cursor.is_null() {
                break;
            }
            result = fetch(&replicas[turn % 2].mcp(), &cursor).await;
            // The same cursor gives the same rows.
            let again = fetch(&replicas[0].mcp(), &cursor).await;
            let rows = |page: &Value| page["structuredContent"]["rows"].clone();
            assert_eq!(rows(&again), rows(&result));
        }
        let ids: Vec<_> = rows.iter().map(|row| row[0].as_i64().unwrap()).collect();
        let first = ids[0];
        assert_eq!(ids, (first..first + 1000).collect::<Vec<_>>(), "{encoding}");
        let after = stub.counters();
        assert_eq!(after.statements, before.statements + 1, "run once");
    }
    stop_all(replicas, &stub).await;
}

#[tokio::test]
async fn a_late_page_fetches_only_the_pieces_it_shows() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("MAX_ROWS", "5000")]).await;
    let sql = "select * from stub.rows(n => 6000, chunk => 100)";
    let first = execute(&server, json!({"sql": sql, "limit": 5000})).await;
    let cursor = &first["structuredContent"]["next_cursor"];
    let before = stub.counters().chunk_gets;
    let page = json!({"cursor": cursor, "limit": 50});
    let page = server.mcp().call_tool("fetch_results", page).await;
    assert_eq!(page["structuredContent"]["row_count"], 50, "{page}");
    assert_eq!(page["structuredContent"]["first_row"], 5000);
    // One piece has the rows; a few more are fetched ahead of the reader.
    let fetched = stub.counters().chunk_gets - before;
    assert!((1..=5).contains(&fetched), "{fetched} pieces");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_page_is_waited_for_no_longer_than_a_statement_may_run() {
    let stub = Stub::start().await;
    let one = serve(&stub, &[SECRET, SHORT_WAIT]).await;
    // A call here waits for longer than its statement may run; that of another replica may run on.
    let other = [SECRET, ("QUERY_TIMEOUT", "2s"), ("SYNC_WAIT", "60s")];
    let other = serve(&stub, &other).await;
    let cursor = left_running(&one, "select stub.sleep(60000)").await;
    let asked = Instant::now();
    let told = fetch(&other.mcp(), &cursor).await;
    assert_eq!(told["structuredContent"]["status"], "running", "{told}");
    let waited = asked.elapsed();
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    let told = ask(&one.mcp(), "cancel_query", &cursor).await;
    assert_eq!(told["status"], "cancelled");
    stop_all([one, other], &stub).await;
}

/// Snowflake gives a result to the role that made it.
#[tokio::test]
async fn a_page_is_read_in_the_role_of_its_statement() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SNOWFLAKE_POOL_MAX_SIZE", "1")]).await;
    let call = json!({"sql": "select * from stub.rows(n => 20)", "limit": 10, "role": "ANALYST"});
    let first = execute(&server, call).await;
    assert_eq!(code(&first), "ok", "{first}");
    let signed_in = stub.counters().logins;
    let cursor = &first["structuredContent"]["next_cursor"];
    assert_eq!(code(&fetch(&server.mcp(), cursor).await), "ok");
    // In the one session there is, which is of that role.
    assert_eq!(stub.counters().logins, signed_in);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_long_statement_is_left_running_and_fetched_elsewhere() {
    let stub = Stub::start().await;
    let one = serve(&stub, &[SECRET, SHORT_WAIT]).await;
    let other = serve(&stub, &[SECRET]).await;
    let cursor = left_running(&one, "select stub.sleep(3000)").await;
    let status = ask(&other.mcp(), "query_status", &cursor).await;
    assert_eq!(status["status"], "running");
    let rows = fetch(&other.mcp(), &cursor).await;
    assert_eq!(rows["structuredContent"]["row_count"], 1, "{rows}");
    assert_eq!(
        ask(&one.mcp(), "query_status", &cursor).await["status"],
        "succeeded"
    );
    assert_eq!(stub.counters().statements, 1, "it was not sent again");
    assert_eq!(stub.counters().aborted, 0);
    stop_all([one, other], &stub).await;
}

#[tokio::test]
async fn a_statement_left_running_survives_its_server() {
    let stub = Stub::start().await;
    let mut one = serve(
        &stub,
        &[SECRET, SHORT_WAIT, ("SNOWFLAKE_POOL_MIN_SIZE", "2")],
    )
    .await;
    let other = serve(&stub, &[SECRET]).await;
    let cursor = left_running(&one, "select stub.sleep(4000)").await;
    assert_eq!(one.stop().await.code(), Some(0), "{}", one.log());
    assert_eq!(stub.counters().running, 1, "it goes on");
    let rows = fetch(&other.mcp(), &cursor).await;
    assert_eq!(rows["structuredContent"]["row_count"], 1, "{rows}");
    assert_eq!(
        other_sessions(&stub, other).await,
        1,
        "only its own is left"
    );
}

/// How many sessions are left open when this server has stopped.
async fn other_sessions(stub: &Stub, mut server: Server) -> u64 {
    assert_eq!(server.stop().await.code(), Some(0));
    stub.counters().sessions_open
}

#[tokio::test]
async fn a_statement_is_stopped_by_any_replica_even_when_all_sessions_are_at_work() {
    let stub = Stub::start().await;
    let one_session = ("SNOWFLAKE_POOL_MAX_SIZE", "1");
    let one = serve(&stub, &[SECRET, SHORT_WAIT, one_session]).await;
    let other = serve(&stub, &[SECRET, SHORT_WAIT, one_session]).await;
    let first = left_running(&one, "select stub.sleep(60000)").await;
    let second = left_running(&other, "select stub.sleep(60000)").await;
    assert_eq!(stub.counters().running, 2);
    for (server, cursor) in [(&other, &first), (&other, &second)] {
        let told = ask(&server.mcp(), "cancel_query", cursor).await;
        assert_eq!(told["status"], "cancelled", "{told}");
        let gone = fetch(&server.mcp(), cursor).await;
        assert_eq!(code(&gone), "query_cancelled", "{gone}");
        let failure = &gone["structuredContent"];
        assert_eq!(failure["retryable"], false, "{gone}");
        assert_eq!(failure["query_id"], told["query_id"], "{gone}");
        let text = gone["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("there will be no rows"), "{text}");
        assert!(!text.contains("may succeed later"), "{text}");
    }
    let counters = until(&stub, "stopped", |counters| counters.running == 0).await;
    assert_eq!(counters.aborted, 2);
    assert!(counters.aborts_by_id >= 2, "{counters:?}");
    stop_all([one, other], &stub).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_while_it_waits_stops_a_detached_statement() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SYNC_WAIT", "30s")]).await;
    let mcp = server.mcp();
    let call = tokio::spawn(async move {
        let sleep = json!({"sql": "select stub.sleep(60000)"});
        mcp.call_tool("execute_query", sleep).await
    });
    // It is known by its id once the first question for its result is there.
    until(&stub, "asked for", |counters| counters.result_polls > 0).await;
    call.abort();
    let counters = until(&stub, "aborted", |counters| counters.aborted == 1).await;
    assert_eq!((counters.aborts_by_id, counters.running), (1, 0));
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_cursor_is_good_for_nobody_else() {
    let stub = Stub::start().await;
    let keys = "first-key-0123456789abcdef,second-key-0123456789abcde";
    let server = serve(&stub, &[SECRET, ("API_KEYS", keys)]).await;
    let stranger = serve(&stub, &[]).await;
    let (first, second) = keys.split_once(',').unwrap();
    let (first, second) = (server.mcp().key(first), server.mcp().key(second));
    let sql = json!({"sql": "select * from stub.rows(n => 300, chunk => 100)", "limit": 10});
    let answer = first.call_tool("execute_query", sql).await;
    let cursor = answer["structuredContent"]["next_cursor"].clone();
    let changed = json!(cursor.as_str().unwrap().replace("AAAAA", "AAAAB"));
    for (whose, client, cursor) in [
        ("another caller", &second, &cursor),
        ("another secret", &stranger.mcp(), &cursor),
        ("changed", &first, &changed),
        ("no cursor", &first, &json!("../../etc/passwd")),
        ("empty", &first, &json!("")),
    ] {
        // What is empty is no cursor at all, and its error names the argument.
        let expected = match whose {
            "empty" => "invalid_argument",
            _ => "cursor_invalid",
        };
        for tool in ["fetch_results", "query_status", "cancel_query"] {
            let told = client.call_tool(tool, json!({"cursor": cursor})).await;
            assert_eq!(code(&told), expected, "{whose}, {tool}: {told}");
        }
    }
    assert_eq!(stub.counters().aborts_by_id, 0);
    assert_eq!(code(&fetch(&first, &cursor).await), "ok");
    stop_all([server, stranger], &stub).await;
}

#[tokio::test]
async fn a_changed_a_foreign_and_an_expired_cursor_are_refused_alike() {
    let stub = Stub::start().await;
    let keys = "first-key-0123456789abcdef,second-key-0123456789abcde";
    let lifetime = ("CURSOR_LIFETIME", "4s");
    let server = serve(&stub, &[SECRET, lifetime, ("API_KEYS", keys)]).await;
    let (first, second) = keys.split_once(',').unwrap();
    let (owner, stranger) = (server.mcp().key(first), server.mcp().key(second));
    let sql = json!({"sql": "select * from stub.rows(n => 300, chunk => 100)", "limit": 10});
    let answer = owner.call_tool("execute_query", sql).await;
    let cursor = answer["structuredContent"]["next_cursor"].clone();
    assert_eq!(code(&fetch(&owner, &cursor).await), "ok", "good as it is");

    // One letter of the signature.
    let mut changed = cursor.as_str().unwrap().to_owned();
    let place = changed.len() - 8;
    let other = if changed[place..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    changed.replace_range(place..=place, other);
    let changed = json!(changed);
    let refused = async |client: &Client, cursor: &Value, why: &str| {
        let polls = stub.counters().result_polls;
        let told = fetch(client, cursor).await;
        assert_eq!(code(&told), "cursor_invalid", "{told}");
        let failure = &told["structuredContent"];
        assert!(failure["message"].as_str().unwrap().contains(why), "{told}");
        assert_eq!(failure["retryable"], false);
        assert_eq!(stub.counters().result_polls, polls, "nobody was asked");
    };
    refused(&owner, &changed, "was changed").await;
    refused(&stranger, &cursor, "to another caller").await;
    assert_eq!(code(&fetch(&owner, &cursor).await), "ok", "still good");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    refused(&owner, &cursor, "has expired").await;
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_result_that_is_gone_is_said_to_be() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[SECRET]).await;
    let sql = json!({"sql": "select * from stub.rows(n => 300, chunk => 100)", "limit": 10});
    let answer = execute(&server, sql).await;
    let cursor = answer["structuredContent"]["next_cursor"].clone();
    // Another account, so to speak: it has never heard of the statement.
    let elsewhere = Stub::start().await;
    let stranger = serve(&elsewhere, &[SECRET]).await;
    for tool in ["fetch_results", "query_status"] {
        let told = stranger
            .mcp()
            .call_tool(tool, json!({"cursor": cursor}))
            .await;
        assert_eq!(code(&told), "query_not_found", "{tool}: {told}");
        assert_eq!(
            told["structuredContent"]["query_id"],
            answer["structuredContent"]["query_id"]
        );
    }
    stop(server, &stub).await;
    stop(stranger, &elsewhere).await;
}

#[tokio::test]
async fn a_statement_that_would_scan_too_much_is_not_run() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.explain_bytes = 5 << 30);
    let server = serve(&stub, &[("MAX_SCAN_BYTES", "1GiB")]).await;
    let refused = execute(&server, json!({"sql": "select 1"})).await;
    assert_eq!(code(&refused), "cost_limit", "{refused}");
    let message = refused["structuredContent"]["message"].as_str().unwrap();
    assert!(
        message.contains("5.0 GiB") && message.contains("1.0 GiB"),
        "{message}"
    );
    assert_eq!(stub.counters().statements, 1, "only the plan was asked for");
    let listed = execute(&server, json!({"sql": "show tables"})).await;
    assert_eq!(code(&listed), "ok", "{listed}");
    stub.set(|settings| settings.explain_bytes = 1 << 20);
    let run = execute(&server, json!({"sql": "select 1"})).await;
    assert_eq!(code(&run), "ok", "{run}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn what_comes_after_the_plan_neither_runs_nor_speaks_for_it() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.explain_bytes = 5 << 30);
    let server = serve(&stub, &[("MAX_SCAN_BYTES", "1GiB")]).await;
    let cheap = r#"{"GlobalStats":{"partitionsTotal":0,"partitionsAssigned":0,"bytesAssigned":0}}"#;
    let sql = format!("select * from big ->> select '{cheap}'");
    let refused = execute(&server, json!({"sql": sql})).await;
    assert_eq!(code(&refused), "cost_limit", "{refused}");
    let explained = server
        .mcp()
        .call_tool("explain_query", json!({"sql": sql}))
        .await;
    assert_eq!(code(&explained), "invalid_argument", "{explained}");
    assert_eq!(stub.counters().statements, 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_statement_left_running_counts_as_one_of_its_key() {
    let stub = Stub::start().await;
    let (limited, plain) = ("limited-key-0123456789abcdef", "plain-key-0123456789abcdef");
    let keys = format!("{limited} max_concurrent_queries=1 max_scan_bytes=1GiB, {plain}");
    let server = serve(&stub, &[SHORT_WAIT, ("API_KEYS", &keys)]).await;
    let (limited, plain) = (server.mcp().key(limited), server.mcp().key(plain));
    let run = async |client: &Client, sql: &str| {
        client.call_tool("execute_query", json!({"sql": sql})).await
    };
    let started = run(&limited, "select stub.sleep(60000)").await;
    let cursor = started["structuredContent"]["cursor"].clone();
    assert!(cursor.is_string(), "{started}");
    let refused = run(&limited, "select 1").await;
    assert_eq!(code(&refused), "warehouse_busy", "{refused}");
    assert_eq!(code(&run(&plain, "select 1").await), "ok");
    let told = ask(&limited, "cancel_query", &cursor).await;
    assert_eq!(told["status"], "cancelled");
    // Whether it has ended is asked about from time to time.
    let deadline = Instant::now() + PATIENCE;
    while code(&run(&limited, "select 1").await) != "ok" {
        assert!(Instant::now() < deadline, "never given back");
    }

    stub.set(|settings| settings.explain_bytes = 5 << 30);
    assert_eq!(code(&run(&limited, "select 2").await), "cost_limit");
    assert_eq!(code(&run(&plain, "select 2").await), "ok");
    stop(server, &stub).await;
}
