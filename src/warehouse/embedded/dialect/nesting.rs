//! Nothing explodes: what nests grows by the same amount at each level, for every function there is.

use crate::sql::{self, Identifier, Tree};

use super::functions::all;
use super::{Context, translate};

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
        query_id: String::new(),
        parameters: vec![],
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
