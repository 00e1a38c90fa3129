//! Tokens of an issuer: what clients are told, who gets in, and what happens while the issuer changes or fails. The numbers of
//! rows are those of SECURITY.md.

mod callers;
pub mod issuer;
mod issuer_faults;

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::snowflake::support::{serve, stop};
use crate::stub::Stub;
use crate::support::{KEY, Server};
use issuer::{Issuer, Mode};

/// What clients know the server by; tests call it by another address.
pub const OURS: &str = "https://mcp.example.com/mcp";
const DESCRIBED: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

async fn server(issuer: &Issuer, more: &[(&str, &str)]) -> Server {
    let mut vars = vec![("PUBLIC_URL", OURS), ("OAUTH_ISSUER", issuer.url.as_str())];
    vars.extend(more);
    let mut server = Server::start(&vars).await;
    server.event("ready").await;
    server
}

async fn both() -> (Issuer, Server) {
    let issuer = Issuer::start(Mode::Fine).await;
    let server = server(&issuer, &[]).await;
    (issuer, server)
}

fn list() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

/// Whether a list has the tool; descriptions name others.
fn has(tools: &str, name: &str) -> bool {
    tools.contains(&format!("\"name\":\"{name}\""))
}

/// The status, the challenge and the body of an answer.
async fn sent(request: reqwest::RequestBuilder) -> (StatusCode, String, String) {
    let answer = request.send().await.unwrap();
    let challenge = answer
        .headers()
        .get("www-authenticate")
        .map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status();
    let challenge = challenge.unwrap_or_default();
    (status, challenge, answer.text().await.unwrap())
}

async fn posted(server: &Server, token: &str, body: &Value) -> (StatusCode, String, String) {
    sent(server.mcp().key(token).post().json(body)).await
}

#[tokio::test]
async fn a_token_runs_a_query_and_keys_go_on_to_work() {
    let issuer = Issuer::start(Mode::Fine).await;
    let mut server = server(&issuer, &[("API_KEY", KEY)]).await;
    let token = issuer.token(OURS, json!({}));
    for credential in [token.as_str(), KEY] {
        let mcp = server.mcp().key(credential);
        let answer = mcp
            .call_tool("execute_query", json!({"sql": "SELECT 41 + 1 AS N"}))
            .await;
        assert!(answer.to_string().contains("42"), "{answer}");
    }
    let line = server
        .line("request of a token's caller", |line| {
            line["caller"]
                .as_str()
                .is_some_and(|name| name.starts_with("user:"))
        })
        .await;
    assert_eq!(line["caller"].as_str().unwrap().len(), 21);
    assert!(!server.log().contains(&token), "no token in the log");
    let (_, metrics) = server.get(&server.url("/metrics")).await;
    assert!(
        metrics.contains(r#"snowflake_mcp_auth_total{kind="token",outcome="ok"}"#),
        "{metrics}"
    );
}

/// What a client is told that brings nothing: where to sign in, and what to ask for.
#[tokio::test]
async fn the_description_and_the_challenge_say_where_to_sign_in() {
    let (issuer, server) = both().await;
    let expected =
        format!("Bearer resource_metadata=\"{DESCRIBED}\", scope=\"mcp:catalog mcp:query\"");
    for path in ["", "/mcp"] {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let http = reqwest::Client::new();
        let answer = http
            .get(server.url(&path))
            .header("Host", "evil.example.com")
            .header("X-Forwarded-Host", "evil.example.com")
            .header("X-Forwarded-Proto", "gopher")
            .header("Forwarded", "host=evil.example.com")
            .header("Origin", "https://inspector.example.com")
            .bearer_auth("not-a-token")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers().clone();
        assert_eq!(headers["cache-control"], "public, max-age=300");
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-type"], "application/json");
        let document: Value = answer.json().await.unwrap();
        assert_eq!(
            document,
            json!({"resource": OURS, "authorization_servers": [issuer.url], "scopes_supported": ["mcp:catalog", "mcp:query"],
                "bearer_methods_supported": ["header"], "resource_name": "Snowflake"})
        );
        let head = http.head(server.url(&path)).send().await.unwrap();
        assert_eq!(head.status(), 200);
    }
    // Row 1, and the first request of mcp-remote.
    for method in [
        Method::POST,
        Method::GET,
        Method::DELETE,
        Method::PUT,
        Method::PATCH,
    ] {
        let http = reqwest::Client::new();
        let request = http.request(method.clone(), server.url("/mcp"));
        let (status, challenge, _) = sent(request).await;
        assert_eq!(
            (status.as_u16(), challenge.as_str()),
            (401, expected.as_str()),
            "{method}"
        );
    }
}

#[tokio::test]
async fn without_an_issuer_nobody_is_sent_to_one() {
    let server = Server::start(&[("API_KEY", KEY), ("PUBLIC_URL", OURS)]).await;
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    ] {
        let (status, body) = server.get(&server.url(path)).await;
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("API key"), "{body}");
    }
    let (_, challenge, _) = sent(server.mcp().post().json(&list())).await;
    assert_eq!(challenge, "Bearer");
}

