//! Other servers' files, in every spelling they have, become files that this server takes.

use serde_json::json;

use super::*;
use crate::mcp::custom::{Rules, read};
use crate::mcp::tools::Registry;
use crate::policy::{Options, Policy};
use crate::sql::Class;

const MANAGED: &str = r#"
tools:
  - name: Revenue-Of
    title: Revenue
    type: GENERIC
    identifier: sales.public.revenue_of
    description: Revenue of a region in a year, by the finance team's rules.
    config:
      type: function
      warehouse: REPORTS
      query_timeout: 30
      input_schema:
        type: object
        properties:
          region: {type: string, description: Name of the region}
          year: {type: integer, description: Calendar year}
        required: [region]
  - {name: refresh, type: CUSTOM, identifier: SALES.PUBLIC.REFRESH, description: Refreshes the report tables., config: {type: procedure, input_schema: {type: object, properties: {}}}}
  - {name: sql, type: SYSTEM_EXECUTE_SQL, description: Any statement.}
  - {name: ask, type: CORTEX_ANALYST_MESSAGE, identifier: SALES.PUBLIC.MODEL, description: Questions.}
"#;

const TOOLBOX: &str = r#"
sources:
  warehouse: {kind: snowflake, account: "${SNOWFLAKE_ACCOUNT}"}
tools:
  list_tables:
    kind: snowflake-sql
    source: warehouse
    description: The tables of a schema whose names are in a list.
    statement: |
      SELECT t.table_name
      -- only of ${SNOWFLAKE_SCHEMA}
      FROM ${SNOWFLAKE_DATABASE}.INFORMATION_SCHEMA.TABLES t
      WHERE t.table_schema = $2 AND t.table_name IN (SELECT value FROM TABLE(SPLIT_TO_TABLE($1, ',')));
    parameters:
      - {name: table_names, type: string, description: Names with commas between them.}
      - {name: schema_name, type: string, default: PUBLIC}
  top_of:
    kind: snowflake-sql
    source: warehouse
    description: The first rows of one of two tables, with a price below a limit.
    statement: SELECT * FROM {{.table}} WHERE price < :1 LIMIT 10
    parameters:
      - {name: price, type: float, minValue: 0}
    templateParameters:
      - {name: table, type: string, description: Which, allowedValues: [orders, lines]}
  any_table:
    kind: snowflake-sql
    description: Anything.
    statement: SELECT * FROM {{.table}}
    templateParameters: [{name: table, type: string, description: Which}]
  execute_sql: {kind: snowflake-execute-sql, source: warehouse, description: Any statement.}
  other: {kind: postgres-sql, source: pg, description: Elsewhere., statement: SELECT 1}
toolsets:
  all: [list_tables, top_of]
"#;

const TOOLBOX_NEW: &str = r#"
kind: source
name: warehouse
type: snowflake
---
kind: tool
name: nation_of
type: snowflake-sql
source: warehouse
description: The nation of a key, by its number.
statement: SELECT n_name FROM nation WHERE n_nationkey = ?
parameters:
  - {name: key, type: integer, required: false}
---
kind: prompt
name: describe
description: Describes a nation.
arguments: [{name: nation, description: Its name}]
messages: [{role: user, content: "Describe {{.nation}}."}]
"#;

/// The file that is written is one that is taken; its problems else.
fn taken(imported: &Imported) -> Vec<String> {
    let policy = Policy::new(Options {
        custom_tools_may: vec![Class::Procedure],
        ..Options::default()
    });
    let own: Vec<String> = Registry::names().collect();
    let rules = Rules {
        policy: &policy,
        database: None,
        schema: None,
        taken: &own,
    };
    match read("imported.yaml", &imported.to_yaml(), &rules) {
        Ok(custom) => {
            assert_eq!(custom.tools.len() + custom.prompts.len(), imported.count());
            custom
                .tools
                .iter()
                .map(|entry| entry.description.name.to_string())
                .collect()
        }
        Err(problems) => panic!("{problems:?}\n{}", imported.to_yaml()),
    }
}

fn has(imported: &Imported, what: &str) {
    assert!(
        imported.report.iter().any(|line| line.contains(what)),
        "{what}: {:#?}",
        imported.report
    );
}

#[test]
fn a_managed_server_comes_over_from_its_text_and_from_its_description() {
    let from_text = import("spec.yaml", MANAGED).unwrap();
    assert_eq!(taken(&from_text), ["revenue_of", "refresh"]);
    for what in [
        "Revenue-Of: renamed to revenue_of",
        "refresh: it calls a procedure: set CUSTOM_TOOLS_MAY=read,call",
        "sql: left out: execute_query",
        "ask: left out: this server does not call Cortex",
    ] {
        has(&from_text, what);
    }
    let yaml = from_text.to_yaml();
    for line in [
        "timeout: \"30s\"",
        "warehouse: \"REPORTS\"",
        "optional: true",
    ] {
        assert!(yaml.contains(line), "{line}\n{yaml}");
    }
    // As a row of DESCRIBE MCP SERVER, whose specification is a text.
    let value = Document::read("spec.yaml", MANAGED).unwrap().value;
    let row = json!([{"name": "S", "SERVER_SPEC": value.to_string()}]).to_string();
    let from_row = import("row.json", &row).unwrap();
    assert_eq!(from_row.to_yaml(), yaml);
}

#[test]
fn toolbox_comes_over_from_both_spellings() {
    let old = import("tools.yaml", TOOLBOX).unwrap();
    assert_eq!(taken(&old), ["my_list_tables", "top_of"]);
    let yaml = old.to_yaml();
    for text in [
        "FROM INFORMATION_SCHEMA.TABLES t",
        "table_schema = :schema_name AND",
        "SPLIT_TO_TABLE(:table_names, ',')",
        "FROM {{table}} WHERE price < :price",
        "enum: [\"orders\",\"lines\"]",
        "minimum: 0",
    ] {
        assert!(yaml.contains(text), "{text}\n{yaml}");
    }
    for what in [
        "list_tables: renamed to my_list_tables: a tool of this server has its name",
        "any_table: left out: table is put into the text",
        "execute_sql: left out: execute_query",
        "other: left out: postgres-sql does not run on Snowflake",
        "toolsets: left out",
    ] {
        has(&old, what);
    }
    let new = import("tools.yaml", TOOLBOX_NEW).unwrap();
    assert_eq!(taken(&new), ["nation_of"]);
    assert_eq!(new.count(), 2);
    assert!(new.to_yaml().contains("Describe {{nation}}."));
}

#[test]
fn what_is_neither_is_said_to_be() {
    assert!(import("x.yaml", "a: 1").unwrap_err().contains("neither"));
    assert!(import("x.yaml", "a: [").unwrap_err().starts_with("x.yaml:"));
}
