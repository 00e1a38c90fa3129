//! Who gets in: keys, host names, origins, sizes.

use serde_json::{Value, json};

use crate::support::{KEY, Server};

/// A refusal has a word to branch on, says what is wrong and what to do, and is JSON.
async fn refusal(response: reqwest::Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/json");
    let refusal: Value = response.json().await.unwrap();
    for part in ["code", "message", "hint"] {
        assert!(
            refusal[part].as_str().is_some_and(|text| !text.is_empty()),
            "{refusal}"
        );
    }
    refusal
}

fn list() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
}

#[tokio::test]
async fn a_key_opens_mcp_in_either_header() {
    let other = "another-key-0123456789abcdef";
    let keys = format!("{other}, a-third-key-0123456789abcdef");
    let server = Server::start(&[("API_KEY", KEY), ("API_KEYS", &keys)]).await;
    for key in [KEY, other] {
        let answer = server.mcp().key(key).request("tools/list", json!({})).await;
        assert!(answer["result"]["tools"].is_array(), "{answer}");
        let post = server.mcp().post().header("X-API-Key", key).json(&list());
        assert_eq!(post.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_missing_key_and_a_wrong_one_are_told_apart() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let missing = server.mcp().post().json(&list()).send().await.unwrap();
    assert_eq!(missing.status(), 401);
    assert_eq!(missing.headers()["www-authenticate"], "Bearer");
    let missing: Value = missing.json().await.unwrap();
    let wrong = server.mcp().key("wrong-0123456789abcdef").post();
    let wrong = wrong.json(&list()).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let challenge = wrong.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");
    let wrong: Value = wrong.json().await.unwrap();
    for refusal in [&missing, &wrong] {
        assert_eq!(refusal["code"], "unauthorized");
        assert!(!refusal["hint"].as_str().unwrap().is_empty());
    }
    assert_ne!(missing["message"], wrong["message"]);
}

#[tokio::test]
async fn probes_need_no_key() {
    let mut server = Server::start(&[("API_KEY", KEY)]).await;
    server.event("ready").await;
    for path in ["/livez", "/readyz", "/startupz", "/metrics", "/version"] {
        assert_eq!(server.get(&server.url(path)).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn no_key_ever_reaches_the_log() {
    let guess = "a-wrong-guess-0123456789";
    let mut server = Server::start(&[("API_KEY", KEY), ("LOG_LEVEL", "TRACE")]).await;
    server.mcp().key(KEY).request("tools/list", json!({})).await;
    for header in ["X-API-Key", "Authorization", "Cookie"] {
        let post = server.mcp().post().header(header, guess).json(&list());
        assert_eq!(post.send().await.unwrap().status(), 401, "{header}");
    }
    let known = server
        .line("request of a known caller", |line| {
            line["caller"] == "key:0813ba6d"
        })
        .await;
    assert_eq!(known["route"], "/mcp");
    assert_eq!(server.stop().await.code(), Some(0));
    let log = server.log();
    assert!(!log.contains(KEY) && !log.contains(guess), "{log}");
}

#[tokio::test]
async fn only_known_host_names_are_answered() {
    let server = Server::start(&[("ALLOWED_HOSTS", "mcp.example.com")]).await;
    for (host, status) in [
        ("localhost", 200),
        ("127.0.0.1:1", 200),
        ("mcp.example.com", 200),
        ("mcp.example.com:8443", 200),
        ("evil.example", 403),
        ("mcp.example.com.evil.example", 403),
    ] {
        let post = server.mcp().post().header("Host", host).json(&list());
        let response = post.send().await.unwrap();
        if status == 200 {
            assert_eq!(response.status(), 200, "{host}");
        } else {
            let refusal = refusal(response, status).await;
            assert!(
                refusal["hint"].as_str().unwrap().contains("ALLOWED_HOSTS"),
                "{refusal}"
            );
        }
    }
    // Probes come by any name, such as a pod's address.
    let probe = reqwest::Client::new().get(server.url("/livez"));
    let probe = probe.header("Host", "10.1.2.3:8000").send().await.unwrap();
    assert_eq!(probe.status(), 200);
}

#[tokio::test]
async fn a_star_for_hosts_answers_to_every_name() {
    let server = Server::start(&[("ALLOWED_HOSTS", "*")]).await;
    let post = server.mcp().post().header("Host", "any.example");
    assert_eq!(post.json(&list()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn only_pages_of_listed_origins_may_call() {
    let origins = "https://app.example.com,http://localhost:3000";
    let server = Server::start(&[("CORS_ORIGINS", origins), ("API_KEY", KEY)]).await;
    let preflight = |origin: &'static str| {
        reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, server.url("/mcp"))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "authorization,content-type,mcp-protocol-version,x-api-key",
            )
            .send()
    };
    let allowed = preflight("https://app.example.com").await.unwrap();
    assert_eq!(allowed.status(), 200);
    let headers = allowed.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://app.example.com"
    );
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let refused = preflight("https://evil.example").await.unwrap();
    assert!(
        !refused
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let refused = refusal(refused, 400).await;
    assert!(
        refused["hint"].as_str().unwrap().contains("CORS_ORIGINS"),
        "{refused}"
    );

    for (origin, status) in [
        ("https://app.example.com", 200),
        ("http://localhost:3000", 200),
        ("https://app.example.com:8443", 403),
        ("http://localhost:4000", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let post = server.mcp().key(KEY).post().header("Origin", origin);
        let response = post.json(&list()).send().await.unwrap();
        if status == 200 {
            assert_eq!(response.status(), 200, "{origin}");
        } else {
            let refusal = refusal(response, status).await;
            assert!(
                refusal["hint"].as_str().unwrap().contains("CORS_ORIGINS"),
                "{refusal}"
            );
        }
    }
    // A page that may not call is told so, key or not.
    let post = server.mcp().post().header("Origin", "https://evil.example");
    refusal(post.json(&list()).send().await.unwrap(), 403).await;
    // A page must be able to read why it was refused.
    let post = server
        .mcp()
        .post()
        .header("Origin", "http://localhost:3000");
    let response = post.json(&list()).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let headers = response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "http://localhost:3000"
    );
    let exposed = headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("www-authenticate"), "{exposed}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let server = Server::start(&[("MAX_REQUEST_BYTES", "64KiB")]).await;
    let body = |bytes: usize| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {"x": "y".repeat(bytes)}}});
    let fits = server.mcp().post().json(&body(32 * 1024)).send().await;
    assert_eq!(fits.unwrap().status(), 200);
    let too_large = server.mcp().post().json(&body(128 * 1024)).send().await;
    let too_large = refusal(too_large.unwrap(), 413).await;
    assert!(
        too_large["hint"]
            .as_str()
            .unwrap()
            .contains("MAX_REQUEST_BYTES"),
        "{too_large}"
    );
    // Without a length it is read up to the limit.
    let pieces = futures::stream::iter(
        ["x".repeat(64 * 1024), "x".repeat(64 * 1024)].map(Ok::<_, std::io::Error>),
    );
    let post = server.mcp().post().body(reqwest::Body::wrap_stream(pieces));
    refusal(post.send().await.unwrap(), 413).await;
}

#[tokio::test]
async fn whoever_looks_for_oauth_is_told_of_the_key() {
    let paths = [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
        "/register",
        "/authorize?response_type=code",
        "/token",
    ];
    let open = Server::start(&[]).await;
    let closed = Server::start(&[("API_KEY", KEY)]).await;
    let http = reqwest::Client::new();
    for path in paths {
        for (server, says) in [(&open, "no sign-in"), (&closed, "Authorization: Bearer")] {
            for request in [http.get(server.url(path)), http.post(server.url(path))] {
                let refusal = refusal(request.send().await.unwrap(), 404).await;
                assert_eq!(refusal["error"], "invalid_request", "{path}");
                let description = refusal["error_description"].as_str().unwrap();
                assert!(description.contains(says), "{path}: {description}");
                assert!(!description.contains(['"', '\\']), "{description}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_cannot_use_a_server_without_a_key() {
    let server = Server::start(&[("CORS_ORIGINS", "*")]).await;
    let mut open = Server::start(&[("CORS_ORIGINS", "*"), ("ALLOW_ANY_ORIGIN", "true")]).await;
    let keyed = Server::start(&[("CORS_ORIGINS", "*"), ("API_KEY", KEY)]).await;
    for (origin, status) in [
        ("http://localhost:6274", 200),
        ("http://127.0.0.1:9000", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ] {
        let post = server.mcp().post().header("Origin", origin).json(&list());
        let response = post.send().await.unwrap();
        assert_eq!(response.status(), status, "{origin}");
        let allowed = response.headers().get("access-control-allow-origin");
        assert_eq!(allowed.is_some(), status == 200, "{origin}");
        for server in [&open, &keyed] {
            let post = server.mcp().key(KEY).post().header("Origin", origin);
            assert_eq!(post.json(&list()).send().await.unwrap().status(), 200);
        }
    }
    let warned = open.line("warning", |line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.contains("ALLOW_ANY_ORIGIN is true"))
    });
    warned.await;
    assert!(!server.log().contains("ALLOW_ANY_ORIGIN"));
}

#[tokio::test]
async fn who_sends_no_known_key_is_written_down_and_slowed_and_locks_nobody_out() {
    let mut server = Server::start(&[("API_KEY", KEY), ("AUDIT_LOG_FILE", "audit.jsonl")]).await;
    let guess = || {
        server
            .mcp()
            .key("a-wrong-guess-0123456789")
            .post()
            .json(&list())
            .send()
    };
    let began = std::time::Instant::now();
    for _ in 0..8 {
        assert_eq!(guess().await.unwrap().status(), 401);
    }
    // Three at once, then 50, 100, 200, 400 and 500 ms.
    assert!(
        began.elapsed().as_millis() >= 1_250,
        "{:?}",
        began.elapsed()
    );
    let guesses = futures::future::join_all((0..20).map(|_| guess()));
    let right = async {
        let began = std::time::Instant::now();
        let answer = server.mcp().key(KEY).request("tools/list", json!({})).await;
        assert!(answer["result"]["tools"].is_array(), "{answer}");
        began.elapsed().as_millis()
    };
    let (_, took) = tokio::join!(guesses, right);
    assert!(took < 400, "{took} ms");
    let line = server
        .line("refusal", |line| line["reason"] == "unknown key")
        .await;
    assert_eq!(line["address"], "127.0.0.1");
    let lines = server.lines();
    let refusals = lines.iter().filter(|line| line["reason"] == "unknown key");
    assert_eq!(refusals.count(), 1, "one line in ten seconds");
    server.stop().await;
    let audit = std::fs::read_to_string(server.folder.path().join("audit.jsonl")).unwrap();
    let first: Value = serde_json::from_str(audit.lines().next().unwrap()).unwrap();
    assert_eq!(first["outcome"], "unauthorized");
    assert_eq!(first["address"], "127.0.0.1");
    assert_eq!(audit.matches("unauthorized").count(), 1, "{audit}");
}

#[tokio::test]
async fn two_credentials_that_differ_are_not_chosen_from() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let post = || server.mcp().key(KEY).post().json(&list());
    for request in [
        post().header("X-API-Key", "another-key-0123456789"),
        post().header("Authorization", "Bearer another-key-0123456789"),
        post().header("Authorization", "Basic dXNlcjpwYXNz"),
    ] {
        let refusal = refusal(request.send().await.unwrap(), 400).await;
        assert!(refusal["message"].as_str().unwrap().contains("credential"));
    }
    let same = post().header("X-API-Key", KEY).send().await.unwrap();
    assert_eq!(same.status(), 200);
}

#[tokio::test]
async fn no_answer_is_kept_or_guessed_at() {
    let server = Server::start(&[]).await;
    let http = reqwest::Client::new();
    for request in [
        server.mcp().post().json(&list()),
        server.mcp().post().body("{"),
        http.get(server.url("/mcp")),
        http.get(server.url("/livez")),
        http.get(server.url("/nothing")),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_path_in_other_words_is_no_path() {
    let server = Server::start(&[]).await;
    for path in ["/%6detrics", "/metric%73", "/mc%70", "/%2fmetrics"] {
        let (status, body) = server.get(&server.url(path)).await;
        assert_eq!(status, 404, "{path}: {body}");
    }
    assert_eq!(server.get(&server.url("/metrics")).await.0, 200);
}
