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

    /// Shortens the longest lists and texts until there are no more than so many bytes, as far as that goes. Whether it had to.
    pub(super) fn fit(&mut self, max_bytes: usize) -> bool {
        let mut is_cut = false;
        // Each is shortened once at most.
        for _ in 0..self.fields.len() {
            let over = self.len().saturating_sub(max_bytes);
            let longest = self.fields.iter_mut().max_by_key(|(_, value)| value.len());
            let Some((_, value)) = longest.filter(|_| over > 0) else {
                break;
            };
            *value = beginning(value, value.len().saturating_sub(over));
            is_cut = true;
        }
        is_cut
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

/// As much of a list or a text as fits, in JSON. What is neither stays: it is short in all that tools give.
fn beginning(json: &str, max_bytes: usize) -> String {
    match serde_json::from_str(json) {
        Ok(Value::Array(items)) => {
            let mut kept = String::from("[");
            for item in items {
                let item = item.to_string();
                if kept.len() + item.len() + 2 > max_bytes {
                    break;
                }
                if kept.len() > 1 {
                    kept.push(',');
                }
                kept.push_str(&item);
            }
            kept.push(']');
            kept
        }
        Ok(Value::String(mut text)) => loop {
            let mut quoted = String::new();
            quote(&mut quoted, &format!("{text}…"));
            let over = quoted.len().saturating_sub(max_bytes);
            if over == 0 || text.is_empty() {
                return quoted;
            }
            // Some letters take several bytes in JSON: what is over there may be less here.
            let end = text.len().saturating_sub(over.div_ceil(6).max(1));
            text.truncate(text.floor_char_boundary(end));
        },
        _ => json.to_owned(),
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
    fn what_does_not_fit_loses_the_ends_of_its_longest_fields() {
        let columns: Vec<_> = (0..500)
            .map(|it| json!({"name": format!("C{it}")}))
            .collect();
        let whole =
            json!({"columns": columns, "ddl": "é\n\"".repeat(900), "kind": "TABLE", "rows": 5});
        let mut document = Document::of(&whole);
        let all = document.len();
        assert!(!document.clone().fit(all));
        for max_bytes in [all - 1, 4000, 400] {
            assert!(document.fit(max_bytes));
            assert!(
                document.len() <= max_bytes,
                "{} of {max_bytes}",
                document.len()
            );
            assert_eq!(
                document.to_string(),
                document.clone().into_value().to_string()
            );
        }
        let kept = document.into_value();
        assert_eq!((&kept["kind"], &kept["rows"]), (&json!("TABLE"), &json!(5)));
        assert!(kept["ddl"].as_str().unwrap().ends_with('…'), "{kept}");
        assert!(kept["columns"].as_array().unwrap().len() < 500);
    }

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
