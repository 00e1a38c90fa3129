//! What a statement could do at worst, if the policy and the dialect let everything through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::super::catalog::Catalog;
use super::super::fill;
use super::super::session::{Sessions, Stop, lock};
use super::small;

/// Runs DuckDB's own SQL the way a translated statement runs.
fn attempt(sessions: &Sessions, sql: &str) -> Result<usize, String> {
    let stop = Stop::new(
        &CancellationToken::new(),
        Instant::now() + Duration::from_secs(60),
        "test",
    );
    let session = sessions
        .session(&Arc::new(stop), 65536)
        .map_err(|error| error.to_string())?;
    let mut statement = session
        .connection
        .prepare(sql)
        .map_err(|error| error.to_string())?;
    let schema = statement
        .stream_arrow([])
        .map_err(|error| error.to_string())?;
    drop(schema);
    let mut rows = 0;
    while let Some(chunk) = statement.step().map_err(|error| error.to_string())? {
        rows += duckdb::arrow::array::Array::len(&chunk);
    }
    Ok(rows)
}

fn sessions() -> Sessions {
    let (root, _) = fill(&mut Catalog::new(), &small()).unwrap();
    lock(&root, false).unwrap();
    Sessions::new(root)
}

/// The form in which `statement` hands a query to the engine.
fn as_query(sql: &str) -> String {
    format!("({sql}\n)")
}

#[test]
fn no_file_of_the_machine_can_be_read_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.csv");
    std::fs::write(&secret, "a,b\n1,2\n").unwrap();
    let secret = secret.display();
    let out = folder.path().join("out");
    let out = out.display();
    let sessions = sessions();
    for sql in [
        format!("SELECT * FROM '{secret}'"),
        format!("SELECT * FROM \"{secret}\""),
        format!("SELECT * FROM read_csv('{secret}')"),
        format!("SELECT * FROM read_csv_auto('{secret}')"),
        format!("SELECT * FROM sniff_csv('{secret}')"),
        format!("SELECT * FROM read_text('{secret}')"),
        format!("SELECT * FROM read_blob('{secret}')"),
        format!("SELECT * FROM read_json('{secret}')"),
        format!("SELECT * FROM read_json_auto('{secret}')"),
        format!("SELECT * FROM read_ndjson('{secret}')"),
        format!("SELECT * FROM read_json_objects('{secret}')"),
        format!("SELECT * FROM read_parquet('{secret}')"),
        format!("SELECT * FROM parquet_metadata('{secret}')"),
        format!("SELECT * FROM parquet_scan('{secret}')"),
        format!("SELECT * FROM glob('{}/*')", folder.path().display()),
        format!("SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')"),
        format!("SELECT * FROM query_table('{secret}')"),
        format!("COPY (SELECT 1) TO '{out}'"),
        format!("COPY \"DEMO\".\"PUBLIC\".\"Mixed Case\" FROM '{secret}'"),
        format!("EXPORT DATABASE '{out}'"),
        format!("IMPORT DATABASE '{}'", folder.path().display()),
        format!("ATTACH '{out}' AS x"),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'"),
        "SELECT getenv('HOME')".into(),
        "SELECT * FROM 'https://example.com/a.csv'".into(),
        "SELECT * FROM read_csv('https://example.com/a.csv')".into(),
    ] {
        assert!(attempt(&sessions, &sql).is_err(), "{sql} must fail");
        assert!(
            attempt(&sessions, &as_query(&sql)).is_err(),
            "{sql} must fail in parentheses too"
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing was written"
    );
}

#[test]
fn only_a_query_is_a_statement_in_parentheses() {
    let sessions = sessions();
    for sql in [
        "ATTACH ':memory:' AS x",
        "DETACH \"DEMO\"",
        "INSTALL httpfs",
        "LOAD icu",
        "SET threads = 1",
        "RESET threads",
        "SET VARIABLE x = 1",
        "PRAGMA database_list",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "USE memory",
        "CREATE TABLE t (a INT)",
        "CREATE TEMP TABLE t (a INT)",
        "CREATE SECRET s (TYPE http)",
        "DROP TABLE \"DEMO\".\"PUBLIC\".\"Mixed Case\"",
        "INSERT INTO \"DEMO\".\"PUBLIC\".\"Mixed Case\" VALUES (9, '', '')",
        "DELETE FROM \"DEMO\".\"PUBLIC\".\"Mixed Case\"",
        "UPDATE \"DEMO\".\"PUBLIC\".\"Mixed Case\" SET \"id\" = 1",
        "CHECKPOINT",
        "COMMIT",
        "ROLLBACK",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "VACUUM",
        "EXPLAIN SELECT 1",
        "SELECT 1; SELECT 2",
        "WITH a AS (DELETE FROM \"DEMO\".\"PUBLIC\".\"Mixed Case\" RETURNING *) SELECT * FROM a",
    ] {
        assert!(
            attempt(&sessions, &as_query(sql)).is_err(),
            "{sql} must fail"
        );
    }
    assert_eq!(
        attempt(&sessions, &as_query("SELECT 1 -- a comment")),
        Ok(1)
    );
    let left = as_query("SELECT * FROM \"DEMO\".\"PUBLIC\".\"Mixed Case\"");
    assert_eq!(attempt(&sessions, &left), Ok(3), "nothing was written");
}

#[test]
fn the_transaction_and_the_lock_hold_without_the_parentheses_too() {
    let sessions = sessions();
    for sql in [
        "SET threads = 1",
        "SET GLOBAL memory_limit = '10GB'",
        "SET enable_external_access = true",
        "SET disabled_filesystems = ''",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "PRAGMA threads = 3",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE \"DEMO\".\"PUBLIC\".t (a INT)",
        "CREATE SCHEMA \"DEMO\".s",
        "DROP TABLE \"DEMO\".\"PUBLIC\".\"Mixed Case\"",
        "INSERT INTO \"DEMO\".\"PUBLIC\".\"Mixed Case\" VALUES (9, '', '')",
        "DELETE FROM \"DEMO\".\"PUBLIC\".\"Mixed Case\"",
        "CREATE OR REPLACE MACRO memory.main.abs(x) AS 1",
        "CREATE PERSISTENT SECRET s (TYPE http)",
    ] {
        assert!(attempt(&sessions, sql).is_err(), "{sql} must fail");
    }
}

#[test]
fn nothing_a_statement_leaves_behind_is_seen_by_the_next() {
    let sessions = sessions();
    // Whether DuckDB allows them in a read-only transaction or not: the next connection knows nothing of them.
    let _ = attempt(&sessions, "CREATE TEMP TABLE left_behind AS SELECT 1");
    let _ = attempt(&sessions, "SET VARIABLE left_behind = 1");
    let _ = attempt(&sessions, "PREPARE left_behind AS SELECT 1");
    let _ = attempt(&sessions, "CREATE TEMP MACRO left_behind() AS 1");
    assert!(attempt(&sessions, "SELECT * FROM left_behind").is_err());
    assert!(attempt(&sessions, "EXECUTE left_behind").is_err());
    assert!(attempt(&sessions, "SELECT left_behind()").is_err());
    assert_eq!(
        attempt(
            &sessions,
            "SELECT 1 WHERE getvariable('left_behind') IS NOT NULL"
        ),
        Ok(0)
    );
}
