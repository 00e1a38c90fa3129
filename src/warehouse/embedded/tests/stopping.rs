//! Stopping means stopping: by the caller, by the deadline, by closing. None of these tests measures a time; each waits
//! for an end that would never come by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::super::{Embedded, Options};
use super::{PATIENCE, read, run, small};
use crate::warehouse::{Error, GateLimits, Warehouse};

/// Counts 10^15 pairs: no machine ends it within a test.
const RUNAWAY: &str = "SELECT COUNT(*) FROM lineitem a, lineitem b, lineitem c, lineitem d WHERE a.l_tax + b.l_tax + c.l_tax + d.l_tax = -1";
/// Gives rows without end, so to speak.
const ENDLESS: &str = "SELECT a.l_comment FROM lineitem a, lineitem b, lineitem c";

fn one_at_a_time() -> Arc<Embedded> {
    let options = Options {
        gate: GateLimits::new(1, "MAX_CONCURRENT_QUERIES"),
        ..small()
    };
    Arc::new(Embedded::start(&options).unwrap())
}

/// Runs a small statement, which only works once the engine is free again.
async fn is_free(engine: &Embedded) {
    let answer = tokio::time::timeout(PATIENCE, engine.run(run("SELECT 1 AS A")))
        .await
        .expect("the statement before must have ended")
        .unwrap();
    assert_eq!(read(answer).await.unwrap().rows, [["1"]]);
}

#[tokio::test]
async fn dropping_the_call_stops_the_statement() {
    let engine = one_at_a_time();
    let call = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move { engine.run(run(RUNAWAY)).await.map(drop) })
    };
    // Wherever the statement is by now: waiting, in preparation or running.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(!call.is_finished(), "nothing has stopped it yet");
    }
    call.abort();
    is_free(&engine).await;
}

#[tokio::test]
async fn dropping_the_answer_stops_the_statement() {
    let engine = one_at_a_time();
    let mut answer = engine.run(run(ENDLESS)).await.unwrap();
    assert!(answer.batches.next().await.unwrap().is_ok());
    drop(answer);
    is_free(&engine).await;
}

#[tokio::test]
async fn the_deadline_stops_the_statement_and_says_how_long_it_had() {
    let engine = one_at_a_time();
    let mut late = run(RUNAWAY);
    late.deadline = Instant::now() + Duration::from_millis(100);
    let error = engine.run(late).await.expect_err("it never ends");
    assert!(
        matches!(error, Error::Timeout { after, .. } if after <= Duration::from_millis(100)),
        "{error:?}"
    );
    assert!(error.query_id().is_some());
    is_free(&engine).await;
}

#[tokio::test]
async fn the_deadline_also_stops_a_statement_whose_reader_sleeps() {
    let engine = one_at_a_time();
    let mut late = run(ENDLESS);
    late.deadline = Instant::now() + Duration::from_millis(200);
    let answer = engine.run(late).await.unwrap();
    // Nobody reads; the next statement gets its turn all the same.
    is_free(&engine).await;
    let error = read(answer).await.expect_err("it was stopped");
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_deadline_in_the_past_is_a_timeout_or_busy_and_never_a_hang() {
    let engine = one_at_a_time();
    let mut late = run(RUNAWAY);
    late.deadline = Instant::now();
    let error = engine.run(late).await.expect_err("no time at all");
    assert!(
        matches!(error, Error::Timeout { .. } | Error::Busy { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn who_waits_past_the_deadline_for_a_turn_is_told_the_setting() {
    let engine = one_at_a_time();
    let answer = engine.run(run(ENDLESS)).await.unwrap();
    let mut second = run("SELECT 1");
    second.deadline = Instant::now() + Duration::from_millis(50);
    let error = engine.run(second).await.expect_err("there is one place");
    assert!(
        error.to_string().contains("MAX_CONCURRENT_QUERIES"),
        "{error}"
    );
    assert!(matches!(error, Error::Busy { .. }));
    // SHOW needs no place.
    assert!(engine.run(run("SHOW TABLES")).await.is_ok());
    drop(answer);
}

#[tokio::test]
async fn closing_stops_what_runs_and_takes_nothing_new() {
    let engine = one_at_a_time();
    let answer = engine.run(run(ENDLESS)).await.unwrap();
    assert!(engine.ready().await.is_ok());
    engine.close().await;
    let error = read(answer).await.expect_err("it was stopped");
    assert!(matches!(error, Error::Cancelled { .. }), "{error:?}");
    assert!(engine.ready().await.is_err());
    assert!(engine.run(run("SELECT 1")).await.is_err());
}

#[tokio::test]
async fn a_result_that_is_read_slowly_takes_no_more_memory_than_one_that_is_read_fast() {
    // Far more rows than the memory limit could hold: only a stream can give the first of them.
    let engine = Embedded::start(&Options {
        memory_limit_bytes: 64 << 20,
        ..small()
    })
    .unwrap();
    let mut answer = engine.run(run(ENDLESS)).await.unwrap();
    for _ in 0..200 {
        let batch = answer.batches.next().await.unwrap().unwrap();
        assert!(batch.rows() > 0 && batch.rows() <= 2048);
    }
}

#[tokio::test]
async fn many_statements_at_once_all_get_their_own_answer() {
    let engine = Arc::new(Embedded::start(&small()).unwrap());
    let calls = (0..64).map(|n| {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            let answer = engine
                .run(run(&format!("SELECT {n} AS N, COUNT(*) AS C FROM nation")))
                .await
                .unwrap();
            (n, read(answer).await.unwrap().rows)
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let (n, rows) = call.await.unwrap();
        assert_eq!(rows, [[n.to_string(), "25".to_owned()]]);
    }
}
