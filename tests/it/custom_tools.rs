//! The operator's own tools and prompts, from the file to the answer.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, run};

const TOOLS: &str = "\
# yaml-language-server: $schema=custom-tools.schema.json
version: 1
tools:
  - name: orders_by_segment
    title: Orders by segment
    description: Orders and revenue of a market segment since a date. Use it for any question about segments.
    statement: |
      SELECT c_mktsegment, COUNT(*) AS n FROM customer JOIN orders ON o_custkey = c_custkey
      WHERE c_mktsegment = :segment AND o_orderdate >= :since GROUP BY 1
    parameters:
      - {name: segment, type: string, description: Market segment, enum: [AUTOMOBILE, BUILDING]}
      - {name: since, type: date, description: First day, default: 1995-01-01}
  - name: nations_of
    description: The nations of some regions, by the keys of the regions. Use it to look nations up.
    statement: SELECT n_name FROM nation WHERE n_regionkey IN (:regions) AND n_name LIKE :like ORDER BY 1
    parameters:
      - {name: regions, type: array, items: integer, max_items: 3}
      - {name: like, type: string, default: '%', max_length: 20}
    limits: {rows: 4}
  - name: rows_of
    description: How many rows one of three tables has. Use it before a large query of one of them.
    statement: SELECT COUNT(*) AS n FROM {{table}} WHERE 0 = :zero
    parameters:
      - {name: table, type: string, enum: [SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION, region]}
      - {name: zero, type: integer, default: 0}
prompts:
  - name: segment_report
    description: A page about a segment.
    arguments: [{name: segment, required: true, complete: [AUTOMOBILE, BUILDING]}]
    text: Call orders_by_segment for {{segment}} and write a page.
