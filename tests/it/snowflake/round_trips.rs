//! What each path costs: requests, and round trips that follow one another. docs/operating.md has the table.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{code, execute, run, serve, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;
use crate::support::Server;

/// Far enough away that what is sent at once is on its way together, also on a machine that has much to do.
const FAR_MS: u64 = 300;

/// A session for each statement of a call, so that none has to sign in first.
const WARM: [(&str, &str); 5] = [
    ("SNOWFLAKE_POOL_MIN_SIZE", "3"),
    ("SNOWFLAKE_DATABASE", "HOME"),
    ("SNOWFLAKE_SCHEMA", "MINE"),
    ("SNOWFLAKE_WAREHOUSE", "SMALL"),
    ("SQL_POLICY", "read_write"),
];

/// A server whose sessions are open, on a stub that is far away.
async fn warm(stub: &Stub, more: &[(&str, &str)]) -> Server {
    let mut server = serve(stub, &[WARM.as_slice(), more].concat()).await;
    server.event("ready").await;
    until(stub, "all open", |it| it.sessions_open == 3).await;
    stub.set(|settings| settings.latency_ms = FAR_MS);
    server
}

/// Round trips and requests since `before`.
fn since(stub: &Stub, before: &crate::stub::counters::Counters) -> (u64, String) {
    let now = stub.counters();
    let requests: BTreeMap<_, _> = now
        .requests
        .iter()
        .map(|(what, count)| (what, count - before.requests.get(what).unwrap_or(&0)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let told: Vec<_> = requests
        .iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    (now.rounds - before.rounds, told.join(", "))
}

/// Calls a tool, and says what that cost; the result must be none of a failure.
async fn cost(server: &Server, stub: &Stub, tool: &str, arguments: Value) -> (u64, String, Value) {
    let before = stub.counters();
    let result = server.mcp().call_tool(tool, arguments.clone()).await;
    assert_eq!(code(&result), "ok", "{tool} {arguments}: {result}");
    let (rounds, requests) = since(stub, &before);
    println!("{tool} {arguments}: {rounds} in a row, {requests}");
    (rounds, requests, result)
}

#[tokio::test]
async fn a_statement_is_one_round_trip_and_so_is_all_that_lists_and_describes() {
    let stub = Stub::start().await;
    let server = warm(&stub, &[]).await;
    let (rounds, requests) = since(&stub, &Default::default());
    assert_eq!(requests, "3 login", "{rounds}");
    for (tool, arguments, rounds, requests) in [
        ("execute_query", json!({"sql": "select 1"}), 1, "1 query"),
        (
            "execute_query",
            json!({"sql": "insert into t values (1)"}),
            1,
            "1 query",
        ),
        ("execute_query", json!({"sql": "show tables"}), 1, "1 query"),
        (
            "execute_query",
            json!({"sql": "describe table t"}),
            1,
            "1 query",
        ),
        ("list_databases", json!({}), 1, "1 query"),
        ("list_schemas", json!({}), 1, "1 query"),
        ("list_tables", json!({}), 1, "1 query"),
        ("list_views", json!({}), 1, "1 query"),
        ("search_objects", json!({"query": "order"}), 1, "2 query"),
        ("describe_table", json!({"table": "A.B.C"}), 1, "3 query"),
        ("describe_view", json!({"view": "A.B.C"}), 1, "2 query"),
        ("explain_query", json!({"sql": "select 1"}), 1, "2 query"),
        // Names that are not the session's own: USE first, and USE again for the next caller.
        (
            "execute_query",
            json!({"sql": "select 2", "schema": "OTHER.S"}),
            2,
            "2 query",
        ),
        ("execute_query", json!({"sql": "select 3"}), 2, "2 query"),
        (
            "execute_query",
            json!({"sql": "select 4", "schema": "OTHER.S", "warehouse": "LARGE"}),
            3,
            "3 query",
        ),
    ] {
        let seen = cost(&server, &stub, tool, arguments.clone()).await;
        assert_eq!((seen.0, &*seen.1), (rounds, requests), "{tool} {arguments}");
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn pages_and_tokens_cost_what_they_must() {
    let stub = Stub::start().await;
    let server = warm(&stub, &[]).await;
    let sql = "select * from stub.rows(n => 300, chunk => 100)";
    let first = json!({"sql": sql, "limit": 10});
    let (rounds, requests, result) = cost(&server, &stub, "execute_query", first).await;
    // The rows of the first page came with the answer. What is fetched ahead may already be under way.
    assert!(requests.ends_with("1 query"), "{rounds}, {requests}");
    let cursor = json!({"cursor": result["structuredContent"]["next_cursor"], "limit": 10});
    tokio::time::sleep(Duration::from_millis(2 * FAR_MS)).await;
    let (_, requests, _) = cost(&server, &stub, "fetch_results", cursor.clone()).await;
    assert!(requests.ends_with("1 result"), "{requests}");
    tokio::time::sleep(Duration::from_millis(2 * FAR_MS)).await;
    let cursor = json!({"cursor": cursor["cursor"]});
    let (rounds, requests, _) = cost(&server, &stub, "query_status", cursor).await;
    assert_eq!((rounds, &*requests), (1, "1 monitoring"));
    // Refused, renewed, sent again.
    stub.lose(Loss::SessionTokens);
    let again = json!({"sql": "select 1"});
    let (rounds, requests, _) = cost(&server, &stub, "execute_query", again).await;
    assert_eq!((rounds, &*requests), (3, "2 query, 1 renew"));
    stop(server, &stub).await;
}

#[tokio::test]
async fn whoever_asks_for_more_pays_one_more() {
    for (setting, value, requests) in [
        // An answer sooner than Snowflake gives one by itself.
        ("SYNC_WAIT", "30s", "1 query, 1 result"),
        ("SQL_POLICY_VERIFY", "true", "2 query"),
        ("MAX_SCAN_BYTES", "1GiB", "2 query"),
    ] {
        let stub = Stub::start().await;
        let server = warm(&stub, &[(setting, value)]).await;
        let sql = json!({"sql": "select 1"});
        let (rounds, seen, _) = cost(&server, &stub, "execute_query", sql).await;
        assert_eq!((rounds, &*seen), (2, requests), "{setting}");
        // Lists are waited for all the same.
        let (rounds, seen, _) = cost(&server, &stub, "list_tables", json!({})).await;
        assert_eq!((rounds, &*seen), (1, "1 query"), "{setting}");
        stop(server, &stub).await;
    }
}

#[tokio::test]
async fn a_session_of_another_role_and_an_abort_cost_what_the_table_says() {
    let stub = Stub::start().await;
    let server = warm(&stub, &[("SYNC_WAIT", "1s")]).await;
    let other = json!({"sql": "show tables", "role": "ANALYST"});
    let (rounds, requests, _) = cost(&server, &stub, "execute_query", other).await;
    assert_eq!((rounds, &*requests), (2, "1 login, 1 query"));
    let endless = json!({"sql": "select stub.sleep(600000)"});
    let (_, _, running) = cost(&server, &stub, "execute_query", endless).await;
    let cursor = json!({"cursor": running["structuredContent"]["cursor"]});
    let (rounds, requests, _) = cost(&server, &stub, "cancel_query", cursor).await;
    // The state is asked for until the statement has ended.
    assert!(
        rounds <= 2 && requests.starts_with("1 abort, "),
        "{rounds}, {requests}"
    );
    stop(server, &stub).await;
}

/// The middle one of many times.
fn p50(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// What one request takes, from here and with nothing in between.
async fn one_round_trip(stub: &Stub, times: usize) -> Duration {
    let http = reqwest::Client::new();
    let post = async |path: &str, token: &str, body: Value| -> Value {
        let request = http.post(format!("{}{path}", stub.url())).json(&body);
        let request = request.header("Authorization", format!("Snowflake Token=\"{token}\""));
        request.send().await.unwrap().json().await.unwrap()
    };
    let login = json!({"data": {"LOGIN_NAME": "a", "PASSWORD": "b"}});
    let opened = post("/session/v1/login-request", "None", login).await;
    let token = opened["data"]["token"].as_str().unwrap().to_owned();
    let mut all = Vec::new();
    for number in 0..times {
        let started = Instant::now();
        let path = format!("/queries/v1/query-request?requestId=plain-{number}");
        let answer = post(&path, &token, json!({"sqlText": "select 1"})).await;
        all.push(started.elapsed());
        assert_eq!(answer["success"], true, "{answer}");
    }
    post("/session?delete=true", &token, json!({})).await;
    p50(all)
}

#[tokio::test]
async fn far_from_the_account_a_statement_takes_the_time_of_one_round_trip() {
    let stub = Stub::start().await;
    let server = warm(&stub, &[]).await;
    for (latency_ms, times) in [(5, 60), (40, 40), (150, 20)] {
        stub.set(|settings| settings.latency_ms = latency_ms);
        let plain = one_round_trip(&stub, times).await;
        let mut all = Vec::new();
        for _ in 0..times {
            let started = Instant::now();
            assert_eq!(code(&run(&server, "select 1").await), "ok");
            all.push(started.elapsed());
        }
        let own = p50(all);
        println!("{latency_ms} ms away: {own:.1?}, one round trip {plain:.1?}");
        // Two would be twice as much. What is computed here is no matter of round trips, and a busy machine takes its time.
        if latency_ms >= 40 {
            assert!(own < plain * 3 / 2, "{latency_ms} ms: {own:?}, {plain:?}");
        }
    }
    stub.set(|settings| settings.latency_ms = 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_under_the_same_id_and_nothing_runs_twice() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SQL_POLICY", "read_write")]).await;
    for (number, sql) in (1..).zip(["select 1", "insert into t values (1)"]) {
        // The statement ran, and its answer never came.
        stub.fault(json!([{"endpoint": "query", "kind": "reset", "after": true, "times": 1}]));
        assert_eq!(code(&run(&server, sql).await), "ok");
        let seen = stub.counters();
        assert_eq!(
            (seen.statements, seen.replays),
            (number, number),
            "{sql}: {seen:?}"
        );
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn without_a_word_for_45_s_a_statement_is_left_running() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let started = Instant::now();
    let told = execute(&server, json!({"sql": "select stub.sleep(600000)"})).await;
    let took = started.elapsed().as_secs();
    assert!((45..55).contains(&took), "{took} s");
    assert_eq!(told["structuredContent"]["status"], "running", "{told}");
    let seen = stub.counters();
    assert_eq!(
        (seen.statements, seen.result_polls, seen.aborted),
        (1, 0, 0)
    );
    let cursor = json!({"cursor": told["structuredContent"]["cursor"]});
    let told = server.mcp().call_tool("cancel_query", cursor).await;
    assert_eq!(told["structuredContent"]["status"], "cancelled", "{told}");
    stop(server, &stub).await;
}
