//! Months in short: tokens that expire all the time, under load.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::support::{code, run, serve, stop};
use crate::stub::Stub;

#[tokio::test]
async fn days_of_expiring_tokens_under_load_fail_no_call() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.token_lifetime_s = 1.0;
        settings.master_lifetime_s = 4.0;
    });
    let server = serve(&stub, &[]).await;
    let end = Instant::now() + Duration::from_secs(12);
    let callers = (0..4).map(|_| async {
        let mut calls = 0;
        while Instant::now() < end {
            let result = run(&server, "select stub.sleep(20)").await;
            assert_eq!(code(&result), "ok", "{result}");
            calls += 1;
        }
        calls
    });
    let calls: u64 = join_all(callers).await.into_iter().sum();
    let counters = stub.counters();
    assert_eq!(counters.statements, calls, "each call ran once");
    assert!(counters.renewals > 4, "{counters:?}");
    assert!(counters.logins > 4, "{counters:?}");
    stop(server, &stub).await;
}
