//! Prompts, resources and completions on the embedded engine, in the revisions before and since 2026-07-28.

use serde_json::{Value, json};

use crate::support::Server;

const TABLE: &str = "snowflake://SNOWFLAKE_SAMPLE_DATA/TPCH_SF1/NATION";

/// One request of a revision; its result or its error.
async fn ask(server: &Server, revision: &str, method: &str, mut params: Value) -> Value {
    let mut post = reqwest::Client::new()
        .post(server.url("/mcp"))
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", revision);
    if revision == "2026-07-28" {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": revision, "io.modelcontextprotocol/clientCapabilities": {}});
        post = post.header("Mcp-Method", method);
        for name in ["name", "uri"] {
            if let Some(value) = params[name].as_str() {
                post = post.header("Mcp-Name", value);
            }
        }
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let text = post.json(&body).send().await.unwrap().text().await.unwrap();
    let last = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .next_back();
    let answer: Value = serde_json::from_str(last.unwrap_or(&text)).unwrap();
    match answer.get("result") {
        Some(result) => result.clone(),
        None => answer["error"].clone(),
    }
}

#[tokio::test]
async fn every_revision_lists_and_reads_and_completes() {
    let server = Server::start(&[("TOOLSETS", "catalog,query,semantic")]).await;
    for revision in ["2025-06-18", "2025-11-25", "2026-07-28"] {
        let ask = |method: &'static str, params| ask(&server, revision, method, params);
        let prompts = ask("prompts/list", json!({})).await;
        let names: Vec<_> = prompts["prompts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        // One of the six needs query_profile, which needs an account.
        assert_eq!(
            names,
            [
                "explore_database",
                "profile_table",
                "answer_question",
                "document_schema",
                "review_query"
            ]
        );
        let prompt = json!({"name": "explore_database", "arguments": {"database": "DEMO"}});
        let message = ask("prompts/get", prompt).await;
        let text = message["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(
            text.contains("the database DEMO") && text.contains("list_tables"),
            "{text}"
        );
        let missing = ask("prompts/get", json!({"name": "explore_database"})).await;
        assert_eq!(missing["code"], -32602, "{missing}");
        let unknown = ask("prompts/get", json!({"name": "nope"})).await;
        assert_eq!(unknown["code"], -32602, "{unknown}");

        let resources = ask("resources/list", json!({})).await;
        let uris: Vec<_> = resources["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["uri"].as_str().unwrap())
            .collect();
        assert_eq!(uris[..2], ["snowflake://guide", "snowflake://policy"]);
        assert!(uris.contains(&TABLE), "{uris:?}");
        let templates = ask("resources/templates/list", json!({})).await;
        assert_eq!(templates["resourceTemplates"].as_array().unwrap().len(), 3);
        for (uri, holds) in [
            ("snowflake://guide", "execute_query"),
            ("snowflake://policy", "nothing may be changed"),
            (TABLE, "N_REGIONKEY"),
            ("snowflake://SNOWFLAKE_SAMPLE_DATA/TPCH_SF1", "LINEITEM"),
            ("snowflake://DEMO/PUBLIC/Mixed%20Case", "columns"),
            (
                "snowflake://semantic/DEMO/PUBLIC/TPCH_ANALYSIS",
                "LINE_ITEMS.REVENUE",
            ),
            (
                "snowflake://SNOWFLAKE_SAMPLE_DATA/TPCH_SF1/REGION?sample=2",
                "2 rows shown; there are more",
            ),
        ] {
            let page = ask("resources/read", json!({"uri": uri})).await;
            let content = &page["contents"][0];
            assert_eq!(
                (content["uri"].as_str(), content["mimeType"].as_str()),
                (Some(uri), Some("text/markdown")),
                "{page}"
            );
            assert!(content["text"].as_str().unwrap().contains(holds), "{page}");
        }
        let not_found = if revision == "2026-07-28" {
            -32602
        } else {
            -32002
        };
        for uri in [
            "file:///x",
            "snowflake://DEMO/PUBLIC/NOPE",
            "snowflake://NOPE/X",
            "snowflake://DEMO/PUBLIC/NOPE?sample=2",
            "snowflake://semantic/DEMO/PUBLIC/NOPE",
        ] {
            let missing = ask("resources/read", json!({"uri": uri})).await;
            assert_eq!(missing["code"], not_found, "{uri}: {missing}");
        }

        let complete = |reference: Value, name: &str, value: &str, context: Value| json!({"ref": reference, "argument": {"name": name, "value": value}, "context": {"arguments": context}});
        let template =
            json!({"type": "ref/resource", "uri": "snowflake://{database}/{schema}/{object}"});
        let prompt = json!({"type": "ref/prompt", "name": "profile_table"});
        for (params, values) in [
            (
                complete(template.clone(), "database", "snow", json!({})),
                json!(["SNOWFLAKE_SAMPLE_DATA"]),
            ),
            (
                complete(
                    template,
                    "object",
                    "nat",
                    json!({"database": "SNOWFLAKE_SAMPLE_DATA", "schema": "TPCH_SF1"}),
                ),
                json!(["NATION"]),
            ),
            (
                complete(
                    prompt.clone(),
                    "table",
                    "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.reg",
                    json!({}),
                ),
                json!(["SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.REGION"]),
            ),
            (
                complete(
                    prompt.clone(),
                    "columns",
                    "key",
                    json!({"table": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION"}),
                ),
                json!(["N_NATIONKEY", "N_REGIONKEY"]),
            ),
            (complete(prompt, "columns", "x", json!({})), json!([])),
        ] {
            let completed = ask("completion/complete", params.clone()).await;
            assert_eq!(completed["completion"]["values"], values, "{params}");
        }
        let unknown = json!({"ref": {"type": "ref/prompt", "name": "nope"}, "argument": {"name": "x", "value": ""}});
        let unknown = ask("completion/complete", unknown).await;
        assert_eq!(unknown["code"], -32602, "{unknown}");
    }
}

#[tokio::test]
async fn only_what_works_is_announced_and_listed() {
    let server = Server::start(&[("TOOLSETS", "query"), ("DISABLED_TOOLS", "explain_*")]).await;
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let told = ask(&server, "2025-11-25", "initialize", hello).await;
    let capabilities = told["capabilities"].as_object().unwrap();
    assert_eq!(
        capabilities.keys().collect::<Vec<_>>(),
        ["completions", "prompts", "resources", "tools"]
    );
    for kind in ["prompts", "resources"] {
        assert_eq!(
            capabilities[kind],
            json!({}),
            "neither subscribe nor listChanged"
        );
    }
    let prompts = ask(&server, "2025-11-25", "prompts/list", json!({})).await;
    assert_eq!(
        prompts["prompts"],
        json!([]),
        "each of ours needs a tool that is off"
    );
    let resources = ask(&server, "2025-11-25", "resources/list", json!({})).await;
    assert_eq!(resources["resources"].as_array().unwrap().len(), 2);
    let templates = ask(&server, "2025-11-25", "resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"], json!([]));
    let table = ask(
        &server,
        "2025-11-25",
        "resources/read",
        json!({"uri": TABLE}),
    )
    .await;
    assert_eq!(table["code"], -32002, "{table}");
}

/// A page is a call: it counts, and the policy keeps from it what it keeps from any other.
#[tokio::test]
async fn a_resource_shows_no_more_than_its_caller_may_see() {
    let more = [
        ("ALLOWED_DATABASES", "DEMO"),
        ("RATE_LIMIT_PER_MINUTE", "3"),
    ];
    let server = Server::start(&more).await;
    let refused = ask(
        &server,
        "2025-11-25",
        "resources/read",
        json!({"uri": TABLE}),
    )
    .await;
    assert_eq!(
        (&refused["code"], &refused["data"]["code"]),
        (&json!(-32602), &json!("statement_not_allowed")),
        "{refused}"
    );
    let listed = ask(&server, "2025-11-25", "resources/list", json!({})).await;
    assert_eq!(listed["resources"].as_array().unwrap().len(), 2, "{listed}");
    let policy = ask(
        &server,
        "2025-11-25",
        "resources/read",
        json!({"uri": "snowflake://policy"}),
    )
    .await;
    assert!(
        policy["contents"][0]["text"]
            .as_str()
            .unwrap()
            .contains("Only these databases: DEMO"),
        "{policy}"
    );
    let page = json!({"uri": "snowflake://DEMO/PUBLIC"});
    // Calls come back while a busy machine takes its time.
    for _ in 0..20 {
        let answer = ask(&server, "2025-11-25", "resources/read", page.clone()).await;
        if answer["data"]["code"] == "rate_limited" {
            return;
        }
    }
    panic!("pages are not counted as calls");
}
