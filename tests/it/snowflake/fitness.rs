//! Which sessions are handed on: none that may still be at work, or that is not what it was when it was new.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{code, execute, run, serve, stop, until};
use crate::stub::Stub;
use crate::support::Server;

pub async fn one_session(stub: &Stub, more: &[(&str, &str)]) -> Server {
    let mut vars = vec![("SNOWFLAKE_POOL_MAX_SIZE", "1")];
    vars.extend_from_slice(more);
    let mut server = serve(stub, &vars).await;
    server.event("ready").await;
    server
}

/// The session in which a statement sent now runs.
pub async fn session_of_next(server: &Server, stub: &Stub) -> Value {
    let mut answer = run(server, "select 1").await;
    // That a statement left running has ended is noticed within two seconds; a caller may have less patience.
    for _ in 0..5 {
        if code(&answer) == "warehouse_busy" {
            answer = run(server, "select 1").await;
        }
    }
    assert_eq!(code(&answer), "ok", "{answer}");
    stub.counters().last_statement["session"].clone()
}

fn give_up_soon(server: &Server) -> tokio::task::JoinHandle<Value> {
    let mcp = server.mcp();
    tokio::spawn(async move {
        let call = json!({"sql": "select stub.sleep(60000)"});
        mcp.call_tool("execute_query", call).await
    })
}

#[tokio::test]
async fn a_session_whose_statement_could_not_be_stopped_is_not_handed_on() {
    let stub = Stub::start().await;
    let server = one_session(&stub, &[]).await;
    let before = session_of_next(&server, &stub).await;
    stub.fault(json!([{"endpoint": "abort", "kind": "code", "code": "000999", "message": "No."}]));
    let call = give_up_soon(&server);
    until(&stub, "running", |it| it.running == 1).await;
    call.abort();
    until(&stub, "asked to stop", |it| {
        it.requests.get("abort").is_some_and(|asked| *asked > 0)
    })
    .await;
    assert_ne!(session_of_next(&server, &stub).await, before);
    stub.heal();
    stop(server, &stub).await;
}

