//! Lists of names that are longer than the limit, read to their ends: every name once and in order, whatever is left out.

use serde_json::{Value, json};

use crate::snowflake::support::{serve, stop};
use crate::stub::Stub;
use crate::support::{Client, Server};

/// The same call in one answer, and in pages of `limit`, each from the next of the replicas.
struct Read {
    whole: Vec<Value>,
    pages: Vec<Vec<Value>>,
}

/// What an answer lists.
fn listed(answer: &Value) -> Vec<Value> {
    let content = &answer["structuredContent"];
    let list = ["rows", "matches"]
        .iter()
        .find_map(|name| content[name].as_array());
    list.unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn read(replicas: &[Client], tool: &str, arguments: Value, limit: u64) -> Read {
    let with = |limit: u64| {
        let mut arguments = arguments.clone();
        arguments["limit"] = json!(limit);
        if tool != "search_objects" {
            arguments["format"] = json!("json");
        }
        arguments
    };
    let whole = replicas[0].call_tool(tool, with(5000)).await;
    assert_eq!(whole["structuredContent"]["truncated"], false, "{whole}");
    let mut pages = Vec::new();
    let mut seen = 0;
    let mut answer = replicas[0].call_tool(tool, with(limit)).await;
    for turn in 1.. {
        let content = &answer["structuredContent"];
        let page = listed(&answer);
        if tool != "search_objects" {
            assert_eq!(content["first_row"].as_u64().unwrap_or(0), seen, "{answer}");
        }
        seen += page.len() as u64;
        pages.push(page);
        let cursor = content["next_cursor"].clone();
        assert_eq!(content["truncated"], !cursor.is_null(), "{answer}");
        let Some(text) = cursor.as_str() else { break };
        let told = answer["content"].to_string();
        assert!(told.contains(text), "the text has the cursor: {told}");
        let next = json!({"cursor": cursor});
        answer = replicas[turn % replicas.len()]
            .call_tool("fetch_results", next.clone())
            .await;
        let again = replicas[0].call_tool("fetch_results", next).await;
        assert_eq!(
            listed(&again),
            listed(&answer),
            "the same cursor, the same page"
        );
    }
    Read {
        whole: listed(&whole),
        pages,
    }
}

impl Read {
    /// All pages together are the whole, and all but the last are full.
    fn check(self, what: &str, limit: u64) -> Vec<Value> {
        let (last, full) = self.pages.split_last().unwrap();
        let limit = usize::try_from(limit).unwrap();
        assert!(full.iter().all(|page| page.len() == limit), "{what}");
        assert!(last.len() <= limit, "{what}");
        assert!(!full.is_empty(), "{what} has one page only");
        assert_eq!(self.pages.concat(), self.whole, "{what}");
        self.whole
    }
}

#[tokio::test]
async fn on_the_embedded_engine_every_list_is_read_to_its_end() {
    let server = Server::start(&[]).await;
    let replicas = [server.mcp()];
    for (tool, arguments, limit) in [
        ("list_databases", json!({}), 1),
        ("list_schemas", json!({}), 2),
        ("list_tables", json!({}), 3),
        (
            "list_views",
            json!({"schema": "SNOWFLAKE_SAMPLE_DATA.INFORMATION_SCHEMA"}),
            4,
        ),
        ("search_objects", json!({"query": "name"}), 3),
        (
            "search_objects",
            json!({"query": "name", "database": "DEMO"}),
            9,
        ),
        ("search_objects", json!({"query": "e"}), 5),
        (
            "execute_query",
            json!({"sql": "SHOW COLUMNS IN ACCOUNT"}),
            50,
        ),
    ] {
        let all = read(&replicas, tool, arguments, limit).await;
        all.check(tool, limit);
    }
}

#[tokio::test]
async fn on_the_embedded_engine_what_the_policy_hides_stays_hidden_on_every_page() {
    let vars = [(
        "DENIED_OBJECTS",
        "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.P*, SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION",
    )];
    let server = Server::start(&vars).await;
    let replicas = [server.mcp()];
    for (tool, arguments, limit) in [
        ("list_tables", json!({}), 1),
        ("search_objects", json!({"query": "e"}), 5),
        ("execute_query", json!({"sql": "SHOW TABLES IN ACCOUNT"}), 2),
        (
            "execute_query",
            json!({"sql": "SHOW TABLES", "schema": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1"}),
            2,
        ),
    ] {
        let all = read(&replicas, tool, arguments, limit).await;
        let names = Value::from(all.check(tool, limit)).to_string();
        assert!(names.contains("LINEITEM"), "{names}");
        for denied in ["PARTSUPP", "\"PART\"", ".PART", "NATION\""] {
            assert!(!names.contains(denied), "{tool}: {denied} in {names}");
        }
    }
}

#[tokio::test]
async fn on_an_account_every_list_is_read_to_its_end_at_any_replica() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.shown = 500);
    let secret = (
        "CURSOR_SECRET",
        "a secret of at least thirty-two characters",
    );
    let keep = ("CATALOG_CACHE_TTL", "0s");
    let denied = ("ALLOWED_SCHEMAS", "DB_0.*, DB_1.S_1");
    for (more, expected) in [
        // Every seventh of them is hidden from a list of views that names no schema, and from a search of the account.
        (None, [500, 500, 428, 856, 500]),
        // 167 are in DB_0, 24 of those in INFORMATION_SCHEMA, and 72 in DB_1.S_1; a list of schemas has no column of schemas.
        (Some(denied), [239, 167, 215, 430, 239]),
    ] {
        let mut vars = vec![secret, keep];
        vars.extend(more);
        let servers = [serve(&stub, &vars).await, serve(&stub, &vars).await];
        let replicas = [servers[0].mcp(), servers[1].mcp()];
        for ((tool, arguments, limit), expected) in [
            ("list_tables", json!({}), 45),
            ("list_schemas", json!({}), 100),
            ("list_views", json!({}), 33),
            ("search_objects", json!({"query": "NAME"}), 130),
            (
                "execute_query",
                json!({"sql": "SHOW TABLES IN ACCOUNT"}),
                64,
            ),
        ]
        .into_iter()
        .zip(expected)
        {
            let before = stub.counters().statements;
            let all = read(&replicas, tool, arguments, limit).await;
            assert_eq!(all.check(tool, limit).len(), expected, "{tool} {more:?}");
            // The whole and the first page; a search has two lists.
            let statements = stub.counters().statements - before;
            let each = if tool == "search_objects" { 2 } else { 1 };
            assert_eq!(statements, 2 * each, "{tool}: nothing is run again");
        }
        for mut server in servers {
            assert_eq!(server.stop().await.code(), Some(0), "{}", server.log());
        }
    }
}

#[tokio::test]
async fn the_warehouses_count_of_rows_is_not_told_where_some_are_hidden() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.shown = 500);
    for (more, told) in [
        (&[][..], json!(500)),
        (&[("ALLOWED_SCHEMAS", "DB_0.*, DB_1.S_1")], Value::Null),
        (&[("DENIED_OBJECTS", "DB_0.S_0.*")], Value::Null),
    ] {
        let server = serve(&stub, more).await;
        let call = json!({"sql": "SHOW TABLES IN ACCOUNT", "limit": 5});
        let first = server.mcp().call_tool("execute_query", call).await;
        let content = &first["structuredContent"];
        assert_eq!(content["row_count"], 5, "{first}");
        assert_eq!(content["total_rows"], told, "{more:?}: {first}");
    }
}

