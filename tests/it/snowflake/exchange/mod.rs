//! `SNOWFLAKE_IDENTITY=exchange`: every caller with a token is its own user in Snowflake, and nobody is ever somebody else.

mod hammer;
mod refusals;
mod secrets;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::own_statements::scripted;
use super::support::{code, stop, until};
use crate::oauth::OURS;
use crate::oauth::issuer::{Exchange, Issuer, Mode};
use crate::stub::Stub;
use crate::support::{Client, KEY, Server, run};
use crate::telemetry::Collector;

const SECRET: &str = "exchange-client-secret-0123456789";
const SNOWFLAKE: &str = "https://myorg-myaccount.snowflakecomputing.com";

/// A server without a user of its own: everybody brings a token.
async fn exchanging(stub: &Stub, issuer: &Issuer, more: &[(&str, &str)]) -> Server {
    stub.set(|settings| {
        settings.tokens_name_users = true;
        settings.listens = true;
    });
    let (port, url) = (stub.address.port().to_string(), issuer.exchange_url());
    let mut vars = vec![
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_HOST", "127.0.0.1"),
        ("SNOWFLAKE_PORT", port.as_str()),
        ("SNOWFLAKE_PROTOCOL", "http"),
        ("SNOWFLAKE_ROLE", "ANALYST"),
        ("PUBLIC_URL", OURS),
        ("OAUTH_ISSUER", issuer.url.as_str()),
        ("SNOWFLAKE_IDENTITY", "exchange"),
        ("SNOWFLAKE_EXCHANGE_URL", url.as_str()),
        ("SNOWFLAKE_EXCHANGE_CLIENT_ID", "snowflake mcp"),
        ("SNOWFLAKE_EXCHANGE_CLIENT_SECRET", SECRET),
        ("SNOWFLAKE_EXCHANGE_AUDIENCE", SNOWFLAKE),
        ("AUDIT_LOG_FILE", "audit.jsonl"),
        ("LOG_LEVEL", "info,snowflake_mcp=debug"),
    ];
    vars.retain(|(name, _)| {
        !more
            .iter()
            .any(|(other, value)| other == name && value.is_empty())
    });
    vars.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let mut server = Server::start(&vars).await;
    server.event("ready").await;
    server
}

async fn all() -> (Stub, Issuer, Server) {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let server = exchanging(&stub, &issuer, &[]).await;
    (stub, issuer, server)
}

fn token_of(issuer: &Issuer, subject: &str) -> String {
    issuer.token(OURS, json!({"sub": subject, "preferred_username": subject}))
}

async fn who(client: &Client) -> Value {
    ask(client, json!({})).await
}

async fn ask(client: &Client, more: Value) -> Value {
    let mut call = json!({"sql": "select current_user(), current_role()", "format": "json"});
    call.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    client.call_tool("execute_query", call).await
}

fn rows(answer: &Value) -> &Value {
    &answer["structuredContent"]["rows"]
}

/// Everything that was written by the server.
fn written(server: &Server) -> String {
    let audit = std::fs::read_to_string(server.folder.path().join("audit.jsonl"));
    format!("{}{}", server.log(), audit.unwrap_or_default())
}

