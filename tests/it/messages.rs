//! What a request to `/mcp` may look like, and what its answer looks like, byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ENDLESS, KEY, Server};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// Sends bytes and reads to the end of the connection: the head in small letters, and the body.
fn raw(server: &Server, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

fn post(version: &str, accept: &str, body: &str) -> String {
    format!(
        "POST /mcp HTTP/{version}\r\nHost: localhost\r\nContent-Type: application/json\r\n{accept}Connection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A call that says on its way that it is running, as it takes longer than half a second.
fn slow_call() -> String {
    let sql = "SELECT COUNT(*) FROM lineitem a, lineitem b WHERE a.l_comment || b.l_comment > b.l_comment || a.l_comment";
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "execute_query", "arguments": {"sql": sql, "timeout_seconds": 2}, "_meta": {"progressToken": 1}}})
    .to_string()
}

#[tokio::test]
async fn the_answer_has_the_form_that_the_client_takes() {
    let server = Server::start(&[]).await;
    let (json, stream) = ("application/json", "text/event-stream");
    for (accept, kind) in [
        ("", json),
        ("Accept: */*\r\n", json),
        ("Accept: application/json\r\n", json),
        ("Accept: application/json; q=0.1, text/html\r\n", json),
        ("Accept: application/json, text/event-stream\r\n", json),
        ("Accept: text/event-stream\r\n", stream),
    ] {
        let (head, body) = raw(&server, &post("1.1", accept, PING));
        assert!(head.starts_with("http/1.1 200"), "{accept}: {head}");
        assert!(head.contains(&format!("content-type: {kind}")), "{head}");
        let length = format!("content-length: {}", body.len());
        assert!(head.contains(&length), "{accept}: {head}");
        let message = body.strip_prefix("data: ").unwrap_or(&body);
        let message: Value = serde_json::from_str(message).unwrap();
        assert_eq!(message["id"], 1, "{accept}");
        assert_eq!(body.starts_with("data: "), kind == stream);
    }
    for accept in ["text/html", "application/json;q=0"] {
        let (head, body) = raw(
            &server,
            &post("1.1", &format!("Accept: {accept}\r\n"), PING),
        );
        assert!(head.starts_with("http/1.1 406"), "{head}");
        assert!(
            body.contains("application/json, text/event-stream"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn only_who_takes_a_stream_gets_one() {
    let server = Server::start(&[]).await;
    let call = slow_call();
    let (head, body) = raw(&server, &post("1.1", "", &call));
    assert!(head.contains("content-type: application/json"), "{head}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["id"], 1);
    assert!(answer["result"]["isError"].is_boolean(), "{answer}");
    for accept in ["application/json, text/event-stream", "text/event-stream"] {
        let accept = format!("Accept: {accept}\r\n");
        let (head, body) = raw(&server, &post("1.1", &accept, &call));
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        assert!(body.contains("notifications/progress"), "{body}");
    }
}

#[tokio::test]
async fn http_1_0_gets_no_chunks() {
    let server = Server::start(&[]).await;
    let (head, body) = raw(&server, &post("1.0", "", PING));
    assert!(head.starts_with("http/1.0 200"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    // A stream ends with its connection.
    let accept = "Accept: application/json, text/event-stream\r\n";
    let (head, body) = raw(&server, &post("1.0", accept, &slow_call()));
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(!head.contains("keep-alive"), "{head}");
    let last = body
        .lines()
        .rfind(|line| line.starts_with("data:"))
        .unwrap();
    let answer: Value = serde_json::from_str(&last[5..]).unwrap();
    assert_eq!(answer["id"], 1, "{body}");
}

#[tokio::test]
async fn the_body_must_be_said_to_be_json_and_be_it() {
    let server = Server::start(&[]).await;
    let send = |kind: &'static str, body: &'static str| {
        let post = reqwest::Client::new().post(server.url("/mcp")).body(body);
        let post = if kind.is_empty() {
            post
        } else {
            post.header("Content-Type", kind)
        };
        post.send()
    };
    for kind in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json-rpc",
    ] {
        assert_eq!(send(kind, PING).await.unwrap().status(), 200, "{kind}");
    }
    // What a page in a browser may send without asking first.
    for kind in ["", "text/plain", "application/x-www-form-urlencoded"] {
        let response = send(kind, PING).await.unwrap();
        assert_eq!(response.status(), 415, "{kind}");
        let refusal: Value = response.json().await.unwrap();
        assert!(
            refusal["hint"]
                .as_str()
                .unwrap()
                .contains("Content-Type: application/json")
        );
    }
    for (body, code) in [
        ("{", -32700),
        ("", -32700),
        ("SELECT 1", -32700),
        ("{}", -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":7}"#,
            -32600,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600),
    ] {
        let response = send("application/json", body).await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(response.headers()["content-type"], "application/json");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], code, "{body}: {error}");
        assert_eq!(error["jsonrpc"], "2.0");
    }
    let marked = "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    assert_eq!(
        send("application/json", marked).await.unwrap().status(),
        200
    );
    let null = r#"{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}"#;
    assert_eq!(send("application/json", null).await.unwrap().status(), 202);
}

#[tokio::test]
async fn other_methods_and_revisions_are_refused_with_what_there_is() {
    let server = Server::start(&[]).await;
    for method in ["GET", "DELETE", "PUT"] {
        let request =
            format!("{method} /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let (head, body) = raw(&server, &request);
        assert!(head.starts_with("http/1.1 405"), "{head}");
        assert!(head.contains("allow: post"), "{head}");
        let refusal: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(refusal["code"], "method_not_allowed");
    }
    let post = reqwest::Client::new().post(server.url("/mcp"));
    let post = post.header("Content-Type", "application/json").body(PING);
    let response = post
        .header("MCP-Protocol-Version", "1999-01-01")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["error"]["code"], -32022, "{error}");
    let supported = error["error"]["data"]["supported"].as_array().unwrap();
    assert!(supported.contains(&json!("2025-06-18")), "{error}");
}

/// A request of 2026-07-28, which carries everything in itself.
async fn stateless(server: &Server, method: &str, mut params: Value) -> (u16, Value) {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let post = reqwest::Client::new().post(server.url("/mcp")).json(&body);
    let post = post
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", method);
    let post = match method {
        "prompts/get" => post.header("Mcp-Name", "x"),
        "resources/read" => post.header("Mcp-Name", "file:///x"),
        _ => post,
    };
    let response = post.send().await.unwrap();
    assert!(!response.headers().contains_key("mcp-session-id"));
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn what_is_not_there_is_said_in_a_sentence_with_what_is() {
    let server = Server::start(&[]).await;
    let unserved = [
        "prompts/nope",
        "resources/subscribe",
        "resources/unsubscribe",
        "logging/setLevel",
        "subscriptions/listen",
        "tasks/get",
        "no/such",
    ];
    for method in unserved {
        let answer = server.mcp().request(method, json!({})).await;
        assert_eq!(answer["error"]["code"], -32601, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(method) && message.contains("tools/call"),
            "{message}"
        );
    }
    for method in unserved.into_iter().chain(["initialize", "ping"]) {
        for params in [
            json!({}),
            json!({"name": "x", "uri": "file:///x", "level": "info"}),
        ] {
            let (status, answer) = stateless(&server, method, params).await;
            if status == 400 && answer["error"]["code"] == -32020 {
                // The header names something that these params do not.
                continue;
            }
            assert_eq!(
                (status, answer["error"]["code"].as_i64()),
                (404, Some(-32601)),
                "{method}: {answer}"
            );
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("server/discover"), "{message}");
        }
    }
}

#[tokio::test]
async fn params_that_cannot_be_read_are_told_from_a_method_that_is_not_there() {
    let server = Server::start(&[]).await;
    for method in [
        "prompts/get",
        "resources/read",
        "completion/complete",
        "tools/call",
    ] {
        let answer = server.mcp().request(method, json!({})).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(method) && message.contains("expected"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_batch_is_answered_one_by_one_where_the_revision_has_them() {
    let server = Server::start(&[]).await;
    let send = |revision: &'static str, batch: Value| {
        let post = reqwest::Client::new().post(server.url("/mcp"));
        post.header("MCP-Protocol-Version", revision)
            .json(&batch)
            .send()
    };
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "two", "method": "tools/call", "params": {
            "name": "execute_query", "arguments": {"sql": "SELECT 1"}}},
        {"jsonrpc": "2.0", "id": 3, "method": "no/such"},
        {"jsonrpc": "2.0", "id": 4, "method": "initialize", "params": {}},
        7,
    ]);
    for revision in ["2025-03-26", "2024-11-05"] {
        let response = send(revision, batch.clone()).await.unwrap();
        assert_eq!(response.status(), 200, "{revision}");
        let answers: Value = response.json().await.unwrap();
        let ids: Vec<&Value> = answers
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(
            ids,
            [&json!(1), &json!("two"), &json!(3), &json!(4), &json!(null)],
            "{answers}"
        );
        assert_eq!(answers[1]["result"]["isError"], false, "{answers}");
        assert_eq!(answers[2]["error"]["code"], -32601);
        assert_eq!(answers[3]["error"]["code"], -32600);
        assert_eq!(answers[4]["error"]["code"], -32600);
    }
    let silent = json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]);
    assert_eq!(send("2025-03-26", silent).await.unwrap().status(), 202);
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for (revision, batch) in [
        ("2025-06-18", json!([ping.clone()])),
        ("2025-03-26", json!(vec![ping; 17])),
        ("2025-03-26", json!([])),
    ] {
        let response = send(revision, batch).await.unwrap();
        assert_eq!(response.status(), 400);
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], -32600, "{error}");
    }
}

