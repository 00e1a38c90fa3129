//! The structured part of an answer: the fields of a JSON object, each written out already.
//!
//! No tree of values: 10,000 rows of ten columns would take several times the memory of their text in it, and be written twice.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::query::render::quote;

/// An object of JSON, in pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    /// Names, and values as they are sent, in order.
    fields: Vec<(String, String)>,
}

impl Document {
    /// What is written as an object; anything else has no fields.
    pub(super) fn of(output: &impl Serialize) -> Self {
        let fields = match serde_json::to_value(output) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let fields = fields.into_iter();
        Self {
            fields: fields
                .map(|(name, value)| (name, value.to_string()))
                .collect(),
        }
    }

    /// Gives a field another value, or adds it. The value is JSON.
    pub(super) fn set(&mut self, name: &str, json: String) {
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, value)) => *value = json,
            None => self.fields.push((name.to_owned(), json)),
        }
    }

    /// Bytes it takes, about.
    pub(super) fn len(&self) -> usize {
        let lengths = self
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4);
        lengths.sum()
    }

    /// Gives out its text piece by piece.
    pub(super) fn write(&self, mut add: impl FnMut(&str)) {
        let mut separator = "{";
        for (name, value) in &self.fields {
            add(separator);
            let mut quoted = String::new();
            quote(&mut quoted, name);
            add(&quoted);
            add(":");
            add(value);
            separator = ",";
        }
        add(if self.fields.is_empty() { "{}" } else { "}" });
    }

    /// The tree of values, for those who take nothing else.
    pub(super) fn into_value(self) -> Value {
        let read = |json: String| serde_json::from_str(&json).unwrap_or_default();
        let fields = self.fields.into_iter();
        Value::Object(fields.map(|(name, json)| (name, read(json))).collect())
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Ok(());
        self.write(|piece| {
            if written.is_ok() {
                written = f.write_str(piece);
            }
        });
        written
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_text_is_the_text_of_its_tree() {
        for value in [
            json!({}),
            json!({"a\"": [1, "é\n"], "b": null, "c": {"d": 1.0}}),
        ] {
            let mut document = Document::of(&value);
            assert_eq!(document.to_string(), value.to_string());
            assert_eq!(document.clone().into_value(), value);
            document.set("b", "[[1]]".into());
            document.set("e", "2".into());
            let changed = document.clone().into_value();
            assert_eq!(document.to_string(), changed.to_string());
            assert_eq!((&changed["b"], &changed["e"]), (&json!([[1]]), &json!(2)));
        }
    }
}
