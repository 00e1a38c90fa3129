//! `tools/list` and `tools/call` are answered without rmcp; what they answer is what rmcp would. In a batch they go its way.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::{KEY, Server};

/// Sends a body without a revision, which is that of batches, and gives the text of the answer.
async fn post(server: &Server, body: &Value) -> (HeaderMap, String) {
    let http = reqwest::Client::new();
    let request = http
        .post(server.url("/mcp"))
        .bearer_auth(KEY)
        .header("Accept", "application/json, text/event-stream")
        .json(body);
    let answer = request.send().await.unwrap();
    (answer.headers().clone(), answer.text().await.unwrap())
}

/// The text with all that differs from call to call taken out, in the order in which it was sent.
fn same(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    level(&mut value);
    value.to_string()
}

fn level(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "query_id" | "trace_id" | "elapsed_ms" | "retry_after_seconds" => {
                        *value = Value::Null;
                    }
                    _ => level(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(level),
        Value::String(text) if text.starts_with('{') => *text = same(text),
        Value::String(text) => {
            if let Some(at) = text.find("query_id: ") {
                text.truncate(at);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn an_answer_is_the_same_whichever_way_its_request_goes() {
    let call = |name: &str, arguments: Value| json!({"method": "tools/call", "params": {"name": name, "arguments": arguments}});
    let rows = "select 1.50 as a, 'x\"\\\n\u{1}é' as b, null as c, parse_json('{\"z\": [1, 2.0], \"a\": null}') as d, 1e300::float as e";
    for structured in ["false", "true"] {
        let settings = [
            ("API_KEY", KEY),
            ("STRUCTURED_OUTPUT", structured),
            // Or the second answer says how old it is.
            ("CATALOG_CACHE_TTL", "0s"),
        ];
        let server = Server::start(&settings).await;
        let odd = json!({"method": "tools/call", "params": {"name": "list_databases", "_meta": {"traceparent": "no"}}});
        for (number, mut message) in (1..).zip([
            json!({"method": "tools/list"}),
            json!({"method": "tools/list", "params": {"cursor": "x", "_meta": {}}}),
            json!({"method": "tools/list", "params": []}),
            call("execute_query", json!({"sql": rows})),
            call("execute_query", json!({"sql": rows, "format": "csv"})),
            call("execute_query", json!({"sql": rows, "format": "json"})),
            call(
                "execute_query",
                json!({"sql": "select 1 where false", "format": "json"}),
            ),
            call("execute_query", json!({"sql": "drop table t"})),
            call("execute_query", json!({"sqll": 1, "x": 2})),
            call("list_databases", Value::Null),
            call("list_databases", json!(["a list"])),
            call("no_such_tool", json!({})),
            json!({"method": "tools/call", "params": {"arguments": {}}}),
            json!({"method": "tools/call"}),
            odd,
        ]) {
            message["jsonrpc"] = "2.0".into();
            message["id"] = match number % 2 {
                0 => number.into(),
                _ => format!("n\"{number}").into(),
            };
            let (_, batch) = post(&server, &json!([message])).await;
            let (headers, answer) = post(&server, &message).await;
            let through_rmcp = batch.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
            assert_eq!(same(&answer), same(through_rmcp), "{message}");
            assert_eq!(headers["content-type"], "application/json");
            assert_eq!(headers["content-length"], answer.len().to_string());
        }
    }
}

#[tokio::test]
async fn the_text_of_a_json_answer_is_its_structured_part_to_the_byte() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let arguments =
        json!({"sql": "select 12.00 as a, '\"' as b, 0.0000001 as c", "format": "json"});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "execute_query", "arguments": arguments}});
    let (_, answer) = post(&server, &message).await;
    let begin = answer.find("\"structuredContent\":").unwrap() + 20;
    let end = answer.find(",\"isError\"").unwrap();
    let answer_read: Value = serde_json::from_str(&answer).unwrap();
    let text = answer_read["result"]["content"][0]["text"].as_str();
    assert_eq!(text, answer.get(begin..end));
    assert!(answer.contains("[[12.0,\"\\\"\",1e-7]]"), "{answer}");
}
