//! Starting, watching and ending the program.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::Client;

/// Longer than anything takes, even on a busy machine. Only a failing test ever waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every server of a test is set to, unless the test sets it otherwise.
const DEFAULTS: [(&str, &str); 6] = [
    ("SERVER_PORT", "0"),
    ("LOG_FORMAT", "json"),
    // A build that runs beside the tests must not restart their servers.
    ("SERVER_RELOAD", "false"),
    ("SHUTDOWN_TIMEOUT", "5s"),
    // Tests are programs: they look at values, and at many of them. What agents are given is tested in agents.rs.
    ("STRUCTURED_OUTPUT", "true"),
    ("MAX_RESULT_BYTES", "1MiB"),
];

/// A running program. Ended when dropped.
pub struct Server {
    child: Child,
    /// Where `/mcp` is.
    pub address: SocketAddr,
    /// Where the probes are, when that is elsewhere.
    pub management: Option<SocketAddr>,
    log: Arc<Mutex<Vec<String>>>,
    /// Ends when the process has closed stderr.
    reader: Option<JoinHandle<()>>,
    http: reqwest::Client,
    /// The current folder of the process.
    pub folder: TempDir,
}

/// The program under test: `SNOWFLAKE_MCP`, a release binary for instance, or the one that was built with the tests.
#[expect(clippy::disallowed_methods, reason = "no setting of the server")]
fn program() -> PathBuf {
    let named = std::env::var_os("SNOWFLAKE_MCP");
    named.map_or_else(|| env!("CARGO_BIN_EXE_snowflake-mcp").into(), PathBuf::from)
}

/// Sends a signal to a child that has not been waited for, so that its number is nobody else's yet.
pub fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.unwrap(), signal).unwrap();
}

/// The program with nothing of our environment but what it takes to run.
pub fn command(program: &Path, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(DEFAULTS)
        .envs(vars.iter().copied());
    // A copy of the program in another folder finds the engine's library there.
    let libraries = Path::new(env!("CARGO_BIN_EXE_snowflake-mcp")).parent();
    command.env("LD_LIBRARY_PATH", libraries.unwrap());
    command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str], vars: &[(&str, &str)]) -> Output {
    let program = program();
    let folder = tempfile::tempdir().unwrap();
    command(&program, vars)
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

impl Server {
    /// Serves with these variables.
    pub async fn start(vars: &[(&str, &str)]) -> Self {
        let program = program();
        Self::start_program(&program, &[], vars, tempfile::tempdir().unwrap()).await
    }

    /// The same for a program, arguments and a folder of the test's own.
    pub async fn start_program(
        program: &Path,
        arguments: &[&str],
        vars: &[(&str, &str)],
        folder: TempDir,
    ) -> Self {
        let mut child = command(program, vars)
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let sink = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.lock().unwrap().push(line);
            }
        });
        let mut server = Self {
            child,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            management: None,
            log,
            reader: Some(reader),
            http: reqwest::Client::builder()
                // Also a call that Snowflake lets wait for 45 s.
                .timeout(2 * PATIENCE)
                .build()
                .unwrap(),
            folder,
        };
        let listening = server.event("listening").await;
        server.address = listening["address"].as_str().unwrap().parse().unwrap();
        server.management = listening["management_address"]
            .as_str()
            .map(|address| address.parse().unwrap());
        server
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A URL on the public port.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A URL where the probes are.
    pub fn probe_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.management.unwrap_or(self.address))
    }

    /// An MCP client without a key.
    pub fn mcp(&self) -> Client {
        Client::new(self.http.clone(), self.url("/mcp"))
    }

    /// A plain GET: status and body.
    pub async fn get(&self, url: &str) -> (u16, String) {
        let response = self.http.get(url).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.text().await.unwrap())
    }

    /// A GET of something in JSON.
    pub async fn get_json(&self, url: &str) -> (u16, Value) {
        let (status, body) = self.get(url).await;
        let json = serde_json::from_str(&body);
        (status, json.unwrap_or_else(|_| panic!("no JSON: {body}")))
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// The log lines so far that are events, in order.
    pub fn lines(&self) -> Vec<Value> {
        let log = self.log.lock().unwrap();
        let lines = log.iter().map(|line| serde_json::from_str(line));
        lines.map_while(Result::ok).collect()
    }

    /// Waits for a line whose `event` is this.
    pub async fn event(&mut self, name: &str) -> Value {
        self.nth_event(name, 1).await
    }

    /// Waits until there are so many of them, and gives the last: a server that starts again listens twice.
    pub async fn nth_event(&mut self, name: &str, nth: usize) -> Value {
        self.nth_line(name, nth, |line| line["event"] == name).await
    }

    /// Waits for a line that meets a condition; `what` is for the message when it does not come.
    pub async fn line(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.nth_line(what, 1, is_it).await
    }

    async fn nth_line(&mut self, what: &str, nth: usize, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.exit_status();
            let mut found = self.lines().into_iter().filter(&is_it);
            if let Some(line) = found.nth(nth - 1) {
                return line;
            }
            assert!(
                Instant::now() < deadline && ended.is_none(),
                "no {what} in the log ({ended:?}):\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.exit_status() {
                return status;
            }
            assert!(Instant::now() < deadline, "still runs:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How it ended, if it has; the log is complete then.
    fn exit_status(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().unwrap()?;
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        Some(status)
    }

    /// SIGTERM, then waits for the end.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ours and nobody else's: the handle is the child's, whatever became of its number.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
