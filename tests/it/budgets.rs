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
    let stopped = execute(&plain, json!({"sql": ENDLESS, "timeout_seconds": 3})).await;
    assert_eq!(stopped["code"], "query_timeout", "{stopped}");
    let message = stopped["message"].as_str().unwrap();
    assert!(!message.contains("after 1s"), "its own time: {message}");
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
