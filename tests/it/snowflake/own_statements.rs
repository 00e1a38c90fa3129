//! What a caller is told of itself and of its own statements, and that nothing is told of anybody else's.

use std::path::Path;

use serde_json::{Value, json};

use super::support::{code, serve, stop};
use crate::stub::Stub;
use crate::stub::settings::Scripted;

const KEYS: &str = "first-key-0123456789abcdefgh, second-key-0123456789abcdefg";
const FIRST: &str = "first-key-0123456789abcdefgh";
const ID: &str = "01b2c3d4-0001-2345-0000-000a00010001";

/// An answer that the stub gives to whatever contains this.
pub fn scripted(contains: &str, columns: &[&str], rows: &[&[Option<&str>]]) -> Scripted {
    let text = |cell: &Option<&str>| cell.map(ToOwned::to_owned);
    Scripted {
        contains: contains.to_owned(),
        columns: columns.iter().map(ToString::to_string).collect(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(text).collect())
            .collect(),
    }
}

/// Compares a statement with the one that is kept: the shape of what Snowflake is asked is no accident.
/// `UPDATE_DOCS=1` writes it.
#[expect(
    clippy::disallowed_methods,
    reason = "no setting of the service, a request of the person who runs the test"
)]
pub fn is_as_kept(name: &str, statement: &str) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/requests/{name}.sql"));
    let text = format!("{statement}\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text);
}

