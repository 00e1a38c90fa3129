//! The client's secret: read where it should be, and found nowhere else.

use super::*;

/// Row 57: what must stay secret is nowhere: logs, audit records, metrics, traces, error bodies, `config`.
#[tokio::test]
async fn secrets_are_found_nowhere() {
    let (stub, issuer) = (Stub::start().await, Issuer::start(Mode::Fine).await);
    let (collector, traces) = Collector::start();
    let more = [
        ("API_KEY", KEY),
        ("SNOWFLAKE_USER", "SERVICE"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "correct-horse-battery"),
        ("CURSOR_SECRET", "cursor-secret-0123456789abcdef0123"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", traces.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "x-collector-key=collector%20key",
        ),
        ("LOG_LEVEL", "trace"),
    ];
    let mut server = exchanging(&stub, &issuer, &more).await;
    let token = token_of(&issuer, "alice");
    let mut bodies = String::new();
    for credential in [
        token.as_str(),
        KEY,
        "wrong-key-0123456789abcdef",
        &token[..token.len() - 9],
    ] {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "execute_query", "arguments": {"sql": "select 1"}}});
        let answer = server
            .mcp()
            .key(credential)
            .post()
            .json(&call)
            .send()
            .await
            .unwrap();
        bodies += &format!("{:?}", answer.headers());
        bodies += &answer.text().await.unwrap();
    }
    issuer.exchange(Exchange::No("invalid_grant"));
    bodies += &who(&server.mcp().key(&token_of(&issuer, "bob")))
        .await
        .to_string();
    for path in ["/metrics", "/version", "/readyz"] {
        bodies += &server.get(&server.url(path)).await.1;
    }
    let given = issuer.given();
    assert_eq!(server.stop().await.code(), Some(0));
    let (port, url) = (stub.address.port().to_string(), issuer.exchange_url());
    let shown = crate::support::run(
        &["config", "--effective"],
        &[
            ("API_KEY", KEY),
            ("SNOWFLAKE_PASSWORD", "correct-horse-battery"),
            ("SNOWFLAKE_PORT", port.as_str()),
            ("SNOWFLAKE_EXCHANGE_URL", url.as_str()),
            ("SNOWFLAKE_EXCHANGE_CLIENT_SECRET", SECRET),
            ("CURSOR_SECRET", "cursor-secret-0123456789abcdef0123"),
        ],
    );
    bodies += &String::from_utf8_lossy(&shown.stdout);
    bodies += &String::from_utf8_lossy(&shown.stderr);
    let everything = format!("{bodies}{}{}", written(&server), collector.text());
    assert!(
        collector.text().contains("execute_query"),
        "there are traces"
    );
    assert!(
        bodies.contains("SNOWFLAKE_EXCHANGE_CLIENT_SECRET"),
        "{bodies}"
    );
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    for (what, secret) in [
        ("a key", KEY.to_owned()),
        ("a wrong key", "wrong-key-0123456789abcdef".to_owned()),
        ("a token", signature(&token)),
        ("an exchanged token", signature(&given[0])),
        ("the client's secret", SECRET.to_owned()),
        ("the password", "correct-horse-battery".to_owned()),
        (
            "the cursors' secret",
            "cursor-secret-0123456789abcdef0123".to_owned(),
        ),
    ] {
        let place = everything.find(&secret);
        let around = place.map(|at| everything[at.saturating_sub(200)..at].to_owned());
        assert_eq!(around, None, "{what}");
    }
}

/// A secret that is not there is found before the first caller comes.
#[test]
fn check_reads_the_secret_of_the_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let vars = [
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_ROLE", "ANALYST"),
        ("PUBLIC_URL", OURS),
        ("OAUTH_ISSUER", "https://login.example.com/realms/a"),
        ("SNOWFLAKE_IDENTITY", "exchange"),
        ("SNOWFLAKE_EXCHANGE_URL", "https://login.example.com/token"),
        ("SNOWFLAKE_EXCHANGE_CLIENT_ID", "snowflake mcp"),
        (
            "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
            path.to_str().unwrap(),
        ),
        ("SNOWFLAKE_EXCHANGE_AUDIENCE", SNOWFLAKE),
    ];
    let check = || {
        let output = run(&["check"], &vars);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), told)
    };
    let (is_right, told) = check();
    assert!(
        !is_right && told.contains("SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE"),
        "{told}"
    );
    std::fs::write(&path, SECRET).unwrap();
    let mode = |mode| <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode);
    std::fs::set_permissions(&path, mode(0o600)).unwrap();
    let (is_right, told) = check();
    assert!(
        is_right && !told.contains("every user of this machine"),
        "{told}"
    );
    std::fs::set_permissions(&path, mode(0o644)).unwrap();
    let (is_right, told) = check();
    assert!(
        is_right && told.contains("every user of this machine"),
        "{told}"
    );
}
