//! Other servers' files, imported by the program, taken by the server, and each of their tools called.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::own_statements::{is_as_kept, scripted, sent};
use super::support::{code, serve, stop};
use crate::stub::Stub;
use crate::support::{Server, run};

/// The file made of one of `tests/data/imports`, and what was said of what was left out.
fn imported(name: &str) -> (TempDir, PathBuf, String) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/imports/{name}"));
    let output = run(&["import-tools", from.to_str().unwrap()], &[]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tools.yaml");
    std::fs::write(&path, output.stdout).unwrap();
    (folder, path, report)
}

async fn names(server: &Server) -> Vec<String> {
    let listed = server.mcp().request("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_tool_of_a_managed_server_that_came_over_is_called() {
    let (_folder, path, report) = imported("managed.yaml");
    for left_out in [
        "product-search: left out: this server does not call Cortex",
        "revenue-analyst: left out: this server does not call Cortex; agents can query its semantic view",
        "sql-exec: left out: execute_query does the same",
        "support-agent: left out: this server does not call Cortex",
    ] {
        assert!(report.contains(left_out), "{left_out}: {report}");
    }
    let stub = Stub::start().await;
    let more = [
        ("CUSTOM_TOOLS_FILE", path.to_str().unwrap()),
        ("CUSTOM_TOOLS_MAY", "read,call"),
    ];
    let server = serve(&stub, &more).await;
    let answer = scripted("shop", &["ANSWER"], &[&[Some("42")]]);
    stub.set(|settings| settings.answers = vec![answer]);
    let listed = names(&server).await;
    for (tool, arguments, bound) in [
        ("area_of_circle", json!({"radius": 2.5}), vec!["2.5"]),
        ("price_with_tax", json!({"product": "P-1"}), vec!["P-1"]),
        (
            "refresh_reports",
            json!({"day": "2026-01-01"}),
            vec!["2026-01-01"],
        ),
        ("count_orders", json!({}), vec![]),
    ] {
        assert!(listed.iter().any(|name| name == tool), "{listed:?}");
        let told = server.mcp().call_tool(tool, arguments).await;
        assert_eq!(code(&told), "ok", "{told}");
        assert!(told.to_string().contains("42"), "{told}");
        is_as_kept(&format!("imported_{tool}"), &sent(&stub, "shop"));
        let bindings = stub.counters().last_statement["bindings"].clone();
        let values: Vec<_> = (1..=bound.len())
            .map(|at| bindings[at.to_string()]["value"].clone())
            .collect();
        assert_eq!(values, bound, "{bindings}");
    }
    stop(server, &stub).await;
}

/// On the engine, which really runs it.
#[tokio::test]
async fn the_tool_of_a_file_of_toolbox_answers_as_it_did_there() {
    let (_folder, path, report) = imported("toolbox.yaml");
    assert!(
        report.contains("list_tables: renamed to my_list_tables"),
        "{report}"
    );
    let server = Server::start(&[("CUSTOM_TOOLS_FILE", path.to_str().unwrap())]).await;
    assert!(
        names(&server)
            .await
            .iter()
            .any(|name| name == "my_list_tables")
    );
    let asked = json!({"table_names": "region, nation", "format": "json"});
    let told = server.mcp().call_tool("my_list_tables", asked).await;
    let rows = told["structuredContent"]["rows"].clone();
    assert_eq!(
        (rows[0][0].clone(), rows[1][0].clone()),
        (json!("NATION"), json!("REGION"))
    );
    let details = rows[1][1].to_string();
    assert!(details.contains("R_REGIONKEY"), "{told}");
    let none = server
        .mcp()
        .call_tool("my_list_tables", json!({"table_names": "x', 'y"}))
        .await;
    assert_eq!(none["isError"], Value::Bool(false), "{none}");
}
