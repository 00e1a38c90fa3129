//! The data itself, and plain queries over it.

use super::super::catalog::{Catalog, TableKind};
use super::super::{Embedded, Options, fill};
use super::{answer, engine, on_the_stack_of_the_query_runtime, read, refusal, run, small};
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{DataType, EngineLimit, Error, GateLimits, Position, Warehouse};

#[tokio::test]
async fn the_tables_hold_what_tpch_says() {
    let found = answer("SELECT R_REGIONKEY, R_NAME FROM region ORDER BY 1").await;
    assert_eq!(
        found.rows,
        [
            ["0", "AFRICA"],
            ["1", "AMERICA"],
            ["2", "ASIA"],
            ["3", "EUROPE"],
            ["4", "MIDDLE EAST"]
        ]
    );
    assert_eq!(
        found.columns[0].data_type,
        DataType::Number {
            precision: 38,
            scale: 0
        }
    );
    // The first order of every TPC-H database, at any scale.
    let found = answer("SELECT O_ORDERKEY, O_ORDERSTATUS, O_ORDERDATE, O_ORDERPRIORITY FROM orders WHERE o_orderkey = 1").await;
    assert_eq!(found.rows, [["1", "O", "day 9497", "5-LOW"]]);
    let found = answer("SELECT L_QUANTITY, L_EXTENDEDPRICE, L_DISCOUNT, L_TAX, L_SHIPDATE FROM lineitem WHERE l_orderkey = 1 AND l_linenumber = 1").await;
    assert_eq!(found.rows[0][0], "1700e-2");
    assert_eq!(found.rows[0][2..], ["4e-2", "2e-2", "day 9568"]);
}

#[tokio::test]
async fn every_foreign_key_leads_somewhere() {
    for (from, column, to, key) in [
        ("lineitem", "l_orderkey", "orders", "o_orderkey"),
        ("lineitem", "l_suppkey", "supplier", "s_suppkey"),
        ("orders", "o_custkey", "customer", "c_custkey"),
        ("partsupp", "ps_partkey", "part", "p_partkey"),
        ("nation", "n_regionkey", "region", "r_regionkey"),
    ] {
        let statement = format!(
            "SELECT COUNT(*) FROM {from} LEFT JOIN {to} ON {column} = {key} WHERE {key} IS NULL"
        );
        assert_eq!(answer(&statement).await.rows, [["0"]], "{statement}");
    }
}

