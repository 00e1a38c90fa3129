//! Answers of statements: what they leave out, how long they may take, how they are read on.

use serde_json::json;

use super::{SAMPLE, code, ok, rows};
use crate::support::{ENDLESS, Server};

#[tokio::test]
async fn a_result_says_exactly_what_it_leaves_out() {
    let server = Server::start(&[("MAX_ROWS", "200"), ("MAX_RESULT_BYTES", "4KiB")]).await;
    let client = server.mcp();
    let call = |sql: &str, limit: Option<u64>| {
        let arguments = match limit {
            Some(limit) => json!({ "sql": sql, "limit": limit }),
            None => json!({ "sql": sql }),
        };
        let client = client.clone();
        async move {
            ok(client.call_tool("execute_query", arguments).await)["structuredContent"].clone()
        }
    };
    let keys = "select o_orderkey from orders order by 1";

    let by_default = call(keys, None).await;
    assert_eq!(
        (&by_default["row_count"], &by_default["truncated"]),
        (&json!(100), &json!(true))
    );
    assert_eq!(by_default["truncation"]["reason"], "row_limit");
    assert!(
        by_default["truncation"]["hint"]
            .as_str()
            .unwrap()
            .contains("at most 200")
    );

    let capped = call(keys, Some(5000)).await;
    assert_eq!(
        (&capped["row_count"], &capped["truncation"]["limit"]),
        (&json!(200), &json!(200))
    );

    let exact = call("select n_name from nation", Some(25)).await;
    assert_eq!(
        (&exact["row_count"], &exact["truncated"]),
        (&json!(25), &json!(false))
    );
    assert_eq!(exact["total_rows"], 25);

    let wide = call("select * from lineitem", Some(200)).await;
    assert_eq!(wide["truncation"]["reason"], "byte_limit");
    assert!(wide["row_count"].as_u64().unwrap() > 5, "{wide}");

    let huge = json!({ "sql": "select repeat('x', 10000)" });
    assert_eq!(
        code(&client.call_tool("execute_query", huge).await),
        "result_too_large"
    );

    let none = call("select n_name from nation where 1 = 0", None).await;
    assert_eq!(
        none["columns"],
        json!([{ "name": "N_NAME", "type": "VARCHAR" }]),
        "{none}"
    );
    assert_eq!(none["row_count"], 0);
}

#[tokio::test]
async fn parameters_are_values_and_never_text() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let query = json!({
        "sql": "select n_name from nation where n_regionkey = ? and n_name <> ? order by 1 limit 1",
        "parameters": [3, "x' or 'a'='a"],
        "format": "json"
    });
    let result = ok(client.call_tool("execute_query", query).await);
    assert_eq!(result["structuredContent"]["rows"], json!([["FRANCE"]]));
}

#[tokio::test]
async fn nothing_lasts_from_one_call_to_the_next() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let refused = client
        .call_tool("execute_query", json!({ "sql": "USE SCHEMA DEMO.PUBLIC" }))
        .await;
    assert_eq!(code(&refused), "statement_not_allowed");
    let elsewhere =
        json!({ "sql": "select current_schema()", "schema": "DEMO.PUBLIC", "format": "json" });
    let elsewhere = ok(client.call_tool("execute_query", elsewhere).await);
    assert_eq!(elsewhere["structuredContent"]["rows"], json!([["PUBLIC"]]));
    assert_eq!(
        rows(&client, "select current_schema()").await,
        json!([["TPCH_SF1"]])
    );
}

#[tokio::test]
async fn time_limits_stop_the_statement() {
    let mut server = Server::start(&[]).await;
    server.event("ready").await;
    let client = server.mcp();
    let query = json!({ "sql": ENDLESS, "timeout_seconds": 1 });
    assert_eq!(
        code(&client.call_tool("execute_query", query).await),
        "query_timeout"
    );
}

#[tokio::test]
async fn more_statements_than_may_run_at_once_wait_and_are_told_the_setting() {
    let mut server = Server::start(&[("MAX_CONCURRENT_QUERIES", "1")]).await;
    server.event("ready").await;
    let client = server.mcp();
    let first = json!({ "sql": ENDLESS, "timeout_seconds": 6 });
    let second = json!({ "sql": "select 1", "timeout_seconds": 1 });
    let (first, second) = tokio::join!(client.call_tool("execute_query", first), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        client.call_tool("execute_query", second).await
    });
    assert_eq!(code(&first), "query_timeout");
    assert_eq!(code(&second), "warehouse_busy");
    assert!(
        second.to_string().contains("MAX_CONCURRENT_QUERIES"),
        "{second}"
    );
}

#[tokio::test]
async fn a_caller_in_a_hurry_gets_a_cursor() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    for wait in [0, 1] {
        let hurry = json!({ "sql": ENDLESS, "wait_seconds": wait });
        let started = ok(client.call_tool("execute_query", hurry).await);
        let told = &started["structuredContent"];
        assert_eq!(told["status"], "running", "{started}");
        // Well before SYNC_WAIT, which is 45 s.
        assert!(told["elapsed_ms"].as_u64().unwrap() < 30_000, "{started}");
        let cursor = json!({ "cursor": told["cursor"], "wait_seconds": wait });
        let asked = ok(client.call_tool("fetch_results", cursor.clone()).await);
        assert_eq!(asked["structuredContent"]["status"], "running", "{asked}");
        let stop = json!({ "cursor": told["cursor"] });
        let stopped = ok(client.call_tool("cancel_query", stop).await);
        assert_eq!(stopped["structuredContent"]["status"], "cancelled");
    }
}

#[tokio::test]
async fn rows_are_read_page_by_page_and_long_values_are_shortened() {
    let server = Server::start(&[("MAX_CELL_BYTES", "64B")]).await;
    let client = server.mcp();
    let sql = format!("SELECT O_ORDERKEY FROM {SAMPLE}.ORDERS ORDER BY O_ORDERKEY");
    let arguments = json!({ "sql": sql, "limit": 4000, "format": "json" });
    let mut page = ok(client.call_tool("execute_query", arguments).await);
    let mut keys = Vec::new();
    loop {
        let answer = &page["structuredContent"];
        let rows = answer["rows"].as_array().unwrap().iter();
        keys.extend(rows.map(|row| row[0].as_i64().unwrap()));
        let Some(cursor) = answer["next_cursor"].as_str() else {
            break;
        };
        let arguments = json!({ "cursor": cursor });
        page = ok(client.call_tool("fetch_results", arguments).await);
    }
    assert_eq!(keys.len(), 15_000);
    assert!(keys.is_sorted_by(|a, b| a < b), "every row once, in order");

    let long = json!({ "sql": "SELECT REPEAT('x', 1000) AS LONG", "format": "json" });
    let long = ok(client.call_tool("execute_query", long).await);
    assert_eq!(long["structuredContent"]["shortened_cells"], 1);
    let value = long["structuredContent"]["rows"][0][0].as_str().unwrap();
    assert_eq!(
        value,
        format!("{}… [shortened, 1000 bytes]", "x".repeat(64))
    );
}

#[tokio::test]
async fn a_plan_comes_with_what_it_means() {
    let server = Server::start(&[]).await;
    let sql = format!("SELECT COUNT(*) FROM {SAMPLE}.ORDERS");
    let plan = ok(server
        .mcp()
        .call_tool("explain_query", json!({ "sql": sql }))
        .await);
    let summary = plan["structuredContent"]["summary"].as_str().unwrap();
    assert!(summary.contains("No partitions to scan"), "{summary}");
}
