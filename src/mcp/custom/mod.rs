//! Tools and prompts of the operator's own, from `CUSTOM_TOOLS_FILE`.
//!
//! Start at [`read`]: a file becomes entries of the registry and prompts, or a list of everything that is wrong with it. `format`
//! is what may stand in the file, `document` reads it so that every problem has a place, `values` knows the types of parameters,
//! `statement` writes what is sent, `tools` puts them together; `prompts` reads those. `import` makes such files of others' formats.

mod custom_tool;
mod declaration;
mod document;
mod format;
mod import;
mod problem;
mod prompts;
mod rules;
mod schemas;
mod statement;
mod tools;
mod values;

use super::prompts::{Prompt, built_in};
use super::tools::Entry;

pub use format::schema;
pub use import::{Imported, import};
pub use problem::Problem;
pub use rules::Rules;

/// What a file has.
#[derive(Default)]
pub struct Custom {
    /// Its tools.
    pub tools: Vec<Entry>,
    /// Its prompts.
    pub prompts: Vec<Prompt>,
    /// What looks wrong in it.
    pub warnings: Vec<Problem>,
}

/// Reads a file's text. `rules` judge the statements.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read(file: &str, text: &str, rules: &Rules<'_>) -> Result<Custom, Vec<Problem>> {
    let mut document = document::Document::read(file, text).map_err(|problem| vec![problem])?;
    // Unknown fields are refused, or `tool:` for `tools:` would switch everything off in silence.
    let known = ["version", "tools", "prompts"];
    let unknown: Vec<String> = match document.value.as_object() {
        None => {
            document.problem("", "expected version, tools and prompts");
            Vec::new()
        }
        Some(fields) => fields
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .cloned()
            .collect(),
    };
    for name in unknown {
        let near = crate::sql::nearest(&name, known.into_iter(), 1);
        let near = near
            .first()
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        document.problem(&name, format!("there is no such field here{near}"));
    }
    // Required, so that a later form of the file can be told from this one.
    if document.value.get("version") != Some(&1.into()) {
        document.problem("version", "expected version: 1");
    }
    let tools = tools::tools(&mut document, rules);
    let taken: Vec<String> = built_in().into_iter().map(|prompt| prompt.name).collect();
    let prompts = prompts::prompts(&mut document, &taken);
    let (warnings, problems): (Vec<_>, Vec<_>) =
        document.problems.into_iter().partition(|it| it.is_warning);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Custom {
        tools,
        prompts,
        warnings,
    })
}
