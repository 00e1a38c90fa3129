//! What single keys are held to, through the front door: a key with limits beside one without.

use serde_json::{Value, json};

use crate::support::{Client, ENDLESS, Server};

const LIMITED: &str = "limited-key-0123456789abcdef";
const PLAIN: &str = "plain-key-0123456789abcdef";

/// A server that is ready, and two callers: one whose key has these limits, one whose has none.
async fn serve(limits: &str) -> (Server, Client, Client) {
    let keys = format!("{LIMITED} {limits}, {PLAIN}");
    let mut server = Server::start(&[("API_KEYS", &keys)]).await;
    server.event("ready").await;
    let (limited, plain) = (server.mcp().key(LIMITED), server.mcp().key(PLAIN));
    (server, limited, plain)
}

async fn execute(client: &Client, arguments: Value) -> Value {
    let result = client.call_tool("execute_query", arguments).await;
    result["structuredContent"].clone()
}

#[tokio::test]
async fn a_key_is_told_its_own_limits_before_its_first_call() {
    let (_server, limited, plain) = serve("default_rows=3 max_rows=5").await;
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" }
    });
    for (client, told) in [
        (
            limited,
            "cut at 3 rows unless limit says otherwise (at most 5)",
        ),
        (
            plain,
            "cut at 100 rows unless limit says otherwise (at most 10000)",
        ),
    ] {
        let answer = client.request("initialize", hello.clone()).await;
        let instructions = answer["result"]["instructions"].as_str().unwrap();
        assert!(instructions.contains(told), "{instructions}");
    }
}

#[tokio::test]
async fn a_key_gets_no_more_rows_and_bytes_than_it_may() {
    let (_server, limited, plain) =
        serve("default_rows=3 max_rows=5 max_result_bytes=4KiB max_cell_bytes=64B").await;
    let nations = json!({"sql": "select * from nation"});
    let many = json!({"sql": "select * from nation", "limit": 20});
    for (client, arguments, rows) in [
        (&limited, &nations, 3),
        (&plain, &nations, 25),
        // Asked for more, a key gets as many as it may, as everybody does of MAX_ROWS.
        (&limited, &many, 5),
        (&plain, &many, 20),
    ] {
        let answer = execute(client, arguments.clone()).await;
        assert_eq!(answer["row_count"], rows, "{arguments}: {answer}");
    }
    let cut = execute(&limited, many).await;
    assert_eq!(cut["truncation"]["reason"], "row_limit", "{cut}");
    assert_eq!(cut["truncation"]["limit"], 5);
    assert!(
        cut["truncation"]["hint"]
            .as_str()
            .unwrap()
            .contains("5 rows"),
        "{cut}"
    );

    // The rest is read on page by page, each within the limit.
    let mut seen = 5;
    let mut cursor = cut["next_cursor"].clone();
    while !cursor.is_null() {
        let arguments = json!({"cursor": cursor, "limit": 20});
        let page = limited.call_tool("fetch_results", arguments).await;
        let page = &page["structuredContent"];
        assert_eq!(page["first_row"], seen, "{page}");
        assert!(page["row_count"].as_u64().unwrap() <= 5, "{page}");
        seen += page["row_count"].as_u64().unwrap();
        cursor = page["next_cursor"].clone();
    }
    assert_eq!(seen, 25);

    let listed = limited
        .call_tool("list_tables", json!({"limit": 100}))
        .await;
    assert_eq!(listed["structuredContent"]["row_count"], 5, "{listed}");

    let long = json!({"sql": "select repeat('x', 200) as A"});
    assert_eq!(execute(&limited, long.clone()).await["shortened_cells"], 1);
    assert_eq!(execute(&plain, long).await["shortened_cells"], Value::Null);
    let large = "select repeat('x', 50) as A, repeat('y', 50) as B, repeat('z', 50) as C, repeat('z', 60) as D, repeat('z', 60) as E, \
                 repeat('z', 60) as F, repeat('z', 60) as G, repeat('z', 60) as H, repeat('z', 60) as I, repeat('z', 60) as J, \
                 repeat('z', 60) as K, repeat('z', 60) as L, repeat('z', 60) as M, repeat('z', 60) as N from nation";
    let cut = execute(&limited, json!({"sql": large, "limit": 5})).await;
    assert_eq!(cut["truncation"]["reason"], "byte_limit", "{cut}");
    assert_eq!(cut["truncation"]["limit"], 4096);
    let whole = execute(&plain, json!({"sql": large})).await;
    assert_eq!(whole["row_count"], 25, "{whole}");
}

