//! The corpus of statements: every read must pass for one, and nothing else may.
//!
//! `tests/data/policy/` holds them by topic, written after docs.snowflake.com/en/sql-reference. A statement that was
//! judged wrongly once belongs there.

use std::collections::BTreeMap;

use super::{Class, parse};

type Topics = BTreeMap<String, Vec<String>>;

fn topics(json: &str) -> Topics {
    serde_json::from_str(json).unwrap()
}

fn reads() -> Topics {
    topics(include_str!("../../tests/data/policy/reads.json"))
}

fn non_reads() -> Topics {
    topics(include_str!("../../tests/data/policy/non_reads.json"))
}

/// Reads that are refused, with the reason. The list may only become shorter.
const REFUSED_READS: [(&str, &str); 0] = [];

#[test]
fn every_read_of_the_corpus_is_a_read() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (topic, statements) in reads() {
        for sql in statements {
            seen += 1;
            let verdict = match parse(&sql) {
                Ok(parsed) if parsed.class() == Class::Read => None,
                Ok(parsed) => Some(format!("{} ({})", parsed.class(), parsed.found())),
                Err(error) => Some(error.to_string()),
            };
            let is_excused = REFUSED_READS.iter().any(|(refused, _)| *refused == sql);
            match verdict {
                Some(why) if !is_excused => wrong.push(format!("[{topic}] {sql}\n    {why}")),
                None if is_excused => {
                    wrong.push(format!("[{topic}] {sql}\n    passes: drop its excuse"));
                }
                _ => {}
            }
        }
    }
    assert!(seen >= 400, "{seen} reads");
    assert!(
        wrong.is_empty(),
        "{} of {seen} reads are refused:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn nothing_else_of_the_corpus_is_a_read() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (topic, statements) in non_reads() {
        for sql in statements {
            seen += 1;
            if parse(&sql).is_ok_and(|parsed| parsed.class() == Class::Read) {
                wrong.push(format!("[{topic}] {sql:?}"));
            }
        }
    }
    assert!(seen >= 300, "{seen} non-reads");
    assert!(
        wrong.is_empty(),
        "{} of {seen} pass for reads:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn statements_have_the_class_of_their_topic() {
    let expected = [
        ("writes", Class::Write),
        ("side effects", Class::SideEffect),
        ("DDL", Class::Ddl),
        ("access control", Class::AccessControl),
        ("session changes", Class::SessionChange),
        ("file transfer", Class::FileTransfer),
    ];
    let corpus = non_reads();
    let mut wrong = Vec::new();
    for (topic, class) in expected {
        for sql in &corpus[topic] {
            match parse(sql) {
                Ok(parsed) if parsed.class() == class => {}
                Ok(parsed) => wrong.push(format!("[{topic}] {sql}\n    {}", parsed.class())),
                Err(error) => wrong.push(format!("[{topic}] {sql}\n    {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_script_for_the_minimal_role_is_understood() {
    let script = include_str!("../../docs/minimal-role.sql");
    let mut seen = 0;
    for sql in script.split(";\n").filter(|sql| !sql.trim().is_empty()) {
        let parsed = parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_ne!(parsed.class(), Class::Unknown, "{sql}");
        seen += 1;
    }
    assert!(seen > 20, "{seen} statements");
}
