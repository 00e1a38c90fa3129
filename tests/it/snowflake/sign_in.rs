//! Signing in: what is wrong is told, tried no more often than it may be, and mended without a restart.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::support::{code, key, public_half, run, sealed_key, serve, stop};
use crate::stub::Stub;
use crate::stub::sessions::Loss;
use crate::stub::settings::Settings;
use crate::support::Server;

#[tokio::test]
async fn wrong_credentials_are_tried_once_and_the_operator_is_told_where_to_look() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.password = Some("another".to_owned()));
    let mut server = serve(&stub, &[]).await;
    server.event("not_ready").await;
    for result in join_all((0..20).map(|_| run(&server, "select 1"))).await {
        assert_eq!(code(&result), "sign_in_refused", "{result}");
        assert!(!result.to_string().contains("correct-horse"));
    }
    assert_eq!(stub.counters().logins_refused, 1);
    assert!(server.log().contains("SNOWFLAKE_USER"), "{}", server.log());
    assert!(!server.log().contains("correct-horse"));
    assert_eq!(server.get(&server.url("/livez")).await.0, 200);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_sign_in_that_hangs_is_told_as_what_it_is() {
    let stub = Stub::start().await;
    stub.fault(json!([{"endpoint": "login", "kind": "hang"}]));
    let server = serve(&stub, &[("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "1")]).await;
    let result = run(&server, "select 1").await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    stub.heal();
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_key_that_is_mended_is_used_at_the_next_call() {
    let stub = Stub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, "no key yet").unwrap();
    let path = path.to_str().unwrap();
    let server = serve(
        &stub,
        &[
            ("SNOWFLAKE_AUTH_TYPE", "private_key"),
            ("SNOWFLAKE_PRIVATE_KEY_PATH", path),
        ],
    )
    .await;
    for _ in 0..3 {
        assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    }
    let log = server.log();
    assert!(log.contains("SNOWFLAKE_PRIVATE_KEY_PATH"), "{log}");
    assert!(
        !log.contains("Snowflake refused"),
        "it was not asked: {log}"
    );
    std::fs::write(path, key(0)).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_refused_key_that_is_replaced_is_tried_at_once() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.require_jwt_key = Some(public_half(1)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, key(0)).unwrap();
    let path = path.to_str().unwrap();
    let server = serve(
        &stub,
        &[
            ("SNOWFLAKE_AUTH_TYPE", "private_key"),
            ("SNOWFLAKE_PRIVATE_KEY_PATH", path),
        ],
    )
    .await;
    for _ in 0..5 {
        assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    }
    assert_eq!(stub.counters().logins_refused, 1, "the user is not locked");
    std::fs::write(path, key(1)).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

/// A server that signs in with the key in this file.
async fn serve_with_key(stub: &Stub, path: &Path, more: &[(&str, &str)]) -> Server {
    let mut vars = vec![
        ("SNOWFLAKE_AUTH_TYPE", "private_key"),
        ("SNOWFLAKE_PRIVATE_KEY_PATH", path.to_str().unwrap()),
    ];
    vars.extend_from_slice(more);
    serve(stub, &vars).await
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_by_snowflakes_and_told() {
    for ahead in [600, -600] {
        let stub = Stub::start().await;
        stub.set(|settings| {
            settings.require_jwt_key = Some(public_half(0));
            settings.clock_ahead_s = ahead;
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.p8");
        std::fs::write(&path, key(0)).unwrap();
        let server = serve_with_key(&stub, &path, &[]).await;
        assert_eq!(code(&run(&server, "select 1").await), "ok");
        let log = server.log();
        assert!(log.contains("clock is"), "{log}");
        let side = if ahead > 0 { "behind" } else { "ahead of" };
        assert!(log.contains(side), "{log}");
        // Once its clock is right again, or wrong another way, that is found out the same way.
        let refused = stub.counters().logins_refused;
        stub.set(|settings| settings.clock_ahead_s = 0);
        stub.lose(Loss::Sessions);
        assert_eq!(code(&run(&server, "select 1").await), "ok");
        assert!(refused <= 2, "{refused}");
        assert!(stub.counters().logins_refused <= refused + 2);
        stop(server, &stub).await;
    }
}

/// What is wrong with the settings is told in the log with the setting to look at, is no secret of the caller's, locks
/// nobody, and is over when it is mended in Snowflake.
#[tokio::test]
async fn a_wrong_account_user_or_key_is_told_and_tried_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, key(0)).unwrap();
    type Change = fn(&mut Settings);
    let cases: [(&str, Change, &str); 3] = [
        (
            "account",
            |settings| settings.account = Some("SOMEBODY-ELSES".to_owned()),
            "SNOWFLAKE_ACCOUNT",
        ),
        (
            "user",
            |settings| settings.user = Some("SOMEBODY_ELSE".to_owned()),
            "SNOWFLAKE_USER",
        ),
        (
            "key",
            |settings| settings.require_jwt_key = Some(public_half(1)),
            "SNOWFLAKE_PRIVATE_KEY_PATH",
        ),
    ];
    for (what, change, setting) in cases {
        let stub = Stub::start().await;
        stub.set(change);
        let mut server = serve_with_key(&stub, &path, &[]).await;
        server.event("not_ready").await;
        for result in join_all((0..10).map(|_| run(&server, "select 1"))).await {
            assert_eq!(code(&result), "sign_in_refused", "{what}: {result}");
            assert_eq!(result["structuredContent"]["retryable"], false);
        }
        let refused = server.lines();
        let refused = refused.iter().filter(|line| {
            line["level"] == "ERROR" && line.to_string().contains("no sign-in is tried")
        });
        let refused: Vec<_> = refused.collect();
        assert_eq!(refused.len(), 1, "{what}: {refused:?}");
        assert!(refused[0].to_string().contains(setting), "{refused:?}");
        assert_eq!(stub.counters().logins_refused, 1, "{what}");
        assert_eq!(stub.counters().logins, 0, "{what}");
        let (status, ready) = server.get(&server.url("/readyz")).await;
        assert_eq!(status, 503, "{what}: {ready}");
        stop(server, &stub).await;
    }
}

#[tokio::test]
async fn a_passphrase_that_opens_nothing_is_told_and_snowflake_is_not_asked() {
    let stub = Stub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, sealed_key(0, "right")).unwrap();
    let cases = [
        (vec![], "there is no passphrase"),
        (
            vec![("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "wrong")],
            "does not open it",
        ),
    ];
    for (more, what) in cases {
        let server = serve_with_key(&stub, &path, &more).await;
        assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
        let log = server.log();
        assert!(log.contains(what), "{log}");
        assert!(log.contains("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"), "{log}");
        assert!(!log.contains("\"wrong\""), "{log}");
        stop(server, &stub).await;
    }
    let counters = stub.counters();
    assert_eq!((counters.logins, counters.logins_refused), (0, 0));
    let more = [("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "right")];
    let server = serve_with_key(&stub, &path, &more).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_key_file_that_is_missing_or_unreadable_is_found_when_it_is_there() {
    let stub = Stub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    // At the start that is a wrong setting.
    let output = crate::support::run(
        &["check"],
        &[
            ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
            ("SNOWFLAKE_USER", "SERVICE"),
            ("SNOWFLAKE_PRIVATE_KEY_PATH", path.to_str().unwrap()),
        ],
    );
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("SNOWFLAKE_PRIVATE_KEY_PATH"), "{told}");
    // Later it may come and go.
    std::fs::write(&path, "no key yet").unwrap();
    let server = serve_with_key(&stub, &path, &[]).await;
    assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    // Something that cannot be read, whoever asks.
    std::fs::create_dir(&path).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "sign_in_refused");
    let log = server.log();
    assert!(log.contains("SNOWFLAKE_PRIVATE_KEY_PATH"), "{log}");
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, key(0)).unwrap();
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    // Gone again: the sessions that are open go on, and the key that was read still signs in.
    std::fs::remove_file(&path).unwrap();
    stub.lose(Loss::Sessions);
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_key_is_rotated_under_load_and_no_call_fails() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.require_jwt_key = Some(public_half(0));
        // So that there are sign-ins all the time.
        (settings.token_lifetime_s, settings.master_lifetime_s) = (0.3, 1.0);
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, key(0)).unwrap();
    let server = serve_with_key(&stub, &path, &[]).await;
    let is_over = AtomicBool::new(false);
    let callers = (0..4).map(|_| async {
        while !is_over.load(Ordering::Relaxed) {
            let result = run(&server, "select stub.sleep(20)").await;
            assert_eq!(code(&result), "ok", "{result}\n{}", server.log());
        }
    });
    let rotation = async {
        let pause = || tokio::time::sleep(Duration::from_millis(1_500));
        pause().await;
        // Both are good while the file is being replaced, carelessly: empty, then half of it, then all.
        stub.set(|settings| settings.require_jwt_key_2 = Some(public_half(1)));
        let new = key(1);
        for part in [0, new.len() / 2, new.len()] {
            std::fs::write(&path, &new[..part]).unwrap();
            pause().await;
        }
        stub.set(|settings| settings.require_jwt_key = settings.require_jwt_key_2.take());
        let logins = stub.counters().logins;
        pause().await;
        pause().await;
        is_over.store(true, Ordering::Relaxed);
        assert!(stub.counters().logins > logins, "none with the new key");
    };
    tokio::join!(join_all(callers), rotation);
    assert_eq!(stub.counters().logins_refused, 0);
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_host_that_is_wrong_is_told_and_reached_as_soon_as_it_answers() {
    // Nobody listens there yet.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let port_text = port.to_string();
    let stub = Stub::start().await;
    let brief = [
        ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "0"),
        ("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "5"),
    ];
    let more = [brief[0], brief[1], ("SNOWFLAKE_PORT", &port_text)];
    let mut server = serve(&stub, &more).await;
    let result = run(&server, "select 1").await;
    assert_eq!(code(&result), "warehouse_unreachable", "{result}");
    assert_eq!(result["structuredContent"]["retryable"], true, "{result}");
    server.event("not_ready").await;
    assert_eq!(server.get(&server.url("/readyz")).await.0, 503);
    let late = Stub::start_on(port).await;
    server.event("ready").await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &late).await;

    // Something else listens there: TLS is spoken to what has none, and to nobody's name.
    let cases = [
        [
            ("SNOWFLAKE_PROTOCOL", "https"),
            ("SNOWFLAKE_HOST", "127.0.0.1"),
        ],
        [
            ("SNOWFLAKE_PROTOCOL", "https"),
            ("SNOWFLAKE_HOST", "nobody.invalid"),
        ],
    ];
    for case in cases {
        let more = [&brief[..], &case[..]].concat();
        let server = serve(&stub, &more).await;
        let result = run(&server, "select 1").await;
        assert_eq!(code(&result), "warehouse_unreachable", "{case:?}: {result}");
        // The log says which host it is, and the caller does not learn it.
        let log = server.log();
        let asked = format!("the request to {}:", case[1].1);
        assert!(log.contains(&asked), "{log}");
        assert!(!result.to_string().contains(case[1].1), "{result}");
        stop(server, &stub).await;
    }
    assert_eq!(stub.counters().logins, 0);
}

#[tokio::test]
async fn a_session_that_got_less_than_was_asked_for_is_told_once() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.warehouse_granted = Some(String::new()));
    let more = [
        ("SNOWFLAKE_WAREHOUSE", "COMPUTE_WH"),
        ("SNOWFLAKE_POOL_MIN_SIZE", "3"),
        ("SNOWFLAKE_POOL_MAX_SIZE", "3"),
    ];
    let server = serve(&stub, &more).await;
    for _ in 0..3 {
        assert_eq!(code(&run(&server, "select 1").await), "ok");
        stub.lose(Loss::Sessions);
    }
    let told = |what: &str| {
        let lines = server.lines();
        let warnings = lines.iter().filter(|line| line["level"] == "WARN");
        warnings
            .filter(|line| line["message"].as_str().unwrap().contains(what))
            .count()
    };
    assert_eq!(
        told("SNOWFLAKE_WAREHOUSE is COMPUTE_WH"),
        1,
        "{}",
        server.log()
    );
    assert!(stub.counters().logins >= 3);
    // Another fact is another line.
    stub.set(|settings| settings.warehouse_granted = Some("OTHER_WH".to_owned()));
    stub.lose(Loss::Sessions);
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    assert_eq!(told("was given OTHER_WH"), 1, "{}", server.log());
    stop(server, &stub).await;
}

#[tokio::test]
async fn an_administrators_role_that_nobody_asked_for_is_not_used() {
    let stub = Stub::start().await;
    // The user's own role, where SNOWFLAKE_ROLE names none.
    stub.set(|settings| settings.role_granted = Some("ACCOUNTADMIN".to_owned()));
    let server = serve(&stub, &[]).await;
    let refused = run(&server, "select 1").await;
    assert_eq!(code(&refused), "sign_in_refused", "{refused}");
    assert!(server.log().contains("ALLOWED_ROLES"), "{}", server.log());
    let counters = stub.counters();
    assert_eq!((counters.statements, counters.sessions_open), (0, 0));
    stop(server, &stub).await;

    let server = serve(&stub, &[("ALLOWED_ROLES", "ACCOUNTADMIN")]).await;
    assert_eq!(code(&run(&server, "select 1").await), "ok");
    stop(server, &stub).await;
}
