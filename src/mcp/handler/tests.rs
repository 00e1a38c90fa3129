//! The choke point, driven over the wire format with tools that misbehave.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rmcp::ServiceExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};

use super::*;
use crate::mcp::failure::Failure;
use crate::mcp::tools::{CallContext, Registry, Reply, Tool, Toolset};
use crate::policy::Policy;
use crate::query::Budget;
use crate::warehouse::{
    Answer, Batch, Cell, Column, DataType, Earlier, Error, Run, Started, Status, Warehouse,
    WarehouseKind,
};

/// A warehouse of one row, or one that never answers.
struct Scripted;

static STOPPED: AtomicBool = AtomicBool::new(false);

struct Stopped;

impl Drop for Stopped {
    fn drop(&mut self) {
        STOPPED.store(true, Ordering::SeqCst);
    }
}

struct One;

impl Batch for One {
    fn rows(&self) -> usize {
        1
    }

    fn cell(&self, _: usize, _: usize) -> Cell<'_> {
        Cell::Number {
            unscaled: 1,
            scale: 0,
        }
    }
}

#[async_trait::async_trait]
impl Warehouse for Scripted {
    fn kind(&self) -> WarehouseKind {
        WarehouseKind::Snowflake
    }

    async fn run(&self, run: Run) -> Result<Answer, Error> {
        if run.statement.text().contains("forever") {
            let _guard = Stopped;
            std::future::pending::<()>().await;
        }
        let column = Column {
            name: "1".into(),
            data_type: DataType::Number {
                precision: 1,
                scale: 0,
            },
            is_nullable: false,
        };
        Ok(Answer {
            query_id: "01".into(),
            columns: Arc::new([column]),
            batches: Box::pin(futures::stream::iter([Ok(Box::new(One) as Box<dyn Batch>)])),
            total_rows: None,
            full_at: None,
        })
    }

    async fn start(&self, run: Run, _: Instant) -> Result<Started, Error> {
        self.run(run).await.map(Started::Ended)
    }

    async fn status(&self, earlier: &Earlier) -> Result<Status, Error> {
        Err(unknown(earlier))
    }

    async fn result(
        &self,
        earlier: &Earlier,
        _: u64,
        _: Instant,
        _: Instant,
    ) -> Result<Started, Error> {
        Err(unknown(earlier))
    }

    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error> {
        Err(unknown(earlier))
    }

    async fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {}
}

/// It keeps nothing.
fn unknown(earlier: &Earlier) -> Error {
    Error::QueryNotFound {
        query_id: earlier.query_id.to_string(),
    }
}

struct Panics;

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct Empty {}

impl Tool for Panics {
    const NAME: &'static str = "panics";
    const TITLE: &'static str = "Panics";
    const DESCRIPTION: &'static str = "Panics.";
    const TOOLSET: Toolset = Toolset::Query;
    type Arguments = Nothing;
    type Output = Empty;

    async fn call(_: Nothing, _: CallContext) -> Result<Reply, Failure> {
        panic!("a tool that fails in a way nobody thought of")
    }
}

/// A client that speaks lines of JSON, as over stdio.
struct Client {
    reader: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    shutdown: CancellationToken,
}