#[tokio::test]
async fn a_list_with_as_many_names_as_snowflake_lists_says_that_some_may_be_missing() {
    let stub = Stub::start().await;
    let server = serve(&stub, &[("CATALOG_CACHE_TTL", "0s")]).await;
    let client = server.mcp();
    for (shown, is_full) in [(10_000, true), (9_999, false)] {
        stub.set(|settings| settings.shown = shown);
        for (tool, arguments) in [
            ("list_tables", json!({"limit": 9_000})),
            ("search_objects", json!({"query": "NAME", "limit": 9_000})),
            (
                "execute_query",
                json!({"sql": "SHOW TABLES", "limit": 9_000}),
            ),
        ] {
            let first = client.call_tool(tool, arguments).await;
            let says = |answer: &Value| {
                let told = answer["content"].to_string();
                told.contains("Snowflake lists 10000 names at most")
            };
            assert_eq!(says(&first), is_full, "{tool}, {shown}");
            let known = &first["structuredContent"]["total_rows"];
            assert!(!is_full || known.is_null(), "{tool}: {known}");
            let mut last = first;
            while let Some(cursor) = last["structuredContent"]["next_cursor"].as_str() {
                let next = json!({"cursor": cursor});
                last = client.call_tool("fetch_results", next).await;
            }
            assert_eq!(says(&last), is_full, "{tool}, {shown}: its last page");
            let told = &last["structuredContent"];
            assert_eq!(told["truncated"], is_full, "{tool}, {shown}");
            if tool != "search_objects" && is_full {
                assert_eq!(told["truncation"]["reason"], "listing_limit");
                assert_eq!(told["truncation"]["limit"], 10_000);
            }
        }
    }
    stop(server, &stub).await;
}

