//! What a request may cost: memory, whatever is in its body.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{KEY, Server};

/// Bodies that cost far more than their length where trees are made of them, each with what it is refused for.
fn costly() -> Vec<(&'static str, String, &'static str)> {
    let call = |arguments: String| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"execute_query","arguments":{arguments}}}}}"#
        )
    };
    let many = |item: &str| vec![item; 1_900_000 / (item.len() + 1)].join(",");
    let deep = "[".repeat(1_900_000);
    let long = "x".repeat(1_900_000);
    vec![
        (
            "parameters",
            call(format!(
                r#"{{"sql":"SELECT 1","parameters":[{}]}}"#,
                many("1")
            )),
            "values",
        ),
        (
            "an unknown argument",
            call(format!(r#"{{"sql":"SELECT 1","x":[{}]}}"#, many("[]"))),
            "values",
        ),
        (
            "params of ping",
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":[{}]}}}}"#,
                many("1")
            ),
            "values",
        ),
        (
            "an id",
            format!(
                r#"{{"jsonrpc":"2.0","id":[{}],"method":"ping"}}"#,
                many("{}")
            ),
            "values",
        ),
        (
            "a field before all others",
            format!(
                r#"{{"x":[{}],"jsonrpc":"2.0","id":1,"method":"ping"}}"#,
                many("[]")
            ),
            "values",
        ),
        ("a batch", format!("[{}]", many("{}")), "values"),
        ("nesting", deep, "nests"),
        (
            "a progress token",
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"list_databases","_meta":{{"progressToken":"{long}"}}}}}}"#
            ),
            "bytes of text",
        ),
        (
            "words to search for",
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"search_objects","arguments":{{"query":"{long}"}}}}}}"#
            ),
            "bytes of text",
        ),
        (
            "a field twice",
            call(r#"{"sql":"SELECT 1","sql":"SELECT 2"}"#.to_owned()),
            "twice",
        ),
    ]
}

/// A line of the process's status, in MiB.
fn memory(server: &Server, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.unwrap().split_whitespace().next().unwrap();
    kib.parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn a_costly_body_is_refused_before_anything_is_made_of_it() {
    let server = Server::start(&[]).await;
    for (what, body, says) in costly() {
        let response = server.mcp().post().body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{what}");
        let answer: Value = response.json().await.unwrap();
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{what}: {message}");
    }
}

/// With trees made of them, forty of these bodies took more than 1 GiB.
#[tokio::test]
async fn a_hundred_costly_bodies_at_once_cost_little() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let mcp = server.mcp().key(KEY);
    mcp.request("ping", json!({})).await;
    let before = memory(&server, "VmHWM:");
    let bodies: Vec<String> = costly().into_iter().map(|(_, body, _)| body).collect();
    let sent = (0..100).zip(bodies.iter().cycle()).map(|(_, body)| {
        let post = mcp
            .post()
            .timeout(Duration::from_secs(60))
            .body(body.clone());
        async move { post.send().await.map(|response| response.status().as_u16()) }
    });
    let answers = futures::future::join_all(sent).await;
    for answer in answers.into_iter().flatten() {
        assert!([400, 429, 503].contains(&answer), "{answer}");
    }
    let more = memory(&server, "VmHWM:") - before;
    assert!(more < 200, "{more} MiB more");
    let pong = mcp.request("ping", json!({})).await;
    assert!(pong["result"].is_object(), "{pong}");
}

/// Each announces 2 MiB and sends 1.9; the rest never comes.
#[tokio::test]
async fn bodies_that_stop_on_their_way_keep_nobody_waiting() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start(&[]).await;
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n";
    let piece = "x".repeat(1_900_000);
    let mut held = Vec::new();
    for _ in 0..40 {
        let mut stream = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Those that are refused are closed before all is sent.
        let _ = stream.write_all(piece.as_bytes()).await;
        held.push(stream);
    }
    assert!(memory(&server, "VmRSS:") < 400);
    let began = std::time::Instant::now();
    let pong = server.mcp().request("ping", json!({})).await;
    assert!(pong["result"].is_object(), "{pong}");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

/// A long list is a table that was not loaded.
#[tokio::test]
async fn parameters_are_no_more_than_the_statement_has_room_for() {
    let server = Server::start(&[]).await;
    for (sql, count, says) in [
        ("SELECT 1", 1, "placeholders for 0"),
        ("SELECT ?", 2, "placeholders for 1"),
        ("SELECT ?", 1001, "1000"),
    ] {
        let arguments = json!({"sql": sql, "parameters": vec![1; count]});
        let result = server.mcp().call_tool("execute_query", arguments).await;
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("invalid_argument"), "{text}");
        assert!(text.contains(says), "{text}");
    }
    let marks = vec!["?"; 1000].join(",");
    let sql = format!("SELECT 1 IN ({marks}) AS b");
    let arguments = json!({"sql": sql, "parameters": vec![1; 1000]});
    let result = server.mcp().call_tool("execute_query", arguments).await;
    assert_ne!(result["isError"], true, "{result}");
    let arguments = json!({"sql": "SELECT :1 + :2 + :1 AS n", "parameters": [1, 2]});
    let result = server.mcp().call_tool("execute_query", arguments).await;
    assert_ne!(result["isError"], true, "{result}");
}
