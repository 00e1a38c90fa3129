//! EXPLAIN: DuckDB's plan in the columns of Snowflake's.
//!
//! The operations are the engine's own, upper case; partitions and bytes are nought, since a table in memory has none.

use serde_json::Value as Json;

use super::catalog::{Listing, Value};
use crate::sql::ExplainFormat;
use crate::warehouse::{DataType, Error};

/// One operator of the plan.
struct Step {
    parent: Option<usize>,
    operation: String,
    objects: Option<String>,
    expressions: Option<String>,
}

/// The plan in the asked form; `plan` is DuckDB's, in JSON.
pub(super) fn listing(plan: &str, format: ExplainFormat) -> Result<Listing, Error> {
    let plan: Json = serde_json::from_str(plan)
        .map_err(|error| Error::internal("the engine's plan is not JSON", error))?;
    let mut steps = Vec::new();
    for root in plan.as_array().into_iter().flatten() {
        walk(root, None, &mut steps);
    }
    Ok(match format {
        ExplainFormat::Tabular => tabular(steps),
        ExplainFormat::Json => {
            let mut listing = Listing::new([("content", DataType::Variant)]);
            listing.push(vec![Value::Json(json(&steps).to_string())]);
            listing
        }
        ExplainFormat::Text => {
            let mut listing = Listing::new([("content", DataType::Varchar(None))]);
            listing.push(vec![text(&steps).into()]);
            listing
        }
    })
}

/// Parents before children, as Snowflake numbers them. DuckDB's plans are far too shallow for the stack to matter: the
/// statement itself may nest no deeper than the parser allows.
fn walk(node: &Json, parent: Option<usize>, steps: &mut Vec<Step>) {
    let details = node.get("extra_info");
    let detail = |key: &str| details.and_then(|details| details.get(key)).and_then(words);
    let id = steps.len();
    steps.push(Step {
        parent,
        operation: node
            .get("name")
            .and_then(Json::as_str)
            .unwrap_or("UNKNOWN")
            .trim()
            .replace('_', " "),
        objects: detail("Table")
            .map(|name| name.replace("_INFORMATION_SCHEMA", "INFORMATION_SCHEMA")),
        expressions: [
            "Expression",
            "Conditions",
            "Condition",
            "Filters",
            "Aggregates",
            "Groups",
            "Order By",
            "Projections",
        ]
        .iter()
        .find_map(|key| detail(key)),
    });
    for child in node
        .get("children")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
    {
        walk(child, Some(id), steps);
    }
}

/// A detail is a text or a list of texts.
fn words(detail: &Json) -> Option<String> {
    let text = match detail {
        Json::String(text) => text.clone(),
        Json::Array(list) => list
            .iter()
            .filter_map(Json::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn tabular(steps: Vec<Step>) -> Listing {
    let number = DataType::Number {
        precision: 38,
        scale: 0,
    };
    let text = DataType::Varchar(None);
    let mut listing = Listing::new([
        ("step", number.clone()),
        ("id", number.clone()),
        ("parent", number.clone()),
        ("operation", text.clone()),
        ("objects", text.clone()),
        ("alias", text.clone()),
        ("expressions", text),
        ("partitionsTotal", number.clone()),
        ("partitionsAssigned", number.clone()),
        ("bytesAssigned", number),
    ]);
    let none = || Value::Number(0);
    let global = Value::from("GlobalStats");
    let mut first = vec![Value::Null, Value::Null, Value::Null, global];
    first.extend([
        Value::Null,
        Value::Null,
        Value::Null,
        none(),
        none(),
        none(),
    ]);
    listing.push(first);
    for (id, step) in steps.into_iter().enumerate() {
        listing.push(vec![
            Value::Number(1),
            id.into(),
            step.parent.map_or(Value::Null, Value::from),
            step.operation.into(),
            step.objects.map_or(Value::Null, Value::from),
            Value::Null,
            step.expressions.map_or(Value::Null, Value::from),
        ]);
    }
    listing
}

fn json(steps: &[Step]) -> Json {
    let operations = steps
        .iter()
        .enumerate()
        .map(|(id, step)| {
            let mut operation = serde_json::json!({ "id": id, "operation": step.operation });
            if let Some(operation) = operation.as_object_mut() {
                if let Some(parent) = step.parent {
                    operation.insert("parentOperators".into(), vec![parent].into());
                }
                if let Some(objects) = &step.objects {
                    operation.insert("objects".into(), vec![objects.clone()].into());
                }
                if let Some(expressions) = &step.expressions {
                    operation.insert("expressions".into(), vec![expressions.clone()].into());
                }
            }
            operation
        })
        .collect::<Vec<_>>();
    serde_json::json!({
        "GlobalStats": { "partitionsTotal": 0, "partitionsAssigned": 0, "bytesAssigned": 0 },
        "Operations": [operations],
    })
}

fn text(steps: &[Step]) -> String {
    let mut text = String::from(
        "GlobalStats:\n    bytesAssigned=0\n    partitionsAssigned=0\n    partitionsTotal=0\nOperations:\n",
    );
    let mut depths: Vec<usize> = Vec::with_capacity(steps.len());
    for (id, step) in steps.iter().enumerate() {
        let depth = step
            .parent
            .and_then(|parent| depths.get(parent))
            .map_or(0, |depth| depth + 1);
        depths.push(depth);
        text.push_str(&format!(
            "1:{id} {}->{}",
            "     ".repeat(depth),
            step.operation
        ));
        for detail in [&step.objects, &step.expressions].into_iter().flatten() {
            text.push_str("  ");
            text.push_str(detail);
        }
        text.push('\n');
    }
    text
}
