//! Own data that changes: what is noticed, and what a changed file cannot do.

use std::fs;

use crate::warehouse::Error;

use super::local::{ask, over, parquet, rows, until};

#[tokio::test]
async fn what_changes_in_the_folder_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    fs::write(&file, "a\n1\n").unwrap();
    let engine = over(folder.path());
    let sum = "SELECT SUM(a) FROM local.public.t";
    assert_eq!(rows(&engine, sum).await, [["1"]]);
    // Rows are there at once.
    fs::write(&file, "a\n1\n41\n").unwrap();
    assert_eq!(rows(&engine, sum).await, [["42"]]);
    // Columns, files and folders when the folder is looked at.
    fs::write(&file, "a,b\nx,2\n").unwrap();
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("more/u.csv"), "c\n3\n").unwrap();
    until(
        &engine,
        "SELECT a || b || c FROM local.public.t, local.more.u",
        |read| read.as_ref().is_ok_and(|read| read.rows == [["x23"]]),
    )
    .await;
    until(&engine, "SHOW TABLES IN DATABASE local", |read| {
        read.as_ref()
            .is_ok_and(|read| read.column("name") == ["U", "T"])
    })
    .await;
    fs::remove_dir_all(folder.path().join("more")).unwrap();
    until(
        &engine,
        "SELECT * FROM local.information_schema.tables WHERE table_name = 'U'",
        |read| read.as_ref().is_ok_and(|read| read.rows.is_empty()),
    )
    .await;
    let error = ask(&engine, "SELECT * FROM local.more.u")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ObjectNotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_breaks_while_it_is_a_table_tells_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.parquet");
    parquet(&file, "SELECT 1 AS a");
    let engine = over(folder.path());
    assert_eq!(rows(&engine, "SELECT a FROM local.public.t").await, [["1"]]);
    for content in [Some("junk, and not even much of it"), None] {
        match content {
            Some(junk) => fs::write(&file, junk).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let error = ask(&engine, "SELECT a FROM local.public.t")
            .await
            .unwrap_err();
        assert!(matches!(error, Error::ObjectNotFound { .. }), "{error:?}");
        let text = crate::telemetry::chain(&error);
        assert!(!text.contains(folder.path().to_str().unwrap()), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_not_followed_by_the_next_statement() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    for name in ["t.csv", "sub/u.csv"] {
        fs::write(folder.path().join(name), "a\n1\n").unwrap();
    }
    fs::write(outside.path().join("u.csv"), "a\n42\n").unwrap();
    let engine = over(folder.path());
    for table in ["public.t", "sub.u"] {
        let sum = format!("SELECT SUM(a) FROM local.{table}");
        assert_eq!(rows(&engine, &sum).await, [["1"]]);
    }
    // At once: the folder has not been looked at again.
    fs::remove_file(folder.path().join("t.csv")).unwrap();
    symlink(outside.path().join("u.csv"), folder.path().join("t.csv")).unwrap();
    fs::remove_dir_all(folder.path().join("sub")).unwrap();
    symlink(outside.path(), folder.path().join("sub")).unwrap();
    for statement in [
        "SELECT SUM(a) FROM local.public.t",
        "SELECT SUM(a) FROM \"LOCAL\".\"Public\".\"t\"",
        "SELECT SUM(a) FROM local.sub.u",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM local.sub.u WHERE a = 42)",
        "SELECT * FROM (SELECT 1 AS k, a FROM local.sub.u) PIVOT (MAX(k) FOR a IN (ANY))",
        "EXPLAIN SELECT * FROM local.sub.u",
    ] {
        let error = ask(&engine, statement).await.expect_err(statement);
        assert!(matches!(error, Error::ObjectNotFound { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_told_of_a_table_is_told_once_however_often_its_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["t", "u", "v"] {
        fs::write(folder.path().join(format!("{name}.csv")), "a\n1\n").unwrap();
    }
    let engine = over(folder.path());
    for columns in 2..5 {
        let names: Vec<String> = (0..columns).map(|n| format!("c{n}")).collect();
        let text = format!("{0}\n{0}\n", names.join(","));
        fs::write(folder.path().join("t.csv"), text).unwrap();
        let told = "SELECT COUNT_IF(table_name = 'T'), COUNT_IF(table_name IN ('U', 'V')) \
                    FROM local.information_schema.columns WHERE table_schema = 'PUBLIC'";
        until(&engine, told, |read| {
            read.as_ref()
                .is_ok_and(|read| read.rows == [[columns.to_string(), "2".to_owned()]])
        })
        .await;
    }
    let tables = "SELECT COUNT(*), COUNT(DISTINCT table_name) FROM local.information_schema.tables WHERE table_schema = 'PUBLIC'";
    assert_eq!(rows(&engine, tables).await, [["3", "3"]]);
    let ddl = rows(&engine, "SELECT GET_DDL('TABLE', 'LOCAL.PUBLIC.T')").await;
    assert!(ddl[0][0].contains("C3 VARCHAR"), "{ddl:?}");
    fs::remove_file(folder.path().join("u.csv")).unwrap();
    until(&engine, tables, |read| {
        read.as_ref().is_ok_and(|read| read.rows == [["2", "2"]])
    })
    .await;
}
