//! The tools on the embedded engine, through the front door.

use serde_json::{Value, json};

use crate::support::{Client, ENDLESS, Server};

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
async fn a_table_is_summed_up_with_what_stands_out_first() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let customers = json!({ "table": format!("{SAMPLE}.customer"), "format": "markdown" });
    let profile = ok(client.call_tool("profile_table", customers).await);
    let document = &profile["structuredContent"];
    assert_eq!(document["rows"], 1500);
    assert_eq!(document["sampled"], false);
    let findings = document["findings"].to_string();
    assert!(
        findings.contains("C_CUSTKEY looks unique: it may be a key"),
        "{findings}"
    );
    let segment = document["columns"].as_array().unwrap().iter();
    let segment = segment
        .clone()
        .find(|it| it["column"] == "C_MKTSEGMENT")
        .unwrap();
    assert_eq!(segment["distinct"], 5);
    assert_eq!(
        segment["top"][0],
        json!({ "value": "BUILDING", "rows": 337 })
    );
    assert_eq!(
        (&segment["min"], &segment["max"]),
        (&json!("AUTOMOBILE"), &json!("MACHINERY"))
    );
    assert!(
        text(&profile).contains("All 1500 rows were looked at"),
        "{profile}"
    );

    let context = ok(client.call_tool("show_context", json!({})).await);
    let document = &context["structuredContent"];
    assert_eq!(document["database"], "SNOWFLAKE_SAMPLE_DATA");
    assert_eq!(
        document["warehouses"].as_array().unwrap().len(),
        1,
        "{context}"
    );
    // Without an account nothing is kept that a history could be made of.
    let answer = client.request("tools/list", json!({})).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    let names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"profile_table") && !names.contains(&"query_history"),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_view_is_described_with_its_definition() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let views = json!({ "schema": SAMPLE, "format": "json" });
    let views = ok(client.call_tool("list_views", views).await);
    let name = views["structuredContent"]["rows"][0][2].as_str().unwrap();
    let view = json!({ "view": format!("{SAMPLE}.{name}") });
    let described = ok(client.call_tool("describe_view", view.clone()).await);
    let ddl = described["structuredContent"]["ddl"].as_str().unwrap();
    assert!(ddl.to_uppercase().contains("SELECT"), "{ddl}");
    let sampled = ok(client.call_tool("query_view", view).await);
    let told = &sampled["structuredContent"];
    assert_eq!(told["row_count"], 10);
    assert_eq!(told["truncated"], true);
    // The eleventh row was asked for only to see that there is one: it is not all the rest.
    assert!(told["total_rows"].is_null(), "{told}");
    assert!(told["next_cursor"].is_null(), "{told}");
    let hint = told["truncation"]["hint"].as_str().unwrap();
    assert!(hint.contains("execute_query with a condition"), "{hint}");
}

/// The second database holds a table whose names need quotes everywhere.
#[tokio::test]
async fn names_that_need_quotes_work_in_every_tool() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let listed = ok(client
        .call_tool(
            "list_tables",
            json!({ "database": "demo", "schema": "public", "format": "markdown" }),
        )
        .await);
    assert!(text(&listed).contains("\"Mixed Case\""), "{listed}");

    // The quoted form, as the list shows it, and the bare one, which could mean nothing else.
    for name in ["DEMO.PUBLIC.\"Mixed Case\"", "demo.public.Mixed Case"] {
        let described = ok(client
            .call_tool("describe_table", json!({ "table": name }))
            .await);
        let columns = described["structuredContent"]["columns"]
            .as_array()
            .unwrap();
        let names: Vec<&str> = columns
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["\"id\"", "\"größe\"", "\"a.b\""]);

        let sampled = json!({ "view": name, "columns": ["\"a.b\"", "größe"], "limit": 1, "format": "markdown" });
        let sampled = ok(client.call_tool("query_view", sampled).await);
        assert!(text(&sampled).starts_with("| a.b | größe |"), "{sampled}");
    }
    let found = ok(client
        .call_tool("search_objects", json!({ "query": "GRÖSSE" }))
        .await);
    assert_eq!(
        found["structuredContent"]["matches"],
        json!([]),
        "ß is no ss: {found}"
    );
    let found = ok(client
        .call_tool("search_objects", json!({ "query": "a.b" }))
        .await);
    assert_eq!(
        found["structuredContent"]["matches"][0]["columns"][0],
        "\"a.b\""
    );

    let sql = "SELECT \"größe\" FROM \"Mixed Case\" WHERE \"id\" = 2";
    let query = json!({ "sql": sql, "schema": "DEMO.PUBLIC", "format": "csv" });
    let answer = ok(client.call_tool("execute_query", query).await);
    assert!(
        text(&answer).starts_with("größe\r\ngroß\r\n\n1 row, all there are."),
        "{answer}"
    );

    let wrong = client
        .call_tool(
            "describe_table",
            json!({ "table": "demo.public.\"mixed case\"" }),
        )
        .await;
    assert_eq!(code(&wrong), "object_not_found");
}

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

