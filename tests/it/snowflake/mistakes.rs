//! What is made of Snowflake's own refusals: the names that may have been meant, and how Snowflake writes what was meant.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{execute, serve, stop};
use crate::stub::Stub;

/// A statement that the stub refuses so, and that names a table.
fn refused(code: &str, message: &str, rest: &str) -> String {
    let message = message.replace('\'', "''");
    format!("SELECT stub.fail('{code}', '{message}') {rest}")
}

fn text(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap()
}

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

const SECRET: (&str, &str) = (
    "CURSOR_SECRET",
    "a secret of at least thirty-two characters",
);

const COLUMN: &str =
    "SQL compilation error: error line 1 at position 7\ninvalid identifier 'CUSTOMER_NAME'";

#[tokio::test]
async fn the_nearest_columns_are_told_and_kept_for_the_next_mistake() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.catalog = names(&["C_CUSTKEY", "C_NAME", "C_PHONE"]));
    let server = serve(&stub, &[]).await;
    let sql = refused("000904", COLUMN, "FROM DB.PUBLIC.CUSTOMER");
    for _ in 0..2 {
        let answer = execute(&server, json!({"sql": sql})).await;
        let told = text(&answer);
        assert!(told.starts_with("object_not_found: "), "{told}");
        assert!(told.contains("did you mean C_NAME?"), "{told}");
        assert!(told.contains("C_CUSTKEY, C_NAME, C_PHONE"), "{told}");
    }
    // Two refusals and one DESCRIBE.
    assert_eq!(stub.counters().statements, 3);
    stop(server, &stub).await;
}

#[tokio::test]
async fn names_are_asked_for_as_the_caller_and_kept_for_the_role() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.catalog = names(&["C_NAME"]));
    let server = serve(&stub, &[]).await;
    let sql = refused("000904", COLUMN, "FROM DB.PUBLIC.CUSTOMER");
    for (role, statements) in [("ONE", 2), ("OTHER", 4), ("ONE", 5)] {
        let answer = execute(&server, json!({"sql": sql, "role": role})).await;
        assert!(text(&answer).contains("did you mean C_NAME?"), "{answer}");
        assert_eq!(stub.counters().statements, statements, "{role}");
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn tables_schemas_and_databases_are_suggested() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.catalog = names(&["CUSTOMER", "ORDERS"]));
    let server = serve(&stub, &[]).await;
    let missing = |kind: &str, name: &str| {
        format!("SQL compilation error:\n{kind} '{name}' does not exist or not authorized.")
    };
    for (kind, name, suggested) in [
        ("Object", "DB.PUBLIC.CUSTOMERS", "DB.PUBLIC.CUSTOMER"),
        ("Table", "DB.PUBLIC.CUSTOMERS", "DB.PUBLIC.CUSTOMER"),
        ("Schema", "DB.ORDER", "DB.ORDERS"),
        ("Database", "CUSTOMRE", "CUSTOMER"),
    ] {
        let sql = refused("002003", &missing(kind, name), "");
        let answer = execute(&server, json!({"sql": sql})).await;
        let told = text(&answer);
        assert!(
            told.contains(&format!("did you mean {suggested}?")),
            "{told}"
        );
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn columns_of_several_tables_are_told_with_their_table() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.catalog = names(&["CUSTOMER.C_NAME", "ORDERS.O_KEY", "PEOPLE.P_NAME"])
    });
    let server = serve(&stub, &[]).await;
    let sql = refused(
        "000904",
        COLUMN,
        "FROM DB.PUBLIC.CUSTOMER c JOIN DB.PUBLIC.ORDERS o ON TRUE",
    );
    let answer = execute(&server, json!({"sql": sql})).await;
    let told = text(&answer);
    assert!(
        told.contains("C_NAME (of CUSTOMER)") && !told.contains("P_NAME"),
        "{told}"
    );
    stop(server, &stub).await;
}

