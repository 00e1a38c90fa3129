//! The lists of schemas, objects, statements, side effects, roles and virtual warehouses, against those who want past them.

use std::borrow::Cow;

use super::*;

pub(super) fn patterns<T: std::str::FromStr<Err: fmt::Debug>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The current database is SALES, the current schema PUBLIC.
pub(super) fn approve(policy: &Policy, sql: &str) -> Result<ApprovedStatement, Refusal> {
    let (database, schema) = ("SALES".parse().unwrap(), "PUBLIC".parse().unwrap());
    let place = CurrentNames {
        database: Some(&database),
        schema: Some(&schema),
        ..CurrentNames::default()
    };
    approve_in(policy, sql, &place)
}

pub(super) fn approve_in(
    policy: &Policy,
    sql: &str,
    place: &CurrentNames<'_>,
) -> Result<ApprovedStatement, Refusal> {
    let parsed = sql::parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    policy.approve(parsed, place)
}

pub(super) fn all_pass(policy: &Policy, statements: &[&str]) {
    for sql in statements {
        if let Err(refusal) = approve(policy, sql) {
            panic!("{sql}: {refusal}");
        }
    }
}

pub(super) fn none_passes(policy: &Policy, statements: &[&str]) {
    let free = Policy::new(Options {
        preset: Preset::Admin,
        ..Options::default()
    });
    for sql in statements {
        assert!(approve(policy, sql).is_err(), "{sql}");
        let free = approve(&free, sql);
        // Some are refused to everybody for another reason.
        let is_shared = matches!(free, Err(Refusal::Shared { .. }));
        assert!(free.is_ok() || is_shared, "without the list: {sql}");
    }
}

fn schemas(allowed: &[&str]) -> Policy {
    Policy::new(Options {
        preset: Preset::ReadWrite,
        allowed_schemas: Some(patterns(allowed)),
        ..Options::default()
    })
}

