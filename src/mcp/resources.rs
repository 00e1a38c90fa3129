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

/// What stands before the names of a semantic view.
const SEMANTIC: &str = "semantic";

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
    /// The answer of a tool, and perhaps some rows behind it.
    Answer {
        tool: &'static str,
        arguments: JsonObject,
        sample: Option<JsonObject>,
    },
}

/// The tool whose rows stand behind the description of a table.
pub(super) const SAMPLE: &str = "query_view";

/// Rows of a sample: enough to see what values look like.
const MOST_SAMPLE: u64 = 20;

/// Reads an address.
///
/// # Errors
///
/// There is nothing there; rmcp tells each revision in its own way.
pub(super) fn wanted(uri: &str, tools: &Registry) -> Result<Wanted, ErrorData> {
    let (address, rows) = match uri.split_once('?') {
        // A question mark in a name is percent-encoded.
        Some((address, query)) => (address, Some(sample_of(query))),
        None => (uri, None),
    };
    // The fixed pages first; as parts of an address their names would be databases.
    let parts = match uri {
        GUIDE => return Ok(Wanted::Guide),
        POLICY => return Ok(Wanted::Policy),
        _ => parts(address),
    };
    // Rows of a table are read by another tool, which the caller may lack.
    let sample = |name: &str| {
        let rows = rows.flatten().filter(|_| tools.get(SAMPLE).is_some())?;
        let sample = json!({"view": name, "limit": rows, "format": "markdown"});
        sample.as_object().cloned()
    };
    let answer = |tool, argument, name| answer(tools, tool, argument, name);
    let found = match parts.as_deref() {
        Some([database, schema]) if rows.is_none() => {
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
            let name = name.quoted();
            match (rows, sample(&name)) {
                (None, _) => answer("describe_table", "table", name),
                // A page without the rows that were asked for would look as if the table were
                // empty.
                (Some(_), None) => None,
                (Some(_), rows) => answer("describe_table", "table", name).map(|it| it.with(rows)),
            }
        }
        // Four parts, so it cannot be taken for a table in a database called SEMANTIC.
        Some([semantic, database, schema, view])
            if semantic.as_str() == SEMANTIC && rows.is_none() =>
        {
            let name = QualifiedName {
                database: Some(database.clone()),
                schema: Some(schema.clone()),
                object: view.clone(),
            };
            answer("describe_semantic_view", "view", name.quoted())
        }
        _ => None,
    };
    found.ok_or_else(|| not_found(uri))
}

impl Wanted {
    fn with(self, rows: Option<JsonObject>) -> Self {
        match self {
            Self::Answer {
                tool, arguments, ..
            } => Self::Answer {
                tool,
                arguments,
                sample: rows,
            },
            other => other,
        }
    }
}

/// How many rows a query asks for.
fn sample_of(query: &str) -> Option<u64> {
    let rows = query.strip_prefix("sample=")?.parse().ok()?;
    (1..=MOST_SAMPLE).contains(&rows).then_some(rows)
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

/// The call of a tool whose answer is the page, if the tool is there.
fn answer(tools: &Registry, tool: &'static str, argument: &str, name: String) -> Option<Wanted> {
    tools.get(tool).is_some().then(|| {
        let mut arguments = JsonObject::new();
        arguments.insert(argument.to_owned(), name.into());
        // A page is for reading, whatever the usual format of answers is.
        arguments.insert("format".to_owned(), "markdown".into());
        let sample = None;
        Wanted::Answer {
            tool,
            arguments,
            sample,
        }
    })
}

fn not_found(uri: &str) -> ErrorData {
    // The address is the client's, and may be as long as a body.
    let shown: String = uri.chars().take(200).collect();
    let message = format!(
        "there is no resource {shown}; there are {GUIDE}, {POLICY}, and with parts that are percent-encoded exact names \
         {SCHEME}DATABASE/SCHEMA, {SCHEME}DATABASE/SCHEMA/OBJECT, the same with ?sample= and 1 to {MOST_SAMPLE} rows, and, if semantic views are switched on, {SCHEME}{SEMANTIC}/DATABASE/SCHEMA/VIEW"
    );
    ErrorData::resource_not_found(message, Some(json!({ "uri": shown })))
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
            "Columns, keys, comments and size of a table or view. Parts are exact names, percent-encoded. ?sample=5 adds rows.",
        ),
        (
            "describe_semantic_view",
            "semantic_view",
            "snowflake://semantic/{database}/{schema}/{view}",
            "Metrics, dimensions and facts of a semantic view. Parts are exact names, percent-encoded.",
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
        // Clients of MCP tell these apart by the code alone.
        Some("object_not_found") => ErrorData::resource_not_found(text, facts),
        Some("invalid_argument" | "statement_not_allowed" | "permission_denied") => {
            ErrorData::invalid_params(text, facts)
        }
        _ => ErrorData::new(ErrorCode::INTERNAL_ERROR, text, facts),
    })
}

/// The same with the rows of another answer behind it.
pub(super) fn with_rows(mut result: CallToolResult, rows: CallToolResult) -> CallToolResult {
    if rows.is_error == Some(true) {
        // Why there are none is the answer then.
        return rows;
    }
    result.content.extend(rows.content);
    result
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
        let Ok(Wanted::Answer {
            tool, arguments, ..
        }) = wanted(&address, &tools)
        else {
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
        let whole = Registry::new(&[Toolset::Catalog, Toolset::Query, Toolset::Semantic]);
        let semantic = wanted("snowflake://semantic/D/S/my%20v", &whole).unwrap();
        let Wanted::Answer {
            tool, arguments, ..
        } = semantic
        else {
            panic!("a page of a semantic view");
        };
        assert_eq!(
            (tool, &arguments["view"]),
            ("describe_semantic_view", &json!("\"D\".\"S\".\"my v\""))
        );
        let Ok(Wanted::Answer { sample, .. }) = wanted("snowflake://D/S/T?sample=5", &whole) else {
            panic!("a sample");
        };
        let rows = json!({"view": "\"D\".\"S\".\"T\"", "limit": 5, "format": "markdown"});
        assert_eq!(sample.map(Value::Object), Some(rows));
        for nothing in [
            "snowflake://D/S/T?sample=21",
            "snowflake://D/S/T?sample=0",
            "snowflake://D/S/T?sample=x",
            "snowflake://D/S/T?limit=5",
            "snowflake://D/S?sample=5",
            "snowflake://semantic/D/S/V?sample=5",
        ] {
            assert!(wanted(nothing, &whole).is_err(), "{nothing}");
        }
        let without_rows = whole.only(|name| name != SAMPLE);
        assert!(wanted("snowflake://D/S/T?sample=5", &without_rows).is_err());
        for nothing in [
            "snowflake://semantic/D/S/V",
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
                < 800
        );
    }

    #[test]
    fn a_page_that_is_too_long_is_cut_between_letters_and_says_so() {
        let page = serde_json::to_value(page(GUIDE, "ä".repeat(MAX_BYTES))).unwrap();
        let text = page["contents"][0]["text"].as_str().unwrap();
        assert!(text.ends_with("(cut at 32768 bytes)") && text.len() < MAX_BYTES + 40);
    }
}
