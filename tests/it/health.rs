//! Probes, metrics, version, and where they are.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn a_started_server_is_alive_started_and_ready() {
    let mut server = Server::start(&[]).await;
    server.event("ready").await;
    for path in ["/livez", "/healthz"] {
        let (status, body) = server.get_json(&server.url(path)).await;
        assert_eq!((status, &body), (200, &json!({"status": "alive"})));
    }
    let (status, body) = server.get_json(&server.url("/startupz")).await;
    assert_eq!((status, &body), (200, &json!({"status": "started"})));
    let (status, body) = server.get_json(&server.url("/readyz")).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"status": "ready", "warehouse": "embedded", "checks": [
            {"name": "start", "ok": true}, {"name": "warehouse", "ok": true}, {"name": "drain", "ok": true},
        ]})
    );
    let (_, body) = server.get_json(&server.url("/readyz?verbose")).await;
    assert_eq!(body["details"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(body["details"]["requests_in_flight"], 1);
}

/// An account that cannot be reached, with what stands in the way.
async fn out_of_reach(more: &[(&str, &str)], proxy: Option<&str>) -> String {
    let account = [
        ("WAREHOUSE_BACKEND", "snowflake"),
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_USER", "MCP"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "secret"),
        ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "0"),
    ];
    let proxy = proxy.map(|proxy| ("HTTPS_PROXY", proxy));
    let settings: Vec<_> = account.iter().chain(more).copied().chain(proxy).collect();
    let mut server = Server::start(&settings).await;
    let line = server.event("not_ready").await;
    let (status, report) = server.get_json(&server.url("/readyz?verbose")).await;
    assert_eq!(status, 503);
    let reason = report["checks"][1]["reason"].as_str().unwrap();
    assert_eq!(line["message"], format!("not ready: {reason}"));
    reason.to_owned()
}

#[tokio::test]
async fn a_server_that_is_not_ready_says_why_and_where_to_look() {
    let unknown = [("SNOWFLAKE_HOST", "no-such-host.invalid")];
    let closed = [("SNOWFLAKE_HOST", "127.0.0.1"), ("SNOWFLAKE_PORT", "9")];
    let proxy = Some("http://127.0.0.1:9");
    for (settings, proxy, words) in [
        (
            unknown.as_slice(),
            None,
            ["lookup address", "check SNOWFLAKE_ACCOUNT"],
        ),
        (&closed, None, ["Connection refused", "SNOWFLAKE_PORT"]),
        (&[], proxy, ["Connection refused", "HTTPS_PROXY"]),
    ] {
        let reason = out_of_reach(settings, proxy).await;
        for word in words {
            assert!(reason.contains(word), "{reason}");
        }
        assert!(!reason.contains("secret"), "{reason}");
    }
}

#[tokio::test]
async fn the_version_says_which_build_this_is() {
    let server = Server::start(&[]).await;
    let (status, body) = server.get_json(&server.url("/version")).await;
    assert_eq!(status, 200);
    assert_eq!(body["name"], "snowflake-mcp");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["revision"].is_string());
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_json() {
    let server = Server::start(&[]).await;
    let (status, body) = server.get_json(&server.url("/wp-login.php")).await;
    assert_eq!((status, body["code"].as_str()), (404, Some("not_found")));
    let post = reqwest::Client::new().post(server.url("/livez"));
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD");
    let head = reqwest::Client::new().head(server.url("/livez"));
    assert_eq!(head.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn metrics_count_by_known_routes_only() {
    let server = Server::start(&[]).await;
    server.mcp().request("tools/list", json!({})).await;
    server.get(&server.url("/made/up/by/a/scanner")).await;
    let (status, text) = server.get(&server.url("/metrics")).await;
    assert_eq!(status, 200);
    for line in [
        r#"snowflake_mcp_http_requests_total{method="POST",route="/mcp",status="200"} 1"#,
        r#"snowflake_mcp_http_requests_total{method="GET",route="other",status="404"} 1"#,
        r#"snowflake_mcp_http_request_duration_seconds_count{method="POST",route="/mcp"} 1"#,
        // The scrape itself.
        "snowflake_mcp_http_requests_in_flight 1",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(text.contains(r#"snowflake_mcp_build_info{revision="#));
    assert!(text.contains("process_resident_memory_bytes"));
    assert!(!text.contains("scanner"));
}

#[tokio::test]
async fn a_management_port_takes_the_probes_with_it() {
    let mut server = Server::start(&[("MANAGEMENT_PORT", "0")]).await;
    server.event("ready").await;
    assert!(server.management.is_some());
    for path in ["/livez", "/healthz", "/readyz", "/startupz", "/metrics"] {
        assert_eq!(server.get(&server.probe_url(path)).await.0, 200, "{path}");
        assert_eq!(server.get(&server.url(path)).await.0, 404, "{path}");
    }
    assert_eq!(server.get(&server.probe_url("/version")).await.0, 200);
    assert_eq!(server.get(&server.url("/version")).await.0, 200);
    assert_eq!(server.get(&server.probe_url("/mcp")).await.0, 404);
}
