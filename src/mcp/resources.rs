//! Resources: pages about this server and its tables, which people put into a conversation by hand.
//!
//! Reading the page of a table is a call of the tool that describes it: with the caller's rights, within its limits, and in the
//! same records. Clients show lists rather than templates, so the tables of the default schema are listed one by one.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, CallToolResult, ErrorCode, JsonObject, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate,
};
use serde_json::{Value, json};

use super::tools::{Granted, Registry};
use crate::identity::Caller;
use crate::query::Budget;
use crate::sql::{Identifier, QualifiedName};

/// How our addresses begin.
const SCHEME: &str = "snowflake://";

/// The page about this server.
const GUIDE: &str = "snowflake://guide";

/// The page about what may run.
const POLICY: &str = "snowflake://policy";

/// Tables that are listed: as many as a menu can show.
pub(super) const MOST_TABLES: usize = 100;

/// Bytes of a page, as of a tool's answer.
const MAX_BYTES: usize = 32 << 10;

/// Longer than any of our addresses.
const LONGEST_URI: usize = 4096;

/// How long clients may keep a page: as long as this server keeps what it is made of.
const TTL_MS: u64 = 10_000;

/// Characters that need no percent-encoding in a part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'-')
    .remove(b'.')
    .remove(b'~');

/// What an address leads to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    Guide,
    Policy,
    /// The answer of a tool.
    Answer {
        tool: &'static str,
        arguments: JsonObject,
    },
}

/// Reads an address.
///
/// # Errors
///
/// There is nothing there; rmcp tells each revision in its own way.
pub(super) fn wanted(uri: &str, tools: &Registry) -> Result<Wanted, ErrorData> {
    let parts = match uri {
        GUIDE => return Ok(Wanted::Guide),
        POLICY => return Ok(Wanted::Policy),
        _ => parts(uri),
    };
    let answer = |tool: &'static str, argument: &str, name: String| {
        tools.get(tool).is_some().then(|| {
            let mut arguments = JsonObject::new();
            arguments.insert(argument.to_owned(), name.into());
            // A page is for reading, whatever the usual format of answers is.
            arguments.insert("format".to_owned(), "markdown".into());
            Wanted::Answer { tool, arguments }
        })
    };
    let found = match parts.as_deref() {
        Some([database, schema]) => {
            let name = QualifiedName {
                database: None,
                schema: Some(database.clone()),
                object: schema.clone(),
            };
            answer("list_tables", "schema", name.quoted())
        }
        Some([database, schema, object]) => {
            let name = QualifiedName {
                database: Some(database.clone()),
                schema: Some(schema.clone()),
                object: object.clone(),
            };
            answer("describe_table", "table", name.quoted())
        }
        _ => None,
    };
    found.ok_or_else(|| {
        let shown: String = uri.chars().take(200).collect();
        let message = format!(
            "there is no resource {shown}; there are {GUIDE}, {POLICY}, and with parts that are percent-encoded exact names \
             {SCHEME}DATABASE/SCHEMA and {SCHEME}DATABASE/SCHEMA/OBJECT"
        );
        ErrorData::resource_not_found(message, Some(json!({ "uri": shown })))
    })
}

/// The names in an address.
fn parts(uri: &str) -> Option<Vec<Identifier>> {
    if uri.len() > LONGEST_URI {
        return None;
    }
    let path = uri.strip_prefix(SCHEME)?;
    path.split('/')
        .map(|part| {
            let name = percent_decode_str(part).decode_utf8().ok()?;
            Identifier::exact(name).ok()
        })
        .collect()
}

/// The address of an object.
fn uri(parts: &[&Identifier]) -> String {
    let encoded = parts
        .iter()
        .map(|part| utf8_percent_encode(part.as_str(), PLAIN).to_string());
    format!("{SCHEME}{}", encoded.collect::<Vec<_>>().join("/"))
}

/// The resources that are always there.
pub(super) fn fixed() -> Vec<Resource> {
    [
        (
            GUIDE,
            "guide",
            "Guide",
            "How to use this server: its tools, its SQL, its limits.",
        ),
        (
            POLICY,
            "policy",
            "Policy",
            "What you may run here, in words.",
        ),
    ]
    .into_iter()
    .map(|(uri, name, title, description)| {
        Resource::new(uri, name)
            .with_title(title)
            .with_description(description)
            .with_mime_type("text/markdown")
    })
    .collect()
}

/// The tables of a list, in the order of the list.
pub(super) fn tables(listed: &CallToolResult) -> Vec<Resource> {
    let rows = listed
        .structured_content
        .as_ref()
        .and_then(|document| document.get("rows")?.as_array());
    let resource = |row: &Value| {
        let part = |at: usize| -> Option<Identifier> { row.get(at)?.as_str()?.parse().ok() };
        let (database, schema, name) = (part(0)?, part(1)?, part(2)?);
        let uri = uri(&[&database, &schema, &name]);
        let resource = Resource::new(uri, name.to_string())
            .with_description(format!(
                "Columns, keys and size of {database}.{schema}.{name}."
            ))
            .with_mime_type("text/markdown");
        Some(resource)
    };
    rows.into_iter()
        .flatten()
        .take(MOST_TABLES)
        .filter_map(resource)
        .collect()
}