/// Rows 40 and 57: as itself, by a token of its own; what it came with goes to the issuer and nowhere else.
#[tokio::test]
async fn a_caller_is_itself_in_snowflake_and_its_token_goes_nowhere() {
    let (stub, issuer, server) = all().await;
    let tokens = ["alice", "bob"].map(|name| token_of(&issuer, name));
    for (token, user) in tokens.iter().zip(["ALICE", "BOB"]) {
        let answer = who(&server.mcp().key(token)).await;
        assert_eq!(rows(&answer), &json!([[user, "ANALYST"]]), "{answer}");
    }
    let about = scripted(
        "current_available_roles",
        &["USER_NAME"],
        &[&[Some("ALICE")]],
    );
    stub.set(|settings| settings.answers = vec![about]);
    let alice = server.mcp().key(&tokens[0]);
    let shown = alice
        .call_tool("show_context", json!({"format": "markdown"}))
        .await;
    let shown = shown.to_string();
    assert!(shown.contains("the user ALICE with the role"), "{shown}");
    let asked = issuer.asked();
    assert_eq!(asked.len(), 2, "one for each");
    let form = json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": tokens[0],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "scope": "session:role:ANALYST", "audience": SNOWFLAKE,
    });
    assert_eq!(serde_json::to_value(&asked[0].form).unwrap(), form);
    // `snowflake+mcp:exchange-client-secret-0123456789`: form-encoded, then in base64.
    let basic = "Basic c25vd2ZsYWtlK21jcDpleGNoYW5nZS1jbGllbnQtc2VjcmV0LTAxMjM0NTY3ODk=";
    assert_eq!(asked[0].authorization, basic);
    let login = stub.counters().last_login;
    assert_eq!(login["AUTHENTICATOR"], "OAUTH");
    assert_eq!(login["SECONDARY_ROLES"], "NONE");
    assert_eq!(login["LOGIN_NAME"], Value::Null);
    let heard = stub.heard();
    assert!(
        heard.contains(&issuer.given()[0]),
        "the exchanged one is sent"
    );
    let (_, metrics) = server.get(&server.url("/metrics")).await;
    let ok = r#"snowflake_mcp_token_exchanges_total{outcome="ok"} 2"#;
    assert!(metrics.contains(ok), "{metrics}");
    let written = written(&server) + &metrics;
    for token in &tokens {
        assert!(
            !heard.contains(token.as_str()),
            "a caller's token at Snowflake"
        );
        // Its signature alone would be as bad.
        let signature = token.rsplit('.').next().unwrap();
        assert!(!heard.contains(signature) && !written.contains(signature));
    }
    for secret in issuer
        .given()
        .iter()
        .map(String::as_str)
        .chain([SECRET, basic])
    {
        assert!(!written.contains(secret), "{written}");
    }
    stop(server, &stub).await;
}

/// Somebody with a key has no token to exchange, and is the service's user where there is one.
#[tokio::test]
async fn a_key_is_the_service_and_no_person() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let more = [
        ("API_KEY", KEY),
        ("SNOWFLAKE_USER", "SERVICE"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "correct-horse-battery"),
    ];
    let server = exchanging(&stub, &issuer, &more).await;
    for _ in 0..2 {
        let person = who(&server.mcp().key(&token_of(&issuer, "alice"))).await;
        assert_eq!(rows(&person), &json!([["ALICE", "ANALYST"]]), "{person}");
        let service = who(&server.mcp().key(KEY)).await;
        assert_eq!(
            rows(&service),
            &json!([["SERVICE", "ANALYST"]]),
            "{service}"
        );
    }
    assert_eq!(issuer.asked().len(), 1);
    stop(server, &stub).await;
}

/// Row 36: a session that comes back is not for somebody else, even where there is no other place.
#[tokio::test]
async fn a_session_of_one_person_is_never_anothers() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let more = [("SNOWFLAKE_POOL_MAX_SIZE", "1")];
    let server = exchanging(&stub, &issuer, &more).await;
    for (name, user) in [("alice", "ALICE"), ("bob", "BOB"), ("alice", "ALICE")] {
        let client = server.mcp().key(&token_of(&issuer, name));
        for _ in 0..2 {
            assert_eq!(rows(&who(&client).await), &json!([[user, "ANALYST"]]));
        }
    }
    let counters = stub.counters();
    let users: Vec<&str> = counters.signed_in.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(users, ["ALICE", "BOB", "ALICE"]);
    // The tokens are kept longer than the sessions.
    assert_eq!(issuer.asked().len(), 2);
    stop(server, &stub).await;
}

