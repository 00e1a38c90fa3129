//! Statements and their results when nothing is broken.

use serde_json::{Value, json};

use super::support::{code, execute, run, serve, stop};
use crate::stub::Stub;

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
    stub.set(|settings| settings.sync_window_ms = 200);
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
async fn snowflake_is_asked_what_a_statement_is_before_it_runs() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SQL_POLICY_VERIFY", "true")]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    let counters = stub.counters();
    assert_eq!((counters.described, counters.statements), (1, 1));
    // What does not compile is not run.
    let failed = run(&server, "select stub.fail(code => '002003')").await;
    assert_eq!(code(&failed), "object_not_found", "{failed}");
    assert_eq!(stub.counters().statements, 1);
    stop(server, &stub).await;
}
