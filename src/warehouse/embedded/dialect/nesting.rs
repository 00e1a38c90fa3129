//! Nothing explodes: what nests grows by the same amount at each level, for every function there is.

use crate::sql::{self, Identifier, Tree};

use super::functions::all;
use super::tests::ask;
use super::{Context, translate};

/// Calls inside one another, at most.
const LEVELS: usize = 50;

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
    let parsed = sql::parse(statement).ok()?;
    let Tree::Statement(tree) = parsed.tree() else {
        return None;
    };
    Some(
        translate(tree, statement, &context(), &Default::default())
            .ok()?
            .sql
            .len(),
    )
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

#[tokio::test]
async fn fifty_levels_of_what_is_used_most_are_answered() {
    for (open, seed, close) in [
        ("REPLACE(", "N_NAME", ", 'A', 'B')"),
        ("TO_DATE(TO_CHAR(", "'2024-01-31'::DATE", "))"),
        ("(", "N_NATIONKEY", " / 3)"),
        ("INITCAP(", "N_NAME", ")"),
        ("IFF(N_NATIONKEY > 3, ", "N_NAME", ", 'x')"),
        ("DATEADD(DAY, 1, ", "'2024-01-31'::DATE", ")"),
        ("OBJECT_CONSTRUCT('a', ", "N_NAME", ")"),
        ("(", "N_NAME", " BETWEEN '1' AND '2')::VARCHAR"),
    ] {
        // Every other level stands for two calls.
        let levels = if close == "))" { LEVELS / 2 } else { LEVELS };
        let outcome = ask(&nested(open, seed, close, levels)).await;
        assert!(outcome.is_ok(), "{open}: {outcome:?}");
    }
}