/// Persons beyond the limit end the sessions of whoever was not seen for longest, and one person has so many and no more.
#[tokio::test]
async fn persons_and_their_sessions_are_bounded() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let more = [
        ("SNOWFLAKE_MAX_IDENTITIES", "2"),
        ("SNOWFLAKE_USER_MAX_SESSIONS", "2"),
    ];
    let server = exchanging(&stub, &issuer, &more).await;
    let alice = server.mcp().key(&token_of(&issuer, "alice"));
    let slow = || alice.call_tool("execute_query", json!({"sql": "select stub.sleep(400)"}));
    let all = futures::future::join_all((0..6).map(|_| slow())).await;
    assert!(all.iter().all(|answer| code(answer) == "ok"), "{all:?}");
    assert_eq!(stub.counters().max_running, 2);
    assert_eq!(stub.counters().logins, 2);
    // Roles as well: the idle ones of her other role give way.
    for role in ["FINANCE", "REPORTS"] {
        let answer = ask(&alice, json!({"role": role})).await;
        assert_eq!(rows(&answer), &json!([["ALICE", role]]), "{answer}");
    }
    until(&stub, "at two sessions", |it| it.sessions_open == 2).await;
    for name in ["bob", "carol"] {
        assert_eq!(
            code(&who(&server.mcp().key(&token_of(&issuer, name))).await),
            "ok"
        );
    }
    // Those of Alice are gone, and so are her tokens.
    until(&stub, "without those of Alice", |it| it.sessions_open == 2).await;
    // Two gave way to her other roles, and two to Carol; nothing was wrong with any of them.
    let (_, metrics) = server.get(&server.url("/metrics")).await;
    let evicted = r#"snowflake_mcp_pool_sessions_closed_total{reason="evicted"} 4"#;
    assert!(metrics.contains(evicted), "{metrics}");
    let before = issuer.asked().len();
    assert_eq!(code(&who(&alice).await), "ok");
    assert_eq!(issuer.asked().len(), before + 1);
    stop(server, &stub).await;
}

/// A person's session has the role that was asked for, and a role's name never becomes a second scope.
#[tokio::test]
async fn a_person_has_the_role_that_was_asked_for_or_none() {
    let (stub, issuer, server) = all().await;
    let alice = server.mcp().key(&token_of(&issuer, "alice"));
    let answer = ask(&alice, json!({"role": "FINANCE"})).await;
    assert_eq!(rows(&answer), &json!([["ALICE", "FINANCE"]]), "{answer}");
    assert_eq!(issuer.asked()[0].form["scope"], "session:role:FINANCE");
    for role in ["\"X session:role:ACCOUNTADMIN\"", "\"X\u{e4}\""] {
        let refused = ask(&alice, json!({"role": role})).await;
        assert_eq!(code(&refused), "permission_denied", "{role}: {refused}");
    }
    assert_eq!(issuer.asked().len(), 1, "nothing is asked for such a role");
    stub.set(|settings| settings.role_granted = Some("SYSADMIN".to_owned()));
    let refused = who(&server.mcp().key(&token_of(&issuer, "bob"))).await;
    assert_eq!(code(&refused), "sign_in_refused", "{refused}");
    until(&stub, "closed", |it| it.sessions_closed == 1).await;
    assert_eq!(stub.counters().statements, 1);
    // That says nothing of other roles, and a person is not held back for it.
    stub.set(|settings| settings.role_granted = None);
    let bob = server.mcp().key(&token_of(&issuer, "bob"));
    let answer = ask(&bob, json!({"role": "FINANCE"})).await;
    assert_eq!(rows(&answer), &json!([["BOB", "FINANCE"]]), "{answer}");
    assert!(
        server
            .log()
            .contains("another role than the one it asked for")
    );
    stop(server, &stub).await;
}

/// A person's own role that may not be used here is the person's to change, and no fault of the server's sign-in.
#[tokio::test]
async fn a_usual_role_that_may_not_be_used_is_told_to_the_person() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let any_role = [
        ("SNOWFLAKE_ROLE", ""),
        ("SNOWFLAKE_EXCHANGE_SCOPE", "session:role-any"),
    ];
    let server = exchanging(&stub, &issuer, &any_role).await;
    stub.set(|settings| settings.role_granted = Some("ACCOUNTADMIN".to_owned()));
    let alice = server.mcp().key(&token_of(&issuer, "alice"));
    let refused = who(&alice).await;
    assert_eq!(code(&refused), "permission_denied", "{refused}");
    let text = refused.to_string();
    assert!(
        text.contains("ACCOUNTADMIN") && text.contains("show_context"),
        "{text}"
    );
    assert!(!text.contains("SNOWFLAKE_ROLE"), "{text}");
    stub.set(|settings| settings.role_granted = None);
    let answer = ask(&alice, json!({"role": "FINANCE"})).await;
    assert_eq!(rows(&answer), &json!([["ALICE", "FINANCE"]]), "{answer}");
    let about = scripted(
        "current_available_roles",
        &["USER_NAME", "ROLE"],
        &[&[Some("ALICE"), Some("PUBLIC")]],
    );
    stub.set(|settings| settings.answers = vec![about]);
    let context = alice
        .call_tool("show_context", json!({"format": "markdown"}))
        .await;
    let context = context.to_string();
    assert!(
        context.contains("in Snowflake the user ALICE with")
            && !context.contains("all callers share it"),
        "{context}"
    );
    stop(server, &stub).await;
}

