//! The result of an import: tools and prompts in our format, and a report.

use serde_json::{Map, Value, json};

use super::writing;
use crate::mcp::custom::tools::is_name;
use crate::mcp::tools::Registry;

/// The result of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// Tools in our format.
    pub(super) tools: Vec<Value>,
    /// Prompts in our format.
    pub(super) prompts: Vec<Value>,
    /// What was changed or left out, and why.
    pub report: Vec<String>,
}

impl Imported {
    /// The numbers of tools and prompts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tools.len() + self.prompts.len()
    }

    /// The text for `CUSTOM_TOOLS_FILE`.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut file = Map::new();
        file.insert("version".into(), json!(1));
        file.insert("tools".into(), Value::Array(self.tools.clone()));
        if !self.prompts.is_empty() {
            file.insert("prompts".into(), Value::Array(self.prompts.clone()));
        }
        writing::yaml(&Value::Object(file))
    }

    pub(super) fn note(&mut self, tool: &str, what: &str) {
        self.report.push(format!("{tool}: {what}"));
    }

    /// The most similar name that our format allows.
    pub(super) fn name(&mut self, given: &str) -> String {
        let mut name: String = given
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            // With a prefix, at most the 64 characters that names may have.
            .take(60)
            .collect();
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            name.insert_str(0, "t_");
        }
        if Registry::names().any(|own| own == name) {
            name.insert_str(0, "my_");
        }
        if name != given {
            let why = if is_name(given) {
                "a tool of this server has its name"
            } else {
                "names have small letters, digits and _"
            };
            self.note(given, &format!("renamed to {name}: {why}"));
        }
        name
    }
}
