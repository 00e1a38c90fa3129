//! The history of the user of Snowflake: what a tool of the operator's may answer, found again, and what others sent.

use serde_json::{Value, json};

use super::own_statements::{is_as_kept, scripted, sent};
use super::support::{code, serve, stop};
use crate::stub::Stub;

const ID: &str = "01b2c3d4-0001-2345-0000-000a00010001";

const TOOLS: &str = "\
version: 1
tools:
  - name: three_rows
    description: The first rows of a table that takes its time. Use it for a look at that table only.
    statement: SELECT * FROM stub.rows(n => 20)
    limits: {rows: 3}
";

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// What Snowflake answers with, one row of another caller's and one of its own.
const COLUMNS: [&str; 12] = [
    "QUERY_ID",
    "STATUS",
    "STARTED",
    "SECONDS",
    "ROWS_PRODUCED",
    "BYTES_SCANNED",
    "WAREHOUSE",
    "TOOL",
    "CALLER",
    "ERROR",
    "CURSOR_OF",
    "TEXT",
];

fn row<'a>(
    caller: &'a str,
    cursor_of: Option<&'a str>,
    text: Option<&'a str>,
) -> [Option<&'a str>; 12] {
    let mut row = [None; 12];
    row[0] = Some(ID);
    row[1] = Some("running");
    row[8] = Some(caller);
    row[10] = cursor_of;
    row[11] = text;
    row
}

#[tokio::test]
async fn a_tool_answers_no_more_when_its_statement_is_found_again() {
    let stub = Stub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tools.yaml");
    std::fs::write(&path, TOOLS).unwrap();
    let more = [
        ("CUSTOM_TOOLS_FILE", path.to_str().unwrap()),
        ("SNOWFLAKE_DATABASE", "SALES"),
        ("SYNC_WAIT", "1s"),
    ];
    let server = serve(&stub, &more).await;
    let client = server.mcp();
    stub.set(|settings| settings.statement_delay_ms = 1500);
    let left = client.call_tool("three_rows", json!({})).await;
    assert_eq!(left["structuredContent"]["status"], "running", "{left}");
    let id = left["structuredContent"]["query_id"].as_str().unwrap();
    let tags = stub.counters().queries_by_tag;
    assert!(
        tags.keys().any(|tag| tag.contains(r#""less":"3/""#)),
        "the statement says so itself: {tags:?}"
    );
    let of_tool = format!("{id}/3/");
    let found = row("me", Some(&of_tool), Some("SELECT"));
    let history = scripted("query_history_by_user", &COLUMNS, &[&found]);
    stub.set(|settings| {
        settings.statement_delay_ms = 0;
        settings.answers = vec![history];
    });
    let found = json!({"format": "json"});
    let found = client.call_tool("query_history", found).await;
    assert_eq!(code(&found), "ok", "{found}");
    // Without HISTORY_SCOPE nobody is named.
    let rows = &found["structuredContent"]["rows"][0];
    assert_eq!(rows.as_array().unwrap().len(), 11, "{found}");
    let mut cursor = rows[9].clone();
    for (page, first) in [(0, 0), (1, 3)] {
        let next = json!({"cursor": cursor, "limit": 100, "format": "json"});
        let next = client.call_tool("fetch_results", next).await;
        let document = &next["structuredContent"];
        assert_eq!(document["row_count"], 3, "page {page}: {next}");
        assert_eq!(document["rows"][0][0], first, "{next}");
        cursor = document["next_cursor"].clone();
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn where_the_operator_says_so_callers_see_what_others_sent() {
    let stub = Stub::start().await;
    let more = [("HISTORY_SCOPE", "user"), ("SNOWFLAKE_DATABASE", "SALES")];
    let server = serve(&stub, &more).await;
    let client = server.mcp();
    let (own, other) = (
        row("me", Some(ID), Some("select 1")),
        row("key:other", None, Some("select 2")),
    );
    let history = scripted("query_history_by_user", &COLUMNS, &[&own, &other]);
    stub.set(|settings| settings.answers = vec![history]);

    let listed = client.request("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    for (name, told) in [
        ("query_history", "for you or others"),
        ("query_profile", "one of yours or another"),
    ] {
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        let description = tool["description"].as_str().unwrap();
        assert!(description.contains(told), "{description}");
    }
    let asked = json!({"contains": "select", "format": "json", "limit": 1});
    let found = client.call_tool("query_history", asked).await;
    assert_eq!(code(&found), "ok", "{found}");
    is_as_kept("query_history_of_user", &sent(&stub, "order by start_time"));
    let document = &found["structuredContent"];
    assert_eq!(document["rows"][0][8], "me", "{found}");
    assert!(document["rows"][0][10].is_string(), "{found}");
    let next = json!({"cursor": document["next_cursor"], "format": "json"});
    let next = client.call_tool("fetch_results", next).await;
    let others = &next["structuredContent"]["rows"][0];
    assert_eq!(others[8], "key:other", "{next}");
    assert_eq!(
        (&others[10], &others[11]),
        (&Value::Null, &json!("select 2"))
    );

    // Any statement of the user is explained.
    let nobodys = scripted("where query_id = ?", &["STATUS"], &[]);
    stub.set(|settings| settings.answers = vec![nobodys]);
    let id = json!({"query_id": ID});
    let none = client.call_tool("query_profile", id).await;
    assert!(
        text(&none).contains("not a statement of this server's user"),
        "{none}"
    );
    is_as_kept(
        "query_profile_whose_of_user",
        &sent(&stub, "where query_id = ?"),
    );
    stop(server, &stub).await;
}

#[tokio::test]
async fn who_may_not_see_every_table_is_shown_no_text_of_others() {
    let stub = Stub::start().await;
    let more = [
        ("HISTORY_SCOPE", "user"),
        ("SNOWFLAKE_DATABASE", "SALES"),
        ("DENIED_OBJECTS", "SALES.HR.*"),
    ];
    let server = serve(&stub, &more).await;
    let client = server.mcp();
    let other = row("key:other", None, None);
    let history = scripted("query_history_by_user", &COLUMNS, &[&other]);
    stub.set(|settings| settings.answers = vec![history]);
    let asked = json!({"contains": "salary", "format": "markdown"});
    let found = client.call_tool("query_history", asked).await;
    assert_eq!(code(&found), "ok", "{found}");
    assert!(
        text(&found).contains("only for your own statements"),
        "{found}"
    );
    // Neither shown nor searched: a search would tell what is in it.
    is_as_kept(
        "query_history_without_texts",
        &sent(&stub, "order by start_time"),
    );
    let nobodys = scripted("where query_id = ?", &["STATUS"], &[]);
    stub.set(|settings| settings.answers = vec![nobodys]);
    let none = client
        .call_tool("query_profile", json!({"query_id": ID}))
        .await;
    assert!(text(&none).contains("not a statement of yours"), "{none}");
    stop(server, &stub).await;
}
