//! Traces, logs and the audit log of a running server, and that no secret is in any of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};
use snowflake_mcp::config::Settings;
use snowflake_mcp::telemetry::logs;

use crate::snowflake::support::serve;
use crate::stub::Stub;
use crate::support::{KEY, Server};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Takes what an exporter sends over HTTP.
#[derive(Clone, Default)]
pub struct Collector {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    /// Everything that came, headers included.
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    /// Starts it; the URL is for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn start() -> (Self, String) {
        let collector = Self::default();
        let taking = collector.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(taking.clone()))
                .route("/v1/traces", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        (collector, format!("http://{address}"))
    }

    /// Everything that came, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let scopes = requests
            .iter()
            .flat_map(|request| &request.resource_spans)
            .flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The spans of each trace, as text.
    pub fn traces(&self) -> Vec<String> {
        let mut traces: BTreeMap<Vec<u8>, String> = BTreeMap::new();
        for span in self.spans() {
            let text = traces.entry(span.trace_id.clone()).or_default();
            *text += &format!("{span:?}\n");
        }
        traces.into_values().collect()
    }

    async fn span(&self, name: &str) -> Span {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let found = self.spans().into_iter().find(|span| span.name == name);
            if let Some(span) = found {
                return span;
            }
            let names: Vec<_> = self.spans().into_iter().map(|span| span.name).collect();
            assert!(Instant::now() < deadline, "no {name} in {names:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn take(
    collector: web::Data<Collector>,
    request: actix_web::HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let mut bytes = collector.bytes.lock().unwrap();
    bytes.extend_from_slice(&body);
    let key = request.headers().get("x-collector-key");
    if key.is_none_or(|key| key != "collector key") {
        return HttpResponse::Unauthorized().finish();
    }
    let read = ExportTraceServiceRequest::decode(body).unwrap();
    collector.requests.lock().unwrap().push(read);
    HttpResponse::Ok().finish()
}

fn text(span: &Span, name: &str) -> Option<String> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    let attribute = span.attributes.iter().find(|one| one.key == name)?;
    match attribute.value.clone()?.value? {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A call whose message names a parent.
async fn call(server: &Server, sql: &str) -> Value {
    let params = json!({
        "name": "execute_query", "arguments": {"sql": sql}, "_meta": {"traceparent": PARENT},
    });
    server.mcp().request("tools/call", params).await["result"].clone()
}

#[tokio::test]
async fn one_trace_ties_spans_logs_tag_answer_and_audit_together() {
    let (collector, endpoint) = Collector::start();
    let stub = Stub::start().await;
    let more = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "x-collector-key=collector%20key",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        ),
        ("TRACE_SQL", "true"),
        ("AUDIT_LOG_FILE", "audit.jsonl"),
    ];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    let result = call(&server, "select 'a secret value', 1").await;
    assert_eq!(result["isError"], json!(false), "{result}");
    let whole = collector.span("tools/call execute_query").await;
    assert_eq!(hex(&whole.trace_id), TRACE);
    assert_eq!(hex(&whole.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(
        text(&whole, "gen_ai.tool.name").as_deref(),
        Some("execute_query")
    );
    assert_eq!(
        text(&whole, "db.query.text").as_deref(),
        Some("select ?, ?")
    );
    assert!(text(&whole, "snowflake.query_id").is_some());
    // The request came over HTTP, in a trace of its own that this one points to.
    let http = collector.span("POST /mcp").await;
    assert_eq!(whole.links[0].span_id, http.span_id);
    for step in ["policy", "wait", "SELECT", "POST", "render"] {
        let span = collector.span(step).await;
        assert_eq!(hex(&span.trace_id), TRACE, "{step}");
        assert_eq!(span.parent_span_id, whole.span_id, "{step}");
    }
    // Snowflake is told which span its request came from.
    let endpoint = |span: &Span| text(span, "snowflake.endpoint");
    let mut requests = collector.spans().into_iter();
    let sent = requests.find(|span| endpoint(span).as_deref() == Some("query"));
    let told = stub.counters().last_statement["traceparent"].clone();
    let sender = hex(&sent.unwrap().span_id);
    assert_eq!(told, format!("00-{TRACE}-{sender}-01"));
    let execute = collector.span("SELECT").await;
    assert_eq!(
        text(&execute, "db.system.name").as_deref(),
        Some("snowflake")
    );
    let request = collector.span("POST").await;
    assert_eq!(
        text(&request, "server.address").as_deref(),
        Some("127.0.0.1")
    );

    let failed = call(&server, "drop table x").await;
    assert_eq!(failed["structuredContent"]["trace_id"], TRACE, "{failed}");
    let tagged = |line: &Value| line["tool"] == "execute_query" && line["trace_id"] == TRACE;
    let line = server.line("request line", tagged).await;
    assert_eq!(line["route"], "/mcp", "{line}");
    assert_eq!(line["status"], 200, "{line}");
    assert!(
        line["query_id"].is_string() && line["duration_ms"].is_number(),
        "{line}"
    );
    let audited = std::fs::read_to_string(server.folder.path().join("audit.jsonl"));
    let folder = server.folder.path().join("audit.jsonl");
    assert!(server.stop().await.success());
    let audited = std::fs::read_to_string(folder).or(audited).unwrap();
    let records: Vec<Value> = audited
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 2, "{audited}");
    let (first, second) = (&records[0], &records[1]);
    assert_eq!(
        (&first["outcome"], &first["verdict"]),
        (&json!("ok"), &json!("approved"))
    );
    assert_eq!(first["statements"][0]["sql"], "select ?, ?");
    assert_eq!(first["trace_id"], TRACE);
    assert_eq!(first["caller"], "anonymous");
    assert!(
        first["query_id"].is_string() && first["rows"].is_number(),
        "{first}"
    );
    assert_eq!(second["outcome"], "statement_not_allowed");
    assert_eq!(second["verdict"], "kind");
    for text in [audited.as_str(), &server.log()] {
        assert!(!text.contains("a secret value"), "{text}");
    }
    let bytes = collector.bytes.lock().unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("a secret value"));
}

