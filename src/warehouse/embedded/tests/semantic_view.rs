//! The semantic view of the engine against SQL written by hand.

use super::{answer, engine, read, refusal, run};
use crate::warehouse::{Error, Parameter, Warehouse};

const VIEW: &str = "demo.public.tpch_analysis";

#[tokio::test]
async fn metrics_are_what_sql_by_hand_gives() {
    for (asked, by_hand) in [
        // One table, a dimension two joins away.
        (
            "DIMENSIONS region.region_name METRICS orders.orders_placed, orders.average_price",
            "SELECT r_name, COUNT(*), AVG(o_totalprice) FROM orders JOIN customer ON c_custkey = o_custkey \
             JOIN nation ON n_nationkey = c_nationkey JOIN region ON r_regionkey = n_regionkey GROUP BY 1",
        ),
        // Two tables over one dimension, neither of which has every nation.
        (
            "METRICS supplier.suppliers, customers AS c DIMENSIONS nation_name",
            "SELECT COALESCE(s.n, 0), COALESCE(c.n, 0), n_name FROM nation \
             LEFT JOIN (SELECT s_nationkey, COUNT(*) AS n FROM supplier GROUP BY 1) s ON s_nationkey = n_nationkey \
             LEFT JOIN (SELECT c_nationkey, COUNT(*) AS n FROM customer GROUP BY 1) c ON c_nationkey = n_nationkey \
             WHERE s.n > 0 OR c.n > 0",
        ),
        // A fact that counts rows of another table, with customers that have none.
        (
            "METRICS customer.orders_per_customer DIMENSIONS customer.segment",
            "SELECT AVG(n), c_mktsegment FROM (SELECT c_mktsegment, COUNT(o_orderkey) AS n FROM customer \
             LEFT JOIN orders ON o_custkey = c_custkey GROUP BY c_custkey, c_mktsegment) GROUP BY 2",
        ),
        // A filter before the sum, a date rounded down.
        (
            "DIMENSIONS DATE_TRUNC('YEAR', orders.order_date) AS year METRICS revenue \
             WHERE customer.segment IN ('BUILDING') AND order_date >= '1995-01-01'",
            "SELECT DATE_TRUNC('YEAR', o_orderdate), SUM(l_extendedprice * (1 - l_discount)) FROM lineitem \
             JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey \
             WHERE c_mktsegment = 'BUILDING' AND o_orderdate >= '1995-01-01' GROUP BY 1",
        ),
        // Dimensions alone.
        (
            "DIMENSIONS customer.segment, region_name",
            "SELECT DISTINCT c_mktsegment, r_name FROM customer JOIN nation ON n_nationkey = c_nationkey \
             JOIN region ON r_regionkey = n_regionkey",
        ),
        // No dimension at all, over all tables.
        (
            "METRICS orders.lines_per_order, suppliers, line_items.revenue",
            "SELECT (SELECT COUNT(*) / COUNT(DISTINCT l_orderkey) FROM lineitem), (SELECT COUNT(*) FROM supplier), \
             (SELECT SUM(l_extendedprice * (1 - l_discount)) FROM lineitem)",
        ),
        // Rows.
        (
            "FACTS orders.price, line_count DIMENSIONS orders.priority WHERE price > 100000",
            "SELECT o_totalprice, n, o_orderpriority FROM orders JOIN (SELECT l_orderkey, COUNT(*) AS n FROM lineitem GROUP BY 1) \
             ON l_orderkey = o_orderkey WHERE o_totalprice > 100000",
        ),
    ] {
        let asked = format!("SELECT * FROM SEMANTIC_VIEW({VIEW} {asked})");
        let (asked_for, by_hand) = (answer(&asked).await, answer(by_hand).await);
        // Types of averages differ in their digits, and NULL stands for a count of nothing.
        let plain = |rows: &[Vec<String>]| {
            let mut rows: Vec<Vec<String>> = rows
                .iter()
                .map(|row| row.iter().map(|cell| number(cell)).collect())
                .collect();
            rows.sort();
            rows
        };
        assert!(!asked_for.rows.is_empty(), "{asked}");
        assert_eq!(plain(&asked_for.rows), plain(&by_hand.rows), "{asked}");
    }
    let named = answer(&format!(
        "SELECT s.* FROM SEMANTIC_VIEW({VIEW} METRICS customers \"n\" DIMENSIONS customer.* WHERE customer_name LIKE '%1') AS s"
    ))
    .await;
    assert_eq!(
        named.names(),
        ["n", "CUSTOMER_NAME", "SEGMENT", "COUNTRY_CODE"]
    );
}

/// A number to six digits behind the point, whatever its type.
fn number(cell: &str) -> String {
    let cell = if cell == "∅" { "0" } else { cell };
    match cell.parse::<f64>() {
        Ok(number) => format!("{number:.4}"),
        Err(_) => cell.to_owned(),
    }
}

