//! The pool: no more sessions than are needed, every caller in turn, expired ones replaced.

use futures::future::join_all;
use serde_json::json;

use super::support::{code, execute, run, serve, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;

#[tokio::test]
async fn a_hundred_callers_on_a_cold_pool_sign_in_as_often_as_there_are_sessions() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.login_delay_ms = 200);
    let more = [("SNOWFLAKE_POOL_MAX_SIZE", "8"), ("MAX_QUEUED", "100")];
    let server = serve(&stub, &more).await;
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
    let mut server = serve(&stub, &[]).await;
    // A caller who comes while the pool is being filled signs in beside it.
    server.event("ready").await;
    for _ in 0..200 {
        assert_eq!(code(&run(&server, "select 1").await), "ok");
    }
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
    let wait = short["structuredContent"]["retry_after_seconds"].as_u64();
    assert!(wait.is_some_and(|wait| (3..=8).contains(&wait)), "{short}");
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
async fn when_snowflake_loses_all_sessions_only_one_is_found_out_by_a_statement() {
    let stub = Stub::start().await;
    let more = [
        ("SNOWFLAKE_POOL_MIN_SIZE", "4"),
        ("SNOWFLAKE_POOL_MAX_SIZE", "4"),
        ("SQL_POLICY", "read_write"),
    ];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    until(&stub, "all open", |it| it.sessions_open == 4).await;
    stub.lose(Loss::Sessions);
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    // A write is not sent twice, so it must not be sent to a session that is gone.
    for _ in 0..4 {
        let result = run(&server, "insert into t values (1)").await;
        assert_eq!(code(&result), "ok", "{result}");
    }
    assert_eq!(stub.counters().statements, 5);
    stop(server, &stub).await;
}
