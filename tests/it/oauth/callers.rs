//! `CALLERS_FILE`: keys by their digests, grants, rules, and a file that changes while the server runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::issuer::{Issuer, Mode};
use super::{OURS, call, has, list, posted, server};
use crate::support::{Server, run};

/// A key of `snowflake-mcp key new`, and its entry.
fn new_key(name: &str, grant: &str) -> (String, Value) {
    let made = run(&["key", "new", "--name", name, "--grant", grant], &[]);
    assert!(made.status.success(), "{made:?}");
    let text = String::from_utf8(made.stdout).unwrap();
    let (key, entry) = text.trim().split_once('\n').unwrap();
    assert!(!entry.contains(key));
    (key.to_owned(), serde_json::from_str(entry).unwrap())
}

fn write(path: &Path, file: &Value) {
    fs::write(path, file.to_string()).unwrap();
}

async fn with_file(file: &Value, more: &[(&str, &str)]) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callers.json");
    write(&path, file);
    let path = path.to_str().unwrap().to_owned();
    let mut vars = vec![("CALLERS_FILE", path.as_str())];
    vars.extend(more);
    let mut server = Server::start(&vars).await;
    server.event("ready").await;
    (server, folder)
}

#[tokio::test]
async fn a_key_of_the_file_has_what_its_grant_says() {
    let (all, all_entry) = new_key("all", "everything");
    let (some, some_entry) = new_key("some", "catalog");
    let file = json!({"version": 1, "keys": [all_entry, some_entry], "grants": {
        "everything": {},
        "catalog": {"toolsets": ["catalog"], "limits": {"max_rows": 3, "default_rows": 2}, "allowed_schemas": ["SNOWFLAKE_SAMPLE_DATA.TPCH_SF1"]},
    }});
    let (mut server, _folder) = with_file(&file, &[("AUDIT_LOG_FILE", "audit.jsonl")]).await;
    let (_, _, tools) = posted(&server, &all, &list()).await;
    assert!(has(&tools, "execute_query"), "{tools}");
    let (_, _, tools) = posted(&server, &some, &list()).await;
    assert!(
        has(&tools, "list_tables") && !has(&tools, "execute_query"),
        "{tools}"
    );
    // A prompt that needs a tool of another toolset is neither listed nor given.
    let ask = |method: &str, params| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let prompts = ask("prompts/list", json!({}));
    let prompt = ask(
        "prompts/get",
        json!({"name": "review_query", "arguments": {"sql": "SELECT 1"}}),
    );
    for (key, is_there) in [(&all, true), (&some, false)] {
        let (_, _, listed) = posted(&server, key, &prompts).await;
        assert_eq!(listed.contains("review_query"), is_there, "{listed}");
        assert!(listed.contains("explore_database"), "{listed}");
        let (_, _, given) = posted(&server, key, &prompt).await;
        assert_eq!(given.contains("messages"), is_there, "{given}");
    }
    let query = call("execute_query", json!({"sql": "SELECT 1"}));
    let (_, _, answer) = posted(&server, &some, &query).await;
    assert!(answer.contains("there is no tool named"), "{answer}");
    let client = server.mcp().key(&some);
    let tables = client.call_tool("list_tables", json!({})).await;
    let tables = tables.to_string();
    assert!(tables.contains("CUSTOMER"), "{tables}");
    for key in [
        String::new(),
        all[..all.len() - 1].to_owned(),
        format!("{all}x"),
    ] {
        assert_eq!(posted(&server, &key, &list()).await.0, 401);
    }
    server
        .line("request of the key", |line| line["caller"] == "key:some")
        .await;
    let audited = fs::read_to_string(server.folder.path().join("audit.jsonl")).unwrap();
    let record: Value = audited
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|record: &Value| record["tool"] == "list_tables")
        .unwrap();
    assert_eq!(
        record["identity"],
        json!({"kind": "key", "name": "some", "grant": "catalog"})
    );
    for text in [server.log(), audited] {
        assert!(!text.contains(&all) && !text.contains(&some), "no key");
        assert!(!text.contains(file["keys"][0]["hash"].as_str().unwrap()));
    }
}

/// Rows 32 and 33: what is taken out ends within ten seconds, and a file that is wrong changes nothing.
#[tokio::test]
async fn a_file_that_changes_is_read_again_and_a_wrong_one_is_not_taken() {
    let (old, old_entry) = new_key("reports", "g");
    let (new, new_entry) = new_key("reports", "g");
    let file = |keys: &[&Value]| json!({"version": 1, "keys": keys, "grants": {"g": {}}});
    let (mut server, folder) = with_file(&file(&[&old_entry]), &[]).await;
    let path = folder.path().join("callers.json");
    assert_eq!(posted(&server, &old, &list()).await.0, 200);
    assert_eq!(posted(&server, &new, &list()).await.0, 401);
    write(&path, &file(&[&old_entry, &new_entry]));
    until(&server, &new, 200).await;
    assert_eq!(posted(&server, &old, &list()).await.0, 200);
    let half = file(&[&new_entry]).to_string();
    fs::write(&path, &half[..half.len() / 2]).unwrap();
    let warned = server.line("warning", |line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.contains("has changed but has errors"))
    });
    warned.await;
    for key in [&old, &new] {
        assert_eq!(posted(&server, key, &list()).await.0, 200);
    }
    write(&path, &file(&[&new_entry]));
    until(&server, &old, 401).await;
    assert_eq!(posted(&server, &new, &list()).await.0, 200);
    fs::remove_file(&path).unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(
        posted(&server, &new, &list()).await.0,
        200,
        "the last good one"
    );
    let hash = old_entry["hash"].as_str().unwrap();
    assert!(!server.log().contains(hash), "{}", server.log());
    let (_, metrics) = server.get(&server.url("/metrics")).await;
    assert!(
        metrics.contains(r#"callers_reload_total{outcome="failed"} 2"#),
        "{metrics}"
    );
}

