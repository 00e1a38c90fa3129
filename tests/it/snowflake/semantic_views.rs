//! The tools for semantic views: names checked before anything is asked, values bound, one statement.

use serde_json::{Value, json};

use super::own_statements::{is_as_kept, scripted, sent};
use super::support::{code, serve, stop};
use crate::stub::Stub;
use crate::stub::settings::Scripted;

fn described() -> Scripted {
    let row = |kind: &'static str,
               name: &'static str,
               parent: &'static str,
               property: &'static str,
               value: &'static str| {
        let text = |text: &'static str| (!text.is_empty()).then_some(text);
        [
            text(kind),
            text(name),
            text(parent),
            Some(property),
            Some(value),
        ]
    };
    let rows = [
        row("", "", "", "COMMENT", "Orders and who makes them"),
        row("TABLE", "ORDERS", "", "BASE_TABLE_DATABASE_NAME", "SALES"),
        row("TABLE", "ORDERS", "", "BASE_TABLE_SCHEMA_NAME", "PUBLIC"),
        row("TABLE", "ORDERS", "", "BASE_TABLE_NAME", "ORDERS"),
        row("TABLE", "ORDERS", "", "PRIMARY_KEY", "[\"O_ORDERKEY\"]"),
        row(
            "RELATIONSHIP",
            "ORDERS_TO_CUSTOMER",
            "ORDERS",
            "TABLE",
            "ORDERS",
        ),
        row(
            "RELATIONSHIP",
            "ORDERS_TO_CUSTOMER",
            "ORDERS",
            "REF_TABLE",
            "CUSTOMER",
        ),
        row(
            "RELATIONSHIP",
            "ORDERS_TO_CUSTOMER",
            "ORDERS",
            "FOREIGN_KEY",
            "[\"O_CUSTKEY\"]",
        ),
        row(
            "RELATIONSHIP",
            "ORDERS_TO_CUSTOMER",
            "ORDERS",
            "REF_KEY",
            "[\"C_CUSTKEY\"]",
        ),
        row("DIMENSION", "ORDER_DATE", "ORDERS", "DATA_TYPE", "DATE"),
        row(
            "DIMENSION",
            "ORDER_DATE",
            "ORDERS",
            "EXPRESSION",
            "O_ORDERDATE",
        ),
        row("DIMENSION", "NAME", "CUSTOMER", "DATA_TYPE", "VARCHAR(25)"),
        row(
            "DIMENSION",
            "NAME",
            "CUSTOMER",
            "SYNONYMS",
            "[\"customer name\"]",
        ),
        row("DIMENSION", "NAME", "ORDERS", "DATA_TYPE", "VARCHAR(25)"),
        row("FACT", "PRICE", "ORDERS", "DATA_TYPE", "NUMBER(12,2)"),
        row("METRIC", "REVENUE", "ORDERS", "EXPRESSION", "SUM(PRICE)"),
        row("METRIC", "REVENUE", "ORDERS", "DATA_TYPE", "NUMBER(38,2)"),
        row("METRIC", "SECRET", "ORDERS", "ACCESS_MODIFIER", "PRIVATE"),
        row("SOMETHING_NEW", "X", "", "Y", "z"),
        row(
            "AI_VERIFIED_QUERY",
            "Q",
            "",
            "QUESTION",
            "How much in March?",
        ),
        row("AI_VERIFIED_QUERY", "Q", "", "SQL", "SELECT 1"),
    ];
    let rows: Vec<&[Option<&str>]> = rows.iter().map(|row| row.as_slice()).collect();
    let columns = [
        "object_kind",
        "object_name",
        "parent_entity",
        "property",
        "property_value",
    ];
    scripted("describe semantic view", &columns, &rows)
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_semantic_view_is_listed_described_and_asked() {
    let stub = Stub::start().await;
    let server = serve(
        &stub,
        &[("TOOLSETS", "semantic"), ("SNOWFLAKE_DATABASE", "SALES")],
    )
    .await;
    let views = scripted(
        "show semantic views",
        &[
            "created_on",
            "name",
            "database_name",
            "schema_name",
            "comment",
            "extension",
        ],
        &[&[
            Some("2026"),
            Some("SV"),
            Some("SALES"),
            Some("PUBLIC"),
            Some("Orders"),
            Some("[]"),
        ]],
    );
    let fitting = scripted(
        "show semantic dimensions",
        &["table_name", "name", "data_type", "required"],
        &[&[
            Some("ORDERS"),
            Some("ORDER_DATE"),
            Some("DATE"),
            Some("true"),
        ]],
    );
    let ddl = scripted("get_ddl", &["DDL"], &[&[Some("CREATE SEMANTIC VIEW SV …")]]);
    let figures = scripted(
        "from semantic_view",
        &["NAME", "REVENUE"],
        &[&[Some("Ann"), Some("12")]],
    );
    stub.set(|settings| settings.answers = vec![figures, ddl, fitting, described(), views]);
    let client = server.mcp();

    let listed = client
        .call_tool("list_semantic_views", json!({"schema": "sales.public"}))
        .await;
    assert_eq!(
        listed["structuredContent"]["rows"],
        json!([["SALES", "PUBLIC", "SV", "Orders"]]),
        "{listed}"
    );
    is_as_kept("list_semantic_views", &sent(&stub, "show semantic views"));

    let asked = json!({"view": "sales.public.sv", "metric": "revenue", "definition": "sql", "format": "markdown"});
    let told = client.call_tool("describe_semantic_view", asked).await;
    assert_eq!(code(&told), "ok", "{told}");
    for part in [
        "Orders and who makes them",
        "| ORDERS.REVENUE | NUMBER(38,2) | SUM(PRICE) |",
        "(also customer name)",
        "(cannot be queried)",
        "ORDERS is SALES.PUBLIC.ORDERS, key O_ORDERKEY",
        "ORDERS (O_CUSTKEY) → CUSTOMER (C_CUSTKEY)",
        "Dimensions that go with the metric: ORDERS.ORDER_DATE (required)",
        "How much in March?",
        "CREATE SEMANTIC VIEW",
        "2 metrics, 3 dimensions, 1 fact.",
    ] {
        assert!(text(&told).contains(part), "{part}: {told}");
    }
    is_as_kept("describe_semantic_view_metric", &sent(&stub, "for metric"));
    is_as_kept("describe_semantic_view_definition", &sent(&stub, "get_ddl"));

    let asked = json!({
        "view": "sales.public.sv",
        "dimensions": ["customer.name", {"name": "orders.name"}, {"name": "order_date", "grain": "month", "as": "month"}],
        "metrics": "orders.revenue",
        "filters": [
            {"field": "orders.order_date", "op": "gte", "value": "1995-01-01"},
            {"any": [{"field": "customer.name", "op": "like", "value": "A%"}, {"field": "customer.name", "op": "in", "values": ["x'; --", "y"]}]},
        ],
        "having": {"field": "revenue", "op": "gt", "value": 10},
        "order_by": [{"name": "revenue", "descending": true}, "month"],
        "limit": 5, "format": "markdown",
    });
    let figures = client.call_tool("query_semantic_view", asked).await;
    assert_eq!(code(&figures), "ok", "{figures}");
    is_as_kept("query_semantic_view", &sent(&stub, "from semantic_view"));
    let bound = stub.counters().last_statement["bindings"].clone();
    let values: Vec<_> = (1..=5)
        .map(|at| bound[at.to_string()]["value"].clone())
        .collect();
    assert_eq!(values, ["1995-01-01", "A%", "x'; --", "y", "10"], "{bound}");
    assert!(
        text(&figures).contains("| Ann | 12 |")
            && text(&figures).contains(r#"IN ('x''; --', 'y'))) WHERE "REVENUE" > 10"#),
        "{figures}"
    );
    stop(server, &stub).await;
}

#[tokio::test]
async fn what_the_view_does_not_have_is_told_before_it_is_asked() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("TOOLSETS", "semantic")]).await;
    stub.set(|settings| settings.answers = vec![described()]);
    for (asked, told) in [
        (json!({}), "ask for a metric, a dimension or a fact"),
        (
            json!({"metrics": [{"name": "revenue", "as": "x"}], "dimensions": [{"name": "order_date", "as": "x"}]}),
            "two columns would be called",
        ),
        (
            json!({"dimensions": ["customer_name"]}),
            "did you mean CUSTOMER.NAME",
        ),
        (
            json!({"dimensions": [{"name": "customer.name", "grain": "month"}]}),
            "only dates have a grain",
        ),
        (
            json!({"metrics": [{"name": "revenue", "grain": "month"}]}),
            "only dimensions have a grain",
        ),
        (
            json!({"facts": ["price"], "filters": [{"field": "customer.name", "op": "=", "value": "x"}]}),
            "their own table only",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "secret", "op": "gt", "value": 1}]}),
            "is private",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "order_date", "op": "eq", "value": null}]}),
            "wants one value",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"any": []}]}),
            "expected field and op",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "order_date", "op": "eq); --", "value": 1}]}),
            "unknown variant",
        ),
        (
            json!({"metrics": [{"name": "revenue", "as": "x\" FROM secret --"}]}),
            "double quotes do not match",
        ),
        (
            json!({"metrics": [{"name": "orders.revenu"}]}),
            "no metric, dimension or fact ORDERS.REVENU; did you mean ORDERS.REVENUE",
        ),
        (
            json!({"dimensions": [{"name": "name"}]}),
            "NAME may be CUSTOMER.NAME or ORDERS.NAME",
        ),
        (
            json!({"metrics": [{"name": "orders.order_date"}]}),
            "ORDERS.ORDER_DATE is a dimension, not a metric",
        ),
        (
            json!({"metrics": [{"name": "secret"}]}),
            "is private and cannot be queried",
        ),
        (
            json!({"metrics": [{"name": "revenue"}], "facts": [{"name": "price"}]}),
            "ask for one or the other",
        ),
        (
            json!({"facts": [{"name": "price"}], "dimensions": [{"name": "customer.name"}]}),
            "their own table only",
        ),
        (
            json!({"metrics": [{"name": "revenue"}], "filters": [{"field": "revenue", "op": "gt", "value": 1}]}),
            "go into having",
        ),
        (
            json!({"metrics": [{"name": "revenue"}], "order_by": [{"name": "order_date"}]}),
            "not among the requested metrics, dimensions or facts",
        ),
        (
            json!({"metrics": [{"name": "revenue"}], "filters": [{"field": "order_date", "op": "between", "values": [1]}]}),
            "two values",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "order_date", "op": "between", "value": 0, "values": [1, 2]}]}),
            "two values",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "customer.name", "op": "not_in", "values": ["x", null]}]}),
            "nothing equals null",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "customer.name", "op": "in", "value": "x", "values": ["y"]}]}),
            "nothing in value",
        ),
        (
            json!({"metrics": ["revenue"], "filters": [{"field": "customer.name", "op": "is_null", "value": "x"}]}),
            "take no value",
        ),
        (
            json!({"metrics": ["revenue"], "filters": ["order_date > 1995"]}),
            "expected an object with field, op and value",
        ),
    ] {
        let mut asked = asked;
        asked["view"] = json!("sales.public.sv");
        let refused = server.mcp().call_tool("query_semantic_view", asked).await;
        assert_eq!(code(&refused), "invalid_argument", "{refused}");
        assert!(text(&refused).contains(told), "{told}: {refused}");
    }
    assert!(
        !stub
            .sent()
            .iter()
            .any(|text| text.contains("FROM SEMANTIC_VIEW"))
    );
    stop(server, &stub).await;
}
