//! One conversation on stdin and stdout.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::command;
use super::{Signal, send};

/// A program that speaks on its stdin and stdout. Ended when dropped.
pub struct Conversation {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    log: Arc<Mutex<String>>,
    /// Ends when the process has closed stderr.
    reader: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Conversation {
    /// Starts it and gets to know it.
    pub fn start(vars: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(Path::new(env!("CARGO_BIN_EXE_snowflake-mcp")), vars)
            .arg("stdio")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let sink = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).unwrap() > 0 {
                sink.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        let mut conversation = Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            log,
            reader: Some(reader),
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

    pub fn say(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Asks for a tool, and does not wait.
    pub fn ask(&mut self, id: u64, tool: &str, arguments: &Value) {
        self.say(
            &json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        );
    }

    pub fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no message: {line:?}"))
    }

    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Says that there will be no more.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end: how it ended, and what it said without being asked.
    pub fn ended(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (status, rest)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
