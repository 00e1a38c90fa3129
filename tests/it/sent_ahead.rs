//! Requests that a client sends before it has read the answers to the ones in front of them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{ENDLESS, KEY, Server};

/// KiB that a connection may take whose client sends without end and reads nothing. actix-http alone takes 20,000.
const MOST: u64 = 512;

/// Sends a request again and again until the server takes no more.
fn fill(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(2));
    stream.set_write_timeout(patience).unwrap();
    match stream.write_all(request.repeat(100_000).as_bytes()) {
        // All of it fits into the buffers of the system where they are large.
        Ok(()) => {}
        Err(error) => assert!(
            matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "{error}"
        ),
    }
    stream
}

fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn requests_without_end_and_without_a_reader_cost_little() {
    const CONNECTIONS: u64 = 8;
    let page = "https://app.example.com";
    // Filling the connections holds up this test's own client, which must not find its connection closed for being idle.
    let vars = [
        ("API_KEY", KEY),
        ("CORS_ORIGINS", page),
        ("KEEPALIVE_TIMEOUT", "120"),
    ];
    let mut server = Server::start(&vars).await;
    // The engine takes its memory before.
    server.event("ready").await;
    let preflight = format!("Origin: {page}\r\nAccess-Control-Request-Method: POST\r\n");
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let length = ping.len();
    for (what, request) in [
        ("no key", "GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
        ("no page", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
        // Their answers have no bodies.
        (
            "preflight",
            format!("OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n{preflight}\r\n"),
        ),
        (
            "a key and a body",
            format!(
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{ping}"
            ),
        ),
        (
            "chunks",
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
        ),
    ] {
        let before = resident(&server);
        let address = server.address;
        let held: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let request = request.clone();
                std::thread::spawn(move || fill(address, &request))
            })
            .collect();
        let held: Vec<_> = held.into_iter().map(|it| it.join().unwrap()).collect();
        let each = resident(&server).saturating_sub(before) / CONNECTIONS;
        assert!(each < MOST, "{what}: {each} KiB for each connection");
        // Others are answered.
        assert_eq!(server.get(&server.url("/version")).await.0, 200, "{what}");
        drop(held);
    }
}

/// A connection's requests however they are framed, and however they are cut on their way.
#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_their_order() {
    const ROUNDS: usize = 40;
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let mut sent = String::new();
    for id in 0..ROUNDS {
        let post = format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n"
        );
        // An empty line within a body is no end of anything.
        let ping = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\r\n\r\n\"method\":\"ping\"}}");
        let length = ping.len();
        sent += &match id % 4 {
            0 => format!("{post}Content-Length: {length}\r\n\r\n{ping}"),
            1 => format!(
                "{post}Transfer-Encoding: chunked\r\n\r\n5;a\r\n{}\r\n{:X}\r\n{}\r\n0\r\n\r\n",
                &ping[..5],
                length - 5,
                &ping[5..]
            ),
            2 => format!("\r\n{post}Content-Length: {length}\r\n\r\n{ping}").replace("\r\n", "\n"),
            // Refused before its body is read; what follows is answered.
            _ => format!(
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{ping}\r\n0\r\n\r\n"
            ),
        };
        // With LF alone the body is two bytes shorter for each of its lines.
        if id % 4 == 2 {
            let shorter = format!("Content-Length: {}\n", length - 2);
            sent = sent.replace(&format!("Content-Length: {length}\n"), &shorter);
        }
    }
    for size in [sent.len(), 997, 61] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let bytes = sent.clone().into_bytes();
        let writing = std::thread::spawn(move || {
            for piece in bytes.chunks(size) {
                writer.write_all(piece).unwrap();
            }
        });
        let mut answers = String::new();
        let mut space = [0; 4096];
        while answers.matches("HTTP/1.1 ").count() < ROUNDS || !answers.ends_with('}') {
            let length = stream.read(&mut space).unwrap();
            assert!(length > 0, "closed after {answers}");
            answers += std::str::from_utf8(&space[..length]).unwrap();
        }
        writing.join().unwrap();
        let seen: Vec<String> = answers
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|answer| {
                let id = answer.split("\"id\":").nth(1);
                let id = id.and_then(|rest| rest.split([',', '}']).next());
                format!("{} {}", &answer[..3], id.unwrap_or_default())
            })
            .collect();
        let expected: Vec<String> = (0..ROUNDS)
            .map(|id| match id % 4 {
                3 => "401 ".to_owned(),
                _ => format!("200 {id}"),
            })
            .collect();
        assert_eq!(seen, expected, "in pieces of {size}");
    }
}

#[tokio::test]
async fn who_hangs_up_ends_its_statement_whatever_it_sent_behind_it() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "execute_query", "arguments": {"sql": ENDLESS}}})
    .to_string();
    let length = call.len();
    let next = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{call}{next}{next}"
    );
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let running = async |count: &str| {
        let deadline = Instant::now() + Duration::from_secs(20);
        let line = format!("tool_calls_in_flight {count}");
        while !server.get(&server.url("/metrics")).await.1.contains(&line) {
            assert!(Instant::now() < deadline, "not {count} under way");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    running("1").await;
    drop(stream);
    running("0").await;
}
