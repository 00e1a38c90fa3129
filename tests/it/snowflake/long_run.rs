//! Months in short: tokens that expire all the time, under load.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{code, execute, run, serve, stop};
use crate::stub::Stub;
use crate::support::Server;

#[tokio::test]
async fn days_of_expiring_tokens_under_load_fail_no_call() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.sync_window_ms = 200;
        settings.token_lifetime_s = 1.0;
        settings.master_lifetime_s = 4.0;
    });
    let server = serve(&stub, &[]).await;
    let end = Instant::now() + Duration::from_secs(12);
    let callers = (0..4).map(|_| async {
        let mut calls = 0;
        while Instant::now() < end {
            let result = run(&server, "select stub.sleep(20)").await;
            assert_eq!(code(&result), "ok", "{result}");
            calls += 1;
        }
        calls
    });
    let calls: u64 = join_all(callers).await.into_iter().sum();
    let counters = stub.counters();
    assert_eq!(counters.statements, calls, "each call ran once");
    assert!(counters.renewals > 4, "{counters:?}");
    assert!(counters.logins > 4, "{counters:?}");
    stop(server, &stub).await;
}

/// A session token of an hour lives for so long here: an hour of this test is a month.
const TOKEN_LIFETIME: f64 = 5.0;

/// The same for a master token of four hours.
const MASTER_LIFETIME: f64 = 20.0;

/// How long the long run takes: `LONG_RUN_SECONDS`, so that `cargo test` is quick and somebody with time sees more.
#[expect(clippy::disallowed_methods, reason = "no setting of the server")]
fn length() -> Duration {
    let seconds = std::env::var("LONG_RUN_SECONDS");
    let seconds = seconds.map_or(12, |text| text.parse().unwrap());
    Duration::from_secs(seconds)
}

/// One request in a hundred is broken, at each endpoint, in every way that passes.
fn one_in_a_hundred() -> Value {
    let kinds = [
        json!({"kind": "status", "code": 503}),
        json!({"kind": "status", "code": 429, "retry_after": 1}),
        json!({"kind": "html"}),
        json!({"kind": "truncate"}),
        json!({"kind": "reset"}),
    ];
    let endpoints = [
        "login",
        "renew",
        "heartbeat",
        "close",
        "query",
        "result",
        "abort",
        "chunk",
    ];
    let faults = endpoints.iter().flat_map(|endpoint| {
        kinds
            .iter()
            // A session whose token was lost on the way cannot be signed out by anybody: it is not ours to count.
            .filter(move |kind| (*endpoint, &kind["kind"]) != ("login", &json!("truncate")))
            .map(move |kind| {
                let mut fault = kind.clone();
                fault["endpoint"] = json!(endpoint);
                fault["probability"] = json!(0.002);
                fault
            })
    });
    faults.collect()
}

/// What the server holds: resident kilobytes, open files, threads.
fn held(server: &Server) -> (u64, usize, usize) {
    let process = format!("/proc/{}", server.pid());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|it| it.split_whitespace().next()?.parse().ok());
    let count = |what| {
        std::fs::read_dir(format!("{process}/{what}"))
            .unwrap()
            .count()
    };
    (resident.unwrap(), count("fd"), count("task"))
}

/// One caller's work, again and again: each kind of call a month has, and what its answer must be.
async fn a_callers_month(server: &Server, end: Instant, number: u64) -> u64 {
    let mut calls = 0;
    while Instant::now() < end {
        // Each caller begins elsewhere in the round.
        let turn = (calls + number * 13) % 40;
        let call = match turn {
            // Longer than a session token lives.
            1 => json!({"sql": "select stub.sleep(6000)"}),
            // Stopped by its time limit.
            12 | 28 => json!({"sql": "select stub.sleep(60000)", "timeout_seconds": 1}),
            // Stopped by its caller, who does not wait for an answer.
            20 | 36 => {
                let call = run(server, "select stub.sleep(60000)");
                let patience = Duration::from_millis(300);
                assert!(tokio::time::timeout(patience, call).await.is_err());
                calls += 1;
                continue;
            }
            // In pieces.
            _ if turn.is_multiple_of(4) => {
                json!({"sql": "select * from stub.rows(n => 300, chunk => 100)", "limit": 1000})
            }
            // Long enough to be asked for.
            _ if turn % 4 == 1 => json!({"sql": "select stub.sleep(400)"}),
            // In another database than the caller before.
            _ if turn % 4 == 2 => {
                json!({"sql": "select current_database()", "database": format!("DB{number}")})
            }
            _ => json!({"sql": "select stub.sleep(20)"}),
        };
        let expected: &[&str] = match call.get("timeout_seconds") {
            // The second when a broken request asks for more patience than the call has left.
            Some(_) => &["query_timeout", "warehouse_unreachable"],
            None => &["ok"],
        };
        let result = execute(server, call.clone()).await;
        assert!(
            expected.contains(&code(&result)),
            "{call}: {result}\n{}",
            server.log()
        );
        if call.get("limit").is_some() {
            assert_eq!(result["structuredContent"]["row_count"], 300, "{result}");
        }
        calls += 1;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    calls
}

#[tokio::test]
async fn months_of_calls_with_one_request_in_a_hundred_broken_fail_none() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.sync_window_ms = 200;
        settings.token_lifetime_s = TOKEN_LIFETIME;
        settings.master_lifetime_s = MASTER_LIFETIME;
    });
    let more = [
        ("SNOWFLAKE_POOL_MIN_SIZE", "2"),
        ("SNOWFLAKE_POOL_MAX_SIZE", "6"),
        // An hour of everything would fill the memory of the test.
        ("LOG_LEVEL", "warn"),
    ];
    let server = serve(&stub, &more).await;
    stub.fault(one_in_a_hundred());
    let length = length();
    let (begin, end) = (Instant::now(), Instant::now() + length);
    let watch = async {
        tokio::time::sleep(length / 4).await;
        held(&server)
    };
    let callers = join_all((0..3).map(|number| a_callers_month(&server, end, number)));
    let (calls, early) = tokio::join!(callers, watch);
    let calls: u64 = calls.into_iter().sum();
    let (took, late) = (begin.elapsed(), held(&server));
    stub.heal();
    let warnings = server.lines().len();
    stop(server, &stub).await;
    let mut counters = serde_json::to_value(stub.counters()).unwrap();
    let seen = stub.counters();
    if let Some(counters) = counters.as_object_mut() {
        counters.retain(|_, value| value.is_u64());
    }
    println!(
        "{} s, {calls} calls, none failed, {warnings} log lines; resident, files, threads: {early:?} after a quarter, \
         {late:?} at the end\n{counters}",
        took.as_secs()
    );
    let seconds = length.as_secs();
    assert!(seen.renewals >= seconds / 10, "{counters}");
    assert!(seen.logins >= seconds / 20, "{counters}");
    assert!(seen.faults >= calls / 200, "{counters}");
    assert_eq!(seen.running, 0, "{counters}");
    assert_eq!(seen.logins, seen.sessions_closed + seen.sessions_expired);
    // What a caller gives up on and what is sent again in another session count twice; nothing else does.
    assert!(seen.statements >= calls, "{counters}");
    let (grown, files) = (
        late.0.saturating_sub(early.0),
        late.1.saturating_sub(early.1),
    );
    assert!(grown < 24 * 1024, "grew by {grown} KiB in {took:?}");
    assert!(files < 40, "{files} more files are open");
}
