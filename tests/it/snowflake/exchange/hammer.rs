//! Persons in parallel over every tool.

use super::*;

/// Calls of the test below: `HAMMER_CALLS`, so that `cargo test` is quick and somebody with time sees more.
#[expect(clippy::disallowed_methods, reason = "no setting of the server")]
fn hammer_calls() -> usize {
    let calls = std::env::var("HAMMER_CALLS").ok();
    calls.and_then(|it| it.parse().ok()).unwrap_or(600)
}

/// Row 35: persons in parallel over every tool. None sees a mark, a user, a role or an id of another, in answers, logs, tags or
/// what Snowflake hears in its sessions.
#[tokio::test]
async fn persons_who_hammer_every_tool_leave_no_trace_of_each_other() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    stub.set(|settings| settings.catalog = vec!["ORDERS.ID".to_owned()]);
    let more = [
        // Fewer sessions than persons and roles: each is wanted by somebody else all the time.
        ("SNOWFLAKE_POOL_MAX_SIZE", "3"),
        ("SNOWFLAKE_USER_MAX_SESSIONS", "2"),
        ("SNOWFLAKE_MAX_IDENTITIES", "2"),
        ("SYNC_WAIT", "20s"),
        ("MAX_QUEUED", "500"),
        ("CATALOG_CACHE_TTL", "1h"),
        ("LOG_LEVEL", "info"),
        ("TOOLSETS", "catalog,query,semantic"),
    ];
    let server = exchanging(&stub, &issuer, &more).await;
    // Their tokens for Snowflake end and are renewed meanwhile.
    issuer.life(20);
    let people = ["alpha", "beta", "gamma"];
    let each = hammer_calls() / (2 * people.len());
    let rounds = (0..2 * people.len()).map(|number| {
        let name = people[number % people.len()];
        let client = server.mcp().key(&token_of(&issuer, name));
        async move { (name, hammer(client, name, each).await) }
    });
    let rounds = futures::future::join_all(rounds).await;
    let listed = server.mcp().key(&token_of(&issuer, "alpha"));
    let listed = listed.request("tools/list", json!({})).await;
    let lines = written(&server);
    for tool in listed["result"]["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        let told = format!(r#""tool":"{name}""#);
        assert!(lines.contains(&told), "{name} is not among what they call");
    }
    let (mut calls, mut named) = (0, 0);
    for (name, answers) in &rounds {
        for answer in answers {
            calls += 1;
            let text = answer.to_string().to_lowercase();
            let other = people
                .iter()
                .find(|other| *other != name && text.contains(**other));
            assert_eq!(other, None, "{name} was told: {text}");
            // Only the question who it is has a role in its rows.
            let row = &answer["structuredContent"]["rows"][0];
            if row[1] == "ANALYST" || row[1] == "FINANCE" {
                assert_eq!(row[0], name.to_uppercase(), "{answer}");
                named += 1;
            }
        }
        let refused = answers
            .iter()
            .filter(|it| code(it) == "sign_in_refused")
            .count();
        assert_eq!(refused, 0, "{name}");
    }
    assert!(
        calls >= each * rounds.len() && named >= calls / 40,
        "{named} of {calls}"
    );
    // No line of a log, and no tag, is of two of them.
    let tags = stub.counters().queries_by_tag;
    let lines = written(&server);
    for line in lines.lines().chain(tags.keys().map(String::as_str)) {
        let line = line.to_lowercase();
        let named = people.iter().filter(|name| line.contains(**name)).count();
        assert!(named <= 1, "{line}");
    }
    // What was sent in a session is of the person who signed in for it.
    let users = stub.users_of_statements();
    assert!(!users.is_empty());
    for (user, text) in users {
        let text = text.to_lowercase();
        let stranger = people
            .iter()
            .find(|name| text.contains(**name) && name.to_uppercase() != user);
        assert_eq!(stranger, None, "{user} ran {text}");
    }
    println!(
        "{calls} calls, {} logins, {} exchanges",
        stub.counters().logins,
        issuer.asked().len()
    );
    stop(server, &stub).await;
}

fn uuid(number: usize) -> String {
    format!("01b2c3d4-0001-2345-0000-{number:012x}")
}

/// So many calls of a person, with every kind of tool in turn.
async fn hammer(client: Client, name: &str, calls: usize) -> Vec<Value> {
    let mut answers = Vec::new();
    let mut number = 0;
    while answers.len() < calls {
        number += 1;
        let mark = format!("{name}_{number}");
        let role = ["ANALYST", "FINANCE"][number % 2];
        let paged = json!({"sql": format!("select * from stub.rows(n => 9) -- {mark}"), "limit": 3, "role": role});
        for (tool, arguments) in [
            (
                "execute_query",
                json!({"sql": "select current_user(), current_role()", "role": role, "format": "json"}),
            ),
            (
                "execute_query",
                json!({"sql": format!("select '{mark}' as a")}),
            ),
            (
                "execute_query",
                json!({"sql": "select ? as v", "parameters": [mark]}),
            ),
            (
                "execute_query",
                json!({"sql": format!("select stub.fail('100035', '{mark} failed')")}),
            ),
            ("execute_query", paged),
            ("explain_query", json!({"sql": format!("select '{mark}'")})),
            ("search_objects", json!({"query": mark})),
            ("list_databases", json!({})),
            ("list_schemas", json!({"database": format!("{name}_d")})),
            ("list_tables", json!({"schema": format!("{name}_s")})),
            ("list_views", json!({"schema": format!("{name}_s")})),
            ("describe_table", json!({"table": format!("{name}_table")})),
            ("describe_view", json!({"view": format!("{name}_view")})),
            ("query_view", json!({"view": format!("{name}_view")})),
            ("profile_table", json!({"table": format!("{name}_table")})),
            ("query_history", json!({"contains": mark})),
            ("query_profile", json!({"query_id": uuid(number)})),
            ("show_context", json!({})),
            (
                "list_semantic_views",
                json!({"schema": format!("{name}_s")}),
            ),
            (
                "describe_semantic_view",
                json!({"view": format!("{name}_figures")}),
            ),
            (
                "query_semantic_view",
                json!({"view": format!("{name}_figures"), "metrics": [mark]}),
            ),
            (
                "execute_query",
                json!({"sql": format!("select * from {name}_missing")}),
            ),
        ] {
            let answer = client.call_tool(tool, arguments).await;
            if let Some(cursor) = answer["structuredContent"]["next_cursor"].as_str() {
                for tool in ["query_status", "fetch_results", "cancel_query"] {
                    answers.push(client.call_tool(tool, json!({"cursor": cursor})).await);
                }
            }
            answers.push(answer);
        }
    }
    answers
}
