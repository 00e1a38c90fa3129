//! Own data in CSV and JSON files keeps what its texts say: dates, digits, members of objects, BINARY.

use std::fs;

use super::local::{ask, over, parquet, rows, until};

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[tokio::test]
async fn dates_are_found_as_snowflake_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    // Of these the engine would make the first of February, and of the next two what stands in neither.
    write("slashes.csv", "d,n\n01/02/2024,1\n03/04/2024,2\n");
    write(
        "other.csv",
        "day,points,names,years\n13/02/2024,31.12.2024,5-Jan-2024,2024/01/31\n",
    );
    write(
        "mixed.csv",
        "iso,us,late\n2024-01-31,01/31/2024,2024-01-31\n2024-02-29,2/29/2024,soon\n",
    );
    write(
        "times.jsonl",
        "{\"at\":\"2024-01-31T10:11:12+02:00\",\"day\":\"01/02/2024\",\"iso\":\"2024-01-31\",\"plain\":\"2024-01-31 10:11:12\"}\n",
    );
    let engine = over(folder.path());
    for (statement, expected) in [
        (
            "SELECT d::VARCHAR, MONTH(d) FROM local.public.slashes WHERE n = 1",
            vec!["2024-01-02", "1"],
        ),
        (
            "SELECT day, points, names::VARCHAR, years FROM local.public.other",
            vec!["13/02/2024", "31.12.2024", "2024-01-05", "2024/01/31"],
        ),
        (
            "SELECT MAX(iso)::VARCHAR, MAX(us)::VARCHAR, MAX(late) FROM local.public.mixed",
            vec!["2024-02-29", "2024-02-29", "soon"],
        ),
        (
            "SELECT at::VARCHAR, day::VARCHAR, iso::VARCHAR, plain::VARCHAR FROM local.public.times",
            vec![
                "2024-01-31 08:11:12.000 +0000",
                "2024-01-02",
                "2024-01-31",
                "2024-01-31 10:11:12.000",
            ],
        ),
    ] {
        assert_eq!(
            rows(&engine, statement).await,
            [texts(&expected)],
            "{statement}"
        );
    }
}

#[tokio::test]
async fn decimals_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "prices.csv",
        "price,long,huge,float\n0.1,12345678901234567890.123456789,1,1e3\n0.20,1.5,123456789012345678901234567890123456789012,2.5\n",
    );
    write(
        "numbers.jsonl",
        "{\"n\":0.1,\"far\":1e400}\n{\"n\":0.2,\"far\":1}\n",
    );
    let engine = over(folder.path());
    for (statement, expected) in [
        (
            "SELECT SUM(price)::VARCHAR, MAX(price)::VARCHAR FROM local.public.prices",
            vec!["0.30", "0.20"],
        ),
        (
            "SELECT MAX(long)::VARCHAR FROM local.public.prices",
            vec!["12345678901234567890.123456789"],
        ),
        (
            "SELECT MAX(LENGTH(huge)) FROM local.public.prices",
            vec!["42"],
        ),
        (
            "SELECT MAX(float)::VARCHAR FROM local.public.prices",
            vec!["1000"],
        ),
        (
            "SELECT SUM(n)::VARCHAR FROM local.public.numbers",
            vec!["0.3"],
        ),
        (
            "SELECT far FROM local.public.numbers WHERE n = 0.1",
            vec!["1e400"],
        ),
    ] {
        assert_eq!(
            rows(&engine, statement).await,
            [texts(&expected)],
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_number_that_comes_later_is_not_rounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.csv");
    fs::write(&path, "n,price\n1,1.5\n2,2.5\n").unwrap();
    let engine = over(folder.path());
    let sums = "SELECT SUM(n)::VARCHAR || ' ' || SUM(price)::VARCHAR FROM local.public.growing";
    assert_eq!(rows(&engine, sums).await, [["3 4.0"]]);
    fs::write(&path, "n,price\n1,1.5\n2,2.5\n1.25,0.125\n").unwrap();
    // Not what the engine knows yet, or right.
    if let Ok(read) = ask(&engine, sums).await {
        assert_eq!(read.rows, [["4.25 4.125"]]);
    }
    until(
        &engine,
        sums,
        |answer| matches!(answer, Ok(read) if read.rows == [["4.25 4.125"]]),
    )
    .await;
}

#[tokio::test]
async fn an_object_has_the_members_of_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("events.jsonl"),
        "{\"id\":1,\"v\":{\"x\": 1.10}}\n{\"id\":2,\"v\":{\"y\":[1,2],\"x\":2}}\n{\"id\":3,\"v\":null}\n{\"id\":4}\n",
    )
    .unwrap();
    let engine = over(folder.path());
    for (statement, expected) in [
        (
            "SELECT OBJECT_KEYS(v)::VARCHAR, v:y IS NULL, v:x::NUMBER(5,2)::VARCHAR FROM local.public.events WHERE id = 1",
            vec!["[\"x\"]", "true", "1.10"],
        ),
        (
            "SELECT COUNT(v), COUNT(*) FROM local.public.events",
            vec!["2", "4"],
        ),
        (
            "SELECT SUM(f.value::INT) FROM local.public.events, LATERAL FLATTEN(input => v:y) f",
            vec!["3"],
        ),
    ] {
        assert_eq!(
            rows(&engine, statement).await,
            [texts(&expected)],
            "{statement}"
        );
    }
}

