//! What a person sees who opens the address in a browser.

use crate::support::Server;

const KEY: &str = "0123456789abcdef";

#[tokio::test]
async fn a_browser_is_shown_how_to_connect_an_agent() {
    let mut server = Server::start(&[]).await;
    server.event("ready").await;
    let response = reqwest::get(server.url("/")).await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let page = response.text().await.unwrap();
    assert!(page.contains(">Ready<"), "{page}");
    assert!(page.contains(&server.url("/mcp")), "{page}");
    assert!(page.contains("claude mcp add --transport http snowflake http://"));
    assert!(page.contains("No key is asked for."));
    assert!(page.len() < 20 * 1024);
    let head = reqwest::Client::new().head(server.url("/"));
    assert_eq!(head.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_page_names_the_key_and_never_shows_it() {
    let server = Server::start(&[("API_KEY", KEY)]).await;
    let (status, page) = server.get(&server.url("/")).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("Authorization: Bearer $SNOWFLAKE_MCP_KEY"),
        "{page}"
    );
    assert!(!page.contains(KEY));
}

#[tokio::test]
async fn the_page_says_why_the_service_is_not_ready() {
    let nowhere = [
        ("WAREHOUSE_BACKEND", "snowflake"),
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_USER", "MCP"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "secret"),
        ("SNOWFLAKE_HOST", "127.0.0.1"),
        ("SNOWFLAKE_PORT", "9"),
        ("SNOWFLAKE_PROTOCOL", "http"),
    ];
    let mut server = Server::start(&nowhere).await;
    server.event("not_ready").await;
    let (_, page) = server.get(&server.url("/")).await;
    assert!(page.contains("Not ready: "), "{page}");
    assert!(page.contains("a Snowflake account"));
}

#[tokio::test]
async fn the_page_is_for_known_names_and_only_where_it_is_wanted() {
    let server = Server::start(&[]).await;
    let foreign = reqwest::Client::new().get(server.url("/"));
    let foreign = foreign.header("Host", "evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    for settings in [
        [("LANDING_PAGE", "false")].as_slice(),
        &[
            ("ENVIRONMENT", "staging"),
            ("CORS_ORIGINS", "https://a.example"),
            ("WAREHOUSE_BACKEND", "embedded"),
        ],
    ] {
        let server = Server::start(settings).await;
        assert_eq!(server.get(&server.url("/")).await.0, 404, "{settings:?}");
    }
}