#[tokio::test]
async fn not_executing_is_no_proof_while_the_statement_may_still_be_on_its_way() {
    let stub = Stub::start().await;
    let server = one_session(&stub, &[]).await;
    let before = session_of_next(&server, &stub).await;
    // It takes its time to get there, so that Snowflake does not know it yet when it is told to stop it.
    stub.fault(json!([{"endpoint": "query", "kind": "delay", "ms": 20_000, "times": 1}]));
    let sent = Instant::now();
    let call = give_up_soon(&server);
    until(&stub, "on its way", |it| it.faults == 1).await;
    call.abort();
    until(&stub, "asked to stop", |it| it.aborts_by_request > 0).await;
    let after = session_of_next(&server, &stub).await;
    // Sooner than two seconds after it was sent nobody knows that it will not come, and the session is nobody's.
    let waited = sent.elapsed();
    assert!(
        after != before || waited >= Duration::from_secs(2),
        "the same session after {waited:?}"
    );
    assert!(stub.counters().aborts_by_request > 1, "it is asked again");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_session_in_which_a_write_was_left_running_is_not_handed_on() {
    for (sql, is_same) in [("insert into t values (1)", false), ("select 7", true)] {
        let stub = Stub::start().await;
        let more = [("SQL_POLICY", "read_write"), ("SYNC_WAIT", "1s")];
        let server = one_session(&stub, &more).await;
        let before = session_of_next(&server, &stub).await;
        stub.set(|settings| settings.statement_delay_ms = 2_500);
        let left = execute(&server, json!({"sql": sql})).await;
        assert_eq!(left["structuredContent"]["status"], "running", "{left}");
        stub.set(|settings| settings.statement_delay_ms = 0);
        until(&stub, "ended", |it| it.running == 0).await;
        let after = session_of_next(&server, &stub).await;
        assert_eq!(after == before, is_same, "{sql}");
        stop(server, &stub).await;
    }
}

/// Peers that are not Snowflake do not say what kind of statement ran; only a read is then known to leave nothing behind.
#[tokio::test]
async fn a_session_in_which_nobody_says_what_ran_is_handed_on_after_reads_alone() {
    for (sql, is_same) in [("insert into t values (1)", false), ("select 7", true)] {
        let stub = Stub::start().await;
        stub.set(|settings| settings.no_type_id = true);
        let server = one_session(&stub, &[("SQL_POLICY", "read_write")]).await;
        let before = session_of_next(&server, &stub).await;
        let answer = run(&server, sql).await;
        assert_eq!(code(&answer), "ok", "{answer}");
        let after = session_of_next(&server, &stub).await;
        assert_eq!(after == before, is_same, "{sql}");
        stop(server, &stub).await;
    }
}

#[tokio::test]
async fn a_session_that_has_strayed_is_not_handed_on() {
    for (more, call, is_same) in [
        // Another role than it was opened for, whoever saw to that.
        (
            &[][..],
            json!({"sql": "select stub.stray(role => 'OTHER')"}),
            false,
        ),
        // What was not set cannot be unset.
        (&[], json!({"sql": "select 1", "warehouse": "W"}), false),
        (&[], json!({"sql": "select 1", "database": "D"}), false),
        (
            &[("SNOWFLAKE_DATABASE", "D")],
            json!({"sql": "select 1", "schema": "S"}),
            false,
        ),
        // What was set is set again.
        (
            &[("SNOWFLAKE_WAREHOUSE", "USUAL")],
            json!({"sql": "select 1", "warehouse": "W"}),
            true,
        ),
        (&[], json!({"sql": "select 1"}), true),
    ] {
        let stub = Stub::start().await;
        let server = one_session(&stub, more).await;
        let before = session_of_next(&server, &stub).await;
        let answer = execute(&server, call.clone()).await;
        assert_eq!(code(&answer), "ok", "{answer}");
        let after = session_of_next(&server, &stub).await;
        assert_eq!(after == before, is_same, "{call}");
        stop(server, &stub).await;
    }
}

#[tokio::test]
async fn a_name_in_another_database_belongs_to_its_public_schema() {
    let stub = Stub::start().await;
    let more = [
        ("SNOWFLAKE_DATABASE", "SALES"),
        ("SNOWFLAKE_SCHEMA", "MART"),
    ];
    for (allowed, database, is_allowed) in [
        ("OTHER.PUBLIC", "other", true),
        ("OTHER.MART", "other", false),
        ("SALES.MART, SALES.PUBLIC", "sales", true),
        ("SALES.PUBLIC", "sales", false),
    ] {
        let vars = [&more[..], &[("ALLOWED_SCHEMAS", allowed)]].concat();
        let server = serve(&stub, &vars).await;
        let call = json!({"sql": "select * from t", "database": database});
        let answer = execute(&server, call).await;
        // The stub has no tables: what passes is not found.
        let expected = if is_allowed {
            "object_not_found"
        } else {
            "statement_not_allowed"
        };
        assert_eq!(code(&answer), expected, "{allowed}, {database}: {answer}");
        stop(server, &stub).await;
    }
}

/// How much a statement has read is asked when it has ended; nobody waits for the answer, and nobody misses it.
#[tokio::test]
async fn a_question_in_passing_is_asked_once_and_changes_nothing() {
    for fault in [
        json!({"endpoint": "monitoring", "kind": "status", "code": 503}),
        json!({"endpoint": "monitoring", "kind": "code", "code": "390112", "message": "expired"}),
        json!({"endpoint": "monitoring", "kind": "status", "code": 401}),
    ] {
        let stub = Stub::start().await;
        let server = one_session(&stub, &[]).await;
        let before = session_of_next(&server, &stub).await;
        stub.fault(json!([fault]));
        let answer = run(&server, "select stub.sleep(1200)").await;
        assert_eq!(code(&answer), "ok", "{answer}");
        until(&stub, "asked", |it| it.requests.contains_key("monitoring")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let counters = stub.counters();
        assert_eq!(counters.requests["monitoring"], 1, "{fault}: {counters:?}");
        assert_eq!(counters.renewals, 0, "{fault}");
        assert_eq!(session_of_next(&server, &stub).await, before, "{fault}");
        let (status, report) = server.get_json(&server.probe_url("/readyz")).await;
        assert_eq!(status, 200, "{fault}: {report}");
        stub.heal();
        stop(server, &stub).await;
    }
}
