//! Results in pieces: late, in no order, refused, damaged, too large, and at addresses that must not be fetched from.

use serde_json::{Value, json};

use super::support::{code, execute, run, serve, stop, until};
use crate::stub::Stub;
use crate::support::Server;

const IN_PIECES: &str = "select * from stub.rows(n => 1000, chunk => 100)";

async fn rows(server: &Server, sql: &str) -> Value {
    execute(
        server,
        json!({"sql": sql, "limit": 5000, "format": "json", "timeout_seconds": 15}),
    )
    .await
}

/// That all rows are there, each once and in order.
fn assert_whole(result: &Value, expected: usize) {
    let rows = result["structuredContent"]["rows"].as_array();
    let rows = rows.unwrap_or_else(|| panic!("{result}"));
    let ids: Vec<_> = rows.iter().map(|row| row[0].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), expected);
    assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{ids:?}");
}

#[tokio::test]
async fn pieces_that_are_late_or_overtake_each_other_arrive_in_order() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let slow = "select * from stub.rows(n => 600, chunk => 100, delay_ms => 250)";
    assert_whole(&rows(&server, slow).await, 600);
    stub.fault(json!([
        {"endpoint": "chunk", "kind": "delay", "ms": 400, "probability": 0.4},
        {"endpoint": "chunk", "kind": "delay", "ms": 100, "probability": 0.4},
    ]));
    for _ in 0..3 {
        assert_whole(&rows(&server, IN_PIECES).await, 1000);
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_piece_that_is_refused_is_asked_for_again_and_then_told_without_its_address() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    // Cloud storage refuses rightly signed addresses now and then.
    stub.fault(json!([{"endpoint": "chunk", "kind": "status", "code": 403, "times": 2}]));
    assert_whole(&rows(&server, IN_PIECES).await, 1000);
    stub.fault(json!([{"endpoint": "chunk", "kind": "status", "code": 403}]));
    let result = rows(&server, IN_PIECES).await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    // The answer may be here before the line that was written before it.
    let told = |line: &Value| line.to_string().contains("403");
    server.line("a line that tells of the 403", told).await;
    for text in [result.to_string(), server.log()] {
        assert!(!text.contains("signature"), "{text}");
    }
    stub.heal();
    assert_whole(&rows(&server, IN_PIECES).await, 1000);
    stop(server, &stub).await;
}

/// The most memory the server ever had, in KiB.
pub fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|it| it.split_whitespace().next()?.parse().ok());
    peak.unwrap()
}

#[tokio::test]
async fn a_piece_that_unpacks_to_more_than_was_announced_is_not_unpacked() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    assert_whole(&rows(&server, IN_PIECES).await, 1000);
    let before = peak(&server);
    stub.set(|settings| settings.chunk_bomb = true);
    let result = rows(&server, IN_PIECES).await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    server
        .line("why", |line| line.to_string().contains("announced"))
        .await;
    let grown = peak(&server) - before;
    assert!(grown < 48 * 1024, "{grown} KiB more");
    stub.set(|settings| settings.chunk_bomb = false);
    assert_whole(&rows(&server, IN_PIECES).await, 1000);
    stop(server, &stub).await;
}