impl Client {
    async fn connect(timeout: Duration) -> Self {
        let budget = Budget {
            default_rows: 100,
            max_rows: 1000,
            max_bytes: 10_000,
            timeout,
            ..Budget::default()
        };
        let mut registry = Registry::new(&[Toolset::Catalog, Toolset::Query]);
        registry.add::<Panics>();
        let shutdown = CancellationToken::new();
        let handler = Handler::new(Services {
            rates: Rates::new(None, HashMap::new()),
            answers: AnswerCache::for_at_most(Duration::ZERO),
            queries: Arc::new(
                Queries::new(
                    Arc::new(Scripted),
                    Policy::default(),
                    budget,
                    Arc::new(Metrics::new().unwrap()),
                )
                .with_structured_output(true),
            ),
            offered: Offer::from(registry).into(),
            runtime: Handle::current(),
            shutdown: shutdown.clone(),
            scopes: Arc::new(Scopes {
                catalog: None,
                query: None,
                write: None,
                needed: Vec::new(),
                supported: Vec::new(),
            }),
            identify: |_| None,
            exchange: |_| None,
            reports: Reports::default(),
            metrics: Arc::new(Metrics::new().unwrap()),
        });
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move {
            let running = handler
                .serve(tokio::io::split(theirs))
                .await
                .expect("the client initializes");
            let _ = running.waiting().await;
        });
        let (reader, writer) = tokio::io::split(ours);
        let mut client = Self {
            reader: BufReader::new(reader).lines(),
            writer,
            shutdown,
        };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" }
        });
        client.request(0, "initialize", hello).await;
        client.answer().await;
        client
            .send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
        client
    }

    async fn send(&mut self, message: Value) {
        self.writer
            .write_all(format!("{message}\n").as_bytes())
            .await
            .unwrap();
    }

    async fn request(&mut self, id: u32, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
    }

    async fn answer(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(20), self.reader.next_line());
        serde_json::from_str(&line.await.expect("an answer in time").unwrap().unwrap()).unwrap()
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request(
            1,
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
        .await;
        self.answer().await
    }
}

