//! The lists of statements, side effects, roles and virtual warehouses.

use super::lists::{all_pass, approve, approve_in, none_passes, patterns};
use super::*;

#[test]
fn lists_of_statements_narrow_the_preset() {
    let allowing = Policy::new(Options {
        preset: Preset::Admin,
        allowed_statements: Some(patterns(&["read", "CALL", "create table", "Desc User"])),
        ..Options::default()
    });
    all_pass(
        &allowing,
        &[
            "SELECT 1",
            "(SELECT 1)",
            "VALUES (1)",
            "EXPLAIN SELECT 1",
            "SHOW TABLES ->> SELECT * FROM $1",
            "call p()",
            "CREATE /* x */ OR REPLACE TEMPORARY TABLE IF NOT EXISTS t (a INT)",
            "CREATE TABLE t AS SELECT 1",
            "DESCRIBE USER u",
        ],
    );
    none_passes(
        &allowing,
        &[
            "DELETE FROM t",
            "CREATE DYNAMIC TABLE t TARGET_LAG = '1 hour' WAREHOUSE = w AS SELECT 1",
            "CREATE VIEW v AS SELECT 1",
            "EXECUTE IMMEDIATE 'SELECT 1'",
            "EXPLAIN DELETE FROM t",
            "GRANT ROLE r TO USER u",
            "CALL p() ->> GRANT ROLE r TO USER u",
            "BEGIN SELECT 1; END",
        ]
        .into_iter()
        // A script holds a semicolon and is refused before any list is asked; so is a pipeline of two kinds.
        .filter(|sql| !sql.contains(';') && !sql.contains("->>"))
        .collect::<Vec<_>>(),
    );
    let denying = Policy::new(Options {
        preset: Preset::Admin,
        denied_statements: patterns(&[
            "TRUNCATE",
            "SHOW GRANTS",
            "DESCRIBE USER",
            "LIST",
            "RM",
            "EXPLAIN",
            "ALTER USER",
            "access_control",
        ]),
        ..Options::default()
    });
    none_passes(
        &denying,
        &[
            "truncate t",
            "SHOW /**/ GRANTS TO ROLE r",
            "SHOW TABLES ->> TRUNCATE TABLE t",
            "DESC USER u",
            "LS @s",
            "REMOVE @s",
            "EXPLAIN SELECT 1",
            "ALTER USER IF EXISTS u SET x = 1",
            "REVOKE ROLE r FROM USER u",
        ],
    );
    all_pass(&denying, &["DELETE FROM t", "SHOW TABLES", "DESC TABLE t"]);
    for text in [
        "",
        "CREATE OR REPLACE",
        "GRANT SELECT",
        "DROP; X",
        "FROBNICATE",
        "SELECT *",
    ] {
        assert!(text.parse::<KindPattern>().is_err(), "{text}");
    }
    let read_only = Policy::new(Options {
        allowed_statements: Some(patterns(&["DELETE"])),
        ..Options::default()
    });
    assert!(
        approve(&read_only, "DELETE FROM t").is_err(),
        "a list never widens"
    );
}

