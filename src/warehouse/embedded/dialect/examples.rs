//! Functions and forms one by one: statements with the one row Snowflake gives, from `tests/data/functions.json`.
//!
//! The values are those of Snowflake's documentation, and of its rules for NULL, empty and negative arguments, letters
//! beyond ASCII, first and last days; none was seen on an account. In place of a row stands `limit` where the right value
//! is not certain and the engine must say so, `invalid` where Snowflake refuses the statement as well, and nothing where
//! only an answer counts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tests::{Failure, ask, ask_with};
use crate::warehouse::{Error, Parameter};

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Row(Vec<Option<String>>),
    Refusal(String),
}

#[tokio::test]
async fn every_example_gives_the_documented_value() {
    let kinds: BTreeMap<String, Vec<(String, Option<Expected>)>> =
        serde_json::from_str(include_str!("../../../../tests/data/functions.json")).unwrap();
    let mut failures = Vec::new();
    let mut counts = [0_u32; 3];
    for (kind, examples) in &kinds {
        for (sql, expected) in examples {
            let outcome = ask(sql).await;
            let is_right = match (expected, &outcome) {
                (Some(Expected::Row(row)), Ok(read)) => {
                    counts[0] += 1;
                    read.rows.first().is_some_and(|found| are_same(row, found))
                }
                (None, Ok(_)) => {
                    counts[0] += 1;
                    true
                }
                (Some(Expected::Refusal(word)), Err(Failure::Engine(Error::EngineLimit(_)))) => {
                    counts[1] += 1;
                    word == "limit"
                }
                (
                    Some(Expected::Refusal(word)),
                    Err(Failure::Engine(Error::Sql { .. } | Error::ObjectNotFound { .. })),
                ) => {
                    counts[2] += 1;
                    word == "invalid"
                }
                _ => false,
            };
            if !is_right {
                failures.push(format!("[{kind}] {sql}\n    {outcome:?}"));
            }
        }
    }
    println!(
        "examples: {} answered, {} limits, {} refused",
        counts[0], counts[1], counts[2]
    );
    assert!(
        failures.is_empty(),
        "{} wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// What the translation makes of a value whose type shows in its form is what a macro makes of a column that holds it.
#[tokio::test]
async fn a_form_that_shows_its_type_is_converted_as_a_column_is() {
    const VALUES: [&str; 19] = [
        "'12'",
        "'2024-01-31'",
        "12",
        "1.50",
        "1.5e0",
        "1 / 3",
        "-2.00",
        "SQRT(2)",
        "LENGTH('abc')",
        "TRUE",
        "'2024-01-31'::DATE",
        "'12:34:56.789'::TIME",
        "'2024-01-31 12:34:56.789'::TIMESTAMP_NTZ",
        "TO_TIMESTAMP_LTZ('2024-01-31 12:34:56.789')",
        "X'41'",
        "PARSE_JSON('[1, null]')",
        "PARSE_JSON('\"12\"')",
        "PARSE_JSON('null')",
        "NULL::DATE",
    ];
    const CONVERSIONS: [&str; 19] = [
        "({})::VARCHAR",
        "CONCAT({}, '')",
        "LENGTH({})",
        "({})::BOOLEAN",
        "({})::DATE",
        "({})::TIME",
        "({})::TIMESTAMP_NTZ",
        "({})::TIMESTAMP_LTZ",
        "({})::TIMESTAMP_TZ",
        "({})::BINARY",
        "({})::NUMBER(10, 2)",
        "({})::FLOAT",
        "({})::VARIANT",
        "TO_ARRAY({})",
        "TO_OBJECT({})",
        "ARRAY_CONSTRUCT({})",
        "ARRAY_APPEND(ARRAY_CONSTRUCT(), {})",
        "TO_JSON({})",
        "NEXT_DAY({}, 'MO')",
    ];
    let mut different = Vec::new();
    for conversion in CONVERSIONS {
        for value in VALUES {
            let of_form = format!("SELECT {}", conversion.replace("{}", value));
            let of_column = conversion.replace("{}", "V");
            let of_column = format!("SELECT {of_column} FROM (SELECT {value} AS V)");
            let (form, column) = (ask(&of_form).await, ask(&of_column).await);
            let are_same = match (&form, &column) {
                (Ok(form), Ok(column)) => form.rows == column.rows,
                (form, column) => form.is_err() && column.is_err(),
            };
            if !are_same {
                different.push(format!("{of_form}\n    {form:?}\n    {column:?}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// A parameter is good for whatever a literal is good for: one statement for each clause, and for each kind of argument
/// that has to be a literal.
#[tokio::test]
async fn a_parameter_stands_wherever_a_literal_does() {
    let examples: Vec<(String, Vec<serde_json::Value>, Expected)> =
        serde_json::from_str(include_str!("../../../../tests/data/parameters.json")).unwrap();
    let mut failures = Vec::new();
    for (sql, values, expected) in &examples {
        let outcome = ask_with(sql, values.iter().map(parameter).collect()).await;
        let is_right = match (expected, &outcome) {
            (Expected::Row(row), Ok(read)) => {
                read.rows.first().is_some_and(|found| are_same(row, found))
            }
            (Expected::Refusal(word), Err(Failure::Engine(Error::EngineLimit(_)))) => {
                word == "limit"
            }
            (Expected::Refusal(word), Err(Failure::Engine(Error::Sql { .. }))) => word == "invalid",
            _ => false,
        };
        if !is_right {
            failures.push(format!("{sql}\n    {outcome:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn parameter(value: &serde_json::Value) -> Parameter {
    match value {
        serde_json::Value::Null => Parameter::Null,
        serde_json::Value::Bool(is_true) => Parameter::Boolean(*is_true),
        serde_json::Value::String(text) => Parameter::Text(text.clone()),
        number => match number.as_i64() {
            Some(whole) => Parameter::Integer(whole),
            None => Parameter::Float(number.as_f64().unwrap()),
        },
    }
}

/// Numbers that are FLOATs in one of two forms may differ in their last digits.
fn are_same(expected: &[Option<String>], found: &[Option<String>]) -> bool {
    expected.len() == found.len()
        && expected.iter().zip(found).all(|pair| match pair {
            (Some(expected), Some(found)) => expected == found || are_close(expected, found),
            (expected, found) => expected == found,
        })
}

fn are_close(expected: &str, found: &str) -> bool {
    let is_float = found.len() > 12 && found.contains('.');
    match (expected.parse::<f64>(), found.parse::<f64>()) {
        (Ok(expected), Ok(found)) => is_float && (expected - found).abs() < 1e-9,
        _ => false,
    }
}
