//! Statements that are meant to take the process down, on an engine with little memory: each ends with a clear error, the
//! process goes on, and its memory stays inside the limit. The engine counts none of what these use.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// What the engine may use.
const LIMIT_MIB: u64 = 128;

/// What the process may use besides: the program and its libraries, requests, and what one more look takes to notice.
const BESIDES_MIB: u64 = 230;

async fn serve() -> (Server, Client) {
    let limit = format!("{LIMIT_MIB}MiB");
    let mut server = Server::start(&[("EMBEDDED_MEMORY_LIMIT", &limit)]).await;
    server.event("ready").await;
    let client = server.mcp();
    (server, client)
}

async fn execute(client: &Client, sql: &str) -> Value {
    client
        .call_tool("execute_query", json!({"sql": sql, "timeout_seconds": 120}))
        .await
}

fn told(answer: &Value) -> String {
    let code = &answer["_meta"]["code"];
    format!("{code} {}", answer["content"][0]["text"])
}

/// The most memory the process has ever had, where the system tells.
fn peak_mib(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib >> 10)
}

async fn is_well(server: &Server, client: &Client) {
    let answer = execute(client, "SELECT COUNT(*) AS N FROM nation").await;
    assert_eq!(answer["isError"], false, "{answer}");
    if let Some(peak) = peak_mib(server) {
        assert!(peak < LIMIT_MIB + BESIDES_MIB, "{peak} MiB");
    }
}

fn nested(times: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[tokio::test]
async fn a_recursion_without_end_ends_inside_the_limit() {
    let (server, client) = serve().await;
    // One row in each round, each once as large as a thousand.
    let endless = "WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r";
    let short = json!({"sql": endless, "timeout_seconds": 20});
    let told = told(&client.call_tool("execute_query", short).await);
    // A fast machine makes so many rounds in the time that their rows fill the memory there is.
    let is_ended = told.starts_with("\"query_timeout\"") || told.starts_with("\"engine_limit\"");
    assert!(is_ended, "{told}");
    is_well(&server, &client).await;
}

#[tokio::test]
async fn texts_that_grow_within_one_step_stay_inside_the_limit() {
    let (server, client) = serve().await;
    let repeats: Vec<String> = (0..40)
        .map(|n| format!("MAX(LENGTH(REPEAT(O_COMMENT || '{n}', 700)))"))
        .collect();
    for statement in [
        format!("SELECT {} FROM orders", repeats.join(", ")),
        format!(
            "SELECT MAX(LENGTH({})) FROM orders",
            nested(12, "REPLACE(", "O_COMMENT", ", 'a', 'aaaa')")
        ),
        format!(
            "SELECT MAX(LENGTH({})) FROM orders",
            nested(8, "REGEXP_REPLACE(", "O_COMMENT", ", '.', 'aaaa')")
        ),
        "SELECT SUM(ARRAY_SIZE(SPLIT(REPEAT(O_COMMENT, 300), ''))) FROM orders".to_owned(),
        "SELECT MAX(LENGTH(LPAD(O_COMMENT, 60000, 'x'))) FROM orders".to_owned(),
    ] {
        let told = told(&execute(&client, &statement).await);
        assert!(told.starts_with("\"engine_limit\""), "{statement}: {told}");
        is_well(&server, &client).await;
    }
}

#[tokio::test]
async fn eight_at_once_stay_inside_the_limit_together() {
    let (server, client) = serve().await;
    let doubled = format!(
        "SELECT MAX(LENGTH(T)) FROM ({})",
        nested(
            10,
            "SELECT T || T AS T FROM (",
            "SELECT REPEAT(O_CLERK, 2) AS T FROM orders",
            ")"
        )
    );
    let statement = &doubled;
    let eight = (0..8).map(|_| execute(&client, statement));
    for answer in futures::future::join_all(eight).await {
        let told = told(&answer);
        assert!(told.starts_with("\"engine_limit\""), "{told}");
    }
    is_well(&server, &client).await;
}

#[tokio::test]
async fn what_would_be_planned_for_long_is_refused_at_once() {
    let (server, client) = serve().await;
    let from: Vec<String> = (0..100).map(|n| format!("nation n{n}")).collect();
    let on: Vec<String> = (1..100)
        .map(|n| format!("n{}.n_nationkey = n{n}.n_nationkey", n - 1))
        .collect();
    let join = format!(
        "SELECT COUNT(*) FROM {} WHERE {}",
        from.join(", "),
        on.join(" AND ")
    );
    let aliases: Vec<String> = (0..16)
        .map(|n| format!("a{n} || a{n} AS a{}", n + 1))
        .collect();
    let doubled = format!("SELECT n_name AS a0, {} FROM nation", aliases.join(", "));
    for (statement, says) in [(join, "at most 28 tables"), (doubled, "aliases")] {
        let told = told(&execute(&client, &statement).await);
        assert!(told.starts_with("\"engine_limit\""), "{told}");
        assert!(told.contains(says), "{told}");
    }
    is_well(&server, &client).await;
}