#[test]
fn the_columns_of_the_engine_are_those_of_the_catalog() {
    let mut catalog = Catalog::new();
    let (root, _) = fill(&mut catalog, &small()).unwrap();
    for (database, schema, table) in catalog.tables() {
        let mut statement = root
            .prepare(
                "SELECT column_name, data_type, NOT is_nullable FROM duckdb_columns() WHERE database_name = ? AND \
                 replace(schema_name, '_INFORMATION', 'INFORMATION') = ? AND table_name = ? ORDER BY column_index",
            )
            .unwrap();
        let found: Vec<(String, String, bool)> = statement
            .query_map([database.name, schema.name, table.name], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let expected: Vec<(String, String, bool)> = table
            .columns
            .iter()
            .map(|column| {
                let data_type = match &column.data_type {
                    DataType::Number { precision, scale } => {
                        format!("DECIMAL({precision},{scale})")
                    }
                    DataType::Date => "DATE".into(),
                    DataType::TimestampLtz(_) => "TIMESTAMP WITH TIME ZONE".into(),
                    _ => "VARCHAR".into(),
                };
                (column.name.into(), data_type, !column.is_nullable)
            })
            .collect();
        assert_eq!(found, expected, "{}.{}", schema.name, table.name);
        if let TableKind::Table { rows, bytes, .. } = &table.kind {
            assert!(*rows > Some(0) && *bytes > 0, "{}", table.name);
        }
    }
}

#[tokio::test]
async fn views_add_up_to_the_tables() {
    let of_views = answer("SELECT SUM(order_count), SUM(revenue) FROM monthly_revenue").await;
    let of_customers = answer("SELECT SUM(order_count), SUM(revenue) FROM customer_revenue").await;
    let of_tables = answer(
        "SELECT COUNT(DISTINCT l_orderkey), SUM(l_extendedprice * (1 - l_discount)) FROM lineitem",
    )
    .await;
    assert_eq!(of_views.rows, of_tables.rows);
    assert_eq!(of_customers.rows, of_tables.rows);
}

#[tokio::test]
async fn no_rows_still_have_columns() {
    let found = answer("SELECT N_NAME, N_NATIONKEY FROM nation WHERE n_nationkey < 0").await;
    assert_eq!(found.names(), ["N_NAME", "N_NATIONKEY"]);
    assert!(found.rows.is_empty());
}

#[tokio::test]
async fn quoted_names_work_in_the_second_database() {
    let found =
        answer(r#"SELECT "id", "größe", "a.b" FROM "DEMO"."PUBLIC"."Mixed Case" ORDER BY "id""#)
            .await;
    assert_eq!(found.names(), ["id", "größe", "a.b"]);
    assert_eq!(
        found.rows,
        [["1", "klein", "dot"], ["2", "groß", "∅"], ["3", "∅", "x"]]
    );
}

#[tokio::test]
async fn the_session_says_what_unqualified_names_mean() {
    let name = |text: &str| Identifier::exact(text).unwrap();
    let mut asked = run(r#"SELECT COUNT(*) FROM "Mixed Case""#);
    asked.session.database = Some(name("DEMO"));
    let found = read(engine().run(asked.clone()).await.unwrap()).await;
    assert_eq!(found.unwrap().rows, [["3"]]);

    // A schema given with its database wins.
    asked.session.database = Some(name("SNOWFLAKE_SAMPLE_DATA"));
    asked.session.schema = Some(QualifiedName::parse("demo.public", 2).unwrap());
    assert!(engine().run(asked.clone()).await.is_ok());

    asked.session.schema = Some(QualifiedName::parse("nowhere", 2).unwrap());
    let error = engine().run(asked).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "SQL compilation error:\nSchema 'SNOWFLAKE_SAMPLE_DATA.nowhere' does not exist or not authorized."
            .replace("nowhere", "NOWHERE")
    );
}

#[tokio::test]
async fn errors_speak_snowflake_and_name_nothing_of_the_engine() {
    let error = refusal("SELECT * FROM nope").await;
    assert!(matches!(error, Error::ObjectNotFound { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("does not exist or not authorized."),
        "{error}"
    );
    assert!(error.query_id().is_some());

    let error = refusal("SELECT n_name,\n  nope FROM nation").await;
    assert!(matches!(error, Error::ObjectNotFound { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "SQL compilation error: error line 2 at position 2\ninvalid identifier 'NOPE'"
    );

    for (statement, name) in [
        ("SELECT x.n_name FROM nation", "X.N_NAME"),
        ("SELECT n.nope FROM nation n", "N.NOPE"),
    ] {
        let text = refusal(statement).await.to_string();
        assert!(
            text.ends_with(&format!("invalid identifier '{name}'")),
            "{text}"
        );
    }
    let text = refusal("SELECT * FROM x.y").await.to_string();
    assert!(text.contains("Schema 'X' does not exist"), "{text}");

    let error = refusal("SELECT n_name, COUNT(*) FROM nation").await;
    let Error::Sql { position, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*position, Some(Position { line: 1, column: 8 }));
    assert!(
        error
            .to_string()
            .contains("'N_NAME' is not a valid group by expression")
    );

    let error = refusal("SELECT CAST(n_name AS INTEGER) FROM nation").await;
    assert!(error.to_string().starts_with("Numeric value '"), "{error}");

    for statement in [
        "SELECT * FROM nowhere.x.y",
        "SELECT * FROM SNOWFLAKE_SAMPLE_DATA.x.y",
        "SELECT frobnicate(1)",
        "SELECT SUM(n_name) FROM nation",
        "SELECT x.n_name FROM nation",
        "SELECT * FROM nation a JOIN nation b ON n_name = n_name",
        "SELECT * FROM INFORMATION_SCHEMA.NOPE",
        "SELECT CAST('x' AS DATE)",
        "LIST @stage",
    ] {
        let error = refusal(statement).await;
        let text = error.to_string();
        println!("{statement}\n  {text}");
        for word in [
            "DuckDB",
            "duckdb",
            "LINE 1",
            "Did you mean",
            "_INFORMATION",
            "Catalog Error",
            "pg_",
        ] {
            assert!(!text.contains(word), "{statement}: {text}");
        }
        assert!(
            !matches!(error, Error::Internal { .. }),
            "{statement}: {error:?}"
        );
    }
}

#[tokio::test]
async fn too_little_memory_is_a_limit_that_names_its_setting() {
    let engine = Embedded::start(&Options {
        memory_limit_bytes: 48 << 20,
        ..small()
    })
    .unwrap();
    let statement = "SELECT a.l_comment, b.l_comment, COUNT(*) FROM lineitem a, lineitem b GROUP BY 1, 2 ORDER BY 3 LIMIT 1";
    let error = match engine.run(run(statement)).await {
        Ok(answer) => read(answer).await.unwrap_err(),
        Err(error) => error,
    };
    let Error::EngineLimit(EngineLimit { what, hint }) = &error else {
        panic!("{error:?}")
    };
    assert!(what.contains("48 MiB"), "{what}");
    assert!(hint.as_ref().unwrap().contains("EMBEDDED_MEMORY_LIMIT"));
    assert!(
        engine.run(run("SELECT 1")).await.is_ok(),
        "the next one works"
    );
}

#[test]
fn a_chain_too_long_to_plan_in_time_is_a_limit_and_a_long_list_is_none() {
    on_the_stack_of_the_query_runtime(async {
        let chain = |length: usize, operator: &str| vec!["n_nationkey"; length].join(operator);
        let error = refusal(&format!("SELECT {} FROM nation", chain(400, " + "))).await;
        assert!(matches!(error, Error::EngineLimit(_)), "{error:?}");
        let sum = format!("SELECT {} FROM nation", chain(100, " + "));
        assert_eq!(answer(&sum).await.rows.len(), 25);
        let list = chain(1000, ", ");
        let any = format!("SELECT n_name FROM nation WHERE 1 IN ({list})");
        assert_eq!(answer(&any).await.rows.len(), 1);
    });
}

#[tokio::test]
async fn explain_tells_the_plan_in_every_form() {
    let found = answer("EXPLAIN SELECT COUNT(*) FROM orders WHERE o_totalprice > 1").await;
    assert_eq!(
        found.names(),
        [
            "step",
            "id",
            "parent",
            "operation",
            "objects",
            "alias",
            "expressions",
            "partitionsTotal",
            "partitionsAssigned",
            "bytesAssigned"
        ]
    );
    assert_eq!(found.column("operation")[0], "GlobalStats");
    assert!(
        found
            .column("objects")
            .iter()
            .any(|name| name.ends_with("ORDERS")),
        "{found:?}"
    );
    let found = answer("EXPLAIN USING JSON SELECT 1").await;
    assert!(found.rows[0][0].contains("Operations"), "{found:?}");
    let found = answer("EXPLAIN USING TEXT SELECT COUNT(*) FROM orders").await;
    assert!(found.rows[0][0].contains("1:0 "), "{found:?}");
    assert!(
        refusal("EXPLAIN SELECT nope FROM orders")
            .await
            .to_string()
            .contains("NOPE")
    );
}

#[test]
fn options_out_of_bounds_are_refused() {
    for options in [
        Options {
            scale_factor: 0.0,
            ..small()
        },
        Options {
            scale_factor: f64::NAN,
            ..small()
        },
        Options {
            scale_factor: 100.0,
            ..small()
        },
        Options {
            threads: 0,
            ..small()
        },
        Options {
            gate: GateLimits::new(0, "MAX_CONCURRENT_QUERIES"),
            ..small()
        },
    ] {
        assert!(Embedded::start(&options).is_err(), "{options:?}");
    }
}
