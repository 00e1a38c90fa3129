//! Files of a folder, found and asked through the front door.

use std::fs;

use serde_json::{Value, json};

use crate::support::Server;

fn text(answer: &Value) -> &str {
    assert_ne!(answer["isError"], true, "{answer}");
    answer["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_file_is_found_by_a_word_described_and_asked() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sales")).unwrap();
    let lines = "order_no,customer_email,amount\n1,a@example.com,2.50\n2,b@example.com,4.00\n";
    fs::write(folder.path().join("sales/lines.csv"), lines).unwrap();
    fs::write(
        folder.path().join("visits.jsonl"),
        "{\"page\": \"/a\", \"seconds\": 3}\n",
    )
    .unwrap();
    let path = folder.path().to_str().unwrap();
    let server = Server::start(&[("EMBEDDED_DATA_DIR", path)]).await;
    let client = server.mcp();
    for place in [
        json!({}),
        json!({"database": "LOCAL"}),
        json!({"schema": "LOCAL.SALES"}),
    ] {
        let mut wanted = place;
        wanted["query"] = json!("line email");
        let found = client.call_tool("search_objects", wanted.clone()).await;
        let first = &found["structuredContent"]["matches"][0];
        assert_eq!(first["name"], "LOCAL.SALES.LINES", "{wanted}: {found}");
        assert_eq!(first["columns"], json!(["CUSTOMER_EMAIL"]), "{found}");
        assert!(!text(&found).contains(path), "{found}");
    }
    let described = json!({"table": "LOCAL.SALES.LINES"});
    let described = client.call_tool("describe_table", described).await;
    assert!(text(&described).contains("CUSTOMER_EMAIL"), "{described}");
    let sql = "SELECT SUM(amount) AS total FROM local.sales.lines";
    let asked = client
        .call_tool("execute_query", json!({"sql": sql, "format": "csv"}))
        .await;
    assert!(text(&asked).starts_with("TOTAL\r\n6.5"), "{asked}");
    let listed = client
        .call_tool("list_tables", json!({"database": "LOCAL"}))
        .await;
    assert!(text(&listed).contains("VISITS"), "{listed}");
}