#[tokio::test]
async fn values_are_bound_once_whatever_the_number_of_parts() {
    let mut asked = run(&format!(
        "SELECT 'first', SUM(suppliers), SUM(customers) FROM SEMANTIC_VIEW({VIEW} DIMENSIONS nation_name METRICS suppliers, customers \
         WHERE nation_name IN (?, ?)) WHERE nation_name <> ?"
    ));
    let text = |text: &str| Parameter::Text(text.to_owned());
    asked.parameters = vec![text("FRANCE"), text("CHINA"), text("CHINA")];
    let found = read(engine().run(asked).await.unwrap()).await.unwrap();
    let by_hand = answer(
        "SELECT 'first', (SELECT COUNT(*) FROM supplier JOIN nation ON n_nationkey = s_nationkey WHERE n_name = 'FRANCE'), \
         (SELECT COUNT(*) FROM customer JOIN nation ON n_nationkey = c_nationkey WHERE n_name = 'FRANCE')",
    )
    .await;
    let plain = |rows: &[Vec<String>]| -> Vec<String> {
        rows.concat().iter().map(|cell| number(cell)).collect()
    };
    assert_eq!(plain(&found.rows), plain(&by_hand.rows));
}

#[tokio::test]
async fn what_snowflake_or_this_engine_does_not_answer_is_refused() {
    for (asked, told) in [
        (
            "METRICS suppliers DIMENSIONS customer.segment",
            "Invalid dimension",
        ),
        (
            "METRICS orders_placed DIMENSIONS line_items.ship_mode",
            "finer grain",
        ),
        ("METRICS suppliers WHERE segment = 'x'", "Invalid dimension"),
        (
            "METRICS suppliers WHERE suppliers > 1",
            "cannot stand in the WHERE",
        ),
        (
            "METRICS suppliers WHERE s_suppkey > 1",
            "invalid identifier 'S_SUPPKEY'",
        ),
        ("METRICS nope", "invalid identifier 'NOPE'"),
        ("METRICS customer.segment", "is a dimension, not a metric"),
        (
            "METRICS customers FACTS balance",
            "cannot be asked for together",
        ),
        (
            "FACTS balance DIMENSIONS region_name",
            "of their own logical table",
        ),
        (
            "METRICS customers, customer.customers",
            "two columns with the same name",
        ),
    ] {
        let error = refusal(&format!("SELECT * FROM SEMANTIC_VIEW({VIEW} {asked})")).await;
        assert!(error.to_string().contains(told), "{asked}: {error}");
    }
    for limited in [
        format!("SELECT * FROM SEMANTIC_VIEW({VIEW} METRICS COUNT(segment))"),
        format!("SELECT * FROM SEMANTIC_VIEW({VIEW} METRICS customers WHERE balance > (SELECT 1))"),
        format!("SELECT segment, AGG(customers) FROM {VIEW} GROUP BY 1"),
    ] {
        let error = refusal(&limited).await;
        assert!(
            matches!(error, Error::EngineLimit(_)),
            "{limited}: {error:?}"
        );
    }
    let none = refusal("SELECT * FROM SEMANTIC_VIEW(nope METRICS a)").await;
    assert!(matches!(none, Error::ObjectNotFound { .. }), "{none:?}");
}

#[tokio::test]
async fn the_catalog_tells_of_it() {
    let listed = answer("SHOW SEMANTIC VIEWS LIKE 'tpch%' IN ACCOUNT LIMIT 10").await;
    assert_eq!(listed.column("name"), ["TPCH_ANALYSIS"]);
    assert!(listed.column("comment")[0].contains("not of Snowflake's"));
    let elsewhere = answer("SHOW SEMANTIC VIEWS IN DATABASE SNOWFLAKE_SAMPLE_DATA").await;
    assert!(elsewhere.rows.is_empty());
    let terse = answer("SHOW TERSE SEMANTIC VIEWS IN SCHEMA demo.public").await;
    assert_eq!(terse.column("kind"), ["SEMANTIC_VIEW"]);
    for (kind, count) in [("DIMENSIONS", 9), ("FACTS", 5), ("METRICS", 7)] {
        let items = answer(&format!("SHOW SEMANTIC {kind} IN {VIEW}")).await;
        assert_eq!(items.rows.len(), count, "{kind}");
        let all = answer(&format!("SHOW SEMANTIC {kind} IN ACCOUNT LIMIT 2")).await;
        assert_eq!(all.rows.len(), 2);
    }
    let fitting = format!(
        "SHOW SEMANTIC DIMENSIONS IN {VIEW} FOR METRIC \"SUPPLIER\".\"SUPPLIERS\" LIMIT 10000"
    );
    let fitting = answer(&fitting).await;
    assert_eq!(
        fitting.column("name"),
        ["REGION_NAME", "NATION_NAME", "SUPPLIER_NAME"]
    );
    let described = answer(&format!("DESCRIBE SEMANTIC VIEW {VIEW}")).await;
    assert_eq!(
        described
            .rows
            .iter()
            .filter(|row| row[3] == "DATA_TYPE")
            .count(),
        21
    );
    let ddl = answer("SELECT GET_DDL('SEMANTIC_VIEW', 'DEMO.PUBLIC.TPCH_ANALYSIS', TRUE)").await;
    assert!(ddl.rows[0][0].starts_with("create or replace semantic view TPCH_ANALYSIS"));
}
