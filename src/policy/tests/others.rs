//! What belongs to other callers, and what the place of a call makes of a bare name.

use super::*;

const LEFT_BEHIND: [&str; 24] = [
    "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))",
    "SELECT * FROM TABLE(RESULT_SCAN('01b2'))",
    "SELECT * FROM TABLE(\"RESULT_SCAN\"('01b2'))",
    "SELECT * FROM TABLE(IDENTIFIER('result_scan')('01b2'))",
    "SELECT * FROM TABLE(IDENTIFIER(?)('01b2'))",
    "SHOW TABLES ->> SELECT * FROM TABLE(RESULT_SCAN('01b2'))",
    "EXPLAIN SELECT LAST_QUERY_ID()",
    "INSERT INTO t SELECT LAST_QUERY_ID(-2)",
    "CREATE TABLE t AS SELECT * FROM TABLE(RESULT_SCAN('01b2'))",
    "DESC RESULT '01b2'",
    "DESCRIBE RESULT LAST_QUERY_ID()",
    "SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())",
    "SELECT * FROM TABLE(QUERY_HISTORY())",
    "SELECT * FROM TABLE(d.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(USER_NAME => 'U'))",
    "SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_SOMETHING_NEW())",
    "SELECT * FROM TABLE(GET_QUERY_OPERATOR_STATS('01b2'))",
    "SELECT SYSTEM$EXPLAIN_PLAN_JSON('01b2')",
    "SELECT SYSTEM$ESTIMATE_QUERY_ACCELERATION('01b2')",
    "SELECT LAST_TRANSACTION()",
    "SELECT $secret",
    "SELECT GETVARIABLE('SECRET')",
    "SHOW VARIABLES LIKE 'S%'",
    "SHOW TRANSACTIONS",
    "SHOW LOCKS IN ACCOUNT",
];

#[test]
fn what_others_left_behind_is_refused_under_every_policy() {
    let allowing = Policy::new(Options {
        preset: Preset::Admin,
        allowed_side_effects: Some(vec!["*".parse().unwrap()]),
        ..Options::default()
    });
    for policy in [preset(Preset::Admin), allowing] {
        for sql in LEFT_BEHIND {
            let refused = verdict(&policy, sql, None);
            // A name that is not known is none of those that are allowed, either.
            let is_other =
                matches!(refused, Err(Refusal::SideEffect { .. })) && sql.contains("(?)");
            let is_shared = matches!(refused, Err(Refusal::Shared { .. }));
            assert!(is_shared || is_other, "{sql}: {refused:?}");
        }
    }
    for sql in [
        "SELECT $1, $2 FROM @s/x.csv",
        "SHOW TABLES ->> SELECT * FROM $1",
        "SELECT 'RESULT_SCAN(1)', last_query_id FROM t",
        "SELECT * FROM query_history",
        // By grants: see docs/policy.md.
        "SELECT * FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY",
        "DESC TABLE result",
        "SELECT CURRENT_SESSION(), CURRENT_STATEMENT()",
    ] {
        assert_eq!(
            verdict(&preset(Preset::ReadOnly), sql, None),
            Ok(()),
            "{sql}"
        );
    }
}

#[test]
fn a_refusal_says_why_and_what_the_way_is() {
    let refused = |sql| verdict(&preset(Preset::ReadOnly), sql, None).unwrap_err();
    let scan = refused("SELECT * FROM TABLE(RESULT_SCAN('01b2'))");
    assert_eq!(
        scan.to_string(),
        "RESULT_SCAN is not allowed here: all callers of this server are one user in Snowflake, so it may show another caller's statements and results"
    );
    assert!(scan.hint().contains("fetch_results") && scan.hint().contains("->>"));
    let variable = refused("SELECT $Secret");
    assert!(
        variable
            .to_string()
            .starts_with("the session variable $SECRET is not")
    );
    assert!(variable.hint().contains("parameters"));
}

#[test]
fn a_bare_name_is_a_billed_function_where_its_schema_is_the_current_one() {
    let (own, cortex) = ("SNOWFLAKE".parse().unwrap(), "cortex".parse().unwrap());
    let (sales, public) = ("SALES".parse().unwrap(), "PUBLIC".parse().unwrap());
    let run = |policy: &Policy, sql: &str, database, schema| {
        let parsed = sql::parse(sql).unwrap();
        let place = CurrentNames {
            database,
            schema,
            ..CurrentNames::default()
        };
        policy.approve(parsed, &place).map(|_| ())
    };
    let read_only = preset(Preset::ReadOnly);
    for sql in [
        "SELECT something_new(a) FROM t",
        "SELECT cortex.something_new(a) FROM t",
        "SELECT notification.send(a)",
    ] {
        let refused = run(&read_only, sql, Some(&own), Some(&cortex)).unwrap_err();
        assert!(matches!(refused, Refusal::Kind { .. }), "{sql}: {refused}");
        assert_eq!(
            run(&preset(Preset::Admin), sql, Some(&own), Some(&cortex)),
            Ok(())
        );
    }
    // A write that calls one is more than a write.
    let write = "INSERT INTO t SELECT something_new(a) FROM u";
    assert!(run(&preset(Preset::ReadWrite), write, Some(&own), Some(&cortex)).is_err());
    for sql in [
        "SELECT something_new(a), COUNT(*) FROM t",
        "SELECT s.something_new(a) FROM t",
    ] {
        assert_eq!(
            run(&read_only, sql, Some(&sales), Some(&public)),
            Ok(()),
            "{sql}"
        );
    }
    for sql in [
        "SELECT COUNT(*), UPPER('x')",
        "SELECT SYSTEM$TYPEOF(1)",
        "SELECT m!PREDICT(1)",
    ] {
        assert_eq!(
            run(&read_only, sql, Some(&own), Some(&cortex)),
            Ok(()),
            "{sql}"
        );
    }
    // Allowed by its full name, however the statement says it.
    let allowing = Policy::new(Options {
        allowed_side_effects: Some(vec!["SNOWFLAKE.CORTEX.SOMETHING_NEW".parse().unwrap()]),
        ..Options::default()
    });
    for (sql, passes) in [
        ("SELECT something_new(a) FROM t", true),
        ("SELECT cortex.something_new(a) FROM t", true),
        ("SELECT SNOWFLAKE.CORTEX.something_new(a) FROM t", true),
        ("SELECT something_else(a) FROM t", false),
    ] {
        let verdict = run(&allowing, sql, Some(&own), Some(&cortex));
        assert_eq!(verdict.is_ok(), passes, "{sql}: {verdict:?}");
    }
}

#[test]
fn a_quoted_name_that_looks_like_a_builtin_is_an_object_like_any_other() {
    let policy = only(&["SALES"]);
    for sql in [
        "SELECT \"count\"(a) FROM sales.s.t",
        "SELECT \"Upper\"(a) FROM sales.s.t",
        "SELECT \"system$typeof\"(a) FROM sales.s.t",
        "SELECT \"current_date\"() FROM sales.s.t",
    ] {
        assert!(verdict(&policy, sql, Some("SECRET")).is_err(), "{sql}");
        assert_eq!(verdict(&policy, sql, Some("SALES")), Ok(()), "{sql}");
    }
    for sql in [
        "SELECT \"COUNT\"(a) FROM sales.s.t",
        "SELECT count(a), SYSTEM$TYPEOF(a) FROM sales.s.t",
    ] {
        assert_eq!(verdict(&policy, sql, Some("SECRET")), Ok(()), "{sql}");
    }
}