/// A token's life is respected: it is used while it lives, renewed before its end, and no session outlives it.
#[tokio::test]
async fn an_exchanged_token_and_its_sessions_end_in_time() {
    let (stub, issuer, server) = all().await;
    issuer.life(6);
    let alice = server.mcp().key(&token_of(&issuer, "alice"));
    assert_eq!(code(&who(&alice).await), "ok");
    let began = Instant::now();
    for role in ["ANALYST", "ANALYST"] {
        assert_eq!(code(&ask(&alice, json!({"role": role})).await), "ok");
    }
    assert_eq!((issuer.asked().len(), stub.counters().logins), (1, 1));
    tokio::time::sleep((began + Duration::from_secs(7)).saturating_duration_since(Instant::now()))
        .await;
    assert_eq!(code(&who(&alice).await), "ok");
    assert_eq!((issuer.asked().len(), stub.counters().logins), (2, 2));
    stop(server, &stub).await;
}

/// Entra's flow: another form, with the secret in it, and persons by `oid`.
#[tokio::test]
async fn entra_is_asked_on_behalf_of_the_caller() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let more = [
        ("SNOWFLAKE_EXCHANGE_PROFILE", "entra_obo"),
        (
            "SNOWFLAKE_EXCHANGE_SCOPE",
            "https://snowflake.example.com/app/session:scope:{role}",
        ),
        ("SNOWFLAKE_EXCHANGE_AUDIENCE", ""),
        ("SNOWFLAKE_EXCHANGE_CLIENT_SECRET", ""),
        (
            "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
            file.to_str().unwrap(),
        ),
        ("OAUTH_SUBJECT_CLAIM", "oid"),
    ];
    let server = exchanging(&stub, &issuer, &more).await;
    let token = issuer.token(
        OURS,
        json!({"sub": "pairwise", "oid": "alice-of-the-tenant"}),
    );
    let answer = who(&server.mcp().key(&token)).await;
    assert_eq!(rows(&answer), &json!([["PAIRWISE", "ANALYST"]]), "{answer}");
    let form = json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token,
        "requested_token_use": "on_behalf_of", "client_id": "snowflake mcp", "client_secret": SECRET,
        "scope": "https://snowflake.example.com/app/session:scope:ANALYST",
    });
    let asked = issuer.asked();
    assert_eq!(serde_json::to_value(&asked[0].form).unwrap(), form);
    assert_eq!(asked[0].authorization, "");
    assert!(!written(&server).contains(SECRET));
    stop(server, &stub).await;
}

/// Without a user of its own the server is ready while Snowflake answers, and says so when it does not.
#[tokio::test]
async fn a_server_that_is_nobody_is_ready_while_snowflake_answers() {
    let (stub, issuer, server) = all().await;
    assert_eq!(stub.counters().logins, 0, "nobody is warmed up");
    assert_eq!(server.get(&server.url("/readyz")).await.0, 200);
    stub.fault(json!([{"endpoint": "login", "kind": "status", "code": 503}, {"endpoint": "heartbeat", "kind": "status", "code": 503}]));
    let refused = who(&server.mcp().key(&token_of(&issuer, "alice"))).await;
    assert_eq!(code(&refused), "warehouse_unreachable", "{refused}");
    ready(&server, 503).await;
    stub.heal();
    ready(&server, 200).await;
    stop(server, &stub).await;
}

