//! The service on a Snowflake account, as far as a stub of the driver protocol can be one: what works, what is broken on
//! purpose, and that nothing is left behind in either case.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use serde_json::{Value, json};

use crate::stub::Stub;
use crate::stub::counters::Counters;
use crate::stub::sessions::Loss;
use crate::support::{Server, Signal};

/// Longer than anything takes; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on the stub, with more variables.
async fn serve(stub: &Stub, more: &[(&str, &str)]) -> Server {
    let port = stub.address.port().to_string();
    let mut vars = vec![
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_USER", "SERVICE"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "correct-horse-battery"),
        ("SNOWFLAKE_HOST", "127.0.0.1"),
        ("SNOWFLAKE_PORT", &port),
        ("SNOWFLAKE_PROTOCOL", "http"),
        // Shown when a test fails.
        ("LOG_LEVEL", "info,snowflake_mcp=debug"),
    ];
    vars.extend_from_slice(more);
    Server::start(&vars).await
}

/// Private keys, PEM. Made once: it takes a moment.
fn keys() -> &'static [RsaPrivateKey; 2] {
    static KEYS: OnceLock<[RsaPrivateKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [0, 1].map(|_| RsaPrivateKey::new(&mut OsRng, 2048).unwrap()))
}

fn key(number: usize) -> String {
    keys()[number]
        .to_pkcs8_pem(LineEnding::LF)
        .unwrap()
        .to_string()
}

fn public_half(number: usize) -> String {
    let public = keys()[number].to_public_key();
    public.to_public_key_pem(LineEnding::LF).unwrap()
}

async fn execute(server: &Server, arguments: Value) -> Value {
    server.mcp().call_tool("execute_query", arguments).await
}

async fn run(server: &Server, sql: &str) -> Value {
    execute(server, json!({"sql": sql, "format": "json"})).await
}

fn code(result: &Value) -> &str {
    match result["structuredContent"]["code"].as_str() {
        Some(code) => code,
        None => "ok",
    }
}

