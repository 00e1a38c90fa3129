//! Signing in: what is wrong is told, tried no more often than it may be, and mended without a restart.

use futures::future::join_all;
use serde_json::json;

use super::support::{code, key, public_half, run, serve, stop};
use crate::stub::Stub;

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