/// There is no authorization server here, nor anything that looks like one.
#[tokio::test]
async fn addresses_of_an_authorization_server_are_not_there() {
    let (_issuer, server) = both().await;
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource/other",
        "/mcp/.well-known/openid-configuration",
        "/authorize",
        "/token",
        "/register",
    ] {
        let (status, body) = server.get(&server.url(path)).await;
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("oauth-protected-resource"), "{path}: {body}");
    }
}

/// Rows 2 and 3.
#[tokio::test]
async fn other_paths_and_preflight_requests_tell_nothing() {
    let (issuer, server) = both().await;
    let token = issuer.token(OURS, json!({}));
    for path in ["/mcp/x", "/%6dcp", "/MCP", "/mcp;a", "//mcp"] {
        let http = reqwest::Client::new();
        let (status, _, body) = sent(http.post(server.url(path)).json(&list())).await;
        assert!(
            matches!(status.as_u16(), 401 | 404),
            "{path}: {status} {body}"
        );
        assert!(!body.contains("execute_query"));
    }
    let address = server.url(&format!("/mcp?access_token={token}"));
    for key in [None, Some(token.as_str())] {
        let mut post = reqwest::Client::new().post(&address).json(&list());
        if let Some(key) = key {
            post = post.bearer_auth(key);
        }
        let (status, challenge, _) = sent(post).await;
        assert_eq!(status, 400);
        assert!(challenge.contains("invalid_request"), "{challenge}");
    }
    assert!(!server.log().contains(&token));
    let http = reqwest::Client::new();
    let options = http
        .request(Method::OPTIONS, server.url("/mcp"))
        .header("Origin", "https://evil.example.com")
        .header("Access-Control-Request-Method", "POST");
    // Development answers pages of any origin where a key is asked for; what a preflight gets is headers.
    let (status, _, body) = sent(options).await;
    assert!(body.is_empty(), "{status} {body}");
}

/// Rows 13, 18 and 23: each with its words, and with nothing of the token in them.
#[tokio::test]
async fn a_refused_token_is_told_why() {
    let (issuer, server) = both().await;
    let now = jiff::Timestamp::now().as_second();
    let other = Issuer::start(Mode::Fine).await;
    for (token, description) in [
        (
            issuer.token(OURS, json!({"exp": now - 62})),
            "the token has expired",
        ),
        (
            issuer.token(OURS, json!({"nbf": now + 3600})),
            "the token is not valid yet",
        ),
        (
            issuer.token("https://other.example.com/mcp", json!({})),
            "the token is for another server",
        ),
        (other.token(OURS, json!({})), "the issuer is not accepted"),
        (
            other.token(OURS, json!({"iss": issuer.url})),
            "the signature does not match",
        ),
        ("an-opaque-token".to_owned(), "the token cannot be read"),
        ("x".repeat(17 << 10), "the token cannot be read"),
    ] {
        let (status, challenge, body) = posted(&server, &token, &list()).await;
        assert_eq!(status, 401, "{description}");
        let expected = format!(
            "Bearer error=\"invalid_token\", error_description=\"{description}\", resource_metadata=\"{DESCRIBED}\", scope=\"mcp:catalog mcp:query\""
        );
        assert_eq!(challenge, expected);
        assert!(
            body.contains(description) && !body.contains(&token),
            "{body}"
        );
        assert!(!server.log().contains(&token));
    }
}

