//! Nothing explodes: what nests grows by the same amount at each level, for every function there is.

use std::time::Duration;

use duckdb::{Config, Connection};

use crate::sql::{self, Identifier, Tree};
use crate::warehouse::embedded::natives;

use super::functions::all;
use super::{Context, Found, Tables, translate};

/// What stands in the other places, one after another until the translation takes it.
const OTHERS: [&str; 5] = ["2", "'A'", "'DAY'", "MONTH", "'YYYY-MM-DD'"];

/// Functions that get at their arguments by words between them.
const FORMS: [(&str, &str); 14] = [
    ("", " / 3"),
    ("7 / (1 + ", ")"),
    ("", " % 5"),
    ("", " || 'x'"),
    ("(", ")::VARCHAR"),
    ("(", ")::DATE"),
    ("(", ")::NUMBER(38, 2)"),
    ("(", ")::BOOLEAN"),
    ("TRY_CAST((", ")::VARCHAR AS DATE)"),
    ("CASE ", " WHEN '1' THEN '2' WHEN '3' THEN '4' ELSE '5' END"),
    ("(", " IN ('1', '2', '3'))::VARCHAR"),
    ("(", " BETWEEN '1' AND '2')::VARCHAR"),
    ("(", " LIKE ANY ('1', '2', '3'))::VARCHAR"),
    ("(", ") + INTERVAL '1 month, 2 days'"),
];

fn context() -> Context {
    let name = |text: &str| Identifier::exact(text).unwrap();
    Context {
        database: name("SNOWFLAKE_SAMPLE_DATA"),
        schema: name("TPCH_SF1"),
        role: name("PUBLIC"),
        warehouse: name("EMBEDDED"),
        user: name("EMBEDDED"),
        tables: Tables::new(|_| Found::Nothing),
        query_id: String::new(),
        parameters: vec![],
        long_texts: true,
    }
}

/// The length of a translation, or `None` where there is none.
fn length(statement: &str) -> Option<usize> {
    translation(statement).map(|sql| sql.len())
}

fn translation(statement: &str) -> Option<String> {
    let parsed = sql::parse(statement).ok()?;
    let Tree::Statement(tree) = parsed.tree() else {
        return None;
    };
    let translated = translate(tree, statement, &context(), &Default::default());
    Some(translated.ok()?.sql)
}

/// Macros that DuckDB brings along and that write an argument more than once: nested, they double at each level, whatever the
/// length of the statement.
fn macros_that_repeat() -> Vec<String> {
    let engine = duckdb::Connection::open_in_memory().unwrap();
    let all = "SELECT function_name, list_reduce(list_transform(parameters, lambda p:
            len(regexp_extract_all(macro_definition, '\\b' || p || '\\b'))), lambda a, b: greatest(a, b))
        FROM duckdb_functions() WHERE function_type = 'macro' AND len(parameters) > 0";
    let mut rows = engine.prepare(all).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows = rows.unwrap().map(Result::unwrap);
    let repeating = rows.filter(|(_, times): &(String, i64)| *times > 1);
    repeating.map(|(name, _)| name).collect()
}

