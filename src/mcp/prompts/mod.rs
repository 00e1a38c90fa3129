//! Prompts: texts that people choose in their client, this server's own and the operator's.
//!
//! Each is one message that names the tools to call and in which order. `built_in` has our own; the operator's come from
//! [`super::custom`].

mod built_in;

use rmcp::model::{
    GetPromptResult, JsonObject, Prompt as Description, PromptArgument, PromptMessage, Role,
};
use serde_json::Value;

use super::unserved::NAME_CHARS;

pub use built_in::built_in;

/// Bytes of all arguments together: a long statement fits.
const MAX_BYTES: usize = 256 << 10;

/// Takes the place of an argument that was not given.
const NOT_GIVEN: &str = "(not given)";

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What people call it by.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What the text needs.
    pub arguments: Vec<Argument>,
    /// The text for the model, with `{{name}}` for arguments.
    pub text: String,
    /// The tools it needs.
    pub needs: &'static [&'static str],
}

/// An argument of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// What the text calls it.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Whether it must be given.
    pub is_required: bool,
    /// The values that a client may offer.
    pub offers: Offers,
}

/// Values that a client may offer while somebody types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Offers {
    /// None are known.
    #[default]
    Nothing,
    /// Names of databases.
    Databases,
    /// Names of schemas.
    Schemas,
    /// Names of tables and views.
    Tables,
    /// Names of columns.
    Columns,
    /// These words.
    Words(Vec<String>),
}

/// The prompt of that name.
///
/// # Errors
///
/// There is none.
pub(super) fn named<'a>(
    mut prompts: impl Iterator<Item = &'a Prompt>,
    name: &str,
) -> Result<&'a Prompt, String> {
    let found = prompts.find(|prompt| prompt.name == name);
    found.ok_or_else(|| {
        let shown: String = name.chars().take(NAME_CHARS).collect();
        format!("there is no prompt named {shown}; prompts/list has all prompts")
    })
}

impl Prompt {
    /// The prompt as `prompts/list` shows it.
    #[must_use]
    pub fn describe(&self) -> Description {
        let arguments = self.arguments.iter().map(|argument| {
            PromptArgument::new(argument.name.as_str())
                .with_description(argument.description.as_str())
                .with_required(argument.is_required)
        });
        let arguments: Vec<_> = arguments.collect();
        let arguments = (!arguments.is_empty()).then_some(arguments);
        Description::new(
            self.name.as_str(),
            Some(self.description.as_str()),
            arguments,
        )
        .with_title(self.title.as_str())
    }

    /// The message with these arguments.
    ///
    /// # Errors
    ///
    /// An argument is missing, unknown, or no text.
    pub fn message(&self, given: &JsonObject) -> Result<GetPromptResult, String> {
        let known = |name: &str| self.arguments.iter().any(|argument| argument.name == name);
        let names = || -> String {
            let names: Vec<_> = self.arguments.iter().map(|it| it.name.as_str()).collect();
            match names.as_slice() {
                [] => format!("{} takes no arguments", self.name),
                names => format!("{} takes {}", self.name, names.join(", ")),
            }
        };
        let mut bytes = 0;
        for (name, value) in given {
            // A misspelt argument would leave its gap in the text empty.
            if !known(name) {
                let name: String = name.chars().take(NAME_CHARS).collect();
                return Err(format!("there is no argument {name}: {}", names()));
            }
            bytes += value.as_str().map_or(0, str::len);
        }
        if bytes > MAX_BYTES {
            return Err(format!(
                "the arguments have {bytes} bytes; at most {MAX_BYTES} are taken"
            ));
        }
        let mut text = String::with_capacity(self.text.len() + bytes);
        let mut rest = self.text.as_str();
        // In one pass: what an argument contains is never read as a gap.
        while let Some((before, inside)) = rest.split_once("{{") {
            text.push_str(before);
            match inside.split_once("}}") {
                Some((name, after)) if known(name.trim()) => {
                    text.push_str(self.value(name.trim(), given)?);
                    rest = after;
                }
                Some(_) | None => {
                    text.push_str("{{");
                    rest = inside;
                }
            }
        }
        text.push_str(rest);
        // An argument that the text does not use is checked as well.
        for argument in &self.arguments {
            self.value(&argument.name, given)?;
        }
        let message = PromptMessage::new_text(Role::User, text);
        Ok(GetPromptResult::new(vec![message]).with_description(self.description.as_str()))
    }

    fn value<'given>(&self, name: &str, given: &'given JsonObject) -> Result<&'given str, String> {
        let argument = self.arguments.iter().find(|argument| argument.name == name);
        let is_required = argument.is_some_and(|argument| argument.is_required);
        match given.get(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            None | Some(Value::Null | Value::String(_)) if !is_required => Ok(NOT_GIVEN),
            None | Some(Value::Null | Value::String(_)) => {
                Err(format!("the argument {name} of {} is missing", self.name))
            }
            Some(_) => Err(format!(
                "the argument {name} of {} must be a text",
                self.name
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(arguments: Value) -> JsonObject {
        arguments.as_object().unwrap().clone()
    }

    #[test]
    fn arguments_are_put_in_once_and_what_is_missing_is_said() {
        let mut prompt = built_in()
            .into_iter()
            .find(|it| it.name == "profile_table")
            .unwrap();
        prompt.text = "Look at {{table}} ({{ columns }}), {{ and {{table}}".to_owned();
        let text = |arguments| {
            let result = prompt.message(&given(arguments)).unwrap();
            serde_json::to_value(&result.messages[0]).unwrap()["content"]["text"].clone()
        };
        // What is put in is not read again.
        assert_eq!(
            text(json!({"table": "{{columns}}", "columns": "A"})),
            "Look at {{columns}} (A), {{ and {{columns}}"
        );
        assert_eq!(
            text(json!({"table": "T"})),
            "Look at T ((not given)), {{ and T"
        );
        for (arguments, told) in [
            (json!({}), "table of profile_table is missing"),
            (json!({"table": 1}), "must be a text"),
            (
                json!({"table": "T", "tabel": "x"}),
                "no argument tabel: profile_table takes table, columns",
            ),
            (json!({"table": "x".repeat(300_000)}), "at most"),
        ] {
            let error = prompt.message(&given(arguments)).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn our_own_prompts_use_all_their_arguments_and_only_tools_there_are() {
        let tools: Vec<String> = crate::mcp::tools::Registry::names().collect();
        let prompts = built_in();
        assert!(prompts.len() <= 6);
        for prompt in prompts {
            for argument in &prompt.arguments {
                assert!(
                    prompt.text.contains(&format!("{{{{{}}}}}", argument.name)),
                    "{}",
                    prompt.name
                );
            }
            for tool in prompt.needs {
                assert!(tools.iter().any(|name| name == tool), "{tool}");
                assert!(prompt.text.contains(tool), "{}: {tool}", prompt.name);
            }
        }
    }
}
