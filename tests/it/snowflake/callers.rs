//! Two callers on one pool of sessions, who are one user to Snowflake: nothing of the one is ever seen by the other.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{code, serve, stop};
use crate::stub::Stub;
use crate::support::{Client, Server};
use crate::telemetry::Collector;

/// A caller, by its key, and a word that only this one ever sends.
const FIRST: (&str, &str) = ("first-key-0123456789abcdefgh", "alphamark");
const SECOND: (&str, &str) = ("second-key-0123456789abcdefg", "betamark");

async fn two_callers(stub: &Stub, more: &[(&str, &str)]) -> Server {
    let keys = format!("{}, {}", FIRST.0, SECOND.0);
    let own = [
        ("API_KEYS", keys.as_str()),
        ("AUDIT_LOG_FILE", "audit.jsonl"),
        // Two sessions for all: what the one leaves in them is there for the other.
        ("SNOWFLAKE_POOL_MAX_SIZE", "2"),
        ("SYNC_WAIT", "1s"),
    ];
    let mut server = serve(stub, &[&own, more].concat()).await;
    server.event("ready").await;
    server
}

/// The rows, or the code of the refusal.
async fn ask(client: &Client, sql: &str) -> Value {
    let call = json!({"sql": sql, "format": "json"});
    client.call_tool("execute_query", call).await
}

#[tokio::test]
async fn what_one_caller_left_behind_is_refused_to_the_other() {
    let stub = Stub::start().await;
    let server = two_callers(&stub, &[]).await;
    let (first, second) = (server.mcp().key(FIRST.0), server.mcp().key(SECOND.0));
    let own = ask(&first, "select 'alphamark' as a").await;
    assert_eq!(code(&own), "ok", "{own}");
    let id = own["structuredContent"]["query_id"].as_str().unwrap();
    let before = stub.counters().statements;
    for sql in [
        "select * from table(result_scan(last_query_id()))".to_owned(),
        "select * from table(result_scan(last_query_id(-1)))".to_owned(),
        format!("select * from table(result_scan('{id}'))"),
        format!("select * from table(\"RESULT_SCAN\"('{id}'))"),
        format!("select * from table(identifier('result_scan')('{id}'))"),
        format!("select * from table(/* x */ result_scan /* y */ ('{id}'))"),
        format!("show tables ->> select * from table(result_scan('{id}'))"),
        format!("explain select * from table(result_scan('{id}'))"),
        format!("desc result '{id}'"),
        "describe result last_query_id()".to_owned(),
        "select last_query_id()".to_owned(),
        "select * from table(information_schema.query_history())".to_owned(),
        "select * from table(db.information_schema.query_history_by_user())".to_owned(),
        "select * from table(information_schema.query_history_by_session(1))".to_owned(),
        "select * from table(information_schema.query_history_by_warehouse('W'))".to_owned(),
        "select * from table(information_schema.login_history())".to_owned(),
        format!("select * from table(get_query_operator_stats('{id}'))"),
        format!("select system$explain_plan_json('{id}')"),
        format!("select system$estimate_query_acceleration('{id}')"),
        "select last_transaction()".to_owned(),
        "select $secret".to_owned(),
        "select getvariable('SECRET')".to_owned(),
        "show variables".to_owned(),
        "show transactions".to_owned(),
        "show locks in account".to_owned(),
    ] {
        let refused = ask(&second, &sql).await;
        assert_eq!(code(&refused), "statement_not_allowed", "{sql}: {refused}");
        assert!(!refused.to_string().contains("alphamark"), "{refused}");
        let hint = refused["structuredContent"]["hint"].as_str().unwrap();
        assert!(
            hint.contains("fetch_results") || hint.contains("parameters"),
            "{sql}: {hint}"
        );
    }
    assert_eq!(stub.counters().statements, before, "nothing was sent");
    stop(server, &stub).await;
}