/// A conversation of 2025-06-18: its session, and requests in it.
struct Conversation<'a> {
    server: &'a Server,
    key: &'a str,
    session: String,
}

impl<'a> Conversation<'a> {
    async fn begin(server: &'a Server, key: &'a str) -> Self {
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
        let post = server.mcp().key(key).post().json(&hello);
        let response = post.send().await.unwrap();
        let session = response.headers()["mcp-session-id"].to_str().unwrap();
        let session = session.to_owned();
        Self {
            server,
            key,
            session,
        }
    }

    /// A call that does not end by itself.
    fn call(&self, id: Value) -> tokio::task::JoinHandle<Value> {
        let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": "execute_query", "arguments": {"sql": ENDLESS}}});
        let post = self.server.mcp().key(self.key).post();
        let post = post.header("Mcp-Session-Id", &self.session).json(&call);
        tokio::spawn(async move { post.send().await.unwrap().json().await.unwrap() })
    }

    async fn take_back(&self, id: Value) {
        let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {
            "requestId": id, "reason": "the test gives up"}});
        let post = self.server.mcp().key(self.key).post();
        let post = post
            .header("Mcp-Session-Id", &self.session)
            .json(&cancelled);
        assert_eq!(post.send().await.unwrap().status(), 202);
    }
}