#[tokio::test]
async fn a_key_gets_no_more_time_than_it_may() {
    let (_server, limited, plain) = serve("query_timeout=1s").await;
    let started = std::time::Instant::now();
    let stopped = execute(&limited, json!({"sql": ENDLESS, "timeout_seconds": 60})).await;
    assert_eq!(stopped["code"], "query_timeout", "{stopped}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    // To the hundredth: a few milliseconds of it were gone before the statement was sent.
    let is_told = |stopped: &Value, times: [&str; 2]| {
        let message = stopped["message"].as_str().unwrap();
        times
            .iter()
            .any(|time| message.contains(&format!("after {time}")))
    };
    assert!(is_told(&stopped, ["1 s", "0.9"]), "{stopped}");
    let stopped = execute(&plain, json!({"sql": ENDLESS, "timeout_seconds": 3})).await;
    assert_eq!(stopped["code"], "query_timeout", "{stopped}");
    assert!(is_told(&stopped, ["3 s", "2.9"]), "its own time: {stopped}");
}

#[tokio::test]
async fn a_key_runs_no_more_statements_at_once_than_it_may() {
    let (_server, limited, plain) = serve("max_concurrent_queries=1").await;
    let busy = async {
        // The first is running by then.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let one = json!({"sql": "select 1 as A", "timeout_seconds": 1});
        (
            execute(&limited, one.clone()).await,
            execute(&plain, one).await,
        )
    };
    let first = json!({"sql": ENDLESS, "timeout_seconds": 5});
    let (first, (second, other)) = tokio::join!(execute(&limited, first), busy);
    assert_eq!(first["code"], "query_timeout", "{first}");
    assert_eq!(second["code"], "warehouse_busy", "{second}");
    let message = second["message"].as_str().unwrap();
    assert!(message.contains("max_concurrent_queries"), "{message}");
    assert_eq!(other["row_count"], 1, "others are not held up: {other}");
    let next = execute(&limited, json!({"sql": "select 1 as A"})).await;
    assert_eq!(next["row_count"], 1, "its turn was given back: {next}");
}

#[tokio::test]
async fn a_bad_limit_is_told_at_the_start_by_the_keys_name() {
    let keys = format!("{PLAIN}, {LIMITED} max_rows=1000000");
    let output = crate::support::run(&["check"], &[("API_KEYS", &keys)]);
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("API_KEYS"), "{told}");
    assert!(told.contains("behind key 2 (key:"), "{told}");
    assert!(told.contains("`max_rows` not above MAX_ROWS"), "{told}");
    assert!(!told.contains(LIMITED), "{told}");
}

/// How many of so many calls at once were let through, and the failure of one that was not.
async fn let_through(client: &Client, calls: usize) -> (usize, Option<Value>) {
    let call = || execute(client, json!({"sql": "select 1 as A"}));
    let answers = futures::future::join_all((0..calls).map(|_| call())).await;
    let refused: Vec<_> = answers
        .into_iter()
        .filter(|it| !it["code"].is_null())
        .collect();
    assert!(
        refused.iter().all(|it| it["code"] == "rate_limited"),
        "{refused:?}"
    );
    (calls - refused.len(), refused.into_iter().next())
}

#[tokio::test]
async fn a_caller_that_calls_too_often_is_told_how_long_to_wait() {
    let keys = format!("{LIMITED} rate_limit_per_minute=12, {PLAIN}");
    let vars = [("API_KEYS", keys.as_str()), ("RATE_LIMIT_PER_MINUTE", "30")];
    let mut server = Server::start(&vars).await;
    server.event("ready").await;
    let (limited, plain) = (server.mcp().key(LIMITED), server.mcp().key(PLAIN));
    // On a slow machine some of what was used up is back before the last call.
    let (through, refused) = let_through(&limited, 40).await;
    assert!((12..16).contains(&through), "{through}");
    let refused = refused.unwrap();
    assert_eq!(refused["retryable"], true, "{refused}");
    let wait = refused["retry_after_seconds"].as_u64().unwrap();
    assert!((1..=5).contains(&wait), "one in five seconds: {refused}");
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("12 calls per minute")
    );
    assert!(
        refused["hint"]
            .as_str()
            .unwrap()
            .contains(&format!("wait {wait} s"))
    );
    let (through, _) = let_through(&plain, 40).await;
    assert!(
        (30..38).contains(&through),
        "others are not held up: {through}"
    );

    // Lists that are kept in memory count as well; what is no call of a tool does not.
    let listed = limited.call_tool("list_databases", json!({})).await;
    assert_eq!(
        listed["structuredContent"]["code"], "rate_limited",
        "{listed}"
    );
    let tools = limited.request("tools/list", json!({})).await;
    assert!(tools["result"]["tools"].is_array(), "{tools}");

    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    assert_eq!(let_through(&limited, 1).await.0, 1, "as it was told");
    let (_, metrics) = server.get(&server.probe_url("/metrics")).await;
    let counted =
        "snowflake_mcp_tool_calls_total{outcome=\"rate_limited\",tool=\"list_databases\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn callers_without_a_key_are_told_apart_by_their_addresses() {
    let mut server = Server::start(&[("RATE_LIMIT_PER_MINUTE", "2")]).await;
    server.event("ready").await;
    assert_eq!(let_through(&server.mcp(), 6).await.0, 2);
    // The whole of 127.0.0.0/8 is this machine.
    let elsewhere = reqwest::Client::builder()
        .local_address(std::net::IpAddr::from([127, 0, 0, 2]))
        .build()
        .unwrap();
    let params = json!({"name": "execute_query", "arguments": {"sql": "select 1 as A"}});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let mut through = 0;
    for _ in 0..4 {
        let post = elsewhere.post(server.url("/mcp")).json(&body);
        let post = post
            .header("Accept", "application/json, text/event-stream")
            // Anybody may write this; it makes nobody another caller.
            .header("X-Forwarded-For", format!("192.0.2.{through}"));
        let answer: Value = post.send().await.unwrap().json().await.unwrap();
        let content = &answer["result"]["structuredContent"];
        through += usize::from(content["row_count"] == 1);
    }
    assert_eq!(through, 2);
}
