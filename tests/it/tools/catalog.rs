//! What the tools of the catalog say of tables and views, and for how long it is kept.

use serde_json::{Value, json};

use super::{SAMPLE, code, ok, text};
use crate::support::Server;

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
        text(&profile).contains("All 1500 rows were read"),
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
async fn nothing_is_kept_where_that_is_switched_off() {
    let server = Server::start(&[("CATALOG_CACHE_TTL", "0s")]).await;
    for _ in 0..2 {
        let answer = ok(server.mcp().call_tool("list_databases", json!({})).await);
        assert!(answer["structuredContent"]["age_ms"].is_null(), "{answer}");
    }
}

/// Its name may be that of a table, and the names of tables lead away from what is meant.
#[tokio::test]
async fn a_semantic_view_that_is_not_there_leads_to_the_list_of_them() {
    let server = Server::start(&[("TOOLSETS", "semantic")]).await;
    let call = json!({ "view": "CUSTOMER" });
    let refused = server.mcp().call_tool("describe_semantic_view", call).await;
    assert_eq!(code(&refused), "object_not_found", "{refused}");
    let told = text(&refused);
    assert!(
        told.contains("list_semantic_views") && !told.contains("did you mean"),
        "{told}"
    );
}