fn code(answer: &Value) -> &str {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["structuredContent"]["code"]
        .as_str()
        .unwrap()
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_panic_in_a_tool_is_answered_and_the_next_call_works() {
    let mut client = Client::connect(LONG).await;
    let answer = client.call("panics", json!({})).await;
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    assert!(
        !answer.to_string().contains("nobody thought of"),
        "the panic's text stays inside: {answer}"
    );
    let answer = client
        .call("execute_query", json!({ "sql": "select 1" }))
        .await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    assert_eq!(answer["result"]["structuredContent"]["row_count"], 1);
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error_and_a_bad_argument_is_not() {
    let mut client = Client::connect(LONG).await;
    assert_eq!(
        client.call("no_such_tool", json!({})).await["error"]["code"],
        -32602
    );
    for (arguments, named) in [
        (json!({ "sql": "select 1", "sqll": 1 }), "sqll"),
        (json!({}), "sql"),
        (json!({ "sql": 5 }), "sql"),
        (json!({ "sql": "" }), "argument sql: it is empty"),
        (json!({ "sql": "select 1", "limit": "ten" }), "limit"),
        (json!({ "sql": "select 1", "format": "xml" }), "format"),
        (json!({ "sql": "select 1", "schema": "a.b.c" }), "schema"),
        (
            json!({ "sql": "select 1", "parameters": [[1]] }),
            "parameters[0]",
        ),
        // In words of JSON, not of Rust.
        (json!({}), "the argument `sql` is missing"),
        (
            json!({ "sql": "select 1", "limit": "1O" }),
            "string \"1O\", expected a whole number of rows, at least 1",
        ),
        (
            json!({ "sql": "select 1", "limit": -1 }),
            "expected a whole number of rows, at least 1",
        ),
        (
            json!({ "sql": "select 1", "timeout_seconds": 1.5 }),
            "expected a whole number of seconds, at least 1",
        ),
        (
            json!({ "sql": "select 1", "parameters": { "a": 1 } }),
            "parameters: invalid type: an object, expected a list",
        ),
        // Rounded keys would find nothing, or another row.
        (
            json!({ "sql": "select 1", "parameters": [18_446_744_073_709_551_615_u64] }),
            "parameters[0]: a whole number this large loses digits",
        ),
        (
            json!({ "sql": "select 1", "database": "a", "schema": "b.c" }),
            "schema: it names the database B, and the argument database names A",
        ),
    ] {
        let answer = client.call("execute_query", arguments.clone()).await;
        assert_eq!(code(&answer), "invalid_argument", "{arguments}");
        let message = answer["result"]["structuredContent"]["message"]
            .as_str()
            .unwrap();
        assert!(
            message.contains(named),
            "{arguments} names {named}: {message}"
        );
    }
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_point_and_a_database_twice() {
    let mut client = Client::connect(LONG).await;
    for arguments in [
        json!({ "sql": "select 1", "limit": 10.0, "timeout_seconds": 3.0 }),
        json!({ "sql": "select 1", "limit": 1e30 }),
        json!({ "sql": "select ?, ?, ?", "parameters": [1.5, 1e10, -9_223_372_036_854_775_808_i64] }),
        json!({ "sql": "select 1", "database": "a", "schema": "A.c" }),
    ] {
        let answer = client.call("execute_query", arguments.clone()).await;
        assert_eq!(answer["result"]["isError"], false, "{arguments}: {answer}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_understood_is_told_why() {
    let mut client = Client::connect(LONG).await;
    for (method, params, code, named) in [
        (
            "tools/call",
            json!({ "name": "execute_query", "arguments": [1] }),
            -32602,
            "\"arguments\": an object",
        ),
        ("tools/call", json!({}), -32602, "\"name\": a text"),
        (
            "tools/cal",
            json!({}),
            -32601,
            "no method tools/cal; this server has initialize, ping, tools/list",
        ),
    ] {
        client.request(1, method, params).await;
        let answer = client.answer().await;
        assert_eq!(answer["error"]["code"], code, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(named), "{message}");
    }
}

#[tokio::test]
async fn what_is_no_read_never_reaches_the_warehouse() {
    let mut client = Client::connect(LONG).await;
    for sql in [
        "drop table t",
        "select 1; select 2",
        "insert into t values (1)",
        "select seq.nextval",
    ] {
        assert_eq!(
            code(&client.call("execute_query", json!({ "sql": sql })).await),
            "statement_not_allowed",
            "{sql}"
        );
    }
    assert_eq!(
        code(
            &client
                .call("execute_query", json!({ "sql": "selec 1" }))
                .await
        ),
        "sql_invalid"
    );
    assert_eq!(
        code(
            &client
                .call("explain_query", json!({ "sql": "drop table t" }))
                .await
        ),
        "statement_not_allowed"
    );
}

/// One test for the three ways to end a call, because they share the sign that the statement was stopped.
#[tokio::test]
async fn a_call_that_ends_early_stops_its_statement() {
    let forever = json!({ "sql": "select 'forever'" });

    let mut client = Client::connect(LONG).await;
    client
        .request(
            7,
            "tools/call",
            json!({ "name": "execute_query", "arguments": forever }),
        )
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let params = json!({ "requestId": 7 });
    client
        .send(json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }))
        .await;
    is_stopped().await;

    client
        .request(
            8,
            "tools/call",
            json!({ "name": "execute_query", "arguments": forever }),
        )
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.shutdown.cancel();
    assert_eq!(code(&client.answer().await), "query_cancelled");
    is_stopped().await;
}

async fn is_stopped() {
    for _ in 0..500 {
        if STOPPED.swap(false, Ordering::SeqCst) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the statement still runs");
}

#[tokio::test]
async fn every_tool_says_what_it_is_and_what_it_takes() {
    let mut client = Client::connect(LONG).await;
    client.request(1, "tools/list", json!({})).await;
    let answer = client.answer().await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    assert!(tools.len() >= 10);
    for tool in tools.iter().filter(|tool| tool["name"] != "panics") {
        let name = tool["name"].as_str().unwrap();
        assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
        assert!(tool["outputSchema"].is_null(), "{name}");
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{name}");
        assert!(tool["description"].as_str().unwrap().len() > 40, "{name}");
        for (argument, schema) in tool["inputSchema"]["properties"].as_object().unwrap() {
            assert!(
                schema.get("description").is_some(),
                "{name}.{argument} says nothing of itself"
            );
        }
        assert!(
            !tool.to_string().contains("uint64"),
            "{name}: clients warn about formats they do not know"
        );
    }
}