/// Rows 27, 28 and 29: a scope is judged by what the body calls, before anything is done.
#[tokio::test]
async fn a_call_beyond_the_scopes_of_a_token_is_refused_with_what_to_ask_for() {
    let (issuer, server) = both().await;
    let query = call("execute_query", json!({"sql": "SELECT 1"}));
    let catalog = issuer.token(OURS, json!({"scope": "mcp:catalog"}));
    let (status, challenge, body) = posted(&server, &catalog, &query).await;
    assert_eq!(status, 403, "{body}");
    let expected = format!(
        "Bearer error=\"insufficient_scope\", error_description=\"this tool needs the scope for statements\", resource_metadata=\"{DESCRIBED}\", scope=\"mcp:query\""
    );
    assert_eq!(challenge, expected);
    assert!(body.contains("insufficient_scope"), "{body}");
    for (tool, argument) in [("query_view", "view"), ("profile_table", "table")] {
        // They show values, though their toolset is that of the catalog.
        let values = call(tool, json!({argument: "NATION"}));
        let (status, challenge, _) = posted(&server, &catalog, &values).await;
        assert_eq!(
            (status.as_u16(), challenge),
            (403, expected.clone()),
            "{tool}"
        );
    }
    // Nor by a cursor that the same person was given for a token that reached further.
    let (may_query, may_look) = (
        server.mcp().key(&issuer.token(OURS, json!({}))),
        server.mcp().key(&catalog),
    );
    let first = json!({"sql": "SELECT * FROM NATION", "limit": 2, "format": "json"});
    let first = may_query.call_tool("execute_query", first).await;
    let cursor = json!({"cursor": first["structuredContent"]["next_cursor"]});
    let refused = may_look.call_tool("fetch_results", cursor.clone()).await;
    assert_eq!(refused["_meta"]["code"], "permission_denied", "{refused}");
    let next = may_query.call_tool("fetch_results", cursor).await;
    assert_eq!(next["isError"], false, "{next}");
    let tables = may_look
        .call_tool("list_tables", json!({"limit": 1, "format": "json"}))
        .await;
    let cursor = json!({"cursor": tables["structuredContent"]["next_cursor"]});
    let more = may_look.call_tool("fetch_results", cursor).await;
    assert_eq!(more["isError"], false, "{more}");
    let lying = server
        .mcp()
        .key(&catalog)
        .post()
        .header("Mcp-Name", "list_databases");
    assert_eq!(sent(lying.json(&query)).await.0, 403);
    let batch = json!([call("list_databases", json!({})), query]);
    let post = reqwest::Client::new()
        .post(server.url("/mcp"))
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-03-26")
        .bearer_auth(&catalog)
        .json(&batch);
    assert_eq!(sent(post).await.0, 403, "a batch is refused as a whole");
    // The list shows what a further scope would bring; no scope is needed to look.
    let bare = issuer.token(OURS, json!({"scope": ""}));
    for token in [&bare, &catalog] {
        let (status, _, body) = posted(&server, token, &list()).await;
        assert!(status == 200 && body.contains("execute_query"), "{body}");
    }
    let (status, challenge, _) = posted(&server, &bare, &call("list_databases", json!({}))).await;
    assert_eq!(status, 403);
    assert!(challenge.ends_with("scope=\"mcp:catalog\""), "{challenge}");
    for scope in ["mcp:query", "mcp:write"] {
        let token = issuer.token(OURS, json!({"scope": scope}));
        for body in [&query, &call("list_databases", json!({}))] {
            let (status, _, answer) = posted(&server, &token, body).await;
            assert_eq!(status, 200, "{scope}: {answer}");
        }
    }
}

