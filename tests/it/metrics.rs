//! What `/metrics` shows of a running server: every path counted, and nothing a client made up.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::snowflake::support::serve;
use crate::stub::Stub;
use crate::support::{KEY, Server};

async fn scrape(server: &Server) -> String {
    let (status, text) = server.get(&server.probe_url("/metrics")).await;
    assert_eq!(status, 200);
    text
}

/// The value of a series, written as in the exposition.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    let value = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    value.trim().parse().unwrap()
}

/// Names and labels of all series but the process's own.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text
        .lines()
        .filter(|line| line.starts_with("snowflake_mcp"));
    let names = lines.filter_map(|line| line.rsplit_once(' '));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[tokio::test]
async fn every_tool_has_a_label_of_its_own() {
    let server = Server::start(&[]).await;
    let mcp = server.mcp();
    let tools = mcp.request("tools/list", json!({})).await;
    for tool in tools["result"]["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        // However it ends, without the arguments it needs.
        mcp.call_tool(name, json!({})).await;
        let text = scrape(&server).await;
        let label = format!("tool=\"{name}\"");
        let mut calls = text
            .lines()
            .filter(|line| line.starts_with("snowflake_mcp_tool_calls_total{"));
        assert!(calls.any(|line| line.contains(&label)), "{name}\n{text}");
    }
}

