//! Signing in with the browser. The stub is the identity provider as well, and this test the browser.

use futures::future::join_all;
use serde_json::Value;

use super::support::{code, run, serve, stop};
use crate::stub::Stub;
use crate::stub::sessions::Loss;
use crate::support::Server;

async fn serve_with_browser(stub: &Stub) -> Server {
    let more = [
        ("SNOWFLAKE_AUTH_TYPE", "external_browser"),
        ("SNOWFLAKE_POOL_MAX_SIZE", "4"),
        ("SNOWFLAKE_POOL_MIN_SIZE", "2"),
    ];
    serve(stub, &more).await
}

/// The person signs in at the address that was told the `nth` time.
async fn sign_in(server: &mut Server, nth: usize) {
    let told = server.nth_event("browser", nth).await;
    let (status, page) = server.get(told["url"].as_str().unwrap()).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("signed in"), "{page}");
}

async fn all_ok(server: &Server, calls: usize) {
    let results = join_all((0..calls).map(|_| run(server, "select stub.sleep(150)"))).await;
    for result in results {
        assert_eq!(code(&result), "ok", "{result}\n{}", server.log());
    }
}

#[tokio::test]
async fn one_window_serves_all_sessions_where_the_account_gives_an_id_token() {
    let stub = Stub::start().await;
    let mut server = serve_with_browser(&stub).await;
    // Nobody has signed in yet: callers wait.
    let (results, ()) = tokio::join!(join_all((0..4).map(|_| run(&server, "select 1"))), async {
        let line = wait_for_browser(&server).await;
        assert_eq!(server.get(line["url"].as_str().unwrap()).await.0, 200);
    });
    for result in results {
        assert_eq!(code(&result), "ok", "{result}");
    }
    all_ok(&server, 4).await;
    let counters = stub.counters();
    assert_eq!(counters.browser_windows, 1, "{counters:?}");
    assert!((2..=4).contains(&counters.logins), "{counters:?}");
    assert!(counters.max_running > 1, "{counters:?}");
    // A token that is refused after a while needs the person again, once.
    stub.set(|settings| settings.allow_id_token = false);
    stub.lose(Loss::Sessions);
    let mcp = server.mcp();
    let call = tokio::spawn(async move {
        let arguments = serde_json::json!({"sql": "select 1"});
        mcp.call_tool("execute_query", arguments).await
    });
    sign_in(&mut server, 2).await;
    assert_eq!(code(&call.await.unwrap()), "ok");
    assert_eq!(stub.counters().browser_windows, 2);
    assert!(!server.log().contains("id-token"), "{}", server.log());
    stop(server, &stub).await;
}

/// While the server is in use by others, which `event` does not allow.
async fn wait_for_browser(server: &Server) -> Value {
    loop {
        let lines = server.lines();
        if let Some(line) = lines.into_iter().find(|line| line["event"] == "browser") {
            return line;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_session_is_all_there_is_where_the_account_gives_none() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.allow_id_token = false);
    let mut server = serve_with_browser(&stub).await;
    sign_in(&mut server, 1).await;
    all_ok(&server, 6).await;
    let counters = stub.counters();
    assert_eq!(counters.browser_windows, 1, "{counters:?}");
    assert_eq!(counters.logins, 1, "{counters:?}");
    assert_eq!(counters.max_running, 1, "{counters:?}");
    stop(server, &stub).await;
}
