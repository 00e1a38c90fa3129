//! Imports Snowflake's managed MCP server: from `DESCRIBE MCP SERVER`, or from the YAML that made it.

use serde_json::{Map, Value, json};

use super::imported::Imported;
use crate::mcp::custom::document::Document;

/// The server's specification: the document itself, or the column `server_spec` of a description, alone or in rows.
pub(super) fn specification(document: &Value) -> Option<Value> {
    let of = |row: &Value| -> Option<Value> {
        let fields = row.as_object()?;
        let spec = fields
            .iter()
            // Clients write the names of columns in upper or in lower case.
            .find(|(name, _)| name.eq_ignore_ascii_case("server_spec"))?
            .1;
        match spec {
            Value::String(text) => Some(Document::read("server_spec", text).ok()?.value),
            other => Some(other.clone()),
        }
    };
    let rows = document.as_array().into_iter().flatten();
    let found = of(document).or_else(|| rows.filter_map(of).next());
    let specification = found.unwrap_or_else(|| document.clone());
    let tools = specification.get("tools")?.as_array()?;
    let is_managed = |tool: &Value| tool.get("type").is_some_and(Value::is_string);
    (!tools.is_empty() && tools.iter().all(is_managed)).then_some(specification)
}

/// Imports the kinds of tools that our format has.
pub(super) fn read(specification: &Value, imported: &mut Imported) {
    for tool in specification
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| tool.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        match text("type").to_uppercase().as_str() {
            "GENERIC" | "CUSTOM" => generic(tool, name, imported),
            "SYSTEM_EXECUTE_SQL" => imported.note(
                name,
                "left out: execute_query does the same; what it may run is SQL_POLICY's to say",
            ),
            "CORTEX_AGENT_RUN" | "CORTEX_SEARCH_SERVICE_QUERY" => {
                imported.note(name, "left out: this server does not call Cortex");
            }
            "CORTEX_ANALYST_MESSAGE" => imported.note(
                name,
                "left out: this server does not call Cortex; agents can query its semantic view, with semantic in TOOLSETS",
            ),
            other => imported.note(
                name,
                &format!("left out: tools of type {other} are not known here"),
            ),
        }
    }
}

fn parameters(schema: &Value) -> Vec<Value> {
    let text =
        |of: &Value, field: &str| of.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let mut parameter = Map::new();
            parameter.insert("name".into(), name.clone().into());
            let kind = text(property, "type").unwrap_or_else(|| "string".to_owned());
            parameter.insert("type".into(), kind.into());
            parameter.extend(
                text(property, "description").map(|text| ("description".to_owned(), text.into())),
            );
            for field in ["enum", "default", "minimum", "maximum"] {
                parameter.extend(
                    property
                        .get(field)
                        .map(|value| (field.to_owned(), value.clone())),
                );
            }
            // Without a list of required parameters, all are required.
            if !required.is_empty()
                && !required.contains(&name.as_str())
                && property.get("default").is_none()
            {
                parameter.insert("optional".into(), true.into());
            }
            Value::Object(parameter)
        })
        .collect()
}

fn generic(tool: &Value, name: &str, imported: &mut Imported) {
    let empty = Value::Null;
    let text =
        |of: &Value, field: &str| of.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
    let config = tool.get("config").unwrap_or(&empty);
    let Some(identifier) = text(tool, "identifier") else {
        return imported.note(name, "left out: it has no identifier");
    };
    let mut ours = Map::new();
    ours.insert("name".into(), imported.name(name).into());
    ours.extend(text(tool, "title").map(|title| ("title".to_owned(), title.into())));
    let description = text(tool, "description").unwrap_or_else(|| format!("Calls {identifier}."));
    ours.insert("description".into(), description.into());
    let kind = text(config, "type").unwrap_or_default().to_lowercase();
    if kind == "procedure" {
        imported.note(name, "it calls a procedure: set CUSTOM_TOOLS_MAY=read,call");
        ours.insert("procedure".into(), identifier.into());
    } else {
        // The specification does not say which of the two it is.
        imported.note(name, "taken for a function that gives one value; write table_function for one that gives rows");
        ours.insert("function".into(), identifier.into());
    }
    let schema = config.get("input_schema").unwrap_or(&empty);
    ours.insert("parameters".into(), Value::Array(parameters(schema)));
    if let Some(warehouse) = text(config, "warehouse") {
        // Of the session only the virtual warehouse can be said there.
        ours.insert("run_as".into(), json!({ "warehouse": warehouse }));
    }
    if let Some(seconds) = config.get("query_timeout").and_then(Value::as_u64) {
        ours.insert("limits".into(), json!({ "timeout": format!("{seconds}s") }));
    }
    imported.tools.push(Value::Object(ours));
}
