//! Arguments as agents send them: every tool, every way, through the front door. None of it may change the answer.

use serde_json::{Map, Value, json};

use crate::support::{Client, Server};

const SAMPLE: &str = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1";

fn is_error(result: &Value) -> bool {
    result["isError"] == true
}

/// All that a model may be given of an answer.
fn told(result: &Value) -> String {
    let texts = result["content"].as_array().unwrap().iter();
    let texts: Vec<&str> = texts.filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

/// The answer without what no two calls have in common.
fn lasting(result: &Value) -> Vec<String> {
    assert!(!is_error(result), "{result}");
    let told = told(result);
    let passing = [
        "query_id",
        "elapsed",
        "kept in memory",
        " s old",
        "cursor",
        "after",
    ];
    told.lines()
        .filter(|line| !passing.iter().any(|word| line.contains(word)))
        .map(ToOwned::to_owned)
        .collect()
}

/// A call of each tool with every required argument.
async fn calls(client: &Client) -> Vec<(&'static str, Map<String, Value>)> {
    let long = json!({"sql": format!("SELECT * FROM {SAMPLE}.ORDERS ORDER BY 1"), "limit": 1});
    let page = client.call_tool("execute_query", long).await;
    let text = told(&page);
    let cursor = text.rsplit("next_cursor: ").next().unwrap().trim();
    let calls = [
        ("list_databases", json!({})),
        ("list_schemas", json!({"database": "SNOWFLAKE_SAMPLE_DATA"})),
        ("list_tables", json!({"schema": SAMPLE})),
        ("list_views", json!({"schema": SAMPLE})),
        (
            "describe_table",
            json!({"table": format!("{SAMPLE}.NATION")}),
        ),
        ("describe_view", json!({"view": format!("{SAMPLE}.NATION")})),
        ("search_objects", json!({"query": "nation"})),
        (
            "query_view",
            json!({"view": format!("{SAMPLE}.REGION"), "columns": ["R_NAME"]}),
        ),
        (
            "execute_query",
            json!({"sql": "SELECT ? AS a, ? AS b", "parameters": ["0", null]}),
        ),
        ("explain_query", json!({"sql": "SELECT 1"})),
        ("fetch_results", json!({"cursor": cursor, "limit": 2})),
        ("query_status", json!({"cursor": cursor})),
        ("cancel_query", json!({"cursor": cursor})),
        ("show_context", json!({})),
        (
            "profile_table",
            json!({"table": format!("{SAMPLE}.NATION")}),
        ),
        ("list_semantic_views", json!({"schema": "DEMO.PUBLIC"})),
        (
            "describe_semantic_view",
            json!({"view": "DEMO.PUBLIC.TPCH_ANALYSIS"}),
        ),
        (
            "query_semantic_view",
            json!({
                "view": "DEMO.PUBLIC.TPCH_ANALYSIS", "metrics": ["suppliers"], "dimensions": ["region_name"],
                "order_by": ["region_name"],
            }),
        ),
    ];
    calls
        .into_iter()
        .map(|(tool, arguments)| (tool, arguments.as_object().unwrap().clone()))
        .collect()
}

#[tokio::test]
async fn no_way_of_sending_the_same_changes_an_answer() {
    let server = Server::start(&[
        ("CATALOG_CACHE_TTL", "0s"),
        ("STRUCTURED_OUTPUT", "false"),
        ("TOOLSETS", "catalog,query,semantic"),
    ])
    .await;
    let client = server.mcp();
    let listed = client.request("tools/list", json!({})).await;
    let listed = listed["result"]["tools"].as_array().unwrap().clone();
    let calls = calls(&client).await;
    assert_eq!(calls.len(), listed.len(), "a call for every tool");
    for (tool, arguments) in calls {
        let schema = &listed.iter().find(|it| it["name"] == tool).unwrap()["inputSchema"];
        let properties = schema["properties"].as_object().unwrap();
        let plain = lasting(&client.call_tool(tool, json!(arguments)).await);

        for (name, property) in properties {
            let mut ways: Vec<Value> = Vec::new();
            match arguments.get(name) {
                None => {
                    ways.extend([json!(null), json!(""), json!(" ")]);
                    if property["type"] == "integer" && property["minimum"] != 0 {
                        ways.extend([json!(0), json!("0"), json!(0.0), json!("null")]);
                    }
                }
                Some(Value::Number(number)) => {
                    ways.extend([json!(number.to_string()), json!(format!(" {number}.0 "))]);
                }
                Some(Value::Array(items)) => ways.push(json!(json!(items).to_string())),
                Some(Value::String(text))
                    if ["table", "view", "schema", "database"].contains(&name.as_str()) =>
                {
                    let ticked = format!("`{}`", text.replace('.', "`.`"));
                    let bracketed = format!("[{}]", text.replace('.', "].["));
                    ways.extend([
                        json!(ticked),
                        json!(bracketed),
                        json!(format!("  {text} ;")),
                    ]);
                }
                Some(_) if name == "sql" => {
                    let text = arguments[name].as_str().unwrap();
                    ways.extend([
                        json!(format!("```sql\n{text};\n```")),
                        json!(format!("\u{feff}{text};;")),
                        json!(text.replace(' ', "\u{a0}")),
                        json!(format!("{text} ; ;\r\n")),
                    ]);
                }
                Some(_) => {}
            }
            for way in ways {
                let mut changed = arguments.clone();
                changed.insert(name.clone(), way);
                let answer = client.call_tool(tool, json!(changed)).await;
                assert!(!is_error(&answer), "{tool} {changed:?}: {answer}");
                assert_eq!(lasting(&answer), plain, "{tool} {changed:?}");
            }
        }

        // All that was left out, as strict modes send it.
        let mut strict = arguments.clone();
        for name in properties.keys() {
            strict.entry(name.clone()).or_insert(Value::Null);
        }
        assert_eq!(
            lasting(&client.call_tool(tool, json!(strict)).await),
            plain,
            "{tool}"
        );

        let mut with_others = arguments.clone();
        for name in [
            "toolCallId",
            "sessionId",
            "chatInput",
            "action",
            "random_string",
            "_meta",
            "requestId",
        ] {
            with_others.insert(name.to_owned(), json!("x"));
        }
        let answer = client.call_tool(tool, json!(with_others)).await;
        assert!(!is_error(&answer), "{tool}: {answer}");
        let told = told(&answer);
        assert_eq!(
            told.matches("Ignored, because this tool has no such arguments: ")
                .count(),
            1,
            "{told}"
        );
        assert!(
            told.contains("toolCallId") && told.contains("requestId"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_misspelt_argument_is_never_passed_over() {
    let more = [
        ("STRUCTURED_OUTPUT", "false"),
        ("TOOLSETS", "catalog,query,semantic"),
    ];
    let server = Server::start(&more).await;
    let client = server.mcp();
    for (tool, arguments) in calls(&client).await {
        for (given, right) in [
            ("maxRows", "limit"),
            ("formt", "format"),
            ("timeoutSeconds", "timeout_seconds"),
            ("table_name", "table"),
            ("statement", "sql"),
            ("database_name", "database"),
        ] {
            let mut misspelt = arguments.clone();
            misspelt.insert(given.to_owned(), json!("x"));
            let answer = client.call_tool(tool, json!(misspelt)).await;
            assert!(is_error(&answer), "{tool} {given}: {answer}");
            let told = told(&answer);
            assert!(told.contains("invalid_argument"), "{told}");
            let says = told.contains(&format!("did you mean {right}?"))
                || told.contains("does not take it")
                || (right == "table" && told.contains("did you mean view?"));
            assert!(says && told.contains(&format!("{tool} takes ")), "{told}");
        }
    }
}

#[tokio::test]
async fn a_schema_left_out_between_two_dots_is_public() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    for (tool, arguments) in [
        ("describe_table", json!({"table": "DEMO..\"Mixed Case\""})),
        ("describe_view", json!({"view": "DEMO..\"Mixed Case\""})),
        ("query_view", json!({"view": "demo..Mixed Case"})),
        (
            "execute_query",
            json!({"sql": "SELECT \"größe\" FROM demo..\"Mixed Case\""}),
        ),
        (
            "execute_query",
            json!({"sql": "SELECT * FROM IDENTIFIER('demo..\"Mixed Case\"')"}),
        ),
        (
            "execute_query",
            json!({"sql": "DESCRIBE TABLE demo..\"Mixed Case\""}),
        ),
    ] {
        let answer = client.call_tool(tool, arguments.clone()).await;
        assert!(!is_error(&answer), "{arguments}: {answer}");
        assert!(told(&answer).contains("größe"), "{arguments}: {answer}");
    }

    // The lists of the policy mean the same by it.
    let server = Server::start(&[("DENIED_OBJECTS", "DEMO.PUBLIC.*")]).await;
    let client = server.mcp();
    for sql in [
        "SELECT * FROM demo..\"Mixed Case\"",
        "DESCRIBE TABLE demo..\"Mixed Case\"",
    ] {
        let answer = client
            .call_tool("execute_query", json!({ "sql": sql }))
            .await;
        assert!(
            told(&answer).contains("statement_not_allowed"),
            "{sql}: {answer}"
        );
    }
}

#[tokio::test]
async fn values_for_placeholders_are_never_taken_for_nothing() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let values = json!([null, "", 0, "10", "null"]);
    for parameters in [values.clone(), json!(values.to_string())] {
        let sql = "SELECT ? IS NULL, ? = '', ? = 0, ? = '10', ? = 'null'";
        let arguments = json!({"sql": sql, "parameters": parameters, "format": "json"});
        let answer = client.call_tool("execute_query", arguments).await;
        let rows = &answer["structuredContent"]["rows"];
        assert_eq!(*rows, json!([[true, true, true, true, true]]), "{answer}");
    }
}

/// The engine is given FROM before what is selected.
#[tokio::test]
async fn placeholders_have_the_values_in_the_order_of_the_text() {
    let server = Server::start(&[]).await;
    let sql = "WITH w AS (SELECT ? AS y) SELECT ? AS a, x, y, ? AS b FROM (SELECT ? AS x) JOIN w ON y = ? WHERE x = ?";
    let arguments = json!({"sql": sql, "parameters": [1, 2, 3, 4, 1, 4], "format": "json"});
    let answer = server.mcp().call_tool("execute_query", arguments).await;
    let rows = &answer["structuredContent"]["rows"];
    assert_eq!(*rows, json!([[2, 4, 1, 3]]), "{answer}");
}

#[tokio::test]
async fn texts_may_hold_what_would_hide_something_elsewhere() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let sql =
        "SELECT '❤\u{fe0f}' = '❤\u{fe0f}' OR 'می\u{200c}خواهم' = ‘x’ AS same -- می\u{200c}خواهم";
    let arguments = json!({"sql": sql, "format": "json"});
    let answer = client.call_tool("execute_query", arguments).await;
    assert_eq!(
        answer["structuredContent"]["rows"],
        json!([[true]]),
        "{answer}"
    );
    let hidden = json!({"sql": "SELECT 1 AS a\u{200c}b"});
    let answer = client.call_tool("execute_query", hidden).await;
    assert!(told(&answer).contains("invisible"), "{answer}");
}
