//! Own data through the front door: files of a folder as tables.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::{Embedded, Options};
use super::{Read, read, run, small};
use crate::warehouse::{Error, Warehouse};

/// Longer than the folder is left alone.
const NOTICED: Duration = Duration::from_secs(30);

/// An engine over this folder.
pub(super) fn over(folder: &Path) -> Embedded {
    let options = Options {
        data_dir: Some(folder.to_owned()),
        ..small()
    };
    Embedded::start(&options).unwrap()
}

pub(super) async fn ask(engine: &Embedded, statement: &str) -> Result<Read, Error> {
    read(engine.run(run(statement)).await?).await
}

pub(super) async fn rows(engine: &Embedded, statement: &str) -> Vec<Vec<String>> {
    let read = ask(engine, statement).await;
    read.unwrap_or_else(|error| panic!("{statement}: {error}"))
        .rows
}

/// Asks again until the answer is the one hoped for.
pub(super) async fn until(
    engine: &Embedded,
    statement: &str,
    is_there: impl Fn(&Result<Read, Error>) -> bool,
) {
    let asking = async {
        while !is_there(&ask(engine, statement).await) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let noticed = tokio::time::timeout(NOTICED, asking).await;
    assert!(noticed.is_ok(), "{statement}");
}

/// An engine over a folder that has so many tables, and how long it took to have them.
async fn with_tables(folder: &Path, count: usize, patience: Duration) -> (Embedded, Duration) {
    let begun = Instant::now();
    let engine = over(folder);
    let statement =
        "SELECT COUNT(*) FROM local.information_schema.tables WHERE table_schema = 'PUBLIC'";
    loop {
        let read = ask(&engine, statement).await;
        if read.is_ok_and(|read| read.rows == [[count.to_string()]]) {
            return (engine, begun.elapsed());
        }
        assert!(begun.elapsed() < patience, "{count} tables");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Writes a Parquet file with an engine of our own, which may.
pub(super) fn parquet(path: &Path, query: &str) {
    let engine = duckdb::Connection::open_in_memory().unwrap();
    let copy = format!("COPY ({query}) TO '{}' (FORMAT parquet)", path.display());
    engine.execute_batch(&copy).unwrap();
}

/// One of each, and some that are none.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("sales")).unwrap();
    parquet(
        &at("sales/orders.parquet"),
        "SELECT i AS order_id, 'c' || i % 3 AS customer, (i * 1.5)::DECIMAL(12, 2) AS total, \
         TIMESTAMP_NS '2024-01-01 10:00:00' AS placed, [i, i + 1] AS parts, {'a': i} AS more, \
         DATE '2024-02-29' AS day, i::UBIGINT AS big, i::FLOAT AS share FROM range(5000) t(i)",
    );
    fs::write(
        at("people.csv"),
        "id;name;born\n1;Jürgen;1970-01-31\n2;Zoë;1980-12-01\n",
    )
    .unwrap();
    fs::write(at("latin.csv"), b"id,Full Name\n1,J\xFCrgen\n2,Zo\xEB\n").unwrap();
    let wide: Vec<u8> = "\u{FEFF}id,name\n1,Ærø\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(at("wide.csv"), wide).unwrap();
    fs::write(
        at("events.jsonl"),
        "{\"id\": 1, \"tags\": [\"a\", \"b\"], \"by\": {\"name\": \"x\"}}\n{\"id\": 2, \"tags\": [], \"by\": null}\n",
    )
    .unwrap();
    fs::write(at("list.json"), "[{\"n\": 1.5}, {\"n\": 2}]").unwrap();
    fs::write(
        at("broken.parquet"),
        "this is no Parquet file, whatever its name says",
    )
    .unwrap();
    fs::write(at("empty.csv"), "").unwrap();
    folder
}

#[tokio::test]
async fn files_of_every_kind_are_tables() {
    let folder = folder();
    let engine = over(folder.path());
    assert_eq!(
        rows(
            &engine,
            "SELECT customer, COUNT(*), SUM(total) FROM local.sales.orders GROUP BY customer ORDER BY customer LIMIT 1"
        )
        .await,
        [["c0".to_owned(), "1667".to_owned(), every_third_total()]]
    );
    assert_eq!(
        rows(
            &engine,
            "SELECT parts[1]::INT, more:a::INT, DATEADD(day, 1, placed)::DATE, big / 2 FROM local.sales.orders WHERE order_id = 7"
        )
        .await[0][..2],
        ["8", "7"]
    );
    assert_eq!(
        rows(
            &engine,
            "SELECT name FROM local.public.people WHERE born < '1975-01-01'"
        )
        .await,
        [["Jürgen"]]
    );
    assert_eq!(
        rows(
            &engine,
            "SELECT \"Full Name\" FROM local.public.latin ORDER BY id"
        )
        .await,
        [["Jürgen"], ["Zoë"]]
    );
    assert_eq!(
        rows(&engine, "SELECT name FROM local.public.wide").await,
        [["Ærø"]]
    );
    assert_eq!(
        rows(
            &engine,
            "SELECT e.id, f.value::STRING, e.by:name::STRING FROM local.public.events e, LATERAL FLATTEN(e.tags) f ORDER BY 2"
        )
        .await,
        [["1", "a", "x"], ["1", "b", "x"]]
    );
    assert_eq!(
        rows(&engine, "SELECT SUM(n) FROM local.public.list").await[0].len(),
        1
    );
    // Next to the sample data, in one statement.
    assert_eq!(
        rows(
            &engine,
            "SELECT n_name FROM nation JOIN local.public.people ON id = n_nationkey ORDER BY 1"
        )
        .await,
        [["ARGENTINA"], ["BRAZIL"]]
    );
}

/// The sum of every third order's total, as the sum of the series says.
fn every_third_total() -> String {
    let sum: u64 = (0..5000_u64).step_by(3).map(|i| i * 150).sum();
    format!("{sum}e-2")
}

#[tokio::test]
async fn the_catalog_knows_them() {
    let folder = folder();
    let engine = over(folder.path());
    let databases = ask(&engine, "SHOW DATABASES").await.unwrap();
    assert!(databases.column("name").contains(&"LOCAL"));
    let schemas = ask(&engine, "SHOW SCHEMAS IN DATABASE local")
        .await
        .unwrap();
    assert_eq!(
        schemas.column("name"),
        ["INFORMATION_SCHEMA", "PUBLIC", "SALES"]
    );
    let tables = ask(&engine, "SHOW TABLES IN SCHEMA local.public")
        .await
        .unwrap();
    assert_eq!(
        tables.column("name"),
        ["EVENTS", "LATIN", "LIST", "PEOPLE", "WIDE"]
    );
    let orders = ask(&engine, "SHOW TABLES IN SCHEMA local.sales")
        .await
        .unwrap();
    assert_eq!(orders.column("rows"), ["5000"]);
    assert_eq!(orders.column("comment"), ["The file sales/orders.parquet"]);
    let described = ask(&engine, "DESCRIBE TABLE local.sales.orders")
        .await
        .unwrap();
    let types = described.column("type");
    assert_eq!(
        types,
        [
            "NUMBER(38,0)",
            "VARCHAR(16777216)",
            "NUMBER(12,2)",
            "TIMESTAMP_NTZ(9)",
            "VARIANT",
            "VARIANT",
            "DATE",
            "NUMBER(38,0)",
            "FLOAT"
        ]
    );
    // What is described is what comes: the columns of the answer have the same types.
    let all = ask(&engine, "SELECT * FROM local.sales.orders LIMIT 1")
        .await
        .unwrap();
    for (column, told) in all.columns.iter().zip(types) {
        let data_type = column.data_type.to_string();
        assert!(
            told.starts_with(&data_type),
            "{}: {data_type}, not {told}",
            column.name
        );
    }
    assert_eq!(
        rows(
            &engine,
            "SELECT table_name, row_count FROM local.information_schema.tables WHERE table_schema <> 'INFORMATION_SCHEMA' ORDER BY 1 LIMIT 2"
        )
        .await,
        [["EVENTS", "∅"], ["LATIN", "∅"]]
    );
    assert_eq!(
        rows(
            &engine,
            "SELECT column_name FROM local.information_schema.columns WHERE table_name = 'PEOPLE' ORDER BY ordinal_position"
        )
        .await,
        [["ID"], ["NAME"], ["BORN"]]
    );
    let ddl = rows(&engine, "SELECT GET_DDL('TABLE', 'LOCAL.PUBLIC.PEOPLE')").await;
    assert!(
        ddl[0][0].contains("create or replace TABLE PEOPLE"),
        "{ddl:?}"
    );
}

#[tokio::test]
async fn quotes_in_names_are_letters_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let names = "id,it's,\"a\"\"b\",\"x', evil := (SELECT 1)) --\"\n1,2,3,4\n";
    fs::write(folder.path().join("o'brien.csv"), names).unwrap();
    fs::write(folder.path().join("say \"hi\".csv"), "a'b;c\n'x;y';2\n").unwrap();
    fs::write(
        folder.path().join("it's.jsonl"),
        "{\"a'b\": 1, \"c\\\"d\": 2}\n",
    )
    .unwrap();
    parquet(
        &folder.path().join("p.parquet"),
        "SELECT 1 AS \"a'b\", 2 AS \"c\"\"d\"",
    );
    fs::rename(
        folder.path().join("p.parquet"),
        folder.path().join("p'q.parquet"),
    )
    .unwrap();
    let engine = over(folder.path());
    let evil = "\"x', evil := (SELECT 1)) --\"";
    for (statement, values) in [
        (
            format!("SELECT id, \"it's\", \"a\"\"b\", {evil} FROM local.public.\"o'brien\""),
            vec!["1", "2", "3", "4"],
        ),
        (
            "SELECT \"a'b\", c FROM local.public.\"say \"\"hi\"\"\"".to_owned(),
            vec!["x;y", "2"],
        ),
        (
            "SELECT \"a'b\", \"c\"\"d\" FROM local.public.\"it's\"".to_owned(),
            vec!["1", "2"],
        ),
        (
            "SELECT \"a'b\", \"c\"\"d\" FROM local.public.\"p'q\"".to_owned(),
            vec!["1", "2"],
        ),
    ] {
        assert_eq!(rows(&engine, &statement).await, [values], "{statement}");
    }
    let described = ask(&engine, "DESCRIBE TABLE local.public.\"o'brien\"")
        .await
        .unwrap();
    assert_eq!(described.column("name")[1..3], ["it's", "a\"b"]);
}

#[tokio::test]
async fn no_digit_of_a_file_is_lost_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(
        at("big.csv"),
        "id,most,half,moment\n12345678901234567890,99999999999999999999999999999999999999,0.5,2024-01-01 10:00:00.123456789\n\
         -1,0,1,2024-01-01 10:00:00\n",
    )
    .unwrap();
    fs::write(
        at("wide.jsonl"),
        "{\"id\": 12345678901234567890, \"most\": 123456789012345678901234567890}\n{\"id\": -1, \"most\": 1}\n",
    )
    .unwrap();
    parquet(
        &at("times.parquet"),
        "SELECT TIMESTAMP_NS '2024-01-01 10:00:00.123456' AS coarse, TIMESTAMP_NS '2024-01-01 10:00:00.123456789' AS fine \
         UNION ALL SELECT NULL, NULL",
    );
    let engine = over(folder.path());
    assert_eq!(
        rows(&engine, "SELECT * FROM local.public.big ORDER BY 1 DESC").await[0],
        [
            "12345678901234567890",
            "99999999999999999999999999999999999999",
            "5e-1",
            "2024-01-01 10:00:00.123456789"
        ]
    );
    assert_eq!(
        rows(
            &engine,
            "SELECT id, most FROM local.public.wide ORDER BY id DESC"
        )
        .await[0],
        ["12345678901234567890", "123456789012345678901234567890"]
    );
    let types = ask(&engine, "DESCRIBE TABLE local.public.big")
        .await
        .unwrap();
    assert_eq!(
        types.column("type")[..3],
        ["NUMBER(38,0)", "NUMBER(38,0)", "NUMBER(18,1)"]
    );
    let coarse = "SELECT coarse FROM local.public.times ORDER BY 1";
    assert_eq!(
        rows(&engine, coarse).await,
        [["1704103200.123456000 None"], ["∅"]]
    );
    let error = ask(&engine, "SELECT fine FROM local.public.times")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::EngineLimit(_)), "{error:?}");
    assert!(error.to_string().contains("microsecond"), "{error}");
}