/// Waits until what the stub has counted meets a condition.
async fn until(stub: &Stub, what: &str, is_it: impl Fn(&Counters) -> bool) -> Counters {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let counters = stub.counters();
        if is_it(&counters) {
            return counters;
        }
        assert!(Instant::now() < deadline, "never {what}: {counters:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Ends the server and checks that no session is left open.
async fn stop(mut server: Server, stub: &Stub) {
    assert_eq!(server.stop().await.code(), Some(0), "{}", server.log());
    let counters = stub.counters();
    assert_eq!(counters.sessions_open, 0, "{counters:?}\n{}", server.log());
    assert_eq!(counters.token_leaked_to_chunk, 0);
}

#[tokio::test]
async fn rows_arrive_whole_and_in_order_in_every_encoding() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    for encoding in ["arrow", "json"] {
        for gzip in ["true", "false"] {
            let sql = format!(
                "select * from stub.rows(n => 1000, chunk => 100, format => '{encoding}', gzip => {gzip})"
            );
            let result = execute(
                &server,
                json!({"sql": sql, "limit": 5000, "format": "json"}),
            )
            .await;
            let structured = &result["structuredContent"];
            assert_eq!(structured["row_count"], 1000, "{result}");
            let rows = structured["rows"].as_array().unwrap();
            let first: Vec<_> = rows.iter().map(|row| row[0].as_i64().unwrap()).collect();
            assert!(
                first.windows(2).all(|pair| pair[0] + 1 == pair[1]),
                "{encoding}, gzip {gzip}: {first:?}"
            );
        }
    }
    assert_eq!(stub.counters().bad_chunk_headers, 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn an_empty_result_keeps_its_columns() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let result = run(&server, "select * from stub.empty()").await;
    let structured = &result["structuredContent"];
    assert_eq!(structured["row_count"], 0, "{result}");
    assert!(!structured["columns"].as_array().unwrap().is_empty());
    stop(server, &stub).await;
}

#[tokio::test]
async fn no_more_is_fetched_than_is_returned() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let sql = "select * from stub.rows(n => 10000, chunk => 100)";
    let result = execute(&server, json!({"sql": sql, "limit": 50})).await;
    assert_eq!(result["structuredContent"]["truncated"], true, "{result}");
    assert!(stub.counters().chunk_gets <= 8, "{:?}", stub.counters());
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_long_statement_is_waited_for() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let result = run(&server, "select stub.sleep(1500)").await;
    assert_eq!(code(&result), "ok", "{result}");
    assert!(stub.counters().result_polls > 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn snowflakes_refusal_reaches_the_agent_with_its_query_id() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let result = run(
        &server,
        "select stub.fail('002003', 'Object NOWHERE does not exist or not authorized')",
    )
    .await;
    assert_eq!(code(&result), "object_not_found", "{result}");
    assert!(result["structuredContent"]["query_id"].is_string());
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_statement_carries_its_tag_its_limit_and_its_values() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let result = execute(
        &server,
        json!({"sql": "select ?", "parameters": [42], "timeout_seconds": 30}),
    )
    .await;
    assert_eq!(code(&result), "ok", "{result}");
    let statement = stub.counters().last_statement;
    let parameters = &statement["parameters"];
    let tag: Value = serde_json::from_str(parameters["QUERY_TAG"].as_str().unwrap()).unwrap();
    assert_eq!(tag["tool"], "execute_query");
    assert_eq!(tag["caller"], "anonymous");
    let limit = parameters["STATEMENT_TIMEOUT_IN_SECONDS"].as_u64().unwrap();
    assert!((25..=32).contains(&limit), "{statement}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_hundred_callers_on_a_cold_pool_sign_in_as_often_as_there_are_sessions() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.login_delay_ms = 200);
    let server = serve(&stub, &[("SNOWFLAKE_POOL_MAX_SIZE", "8")]).await;
    let calls = (0..100).map(|_| run(&server, "select stub.sleep(20)"));
    for result in join_all(calls).await {
        assert_eq!(code(&result), "ok", "{result}");
    }
    let counters = stub.counters();
    assert!(counters.logins <= 8, "{counters:?}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn one_caller_after_another_needs_one_session() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    for _ in 0..200 {
        assert_eq!(code(&run(&server, "select 1").await), "ok");
    }
    assert_eq!(stub.counters().logins, 1);
    stop(server, &stub).await;
}

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
async fn an_expired_token_is_renewed_and_an_expired_session_replaced() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stub.lose(Loss::SessionTokens);
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    assert!(stub.counters().renewals >= 1);
    stub.lose(Loss::Sessions);
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_session_whose_token_has_expired_is_signed_out_all_the_same() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stub.lose(Loss::SessionTokens);
    stop(server, &stub).await;
    assert!(stub.counters().sessions_closed >= 1);
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
async fn wrong_credentials_are_tried_once_and_the_operator_is_told_where_to_look() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.password = Some("another".to_owned()));
    let mut server = serve(&stub, &[]).await;
    server.event("not_ready").await;
    for result in join_all((0..20).map(|_| run(&server, "select 1"))).await {
        assert_eq!(code(&result), "sign_in_refused", "{result}");
        assert!(!result.to_string().contains("correct-horse"));
    }
    assert_eq!(stub.counters().logins_refused, 1);
    assert!(server.log().contains("SNOWFLAKE_USER"), "{}", server.log());
    assert!(!server.log().contains("correct-horse"));
    assert_eq!(server.get(&server.url("/livez")).await.0, 200);
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
    });
    let result = run(&server, "select stub.sleep(1000)").await;
    assert_ne!(code(&result), "ok", "{result}");
    assert_eq!(elsewhere.counters().result_polls, 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn what_a_call_names_does_not_stay_with_the_session() {
    let stub = Stub::start().await;
    let server = serve(
        &stub,
        &[
            ("SNOWFLAKE_POOL_MAX_SIZE", "1"),
            ("SNOWFLAKE_DATABASE", "HOME"),
            ("SNOWFLAKE_SCHEMA", "MINE"),
        ],
    )
    .await;
    let database = |arguments: Value| execute(&server, arguments);
    let sql = "select current_database(), current_schema()";
    let asked = database(json!({"sql": sql, "database": "OTHER", "format": "csv"})).await;
    assert!(
        asked["content"][0]["text"]
            .as_str()
            .unwrap()
            .contains("OTHER,PUBLIC"),
        "{asked}"
    );
    let next = database(json!({"sql": sql, "format": "csv"})).await;
    assert!(
        next["content"][0]["text"]
            .as_str()
            .unwrap()
            .contains("HOME,MINE"),
        "{next}"
    );
    assert_eq!(stub.counters().logins, 1);
    stop(server, &stub).await;
}

#[tokio::test]
async fn callers_beyond_the_pool_wait_and_are_told_when_it_takes_too_long() {
    let stub = Stub::start().await;
    let server = serve(
        &stub,
        &[
            ("SNOWFLAKE_POOL_MAX_SIZE", "1"),
            ("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "1"),
        ],
    )
    .await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    let (long, short) = tokio::join!(run(&server, "select stub.sleep(3000)"), async {
        until(&stub, "running", |counters| counters.running == 1).await;
        run(&server, "select 1").await
    });
    assert_eq!(code(&long), "ok", "{long}");
    assert_eq!(code(&short), "warehouse_busy", "{short}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn days_of_expiring_tokens_under_load_fail_no_call() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.token_lifetime_s = 1.0;
        settings.master_lifetime_s = 4.0;
    });
    let server = serve(&stub, &[]).await;
    let end = Instant::now() + Duration::from_secs(12);
    let callers = (0..4).map(|_| async {
        let mut calls = 0;
        while Instant::now() < end {
            let result = run(&server, "select stub.sleep(20)").await;
            assert_eq!(code(&result), "ok", "{result}");
            calls += 1;
        }
        calls
    });
    let calls: u64 = join_all(callers).await.into_iter().sum();
    let counters = stub.counters();
    assert_eq!(counters.statements, calls, "each call ran once");
    assert!(counters.renewals > 4, "{counters:?}");
    assert!(counters.logins > 4, "{counters:?}");
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

#[tokio::test]
async fn a_role_that_is_refused_is_its_callers_mistake_and_nobody_elses() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    let refusal = json!([{
        "endpoint": "login", "kind": "code", "code": "390189",
        "message": "Role specified in the connect string does not exist or is not authorized.",
    }]);
    stub.fault(refusal);
    // More than any list of roles could be meant to hold.
    for number in 0..70 {
        let role = format!("NOBODY_{number}");
        let result = execute(&server, json!({"sql": "select 1", "role": role})).await;
        assert_eq!(code(&result), "permission_denied", "{result}");
        assert!(result.to_string().contains(&role), "{result}");
    }
    stub.heal();
    let result = execute(&server, json!({"sql": "select 1", "role": "ANALYST"})).await;
    assert_eq!(code(&result), "ok", "{result}");
    // The configured role signs in as ever, too.
    stub.lose(Loss::Sessions);
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_sign_in_that_hangs_is_told_as_what_it_is() {
    let stub = Stub::start().await;
    stub.fault(json!([{"endpoint": "login", "kind": "hang"}]));
    let server = serve(&stub, &[("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "1")]).await;
    let result = run(&server, "select 1").await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    stub.heal();
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_key_that_is_mended_is_used_at_the_next_call() {
    let stub = Stub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, "no key yet").unwrap();
    let path = path.to_str().unwrap();
    let server = serve(
        &stub,
        &[
            ("SNOWFLAKE_AUTH_TYPE", "private_key"),
            ("SNOWFLAKE_PRIVATE_KEY_PATH", path),
        ],
    )
    .await;
    for _ in 0..3 {
        assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    }
    let log = server.log();
    assert!(log.contains("SNOWFLAKE_PRIVATE_KEY_PATH"), "{log}");
    assert!(
        !log.contains("Snowflake refused"),
        "it was not asked: {log}"
    );
    std::fs::write(path, key(0)).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_refused_key_that_is_replaced_is_tried_at_once() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.require_jwt_key = Some(public_half(1)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, key(0)).unwrap();
    let path = path.to_str().unwrap();
    let server = serve(
        &stub,
        &[
            ("SNOWFLAKE_AUTH_TYPE", "private_key"),
            ("SNOWFLAKE_PRIVATE_KEY_PATH", path),
        ],
    )
    .await;
    for _ in 0..5 {
        assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    }
    assert_eq!(stub.counters().logins_refused, 1, "the user is not locked");
    std::fs::write(path, key(1)).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn fewer_statements_than_sessions_run_at_once_where_that_is_asked_for() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("MAX_CONCURRENT_QUERIES", "2")]).await;
    let calls = (0..6).map(|_| run(&server, "select stub.sleep(100)"));
    for result in join_all(calls).await {
        assert_eq!(code(&result), "ok", "{result}");
    }
    assert_eq!(stub.counters().max_running, 2);
    stop(server, &stub).await;
}