/// One round of a caller with every tool there is; the answers, and what must be nowhere in the other's.
async fn round(client: Client, mark: &str) -> (Vec<Value>, HashSet<String>) {
    let mut answers = Vec::new();
    let mut own = HashSet::from([mark.to_owned()]);
    let paged = json!({"sql": format!("select * from stub.rows(n => 20) -- {mark}"), "limit": 3});
    let long = json!({"sql": format!("select stub.sleep(3000) -- {mark}"), "wait_seconds": 0});
    for (tool, arguments) in [
        (
            "execute_query",
            json!({"sql": format!("select '{mark}' as {mark}_col")}),
        ),
        (
            "execute_query",
            json!({"sql": "select ? as v", "parameters": [mark]}),
        ),
        (
            "execute_query",
            json!({"sql": format!("select * from {mark}_table")}),
        ),
        (
            "execute_query",
            json!({"sql": format!("select 'not allowed' into {mark}_t")}),
        ),
        (
            "execute_query",
            json!({"sql": format!("select stub.fail('100035', '{mark} failed')")}),
        ),
        ("execute_query", paged),
        ("execute_query", long),
        ("explain_query", json!({"sql": format!("select '{mark}'")})),
        ("search_objects", json!({"query": mark})),
        ("list_databases", json!({})),
        ("list_schemas", json!({"database": format!("{mark}_db")})),
        ("list_tables", json!({"schema": format!("{mark}_s")})),
        ("list_views", json!({})),
        ("describe_table", json!({"table": format!("{mark}_table")})),
        ("describe_view", json!({"view": format!("{mark}_view")})),
        ("query_view", json!({"view": format!("{mark}_view")})),
        ("profile_table", json!({"table": format!("{mark}_table")})),
        ("query_history", json!({"contains": mark})),
        ("query_profile", json!({"query_id": UNKNOWN})),
        ("show_context", json!({})),
        (
            "list_semantic_views",
            json!({"schema": format!("{mark}_s")}),
        ),
        (
            "describe_semantic_view",
            json!({"view": format!("{mark}_figures")}),
        ),
        (
            "query_semantic_view",
            json!({"view": format!("{mark}_figures"), "metrics": [mark]}),
        ),
        ("said_again", json!({"word": mark})),
        ("said_again", json!({"word": mark, "not_there": mark})),
        ("said_again", json!({})),
    ] {
        let answer = client.call_tool(tool, arguments).await;
        let told = &answer["structuredContent"];
        let kept = ["query_id", "cursor", "next_cursor"];
        own.extend(
            kept.iter()
                .filter_map(|field| told[field].as_str())
                .map(str::to_owned),
        );
        if let Some(cursor) = told["next_cursor"].as_str() {
            answers.push(
                client
                    .call_tool("fetch_results", json!({"cursor": cursor}))
                    .await,
            );
        }
        if let Some(cursor) = told["cursor"].as_str() {
            for tool in ["query_status", "fetch_results", "cancel_query"] {
                let call = json!({"cursor": cursor, "wait_seconds": 0});
                answers.push(client.call_tool(tool, call).await);
            }
        }
        answers.push(answer);
    }
    for sql in [
        "select last_query_id()",
        "select * from table(result_scan(last_query_id()))",
        "select * from table(information_schema.query_history())",
        "select current_user(), current_role()",
    ] {
        answers.push(ask(&client, sql).await);
    }
    let argument = json!({"name": "table", "value": mark});
    for (method, params) in [
        ("resources/list", json!({})),
        (
            "resources/read",
            json!({"uri": format!("snowflake://{mark}_db/{mark}_s/{mark}_table")}),
        ),
        ("resources/templates/list", json!({})),
        ("prompts/list", json!({})),
        (
            "prompts/get",
            json!({"name": "said_report", "arguments": {"word": mark}}),
        ),
        (
            "prompts/get",
            json!({"name": format!("{mark}_prompt"), "arguments": {"word": mark}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/resource", "uri": "snowflake://{database}/{schema}"},
                "argument": {"name": "schema", "value": mark},
                "context": {"arguments": {"database": format!("{mark}_db")}}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "said_report"}, "argument": argument}),
        ),
        ("tools/list", json!({})),
        (mark, json!({mark: mark})),
    ] {
        answers.push(client.request(method, params).await);
    }
    (answers, own)
}

/// One tool and one prompt of the operator's, which say what they are told.
const TOOLS: &str = "\
version: 1
tools:
  - name: said_again
    description: Says a word again, after all the words before it. Use it to hear a word once more.
    statement: SELECT :word AS said
    parameters:
      - {name: word, type: string, description: The word, max_length: 40}
