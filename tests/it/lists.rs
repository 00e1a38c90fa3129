//! The lists of the policy through the front door: what is not allowed is neither read nor told of.

use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn call(client: &Client, tool: &str, arguments: Value) -> Value {
    client.call_tool(tool, arguments).await
}

fn told(result: &Value) -> String {
    assert_ne!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_denied_table_is_neither_read_nor_listed() {
    let denied = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.ORD*";
    let server = Server::start(&[("DENIED_OBJECTS", denied)]).await;
    let client = server.mcp();
    for (tool, arguments) in [
        ("list_tables", json!({})),
        (
            "list_tables",
            json!({ "schema": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1" }),
        ),
        ("search_objects", json!({ "query": "e" })),
    ] {
        let text = told(&call(&client, tool, arguments).await);
        assert!(text.contains("LINEITEM"), "{text}");
        assert!(
            !text.contains("TPCH_SF1.ORDERS") && !text.contains("| ORDERS |"),
            "{text}"
        );
    }
    for (tool, arguments) in [
        ("describe_table", json!({ "table": "orders" })),
        (
            "query_view",
            json!({ "view": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.ORDERS" }),
        ),
        (
            "execute_query",
            json!({ "sql": "SELECT COUNT(*) FROM orders" }),
        ),
        (
            "explain_query",
            json!({ "sql": "SELECT COUNT(*) FROM tpch_sf1.\"ORDERS\"" }),
        ),
    ] {
        let result = call(&client, tool, arguments).await;
        let code = &result["structuredContent"]["code"];
        assert_eq!(code, "statement_not_allowed", "{tool}: {result}");
    }
    let counted = json!({ "sql": "SELECT COUNT(*) FROM lineitem" });
    told(&call(&client, "execute_query", counted).await);
}

#[tokio::test]
async fn only_allowed_databases_are_listed() {
    let server = Server::start(&[("ALLOWED_DATABASES", "ELSEWHERE")]).await;
    let client = server.mcp();
    let listed = call(&client, "list_databases", json!({})).await;
    assert!(!told(&listed).contains("SNOWFLAKE_SAMPLE_DATA"), "{listed}");
    assert_eq!(listed["structuredContent"]["row_count"], 0);
    let named = json!({ "database": "SNOWFLAKE_SAMPLE_DATA" });
    let refused = call(&client, "list_schemas", named).await;
    assert_eq!(
        refused["structuredContent"]["code"],
        "statement_not_allowed"
    );
}