/// What reaches a table called PAY of the schema SALES.HR, or may.
const REACHES_PAY: [&str; 63] = [
    "SELECT * FROM sales.hr.pay",
    "SELECT * FROM SALES.\"HR\".pay",
    "SELECT * FROM hr.pay",
    "SELECT * FROM Hr . Pay",
    "SELECT * FROM sales/**/.hr/**/.pay",
    "SELECT a FROM t, hr.pay",
    "SELECT a FROM t JOIN hr.pay ON TRUE",
    "SELECT a FROM t LEFT JOIN LATERAL (SELECT * FROM hr.pay) p ON TRUE",
    "SELECT * FROM t ASOF JOIN hr.pay MATCH_CONDITION (t.a >= pay.a)",
    "SELECT (SELECT MAX(a) FROM hr.pay)",
    "SELECT a FROM t WHERE a IN (SELECT a FROM hr.pay)",
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM hr.pay)",
    "SELECT a FROM t UNION ALL SELECT a FROM hr.pay",
    "SELECT a FROM t ORDER BY (SELECT MAX(a) FROM hr.pay)",
    "SELECT a FROM t QUALIFY a > (SELECT MAX(a) FROM hr.pay)",
    "WITH p AS (SELECT * FROM hr.pay) SELECT * FROM p",
    // The name of a WITH has one part, so it hides neither of these.
    "WITH pay AS (SELECT 1) SELECT * FROM hr.pay",
    "WITH hr AS (SELECT 1) SELECT * FROM hr.pay",
    "SELECT * FROM hr.pay AT(OFFSET => -60)",
    "SELECT * FROM hr.pay BEFORE(STATEMENT => '8e5d0ca9-005e-44e6-b858-a8f5b37c5726')",
    "SELECT * FROM hr.pay CHANGES(INFORMATION => DEFAULT) AT(OFFSET => -60)",
    "SELECT * FROM hr.pay SAMPLE (10)",
    "SELECT * FROM hr.pay PIVOT(SUM(a) FOR b IN ('x'))",
    "SELECT * FROM SEMANTIC_VIEW(hr.pay METRICS a.b)",
    "SELECT * FROM SEMANTIC_VIEW(hr.pay METRICS a.b AS c)",
    "SELECT * FROM SEMANTIC_VIEW(sv METRICS a.b c WHERE a.d IN (SELECT e FROM hr.pay))",
    "SELECT * FROM SEMANTIC_VIEW(sv METRICS a.b WHERE a.d = (SELECT MAX(e) FROM SEMANTIC_VIEW(hr.pay METRICS f.e AS e)))",
    "SELECT SYSTEM$READ_YAML_FROM_SEMANTIC_VIEW('hr.pay')",
    "SELECT * FROM TABLE('hr.pay')",
    "SELECT * FROM TABLE($t)",
    "SELECT * FROM TABLE(hr.pay())",
    "SELECT f(TABLE(hr.pay))",
    "SELECT sales.public.f(TABLE(hr.pay), 1)",
    "SELECT sales.public.f(SELECT a FROM hr.pay)",
    "SELECT a FROM t WHERE sales.public.f(table (hr.pay)) > 1",
    "SELECT * FROM t AT(STREAM => 'hr.pay')",
    "SELECT * FROM t BEFORE(STREAM => 'hr.pay')",
    "SELECT * FROM t CHANGES(INFORMATION => DEFAULT) AT(STREAM => 'hr.pay')",
    "SELECT * FROM IDENTIFIER('hr.pay')",
    "SELECT * FROM IDENTIFIER($t)",
    "SELECT * FROM IDENTIFIER('sales') . hr . pay",
    "SELECT * FROM @hr.pay",
    "SELECT * FROM '@hr.pay/x'",
    "LIST @hr.pay",
    "SELECT hr.pay(1)",
    "SELECT sales.hr.pay(1)",
    "SELECT GET_DDL('TABLE', 'hr.pay')",
    "SELECT SYSTEM$CLUSTERING_INFORMATION('hr.pay')",
    "SELECT EXTRACT_SEMANTIC_CATEGORIES('hr.pay')",
    "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))",
    "EXPLAIN SELECT * FROM hr.pay",
    "EXPLAIN USING JSON SELECT * FROM hr.pay",
    "DESCRIBE TABLE hr.pay",
    "DESC VIEW sales.hr.pay",
    "DESCRIBE SEMANTIC VIEW hr.pay",
    "SHOW COLUMNS IN TABLE hr.pay",
    "SHOW COLUMNS IN sales.hr.pay",
    "SHOW PRIMARY KEYS IN TABLE hr.pay",
    "SHOW GRANTS ON TABLE hr.pay",
    "SHOW TABLES ->> SELECT * FROM hr.pay",
    "INSERT INTO hr.pay SELECT 1",
    "INSERT INTO t SELECT hr.pay.NEXTVAL",
    "MERGE INTO t USING hr.pay p ON t.a = p.a WHEN MATCHED THEN DELETE",
];

#[test]
fn nothing_reaches_a_schema_that_is_not_allowed() {
    let policy = schemas(&["SALES.PUBLIC", "SALES.MART_*"]);
    none_passes(&policy, &REACHES_PAY);
    none_passes(
        &policy,
        &[
            "SELECT * FROM secret.public.t",
            "SELECT * FROM \"sales\".public.t",
            "SELECT * FROM \"SALES\".\"public\".t",
            "SELECT * FROM secret..t",
            "DESCRIBE TABLE secret..t",
            "SHOW COLUMNS IN TABLE secret..t",
            "SELECT * FROM sales.information_schema.tables",
            "SELECT * FROM mart.t",
            "SHOW TABLES IN SCHEMA hr",
            "SHOW TABLES IN sales.hr",
            "SHOW TABLES IN DATABASE secret",
            "DESCRIBE SCHEMA sales.hr",
            "DESCRIBE DATABASE secret",
            // Rows of other schemas would be counted, or handed on.
            "SHOW TABLES LIMIT 1",
            "SHOW SCHEMAS LIMIT 1 FROM 'HR'",
            "SHOW TABLES IN DATABASE sales ->> SELECT * FROM $1",
            "SHOW SCHEMAS ->> SELECT COUNT(*) FROM $1",
        ],
    );
    all_pass(
        &policy,
        &[
            "SELECT 1",
            "SELECT COUNT(*), UPPER(a), AI_X FROM t",
            "SELECT * FROM t JOIN public.u ON TRUE JOIN sales.mart_eu.v ON TRUE",
            "SELECT * FROM sales..t",
            "DESCRIBE TABLE sales..t",
            "SHOW COLUMNS IN TABLE sales..t",
            "```sql\nSELECT * FROM sales..t;\n```",
            "WITH hr AS (SELECT 1 a) SELECT a FROM hr",
            "SELECT public.f(1), sales.mart_eu.g(2), h(3) FROM t",
            "SHOW TABLES",
            "SHOW SCHEMAS IN DATABASE sales",
            "SHOW TABLES IN SCHEMA sales.public",
            "SHOW TABLES IN SCHEMA sales.public LIMIT 5",
            "SHOW TABLES IN SCHEMA sales.public ->> SELECT \"name\" FROM $1",
            "DESCRIBE SCHEMA sales.mart_eu",
            "SHOW WAREHOUSES",
            "INSERT INTO sales.mart_eu.t SELECT * FROM t",
        ],
    );
}