#[tokio::test]
async fn what_the_engine_would_read_wrongly_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // One column named `a,b,c` to the engine.
    fs::write(at("short.csv"), "a,b,c\n1,2,3\n4,5\n6,7,8\n").unwrap();
    let big: Vec<u8> = "\u{FEFF}id,n\n1,Ærø\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    fs::write(at("big.csv"), big).unwrap();
    fs::write(at("line\nfeed.csv"), "a\n1\n").unwrap();
    fs::write(at("right.csv"), "a\n1\n").unwrap();
    let engine = over(folder.path());
    assert_eq!(
        rows(
            &engine,
            "SELECT LISTAGG(table_name, ',') WITHIN GROUP (ORDER BY table_name) FROM local.information_schema.tables \
             WHERE table_schema = 'PUBLIC'"
        )
        .await,
        [["RIGHT"]]
    );
}

#[tokio::test]
async fn columns_of_binary_are_known_to_be_that() {
    let folder = tempfile::tempdir().unwrap();
    parquet(
        &folder.path().join("b.parquet"),
        "SELECT '\\x00\\xFF'::BLOB AS b, '00FF' AS t, 1 AS n",
    );
    let engine = over(folder.path());
    assert_eq!(
        rows(
            &engine,
            "SELECT b::VARCHAR, LEFT(b, 1)::VARCHAR, SUBSTR(b, 2)::VARCHAR, b = TO_BINARY('00FF'), MAX(b) OVER () = x'00FF', \
             LENGTH(b), (b || x'01')::VARCHAR \
             FROM local.public.b"
        )
        .await,
        [texts(&["00FF", "00", "FF", "true", "true", "2", "00FF01"])]
    );
    for expression in [
        "b = '00FF'",
        "b = t",
        "b IN ('00FF')",
        "b IN (SELECT t FROM local.public.b)",
        "b BETWEEN 'a' AND 'b'",
        "COALESCE(b, 'x')",
        "NVL(b, t)",
        "IFF(TRUE, b, 'a')",
        "CASE WHEN TRUE THEN b ELSE 'AB' END",
        "CASE b WHEN '00FF' THEN 1 ELSE 0 END",
        "DECODE(b, '00FF', 1, 2)",
        "NULLIF(b, '00FF')",
        "GREATEST(b, 'a')",
        "b || 'a'",
        "UPPER(b)",
        "x.c = '00FF'",
    ] {
        let statement =
            format!("SELECT {expression} FROM (SELECT b, t, b AS c FROM local.public.b) x");
        let answer = ask(&engine, &statement).await;
        let is_limit = matches!(answer, Err(crate::warehouse::Error::EngineLimit(_)));
        assert!(is_limit, "{statement}: {answer:?}");
    }
}
