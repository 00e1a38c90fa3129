//! Statements that outlive their call: read on, left running, stopped.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::super::{Embedded, Options};
use super::{PATIENCE, read, run, small};
use crate::warehouse::{Answer, Earlier, Error, GateLimits, Started, State, Warehouse};

const RUNAWAY: &str = "SELECT COUNT(*) FROM lineitem a, lineitem b, lineitem c, lineitem d WHERE a.l_tax + b.l_tax + c.l_tax + d.l_tax = -1";

fn later() -> Instant {
    Instant::now() + PATIENCE
}

fn ended(started: Started) -> Answer {
    match started {
        Started::Ended(answer) => answer,
        Started::Running { .. } => panic!("it should have ended"),
    }
}

fn earlier(query_id: &str) -> Earlier {
    Earlier {
        query_id: Uuid::parse_str(query_id).unwrap(),
        role: None,
    }
}

/// Cancelled for good: asking again brings nothing else.
fn was_cancelled(error: &Error) -> bool {
    matches!(error, Error::Ended(error) if matches!(**error, Error::Cancelled { .. }))
}

async fn left_running(engine: &Embedded) -> Earlier {
    let soon = Instant::now() + Duration::from_millis(100);
    match engine.start(run(RUNAWAY), soon).await.unwrap() {
        Started::Running { query_id } => earlier(&query_id),
        Started::Ended(_) => panic!("it cannot have ended"),
    }
}

#[tokio::test]
async fn a_result_is_read_again_from_any_row() {
    let engine = Embedded::start(&small()).unwrap();
    for statement in [
        "SELECT o_orderkey FROM orders ORDER BY o_orderkey",
        "SHOW TABLES IN SCHEMA SNOWFLAKE_SAMPLE_DATA.TPCH_SF1",
    ] {
        let first = ended(engine.start(run(statement), later()).await.unwrap());
        let id = earlier(&first.query_id);
        let total = first.total_rows.unwrap();
        let all = read(first).await.unwrap().rows;
        assert_eq!(all.len() as u64, total, "{statement}");
        for skip in [0, 1, total - 1, total, total + 5] {
            let rest = engine.result(&id, skip, later(), later()).await.unwrap();
            let rest = read(ended(rest)).await.unwrap().rows;
            let from = all.len().min(usize::try_from(skip).unwrap());
            assert_eq!(rest, all[from..], "{statement} from {skip}");
        }
    }
}

#[tokio::test]
async fn a_statement_left_running_can_be_asked_about_and_stopped() {
    let engine = Embedded::start(&small()).unwrap();
    let id = left_running(&engine).await;
    assert_eq!(engine.status(&id).await.unwrap().state, State::Running);
    let soon = Instant::now() + Duration::from_millis(50);
    let still = engine.result(&id, 0, soon, later()).await.unwrap();
    assert!(matches!(still, Started::Running { .. }));

    assert!(engine.cancel(&id).await.unwrap());
    let error = engine.result(&id, 0, later(), later()).await.unwrap_err();
    assert!(was_cancelled(&error), "{error:?}");
    assert_eq!(engine.status(&id).await.unwrap().state, State::Cancelled);
    assert!(!engine.cancel(&id).await.unwrap(), "it has ended already");
}

#[tokio::test]
async fn who_goes_away_before_the_patience_ends_leaves_nothing_running() {
    let options = Options {
        gate: GateLimits::new(1, "MAX_CONCURRENT_QUERIES"),
        ..small()
    };
    let engine = Embedded::start(&options).unwrap();
    let call = engine.start(run(RUNAWAY), later());
    assert!(
        tokio::time::timeout(Duration::from_millis(100), call)
            .await
            .is_err()
    );
    let next = engine.start(run("SELECT 1 AS A"), later()).await.unwrap();
    assert_eq!(read(ended(next)).await.unwrap().rows, [["1"]]);
}

#[tokio::test]
async fn what_is_not_kept_is_not_found_and_what_is_cut_says_so() {
    let options = Options {
        // A quarter is for results, half of that for one.
        memory_limit_bytes: 32 << 20,
        ..small()
    };
    let engine = Embedded::start(&options).unwrap();
    let small_one = ended(engine.start(run("SELECT 1"), later()).await.unwrap());
    let wide = "SELECT REPEAT(a.o_comment, 10) FROM orders a, orders b";
    for _ in 0..3 {
        let cut = ended(engine.start(run(wide), later()).await.unwrap());
        assert_eq!(cut.total_rows, None);
        let error = read(cut).await.unwrap_err();
        assert!(matches!(error, Error::EngineLimit(_)), "{error}");
    }
    let gone = earlier(&small_one.query_id);
    let error = engine.result(&gone, 0, later(), later()).await.unwrap_err();
    assert!(matches!(error, Error::QueryNotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_failure_is_told_to_every_reader() {
    let engine = Embedded::start(&small()).unwrap();
    let id = left_running(&engine).await;
    engine.cancel(&id).await.unwrap();
    for _ in 0..2 {
        let error = engine.result(&id, 0, later(), later()).await.unwrap_err();
        assert!(was_cancelled(&error), "{error:?}");
    }
}
