//! The JSON Schema of an operator's parameter, for clients.

use serde_json::{Map, Value, json};

use super::format::{ItemKind, ValueKind};
use super::values::Declared;

impl Declared {
    /// The input schema of a parameter, in the few keywords that all clients' converters accept.
    pub(super) fn schema(&self) -> Value {
        let spec = &self.spec;
        let mut schema = Map::new();
        let kind = match spec.r#type {
            ValueKind::String | ValueKind::Date | ValueKind::Timestamp => "string",
            ValueKind::Integer => "integer",
            ValueKind::Number => "number",
            ValueKind::Boolean => "boolean",
            ValueKind::Array => "array",
            ValueKind::Object => "object",
        };
        schema.insert("type".into(), kind.into());
        if spec.r#type == ValueKind::Array {
            let items = match spec.items.unwrap_or_default() {
                ItemKind::String => "string",
                ItemKind::Integer => "integer",
                ItemKind::Number => "number",
            };
            schema.insert("items".into(), json!({ "type": items }));
        }
        // The values of an enum have one type only: Gemini accepts no numbers in an enum.
        let words = spec.r#enum.as_ref().filter(|_| kind == "string");
        if let Some(words) = words {
            schema.insert("enum".into(), Value::Array(words.clone()));
        }
        schema.insert(
            "description".into(),
            self.description(words.is_some()).into(),
        );
        Value::Object(schema)
    }

    /// The schema for `reading`, which takes 0 for "left out" unless the schema allows 0.
    pub(super) fn reading_schema(&self) -> Value {
        let mut schema = self.schema();
        if let Value::Object(schema) = &mut schema {
            schema.insert("minimum".into(), i64::MIN.into());
        }
        schema
    }

    fn description(&self, has_words: bool) -> String {
        let spec = &self.spec;
        let mut text = spec.description.clone().unwrap_or_default();
        let mut facts = Vec::new();
        match spec.r#type {
            ValueKind::Date => facts.push("YYYY-MM-DD".to_owned()),
            ValueKind::Timestamp => facts.push("YYYY-MM-DD HH:MM:SS".to_owned()),
            _ => {}
        }
        match (spec.minimum, spec.maximum) {
            (Some(least), Some(most)) => facts.push(format!("{least} to {most}")),
            (Some(least), None) => facts.push(format!("at least {least}")),
            (None, Some(most)) => facts.push(format!("at most {most}")),
            (None, None) => {}
        }
        if let Some(most) = spec.max_length {
            facts.push(format!("at most {most} characters"));
        }
        if let Some(words) = spec.r#enum.as_ref().filter(|_| !has_words) {
            let words: Vec<_> = words.iter().map(Value::to_string).collect();
            facts.push(format!("one of {}", words.join(", ")));
        }
        if let Some(default) = spec.default.as_ref().filter(|default| !default.is_null()) {
            // In the description and not as a keyword: some clients refuse schemas with keywords
            // that they do not know.
            facts.push(format!("default {default}"));
        }
        if !facts.is_empty() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&format!("({})", facts.join("; ")));
        }
        text
    }
}
