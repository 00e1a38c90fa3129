//! The prompts of a file.

use super::document::Document;
use super::format::{CompleteSpec, NamesOf, PromptArgumentSpec, PromptSpec};
use super::tools::is_name;
use crate::mcp::prompts::{Argument, Offers, Prompt};

/// What clients show of a list.
const MOST_WORDS: usize = 100;

/// Reads all prompts. What is wrong is noted in the document.
pub(super) fn prompts(document: &mut Document, taken: &[String]) -> Vec<Prompt> {
    let mut prompts: Vec<Prompt> = Vec::new();
    for (path, item) in document.items("prompts") {
        let Some(spec) = document.part::<PromptSpec>(&path, item) else {
            continue;
        };
        let at = format!("{path}.name");
        if !is_name(&spec.name) {
            let message =
                "expected small letters, digits and _, beginning with a letter, at most 64";
            document.problem(&at, message);
        } else if taken.contains(&spec.name) {
            document.problem(
                &at,
                format!("{} is a prompt of this server's own", spec.name),
            );
        } else if prompts.iter().any(|other| other.name == spec.name) {
            document.problem(&at, format!("there are two prompts named {}", spec.name));
        }
        // Also for a prompt with a wrong name: all problems are reported at once.
        check_text(document, &path, &spec);
        let arguments = spec.arguments.iter().enumerate();
        let arguments = arguments
            .map(|(at, argument)| read(document, &format!("{path}.arguments[{at}]"), argument))
            .collect();
        let title = spec.title.unwrap_or_else(|| spec.name.replace('_', " "));
        prompts.push(Prompt {
            description: spec.description.unwrap_or_else(|| title.clone()),
            name: spec.name,
            title,
            arguments,
            text: spec.text,
            needs: &[],
        });
    }
    prompts
}

fn check_text(document: &mut Document, path: &str, spec: &PromptSpec) {
    let at = format!("{path}.text");
    if spec.text.trim().is_empty() {
        document.problem(&at, "expected what the model is to be told");
    }
    let mut used = Vec::new();
    let mut rest = spec.text.as_str();
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        // Read exactly as `Prompt::message` reads it, so that what passes here works there.
        used.push(name.trim());
        rest = after;
    }
    let names: Vec<&str> = spec.arguments.iter().map(|it| it.name.as_str()).collect();
    for name in &used {
        if !names.contains(name) {
            document.problem(&at, format!("{name} is not declared among the arguments"));
        }
    }
    for (number, name) in names.iter().enumerate() {
        if !used.contains(name) {
            let message =
                format!("the text does not use {name}: write {{{{{name}}}}} where it belongs");
            document.problem(&format!("{path}.arguments[{number}].name"), message);
        }
    }
}

fn read(document: &mut Document, path: &str, spec: &PromptArgumentSpec) -> Argument {
    if !is_name(&spec.name) {
        let message = "expected small letters, digits and _, beginning with a letter";
        document.problem(&format!("{path}.name"), message);
    }
    let offers = match &spec.complete {
        None => Offers::Nothing,
        Some(CompleteSpec::Names(NamesOf::Database)) => Offers::Databases,
        Some(CompleteSpec::Names(NamesOf::Schema)) => Offers::Schemas,
        Some(CompleteSpec::Names(NamesOf::Table)) => Offers::Tables,
        Some(CompleteSpec::Names(NamesOf::Column)) => Offers::Columns,
        Some(CompleteSpec::Words(words)) => {
            if words.len() > MOST_WORDS {
                let message = format!(
                    "{} words; clients are offered {MOST_WORDS} at most",
                    words.len()
                );
                document.warning(&format!("{path}.complete"), message);
            }
            Offers::Words(words.clone())
        }
    };
    Argument {
        name: spec.name.clone(),
        description: spec.description.clone().unwrap_or_default(),
        is_required: spec.required,
        offers,
    }
}
