//! How many requests of one caller are worked on at once, and what becomes of its connections when the process ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{ENDLESS, KEY, Server, Signal};

const OTHER: &str = "another-key-0123456789abcdef";

/// A request whose body does not come yet.
async fn begin(server: &Server, key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The rest of it, and the first bytes of its answer.
async fn end(stream: &mut TcpStream) -> String {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}      "#;
    stream.write_all(ping.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn ping(server: &Server, key: &str) -> reqwest::Response {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    server
        .mcp()
        .key(key)
        .post()
        .json(&body)
        .send()
        .await
        .unwrap()
}

/// Waits until pings of this key are answered so.
async fn answered(server: &Server, key: &str, status: u16) -> reqwest::Response {
    let deadline = Instant::now() + Duration::from_secs(4);
    loop {
        let answer = ping(server, key).await;
        if answer.status() == status || Instant::now() > deadline {
            assert_eq!(answer.status(), status);
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_caller_has_so_many_requests_at_once_and_others_have_theirs() {
    let keys = format!("{KEY}, {OTHER}");
    let vars = [("API_KEYS", &*keys), ("MAX_IN_FLIGHT_PER_CALLER", "2")];
    let server = Server::start(&vars).await;
    let mut first = begin(&server, KEY).await;
    let mut second = begin(&server, KEY).await;
    let refused = answered(&server, KEY, 429).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let refusal: Value = refused.json().await.unwrap();
    assert_eq!(refusal["code"], "too_many_requests");
    let hint = refusal["hint"].as_str().unwrap();
    assert!(hint.contains("MAX_IN_FLIGHT_PER_CALLER"), "{hint}");
    assert_eq!(ping(&server, OTHER).await.status(), 200);
    assert_eq!(end(&mut first).await, "HTTP/1.1 200");
    assert_eq!(answered(&server, KEY, 200).await.status(), 200);
    assert_eq!(end(&mut second).await, "HTTP/1.1 200");
}

#[tokio::test]
async fn who_hangs_up_makes_room() {
    let vars = [("API_KEY", KEY), ("MAX_IN_FLIGHT_PER_CALLER", "1")];
    let server = Server::start(&vars).await;
    let begun = begin(&server, KEY).await;
    answered(&server, KEY, 429).await;
    drop(begun);
    answered(&server, KEY, 200).await;
}

/// Kept-alive connections could otherwise go on with requests for as long as `SHUTDOWN_TIMEOUT` lets others finish.
#[tokio::test]
async fn a_connection_without_a_call_is_closed_while_others_finish() {
    let vars = [("API_KEY", KEY), ("SHUTDOWN_TIMEOUT", "3s")];
    let mut server = Server::start(&vars).await;
    let client = server.mcp().key(KEY);
    let call = tokio::spawn(async move {
        let arguments = json!({"sql": ENDLESS});
        client.call_tool("execute_query", arguments).await
    });
    let mut kept = begin(&server, KEY).await;
    assert_eq!(end(&mut kept).await, "HTTP/1.1 200");
    let metrics = server.url("/metrics");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !server
        .get(&metrics)
        .await
        .1
        .contains("tool_calls_in_flight 1")
    {
        assert!(Instant::now() < deadline, "the call does not begin");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.signal(Signal::TERM);
    let told = Instant::now();
    let mut rest = Vec::new();
    kept.read_to_end(&mut rest).await.unwrap();
    assert!(told.elapsed() < Duration::from_secs(2), "kept open");
    let result = call.await.unwrap();
    assert_eq!(result["structuredContent"]["code"], "query_cancelled");
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
}
