//! The tools on the embedded engine, through the front door.

mod answers;
mod catalog;

use serde_json::{Value, json};

use crate::support::{Client, Server};

const SAMPLE: &str = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1";

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

fn ok(result: Value) -> Value {
    assert_eq!(result["isError"], false, "{result}");
    result
}

fn code(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    result["structuredContent"]["code"].as_str().unwrap()
}

/// A query's rows in JSON.
async fn rows(client: &Client, sql: &str) -> Value {
    let arguments = json!({ "sql": sql, "format": "json" });
    let result = ok(client.call_tool("execute_query", arguments).await);
    result["structuredContent"]["rows"].clone()
}

#[tokio::test]
async fn an_agent_finds_its_way_from_nothing_to_an_answer() {
    let server = Server::start(&[]).await;
    let client = server.mcp();

    let databases = ok(client
        .call_tool("list_databases", json!({"format": "markdown"}))
        .await);
    assert!(text(&databases).contains("SNOWFLAKE_SAMPLE_DATA"));

    let schemas = json!({ "database": "snowflake_sample_data", "format": "markdown" });
    let schemas = ok(client.call_tool("list_schemas", schemas).await);
    assert!(text(&schemas).contains("| SNOWFLAKE_SAMPLE_DATA | TPCH_SF1 |"));

    let tables = json!({ "schema": SAMPLE, "like": "%order%", "format": "markdown" });
    let tables = ok(client.call_tool("list_tables", tables).await);
    assert_eq!(tables["structuredContent"]["row_count"], 1, "{tables}");
    assert!(text(&tables).contains("| 15000 |"), "{tables}");

    let views = ok(client.call_tool("list_views", json!({})).await);
    assert!(text(&views).contains("TPCH_SF1"), "{views}");
    assert!(!text(&views).contains("INFORMATION_SCHEMA"), "{views}");

    let found = json!({ "query": "cust key" });
    let found = ok(client.call_tool("search_objects", found).await);
    assert!(text(&found).contains("C_CUSTKEY"), "{found}");

    let table = json!({ "table": format!("{SAMPLE}.orders") });
    let table = ok(client.call_tool("describe_table", table).await);
    let described = &table["structuredContent"];
    assert_eq!(described["row_count"], 15_000);
    assert_eq!(described["primary_key"], json!(["O_ORDERKEY"]));
    assert_eq!(described["columns"][1]["name"], "O_CUSTKEY");
    assert_eq!(described["columns"][1]["type"], "NUMBER(38,0)");
    assert_eq!(
        described["foreign_keys"][0]["columns"],
        json!(["O_CUSTKEY"])
    );

    let sql = "select n_name, count(*) from customer join nation on c_nationkey = n_nationkey \
               group by n_name order by 2 desc, 1 limit 2";
    let answer = json!({ "sql": sql, "format": "markdown" });
    let answer = ok(client.call_tool("execute_query", answer).await);
    assert!(
        text(&answer).starts_with("| N_NAME | COUNT(*) |\n|---|---:|\n"),
        "{answer}"
    );
    assert_eq!(answer["structuredContent"]["row_count"], 2);
    assert_eq!(answer["structuredContent"]["truncated"], false);

    let plan = json!({ "sql": sql });
    let plan = ok(client.call_tool("explain_query", plan).await);
    assert!(text(&plan).contains("TPCH_SF1.CUSTOMER"), "{plan}");
}

#[tokio::test]
async fn every_revision_gets_its_answer() {
    let server = Server::start(&[]).await;
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let params = json!({
            "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" }
        });
        // The first request of a client names its revision in the body only.
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
        let post = reqwest::Client::new().post(server.url("/mcp")).json(&body);
        let answer = post
            .header("Accept", "application/json, text/event-stream")
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["result"]["protocolVersion"], revision, "{answer}");
        let instructions = answer["result"]["instructions"].as_str().unwrap();
        assert!(instructions.contains("embedded engine"), "{instructions}");
    }
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" }
    });
    let params =
        json!({ "name": "execute_query", "arguments": { "sql": "select 1" }, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let answer = reqwest::Client::new()
        .post(server.url("/mcp"))
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", "execute_query")
        .json(&body)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    assert_eq!(answer["result"]["structuredContent"]["row_count"], 1);
}

#[tokio::test]
async fn switched_off_tools_are_neither_listed_nor_called() {
    let server = Server::start(&[("TOOLSETS", "catalog")]).await;
    let answer = server.mcp().request("tools/list", json!({})).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    let listed: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(
        listed.contains(&"list_tables") && !listed.contains(&"execute_query"),
        "{listed:?}"
    );
    let call = json!({ "name": "execute_query", "arguments": { "sql": "select 1" } });
    let answer = server.mcp().request("tools/call", call).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn metrics_count_calls_by_tool_and_outcome() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    ok(client
        .call_tool("execute_query", json!({ "sql": "select 1" }))
        .await);
    client
        .call_tool("execute_query", json!({ "sql": "drop table t" }))
        .await;
    let (_, metrics) = server.get(&server.probe_url("/metrics")).await;
    for line in [
        "snowflake_mcp_tool_calls_total{outcome=\"ok\",tool=\"execute_query\"} 1",
        "snowflake_mcp_tool_calls_total{outcome=\"statement_not_allowed\",tool=\"execute_query\"} 1",
        "snowflake_mcp_tool_calls_in_flight 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}