#[tokio::test]
async fn comments_of_columns_are_searched_within_a_schema() {
    let stub = Stub::start().await;
    stub.set(|settings| settings.shown = 40);
    let server = serve(&stub, &[("CATALOG_CACHE_TTL", "0s")]).await;
    let client = server.mcp();
    let found = async |arguments: Value| {
        let answer = client.call_tool("search_objects", arguments).await;
        answer["content"].to_string()
    };
    // A word of the comment, and of no name.
    let told = found(json!({"query": "17th", "schema": "DB_2.S_1"})).await;
    assert!(told.contains("COLUMN_NAME_00017"), "{told}");
    // The stub shows the same whatever LIKE says; Snowflake would look at names only.
    let last = stub.counters().last_statement["sql"].to_string();
    assert!(!last.contains("LIKE"), "{last}");
    stop(server, &stub).await;
}

#[tokio::test]
async fn the_places_of_rows_are_told_as_people_count() {
    let server = Server::start(&[]).await;
    let client = server.mcp();
    let mut answer = client
        .call_tool(
            "list_tables",
            json!({"schema": "TPCH_SF1", "limit": 3, "format": "markdown"}),
        )
        .await;
    for told in [
        "3 rows of 8 shown; there are more. Ask for a larger limit (at most 10000), or name a database",
        "Rows 4 to 6 of 8 shown; there are more.",
        "Rows 7 to 8; these are the last.",
    ] {
        let text = answer["content"][0]["text"].as_str().unwrap();
        let (_, closing) = text.trim_end().rsplit_once("\n\n").unwrap();
        assert!(closing.starts_with(told), "{text}");
        let next = json!({"cursor": answer["structuredContent"]["next_cursor"]});
        answer = client.call_tool("fetch_results", next).await;
    }
}

#[tokio::test]
async fn a_server_that_only_lists_can_read_on() {
    let server = Server::start(&[("TOOLSETS", "catalog")]).await;
    let first = server
        .mcp()
        .call_tool("list_tables", json!({"limit": 2}))
        .await;
    let next = json!({"cursor": first["structuredContent"]["next_cursor"], "format": "csv"});
    let page = server.mcp().call_tool("fetch_results", next).await;
    assert_eq!(page["structuredContent"]["first_row"], 2, "{page}");
    assert_eq!(
        page["structuredContent"]["columns"],
        first["structuredContent"]["columns"]
    );
}
