//! Imports the tools.yaml of MCP Toolbox, in both its forms: maps by name, or one document for each item.

use serde_json::{Map, Value};

use super::imported::Imported;
use crate::sql::name_placeholders;

/// Whether a document is part of such a file.
pub(super) fn is_one(document: &Value) -> bool {
    let is_map = |name: &str| document.get(name).is_some_and(Value::is_object);
    let is_part =
        document.get("kind").is_some_and(Value::is_string) && document.get("name").is_some();
    is_map("tools") || is_map("sources") || is_map("prompts") || is_part
}

/// Imports the tools that run on Snowflake, and the prompts.
pub(super) fn read(document: &Value, imported: &mut Imported) {
    let named = |part: &str| {
        document
            .get(part)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    };
    for (name, body) in named("tools") {
        tool(name, body, body.get("kind"), imported);
    }
    for (name, body) in named("prompts") {
        prompt(name, body, imported);
    }
    let name = document
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // The newer form: one document for each item, with its name inside.
    match document.get("kind").and_then(Value::as_str) {
        Some("tool") => tool(name, document, document.get("type"), imported),
        Some("prompt") => prompt(name, document, imported),
        Some(other @ ("resource" | "resourceTemplate" | "group" | "toolset")) => {
            imported.note(
                name,
                &format!("left out: a {other} has no counterpart here"),
            );
        }
        _ => {}
    }
    for part in ["toolsets", "resources", "authServices"] {
        if document.get(part).is_some() {
            imported.note(part, "left out; TOOLS and DISABLED_TOOLS choose tools, keys and roles say who may do what");
        }
    }
}

fn tool(name: &str, body: &Value, kind: Option<&Value>, imported: &mut Imported) {
    let text = |field: &str| body.get(field).and_then(Value::as_str);
    match kind.and_then(Value::as_str).unwrap_or_default() {
        "snowflake-sql" => {}
        "snowflake-execute-sql" => {
            return imported.note(
                name,
                "left out: execute_query does the same; what it may run is SQL_POLICY's to say",
            );
        }
        other => {
            return imported.note(
                name,
                &format!("left out: {other} does not run on Snowflake"),
            );
        }
    }
    let mut parameters = Vec::new();
    let mut positions = Vec::new();
    for parameter in list(body, "parameters") {
        let (parameter, called) = read_parameter(name, parameter, imported);
        positions.push(called);
        parameters.push(parameter);
    }
    // Before the placeholders are renamed, because `${…}` would be read as one of them.
    let mut statement = match without_variables(text("statement").unwrap_or_default()) {
        Ok(statement) => statement,
        Err(variable) => {
            let what = format!(
                "left out: ${{{variable}}} is a variable of Toolbox's in its statement; write its value there"
            );
            return imported.note(name, &what);
        }
    };
    if let Err(what) = add_templates(name, body, &mut statement, &mut parameters, imported) {
        return imported.note(name, &what);
    }
    let names: Vec<&str> = positions.iter().map(String::as_str).collect();
    // Toolbox binds by position, this server by name.
    let statement = match name_placeholders(&statement, &names) {
        Ok(statement) => statement,
        Err(error) => return imported.note(name, &format!("left out: {error}")),
    };
    for field in ["authRequired", "scopesRequired", "ui", "annotations"] {
        if body.get(field).is_some() {
            imported.note(name, &format!("{field} was not carried over"));
        }
    }
    let mut ours = Map::new();
    ours.insert("name".into(), imported.name(name).into());
    ours.insert(
        "description".into(),
        text("description").unwrap_or(name).into(),
    );
    ours.insert("statement".into(), statement.into());
    if !parameters.is_empty() {
        ours.insert("parameters".into(), Value::Array(parameters));
    }
    if let Some(rows) = body.get("maxRows").and_then(Value::as_u64) {
        ours.insert("limits".into(), serde_json::json!({ "rows": rows }));
    }
    imported.tools.push(Value::Object(ours));
}

fn list<'a>(body: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    body.get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Adds the parameters that are put into the text of the statement. The error says why that cannot be done.
fn add_templates(
    tool: &str,
    body: &Value,
    statement: &mut String,
    parameters: &mut Vec<Value>,
    imported: &mut Imported,
) -> Result<(), String> {
    for parameter in list(body, "templateParameters") {
        let called = parameter
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // The value would become SQL, whatever it is. Here only listed names may do that.
        if parameter.get("allowedValues").is_none() {
            let what = format!(
                "left out: {called} is put into the text of the statement, and nothing says which values it may have"
            );
            return Err(what);
        }
        *statement = statement.replace(&format!("{{{{.{called}}}}}"), &format!("{{{{{called}}}}}"));
        parameters.push(read_parameter(tool, parameter, imported).0);
    }
    Ok(())
}

