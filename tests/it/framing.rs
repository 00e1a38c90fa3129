//! Where a request begins and ends, byte by byte: what two readers could take for different requests, and what never ends. The
//! numbers of rows are those of SECURITY.md.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{KEY, Server};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// What would be the second request, where the first one ended earlier than its sender meant.
const SECOND: &str = "GET /version HTTP/1.1\r\nHost: localhost\r\nX-Second: yes\r\n\r\n";

async fn server() -> Server {
    let mut server = Server::start(&[("API_KEY", KEY), ("LOG_LEVEL", "debug")]).await;
    server.event("ready").await;
    server
}

/// What a connection brings that is sent these bytes, until it is closed or `patience` is over; and whether it was closed.
fn sent(server: &Server, bytes: &[u8], patience: Duration) -> (String, bool) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    // Refused before all of it was read.
    let _ = stream.write_all(bytes);
    read(&mut stream, patience)
}

fn read(stream: &mut TcpStream, patience: Duration) -> (String, bool) {
    let end = Instant::now() + patience;
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let _ = stream.set_read_timeout(Some(left.max(Duration::from_millis(1))));
        match stream.read(&mut piece) {
            Ok(0) => return (String::from_utf8_lossy(&answer).into_owned(), true),
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return (String::from_utf8_lossy(&answer).into_owned(), false);
            }
            Err(_) => return (String::from_utf8_lossy(&answer).into_owned(), true),
        }
    }
}

fn head(more: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n{more}\r\n"
    )
}

/// Row 46: a proxy may end the first request where this server does not. Nothing behind it is ever answered.
#[tokio::test]
async fn a_request_that_ends_at_two_places_is_refused_and_nothing_behind_it_is_read() {
    let server = server().await;
    let length = PING.len();
    let chunked = format!("{length:x}\r\n{PING}\r\n0\r\n\r\n");
    let patience = Duration::from_secs(4);
    for (what, request) in [
        (
            "both a length and chunks",
            head(&format!(
                "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"
            )) + &chunked,
        ),
        (
            "chunks and a short length",
            head("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + &chunked,
        ),
        (
            "two lengths",
            head(&format!(
                "Content-Length: {length}\r\nContent-Length: 0\r\n"
            )) + PING,
        ),
        (
            "a list of lengths",
            head(&format!("Content-Length: {length}, 0\r\n")) + PING,
        ),
        (
            "a length with a sign",
            head(&format!("Content-Length: +{length}\r\n")) + PING,
        ),
        (
            "chunks by another name",
            head("Transfer-Encoding: xchunked\r\n") + &chunked,
        ),
        (
            "chunks that are not last",
            head("Transfer-Encoding: chunked, gzip\r\n") + &chunked,
        ),
        (
            "chunks with a tab",
            head("Transfer-Encoding:\tchunked\r\nTransfer-Encoding: identity\r\n") + &chunked,
        ),
        (
            "a space before the colon",
            head("Transfer-Encoding : chunked\r\n") + &chunked,
        ),
        (
            "a folded line",
            head(&format!(
                "X-A: b\r\n Content-Length: 0\r\nContent-Length: {length}\r\n"
            )) + PING,
        ),
        (
            "a chunk whose line ends with LF alone",
            head("Transfer-Encoding: chunked\r\n") + &chunked.replacen("\r\n", "\n", 1),
        ),
        (
            "a chunk that ends with LF alone",
            head("Transfer-Encoding: chunked\r\n") + &format!("{length:x}\r\n{PING}\n0\r\n\r\n"),
        ),
        (
            "a chunk with an extension that ends with LF alone",
            head("Transfer-Encoding: chunked\r\n") + &format!("{length:x};a\n{PING}\r\n0\r\n\r\n"),
        ),
        (
            "a line that ends with CR alone",
            head(&format!(
                "Content-Length: {length}\r\nX-A: b\rContent-Length: 0\r\n"
            )) + PING,
        ),
        (
            "a chunk with a sign",
            head("Transfer-Encoding: chunked\r\n") + &format!("+{length:x}\r\n{PING}\r\n0\r\n\r\n"),
        ),
    ] {
        let (answer, is_closed) = sent(&server, (request + SECOND).as_bytes(), patience);
        let status = answer.get(9..12).unwrap_or_default();
        assert_eq!(status, "400", "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
        assert!(is_closed, "{what} leaves the connection open");
    }
    // Lines that end with LF alone are read, as RFC 9112 (2.2) lets a server do: SECURITY.md says that they are not refused. What must
    // hold is that the length counts all the same, so that the requests are the same two.
    let bare = head(&format!("Content-Length: {length}\r\n")).replace("\r\n", "\n") + PING;
    let (answer, _) = sent(&server, (bare + SECOND).as_bytes(), patience);
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    // The same, as it should be, is one request and another.
    let good = head(&format!("Content-Length: {length}\r\n")) + PING + SECOND;
    let (answer, _) = sent(&server, good.as_bytes(), Duration::from_secs(2));
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
}

/// Row 47: heads and addresses beyond what anybody needs.
#[tokio::test]
async fn a_head_or_an_address_that_is_too_long_is_refused() {
    let server = server().await;
    let patience = Duration::from_secs(4);
    let many: String = (0..97).map(|it| format!("X-{it}: a\r\n")).collect();
    let long = "a".repeat(140_000);
    for (what, request, expected) in [
        (
            "97 headers",
            format!("GET /livez HTTP/1.1\r\n{many}\r\n"),
            "431",
        ),
        (
            "a head of 140 KB",
            format!("GET /livez HTTP/1.1\r\nX: {long}\r\n\r\n"),
            "431",
        ),
        (
            "an address of 70 KB",
            format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000)),
            "400",
        ),
    ] {
        let (answer, is_closed) = sent(&server, request.as_bytes(), patience);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected} ")),
            "{what}: {answer}"
        );
        assert!(is_closed, "{what}");
    }
    let (status, _) = server.get(&server.url("/livez")).await;
    assert_eq!(status, 200);
}