async fn ready(server: &Server, status: u16) {
    let end = Instant::now() + Duration::from_secs(40);
    while server.get(&server.url("/readyz")).await.0 != status {
        assert!(Instant::now() < end, "never {status}: {}", server.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Row 59: a token is looked at when a call begins. What runs then ends; the next call needs another token.
#[tokio::test]
async fn a_token_that_ends_meanwhile_ends_no_statement_and_opens_nothing_more() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let server = exchanging(&stub, &issuer, &[("OAUTH_LEEWAY", "0s")]).await;
    let end = jiff::Timestamp::now().as_second() + 3;
    let token = issuer.token(OURS, json!({"exp": end}));
    let client = server.mcp().key(&token);
    let paged = json!({"sql": "select * from stub.rows(n => 20)", "limit": 3});
    let first = client.call_tool("execute_query", paged).await;
    let cursor = &first["structuredContent"]["next_cursor"];
    assert!(cursor.is_string(), "{first}");
    let call = json!({"sql": "select stub.sleep(5000)"});
    let answer = client.call_tool("execute_query", call).await;
    assert!(
        jiff::Timestamp::now().as_second() > end,
        "it took longer than the token"
    );
    assert_eq!(code(&answer), "ok", "{answer}");
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "fetch_results", "arguments": {"cursor": cursor}}});
    let refused = client.post().json(&list).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("the token has expired"), "{challenge}");
    let again = server.mcp().key(&issuer.token(OURS, json!({})));
    let read = again
        .call_tool("fetch_results", json!({"cursor": cursor}))
        .await;
    assert_eq!(code(&read), "ok", "the same person goes on: {read}");
    stop(server, &stub).await;
}

/// A token may be good for less long than it says itself.
#[tokio::test]
async fn an_exchanged_token_ends_when_its_issuer_says_so() {
    let (stub, issuer, server) = all().await;
    issuer.says(6);
    let alice = server.mcp().key(&token_of(&issuer, "alice"));
    let began = Instant::now();
    assert_eq!(code(&who(&alice).await), "ok");
    tokio::time::sleep((began + Duration::from_secs(7)).saturating_duration_since(Instant::now()))
        .await;
    assert_eq!(code(&who(&alice).await), "ok");
    assert_eq!((issuer.asked().len(), stub.counters().logins), (2, 2));
    stop(server, &stub).await;
}

/// The first one may have ended long ago.
#[tokio::test]
async fn a_persons_newest_token_is_the_one_that_is_exchanged() {
    let (stub, issuer, server) = all().await;
    let tokens = ["one", "two"].map(|id| issuer.token(OURS, json!({"sub": "alice", "jti": id})));
    for (token, role) in tokens.iter().zip(["ANALYST", "FINANCE"]) {
        let answer = ask(&server.mcp().key(token), json!({"role": role})).await;
        assert_eq!(rows(&answer), &json!([["ALICE", role]]), "{answer}");
    }
    let asked = issuer.asked();
    let brought: Vec<&str> = asked
        .iter()
        .map(|it| it.form["subject_token"].as_str())
        .collect();
    assert_eq!(brought, [&tokens[0], &tokens[1]]);
    stop(server, &stub).await;
}

/// Beyond the limit rather one person more than one whose session is lost when its statement ends.
#[tokio::test]
async fn a_person_at_work_does_not_leave_for_another() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let server = exchanging(&stub, &issuer, &[("SNOWFLAKE_MAX_IDENTITIES", "1")]).await;
    let alice = server.mcp().key(&token_of(&issuer, "alice"));
    let bob = server.mcp().key(&token_of(&issuer, "bob"));
    let slow = alice.call_tool("execute_query", json!({"sql": "select stub.sleep(2000)"}));
    let (slow, other) = tokio::join!(slow, async {
        until(&stub, "running", |it| it.running == 1).await;
        who(&bob).await
    });
    assert_eq!((code(&slow), code(&other)), ("ok", "ok"), "{slow} {other}");
    assert_eq!(code(&who(&alice).await), "ok");
    assert_eq!((issuer.asked().len(), stub.counters().logins), (2, 2));
    stop(server, &stub).await;
}