#[test]
fn a_name_without_a_schema_may_also_mean_one_in_public() {
    let (sales, mart) = ("SALES".parse().unwrap(), "MART".parse().unwrap());
    let in_mart = CurrentNames {
        database: Some(&sales),
        schema: Some(&mart),
        ..CurrentNames::default()
    };
    let only_mart = schemas(&["SALES.MART"]);
    assert!(approve_in(&only_mart, "SELECT * FROM t", &in_mart).is_err());
    assert!(approve_in(&only_mart, "SELECT f(1)", &in_mart).is_err());
    assert!(approve_in(&only_mart, "SELECT * FROM mart.t", &in_mart).is_ok());
    let both = schemas(&["SALES.MART", "SALES.PUBLIC"]);
    assert!(approve_in(&both, "SELECT f(a) FROM t", &in_mart).is_ok());
    let unknown = CurrentNames {
        database: Some(&sales),
        ..CurrentNames::default()
    };
    assert!(approve_in(&both, "SELECT * FROM t", &unknown).is_err());
    assert!(approve_in(&both, "SELECT COUNT(*) FROM mart.t", &unknown).is_ok());
    let denied = Policy::new(Options {
        denied_objects: patterns(&["SALES.PUBLIC.PAY"]),
        ..Options::default()
    });
    assert!(approve_in(&denied, "SELECT * FROM pay", &in_mart).is_err());
    assert!(approve_in(&denied, "SELECT * FROM t", &in_mart).is_ok());
}

#[test]
fn nothing_reaches_an_object_that_is_not_allowed_or_is_denied() {
    let allowing = Policy::new(Options {
        preset: Preset::ReadWrite,
        allowed_objects: Some(patterns(&[
            "SALES.PUBLIC.*",
            "SALES.HR.\"Team\"",
            "SALES.HR.T_*",
        ])),
        ..Options::default()
    });
    let denying = Policy::new(Options {
        preset: Preset::ReadWrite,
        denied_objects: patterns(&["SALES.HR.PAY*", "*.*.SECRET_*", "AUDIT.*.*"]),
        ..Options::default()
    });
    for policy in [&allowing, &denying] {
        none_passes(policy, &REACHES_PAY);
        none_passes(
            policy,
            &[
                "SELECT * FROM audit.public.t",
                "SHOW TABLES IN DATABASE audit",
                "DESCRIBE SCHEMA audit.public",
                "SHOW TABLES LIMIT 1",
                "SHOW TABLES IN SCHEMA hr LIMIT 1",
                "SHOW TABLES IN SCHEMA hr ->> SELECT * FROM $1",
            ],
        );
        all_pass(
            policy,
            &[
                "SELECT * FROM t JOIN sales.hr.\"Team\" ON TRUE JOIN hr.t_1 ON TRUE",
                "SHOW TABLES IN SCHEMA hr",
                "SHOW TABLES",
                "DESCRIBE TABLE sales.public.orders",
            ],
        );
    }
    none_passes(
        &allowing,
        &["SELECT * FROM hr.team", "SELECT * FROM hr.\"t_1\""],
    );
    none_passes(
        &denying,
        &[
            "SELECT * FROM hr.payments",
            "SELECT * FROM secret_plans",
            "SELECT * FROM other.s.secret_plans",
        ],
    );
    // Another case is another name.
    all_pass(&denying, &["SELECT * FROM hr.\"pay\""]);
}

