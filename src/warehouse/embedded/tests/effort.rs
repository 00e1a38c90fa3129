//! Statements that cost far more than they are long: each must end with its time, and leave its core and its memory free.
//! In the engine's own functions and in ours nothing looks for an interruption until a whole step is done.

use std::time::{Duration, Instant};

use super::super::Embedded;
use super::{answer, engine, read, refusal, run, small};
use crate::warehouse::{Error, Parameter, Warehouse};

/// What a statement may take beyond its time. The engine looks up between two rows; the machine may be busy.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a statement that would take minutes, for a second, and then another one in the only place there is.
async fn ends_with_its_time(sql: &str) {
    ends_with_its_time_given(sql, vec![]).await;
}

/// The same with parameters.
async fn ends_with_its_time_given(sql: &str, parameters: Vec<Parameter>) {
    let mut options = small();
    options.gate.slots = 1;
    let engine = Embedded::start(&options).unwrap();
    let mut late = run(sql);
    late.parameters = parameters;
    late.deadline = Instant::now() + Duration::from_secs(1);
    let begun = Instant::now();
    let ended = match engine.run(late).await {
        Ok(answer) => read(answer).await.map(drop),
        Err(error) => Err(error),
    };
    assert!(
        matches!(ended, Err(Error::Timeout { .. })),
        "{sql}: {ended:?}"
    );
    let free = tokio::time::timeout(GRACE, engine.run(run("SELECT 1"))).await;
    assert!(
        matches!(free, Ok(Ok(_))) && begun.elapsed() < GRACE,
        "{sql}: the engine was not free after {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn patterns_of_many_wildcards_end_with_their_time() {
    let long = "a".repeat(60_000);
    let any = format!("{}b", "%a".repeat(25));
    // These are decided at once; the engine's own test would take longer than anybody lives.
    for sql in [
        format!("SELECT '{long}' ILIKE '{any}'"),
        format!("SELECT '{long}' LIKE '_{any}'"),
        format!("SELECT '{long}' LIKE '{any}!%' ESCAPE '!'"),
        format!("SELECT '{long}' LIKE ANY ('_{any}', '_{any}c')"),
        format!("SELECT LIKE('{long}', '_' || '{any}')"),
    ] {
        assert_eq!(answer(&sql).await.rows, [["false"]], "{any}");
    }
    let error = refusal(&format!("SELECT * ILIKE '{any}' FROM nation")).await;
    assert!(matches!(error, Error::EngineLimit(_)), "{error}");
}

#[tokio::test]
async fn a_pattern_as_a_parameter_is_decided_in_time() {
    let mut long = run("SELECT ? LIKE ?, ? ILIKE ?");
    let (text, pattern) = ("a".repeat(400_000), "%a".repeat(200_000) + "b");
    let given = [text.clone(), pattern.clone(), text, pattern];
    long.parameters = given.map(Parameter::Text).to_vec();
    let answer = engine().run(long).await.unwrap();
    assert_eq!(read(answer).await.unwrap().rows, [["false", "false"]]);
}

#[tokio::test]
async fn comparisons_of_letters_with_letters_end_with_their_time() {
    let (one, other) = ("a".repeat(2_000), "b".repeat(2_000));
    for function in ["EDITDISTANCE", "JAROWINKLER_SIMILARITY"] {
        let sql = format!("SELECT MAX({function}('{one}', '{other}' || l_comment)) FROM lineitem");
        ends_with_its_time(&sql).await;
    }
}

#[tokio::test]
async fn lambdas_end_with_the_time_of_their_statement() {
    let range = "ARRAY_GENERATE_RANGE(0, 500)";
    let thrice = format!(
        "SELECT ARRAY_SIZE(TRANSFORM({range}, x -> TRANSFORM({range}, y -> \
         ARRAY_SIZE(FILTER({range}, z -> SHA2(x || y || z) = '')))))"
    );
    ends_with_its_time(&thrice).await;
}

#[tokio::test]
async fn a_long_array_is_not_taken_up_for_each_row_or_element() {
    let error = refusal(
        "SELECT ARRAY_SIZE(TRANSFORM(ARRAY_GENERATE_RANGE(0, 3000), \
         x -> FILTER(ARRAY_GENERATE_RANGE(0, 530 + LENGTH(x::VARCHAR)), y -> y IS NULL)))",
    )
    .await
    .to_string();
    assert!(error.contains("at most 1048576 elements"), "{error}");
    let mut long = run("SELECT TRANSFORM(PARSE_JSON(?), x -> TRANSFORM(PARSE_JSON(?), y -> x))");
    let array = format!("[{}1]", "1,".repeat(200_000));
    long.parameters = vec![Parameter::Text(array); 2];
    let error = engine().run(long).await.map(drop).expect_err("too long");
    assert!(matches!(error, Error::EngineLimit(_)), "{error}");
    let once = "SELECT ARRAY_SIZE(TRANSFORM(ARRAY_GENERATE_RANGE(0, 200000), x -> x + 1))";
    assert_eq!(answer(once).await.rows, [["200000"]]);
}

#[tokio::test]
async fn arrays_of_a_hundred_thousand_elements_are_compared_in_time() {
    let (one, other) = (
        "ARRAY_GENERATE_RANGE(0, 100000)",
        "ARRAY_GENERATE_RANGE(99999, 199999)",
    );
    for (sql, expected) in [
        (
            format!("SELECT ARRAY_SIZE(ARRAY_DISTINCT({one}))"),
            "100000",
        ),
        (
            format!("SELECT ARRAY_SIZE(ARRAY_INTERSECTION({one}, {other}))"),
            "1",
        ),
        (
            format!("SELECT ARRAY_SIZE(ARRAY_EXCEPT({one}, {other}))"),
            "99999",
        ),
        (format!("SELECT ARRAYS_OVERLAP({one}, {other})"), "true"),
        (
            format!("SELECT ARRAY_CONTAINS(99999::VARIANT, {one})"),
            "true",
        ),
        (format!("SELECT ARRAY_SORT({one}, FALSE)[0]::INT"), "99999"),
    ] {
        assert_eq!(answer(&sql).await.rows, [[expected]], "{sql}");
    }
}

#[tokio::test]
async fn letters_are_exchanged_and_cut_at_in_time() {
    let letters: String = (0x4E00..0x8E00).filter_map(char::from_u32).collect();
    let text = letters.repeat(20);
    for sql in [
        "SELECT LENGTH(TRANSLATE(?, ?, ''))",
        "SELECT LENGTH(INITCAP(?, ?)) - 327680",
        "SELECT ZEROIFNULL(LENGTH(STRTOK(?, ?, 1)))",
    ] {
        let mut long = run(sql);
        long.parameters = vec![
            Parameter::Text(text.clone()),
            Parameter::Text(letters.clone()),
        ];
        let answer = engine().run(long).await.unwrap();
        assert_eq!(read(answer).await.unwrap().rows, [["0"]], "{sql}");
    }
}

#[tokio::test]
async fn a_long_text_is_looked_for_in_another_in_time() {
    let whole = "a".repeat(1_000_000);
    // The engine's own compares half a million letters at each of half a million places, for a minute.
    let parts = [
        "a".repeat(500_000) + "b",
        "ab".repeat(400) + "c",
        format!("{0}b{0}", "a".repeat(300_000)),
    ];
    for part in parts {
        for (sql, is_first, expected) in [
            ("SELECT CONTAINS(?, ?)", false, "false"),
            ("SELECT POSITION(?, ?)", true, "0"),
            ("SELECT CHARINDEX(?, ?, 1)", true, "0"),
            ("SELECT ARRAY_SIZE(SPLIT(LEFT(?, 4000), ?))", false, "1"),
        ] {
            let mut long = run(sql);
            long.parameters = [&whole, &part]
                .map(|text| Parameter::Text(text.clone()))
                .to_vec();
            if is_first {
                long.parameters.reverse();
            }
            let answer = engine().run(long).await.unwrap();
            assert_eq!(read(answer).await.unwrap().rows, [[expected]], "{sql}");
        }
    }
    for (sql, expected) in [
        (
            "SELECT CONTAINS(n_name, LOWER('')) FROM nation LIMIT 1",
            "true",
        ),
        ("SELECT POSITION(LOWER('B'), 'äb')", "2"),
        ("SELECT POSITION(LOWER(''), 'ab') - POSITION('', 'ab')", "0"),
        ("SELECT SPLIT('a--b', LOWER('--'))", "json [\"a\",\"b\"]"),
        (
            "SELECT COUNT(*) || MAX(value) FROM TABLE(SPLIT_TO_TABLE('a--b', LOWER('--')))",
            "2b",
        ),
        ("SELECT SPLIT('a', NULL::VARCHAR)", "∅"),
    ] {
        assert_eq!(answer(sql).await.rows, [[expected]], "{sql}");
    }
}

#[tokio::test]
async fn the_members_of_a_large_object_are_read_once() {
    let members: Vec<String> = (0..300).map(|n| format!("\"k{n}/~\":{n}")).collect();
    let mut wide =
        run("SELECT COUNT(*), SUM(value::INT), MIN(key) FROM TABLE(FLATTEN(PARSE_JSON(?)))");
    wide.parameters = vec![Parameter::Text(format!("{{{}}}", members.join(",")))];
    let answer = engine().run(wide).await.unwrap();
    assert_eq!(read(answer).await.unwrap().rows, [["300", "44850", "k0/~"]]);
}

#[tokio::test]
async fn a_recursive_flatten_of_a_deep_or_wide_value_stays_small() {
    let flatten = |input: &str| format!("TABLE(FLATTEN(INPUT => {input}, RECURSIVE => TRUE))");
    // Each of the elements lies in the whole of it: written beside each, that is 58 GB.
    let wide = flatten("ARRAY_GENERATE_RANGE(0, 100000)");
    let sql = format!("SELECT COUNT(*), MAX(index), MAX(path) FROM {wide}");
    assert_eq!(answer(&sql).await.rows, [["100000", "99999", "[9]"]]);
    let key = "k".repeat(5_000);
    let long = flatten(&format!(
        "OBJECT_CONSTRUCT('{key}', ARRAY_GENERATE_RANGE(0, 20000))"
    ));
    let error = refusal(&format!("SELECT COUNT(*) FROM {long}")).await;
    assert!(error.to_string().contains("at most 16 MiB"), "{error}");
    let answer = answer(
        "SELECT key, path, index, value, this FROM TABLE(FLATTEN(INPUT => PARSE_JSON('{\"a\":[1,{\"b\":2}]}'), RECURSIVE => TRUE))",
    )
    .await;
    assert_eq!(answer.rows.len(), 4);
    assert_eq!(
        answer.rows[3],
        ["b", "a[1].b", "∅", "json 2", "json {\"b\":2}"]
    );
}

#[tokio::test]
async fn regular_expressions_end_with_their_statement() {
    // Each match looks at all of the rest of the text.
    let pattern = "'.*[^A-Z]|[A-Z]'";
    let text = Parameter::Text("A".repeat(1_000_000));
    for call in [
        format!("REGEXP_COUNT(?, {pattern})"),
        format!("REGEXP_INSTR(?, {pattern}, 1, 900000)"),
        format!("LENGTH(REGEXP_REPLACE(?, {pattern}, ''))"),
        format!("REGEXP_SUBSTR(?, {pattern}, 1, 900000)"),
        format!("ARRAY_SIZE(REGEXP_SUBSTR_ALL(?, {pattern}))"),
    ] {
        ends_with_its_time_given(&format!("SELECT {call}"), vec![text.clone()]).await;
    }
    // One pattern after another, each read for milliseconds.
    let calls: Vec<String> = (0..500)
        .map(|n| format!("REGEXP_COUNT(n_name, '[^x]{{900}}{n}')"))
        .collect();
    ends_with_its_time(&format!("SELECT {} FROM nation", calls.join(", "))).await;
    // One search through many states.
    let text = Parameter::Text("abb".repeat(600_000));
    let sql = "SELECT ? RLIKE '(?:[ab]*a[ab]{900}c)*'";
    ends_with_its_time_given(sql, vec![text]).await;
}

#[tokio::test]
async fn patterns_that_are_too_large_are_refused_with_what_to_do() {
    for (pattern, named) in [
        ("(?:[^x]{900}){900}".to_owned(), "at most 3 MiB"),
        ("ab".repeat(500_000), "at most 64 KiB"),
        ("|a".repeat(500_000), "at most 64 KiB"),
    ] {
        let mut large = run("SELECT REGEXP_COUNT('a', ?)");
        large.parameters = vec![Parameter::Text(pattern)];
        let error = match engine().run(large).await {
            Ok(answer) => read(answer).await.map(drop).unwrap_err(),
            Err(error) => error,
        };
        let said = error.to_string();
        assert!(matches!(error, Error::EngineLimit(_)), "{said}");
        assert!(
            said.contains(named) && said.contains("REGEXP_COUNT"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn what_was_refused_for_the_sake_of_another_way_of_searching_is_answered() {
    for (sql, expected) in [
        ("SELECT REGEXP_INSTR('a' || CHR(31) || 'b', 'b')", "3"),
        ("SELECT REGEXP_INSTR('one two', '\\\\bt', 1, 1)", "5"),
        ("SELECT REGEXP_INSTR('abc', 'x*', 1, 2)", "2"),
        (
            "SELECT REGEXP_REPLACE('a b c', '\\\\b', '|', 1, 3)",
            "a |b c",
        ),
        (
            "SELECT REGEXP_REPLACE('aaa', 'a', 'b', 1, n_nationkey + 2) FROM nation LIMIT 1",
            "aba",
        ),
        (
            "SELECT REGEXP_SUBSTR('abab', n_name, 2) FROM (SELECT 'b' n_name FROM nation LIMIT 1)",
            "b",
        ),
        ("SELECT REGEXP_SUBSTR('abc', '[^a]', 2)", "b"),
        ("SELECT REGEXP_SUBSTR('abc', 'b', 1, 1, 'e')", "b"),
        ("SELECT REGEXP_COUNT(' a', '\\\\b')", "2"),
    ] {
        assert_eq!(answer(sql).await.rows, [[expected]], "{sql}");
    }
    for sql in [
        "SELECT REGEXP_SUBSTR('abab', n_name, 2) FROM (SELECT '^b' n_name FROM nation)",
        "SELECT REGEXP_SUBSTR('abab', 'b', 0 - n_nationkey) FROM nation",
        "SELECT REGEXP_REPLACE('abab', '(b)', '\\\\2')",
        "SELECT REGEXP_SUBSTR('abab', 'b', 1, 1, 'e', 1)",
    ] {
        let error = refusal(sql).await;
        assert!(matches!(error, Error::EngineLimit(_)), "{sql}: {error}");
    }
    for sql in [
        "SELECT REGEXP_COUNT(n_name, '(?<=A)') FROM nation WHERE FALSE",
        "SELECT REGEXP_COUNT(n_name, '(a)\\\\1') FROM nation",
    ] {
        let error = refusal(sql).await;
        assert!(matches!(error, Error::Sql { .. }), "{sql}: {error}");
    }
}
