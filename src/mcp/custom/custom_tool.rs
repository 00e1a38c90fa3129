//! A tool of the operator's, ready to be listed and called.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{JsonObject, Tool as Description, ToolAnnotations};
use serde_json::{Value, json};

use super::format::ToolSpec;
use super::statement::{Runs, take};
use super::values::Declared;
use crate::mcp::failure::{Code, Failure};
use crate::mcp::tools::{CallContext, Outcome, first_page};
use crate::query::{Author, Format, Less, Query};
use crate::warehouse::SessionContext;

/// Arguments that every tool has besides its parameters.
const OURS: [&str; 2] = ["limit", "format"];

/// A tool of the operator's.
pub(super) struct CustomTool {
    pub(super) runs: Runs,
    pub(super) declared: Vec<Declared>,
    pub(super) session: SessionContext,
    pub(super) limits: Limits,
}

/// Limits of one tool, below those of its caller.
pub(super) struct Limits {
    pub(super) rows: Option<u64>,
    pub(super) bytes: Option<usize>,
    pub(super) timeout: Option<Duration>,
}

/// What `tools/list` says of the tool.
pub(super) fn description(spec: &ToolSpec, declared: &[Declared], is_read: bool) -> Description {
    let title = spec
        .title
        .clone()
        .unwrap_or_else(|| spec.name.replace('_', " "));
    let annotations = ToolAnnotations::with_title(title.clone())
        .read_only(is_read)
        // MCP's default: what is not known to be harmless counts as destructive.
        .destructive(!is_read && spec.annotations.destructive.unwrap_or(true))
        .idempotent(spec.annotations.idempotent.unwrap_or(is_read))
        .open_world(spec.annotations.open_world.unwrap_or(false));
    let schema = schema(declared, Declared::schema);
    Description::new(
        spec.name.clone(),
        spec.description.clone(),
        Arc::new(schema),
    )
    .with_title(title)
    .with_annotations(annotations)
}

/// Its arguments: its parameters, and the format of the rows.
pub(super) fn schema(declared: &[Declared], of: fn(&Declared) -> Value) -> JsonObject {
    let mut properties = JsonObject::new();
    for parameter in declared {
        properties.insert(parameter.name().to_owned(), of(parameter));
    }
    for (name, schema) in [
        (
            "limit",
            json!({ "type": "integer", "description": "Rows to return at most." }),
        ),
        (
            "format",
            json!({ "type": "string", "enum": ["markdown", "csv", "json"], "description": "Default: markdown." }),
        ),
    ] {
        // A parameter of the operator's own with this name stays what it is.
        properties.entry(name).or_insert(schema);
    }
    let required: Vec<_> = declared
        .iter()
        .filter(|it| it.is_required())
        .map(Declared::name)
        .collect();
    let mut schema = JsonObject::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema
}

/// Puts the arguments into the statement and runs it.
pub(super) fn call(
    tool: Arc<CustomTool>,
    mut arguments: JsonObject,
    context: CallContext,
) -> Outcome {
    Box::pin(async move {
        // `limit` and `format` are taken out before the rest is bound, unless the operator means
        // something else by them.
        let is_ours = |name: &str| !tool.declared.iter().any(|it| it.name() == name);
        let [limit, format] =
            OURS.map(|name| is_ours(name).then(|| take(&mut arguments, name)).flatten());
        let limit =
            match limit {
                None => None,
                Some(limit) => Some(limit.as_u64().filter(|rows| *rows > 0).ok_or_else(|| {
                    refused("limit", "expected a whole number of rows, at least 1")
                })?),
            };
        let format = match format.as_ref().and_then(Value::as_str) {
            None => None,
            Some("markdown") => Some(Format::Markdown),
            Some("csv") => Some(Format::Csv),
            Some("json") => Some(Format::Json),
            Some(_) => return Err(refused("format", "expected markdown, csv or json")),
        };
        let ready = tool
            .runs
            .ready(&tool.declared, &arguments)
            .map_err(|unusable| refused(&unusable.argument, &unusable.problem))?;
        // The limits go into cursors as well, so that later pages obey them.
        let context = context.with_less(Less {
            rows: tool.limits.rows,
            bytes: tool.limits.bytes,
        });
        let query = Query {
            sql: ready.sql,
            parameters: ready.parameters,
            session: tool.session.clone(),
            limit: limit.or(tool.limits.rows),
            format: context.usual_format(format),
            timeout: tool.limits.timeout,
            author: Author::Operator,
            ..Query::default()
        };
        first_page(query, &context).await
    })
}

fn refused(argument: &str, problem: &str) -> Failure {
    Failure::new(
        Code::InvalidArgument,
        format!("argument {argument}: {problem}"),
        "see the tool's input schema for the arguments it takes",
    )
}