/// Without the scope to write a caller reads only, whatever the policy allows; and the list has no tool that nothing brings.
#[tokio::test]
async fn a_scope_narrows_and_never_widens() {
    let issuer = Issuer::start(Mode::Fine).await;
    let vars = [
        ("SQL_POLICY", "read_write"),
        ("OAUTH_SCOPES_SUPPORTED", "mcp:catalog"),
        ("OAUTH_SCOPES", "company"),
    ];
    let server = server(&issuer, &vars).await;
    let token = |scope: &str| issuer.token(OURS, json!({"scope": scope}));
    let lacking = posted(&server, &token("mcp:query"), &list()).await;
    assert_eq!(lacking.0, 403);
    assert!(lacking.1.contains("scope=\"company\""), "{}", lacking.1);
    let (_, _, tools) = posted(&server, &token("company mcp:catalog"), &list()).await;
    assert!(has(&tools, "list_tables") && !has(&tools, "execute_query"));
    let insert = json!({"sql": "DELETE FROM NATION"});
    for (scope, refused) in [("company mcp:query", true), ("company mcp:write", false)] {
        let mcp = server.mcp().key(&token(scope));
        let answer = mcp.call_tool("execute_query", insert.clone()).await;
        let is_refused = answer.to_string().contains("statement_not_allowed");
        assert_eq!(is_refused, refused, "{scope}: {answer}");
    }
}

/// Row 30.
#[tokio::test]
async fn two_credentials_are_not_chosen_from() {
    let (issuer, server) = both().await;
    let token = issuer.token(OURS, json!({}));
    let twice = server
        .mcp()
        .key(&token)
        .post()
        .header("Authorization", "Bearer x");
    assert_eq!(sent(twice.json(&list())).await.0, 400);
    let other = server.mcp().key(&token).post().header("X-API-Key", KEY);
    assert_eq!(sent(other.json(&list())).await.0, 400);
    for form in ["bearer {}", "BEARER   {}  ", "Bearer\t{}"] {
        let value = form.replace("{}", &token);
        let post = server.mcp().post().header("Authorization", value);
        assert_eq!(sent(post.json(&list())).await.0, 200, "{form}");
    }
}

/// Row 60.
#[tokio::test]
async fn open_routes_stay_open_whatever_is_shown() {
    let (_issuer, server) = both().await;
    for path in [
        "/livez",
        "/readyz",
        "/metrics",
        "/version",
        "/.well-known/oauth-protected-resource",
    ] {
        let http = reqwest::Client::new();
        let get = http.get(server.url(path)).bearer_auth("a.bad.token");
        assert_eq!(sent(get).await.0, 200, "{path}");
    }
}

/// Row 40: where the service signs in, nothing of a caller's token is ever sent to Snowflake.
#[tokio::test]
async fn a_token_never_reaches_snowflake_where_the_service_signs_in() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    stub.set(|settings| settings.listens = true);
    let more = [("PUBLIC_URL", OURS), ("OAUTH_ISSUER", issuer.url.as_str())];
    let mut server = serve(&stub, &more).await;
    server.event("ready").await;
    let token = issuer.token(OURS, json!({}));
    for sql in ["select current_user()", "select stub.fail('100035', 'no')"] {
        let client = server.mcp().key(&token);
        client.call_tool("execute_query", json!({"sql": sql})).await;
    }
    let heard = stub.heard();
    assert!(heard.contains("current_user"), "it listens: {heard}");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!heard.contains(signature), "{heard}");
    stop(server, &stub).await;
}