/// The rows that may be shown, each given by the values of its columns.
pub(super) fn shown<'row>(
    policy: &Policy,
    sql: &str,
    columns: &[&str],
    rows: &[&'row [&str]],
) -> Vec<usize> {
    let approved = approve(policy, sql).unwrap_or_else(|refusal| panic!("{sql}: {refusal}"));
    let filter = approved.row_filter().unwrap_or_else(|| panic!("{sql}"));
    let is_shown = |row: &&'row [&str]| {
        filter.shows(|wanted| {
            let at = columns.iter().position(|column| *column == wanted)?;
            Some(Cow::Borrowed(row[at]))
        })
    };
    let indexed = rows.iter().enumerate();
    indexed
        .filter_map(|(index, row)| is_shown(row).then_some(index))
        .collect()
}

#[test]
fn the_rows_of_a_listing_tell_of_nothing_that_is_not_allowed() {
    let objects = ["name", "database_name", "schema_name"];
    let rows: [&[&str]; 5] = [
        &["T", "SALES", "PUBLIC"],
        &["PAY", "SALES", "HR"],
        &["T", "SECRET", "PUBLIC"],
        &["t", "sales", "PUBLIC"],
        &["T", "", ""],
    ];
    for sql in [
        "SHOW TABLES IN ACCOUNT",
        "SHOW TERSE OBJECTS LIKE '%' IN ACCOUNT",
    ] {
        assert_eq!(shown(&only(&["SALES"]), sql, &objects, &rows), [0, 1]);
        assert_eq!(
            shown(&schemas(&["*.PUBLIC"]), sql, &objects, &rows),
            [0, 2, 3]
        );
    }
    let denying = Policy::new(Options {
        denied_objects: patterns(&["SALES.HR.PAY", "SECRET.*.*"]),
        ..Options::default()
    });
    assert_eq!(
        shown(&denying, "SHOW VIEWS IN ACCOUNT", &objects, &rows),
        [0, 3]
    );
    // A result without the columns that say what its rows are about shows nothing.
    let sql = "SHOW TABLES IN ACCOUNT";
    assert!(shown(&denying, sql, &["name"], &[&["T"]]).is_empty());

    let databases: [&[&str]; 3] = [&["SALES"], &["SECRET"], &["sales"]];
    for policy in [&only(&["SALES"]), &schemas(&["SALES.HR"])] {
        assert_eq!(shown(policy, "SHOW DATABASES", &["name"], &databases), [0]);
    }
    assert_eq!(
        shown(&denying, "SHOW DATABASES", &["name"], &databases),
        [0, 2]
    );

    let policy = schemas(&["SALES.PUBLIC"]);
    let columns = ["name", "database_name"];
    let rows: [&[&str]; 2] = [&["PUBLIC", "SALES"], &["HR", "SALES"]];
    assert_eq!(shown(&policy, "SHOW SCHEMAS", &columns, &rows), [0]);
    let sql = "DESCRIBE DATABASE sales";
    assert_eq!(shown(&policy, sql, &["name"], &[&["HR"], &["PUBLIC"]]), [1]);
    let sql = "DESC SCHEMA sales.hr";
    assert_eq!(shown(&denying, sql, &["name"], &[&["PAY"], &["TEAM"]]), [1]);

    let keys = [
        "pk_database_name",
        "pk_schema_name",
        "pk_table_name",
        "fk_database_name",
        "fk_schema_name",
        "fk_table_name",
    ];
    let rows: [&[&str]; 2] = [
        &["SALES", "PUBLIC", "T", "SALES", "PUBLIC", "U"],
        &["SALES", "HR", "PAY", "SALES", "PUBLIC", "U"],
    ];
    let sql = "SHOW IMPORTED KEYS IN TABLE sales.public.u";
    assert_eq!(shown(&denying, sql, &keys, &rows), [0]);
    let free = approve(&preset(Preset::ReadOnly), "SHOW TABLES IN ACCOUNT").unwrap();
    assert!(free.row_filter().is_none());
}