#[test]
fn side_effects_that_are_allowed_one_by_one_are_the_only_ones() {
    let allowing = |preset| {
        Policy::new(Options {
            preset,
            allowed_side_effects: Some(patterns(&["AI_COMPLETE", "SNOWFLAKE.CORTEX.*"])),
            ..Options::default()
        })
    };
    for preset in [Preset::ReadOnly, Preset::ReadWrite, Preset::Admin] {
        all_pass(
            &allowing(preset),
            &[
                "SELECT COUNT(*) FROM t",
                "SELECT AI_COMPLETE('m', a) FROM t",
                "SELECT SNOWFLAKE.CORTEX.SENTIMENT(a) FROM t",
                "SELECT 1 ->> SELECT AI_COMPLETE('m', 'p')",
            ],
        );
        none_passes(
            &allowing(preset),
            &[
                "SELECT AI_CLASSIFY(a, []) FROM t",
                "SELECT AI_COMPLETE('m', 'p'), s.NEXTVAL",
                "SELECT AI_COMPLETE('m', 'p'), SYSTEM$WAIT(1)",
                "SELECT SENTIMENT(a) FROM t",
                "SELECT CORTEX.SENTIMENT(a) FROM t",
                "SELECT IDENTIFIER($f)(1)",
                "SELECT AI_COMPLETE('m', 'p') ->> SELECT SYSTEM$ABORT_SESSION(1)",
            ],
        );
    }
    for sql in [
        "DELETE FROM t WHERE AI_COMPLETE('m', a) = 'x'",
        "INSERT INTO t SELECT s.NEXTVAL",
    ] {
        assert!(approve(&allowing(Preset::ReadOnly), sql).is_err(), "{sql}");
        assert!(approve(&allowing(Preset::ReadWrite), sql).is_ok(), "{sql}");
    }
    let refusal = approve(&allowing(Preset::ReadOnly), "SELECT SYSTEM$WAIT(1)").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the function SYSTEM$WAIT is not allowed here: only these functions with an effect may be called: AI_COMPLETE, \
         SNOWFLAKE.CORTEX.*"
    );
}

#[test]
fn administrators_roles_are_refused_unless_named_in_full() {
    let with = |allowed: Option<&[&str]>| {
        Policy::new(Options {
            allowed_roles: allowed.map(patterns),
            allowed_warehouses: Some(patterns(&["AGENT_*"])),
            ..Options::default()
        })
    };
    let asks = |policy: &Policy, role: &str| {
        let role: Identifier = role.parse().unwrap();
        let place = CurrentNames {
            role: Some(&role),
            ..CurrentNames::default()
        };
        approve_in(policy, "SELECT 1", &place).map(|_| ())
    };
    for role in [
        "ACCOUNTADMIN",
        "accountadmin",
        "\"AccountAdmin\"",
        "SECURITYADMIN",
        "SYSADMIN",
        "USERADMIN",
        "ORGADMIN",
        "GLOBALORGADMIN",
    ] {
        for policy in [
            with(None),
            with(Some(&["*"])),
            with(Some(&["ANALYST", "*ADMIN"])),
        ] {
            assert!(asks(&policy, role).is_err(), "{role}");
        }
    }
    assert_eq!(asks(&with(Some(&["SYSADMIN"])), "sysadmin"), Ok(()));
    assert_eq!(asks(&with(None), "ANALYST"), Ok(()));
    let analysts = with(Some(&["ANALYST_*"]));
    assert_eq!(asks(&analysts, "analyst_eu"), Ok(()));
    assert!(asks(&analysts, "\"analyst_eu\"").is_err());
    assert!(asks(&analysts, "LOADER").is_err());
    for (warehouse, passes) in [
        ("agent_small", true),
        ("LOAD_XXL", false),
        ("\"agent_small\"", false),
    ] {
        let warehouse: Identifier = warehouse.parse().unwrap();
        let place = CurrentNames {
            warehouse: Some(&warehouse),
            ..CurrentNames::default()
        };
        let verdict = approve_in(&with(None), "SELECT 1", &place);
        assert_eq!(verdict.is_ok(), passes, "{warehouse}");
    }
}

#[test]
fn a_pattern_has_as_many_parts_as_its_place_takes() {
    type One = NamePattern<1>;
    type Three = NamePattern<3>;
    for text in ["", "A.B", "\"A", "A B", "A;", ".", "*.*", "\"\""] {
        assert!(text.parse::<One>().is_err(), "{text}");
    }
    for text in ["A.B", "A..", "..C", "A...C", "A.B.C.D", "A.B.", "A.\"B.C\""] {
        assert!(text.parse::<Three>().is_err(), "{text}");
    }
    for (text, shown) in [
        ("a.b_*.c$1", "A.B_*.C$1"),
        ("a . \"b.c\" . *", "A.\"b.c\".*"),
        ("\"A\".B.C", "A.B.C"),
        // As in a statement.
        ("a..c", "A.PUBLIC.C"),
    ] {
        assert_eq!(text.parse::<Three>().unwrap().to_string(), shown);
    }
}