#[tokio::test]
async fn what_the_policy_hides_is_not_suggested() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.catalog = names(&["CUSTOMER_SALARY", "CUSTOMER"]));
    let server = serve(
        &stub,
        &[
            ("DENIED_OBJECTS", "DB.PUBLIC.*SALARY*"),
            ("SNOWFLAKE_DATABASE", "DB"),
        ],
    )
    .await;
    let message =
        "SQL compilation error:\nObject 'DB.PUBLIC.CUSTOMERS' does not exist or not authorized.";
    let answer = execute(
        &server,
        json!({"sql": refused("002003", message, "FROM DB.PUBLIC.CUSTOMERS")}),
    )
    .await;
    let told = text(&answer);
    assert!(told.contains("did you mean DB.PUBLIC.CUSTOMER?"), "{told}");
    assert!(!told.contains("SALARY"), "{told}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_a_slow_catalog() {
    let stub = Stub::start().await;
    stub.set(|settings| {
        settings.catalog = names(&["C_NAME"]);
        settings.catalog_delay_ms = 30_000;
    });
    let server = serve(&stub, &[]).await;
    let begun = Instant::now();
    let sql = refused("000904", COLUMN, "FROM DB.PUBLIC.CUSTOMER");
    let answer = execute(&server, json!({"sql": sql})).await;
    assert!(text(&answer).contains("CUSTOMER_NAME"), "{answer}");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    stop(server, &stub).await;
}

#[tokio::test]
async fn snowflakes_words_lead_to_snowflakes_spelling() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[]).await;
    for (code, message, told) in [
        (
            "002140",
            "SQL compilation error:\nUnknown function GROUP_CONCAT",
            "LISTAGG(",
        ),
        (
            "002140",
            "SQL compilation error:\nUnknown function TO_VARCHR",
            "TO_VARCHAR",
        ),
        (
            "001003",
            "SQL compilation error:\nsyntax error line 1 at position 9 unexpected 'FORM'.",
            "did you mean FROM",
        ),
        (
            "000938",
            "SQL compilation error: error line 1 at position 7\nnot enough arguments for function [DATEDIFF(T.A, T.B)], expected 3, got 2",
            "DATEDIFF(day, from, to)",
        ),
        (
            "002035",
            "SQL compilation error:\nUnsupported data type 'JSONB'.",
            "VARIANT",
        ),
        (
            "000979",
            "SQL compilation error:\n[T.A] is not a valid group by expression",
            "add T.A to GROUP BY",
        ),
        (
            "100040",
            "Date '31.12.2024' is not recognized",
            "DD.MM.YYYY",
        ),
        (
            "001044",
            "SQL compilation error: error line 1 at position 7\nInvalid argument types for function 'GET': (VARCHAR(117), VARCHAR(1))",
            "PARSE_JSON(",
        ),
    ] {
        let answer = execute(&server, json!({"sql": refused(code, message, "")})).await;
        let text = text(&answer);
        assert!(text.contains(told), "{text}");
        assert!(!text.contains("describe_table"), "{text}");
    }
    stop(server, &stub).await;
}

/// The replica that is asked for the rows never saw the statement.
#[tokio::test]
async fn a_statement_that_fails_later_is_explained_as_well() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.catalog = names(&["C_CUSTKEY", "C_NAME"]));
    let one = serve(&stub, &[SECRET]).await;
    let other = serve(&stub, &[SECRET]).await;
    for (code, message, rest, expected) in [
        (
            "000904",
            COLUMN,
            "FROM CUSTOMER",
            &["object_not_found: ", "did you mean C_NAME?", "C_CUSTKEY"][..],
        ),
        (
            "100038",
            "Numeric value 'Nr. ' is not recognized",
            ", 'Nr. ' + a FROM t",
            &["sql_invalid: ", "||"][..],
        ),
    ] {
        stub.set(|settings| settings.statement_delay_ms = 3000);
        let arguments = json!({
            "sql": refused(code, message, rest), "wait_seconds": 0, "database": "SALES", "schema": "EU",
        });
        let started = execute(&one, arguments).await;
        let cursor = &started["structuredContent"]["cursor"];
        assert!(cursor.is_string(), "{started}");
        stub.set(|settings| settings.statement_delay_ms = 0);
        let rows = json!({"cursor": cursor});
        let answer = other.mcp().call_tool("fetch_results", rows).await;
        let told = text(&answer);
        for expected in expected {
            assert!(told.contains(expected), "{told}");
        }
    }
    for mut replica in [one, other] {
        assert_eq!(replica.stop().await.code(), Some(0), "{}", replica.log());
    }
}