#[tokio::test]
async fn pieces_are_not_fetched_from_inside_the_network_nor_in_clear_text() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let addresses = [
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://192.168.0.1:8443",
        "https://172.16.0.1",
        "https://0.0.0.0",
        "https://[fd00::1]",
        "https://[fe80::1]",
        "https://[::ffff:10.0.0.1]",
        "https://100.64.0.1",
        "https://198.18.0.1",
        "https://192.0.0.192",
        "https://[64:ff9b::a00:1]",
        "https://[2002:a00:1::1]",
        "http://storage.example",
        "file://",
        "ftp://storage.example",
        "//storage.example",
        "",
    ];
    for address in addresses {
        stub.set(|settings| settings.chunk_url_host = Some(address.to_owned()));
        let result = rows(&server, IN_PIECES).await;
        assert_eq!(code(&result), "warehouse_unreachable", "{address}");
        assert!(
            server.log().contains("does not fetch from"),
            "{address}: {}",
            server.log()
        );
    }
    assert_eq!(stub.counters().chunk_gets, 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_result_is_not_asked_for_at_another_host_and_its_statement_is_stopped() {
    let stub = Stub::start().await;
    let elsewhere = Stub::start().await;
    let server = serve(&stub, &[]).await;
    let other = elsewhere.address;
    let addresses = [
        format!("http://{other}"),
        format!("//{other}"),
        format!("http://{}@{other}", stub.address),
        format!("\\\\{other}"),
        format!("https://{}", stub.address),
    ];
    stub.set(|settings| settings.sync_window_ms = 200);
    for (number, address) in addresses.into_iter().enumerate() {
        stub.set(|settings| settings.result_url_host = Some(address.clone()));
        let result = run(&server, "select stub.sleep(60000)").await;
        assert_eq!(
            code(&result),
            "warehouse_unreachable",
            "{address}: {result}"
        );
        let aborted = u64::try_from(number).unwrap() + 1;
        until(&stub, "stopped", |it| {
            it.running == 0 && it.aborted == aborted
        })
        .await;
    }
    let counters = elsewhere.counters();
    assert_eq!(counters.result_polls, 0);
    assert_eq!(counters.unknown_requests, Vec::<String>::new());
    stub.set(|settings| settings.result_url_host = None);
    assert_eq!(code(&run(&server, "select stub.sleep(400)").await), "ok");
    stop(server, &stub).await;
}

/// Pieces of some 220 KiB, which count half as much again while they are fetched and read.
fn in_large_pieces(delay_ms: u64) -> String {
    format!(
        "select * from stub.rows(n => 60000, chunk => 10000, inline => 0, delay_ms => {delay_ms})"
    )
}

/// Reads six such results to their ends at once; how many pieces were fetched at once.
async fn six_at_once(stub: &Stub, server: &Server) -> u64 {
    let sql = in_large_pieces(50);
    let read = async || {
        let mut rows = 0;
        let first = json!({"sql": sql, "limit": 10000, "format": "csv"});
        let mut result = execute(server, first).await;
        loop {
            assert_eq!(code(&result), "ok", "{result}");
            let answer = &result["structuredContent"];
            rows += answer["row_count"].as_u64().unwrap();
            let next = json!({"cursor": answer["next_cursor"]});
            if next["cursor"].is_null() {
                return rows;
            }
            result = server.mcp().call_tool("fetch_results", next).await;
        }
    };
    let rows = futures::future::join_all((0..6).map(|_| read())).await;
    assert_eq!(rows, [60_000; 6]);
    stub.counters().max_concurrent_chunk_gets
}

#[tokio::test]
async fn results_fetched_at_once_share_the_memory_there_is() {
    let vars = [
        ("SNOWFLAKE_POOL_MAX_SIZE", "8"),
        ("DOWNLOAD_MEMORY_LIMIT", "1MiB"),
    ];
    let stub = Stub::start().await;
    let server = serve(&stub, &vars[..1]).await;
    let unlimited = six_at_once(&stub, &server).await;
    assert!(unlimited > 3, "{unlimited} pieces at once");
    stop(server, &stub).await;

    let stub = Stub::start().await;
    let server = serve(&stub, &vars).await;
    let limited = six_at_once(&stub, &server).await;
    assert!((1..=3).contains(&limited), "{limited} pieces at once");
    let (_, metrics) = server.get(&server.probe_url("/metrics")).await;
    let in_use = "snowflake_mcp_download_memory_bytes 0\n";
    assert!(metrics.contains(in_use), "all was given back");

    // Who waits in vain is told so when its time is over, and what to set.
    let slow = json!({"sql": in_large_pieces(4000), "limit": 10});
    let quick = json!({"sql": in_large_pieces(0), "limit": 10, "timeout_seconds": 1});
    let (slow, quick) = tokio::join!(execute(&server, slow), async {
        until(&stub, "fetching", |it| it.concurrent_chunk_gets >= 2).await;
        execute(&server, quick).await
    });
    assert_eq!(code(&slow), "ok", "{slow}");
    assert_eq!(code(&quick), "warehouse_busy", "{quick}");
    assert_eq!(quick["structuredContent"]["retryable"], true);
    let message = quick["structuredContent"]["message"].as_str().unwrap();
    assert!(message.contains("DOWNLOAD_MEMORY_LIMIT"), "{message}");
    stop(server, &stub).await;
}