/// How much a statement has read, and whether one that was left running has ended, is asked when the call is over.
#[tokio::test]
async fn what_is_asked_after_a_call_belongs_to_its_trace() {
    for (sql, sync_wait) in [
        ("select stub.sleep(1200)", "45s"),
        ("select stub.sleep(2500)", "1s"),
    ] {
        let (collector, endpoint) = Collector::start();
        let stub = Stub::start().await;
        let more = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "x-collector-key=collector%20key",
            ),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            ("SYNC_WAIT", sync_wait),
        ];
        let server = serve(&stub, &more).await;
        call(&server, sql).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        let asked = loop {
            let mut spans = collector.spans().into_iter();
            let is_status =
                |span: &Span| text(span, "snowflake.endpoint").as_deref() == Some("status");
            if let Some(asked) = spans.find(is_status) {
                break asked;
            }
            assert!(Instant::now() < deadline, "{sql}: nothing was asked");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(hex(&asked.trace_id), TRACE, "{sql}");
    }
}

#[tokio::test]
async fn a_collector_that_is_down_costs_calls_nothing_and_is_told_once() {
    // Nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    for protocol in ["http/protobuf", "grpc"] {
        let mut server = Server::start(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ])
        .await;
        server.event("ready").await;
        for _ in 0..5 {
            let result = call(&server, "SELECT 1").await;
            assert_eq!(result["isError"], json!(false), "{result}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let told = |line: &Value| {
            let message = line["message"].as_str().unwrap_or_default();
            message.starts_with("spans cannot be exported")
        };
        server.line("warning", told).await;
        let (_, metrics) = server.get(&server.url("/metrics")).await;
        assert!(
            !metrics.contains(r#"trace_spans_total{outcome="failed"} 0"#),
            "{metrics}"
        );
        let asked = Instant::now();
        assert!(server.stop().await.success());
        assert!(asked.elapsed() < Duration::from_secs(5), "{protocol}");
        assert_eq!(server.lines().iter().filter(|line| told(line)).count(), 1);
    }
}

#[tokio::test]
async fn a_trace_that_nobody_wants_is_not_sent() {
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ] {
        let (collector, endpoint) = Collector::start();
        let mut server = Server::start(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "x-collector-key=collector%20key",
            ),
            ("OTEL_BSP_SCHEDULE_DELAY", "10"),
            (name, value),
        ])
        .await;
        server.event("ready").await;
        call(&server, "SELECT 1").await;
        assert!(server.stop().await.success());
        assert!(collector.spans().is_empty(), "{name}");
        // The id is there all the same.
        assert!(server.log().contains(TRACE), "{name}");
    }
}