#[tokio::test]
async fn statements_reach_no_file_by_themselves() {
    let folder = folder();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.csv"), "a\n1\n").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
    let engine = over(folder.path());
    let (inside, outside) = (folder.path().display(), outside.path().display());
    for statement in [
        format!("SELECT * FROM \"{inside}/people.csv\""),
        format!("SELECT * FROM local.public.\"{inside}/people.csv\""),
        format!("SELECT * FROM \"{inside}/sales\".\"orders.parquet\""),
        format!("SELECT * FROM \"{inside}/out/secret.csv\""),
        format!("SELECT * FROM \"{inside}/../{outside}/secret.csv\""),
        format!("SELECT * FROM TABLE('{inside}/people.csv')"),
        format!("SELECT * FROM IDENTIFIER('\"{inside}/people.csv\"')"),
        format!("SELECT * FROM TABLE(read_csv('{inside}/people.csv'))"),
        format!("SELECT * FROM '{inside}/people.csv'"),
        format!("SELECT * FROM @\"{inside}/people.csv\""),
    ] {
        let Ok(parsed) = crate::sql::parse(&statement) else {
            continue;
        };
        let place = crate::policy::CurrentNames::default();
        if crate::policy::Policy::default()
            .approve(parsed, &place)
            .is_ok()
        {
            let outcome = ask(&engine, &statement).await;
            assert!(outcome.is_err(), "{statement}: {outcome:?}");
        }
    }
    // EXPLAIN does not tell where the files are.
    let plan = rows(
        &engine,
        "EXPLAIN SELECT * FROM local.public.people WHERE id = 1",
    )
    .await;
    assert!(
        !format!("{plan:?}").contains(&inside.to_string()),
        "{plan:?}"
    );
}

#[tokio::test]
async fn a_thousand_files_are_a_thousand_tables() {
    let with_files = |count: usize| {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..count {
            let path = folder.path().join(format!("t{n:04}.csv"));
            fs::write(path, format!("id,word\n{n},w{n}\n")).unwrap();
        }
        folder
    };
    // How long a file takes depends on what else the machine does, so fifty of them are the measure.
    let (few, many) = (with_files(50), with_files(1000));
    let (_, of_few) = with_tables(few.path(), 50, Duration::from_secs(600)).await;
    // Twenty times as many files; what is left is for a machine that becomes busier meanwhile.
    let patience = of_few * 20 * 5 + Duration::from_secs(30);
    let (engine, _) = with_tables(many.path(), 1000, patience).await;
    assert_eq!(
        rows(&engine, "SELECT word FROM local.public.t0999").await,
        [["w999"]]
    );
}

#[test]
fn a_folder_that_is_none_is_said_at_the_start() {
    let options = Options {
        data_dir: Some("/nowhere/at/all".into()),
        ..small()
    };
    let error = Embedded::start(&options).err().unwrap();
    let text = crate::telemetry::chain(&error);
    assert!(text.contains("EMBEDDED_DATA_DIR /nowhere/at/all"), "{text}");
}
