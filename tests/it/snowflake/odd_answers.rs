//! Answers that Snowflake does not give, or hardly ever: each is taken for what it is, and no session suffers in silence.

use std::time::Duration;

use serde_json::{Value, json};

use super::fitness::{one_session, session_of_next};
use super::support::{code, run, serve, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;

#[tokio::test]
async fn what_snowflake_takes_for_something_else_is_not_run() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SQL_POLICY_VERIFY", "true")]).await;
    // INSERT, a kind of DDL, and none that is known.
    for kind in [0x3100, 0x6000, 0] {
        let refused = run(&server, &format!("select stub.kind({kind})")).await;
        assert_eq!(code(&refused), "statement_not_allowed", "{refused}");
        let told = refused.to_string();
        assert!(told.contains("Snowflake says otherwise"), "{told}");
    }
    assert_eq!(stub.counters().statements, 0);
    let select = run(&server, "select stub.kind(4096)").await;
    assert_eq!(code(&select), "ok", "{select}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn an_answer_that_moves_files_is_no_result() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    let refused = run(&server, "select stub.files()").await;
    assert_ne!(code(&refused), "ok", "{refused}");
    let is_told = |line: &Value| line.to_string().contains("asked to move files");
    server.line("it is told", is_told).await;
    stop(server, &stub).await;
}

/// Somebody would have a cursor with which nothing can be asked for.
#[tokio::test]
async fn a_statement_without_an_id_is_waited_for() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.no_query_id = true);
    let server = serve(&stub, &[("SYNC_WAIT", "1s")]).await;
    let answer = run(&server, "select stub.sleep(2500)").await;
    assert_eq!(code(&answer), "ok", "{answer}");
    assert_eq!(answer["structuredContent"]["row_count"], 1, "{answer}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_session_whose_settings_were_changed_is_not_handed_on() {
    let stub = Stub::start().await;
    let mut server = one_session(&stub, &[]).await;
    let before = session_of_next(&server, &stub).await;
    let changed = run(&server, "select stub.set('AUTOCOMMIT', 'false')").await;
    assert_ne!(code(&changed), "ok", "{changed}");
    // The log is read by another thread, after the answer perhaps.
    let is_told = |line: &Value| line.to_string().contains("AUTOCOMMIT");
    server.line("AUTOCOMMIT is told", is_told).await;
    assert_ne!(session_of_next(&server, &stub).await, before);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_token_is_renewed_with_the_master_token_of_the_last_renewal() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.masters_end = true);
    let server = one_session(&stub, &[]).await;
    let before = session_of_next(&server, &stub).await;
    for renewals in [1, 2, 3] {
        stub.lose(Loss::SessionTokens);
        assert_eq!(session_of_next(&server, &stub).await, before);
        assert_eq!(stub.counters().renewals, renewals);
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_session_whose_heartbeat_is_refused_is_not_handed_on() {
    let stub = Stub::start().await;
    let server = one_session(&stub, &[]).await;
    let before = session_of_next(&server, &stub).await;
    stub.fault(json!([{"endpoint": "heartbeat", "kind": "code", "code": "390111", "times": 1}]));
    // When nothing was heard for ten seconds, it is asked whether it is still there.
    tokio::time::sleep(Duration::from_secs(10)).await;
    until(&stub, "asked", |it| it.faults == 1).await;
    assert_ne!(session_of_next(&server, &stub).await, before);
    stop(server, &stub).await;
}