";

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tools.yaml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_tool_of_the_operators_is_a_tool_like_any_other() {
    let (_folder, path) = file(TOOLS);
    let more = [
        ("CUSTOM_TOOLS_FILE", path.to_str().unwrap()),
        ("STRUCTURED_OUTPUT", "false"),
        ("AUDIT_LOG_FILE", "audit.jsonl"),
        ("DISABLED_TOOLS", "list_*"),
    ];
    let server = Server::start(&more).await;
    let client = server.mcp();
    let listed = client.request("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    let tool = tools
        .iter()
        .find(|it| it["name"] == "orders_by_segment")
        .unwrap();
    assert!(!tools.iter().any(|it| it["name"] == "list_tables"));
    assert_eq!(tool["inputSchema"]["required"], json!(["segment"]));
    assert_eq!(
        tool["inputSchema"]["properties"]["segment"]["enum"],
        json!(["AUTOMOBILE", "BUILDING"])
    );
    let since = tool["inputSchema"]["properties"]["since"]["description"]
        .as_str()
        .unwrap();
    assert_eq!(since, "First day (YYYY-MM-DD; default \"1995-01-01\")");
    assert_eq!(tool["annotations"]["readOnlyHint"], true);

    let told = client
        .call_tool("orders_by_segment", json!({"segment": "building"}))
        .await;
    assert!(
        text(&told).contains("| BUILDING |") && text(&told).contains("all there are."),
        "{told}"
    );
    let none = client
        .call_tool(
            "orders_by_segment",
            json!({"segment": "BUILDING", "since": "2050-01-01", "format": "csv"}),
        )
        .await;
    assert!(text(&none).starts_with("C_MKTSEGMENT,N\r\n"), "{none}");
    assert!(text(&none).contains("0 rows"), "{none}");
    let nations = client
        .call_tool("nations_of", json!({"regions": "[0, 1]"}))
        .await;
    assert!(
        text(&nations).contains("4 rows") && text(&nations).contains("next_cursor"),
        "{nations}"
    );
    let cursor = text(&nations).rsplit(' ').next().unwrap();
    let rest = client
        .call_tool("fetch_results", json!({"cursor": cursor}))
        .await;
    assert!(text(&rest).contains("KENYA"), "{rest}");
    // The limit of the tool holds on every page, whatever is asked for.
    let more = client
        .call_tool("fetch_results", json!({"cursor": cursor, "limit": 100}))
        .await;
    assert!(text(&more).contains("Rows 5 to 8"), "{more}");
    let cursor = text(&more).rsplit(' ').next().unwrap();
    let last = client
        .call_tool("fetch_results", json!({"cursor": cursor, "limit": 100}))
        .await;
    assert!(text(&last).contains("Rows 9 to 10"), "{last}");
    let empty = client
        .call_tool(
            "nations_of",
            json!({"regions": [], "like": "%' OR '1' = '1"}),
        )
        .await;
    let told = "argument regions: expected at least one value";
    assert!(text(&empty).contains(told), "{empty}");
    let found = client
        .call_tool(
            "nations_of",
            json!({"regions": [0], "like": "%' OR '1' = '1"}),
        )
        .await;
    assert!(text(&found).contains("0 rows"), "{found}");
    let document = client
        .call_tool(
            "rows_of",
            json!({"table": "region", "zero": 0, "format": "json"}),
        )
        .await;
    assert_eq!(
        document["structuredContent"]["rows"],
        json!([[5]]),
        "{document}"
    );

    for (tool, arguments, told) in [
        ("orders_by_segment", json!({}), "`segment` is missing"),
        (
            "orders_by_segment",
            json!({"segment": "NAVY"}),
            "expected one of \"AUTOMOBILE\", \"BUILDING\"",
        ),
        (
            "orders_by_segment",
            json!({"segment": "BUILDING", "since": "soon"}),
            "expected a date",
        ),
        (
            "orders_by_segment",
            json!({"segmnt": "BUILDING"}),
            "did you mean segment?",
        ),
        ("nations_of", json!({"regions": [1, 2, 3, 4]}), "at most 3"),
        ("rows_of", json!({"table": "customer"}), "expected one of"),
    ] {
        let refused = client.call_tool(tool, arguments).await;
        assert!(
            text(&refused).starts_with("invalid_argument: ") && text(&refused).contains(told),
            "{refused}"
        );
    }
    let audit = std::fs::read_to_string(server.folder.path().join("audit.jsonl")).unwrap();
    assert!(
        audit.contains("\"orders_by_segment\"") && audit.contains("o_orderdate >= ?::DATE"),
        "{audit}"
    );

    let prompt = json!({"name": "segment_report", "arguments": {"segment": "BUILDING"}});
    let prompt = client.request("prompts/get", prompt).await;
    let message = prompt["result"]["messages"][0]["content"]["text"]
        .as_str()
        .unwrap();
    assert_eq!(
        message,
        "Call orders_by_segment for BUILDING and write a page."
    );
    let complete = json!({"ref": {"type": "ref/prompt", "name": "segment_report"}, "argument": {"name": "segment", "value": "b"}});
    let complete = client.request("completion/complete", complete).await;
    assert_eq!(
        complete["result"]["completion"]["values"],
        json!(["BUILDING", "AUTOMOBILE"])
    );
}

#[tokio::test]
async fn a_changed_file_is_read_again_and_a_broken_one_changes_nothing() {
    let (_folder, path) = file(TOOLS);
    let mut server = Server::start(&[("CUSTOM_TOOLS_FILE", path.to_str().unwrap())]).await;
    std::fs::write(&path, "version: 1\ntools: [{name: broken}]\n").unwrap();
    server.event("tools_not_changed").await;
    let still = server
        .mcp()
        .call_tool("rows_of", json!({"table": "region"}))
        .await;
    assert_eq!(still["isError"], false, "{still}");
    let (_, metrics) = server.get(&server.probe_url("/metrics")).await;
    assert!(
        metrics.contains("custom_tools_reload_failures_total 1"),
        "{metrics}"
    );
    std::fs::write(&path, TOOLS.replace("name: rows_of", "name: count_of")).unwrap();
    server.event("tools_changed").await;
    let renamed = server
        .mcp()
        .call_tool("count_of", json!({"table": "region"}))
        .await;
    assert_eq!(renamed["isError"], false, "{renamed}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = "\
version: 2
tols: []
tools:
  - name: execute_query
    description: Runs one of two statements, whatever that may be.
    statement: SELECT 1
  - name: Wrong-Name
    description: short
    statement: SELECT :a, :typo
    parameters:
      - {name: a, type: integer, default: x}
      - {name: b, type: number, pattern: '['}
  - name: two_things
    description: Says two things at once, which is one too many.
    statement: SELECT 1
    function: f
  - name: writes
    description: Deletes what is old, as far as anything is.
    statement: DELETE FROM nation
  - name: unknown_field
    description: Has a field that there is not.
    statement: SELECT 1
    paramters: []
  - name: calls
    description: Calls a procedure, which is not allowed.
    procedure: db.s.p
    run_as: {role: ACCOUNTADMIN}
    limits: {timeout: soon, rows: 0}
prompts:
  - {name: p, text: 'Use {{this}}', arguments: [{name: that}]}
";
    let (_folder, path) = file(text);
    let output = run(
        &["check"],
        &[
            ("CUSTOM_TOOLS_FILE", path.to_str().unwrap()),
            ("TOOLS", "exectue_query"),
        ],
    );
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stderr);
    for wanted in [
        "tools.yaml:1:10: version: expected version: 1",
        "tols: there is no such field here; did you mean tools?",
        "tools[0].name: execute_query is a tool of this server's own",
        "tools[1].name: expected small letters",
        "tools[1].statement: typo is not declared among the parameters",
        "tools.yaml:11:",
        "tools[1].parameters[0].default: expected a whole number",
        "tools[1].parameters[1].pattern: only texts have it",
        "tools[1].parameters[1].name: the statement does not use b",
        "tools[2]: expected exactly one of statement",
        "tools[3].statement: a write is not allowed here: neither SQL_POLICY nor CUSTOM_TOOLS_MAY has it",
        "unknown field `paramters`",
        "tools[5].run_as.role: ACCOUNTADMIN is not allowed here",
        "tools[5].limits.timeout: expected a time such as 30s",
        "tools[5].limits.rows: 0 would leave nothing",
        "prompts[0].text: this is not declared among the arguments",
        "prompts[0].arguments[0].name: the text does not use that",
        "TOOLS: there is no tool exectue_query; did you mean execute_query?",
    ] {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}

#[test]
fn what_runs_by_setting_is_no_read_and_cannot_claim_to_be() {
    let text = "\
version: 1
tools:
  - name: forget
    description: Forgets a nation, which is for good.
    statement: DELETE FROM nation WHERE n_name = :name
    parameters: [{name: name, type: string}]
    annotations: {read_only: true}
";
    let (_folder, path) = file(text);
    let vars = [
        ("CUSTOM_TOOLS_FILE", path.to_str().unwrap()),
        ("CUSTOM_TOOLS_MAY", "read,write"),
    ];
    let output = run(&["check"], &vars);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("annotations.read_only: the tool may do more than read: it runs a write"),
        "{told}"
    );
    std::fs::write(
        &path,
        text.replace("    annotations: {read_only: true}\n", ""),
    )
    .unwrap();
    assert_eq!(run(&["check"], &vars).status.code(), Some(0));
}