/// A parameter in our format, and its name.
fn read_parameter(tool: &str, parameter: &Value, imported: &mut Imported) -> (Value, String) {
    let text = |field: &str| parameter.get(field).and_then(Value::as_str);
    let name = text("name").unwrap_or_default().to_owned();
    let mut ours = Map::new();
    ours.insert("name".into(), name.clone().into());
    let kind = match text("type").unwrap_or("string") {
        "float" => "number",
        "map" => "object",
        kind => kind,
    };
    ours.insert("type".into(), kind.into());
    if kind == "array" {
        let of = parameter
            .get("items")
            .and_then(|items| items.get("type"))
            .and_then(Value::as_str);
        let of = match of.unwrap_or("string") {
            "float" => "number",
            of @ ("integer" | "number") => of,
            _ => "string",
        };
        ours.insert("items".into(), of.into());
    }
    ours.extend(text("description").map(|text| ("description".to_owned(), text.into())));
    for (theirs, field) in [
        ("allowedValues", "enum"),
        ("minValue", "minimum"),
        ("maxValue", "maximum"),
    ] {
        ours.extend(
            parameter
                .get(theirs)
                .map(|value| (field.to_owned(), value.clone())),
        );
    }
    if let Some(values) = parameter.get("allowedValues").and_then(Value::as_array)
        && values
            .iter()
            .filter_map(Value::as_str)
            .any(|value| value.contains(['^', '*', '[', '(', '\\']))
    {
        imported.note(tool, &format!("{name}: allowedValues look like regular expressions, and are words here; use pattern"));
    }
    if parameter.get("excludedValues").is_some() {
        imported.note(
            tool,
            &format!("{name}: excludedValues were not carried over; use enum or pattern"),
        );
    }
    match parameter.get("default") {
        Some(value) if !value.is_null() => {
            ours.insert("default".into(), value.clone());
        }
        _ if parameter.get("required") == Some(&Value::Bool(false)) => {
            ours.insert("optional".into(), true.into());
        }
        _ => {}
    }
    (Value::Object(ours), name)
}

/// The statement without `${VARIABLE}`. A variable's default takes its place; the database of Toolbox's source is left out,
/// because the session has it anyway. Comments on lines of their own are removed, and the variables in them too.
fn without_variables(statement: &str) -> Result<String, String> {
    let lines = statement
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"));
    let text = lines
        .collect::<Vec<_>>()
        .join("\n")
        .replace("${SNOWFLAKE_DATABASE}.", "");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        let Some((variable, after)) = after.split_once('}') else {
            plain.push_str("${");
            rest = after;
            continue;
        };
        match variable.split_once(':') {
            Some((_, default)) => plain.push_str(default),
            None => return Err(variable.to_owned()),
        }
        rest = after;
    }
    plain.push_str(rest);
    plain.push('\n');
    Ok(plain)
}

fn prompt(name: &str, body: &Value, imported: &mut Imported) {
    let messages: Vec<&str> = list(body, "messages")
        .filter_map(|it| it.get("content")?.as_str())
        .collect();
    if messages.is_empty() {
        return imported.note(name, "left out: the prompt has no text");
    }
    let mut text = messages.join("\n\n");
    let mut arguments = Vec::new();
    for argument in list(body, "arguments") {
        let called = argument
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        text = text.replace(&format!("{{{{.{called}}}}}"), &format!("{{{{{called}}}}}"));
        let mut ours = Map::new();
        ours.insert("name".into(), called.into());
        ours.extend(
            argument
                .get("description")
                .map(|text| ("description".to_owned(), text.clone())),
        );
        // In Toolbox's format arguments are required unless it says otherwise.
        let is_optional = argument.get("required") == Some(&Value::Bool(false));
        ours.insert("required".into(), (!is_optional).into());
        arguments.push(Value::Object(ours));
    }
    let mut ours = Map::new();
    ours.insert("name".into(), imported.name(name).into());
    ours.extend(
        body.get("description")
            .map(|text| ("description".to_owned(), text.clone())),
    );
    ours.insert("arguments".into(), Value::Array(arguments));
    ours.insert("text".into(), text.into());
    imported.prompts.push(Value::Object(ours));
}
