//! Texts that would be megabytes for each of 2,048 rows: they must not come about, because nothing stops the engine while it
//! makes them. Each statement here took the process beyond a gigabyte, with the default data.

use super::{answer, engine, read, refusal, run};
use crate::warehouse::{Error, Parameter, Warehouse};

/// What the engine says when a text would be too long, or there is no memory for as many.
fn is_told(error: &Error) -> bool {
    let told = error.to_string();
    matches!(error, Error::EngineLimit(_))
        && ["allows texts of at most", "not enough memory", "with OVER"]
            .iter()
            .any(|words| told.contains(words))
}

#[tokio::test]
async fn a_long_text_is_not_made_for_every_row() {
    let all = "WITH b AS (SELECT LISTAGG(l_comment) t FROM lineitem)";
    let long = "x".repeat(60_000);
    let copies: Vec<String> = (0..60)
        .map(|n| format!("MAX(UPPER(SUBSTR(x, {n} + l_tax)))"))
        .collect();
    let copies = copies.join(", ");
    let quoted = format!(
        "{}n_name || '\"'{}",
        "TO_JSON(TO_VARIANT(".repeat(22),
        "))".repeat(22)
    );
    let mut layers = "SELECT n_comment t FROM nation".to_owned();
    for _ in 0..21 {
        layers = format!("SELECT t || t t FROM ({layers})");
    }
    for statement in [
        format!("{all} SELECT MAX(LENGTH(b.t || l_comment)) FROM b, lineitem"),
        format!("{all} SELECT MAX(REVERSE(b.t)) FROM b, lineitem"),
        "SELECT LISTAGG(l_comment) OVER (PARTITION BY l_returnflag) FROM lineitem".into(),
        "SELECT ARRAY_SIZE(a) FROM (SELECT ARRAY_AGG(l_comment) a FROM lineitem), lineitem".into(),
        format!("SELECT MAX(REVERSE('{long}' || l_comment)) FROM lineitem"),
        format!("SELECT {copies} FROM (SELECT REPEAT(l_comment, 400) x, l_tax FROM lineitem)"),
        "SELECT MAX(ARRAY_SIZE(ARRAY_GENERATE_RANGE(l_tax, 1000000))) FROM lineitem".into(),
        "SELECT ARRAY_GENERATE_RANGE(0, 1000000), l_comment FROM lineitem".into(),
        "SELECT REPEAT('ab', 30000), l_comment FROM lineitem".into(),
        "SELECT REGEXP_SUBSTR_ALL(REPEAT(l_comment, 700), '.') FROM lineitem".into(),
        format!("SELECT LENGTH({quoted}) FROM nation"),
        format!("SELECT MAX(LENGTH(t)) FROM ({layers})"),
    ] {
        let error = refusal(&statement).await;
        assert!(is_told(&error), "{statement}: {error}");
    }
}

#[tokio::test]
async fn a_text_that_grows_with_every_round_of_a_recursion_stays_short() {
    for (first, next) in [
        ("'xxxxxxxxxxxxxxxx'", "t || t"),
        ("'xxxxxxxxxxxxxxxx'", "CONCAT(t, t)"),
        ("'xxxxxxxxxxxxxxxx'", "CONCAT_WS('-', t, t)"),
        ("'\"\"\"\"'", "TO_JSON(TO_VARIANT(t))"),
        ("ARRAY_CONSTRUCT(1, 2)", "ARRAY_CAT(t, t)"),
        ("ARRAY_CONSTRUCT(1, 2)", "ARRAY_CONSTRUCT(t, t)"),
        (
            "OBJECT_CONSTRUCT('a', 1)",
            "OBJECT_CONSTRUCT('a', t, 'b', t)",
        ),
        (
            "'xxxxxxxxxxxxxxxx'",
            "ARRAY_TO_STRING(ARRAY_CONSTRUCT(t, t), '-')",
        ),
    ] {
        for word in ["WITH RECURSIVE", "WITH"] {
            let statement = format!(
                "{word} r AS (SELECT 1 n, {first} t UNION ALL SELECT n + 1, {next} FROM r WHERE n < 40) SELECT MAX(n) FROM r"
            );
            let error = refusal(&statement).await;
            assert!(is_told(&error), "{statement}: {error}");
        }
    }
}

#[tokio::test]
async fn a_long_parameter_is_as_a_long_literal() {
    let mut long = run("SELECT MAX(REVERSE(? || l_comment)) FROM lineitem");
    long.parameters = vec![Parameter::Text("x".repeat(1_000_000))];
    let error = engine().run(long).await.map(drop).expect_err("too long");
    assert!(is_told(&error), "{error}");
}

#[tokio::test]
async fn texts_of_usual_length_are_joined_and_gathered_as_ever() {
    for (statement, expected) in [
        (
            "WITH RECURSIVE r AS (SELECT 1 n, 'a' t UNION ALL SELECT n + 1, t || '/' || n FROM r WHERE n < 4) SELECT MAX(t) FROM r",
            "a/1/2/3",
        ),
        (
            "WITH RECURSIVE r AS (SELECT 1 n, 'a' t UNION ALL SELECT n + 1, t || NULL FROM r WHERE n < 4) SELECT COUNT(t) FROM r",
            "1",
        ),
        (
            "SELECT a || '-' || REPEAT('x', n_nationkey + 1) FROM (SELECT LISTAGG(r_name, ',') WITHIN GROUP (ORDER BY r_name) a FROM region), nation WHERE n_nationkey = 1",
            "AFRICA,AMERICA,ASIA,EUROPE,MIDDLE EAST-xx",
        ),
        (
            "SELECT ARRAY_SIZE(a) FROM (SELECT ARRAY_AGG(r_name) a FROM region)",
            "5",
        ),
        (
            "SELECT LENGTH(LISTAGG(l_comment)) > 100000 FROM lineitem",
            "true",
        ),
        ("SELECT LENGTH(REPEAT('ab', 30000))", "60000"),
        (
            "SELECT COUNT(*) FROM TABLE(FLATTEN(ARRAY_GENERATE_RANGE(0, 20000)))",
            "20000",
        ),
    ] {
        assert_eq!(answer(statement).await.rows, [[expected]], "{statement}");
    }
    let mut joined = run("SELECT ? || n_name FROM nation WHERE n_nationkey = 0");
    joined.parameters = vec![Parameter::Text("x".into())];
    let answer = engine().run(joined).await.unwrap();
    assert_eq!(read(answer).await.unwrap().rows, [["xALGERIA"]]);
}
