//! One conversation on stdin and stdout, and its ends.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Conversation, ENDLESS, Signal, run};

#[test]
fn it_ends_well_when_its_client_does() {
    let mut conversation = Conversation::start(&[]);
    conversation.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
    let answer = conversation.hear();
    assert!(answer["result"]["tools"].is_array(), "{answer}");
    conversation.hang_up();
    let (status, _) = conversation.ended();
    let log = conversation.log();
    assert_eq!(status.code(), Some(0), "{log}");
    // Logs are on stderr; on stdout a single stray line would break the protocol.
    assert!(log.contains(r#""event":"connected""#));
}

#[test]
fn it_ends_well_when_nobody_ever_speaks() {
    let output = run(&["stdio"], &[]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_signal_interrupts_calls_and_answers_them() {
    let mut conversation = Conversation::start(&[]);
    conversation.ask(7, "execute_query", &json!({"sql": ENDLESS}));
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    conversation.signal(Signal::TERM);
    let answer = conversation.hear();
    assert_eq!(answer["id"], 7, "{answer}");
    assert_eq!(
        answer["result"]["structuredContent"]["code"],
        "query_cancelled"
    );
    let (status, _) = conversation.ended();
    let log = conversation.log();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(15), "{log}");
}

#[test]
fn a_call_may_outlive_its_client_by_seconds_only() {
    let mut conversation = Conversation::start(&[]);
    conversation.ask(7, "execute_query", &json!({"sql": ENDLESS}));
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    conversation.hang_up();
    let (status, _) = conversation.ended();
    let log = conversation.log();
    assert_eq!(status.code(), Some(0), "{log}");
    // rmcp gives five seconds to what was asked before the end, for clients that are a pipe and read on.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}: {log}");
}
