//! Nothing explodes: what nests grows by the same amount at each level, for every function there is.

use std::time::{Duration, Instant};

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

/// What is inside of all: the first that a function takes.
const SEEDS: [&str; 6] = [
    "N_NAME",
    "N_NATIONKEY",
    "'2024-01-31'::DATE",
    "N_NATIONKEY > 3",
    "PARSE_JSON('{\"a\": [1]}')",
    "ARRAY_CONSTRUCT(1, 2)",
];

/// More often than linear growth would be, and less than doubling at each level by far.
const GROWTH: u32 = 40;

/// What is too short to be compared.
const SHORT: Duration = Duration::from_millis(20);

/// What was seen of all nestings.
#[derive(Default)]
struct Walk {
    /// How long fifty levels took, the quickest of some tries.
    took: Vec<(Duration, String)>,
    /// What grew by more than [`GROWTH`] from ten levels to fifty.
    grown: Vec<String>,
    /// What is refused at fifty levels and not at ten.
    refused: Vec<String>,
    /// What is no argument of itself.
    single: usize,
}

impl Walk {
    async fn step(&mut self, open: &str, close: &str) {
        let mut seed = None;
        for tried in SEEDS {
            if ask(&nested(open, tried, close, 2)).await.is_ok() {
                seed = Some(tried);
                break;
            }
        }
        let Some(seed) = seed else {
            self.single += 1;
            return;
        };
        let name = format!("{open}{seed}{close}");
        let cost = async |levels| {
            let begun = Instant::now();
            let outcome = ask(&nested(open, seed, close, levels)).await;
            (begun.elapsed(), outcome)
        };
        let (ten, outcome) = cost(LEVELS / 5).await;
        if outcome.is_err() {
            self.single += 1;
            return;
        }
        let longest = ten.max(SHORT) * GROWTH;
        let (mut fifty, outcome) = cost(LEVELS).await;
        // A machine may be busy for a while; what explodes is slow each time.
        for _ in 0..2 {
            if fifty > longest {
                fifty = fifty.min(cost(LEVELS).await.0);
            }
        }
        if fifty > longest {
            self.grown.push(format!("{name}: {ten:?}, then {fifty:?}"));
        }
        match outcome {
            Ok(_) => self.took.push((fifty, name)),
            Err(failure) => self.refused.push(format!("{name}: {failure:?}")),
        }
    }
}

#[tokio::test]
async fn fifty_levels_of_every_function_cost_little_more_than_ten() {
    let mut walk = Walk::default();
    // One place of each function: all of them take minutes.
    let mut known = std::collections::BTreeSet::new();
    for (open, close) in nestings() {
        let name = open.split('(').next().unwrap_or_default();
        if name.trim().is_empty() || known.insert(name.to_owned()) {
            walk.step(&open, &close).await;
        }
    }
    walk.took.sort();
    let at = |share: usize| walk.took.get((walk.took.len() - 1) * share / 100).cloned();
    println!(
        "{} nestings answered at {LEVELS} levels, {} refused there, {} do not nest; half within {:?}, 90 % {:?}, all {:?}",
        walk.took.len(),
        walk.refused.len(),
        walk.single,
        at(50),
        at(90),
        at(100)
    );
    println!("refused: {}", walk.refused.join("\n"));
    assert!(walk.grown.is_empty(), "{}", walk.grown.join("\n"));
    assert!(walk.took.len() > 150, "{}", walk.took.len());
}
