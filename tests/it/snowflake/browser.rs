//! Signing in with the browser. The stub is the identity provider as well, and this test the browser.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{PATIENCE, account, code, run, serve, stop, until};
use crate::stub::Stub;
use crate::stub::sessions::Loss;
use crate::support::{Conversation, Server};

async fn serve_with_browser(stub: &Stub) -> Server {
    let more = [
        ("SNOWFLAKE_AUTH_TYPE", "external_browser"),
        ("SNOWFLAKE_POOL_MAX_SIZE", "4"),
        ("SNOWFLAKE_POOL_MIN_SIZE", "2"),
    ];
    serve(stub, &more).await
}

fn is_of_browser(line: &Value) -> bool {
    line["event"] == "browser"
}

/// The address that the person is to open, once there is one.
fn address(log: &str) -> Option<String> {
    let mut lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let line = lines.find(is_of_browser)?;
    Some(line["url"].as_str().unwrap().to_owned())
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
        if let Some(line) = lines.into_iter().find(is_of_browser) {
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

#[tokio::test]
async fn a_window_nobody_uses_is_given_up_and_opened_again_for_the_next_caller_only() {
    let stub = Stub::start().await;
    let more = [
        ("SNOWFLAKE_AUTH_TYPE", "external_browser"),
        // Long enough for a busy machine to open the window's address in time.
        ("SNOWFLAKE_BROWSER_TIMEOUT", "5s"),
    ];
    let mut server = serve(&stub, &more).await;
    let refused = run(&server, "select 1").await;
    assert_eq!(code(&refused), "sign_in_refused", "{refused}");
    let (status, readiness) = server.get(&server.url("/readyz?verbose")).await;
    assert_eq!(status, 503);
    assert!(readiness.contains("browser"), "{readiness}");
    // However often readiness is asked for, it opens no windows for nobody.
    let windows = stub.counters().browser_windows;
    let addresses = |server: &Server| {
        let lines = server.lines().into_iter().filter(is_of_browser);
        let urls = lines.map(|line| line["url"].as_str().unwrap().to_owned());
        urls.collect::<Vec<_>>()
    };
    let told = addresses(&server).len();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(server.get(&server.url("/readyz")).await.0, 503);
    }
    assert_eq!(stub.counters().browser_windows, windows, "{}", server.log());
    // The next call is not held up for the sake of the one before.
    let (result, ()) = tokio::join!(run(&server, "select 1"), async {
        until(&stub, "opened again", |it| it.browser_windows > windows).await;
        // The account knows of the window a moment before the line with its address is written.
        let deadline = Instant::now() + PATIENCE;
        while addresses(&server).len() == told {
            assert!(Instant::now() < deadline, "{}", server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let url = addresses(&server).pop().unwrap();
        assert_eq!(server.get(&url).await.0, 200);
    });
    assert_eq!(code(&result), "ok", "{result}\n{}", server.log());
    server.event("ready").await;
    stop(server, &stub).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_during_a_conversation_on_stdio() {
    let stub = Stub::start().await;
    let port = stub.address.port().to_string();
    let more = [("SNOWFLAKE_AUTH_TYPE", "external_browser")];
    let mut conversation = Conversation::start(&account(&port, &more));
    conversation.ask(1, "execute_query", &json!({"sql": "select 1"}));
    let deadline = Instant::now() + PATIENCE;
    let url = loop {
        if let Some(url) = address(&conversation.log()) {
            break url;
        }
        assert!(Instant::now() < deadline, "{}", conversation.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let page = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(page.contains("signed in"), "{page}");
    let answer = conversation.hear();
    assert_eq!(answer["id"], 1, "{answer}");
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    conversation.hang_up();
    let (status, rest) = conversation.ended();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
    let counters = stub.counters();
    assert_eq!((counters.browser_windows, counters.sessions_open), (1, 0));
}