#[tokio::test]
async fn an_answer_about_the_catalog_is_kept_for_its_caller_and_says_so() {
    let keys = "first-key-0123456789abcdef,second-key-0123456789abcde";
    let server = Server::start(&[("API_KEYS", keys), ("CATALOG_CACHE_TTL", "1h")]).await;
    let (first, second) = keys.split_once(',').unwrap();
    let [first, second] = [first, second].map(|key| server.mcp().key(key));
    let age = |answer: &Value| answer["structuredContent"]["age_ms"].as_u64();
    let tables = json!({ "database": "SNOWFLAKE_SAMPLE_DATA" });
    let fresh = ok(first.call_tool("list_tables", tables.clone()).await);
    let kept = ok(first.call_tool("list_tables", tables.clone()).await);
    assert_eq!((age(&fresh), age(&kept).is_some()), (None, true), "{kept}");
    let rows = |answer: &Value| answer["structuredContent"]["rows"].clone();
    assert_eq!(rows(&kept), rows(&fresh));
    // Not for others, not for other questions, and never rows.
    let elsewhere = ok(second.call_tool("list_tables", tables).await);
    assert_eq!(age(&elsewhere), None);
    let other = json!({ "database": "DEMO" });
    assert_eq!(age(&ok(first.call_tool("list_tables", other).await)), None);
    for _ in 0..2 {
        let view = json!({ "view": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION" });
        assert_eq!(age(&ok(first.call_tool("query_view", view).await)), None);
    }
}

#[tokio::test]
async fn a_table_is_not_called_a_view_nor_a_view_a_table() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    for (tool, argument, object, kind) in [
        ("describe_table", "table", "ORDERS", "TABLE"),
        ("describe_table", "table", "MONTHLY_REVENUE", "VIEW"),
        ("describe_view", "view", "MONTHLY_REVENUE", "VIEW"),
        ("describe_view", "view", "ORDERS", "TABLE OR VIEW"),
    ] {
        let described = ok(client.call_tool(tool, json!({ argument: object })).await);
        assert_eq!(
            described["structuredContent"]["kind"], kind,
            "{tool} {object}"
        );
    }
}

#[tokio::test]
async fn a_description_tells_the_owner_and_on_request_the_statement() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let place =
        json!({ "table": "ORDERS", "database": "SNOWFLAKE_SAMPLE_DATA", "schema": "TPCH_SF1" });
    let plain = ok(client.call_tool("describe_table", place.clone()).await);
    let told = &plain["structuredContent"];
    assert_eq!(told["name"], format!("{SAMPLE}.ORDERS"), "{told}");
    assert!(
        told["owner"].is_string() && told["created_on"].is_string(),
        "{told}"
    );
    assert!(told["ddl"].is_null(), "{told}");

    let mut with_ddl = place;
    with_ddl["ddl"] = json!(true);
    let described = ok(client.call_tool("describe_table", with_ddl).await);
    let ddl = described["structuredContent"]["ddl"].as_str().unwrap();
    assert!(ddl.contains("TABLE ORDERS"), "{ddl}");
}

#[tokio::test]
async fn a_name_and_the_place_beside_it_must_agree() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    for (tool, argument) in [
        ("describe_table", "table"),
        ("describe_view", "view"),
        ("query_view", "view"),
    ] {
        for (name, database, schema) in [
            ("NATION", json!(null), json!(SAMPLE)),
            (
                "TPCH_SF1.NATION",
                json!("SNOWFLAKE_SAMPLE_DATA"),
                json!(null),
            ),
            (
                "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION",
                json!("snowflake_sample_data"),
                json!("tpch_sf1"),
            ),
            ("NATION", json!("SNOWFLAKE_SAMPLE_DATA"), json!("TPCH_SF1")),
        ] {
            let place = json!({ argument: name, "database": database, "schema": schema });
            ok(client.call_tool(tool, place).await);
        }
        for (database, schema, named) in [
            (json!("DEMO"), json!(null), "argument database"),
            (json!(null), json!("PUBLIC"), "argument schema"),
            (json!(null), json!("DEMO.TPCH_SF1"), "argument database"),
        ] {
            let place = json!({ argument: format!("{SAMPLE}.NATION"), "database": database, "schema": schema });
            let refused = client.call_tool(tool, place).await;
            assert_eq!(code(&refused), "invalid_argument");
            assert!(text(&refused).contains(named), "{refused}");
        }
    }
}

#[tokio::test]
async fn comments_are_searched_within_a_database() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let found = |place: Value| {
        let client = &client;
        async move {
            let answer = ok(client.call_tool("search_objects", place).await);
            answer["structuredContent"]["matches"]
                .as_array()
                .unwrap()
                .clone()
        }
    };
    // A word of the comment of DEMO's table, and of no name.
    let within = found(json!({ "query": "quotes", "database": "DEMO" })).await;
    assert_eq!(within.len(), 1, "{within:?}");
    assert_eq!(within[0]["kind"], "TABLE");
    assert!(found(json!({ "query": "quotes" })).await.is_empty());
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
async fn nothing_is_kept_where_that_is_switched_off() {
    let server = Server::start(&[("CATALOG_CACHE_TTL", "0s")]).await;
    for _ in 0..2 {
        let answer = ok(server.mcp().call_tool("list_databases", json!({})).await);
        assert!(answer["structuredContent"]["age_ms"].is_null(), "{answer}");
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