async fn until(server: &Server, key: &str, status: u16) {
    let end = Instant::now() + Duration::from_secs(25);
    while posted(server, key, &list()).await.0 != status {
        assert!(Instant::now() < end, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn an_answer_in_the_cache_is_not_for_a_grant_that_was_narrowed() {
    const NATION: &str = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION";
    let (key, entry) = new_key("reports", "g");
    let file = |denied: &[&str]| json!({"version": 1, "keys": [entry], "grants": {"g": {"denied_objects": denied}}});
    let (server, folder) = with_file(&file(&[]), &[("CATALOG_CACHE_TTL", "1h")]).await;
    let client = server.mcp().key(&key);
    let tables = async || client.call_tool("list_tables", json!({})).await.to_string();
    assert!(tables().await.contains("NATION"));
    write(&folder.path().join("callers.json"), &file(&[NATION]));
    let end = Instant::now() + Duration::from_secs(25);
    while tables().await.contains("NATION") {
        assert!(Instant::now() < end, "still told from memory");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[test]
fn a_wrong_file_is_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callers.json");
    for (text, place) in [
        (
            r#"{"version": 1, "grants": {"g": {"weight": 101}}}"#,
            "/grants/g/weight",
        ),
        ("{", "no JSON"),
    ] {
        fs::write(&path, text).unwrap();
        let made = run(&["check"], &[("CALLERS_FILE", path.to_str().unwrap())]);
        assert_eq!(made.status.code(), Some(64));
        let told = String::from_utf8(made.stderr).unwrap();
        assert!(
            told.starts_with("CALLERS_FILE: ") && told.contains(place),
            "{told}"
        );
    }
    let missing = run(&["check"], &[("CALLERS_FILE", "nowhere.json")]);
    assert_eq!(missing.status.code(), Some(64));
}

/// A rule decides by what a token says; without one that fits there is nothing to ask for.
#[tokio::test]
async fn rules_grant_by_claims() {
    let issuer = Issuer::start(Mode::Fine).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callers.json");
    let file = json!({"version": 1, "rules": [
        {"claims": {"groups": ["analysts"]}, "scopes": ["mcp:query"], "grant": "analyst"},
        {"claims": {"groups": ["interns"]}, "grant": "reader"},
    ], "grants": {"analyst": {"limits": {"max_rows": 3}}, "reader": {"toolsets": ["catalog"]}}});
    write(&path, &file);
    let server = server(&issuer, &[("CALLERS_FILE", path.to_str().unwrap())]).await;
    let token = |group: &str| issuer.token(OURS, json!({"groups": [group]}));
    let query = json!({"sql": "SELECT * FROM CUSTOMER"});
    let analyst = server.mcp().key(&token("analysts"));
    let answer = analyst.call_tool("execute_query", query.clone()).await;
    assert_eq!(
        answer["structuredContent"]["rows"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let (_, _, tools) = posted(&server, &token("interns"), &list()).await;
    assert!(!has(&tools, "execute_query"), "{tools}");
    let (status, challenge, body) = posted(&server, &token("strangers"), &list()).await;
    assert_eq!((status.as_u16(), challenge.as_str()), (403, ""));
    assert!(body.contains("no_grant"), "{body}");
}

/// Row 34, without an account: the same subject at two issuers is two callers, and one caller's cursor is nobody else's.
#[tokio::test]
async fn a_cursor_of_somebody_else_is_no_cursor() {
    let (one, two) = (
        Issuer::start(Mode::Fine).await,
        Issuer::start(Mode::Fine).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callers.json");
    let file = json!({"version": 1, "issuers": [{"issuer": two.url}], "rules": [{"grant": "all"}], "grants": {"all": {}}});
    write(&path, &file);
    let server = server(&one, &[("CALLERS_FILE", path.to_str().unwrap())]).await;
    let query = json!({"sql": "SELECT * FROM CUSTOMER", "limit": 2});
    let alice = server.mcp().key(&one.token(OURS, json!({})));
    let answer = alice.call_tool("execute_query", query).await;
    let cursor = answer["structuredContent"]["next_cursor"].as_str();
    let cursor = cursor.unwrap_or_else(|| panic!("{answer}")).to_owned();
    for token in [
        two.token(OURS, json!({})),
        one.token(OURS, json!({"sub": "bob"})),
    ] {
        let other = server.mcp().key(&token);
        let read = other.call_tool("fetch_results", json!({"cursor": cursor}));
        let read = read.await.to_string();
        assert!(read.contains("cursor"), "{read}");
        assert!(read.contains("isError\":true"), "{read}");
    }
    // The same person with another token goes on.
    let again = server
        .mcp()
        .key(&one.token(OURS, json!({"jti": "another"})));
    let read = again
        .call_tool("fetch_results", json!({"cursor": cursor}))
        .await;
    assert_ne!(read["isError"], true, "{read}");
}
