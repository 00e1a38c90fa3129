//! What holds for one caller besides what holds for all, and for the operator's own tools.

use super::lists::{approve, patterns, shown};
use super::*;

#[test]
fn what_is_narrowed_twice_is_held_to_all_three() {
    let databases = |list: &[&str]| Narrowing {
        databases: Some(names(list)),
        ..Narrowing::default()
    };
    let middle = only(&["A", "B", "C"]).narrowed(databases(&["A", "B", "X"]));
    let last = middle.narrowed(databases(&["A", "C", "X"]));
    for (database, by_middle, by_last) in [
        ("A", true, true),
        ("B", true, false),
        ("C", false, false),
        ("X", false, false),
    ] {
        let sql = format!("SELECT * FROM {database}.s.t");
        assert_eq!(verdict(&middle, &sql, None).is_ok(), by_middle, "{sql}");
        assert_eq!(verdict(&last, &sql, None).is_ok(), by_last, "{sql}");
    }
    let reading = last.narrowed(Narrowing {
        preset: Some(Preset::ReadOnly),
        ..Narrowing::default()
    });
    assert!(verdict(&reading, "DELETE FROM A.s.t", None).is_err());
    assert!(verdict(&reading, "SELECT * FROM C.s.t", None).is_err());
    assert!(verdict(&last, "DELETE FROM A.s.t", None).is_ok());
    // What is narrowed once more, in something else, keeps what was taken from it before.
    let again = reading.narrowed(databases(&["A"]));
    assert_eq!(again.preset(), Preset::ReadOnly);
    assert!(verdict(&again, "DELETE FROM A.s.t", None).is_err());
}

#[test]
fn a_grant_takes_objects_away_and_gives_no_preset_back() {
    let base = Policy::new(Options {
        denied_objects: patterns(&["SALES.HR.*"]),
        ..Options::default()
    });
    let own = base.narrowed(Narrowing {
        preset: Some(Preset::Admin),
        denied_objects: patterns(&["SALES.PUBLIC.PAY"]),
        ..Narrowing::default()
    });
    for (sql, of_all, own_only) in [
        ("SELECT * FROM orders", true, true),
        ("SELECT * FROM pay", true, false),
        ("SELECT * FROM hr.team", false, false),
        ("DELETE FROM orders", false, false),
    ] {
        assert_eq!(approve(&base, sql).is_ok(), of_all, "{sql}");
        assert_eq!(approve(&own, sql).is_ok(), own_only, "{sql}");
    }
}

#[test]
fn a_row_is_shown_where_both_lists_have_it() {
    let own = only(&["SALES", "STOCK"]).narrowed(Narrowing {
        databases: Some(names(&["STOCK", "SECRET"])),
        ..Narrowing::default()
    });
    let databases: [&[&str]; 4] = [&["SALES"], &["STOCK"], &["SECRET"], &["OTHER"]];
    assert_eq!(shown(&own, "SHOW DATABASES", &["name"], &databases), [1]);
}

#[test]
fn a_name_without_a_schema_is_in_no_schema_that_is_not_known() {
    let database = "D".parse().unwrap();
    let place = CurrentNames {
        database: Some(&database),
        ..CurrentNames::default()
    };
    let policy = Policy::new(Options {
        allowed_schemas: Some(patterns(&["D.D", "D.PUBLIC"])),
        ..Options::default()
    });
    let parsed = sql::parse("SELECT * FROM t").unwrap();
    let refused = policy.approve(parsed, &place);
    assert!(
        matches!(refused, Err(Refusal::Unresolved { .. })),
        "{refused:?}"
    );
}

#[test]
fn the_operators_tools_may_what_they_are_allowed_and_nothing_else() {
    let policy = Policy::new(Options {
        custom_tools_may: vec![Class::Write],
        denied_functions: patterns(&["EVIL"]),
        ..Options::default()
    });
    let verdict = |sql: &str| {
        let parsed = sql::parse(sql).unwrap();
        policy.approve_operators(parsed, &CurrentNames::default())
    };
    for sql in ["SELECT 1", "INSERT INTO t VALUES (1)", "DELETE FROM t"] {
        assert!(verdict(sql).is_ok(), "{sql}");
    }
    let called = verdict("CALL p()");
    assert!(
        matches!(
            called,
            Err(Refusal::Operators {
                class: Class::Procedure
            })
        ),
        "{called:?}"
    );
    let dropped = verdict("DROP TABLE t");
    assert!(matches!(dropped, Err(Refusal::Kind { .. })), "{dropped:?}");
    let evil = verdict("SELECT evil(1)");
    assert!(matches!(evil, Err(Refusal::Function { .. })), "{evil:?}");
}