/// The templates of addresses.
pub(super) fn templates(tools: &Granted<'_>) -> Vec<ResourceTemplate> {
    [
        (
            "list_tables",
            "schema",
            "snowflake://{database}/{schema}",
            "The tables of a schema. Parts are exact names, percent-encoded.",
        ),
        (
            "describe_table",
            "table",
            "snowflake://{database}/{schema}/{object}",
            "Columns, keys, comments and size of a table or view. Parts are exact names, percent-encoded.",
        ),
    ]
    .into_iter()
    .filter(|(tool, ..)| tools.has(tool))
    .map(|(_, name, template, description)| {
        ResourceTemplate::new(template, name)
            .with_description(description)
            .with_mime_type("text/markdown")
    })
    .collect()
}

/// The page of a tool's answer.
///
/// # Errors
///
/// The tool failed.
pub(super) fn page_of(uri: &str, result: CallToolResult) -> Result<ReadResourceResult, ErrorData> {
    let texts = result.content.iter().filter_map(|block| block.as_text());
    let text = texts
        .map(|text| text.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    if result.is_error != Some(true) {
        return Ok(page(uri, text));
    }
    let facts = result.meta.and_then(|meta| serde_json::to_value(meta).ok());
    let code = facts.as_ref().and_then(|facts| facts.get("code")?.as_str());
    Err(match code {
        Some("object_not_found") => ErrorData::resource_not_found(text, facts),
        Some("invalid_argument" | "statement_not_allowed" | "permission_denied") => {
            ErrorData::invalid_params(text, facts)
        }
        _ => ErrorData::new(ErrorCode::INTERNAL_ERROR, text, facts),
    })
}

/// A page of Markdown. One that is too long is cut and marked.
pub(super) fn page(uri: &str, mut text: String) -> ReadResourceResult {
    if text.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        let _ = write!(text, "\n\n(cut at {MAX_BYTES} bytes)");
    }
    let contents = ResourceContents::text(text, uri).with_mime_type("text/markdown");
    ReadResourceResult::new(vec![contents])
        .with_ttl_ms(TTL_MS)
        .with_cache_scope(CacheScope::Private)
}

/// The page about this server, with the tools that the caller may know of.
pub(super) fn guide(instructions: &str, tools: &Registry, caller: &Caller) -> String {
    let mut text = format!("# How to use this server\n\n{instructions}\n\n## Tools\n\n");
    for entry in tools.iter().filter(|entry| entry.is_granted(caller)) {
        let description = entry.description.description.as_deref().unwrap_or_default();
        let first = description.split_inclusive(". ").next().unwrap_or_default();
        let _ = writeln!(text, "- `{}`: {}", entry.description.name, first.trim_end());
    }
    text.push_str(
        "\n## SQL\n\n\
         - Names in full: database.schema.object; names that are not upper case in \"double quotes\", text in 'single quotes'.\n\
         - Values in `parameters`, `?` in the statement: never put what a person typed into the text.\n\
         - Large tables: filter on dates, aggregate, and look at explain_query's bytes before you run it.\n",
    );
    text
}

/// The page about what may run.
pub(super) fn policy(rules: &[String], budget: &Budget) -> String {
    let mut text = String::from("# What you may run\n\n");
    for rule in rules {
        let _ = writeln!(text, "- {rule}");
    }
    let _ = write!(
        text,
        "\n## Limits of a call\n\n- {} rows unless limit says otherwise, at most {}\n- {} bytes of an answer\n- {} s for a statement, {} s until \
         it is left running\n",
        budget.default_rows,
        budget.max_rows,
        budget.max_bytes,
        budget.timeout.as_secs(),
        budget.sync_wait.as_secs(),
    );
    if let Some(bytes) = budget.max_scan_bytes {
        let _ = writeln!(text, "- about {bytes} bytes may be scanned");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::tools::Toolset;

    #[test]
    fn an_address_leads_to_the_object_it_names_and_back() {
        let tools = Registry::new(&[Toolset::Catalog]);
        let names = ["MY DB", "s/1", "Tä\"b"].map(|name| Identifier::exact(name).unwrap());
        let address = uri(&[&names[0], &names[1], &names[2]]);
        assert_eq!(address, "snowflake://MY%20DB/s%2F1/T%C3%A4%22b");
        let Ok(Wanted::Answer { tool, arguments }) = wanted(&address, &tools) else {
            panic!("{address}");
        };
        assert_eq!(
            (tool, &arguments["table"]),
            ("describe_table", &json!("\"MY DB\".\"s/1\".\"Tä\"\"b\""))
        );
        let schema = wanted("snowflake://D/S", &tools).unwrap();
        assert!(matches!(
            schema,
            Wanted::Answer {
                tool: "list_tables",
                ..
            }
        ));
        for nothing in [
            "file:///etc/passwd",
            "snowflake://",
            "snowflake://a",
            "snowflake://a/b/c/d",
            "snowflake://a//c",
            "snowflake://%00/b",
        ] {
            let error = wanted(nothing, &tools).unwrap_err();
            assert_eq!(error.code, ErrorCode::RESOURCE_NOT_FOUND, "{nothing}");
        }
        let none = Registry::new(&[Toolset::Custom]);
        assert!(
            wanted("snowflake://D/S", &none).is_err()
                && templates(&none.granted_to(&Caller::local())).is_empty()
        );
        assert!(
            wanted(&format!("snowflake://{}", "a".repeat(5000)), &tools)
                .unwrap_err()
                .message
                .len()
                < 600
        );
    }

    #[test]
    fn a_page_that_is_too_long_is_cut_between_letters_and_says_so() {
        let page = serde_json::to_value(page(GUIDE, "ä".repeat(MAX_BYTES))).unwrap();
        let text = page["contents"][0]["text"].as_str().unwrap();
        assert!(text.ends_with("(cut at 32768 bytes)") && text.len() < MAX_BYTES + 40);
    }
}