/// Row 48: a body over the limit, said or not, one that nests, and one that comes without end.
#[tokio::test]
async fn a_body_without_end_is_cut() {
    let server = server().await;
    let patience = Duration::from_secs(8);
    let (answer, _) = sent(
        &server,
        head("Content-Length: 99999999\r\n").as_bytes(),
        patience,
    );
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let endless = head("Transfer-Encoding: chunked\r\n") + &chunk.repeat(64);
    let (answer, _) = sent(&server, endless.as_bytes(), patience);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let deep = "[".repeat(10_000);
    let (answer, _) = sent(
        &server,
        (head(&format!("Content-Length: {}\r\n", deep.len())) + &deep).as_bytes(),
        patience,
    );
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");

    // One space a second never falls silent, and ends all the same.
    let address = server.address;
    let dripped = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(head("Content-Length: 1000\r\n").as_bytes())
            .unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(45) {
            if stream.write_all(b" ").is_err() {
                break;
            }
            let (answer, is_closed) = read(&mut stream, Duration::from_secs(1));
            if is_closed || !answer.is_empty() {
                return (began.elapsed(), answer);
            }
        }
        (began.elapsed(), String::new())
    });
    let (took, answer) = dripped.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let seconds = took.as_secs_f64();
    assert!((25.0..40.0).contains(&seconds), "{seconds} s");
}

/// Row 49, on the small scale of a test (`make attack` has 10,000): heads that never come are cut, and nobody waits for them.
#[tokio::test]
async fn heads_that_never_come_are_cut_and_keep_nobody_waiting() {
    let server = server().await;
    let mut slow: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            if number % 2 == 0 {
                stream.write_all(b"POST /mcp HTTP/1.1\r\nHost: lo").unwrap();
            }
            stream
        })
        .collect();
    let began = Instant::now();
    for _ in 0..5 {
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let answer = server
            .mcp()
            .key(KEY)
            .post()
            .json(&list)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert!(began.elapsed() < Duration::from_secs(4), "new callers wait");
    let cut = tokio::task::spawn_blocking(move || {
        slow.iter_mut()
            .map(|stream| read(stream, Duration::from_secs(12)).1)
            .filter(|is_closed| *is_closed)
            .count()
    });
    assert_eq!(cut.await.unwrap(), 200);
    let seconds = began.elapsed().as_secs_f64();
    assert!(seconds < 20.0, "{seconds} s");
}

/// Row 49 as well: who was answered once, or refused, holds a connection no longer than others.
#[tokio::test]
async fn a_second_head_or_a_body_of_a_refused_request_that_never_comes_is_cut() {
    let server = server().await;
    let good = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let chunked =
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab";
    let slow = [
        format!("{good}POST /mcp HTTP/1.1\r\nHost: lo"),
        chunked.to_owned(),
    ];
    let slow = slow.map(|request| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    });
    let cut = tokio::task::spawn_blocking(move || {
        slow.map(|mut stream| {
            let began = Instant::now();
            let mut is_closed = false;
            // A byte now and then is no reason to wait longer.
            while !is_closed && began.elapsed() < Duration::from_secs(25) {
                is_closed = stream.write_all(b"x").is_err();
                is_closed |= read(&mut stream, Duration::from_secs(1)).1;
            }
            is_closed
        })
    });
    assert_eq!(cut.await.unwrap(), [true, true]);
}
