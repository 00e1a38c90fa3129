//! Two callers on one pool of sessions, who are one user to Snowflake: nothing of the one is ever seen by the other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{code, serve, stop};
use crate::stub::Stub;
use crate::support::{Client, Server};

/// A caller, by its key, and a word that only this one ever sends.
pub(super) const FIRST: (&str, &str) = ("first-key-0123456789abcdefgh", "alphamark");
pub(super) const SECOND: (&str, &str) = ("second-key-0123456789abcdefg", "betamark");

pub(super) async fn two_callers(stub: &Stub, more: &[(&str, &str)]) -> Server {
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
pub(super) async fn ask(client: &Client, sql: &str) -> Value {
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
