//! The way out, with nothing in flight and with calls that would run for ever.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{ENDLESS, KEY, Server, Signal};

/// Sends a call that does not end by itself, and waits until it is in flight.
async fn start_endless_call(server: &Server) -> tokio::task::JoinHandle<Value> {
    let client = server.mcp();
    let call = tokio::spawn(async move {
        client
            .call_tool("execute_query", json!({"sql": ENDLESS}))
            .await
    });
    let readyz = server.probe_url("/readyz?verbose");
    for _ in 0..250 {
        let (_, report) = server.get_json(&readyz).await;
        // The question itself is the other one.
        if report["details"]["requests_in_flight"] == 2 {
            return call;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the call is not in flight:\n{}", server.log());
}

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&[]).await;
        // A connection that is kept alive must not keep the server alive.
        server.get(&server.url("/livez")).await;
        let asked = Instant::now();
        server.signal(signal);
        assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
        assert!(asked.elapsed() < Duration::from_secs(10), "{signal:?}");
        server.event("stopped").await;
    }
}

#[tokio::test]
async fn readiness_fails_while_a_call_is_drained_and_the_call_gets_its_answer() {
    let mut server = Server::start(&[("SHUTDOWN_TIMEOUT", "2s"), ("MANAGEMENT_PORT", "0")]).await;
    server.event("ready").await;
    // Readiness is asked on the management port, which stays open.
    let call = start_endless_call(&server).await;
    let asked = Instant::now();
    server.signal(Signal::TERM);
    server.event("draining").await;
    let (status, report) = server.get_json(&server.probe_url("/readyz")).await;
    assert_eq!((status, report["status"].as_str()), (503, Some("draining")));
    assert_eq!(server.get(&server.probe_url("/livez")).await.0, 200);

    let result = call.await.unwrap();
    let answered = asked.elapsed();
    assert_eq!(result["isError"], true, "{result}");
    assert_eq!(result["structuredContent"]["code"], "query_cancelled");
    assert_eq!(result["structuredContent"]["retryable"], true);
    assert!(
        answered > Duration::from_millis(1900),
        "not before: {answered:?}"
    );
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    // SHUTDOWN_TIMEOUT and five seconds, and as much again for a busy machine.
    assert!(
        asked.elapsed() < Duration::from_secs(15),
        "{}",
        server.log()
    );
    server.event("interrupting").await;
}

#[tokio::test]
async fn the_port_stays_open_for_a_moment_where_others_call() {
    let staging = [
        ("ENVIRONMENT", "staging"),
        ("WAREHOUSE_BACKEND", "embedded"),
        ("CURSOR_SECRET", "0123456789abcdef0123456789abcdef"),
    ];
    // In a container behind a proxy, such as that of compose.yaml.
    let development = [("SERVER_HOST", "0.0.0.0"), ("ALLOWED_HOSTS", "*")];
    for vars in [&staging[..], &development[..]] {
        let mut vars = vars.to_vec();
        vars.extend([
            ("API_KEY", KEY),
            // What a process tells of its life is shown all the same.
            ("LOG_LEVEL", "WARNING"),
            // A quarter of it is the moment.
            ("SHUTDOWN_TIMEOUT", "8s"),
        ]);
        let mut server = Server::start(&vars).await;
        server.event("ready").await;
        server.signal(Signal::TERM);
        server.event("draining").await;
        // Load balancers see it here, and calls that were on their way are still answered.
        let (status, report) = server.get_json(&server.url("/readyz")).await;
        assert_eq!((status, report["status"].as_str()), (503, Some("draining")));
        let answer = server.mcp().key(KEY).request("tools/list", json!({})).await;
        assert!(answer["result"]["tools"].is_array());
        assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    }
}

#[tokio::test]
async fn a_drained_port_takes_no_new_connections() {
    let mut server = Server::start(&[("SHUTDOWN_TIMEOUT", "3s")]).await;
    let call = start_endless_call(&server).await;
    server.signal(Signal::TERM);
    server.event("draining").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(server.address).is_err());
    call.await.unwrap();
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    for (first, second, code) in [
        (Signal::TERM, Signal::TERM, 143),
        (Signal::TERM, Signal::INT, 130),
    ] {
        let mut server = Server::start(&[("SHUTDOWN_TIMEOUT", "60s")]).await;
        let call = start_endless_call(&server).await;
        server.signal(first);
        server.event("draining").await;
        let asked = Instant::now();
        server.signal(second);
        assert_eq!(server.ended().await.code(), Some(code));
        assert!(asked.elapsed() < Duration::from_secs(20));
        call.abort();
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_its_call() {
    let mut server = Server::start(&[]).await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "execute_query", "arguments": {"sql": ENDLESS}}})
    .to_string();
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(
        stream,
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "no answer yet");
    drop(stream);
    let gone = server
        .line("request whose client is gone", |line| line["status"] == 499)
        .await;
    assert_eq!(gone["route"], "/mcp");
    let failed = server
        .line("call that was stopped", |line| {
            line["outcome"] == "query_cancelled"
        })
        .await;
    assert!(failed["duration_ms"].as_f64().unwrap() < 3000.0, "{failed}");
    let (_, metrics) = server.get(&server.url("/metrics")).await;
    assert!(
        metrics.contains("snowflake_mcp_http_requests_in_flight 1\n"),
        "{metrics}"
    );
}