#[tokio::test]
async fn a_call_is_counted_on_every_level() {
    let mut server = Server::start(&[]).await;
    server.event("ready").await;
    let mcp = server.mcp();
    let sql = "SELECT O_ORDERKEY FROM SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.ORDERS";
    mcp.call_tool(
        "execute_query",
        json!({"sql": sql, "limit": 3, "format": "markdown"}),
    )
    .await;
    mcp.call_tool("execute_query", json!({"sql": "DROP TABLE x"}))
        .await;
    mcp.call_tool("execute_query", json!({"sql": "SELEC"}))
        .await;
    mcp.request("tools/call", json!({"name": "no such tool"}))
        .await;
    let text = scrape(&server).await;
    for (series, wanted) in [
        (
            r#"rpc_requests_total{method="tools/call",outcome="ok",revision="2025-06-18"}"#,
            3.0,
        ),
        (
            r#"rpc_requests_total{method="tools/call",outcome="invalid_params",revision="2025-06-18"}"#,
            1.0,
        ),
        (
            r#"rpc_request_duration_seconds_count{method="tools/call"}"#,
            4.0,
        ),
        (r#"rpc_requests_in_flight"#, 0.0),
        (
            r#"tool_calls_total{outcome="ok",tool="execute_query"}"#,
            1.0,
        ),
        (
            r#"tool_calls_total{outcome="statement_not_allowed",tool="execute_query"}"#,
            1.0,
        ),
        (
            r#"tool_calls_total{outcome="sql_invalid",tool="execute_query"}"#,
            1.0,
        ),
        (r#"tool_rows_total{tool="execute_query"}"#, 3.0),
        (r#"statement_verdicts_total{verdict="approved"}"#, 1.0),
        (r#"statement_verdicts_total{verdict="kind"}"#, 1.0),
        (r#"statement_verdicts_total{verdict="unreadable"}"#, 1.0),
        (r#"results_truncated_total{limit="rows"}"#, 1.0),
        (r#"query_phase_duration_seconds_count{phase="policy"}"#, 3.0),
        (r#"query_phase_duration_seconds_count{phase="wait"}"#, 1.0),
        (
            r#"query_phase_duration_seconds_count{phase="execute"}"#,
            1.0,
        ),
        (r#"query_phase_duration_seconds_count{phase="render"}"#, 1.0),
        (r#"pool_sessions_max"#, 0.0),
        (r#"ready"#, 1.0),
    ] {
        assert_eq!(
            value(&text, &format!("snowflake_mcp_{series} ")),
            wanted,
            "{series}"
        );
    }
    assert!(
        value(
            &text,
            r#"snowflake_mcp_tool_text_bytes_total{tool="execute_query"} "#
        ) > 10.0
    );
    assert!(value(&text, "snowflake_mcp_embedded_memory_bytes ") > 1e6);
    assert!(value(&text, "snowflake_mcp_runtime_workers ") >= 2.0);
    assert!(value(&text, "process_resident_memory_bytes ") > 1e6);
}

#[tokio::test]
async fn usage_is_counted_by_caller_and_room_by_its_limit() {
    let mut server = Server::start(&[("API_KEY", KEY), ("MAX_CONNECTIONS", "50")]).await;
    server.event("ready").await;
    let mcp = server.mcp().key(KEY);
    for _ in 0..2 {
        mcp.call_tool("list_databases", json!({})).await;
    }
    mcp.call_tool("execute_query", json!({"sql": "SELECT 1"}))
        .await;
    let text = scrape(&server).await;
    let name = "snowflake_mcp_caller_calls_total{caller=\"key:";
    let by_key: f64 = text
        .lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum();
    assert!((by_key - 3.0).abs() < 0.1, "{text}");
    for (series, wanted) in [
        (r#"cache_lookups_total{cache="answers",outcome="hit"}"#, 1.0),
        (
            r#"virtual_warehouse_statements_total{virtual_warehouse="default"}"#,
            2.0,
        ),
        ("statements_in_flight", 0.0),
    ] {
        let series = format!("snowflake_mcp_{series} ");
        assert!(
            (value(&text, &series) - wanted).abs() < 0.1,
            "{series}\n{text}"
        );
    }
    assert!(value(&text, "snowflake_mcp_statements_max ") >= 1.0);
    assert!(value(&text, "snowflake_mcp_http_connections ") >= 1.0);
    assert!(value(&text, "snowflake_mcp_http_connections_max ") >= 50.0);
}

/// What no client should send, in every place where a client can send a word.
#[tokio::test]
async fn hostile_names_make_no_series() {
    let mut server = Server::start(&[]).await;
    server.event("ready").await;
    let mcp = server.mcp();
    let tools = mcp.request("tools/list", json!({})).await;
    let tools: Vec<String> = tools["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect();
    // Once with one name, so that every series there can be is there; then with a hundred others.
    let mut seen = BTreeSet::new();
    for round in 0..40 {
        let word = format!("x\"}} {round}\n'; DROP TABLE {round} --");
        for tool in &tools {
            let arguments = json!({
                "sql": format!("SELECT '{word}'"), "table": word, "view": word, "database": word, "schema": word,
                "query": word, "warehouse": word, "role": word, "name": word,
            });
            let sent = json!({"name": tool, "arguments": arguments});
            mcp.request("tools/call", sent).await;
            if tool == "execute_query" {
                let sql = format!("SELECT * FROM \"{round}\".\"{round}\".T");
                mcp.call_tool("execute_query", json!({"sql": sql})).await;
            }
        }
        let sent = json!({"name": word, "arguments": {}});
        mcp.request("tools/call", sent).await;
        mcp.request(&format!("made/up/{round}"), json!({})).await;
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let _ = mcp
            .post()
            .header("MCP-Protocol-Version", format!("2031-01-{round:02}"))
            .json(&body)
            .send()
            .await;
        server.get(&server.url(&format!("/made/up/{round}"))).await;
        let now = series(&scrape(&server).await);
        if round < 2 {
            // The scrape itself is a request that the next one shows.
            seen.extend(now);
        } else {
            let new: Vec<_> = now.difference(&seen).collect();
            assert!(new.is_empty(), "round {round} made {new:?}");
        }
    }
    assert!(
        !seen
            .iter()
            .any(|name| name.contains("DROP") || name.contains("made"))
    );
}

#[tokio::test]
async fn the_pool_and_its_requests_are_counted() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    server.event("ready").await;
    let mcp = server.mcp();
    let result = mcp
        .call_tool("execute_query", json!({"sql": "select 1"}))
        .await;
    assert_eq!(result["isError"], json!(false), "{result}");
    let text = scrape(&server).await;
    for (series, wanted) in [
        (r#"pool_sign_ins_total{outcome="ok"}"#, 1.0),
        (r#"pool_sessions{state="idle"}"#, 1.0),
        (r#"pool_sessions{state="in_use"}"#, 0.0),
        (r#"pool_waiting"#, 0.0),
        (r#"pool_breaker_open"#, 0.0),
        (
            r#"upstream_requests_total{endpoint="sign_in",outcome="ok"}"#,
            1.0,
        ),
        (
            r#"upstream_requests_total{endpoint="query",outcome="ok"}"#,
            1.0,
        ),
        (
            r#"query_phase_duration_seconds_count{phase="execute"}"#,
            1.0,
        ),
    ] {
        assert_eq!(
            value(&text, &format!("snowflake_mcp_{series} ")),
            wanted,
            "{series}"
        );
    }
    assert!(
        value(
            &text,
            r#"snowflake_mcp_pool_acquire_duration_seconds_count{outcome="acquired"} "#
        ) >= 1.0
    );
    let (_, ready) = server.get_json(&server.probe_url("/readyz?verbose")).await;
    let pool: &Value = &ready["details"]["pool"];
    assert_eq!(pool["open"], 1, "{ready}");
    assert_eq!(
        (&pool["idle"], &pool["in_use"], &pool["waiting"]),
        (&json!(1), &json!(0), &json!(0))
    );
    server.stop().await;
}

/// Waits until a series has a value; what is counted in the background comes a moment later.
async fn until(server: &Server, series: &str, wanted: f64) {
    let series = format!("snowflake_mcp_{series} ");
    for _ in 0..100 {
        let text = scrape(server).await;
        if text.contains(&series) && (value(&text, &series) - wanted).abs() < 0.1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{series} did not become {wanted}\n{}", scrape(server).await);
}

#[tokio::test]
async fn what_a_long_statement_has_read_is_asked_for_and_counted() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[("SYNC_WAIT", "2s")]).await;
    server.event("ready").await;
    let mcp = server.mcp();
    let counted = r#"virtual_warehouse_scanned_bytes_total{virtual_warehouse="default"}"#;
    let megabyte = f64::from(1 << 20);
    // One that takes no time is not asked about.
    mcp.call_tool("execute_query", json!({"sql": "select 1"}))
        .await;
    stub.set(|settings| settings.statement_delay_ms = 1_200);
    mcp.call_tool("execute_query", json!({"sql": "select 2"}))
        .await;
    until(&server, counted, megabyte).await;
    // Nor does the one that is left running count twice: as it runs, and when its rows are fetched.
    stub.set(|settings| settings.statement_delay_ms = 3_500);
    mcp.call_tool("execute_query", json!({"sql": "select 3"}))
        .await;
    until(&server, counted, 2.0 * megabyte).await;
    server.stop().await;
}

#[tokio::test]
async fn it_is_told_when_a_token_ends_and_whether_cursors_are_shared() {
    let stub = Stub::start().await;
    let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1900000000}"#);
    let token = format!("e30.{claims}.c2ln");
    let more = [
        ("SNOWFLAKE_AUTH_TYPE", "oauth"),
        ("SNOWFLAKE_TOKEN", token.as_str()),
    ];
    let mut server = serve(&stub, &more).await;
    until(
        &server,
        r#"credential_expiry_timestamp_seconds{credential="token"}"#,
        1_900_000_000.0,
    )
    .await;
    until(&server, "cursors_shared", 0.0).await;
    server.stop().await;
    let secret = "a-secret-of-32-characters-or-more";
    let mut server = serve(&stub, &[("CURSOR_SECRET", secret)]).await;
    until(&server, "cursors_shared", 1.0).await;
    server.stop().await;
}
