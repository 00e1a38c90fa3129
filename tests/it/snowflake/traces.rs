//! Two callers who use every tool at once on one pool of sessions: no answer, log, metric or audit line has a trace of the other.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use serde_json::{Value, json};

use super::callers::{FIRST, SECOND, ask, two_callers};
use super::support::stop;
use crate::stub::Stub;
use crate::support::Client;
use crate::telemetry::Collector;

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