/// The last statement that contains this.
pub fn sent(stub: &Stub, what: &str) -> String {
    let sent = stub.sent();
    let mut sent = sent.into_iter().rev();
    sent.find(|text| text.to_lowercase().contains(&what.to_lowercase()))
        .unwrap_or_else(|| panic!("{what} was not sent"))
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_statement_whose_cursor_was_lost_is_found_and_stopped() {
    let stub = Stub::start().await;
    let more = [("API_KEYS", KEYS), ("SNOWFLAKE_DATABASE", "SALES")];
    let server = serve(&stub, &more).await;
    let client = server.mcp().key(FIRST);
    let sleeps = json!({"sql": "select stub.sleep(60000)", "wait_seconds": 0});
    let left = client.call_tool("execute_query", sleeps).await;
    let id = left["structuredContent"]["query_id"].as_str().unwrap();
    let columns = [
        "QUERY_ID",
        "STATUS",
        "STARTED",
        "SECONDS",
        "ROWS_PRODUCED",
        "BYTES_SCANNED",
        "WAREHOUSE",
        "TOOL",
        "ERROR",
        "CURSOR_OF",
        "TEXT",
    ];
    let row = |id, status, cursor_of| {
        [
            Some(id),
            Some(status),
            Some("2026-01-01"),
            Some("7"),
            None,
            None,
            Some("WH"),
            Some("execute_query"),
            None,
            cursor_of,
            Some("select 1"),
        ]
    };
    let rows: &[&[Option<&str>]] = &[&row(id, "running", Some(id)), &row(ID, "succeeded", None)];
    let history = scripted("query_history_by_user", &columns, rows);
    stub.set(|settings| settings.answers = vec![history]);

    let asked = json!({
        "status": "running", "slower_than_seconds": "5", "contains": "O'Brien", "hours": 168, "limit": 1, "format": "json",
    });
    let found = client.call_tool("query_history", asked).await;
    assert_eq!(code(&found), "ok", "{found}");
    is_as_kept("query_history", &sent(&stub, "query_history_by_user"));
    let bound = stub.counters().last_statement["bindings"].clone();
    let values: Vec<_> = (1..=4)
        .map(|at| bound[at.to_string()]["value"].clone())
        .collect();
    let caller = values[0].as_str().unwrap().to_owned();
    assert_eq!(values[1..], ["running", "5", "O'Brien"], "{bound}");
    let tags = stub.counters().queries_by_tag;
    let is_owner = |tag: &String| tag.contains(&format!(r#""owner":"{caller}""#));
    assert!(
        tags.keys().any(is_owner),
        "what is asked for is what statements carry: {tags:?}"
    );
    let document = &found["structuredContent"];
    assert_eq!(document["row_count"], 1);
    let cursor = document["rows"][0][9].as_str().unwrap();
    let next = json!({"cursor": document["next_cursor"], "format": "json"});
    let next = client.call_tool("fetch_results", next).await;
    assert_eq!(next["structuredContent"]["rows"][0][0], ID, "{next}");
    assert_eq!(
        next["structuredContent"]["rows"][0][9],
        Value::Null,
        "{next}"
    );

    // Nobody else's: neither the cursor nor the history.
    let second = server.mcp().key("second-key-0123456789abcdefg");
    let stolen = second
        .call_tool("cancel_query", json!({"cursor": cursor}))
        .await;
    assert_eq!(code(&stolen), "cursor_invalid", "{stolen}");
    second.call_tool("query_history", json!({"limit": 1})).await;
    let other = stub.counters().last_statement["bindings"]["1"]["value"].clone();
    assert_ne!(other, json!(caller));

    let stopped = client
        .call_tool("cancel_query", json!({"cursor": cursor}))
        .await;
    assert_eq!(
        stopped["structuredContent"]["status"], "cancelled",
        "{stopped}"
    );
    stop(server, &stub).await;
}

#[tokio::test]
async fn the_history_is_asked_for_in_any_database_there_is_and_within_the_budget() {
    let stub = Stub::start().await;
    let server = serve(
        &stub,
        &[
            ("MAX_SCAN_BYTES", "1GiB"),
            ("ALLOWED_DATABASES", "SALES, DB"),
        ],
    )
    .await;
    let columns = ["name"];
    let databases = scripted("show databases", &columns, &[&[Some("HR")], &[Some("DB")]]);
    let history = scripted("query_history_by_user", &["QUERY_ID", "TEXT"], &[]);
    let many = scripted("select count(*)", &["COUNT(*)"], &[&[Some("10000")]]);
    stub.set(|settings| settings.answers = vec![databases, many, history]);
    let none = server
        .mcp()
        .call_tool("query_history", json!({"format": "markdown"}))
        .await;
    assert_eq!(code(&none), "ok", "{none}");
    // What is not there may only not have been looked at.
    assert!(
        text(&none).contains("0 rows") && text(&none).contains("the newest 10000 statements"),
        "{none}"
    );
    is_as_kept("query_history_looked_at", &sent(&stub, "select count(*)"));
    assert!(sent(&stub, "query_history_by_user").contains("\"DB\".INFORMATION_SCHEMA"));
    stub.set(|settings| settings.explain_bytes = 2 << 30);
    let dear = server.mcp().call_tool("query_history", json!({})).await;
    assert_eq!(code(&dear), "cost_limit", "{dear}");
    let far = server
        .mcp()
        .call_tool("query_history", json!({"hours": 500}))
        .await;
    assert_eq!(code(&far), "invalid_argument", "{far}");
    assert!(text(&far).contains("168 hours"), "{far}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_profile_says_in_words_where_the_time_went() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("SNOWFLAKE_DATABASE", "SALES")]).await;
    let history = scripted(
        "where query_id = ?",
        &[
            "STATUS",
            "TOTAL_ELAPSED_TIME",
            "COMPILATION_TIME",
            "QUEUED_PROVISIONING_TIME",
            "QUEUED_REPAIR_TIME",
            "QUEUED_OVERLOAD_TIME",
            "ROWS_PRODUCED",
            "TEXT",
        ],
        &[&[
            Some("SUCCESS"),
            Some("20000"),
            Some("500"),
            Some("8000"),
            Some("0"),
            Some("1000"),
            Some("5"),
            Some("select 1"),
        ]],
    );
    let join = r#"{"input_rows": 20000, "output_rows": 9000000, "spilling": {"bytes_spilled_remote_storage": 5.0e9}}"#;
    let scan = r#"{"output_rows": 10000, "pruning": {"partitions_scanned": 990, "partitions_total": 1000}}"#;
    let operators = scripted(
        "get_query_operator_stats",
        &[
            "OPERATOR_ID",
            "OPERATOR_TYPE",
            "OPERATOR_STATISTICS",
            "EXECUTION_TIME_BREAKDOWN",
            "OPERATOR_ATTRIBUTES",
        ],
        &[
            &[
                Some("0"),
                Some("Result"),
                Some(r#"{"input_rows": 5}"#),
                Some(r#"{"overall_percentage": 0.01}"#),
                Some("{}"),
            ],
            &[
                Some("1"),
                Some("Join"),
                Some(join),
                Some(r#"{"overall_percentage": 7.5e-01}"#),
                Some(r#"{"equality_join_condition": "(A.X = B.X)"}"#),
            ],
            &[
                Some("2"),
                Some("TableScan"),
                Some(scan),
                Some(r#"{"overall_percentage": 0.2}"#),
                Some(r#"{"table_name": "SALES.PUBLIC.ORDERS"}"#),
            ],
        ],
    );
    stub.set(|settings| settings.answers = vec![operators, history]);
    let profile = server
        .mcp()
        .call_tool(
            "query_profile",
            json!({"query_id": ID, "format": "markdown"}),
        )
        .await;
    assert_eq!(code(&profile), "ok", "{profile}");
    is_as_kept("query_profile", &sent(&stub, "get_query_operator_stats"));
    is_as_kept("query_profile_whose", &sent(&stub, "where query_id = ?"));
    let findings = profile["structuredContent"]["findings"].as_array().unwrap();
    for (place, said) in [
        (0, "waited 9.0 of 20.0 s"),
        (1, "spilled 5.0 GB to remote storage"),
        (2, "makes 9000000 rows of 20000"),
        (
            3,
            "SALES.PUBLIC.ORDERS was read nearly whole (990 of 1000 partitions)",
        ),
    ] {
        assert!(
            findings[place].as_str().unwrap().contains(said),
            "{findings:?}"
        );
    }
    assert_eq!(
        profile["structuredContent"]["operators"][0]["percent"],
        75.0
    );
    assert!(
        text(&profile).contains("succeeded in 20.0 s (0.5 s compiling, 9.0 s queued)")
            && text(&profile).contains("It gave 5 rows.\n\nStatement:\n```sql\nselect 1\n```"),
        "{profile}"
    );

    // Of a statement that is not the caller's nothing is asked.
    stub.set(|settings| {
        settings.answers[1].rows.clear();
    });
    let asked = stub.sent().len();
    let other = server
        .mcp()
        .call_tool(
            "query_profile",
            json!({"query_id": ID, "format": "markdown"}),
        )
        .await;
    assert_eq!(code(&other), "query_not_found", "{other}");
    let after: Vec<_> = stub.sent().split_off(asked);
    assert!(
        !after.iter().any(|text| text.contains("OPERATOR_STATS")),
        "{after:?}"
    );
    let no_id = server
        .mcp()
        .call_tool("query_profile", json!({"query_id": "x' OR 1"}))
        .await;
    assert_eq!(code(&no_id), "invalid_argument", "{no_id}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_caller_is_told_what_it_may_name_and_no_more() {
    let stub = Stub::start().await;
    let more = [
        ("ALLOWED_ROLES", "ANALYST, \"my role\""),
        ("ALLOWED_WAREHOUSES", "AGENT_*"),
        ("SNOWFLAKE_ROLE", "ANALYST"),
        ("SNOWFLAKE_WAREHOUSE", "AGENT_WH"),
        ("RATE_LIMIT_PER_MINUTE", "60"),
        ("MAX_SCAN_BYTES", "1GiB"),
    ];
    let server = serve(&stub, &more).await;
    let about = scripted(
        "current_available_roles",
        &[
            "USER_NAME",
            "ROLE",
            "WAREHOUSE",
            "DATABASE_NAME",
            "SCHEMA_NAME",
            "ACCOUNT",
            "REGION",
            "ROLES",
        ],
        &[&[
            Some("SERVICE"),
            Some("ANALYST"),
            Some("AGENT_WH"),
            None,
            None,
            Some("MYACCOUNT"),
            Some("AWS_EU"),
            Some(r#"["PUBLIC", "ANALYST", "my role", "ACCOUNTADMIN"]"#),
        ]],
    );
    let warehouses = scripted(
        "show warehouses",
        &["name", "state", "type", "size"],
        &[
            &[
                Some("AGENT_WH"),
                Some("SUSPENDED"),
                Some("STANDARD"),
                Some("X-Small"),
            ],
            &[
                Some("XXL"),
                Some("STARTED"),
                Some("STANDARD"),
                Some("2X-Large"),
            ],
        ],
    );
    stub.set(|settings| settings.answers = vec![about, warehouses]);
    let shown = server
        .mcp()
        .call_tool("show_context", json!({"format": "markdown"}))
        .await;
    assert_eq!(code(&shown), "ok", "{shown}");
    is_as_kept("show_context", &sent(&stub, "current_available_roles"));
    let document = &shown["structuredContent"];
    assert_eq!(document["roles"], json!(["ANALYST", "\"my role\""]));
    assert_eq!(
        document["warehouses"],
        json!([{"name": "AGENT_WH", "state": "SUSPENDED", "size": "X-Small"}])
    );
    assert_eq!(document["limits"]["calls_per_minute"], 60);
    assert_eq!(document["limits"]["calls_left"], 59);
    assert_eq!(document["limits"]["max_scan_bytes"], 1 << 30);
    for part in [
        "AGENT_WH",
        "SUSPENDED",
        "Statements may read",
        "Only these roles",
        "59 of 60 calls per minute are left",
    ] {
        assert!(text(&shown).contains(part), "{part}: {shown}");
    }
    assert!(!text(&shown).contains("XXL"), "{shown}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_large_table_is_profiled_by_a_sample_and_a_dear_one_not_at_all() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("MAX_SCAN_BYTES", "1GiB")]).await;
    let columns = scripted(
        "describe table",
        &["name", "type"],
        &[
            &[Some("ORDER_ID"), Some("NUMBER(38,0)")],
            &[Some("my doc"), Some("VARIANT")],
        ],
    );
    let shown = scripted(
        "show objects",
        &["name", "kind", "rows", "bytes"],
        &[&[Some("T"), Some("TABLE"), Some("4000000"), Some("9000000")]],
    );
    let values = scripted(
        "approx_count_distinct",
        &["N", "C0_N", "C0_D", "C0_MIN", "C0_MAX", "C0_TOP", "C1_N"],
        &[&[
            Some("1000"),
            Some("1000"),
            Some("998"),
            Some("1"),
            Some("9"),
            Some("[[\"1\", 1]]"),
            Some("0"),
        ]],
    );
    stub.set(|settings| settings.answers = vec![columns, shown, values]);
    let arguments = json!({"table": "d.s.t", "format": "markdown"});
    let profile = server
        .mcp()
        .call_tool("profile_table", arguments.clone())
        .await;
    assert_eq!(code(&profile), "ok", "{profile}");
    is_as_kept("profile_table", &sent(&stub, "approx_count_distinct"));
    let document = &profile["structuredContent"];
    assert_eq!(document["sampled"], true);
    let findings = json!([
        "ORDER_ID looks unique in the sample: it may be a key.",
        "\"my doc\" is null in every row of the sample."
    ]);
    assert_eq!(document["findings"], findings);
    assert!(
        text(&profile).contains("From a sample of 1000 rows"),
        "{profile}"
    );
    // Rows are drawn of a view, whose size is not known: fewer than are drawn are all it has.
    stub.set(|settings| settings.answers[1].rows[0][1..].fill(None));
    let client = server.mcp();
    let view = client.call_tool("profile_table", arguments.clone()).await;
    assert!(sent(&stub, "approx_count_distinct").contains("SAMPLE (1000000 ROWS)"));
    assert!(text(&view).contains("All 1000 rows were read"), "{view}");
    assert!(text(&view).contains("in every row.\n"), "{view}");
    stub.set(|settings| settings.explain_bytes = 2 << 30);
    let dear = server.mcp().call_tool("profile_table", arguments).await;
    assert_eq!(code(&dear), "cost_limit", "{dear}");
    let wrong = json!({"table": "d.s.t", "columns": ["ORDR_ID"]});
    let wrong = server.mcp().call_tool("profile_table", wrong).await;
    assert_eq!(code(&wrong), "invalid_argument", "{wrong}");
    assert!(text(&wrong).contains("did you mean ORDER_ID?"), "{wrong}");
    stop(server, &stub).await;
}