#[test]
fn no_call_is_said_by_a_macro_that_repeats_its_argument() {
    let repeating = macros_that_repeat();
    assert!(
        repeating.iter().any(|name| name == "nullif"),
        "{repeating:?}"
    );
    let is_called = |sql: &str, name: &str| {
        let call = format!("{name}(");
        let mut found = sql.match_indices(&call);
        found.any(|(at, _)| !sql[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    for (open, close) in nestings() {
        let Some(sql) = translation(&nested(&open, "N_NAME", &close, 1)) else {
            continue;
        };
        let named = repeating.iter().find(|name| is_called(&sql, name));
        assert_eq!(named, None, "{open}…{close}: {sql}");
    }
}

fn nested(open: &str, seed: &str, close: &str, levels: usize) -> String {
    format!(
        "SELECT {}{seed}{} AS X FROM NATION",
        open.repeat(levels),
        close.repeat(levels)
    )
}

/// Every function, nested in each of its places: what stands before and behind the place.
fn nestings() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = FORMS
        .iter()
        .map(|(open, close)| ((*open).to_owned(), (*close).to_owned()))
        .collect();
    for (name, min, max) in all() {
        for count in [min, max.min(min + 3)] {
            for place in 0..count {
                let taken = OTHERS.iter().find_map(|other| {
                    let before = format!("{other}, ").repeat(place);
                    let behind = format!(", {other}").repeat(count - place - 1);
                    let (open, close) = (format!("{name}({before}"), format!("{behind})"));
                    length(&nested(&open, "N_NAME", &close, 1)).map(|_| (open, close))
                });
                found.extend(taken);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn nested_calls_grow_by_the_same_amount_at_each_level() {
    let mut walked = 0;
    let mut grown = Vec::new();
    for (open, close) in nestings() {
        let lengths = [4, 8, 12].map(|levels| length(&nested(&open, "N_NAME", &close, levels)));
        let [Some(first), Some(second), Some(third)] = lengths else {
            continue;
        };
        walked += 1;
        let (early, late) = (second - first, third - second);
        // Names with a number in them may get a digit more.
        if late > early + early / 20 + 20 {
            grown.push(format!("{open}…{close}: {lengths:?}"));
        }
    }
    assert!(grown.is_empty(), "{}", grown.join("\n"));
    assert!(walked > 350, "{walked}");
}

/// Memory that a plan may take here: a failure shall end, not take what there is.
const MEMORY: &str = "256MB";

/// Levels at which plans are compared. Six are enough to see one that doubles, and few enough that it ends.
const LEVELS: [usize; 3] = [2, 4, 6];

/// An engine with the functions and macros, and the tables that the statements here name.
fn engine() -> Connection {
    let config = Config::default().max_memory(MEMORY).unwrap();
    let engine = Connection::open_in_memory_with_flags(config.threads(1).unwrap()).unwrap();
    natives::install(&engine).unwrap();
    super::install(&engine).unwrap();
    let tables = "ATTACH ':memory:' AS \"SNOWFLAKE_SAMPLE_DATA\";
        CREATE SCHEMA \"SNOWFLAKE_SAMPLE_DATA\".\"TPCH_SF1\";
        CREATE TABLE \"SNOWFLAKE_SAMPLE_DATA\".\"TPCH_SF1\".\"NATION\" AS
            SELECT CAST(i AS DECIMAL(38, 0)) AS \"N_NATIONKEY\", 'ALGERIA' || i AS \"N_NAME\",
                DATE '2024-01-31' + CAST(i AS INTEGER) AS \"N_DAY\", CAST('[1, 2]' AS JSON) AS \"N_LIST\"
            FROM range(25) t(i)";
    engine.execute_batch(tables).unwrap();
    // As a session does.
    let variables = "SET VARIABLE sf_longest = '65536'; SET VARIABLE sf_statement = '0'";
    engine.execute_batch(variables).unwrap();
    engine
}

/// How large the bound and optimised expressions of a statement are: the bytes of the engine's plan. `None` where it does
/// not run.
fn plan_size(engine: &Connection, statement: &str) -> Option<u64> {
    let sql = translation(statement)?;
    let sized = "SELECT length(plan) FROM (SELECT CAST(json_serialize_plan(CAST(? AS VARCHAR), optimize := true) AS VARCHAR)) t(plan)
        WHERE NOT starts_with(plan, '{\"error\":true')";
    engine.query_row(sized, [sql], |row| row.get(0)).ok()
}

/// What a call may add to the plan for each level, in bytes: what costs time is how many nodes the engine compares with each
/// other, and each takes some hundred bytes. A call of an engine's own function adds a thousand, one that looks at the
/// type of its argument up to forty thousand.
const MOST_BYTES: u64 = 45_000;

/// What a call may be nested in, so that its argument is of a type it takes.
const SEEDS: [&str; 4] = ["N_NAME", "N_NATIONKEY", "N_DAY", "N_LIST"];
const CASTS: [(&str, &str); 5] = [
    ("", ""),
    ("(", ")::VARCHAR"),
    ("(", ")::NUMBER"),
    ("('2024-01-0' || LEFT((", ")::VARCHAR, 1))::DATE"),
    ("ARRAY_CONSTRUCT(", ")"),
];

/// A way to put a call into itself that the engine runs: what stands before, behind, and innermost.
fn that_nests(
    engine: &Connection,
    open: &str,
    close: &str,
) -> Option<(String, String, &'static str)> {
    CASTS.iter().find_map(|(before, behind)| {
        let (open, close) = (format!("{open}{before}"), format!("{behind}{close}"));
        let seed = SEEDS
            .iter()
            .find(|seed| plan_size(engine, &nested(&open, seed, &close, 2)).is_some())?;
        Some((open, close, *seed))
    })
}

/// What fifty levels of a call shall take, and what none may take: this is a build without optimisation, and other tests
/// run beside it. Figures of a release build are in docs/decisions/0021.
const GOAL: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_secs(4);

/// Fifty levels of a call, planned and run over NATION, as time of the processor: the engine has one thread, which is
/// this one. `None` where that many do not run.
fn fifty(engine: &Connection, open: &str, seed: &str, close: &str) -> Option<Duration> {
    let busy = || -> Option<u64> {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        told.split(' ').next()?.parse().ok()
    };
    let sql = translation(&nested(open, seed, close, 50))?;
    let before = busy()?;
    let mut statement = engine.prepare(&sql).ok()?;
    let mut rows = statement.query([]).ok()?;
    while rows.next().ok()?.is_some() {}
    Some(Duration::from_nanos(busy()?.saturating_sub(before)))
}

#[test]
fn what_the_engine_makes_of_nested_calls_grows_by_the_same_amount_at_each_level() {
    let engine = engine();
    let (mut walked, mut left, mut grown) = (Vec::new(), Vec::new(), Vec::new());
    let mut late_ones = Vec::new();
    let mut large = Vec::new();
    for (open, close) in nestings() {
        let Some((open, close, seed)) = that_nests(&engine, &open, &close) else {
            left.push(open);
            continue;
        };
        let sizes = LEVELS.map(|levels| plan_size(&engine, &nested(&open, seed, &close, levels)));
        let [Some(first), Some(second), Some(third)] = sizes else {
            left.push(open);
            continue;
        };
        let (early, late) = (second.saturating_sub(first), third.saturating_sub(second));
        // A template or two more or less is no growth; a constant may be computed away.
        if late > early + early / 10 + 500 {
            grown.push(format!("{open}{seed}{close}: {sizes:?}"));
            continue;
        }
        large.push((late / 2, format!("{open}{seed}{close}")));
        let taken = fifty(&engine, &open, seed, &close).unwrap_or_default();
        if taken > GOAL {
            late_ones.push((taken, format!("{open}{seed}{close}")));
        }
        walked.push(open);
    }
    assert!(grown.is_empty(), "{}", grown.join("\n"));
    large.sort();
    for (bytes, call) in large.iter().rev().take(30) {
        println!("{bytes} bytes a level: {call}");
    }
    let too_large = large.last().filter(|(bytes, _)| *bytes > MOST_BYTES);
    assert!(too_large.is_none(), "{too_large:?}");
    late_ones.sort();
    for (taken, call) in late_ones.iter().rev() {
        println!("{} ms: {call}", taken.as_millis());
    }
    let too_late = late_ones.last().filter(|(taken, _)| *taken > MOST);
    assert!(too_late.is_none(), "{too_late:?}");
    let names: std::collections::BTreeSet<&str> = walked
        .iter()
        .filter_map(|open| open.split('(').next())
        .collect();
    assert!(
        walked.len() > 550 && names.len() > 270,
        "{}: {left:?}",
        walked.len()
    );
}

#[test]
fn a_statement_that_would_be_planned_for_long_is_refused() {
    let calls = |columns: usize, levels: usize| {
        let one = format!(
            "{}N_NATIONKEY{}",
            "ABS(1 / ".repeat(levels),
            ")".repeat(levels)
        );
        let list: Vec<String> = (0..columns).map(|n| format!("{one} AS C{n}")).collect();
        let statement = format!("SELECT {} FROM NATION", list.join(", "));
        let parsed = sql::parse(&statement).unwrap();
        let Tree::Statement(tree) = parsed.tree() else {
            panic!("{statement}");
        };
        translate(tree, &statement, &context(), &Default::default())
    };
    assert!(calls(1, 15).is_ok());
    assert!(calls(50, 15).is_ok());
    let error = calls(100, 15).unwrap_err();
    assert!(error.to_string().contains("while it plans"), "{error}");
}
