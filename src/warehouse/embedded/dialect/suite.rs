//! The dialect suite: statements with the answers Snowflake gives, from `tests/data`.
//!
//! The answers were recorded from this engine, then compared with fakesnow 0.12.1, which could give about 170 of them;
//! where the two differed the rules of Snowflake's documentation decided. No answer comes from a Snowflake account: an
//! entry that turns out to be wrong there is wrong here. Query 13 of TPC-H counts by words in comments, which this
//! engine's data does not share with dbgen's, so its answer has nothing to be compared with. A statement is `read` (its columns and rows are known), `limit` (the engine must say that it cannot), `error` (Snowflake refuses it
//! too) or `refused` (the policy stops it before the engine).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tests::{Failure, Read, ask};
use crate::warehouse::Error;

/// The share of reads that must be answered.
const GOAL: f64 = 0.95;

#[derive(Deserialize)]
struct Entry {
    id: String,
    kind: Kind,
    sql: String,
    #[serde(default)]
    columns: Option<Vec<String>>,
    /// Left out where the answer changes from run to run.
    #[serde(default)]
    rows: Option<Vec<Vec<Option<String>>>>,
    #[serde(default)]
    ordered: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Read,
    Limit,
    Error,
    Refused,
}

#[tokio::test]
async fn every_statement_of_the_suite_does_what_snowflake_does() {
    let entries: Vec<Entry> =
        serde_json::from_str(include_str!("../../../../tests/data/dialect.json")).unwrap();
    let mut failures = Vec::new();
    let (mut reads, mut answered) = (0_u32, 0_u32);
    for entry in &entries {
        let outcome = ask(&entry.sql).await;
        if entry.kind == Kind::Read {
            reads += 1;
            answered += u32::from(outcome.is_ok());
        }
        if let Some(problem) = problem(entry, outcome) {
            failures.push(format!("{}: {}\n    {problem}", entry.id, entry.sql));
        }
    }
    let share = f64::from(answered) / f64::from(reads);
    println!(
        "dialect suite: {} of {} statements as expected; {answered} of {reads} reads answered ({:.1} %)",
        entries.len() - failures.len(),
        entries.len(),
        share * 100.0
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(share >= GOAL, "{share}");
}

/// What is wrong with an answer, if anything.
fn problem(entry: &Entry, outcome: Result<Read, Failure>) -> Option<String> {
    match (entry.kind, outcome) {
        (Kind::Refused, Err(Failure::Refused(_)))
        | (Kind::Limit, Err(Failure::Engine(Error::EngineLimit(_))))
        | (Kind::Error, Err(Failure::Engine(Error::Sql { .. } | Error::ObjectNotFound { .. }))) => {
            None
        }
        (Kind::Read, Ok(read)) => differences(entry, read),
        (_, outcome) => Some(format!("{outcome:?}")),
    }
}

fn differences(entry: &Entry, mut read: Read) -> Option<String> {
    if let Some(columns) = &entry.columns
        && *columns != read.columns
    {
        return Some(format!("columns {:?}", read.columns));
    }
    let mut rows = entry.rows.clone()?;
    if !entry.ordered {
        rows.sort();
        read.rows.sort();
    }
    let is_same = rows.len() == read.rows.len()
        && rows
            .iter()
            .zip(&read.rows)
            .all(|(one, other)| one.len() == other.len() && one.iter().zip(other).all(is_same));
    (!is_same).then(|| format!("expected {rows:?}\n    found    {:?}", read.rows))
}

/// A text that starts with `~` is a FLOAT, of which the last digits may differ from machine to machine.
fn is_same((expected, found): (&Option<String>, &Option<String>)) -> bool {
    let (Some(expected), Some(found)) = (expected, found) else {
        return expected == found;
    };
    match expected.strip_prefix('~') {
        None => expected == found,
        Some(number) => {
            let (expected, found): (f64, f64) = (number.parse().unwrap(), found.parse().unwrap());
            (expected - found).abs() <= 1e-9 * expected.abs().max(1.0)
        }
    }
}

#[derive(Deserialize)]
struct TpchAnswer {
    columns: Vec<String>,
    row_count: usize,
    /// The first rows, without the columns that hold comments.
    rows: Vec<Vec<Option<String>>>,
}

#[tokio::test]
async fn all_queries_of_tpch_are_answered() {
    let answers: BTreeMap<String, TpchAnswer> =
        serde_json::from_str(include_str!("../../../../tests/data/tpch/answers.json")).unwrap();
    let queries = tpch_queries();
    assert_eq!(queries.len(), answers.len());
    for (name, sql) in queries {
        let read = ask(sql)
            .await
            .unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        let answer = &answers[name];
        assert_eq!(read.columns, answer.columns, "{name}");
        assert_eq!(read.rows.len(), answer.row_count, "{name}");
        for (row, expected) in read.rows.iter().zip(&answer.rows) {
            assert_eq!(row, expected, "{name}");
        }
    }
}

fn tpch_queries() -> Vec<(&'static str, &'static str)> {
    macro_rules! queries {
        ($($name:literal),*) => {
            vec![$(($name, include_str!(concat!("../../../../tests/data/tpch/", $name, ".sql")))),*]
        };
    }
    queries![
        "q01", "q02", "q03", "q04", "q05", "q06", "q07", "q08", "q09", "q10", "q11", "q12", "q13",
        "q14", "q15", "q16", "q17", "q18", "q19", "q20", "q21", "q22"
    ]
}
