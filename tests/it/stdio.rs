//! One conversation on stdin and stdout.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{ENDLESS, Signal, command, run, send};

/// A program that speaks on its stdin and stdout. Ended when dropped.
struct Conversation {
    child: Option<Child>,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Conversation {
    /// Starts it and gets to know it.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(Path::new(env!("CARGO_BIN_EXE_snowflake-mcp")), &[])
            .arg("stdio")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut conversation = Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child: Some(child),
            _folder: folder,
        };
        conversation.say(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        }}));
        let answer = conversation.hear();
        assert_eq!(answer["result"]["serverInfo"]["name"], "snowflake-mcp");
        conversation.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        conversation
    }

    fn say(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no message: {line:?}"))
    }

    fn signal(&self, signal: Signal) {
        send(self.child.as_ref().unwrap(), signal);
    }

    /// What it leaves behind when it ends by itself.
    fn ended(mut self) -> Output {
        self.child.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_ends_well_when_its_client_does() {
    let mut conversation = Conversation::start();
    conversation.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
    let answer = conversation.hear();
    assert!(answer["result"]["tools"].is_array(), "{answer}");
    conversation.stdin = None;
    let output = conversation.ended();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    // Logs are on stderr; on stdout a single stray line would break the protocol.
    assert!(told(&output).contains(r#""event":"connected""#));
}

#[test]
fn it_ends_well_when_nobody_ever_speaks() {
    let output = run(&["stdio"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_signal_interrupts_calls_and_answers_them() {
    let mut conversation = Conversation::start();
    conversation.say(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": "execute_query", "arguments": {"sql": ENDLESS}}}));
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    conversation.signal(Signal::TERM);
    let answer = conversation.hear();
    assert_eq!(answer["id"], 7, "{answer}");
    assert_eq!(
        answer["result"]["structuredContent"]["code"],
        "query_cancelled"
    );
    let output = conversation.ended();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        asked.elapsed() < Duration::from_secs(15),
        "{}",
        told(&output)
    );
}

#[test]
fn a_call_may_outlive_its_client_by_seconds_only() {
    let mut conversation = Conversation::start();
    conversation.say(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": "execute_query", "arguments": {"sql": ENDLESS}}}));
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    conversation.stdin = None;
    let output = conversation.ended();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    // rmcp gives five seconds to what was asked before the end, for clients that are a pipe and read on.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}: {}", told(&output));
}