#[tokio::test]
async fn a_call_that_its_caller_takes_back_is_stopped_and_no_other() {
    let other = "another-key-0123456789abcdef";
    let server = Server::start(&[("API_KEY", KEY), ("API_KEYS", other)]).await;
    let mine = Conversation::begin(&server, KEY).await;
    let again = Conversation::begin(&server, KEY).await;
    assert_ne!(mine.session, again.session);
    let call = mine.call(json!(7));
    let number_as_text = mine.call(json!("7"));
    for _ in 0..250 {
        let (_, report) = server.get_json(&server.url("/readyz?verbose")).await;
        if report["details"]["requests_in_flight"] == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Registered a moment after the request counts as in flight.
    tokio::time::sleep(Duration::from_millis(300)).await;

    // Another session, another key with the same session, another number, and no session at all.
    again.take_back(json!(7)).await;
    let stranger = Conversation {
        server: &server,
        key: other,
        session: mine.session.clone(),
    };
    stranger.take_back(json!(7)).await;
    mine.take_back(json!(8)).await;
    for session in [String::new(), "x".repeat(10_000)] {
        Conversation {
            server: &server,
            key: KEY,
            session,
        }
        .take_back(json!(7))
        .await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!call.is_finished() && !number_as_text.is_finished());

    mine.take_back(json!(7)).await;
    let answer = tokio::time::timeout(Duration::from_secs(10), call).await;
    let answer = answer.expect("stopped at once").unwrap();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(answer.to_string().contains("query_cancelled"), "{answer}");
    assert!(!number_as_text.is_finished());
    let (_, metrics) = server.get(&server.url("/metrics")).await;
    let stopped = "snowflake_mcp_tool_calls_stopped_total{cause=\"client\"} 1\n";
    assert!(metrics.contains(stopped), "{metrics}");
    mine.take_back(json!("7")).await;
    number_as_text.await.unwrap();
}

#[tokio::test]
async fn a_session_is_asked_for_by_nobody_and_ended_by_nobody() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let begun = Conversation::begin(&server, KEY).await;
    let listed = server.mcp().key(KEY).post();
    let listed = listed.json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
    let listed = listed.send().await.unwrap();
    assert_eq!(listed.status(), 200);
    assert!(!listed.headers().contains_key("mcp-session-id"));
    let end = reqwest::Client::new()
        .delete(server.url("/mcp"))
        .bearer_auth(KEY);
    let end = end
        .header("Mcp-Session-Id", &begun.session)
        .send()
        .await
        .unwrap();
    assert_eq!(end.status(), 405);
}
