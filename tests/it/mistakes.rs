//! Statements as a model writes them wrong, and whether the refusal holds what the right one needs.
//!
//! The list is `tests/data/mistakes.json`: the wrong statement, the right one, the code of the refusal, and the words without
//! which nobody could get from the one to the other.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::Server;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    area: String,
    wrong: String,
    right: String,
    code: String,
    says: Vec<String>,
    /// What would lead away from the mistake.
    #[serde(default)]
    never: Vec<String>,
    /// Why the right statement cannot be run here.
    #[serde(default)]
    right_only_in_snowflake: Option<String>,
}

/// Longest text of a refusal, in characters: it is read with every mistake.
const LONGEST: usize = 700;

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_refusal_holds_what_the_right_statement_needs() {
    let mistakes: Vec<Mistake> =
        serde_json::from_str(include_str!("../data/mistakes.json")).unwrap();
    assert!(mistakes.len() >= 60, "{}", mistakes.len());
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let mut missed = Vec::new();
    let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for mistake in &mistakes {
        let run = |sql: &str| client.call_tool("execute_query", json!({"sql": sql, "limit": 1}));
        let refused = run(&mistake.wrong).await;
        let told = text(&refused);
        let is_taught = refused["isError"] == true
            && told.starts_with(&format!("{}: ", mistake.code))
            && mistake.says.iter().all(|word| told.contains(word))
            && !mistake.never.iter().any(|word| told.contains(word))
            && told.chars().count() <= LONGEST;
        let (taught, all) = areas.entry(&mistake.area).or_default();
        *taught += usize::from(is_taught);
        *all += 1;
        if !is_taught {
            missed.push(format!("{}\n  {told}", mistake.wrong));
        }
        if mistake.right_only_in_snowflake.is_none() {
            let right = run(&mistake.right).await;
            assert_eq!(right["isError"], false, "{}\n{right}", mistake.right);
        }
    }
    for (area, (taught, all)) in &areas {
        println!("{area}: {taught} of {all}");
    }
    let taught = mistakes.len() - missed.len();
    println!(
        "{taught} of {} refusals hold what is needed, {} %",
        mistakes.len(),
        100 * taught / mistakes.len()
    );
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[tokio::test]
async fn a_pattern_without_a_wildcard_is_asked_about() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let none = json!({"schema": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1", "like": "cust"});
    let none = client.call_tool("list_tables", none).await;
    let closing = none["content"].as_array().unwrap().last().unwrap();
    let closing = closing["text"].as_str().unwrap();
    assert!(closing.contains("like '%cust%'"), "{none}");

    // An exact name, and a pattern that finds nothing, need no such question.
    for like in ["customer", "%nothing%"] {
        let found = json!({"schema": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1", "like": like});
        let found = client.call_tool("list_tables", found).await;
        assert!(
            !found["content"].to_string().contains("did you mean"),
            "{found}"
        );
    }

    let found = json!({"query": "%cust%"});
    let found = client.call_tool("search_objects", found).await;
    assert!(text(&found).contains("C_CUSTKEY"), "{found}");
}

#[tokio::test]
async fn a_name_that_is_hidden_is_never_suggested() {
    let server =
        Server::start(&[("DENIED_OBJECTS", "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.CUSTOMER")]).await;
    let client = server.mcp();
    let wrong = json!({"sql": "SELECT * FROM SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.CUSTOMERS"});
    let refused = client.call_tool("execute_query", wrong).await;
    let told = text(&refused);
    assert!(told.contains("ORDERS"), "{told}");
    assert!(
        !told.replace("CUSTOMERS", "").contains("TPCH_SF1.CUSTOMER?"),
        "{told}"
    );
    let names: Vec<_> = told.split([',', ' ', '?', '\n']).collect();
    assert!(!names.contains(&"CUSTOMER"), "{told}");
    // The tools that describe one object say the same.
    let wrong = json!({"table": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATIONS"});
    let refused = client.call_tool("describe_table", wrong).await;
    assert!(
        text(&refused).contains("did you mean SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION?"),
        "{refused}"
    );
}