prompts:
  - name: said_report
    description: A page about a word.
    arguments: [{name: word, required: true}]
    text: Call said_again with {{word}} and write a page.
";

/// An id of no statement.
const UNKNOWN: &str = "01b2c3d4-0001-2345-0000-00000000ffff";

/// Cursors made of two others: the content of the one with the signature of the other, and the one in the middle of the other.
fn swapped(one: &str, other: &str) -> Vec<String> {
    let read = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (one, other) = (read(one), read(other));
    let places = [16, one.len() - 16, one.len() / 2];
    let places = places.into_iter().filter(|place| *place < other.len());
    places
        .flat_map(|place| {
            [
                [&one[..place], &other[place..]].concat(),
                [&other[..place], &one[place..]].concat(),
            ]
        })
        .filter(|made| *made != one && *made != other)
        .map(|made| URL_SAFE_NO_PAD.encode(made))
        .collect()
}

#[tokio::test]
async fn two_callers_who_hammer_every_tool_leave_no_trace_of_each_other() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.catalog = vec!["ORDERS.ID".to_owned()]);
    let (collector, endpoint) = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let tools = folder.path().join("tools.yaml");
    std::fs::write(&tools, TOOLS).unwrap();
    let more = [
        ("CUSTOM_TOOLS_FILE", tools.to_str().unwrap()),
        ("TOOLSETS", "catalog,query,semantic,custom"),
        // So that what the one asks is there when the other asks the same.
        ("CATALOG_CACHE_TTL", "1h"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "x-collector-key=collector%20key",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("TRACE_SQL", "true"),
    ];
    let server = two_callers(&stub, &more).await;
    let offered = server.mcp().key(FIRST.0);
    let offered = offered.request("tools/list", json!({})).await;
    let rounds = (0..4).map(|number| {
        let (key, mark) = if number % 2 == 0 { FIRST } else { SECOND };
        round(server.mcp().key(key), mark)
    });
    let rounds = join_all(rounds).await;
    let of = |rest: usize| {
        let mine = rounds.iter().skip(rest).step_by(2);
        let answers: Vec<&Value> = mine.clone().flat_map(|(answers, _)| answers).collect();
        let own: HashSet<&String> = mine.flat_map(|(_, own)| own).collect();
        (answers, own)
    };
    let (first, second) = (of(0), of(1));
    assert!(first.1.len() > 10 && second.1.len() > 10, "{:?}", first.1);
    for ((answers, _), (_, others)) in [(&first, &second), (&second, &first)] {
        for answer in answers {
            let text = answer.to_string();
            let trace = others.iter().find(|trace| text.contains(trace.as_str()));
            assert_eq!(trace, None, "{text}");
        }
    }
    // A cursor leads its own caller alone, and two of them make no third.
    let thief = server.mcp().key(SECOND.0);
    let cursors_of = |rest: usize| {
        let answers = rounds.iter().skip(rest).step_by(2);
        let answers = answers.flat_map(|(answers, _)| answers);
        let cursors = answers.filter_map(|answer| {
            let told = &answer["structuredContent"];
            told["next_cursor"].as_str().or(told["cursor"].as_str())
        });
        cursors.map(str::to_owned).collect::<Vec<_>>()
    };
    let (stolen, own) = (cursors_of(0), cursors_of(1));
    assert!(stolen.len() > 3 && own.len() > 3, "{stolen:?}");
    let made = stolen.iter().zip(&own).flat_map(|(of_first, of_second)| {
        // A name's list has another layout, and a role a length of its own.
        swapped(of_first, of_second)
    });
    let tried: Vec<String> = stolen.iter().cloned().chain(made).collect();
    for cursor in &tried {
        for tool in ["fetch_results", "query_status", "cancel_query"] {
            let refused = thief.call_tool(tool, json!({"cursor": cursor})).await;
            assert_eq!(refused["isError"], true, "{tool}: {refused}");
            let told = refused.to_string();
            let trace = first.1.iter().find(|trace| told.contains(trace.as_str()));
            assert_eq!(trace, None, "{tool}: {told}");
        }
    }

    let (_, metrics) = server.get(&server.probe_url("/metrics")).await;
    for trace in first.1.iter().chain(&second.1) {
        assert!(!metrics.contains(trace.as_str()), "{trace} in the metrics");
    }
    let audited = std::fs::read_to_string(server.folder.path().join("audit.jsonl")).unwrap();
    let lines: Vec<Value> = audited
        .lines()
        .map(str::to_owned)
        .chain(server.log().lines().map(str::to_owned))
        .filter_map(|line| serde_json::from_str(&line).ok())
        .filter(|line: &Value| line["caller"].is_string())
        .collect();
    for tool in offered["result"]["tools"].as_array().unwrap() {
        let called = |line: &Value| line["tool"] == tool["name"];
        assert!(lines.iter().any(called), "{tool} is not among the calls");
    }
    let traces = collector.traces();
    let of_calls = traces.iter().filter(|it| it.contains("mark")).count();
    assert!(of_calls > 8, "{of_calls} traces");
    for trace in traces {
        let is_of = |own: &HashSet<&String>| own.iter().any(|it| trace.contains(it.as_str()));
        assert!(!(is_of(&first.1) && is_of(&second.1)), "{trace}");
    }
    // Which of the two a line is of, by what it holds: no line holds traces of both, and no caller is in lines of both.
    let mut callers = [HashSet::new(), HashSet::new()];
    for line in &lines {
        let text = line.to_string();
        let is_of = |own: &HashSet<&String>| own.iter().any(|trace| text.contains(trace.as_str()));
        let found = [is_of(&first.1), is_of(&second.1)];
        assert_ne!(found, [true, true], "{text}");
        for (which, callers) in callers.iter_mut().enumerate() {
            if found[which] {
                callers.insert(line["caller"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(
        callers.iter().all(|callers| callers.len() == 1),
        "{callers:?}"
    );
    assert!(callers[0].is_disjoint(&callers[1]), "{callers:?}");
    // An id, which is no secret, leads nobody else.
    for id in first.1.iter().filter(|own| own.len() == UNKNOWN.len()) {
        let told = thief
            .call_tool("query_profile", json!({"query_id": id}))
            .await;
        assert_eq!(told["isError"], true, "{told}");
        assert!(!told.to_string().contains(FIRST.1), "{told}");
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_session_in_which_something_was_made_is_not_handed_on() {
    let stub = Stub::start().await;
    let more = [("SQL_POLICY", "admin"), ("SNOWFLAKE_POOL_MAX_SIZE", "1")];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    for sql in [
        "create temporary table t (a int)",
        "call p()",
        "alter table t add column b int",
    ] {
        let before = stub.counters();
        let made = ask(&server.mcp(), sql).await;
        assert_eq!(code(&made), "ok", "{made}");
        assert_eq!(code(&ask(&server.mcp(), "select 1").await), "ok");
        let last = stub.counters().last_statement["session"].clone();
        assert_ne!(last, before.last_statement["session"], "{sql}");
        assert_eq!(stub.counters().logins, before.logins + 1, "{sql}");
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn every_statement_is_sent_as_one_and_every_session_reads_names_as_the_policy_does() {
    let stub = Stub::start().await;
    let mut server = serve(&stub, &[]).await;
    server.event("ready").await;
    for (arguments, what) in [
        (json!({"sql": "select 1"}), "a query"),
        (
            json!({"sql": "select 1", "database": "other"}),
            "a query behind USE",
        ),
        (json!({"sql": "show tables"}), "a list"),
    ] {
        let answer = server.mcp().call_tool("execute_query", arguments).await;
        assert_eq!(code(&answer), "ok", "{answer}");
        let sent = stub.counters().last_statement["parameters"]["MULTI_STATEMENT_COUNT"].clone();
        assert_eq!(sent, 1, "{what}");
    }
    let asked = &stub.counters().last_login["SESSION_PARAMETERS"];
    assert_eq!(asked["QUOTED_IDENTIFIERS_IGNORE_CASE"], false, "{asked}");
    assert_eq!(asked["SEARCH_PATH"], "$current, $public", "{asked}");
    assert_eq!(asked["AUTOCOMMIT"], true, "{asked}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_session_that_reads_names_otherwise_is_not_used() {
    for (name, value) in [
        ("QUOTED_IDENTIFIERS_IGNORE_CASE", json!(true)),
        ("SEARCH_PATH", json!("$current, secret.hr, $public")),
        ("AUTOCOMMIT", json!(false)),
    ] {
        let stub = Stub::start().await;
        stub.set(|settings| {
            settings
                .parameters_forced
                .insert(name.to_owned(), value.clone());
        });
        let server = serve(&stub, &[]).await;
        let refused = ask(&server.mcp(), "select 1").await;
        assert_ne!(code(&refused), "ok", "{refused}");
        assert_eq!(stub.counters().statements, 0, "{name}");
        assert!(server.log().contains(name), "{}", server.log());
        stop(server, &stub).await;
    }
}

/// Each caller has the role of its grant from the login on, and no other; nothing of a key ever goes to Snowflake.
#[tokio::test]
async fn a_caller_has_a_role_of_its_grant_and_no_other() {
    let stub = Stub::start().await;
    let keys = [
        "analyst-key-of-32-characters-0001",
        "reader-key-of-32-characters-00002",
    ];
    let entry = |name: &str, key: &str| {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(key.as_bytes());
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"name": name, "hash": format!("sha256:{digits}"), "grant": name})
    };
    let file = json!({"version": 1, "keys": [entry("analyst", keys[0]), entry("reader", keys[1])], "grants": {
        "analyst": {"roles": ["ANALYST", "FINANCE"]}, "reader": {"roles": ["MCP_READ"]},
    }});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callers.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let more = [
        ("CALLERS_FILE", path.to_str().unwrap()),
        ("SNOWFLAKE_IDENTITY", "mapped"),
    ];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    let (analyst, reader) = (server.mcp().key(keys[0]), server.mcp().key(keys[1]));
    let role = |client: Client, role: Option<&'static str>| async move {
        let mut call = json!({"sql": "select current_role()", "format": "json"});
        if let Some(role) = role {
            call["role"] = json!(role);
        }
        client.call_tool("execute_query", call).await
    };
    for (client, asked, expected) in [
        (&analyst, None, "ANALYST"),
        (&reader, None, "MCP_READ"),
        (&analyst, Some("FINANCE"), "FINANCE"),
        (&analyst, None, "ANALYST"),
    ] {
        let answer = role(client.clone(), asked).await;
        assert_eq!(
            answer["structuredContent"]["rows"],
            json!([[expected]]),
            "{answer}"
        );
    }
    let logins = stub.counters().logins;
    for (client, asked) in [
        (&reader, "ANALYST"),
        (&reader, "ACCOUNTADMIN"),
        (&analyst, "MCP_READ"),
        (&analyst, "SYSADMIN"),
    ] {
        let refused = role(client.clone(), Some(asked)).await;
        assert_eq!(refused["isError"], true, "{asked}: {refused}");
    }
    assert_eq!(
        stub.counters().logins,
        logins,
        "no login for a role that is not granted"
    );
    let tags = stub.counters().queries_by_tag;
    let told: Vec<&String> = tags.keys().filter(|tag| tag.contains("key:")).collect();
    assert!(
        told.iter().any(|tag| tag.contains("key:reader")),
        "{tags:?}"
    );
    assert!(
        !tags
            .keys()
            .any(|tag| keys.iter().any(|key| tag.contains(key)))
    );
    // A cursor lives for a day, a grant until the file changes.
    let call = json!({"sql": "select * from stub.rows(n => 20)", "limit": 5, "role": "FINANCE", "format": "json"});
    let page = analyst.call_tool("execute_query", call).await;
    let cursor = page["structuredContent"]["next_cursor"].clone();
    let fetch = async || {
        let call = json!({"cursor": cursor, "limit": 1});
        analyst.call_tool("fetch_results", call).await
    };
    assert_eq!(code(&fetch().await), "ok");
    let narrower = file
        .to_string()
        .replace(r#""ANALYST","FINANCE""#, r#""ANALYST""#);
    std::fs::write(&path, narrower).unwrap();
    let end = Instant::now() + Duration::from_secs(25);
    let refused = loop {
        let fetched = fetch().await;
        if code(&fetched) != "ok" {
            break fetched;
        }
        assert!(
            Instant::now() < end,
            "still read with a role that was taken away"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert!(refused.to_string().contains("FINANCE"), "{refused}");
    stop(server, &stub).await;
}