/// What `LOG_LEVEL` hides is a span all the same, and a library's spans are where they are asked for.
#[tokio::test]
async fn the_filter_of_spans_is_not_that_of_lines() {
    let (collector, endpoint) = Collector::start();
    let mut server = Server::start(&[
        ("LOG_LEVEL", "ERROR"),
        ("TRACE_FILTER", "rmcp=info"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "x-collector-key=collector%20key",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ])
    .await;
    server.event("ready").await;
    // A call that wants progress is read by rmcp, whose spans are switched on; others go by it.
    let params = json!({
        "name": "execute_query", "arguments": {"sql": "SELECT 1"}, "_meta": {"progressToken": 1},
    });
    server.mcp().request("tools/call", params).await;
    let http = collector.span("POST /mcp").await;
    let library = collector.span("serve_inner").await;
    assert_eq!(library.parent_span_id, http.span_id);
    collector.span("policy").await;
    assert!(server.stop().await.success());
    let written = |line: &Value| line["level"] == "INFO" && line["target"] != "lifecycle";
    let line = server.lines().into_iter().find(written);
    assert_eq!(line.filter(|line| line["target"] != "audit"), None);
}

/// Everything secret that there is to give, in every place there is for it, with all libraries at their loudest.
#[tokio::test]
async fn no_secret_is_in_logs_metrics_traces_or_answers() {
    const PASSWORD: &str = "pass-SECRET-7f3a";
    const PASSCODE: &str = "passcode-SECRET-11aa";
    const HEADER: &str = "collector-SECRET-5d21";
    const GUESS: &str = "guessed-SECRET-90bc";
    const VALUE: &str = "value-SECRET-4e4e";
    let (collector, endpoint) = Collector::start();
    let stub = Stub::start().await;
    let headers = format!("x-collector-key=collector%20key,authorization={HEADER}");
    let loud = "trace,h2=trace,hyper=trace,hyper_util=trace,reqwest=trace,tonic=trace,rustls=trace,\
        actix_http=trace,actix_web=trace,snowflake_api=trace,mobc=trace,opentelemetry_sdk=trace,h2::codec=trace,\
        hyper::proto=trace,[x]=trace";
    let more = [
        ("API_KEY", KEY),
        ("SNOWFLAKE_PASSWORD", PASSWORD),
        ("SNOWFLAKE_PASSCODE", PASSCODE),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", headers.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("TRACE_SQL", "true"),
        ("AUDIT_LOG_FILE", "audit.jsonl"),
        ("LOG_LEVEL", loud),
        ("TRACE_FILTER", loud),
        ("LOG_FILE", "server.log"),
    ];
    // The stub takes its own password only, so that signing in fails: the errors are what is looked at, too.
    let mut server = serve(&stub, &more).await;
    let mut answers = String::new();
    for key in [KEY, GUESS] {
        let mcp = server.mcp().key(key);
        for (tool, arguments) in [
            ("execute_query", json!({"sql": format!("select '{VALUE}'")})),
            (
                "execute_query",
                json!({"sql": format!("selec '{VALUE}' $$ from")}),
            ),
            ("query_view", json!({"view": "A.B.C"})),
        ] {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": tool, "arguments": arguments}});
            let sent = mcp
                .post()
                .header("X-API-Key", GUESS)
                .header("Cookie", GUESS);
            let answer = sent.json(&body).send().await.unwrap().text().await.unwrap();
            // The caller may see what the caller sent.
            answers.push_str(&answer.replace(VALUE, ""));
        }
    }
    for path in ["/metrics", "/readyz?verbose", "/version", "/livez"] {
        answers.push_str(&server.get(&server.url(path)).await.1);
    }
    collector.span("POST /mcp").await;
    let folder = server.folder.path().to_owned();
    server.stop().await;
    let mut seen = answers + &server.log();
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        seen.push_str(&String::from_utf8_lossy(&bytes));
    }
    seen.push_str(&String::from_utf8_lossy(&collector.bytes.lock().unwrap()));
    assert!(
        seen.contains("\"level\":\"TRACE\""),
        "the libraries were loud"
    );
    for secret in [PASSWORD, PASSCODE, HEADER, GUESS, VALUE, KEY] {
        if let Some(at) = seen.find(secret) {
            let around = seen.get(at.saturating_sub(300)..at + 100);
            panic!("{secret} leaked: {around:?}");
        }
    }
}

/// Says to this test that it is the process in which the panics happen.
const IS_PANICKING: &str = "SNOWFLAKE_MCP_TEST_IS_PANICKING";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the test tells its own copy what to do; no setting of the service"
)]
fn a_panic_shows_its_place_and_no_secret() {
    const NAME: &str = "telemetry::a_panic_shows_its_place_and_no_secret";
    const SECRET: &str = "panic-SECRET-77e1";
    if std::env::var_os(IS_PANICKING).is_some() {
        let vars = [("LOG_FORMAT", "json"), ("LOG_LEVEL", "TRACE")];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::from_vars(&vars.into()).unwrap();
        let _guard = logs::start(&settings.telemetry, None, 1, None).unwrap();
        let refused = SECRET
            .parse::<u8>()
            .map_err(|_| format!("the key is {SECRET}"));
        let in_text = std::thread::spawn(|| panic!("working on {}", SECRET.to_owned()));
        let in_error = std::thread::spawn(move || {
            refused.unwrap();
        });
        let literal = std::thread::spawn(|| panic!("a message of the source"));
        for panicking in [in_text, in_error, literal] {
            assert!(panicking.join().is_err());
        }
        return;
    }
    let copy = std::process::Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(IS_PANICKING, "yes")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&copy.stderr).into_owned();
    assert!(copy.status.success(), "{told}");
    let lines = told.lines().filter(|line| line.contains("a defect"));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{told}");
    for line in &lines {
        assert!(
            line["place"].as_str().unwrap().contains("telemetry.rs:"),
            "{line}"
        );
    }
    assert!(told.contains("a message of the source"), "{told}");
    let out = String::from_utf8_lossy(&copy.stdout);
    assert!(!told.contains(SECRET) && !out.contains(SECRET), "{told}");
}
