//! An account with more names than Snowflake lists at once: 12,000 schemas, 64,000 tables, a million columns.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::snowflake::support::{serve, stop};
use crate::stub::Stub;
use crate::stub::account::{CURATED, DEEP, WIDE, databases, schemas, tables};
use crate::support::Client;

/// Characters of a page, headings and closing line included.
const PAGE: usize = 8 << 10;

async fn large() -> Stub {
    let stub = Stub::start().await;
    stub.set(|settings| settings.generated_account = true);
    stub
}

/// The names of a list, read to its end.
async fn read(client: &Client, tool: &str, mut arguments: Value) -> (Vec<String>, Vec<String>) {
    arguments["limit"] = json!(4_000);
    arguments["format"] = json!("json");
    let (mut names, mut cursors) = (Vec::new(), Vec::new());
    let mut answer = client.call_tool(tool, arguments).await;
    loop {
        let content = &answer["structuredContent"];
        let columns = content["columns"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"));
        let name = columns
            .iter()
            .position(|column| column["name"] == "name")
            .unwrap();
        assert_eq!(
            content["first_row"].as_u64().unwrap_or(0),
            names.len() as u64
        );
        let rows = content["rows"].as_array().unwrap();
        names.extend(
            rows.iter()
                .map(|row| row[name].as_str().unwrap().to_owned()),
        );
        let told = answer["content"].to_string();
        assert!(!told.contains("names may be missing"), "{told}");
        let Some(cursor) = content["next_cursor"].as_str() else {
            assert_eq!(content["total_rows"], names.len(), "the end is known");
            return (names, cursors);
        };
        cursors.push(cursor.to_owned());
        answer = client
            .call_tool("fetch_results", json!({"cursor": cursor}))
            .await;
    }
}

#[test]
fn it_is_as_large_as_it_is_said_to_be() {
    let (mut all_schemas, mut all_tables, mut all_columns) = (0, 0, 0);
    for database in databases() {
        for schema in schemas(&database) {
            let tables = tables(&database, &schema);
            assert!(
                tables.is_sorted_by(|one, other| one.name < other.name),
                "{schema}"
            );
            all_schemas += 1;
            all_tables += tables.len();
            all_columns += tables
                .iter()
                .map(|table| table.columns().count())
                .sum::<usize>();
        }
    }
    assert!(all_schemas >= 10_000 && all_tables >= 64_000 && all_columns >= 1_000_000);
}

#[tokio::test]
async fn lists_of_one_level_are_read_to_their_ends() {
    let stub = large().await;
    let server = serve(&stub, &[("CATALOG_CACHE_TTL", "0s")]).await;
    let client = server.mcp();
    let (database, schema, count) = WIDE;
    let all = json!({"schema": format!("{database}.{schema}")});
    let (names, _) = read(&client, "list_tables", all).await;
    let expected: Vec<String> = tables(database, schema)
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names.len(), count);
    assert_eq!(names, expected);

    let (names, _) = read(&client, "list_schemas", json!({"database": DEEP.0})).await;
    assert_eq!(names, schemas(DEEP.0).collect::<Vec<_>>());

    let some = json!({"schema": format!("{database}.{schema}"), "like": "event_1%"});
    let (names, _) = read(&client, "list_tables", some).await;
    assert_eq!(names.len(), 10_000, "exactly as many as are listed at once");
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_cursor_behind_a_hidden_name_does_not_tell_it() {
    let stub = large().await;
    let (database, schema, count) = WIDE;
    // The last name of the first list, and of the second.
    let denied = format!("{database}.{schema}.EVENT_09999, {database}.{schema}.EVENT_19999");
    let vars = [
        ("DENIED_OBJECTS", denied.as_str()),
        ("CATALOG_CACHE_TTL", "0s"),
    ];
    let server = serve(&stub, &vars).await;
    let client = server.mcp();
    let all = json!({"schema": format!("{database}.{schema}")});
    let (names, cursors) = read(&client, "list_tables", all).await;
    assert_eq!(names.len(), count - 2);
    assert!(
        !names
            .iter()
            .any(|name| name.ends_with("9999") && name != "EVENT_24999")
    );
    let sent = stub.counters().last_statement["sql"].to_string();
    assert!(sent.contains("FROM 'EVENT_19999'"), "{sent}");
    for cursor in cursors {
        let inside = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        let inside = String::from_utf8_lossy(&inside);
        assert!(!inside.contains("9999"), "{inside}");
    }
    // Nobody else may begin behind a name: it would tell whether there is one.
    for (sql, is_allowed) in [
        ("SHOW TABLES IN SCHEMA EVENTS.RAW LIMIT 10000", true),
        ("SHOW TABLES IN SCHEMA EVENTS.RAW LIMIT 9999", false),
        (
            "SHOW TABLES IN SCHEMA EVENTS.RAW LIMIT 10000 FROM 'EVENT_09'",
            false,
        ),
    ] {
        let answer = client.call_tool("execute_query", json!({"sql": sql})).await;
        assert_eq!(answer["isError"] != true, is_allowed, "{sql}: {answer}");
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn a_list_of_several_levels_says_that_it_is_cut() {
    let stub = large().await;
    let server = serve(&stub, &[]).await;
    let client = server.mcp();
    for (tool, arguments) in [
        ("list_tables", json!({})),
        ("list_schemas", json!({})),
        ("list_tables", json!({"database": DEEP.0})),
    ] {
        let answer = client.call_tool(tool, arguments).await;
        assert_ne!(answer["isError"], true, "{answer}");
        let text = answer["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("names may be missing"), "{text}");
        assert!(text.len() <= PAGE, "{} bytes", text.len());
    }
    // As Snowflake answers: some kinds fail, others are cut.
    let sent = |sql: &'static str| client.call_tool("execute_query", json!({"sql": sql}));
    for sql in ["SHOW TABLES IN ACCOUNT", "SHOW SCHEMAS IN ACCOUNT"] {
        let failed = sent(sql).await;
        assert_eq!(
            failed["structuredContent"]["code"], "result_too_large",
            "{failed}"
        );
        assert!(failed.to_string().contains("LIMIT 10000"), "{failed}");
    }
    for sql in [
        "SHOW OBJECTS IN ACCOUNT",
        "SHOW COLUMNS IN ACCOUNT",
        "SHOW TABLES IN ACCOUNT LIMIT 10000",
    ] {
        let cut = sent(sql).await;
        assert!(
            cut.to_string().contains("names may be missing"),
            "{sql}: {cut}"
        );
    }
    stop(server, &stub).await;
}

/// What somebody looks for, and the table that has it.
const INTENTS: [(&str, &str); 20] = [
    ("customer email", "DIM_CUSTOMER"),
    ("cust segment", "DIM_CUSTOMER"),
    ("orders", "FCT_ORDER"),
    ("order amount", "FCT_ORDER"),
    ("invoice due", "DIM_INVOICE"),
    ("tax amount", "DIM_INVOICE"),
    ("payment method", "FCT_PAYMENT"),
    ("product price", "DIM_PRODUCT"),
    ("sku", "DIM_PRODUCT"),
    ("refund reason", "FCT_REFUND"),
    ("salary bonus", "DIM_SALARY"),
    ("employee hire", "DIM_EMPLOYEE"),
    ("tracking", "FCT_SHIPMENT"),
    ("on hand stock", "DIM_STOCK"),
    ("churn", "DIM_SUBSCRIPTION"),
    ("supplier rating", "DIM_SUPPLIER"),
    ("ticket priority", "DIM_TICKET"),
    ("campaign spend", "DIM_CAMPAIGN"),
    ("session device", "FCT_SESSION"),
    ("forecast revenue", "DIM_FORECAST"),
];

#[tokio::test]
async fn what_is_looked_for_is_among_the_first() {
    let stub = large().await;
    let server = serve(&stub, &[]).await;
    let client = server.mcp();
    for (query, table) in INTENTS {
        let wanted = json!({"query": query, "database": CURATED});
        let answer = client.call_tool("search_objects", wanted).await;
        let text = answer["content"][0]["text"].as_str().unwrap();
        assert!(text.len() <= PAGE, "{query}: {} bytes", text.len());
        let matches = answer["structuredContent"]["matches"].as_array().unwrap();
        let names: Vec<&str> = matches
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        let place = names
            .iter()
            .position(|name| name.ends_with(&format!(".{table}")));
        assert!(place.is_some_and(|place| place < 5), "{query}: {names:?}");
    }
    // One common word has more columns than Snowflake lists, and is said to.
    let answer = client
        .call_tool("search_objects", json!({"query": "name"}))
        .await;
    let text = answer["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("names may be missing"), "{text}");
    assert!(text.len() <= PAGE, "{} bytes", text.len());

    // Pages of a search go on where the page before ended, without a table twice.
    let mut seen = Vec::new();
    let mut answer = client
        .call_tool(
            "search_objects",
            json!({"query": "amount", "database": CURATED}),
        )
        .await;
    loop {
        let content = &answer["structuredContent"];
        let matches = content["matches"].as_array().unwrap();
        seen.extend(
            matches
                .iter()
                .map(|it| it["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = content["next_cursor"].as_str() else {
            break;
        };
        answer = client
            .call_tool("fetch_results", json!({"cursor": cursor}))
            .await;
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
    assert!(count > 60, "{count}");
    stop(server, &stub).await;
}
