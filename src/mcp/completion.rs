//! Completions: what a client offers while somebody types an argument of a prompt or a part of an address.
//!
//! Names come from the tools that list them, with the caller's rights and in the same records; a list that does not come at once
//! is not waited for.

use std::time::Duration;

use rmcp::model::{
    ArgumentInfo, CallToolResult, CompleteRequestParams, CompletionInfo, JsonObject, Reference,
};
use serde_json::Value;

use super::offer::Offer;
use super::prompts::{Offers, Prompt, named};
use crate::identity::Caller;
use crate::sql::{Identifier, QualifiedName};

/// A person who types does not wait longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Completions of one caller in a minute: five a second.
pub(super) const A_MINUTE: u32 = 300;

/// Longer than any name.
const LONGEST: usize = 255;

/// What is needed to complete something.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    /// These words.
    Words(Vec<String>),
    /// The names in a tool's answer.
    Tool {
        tool: &'static str,
        arguments: JsonObject,
        names: Names,
        typed: String,
        /// What was typed in front of the name. Offers replace the whole text, so they begin with it.
        before: String,
    },
}

/// Where the names are in the answer, and how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// The first columns, this many, joined as in SQL.
    Joined(usize),
    /// One column with exact names, as addresses have them.
    Exact(usize),
    /// The columns of a table.
    Columns,
}

/// What is needed to complete this argument.
///
/// # Errors
///
/// There is no such prompt, address or argument.
pub(super) fn question(
    request: &CompleteRequestParams,
    offer: &Offer,
    caller: &Caller,
) -> Result<Question, String> {
    let ArgumentInfo { name, value, .. } = &request.argument;
    let given = |name: &str| {
        request
            .context
            .as_ref()
            .and_then(|context| context.get_argument(name))
    };
    let typed = if value.len() <= LONGEST {
        value.as_str()
    } else {
        // No name is longer, and an error would be shown to somebody who is still typing.
        return Ok(Question::Words(Vec::new()));
    };
    let found = match &request.r#ref {
        Reference::Prompt(prompt) => {
            let prompt = named(offer.prompts_of(caller), &prompt.name)?;
            of_prompt(prompt, name, typed, given)?
        }
        Reference::Resource(resource) => of_template(&resource.uri, name, typed, given)?,
        _ => return Err("only prompts and resource templates have completions".to_owned()),
    };
    Ok(match found {
        // A completion must show nothing that the tool itself would not show to this caller.
        Some(Question::Tool { tool, .. }) if !offer.tools.granted_to(caller).has(tool) => {
            Question::Words(Vec::new())
        }
        Some(question) => question,
        None => Question::Words(Vec::new()),
    })
}

fn databases(typed: &str, names: Names) -> Question {
    ask("list_databases", [], typed, names)
}

/// Schemas of the database that was typed or chosen before, or else of the account.
fn schemas(typed: &str, database: Option<&str>) -> Question {
    let (scope, word) = typed
        .rsplit_once('.')
        .map_or((database, typed), |(scope, word)| (Some(scope), word));
    let scope = scope.map(|database| ("database", database.to_owned()));
    ask("list_schemas", scope, word, Names::Joined(2))
}

/// Tables of the schema or database that was typed or chosen before, or else of the account.
fn tables(typed: &str, database: Option<&str>) -> Question {
    let (scope, word) = typed
        .rsplit_once('.')
        .map_or((None, typed), |(scope, word)| (Some(scope), word));
    let scope = match (scope, database) {
        (Some(scope), _) if scope.contains('.') => Some(("schema", scope.to_owned())),
        (Some(scope), _) => Some(("database", scope.to_owned())),
        (None, Some(database)) => Some(("database", database.to_owned())),
        (None, None) => None,
    };
    ask("list_tables", scope, word, Names::Joined(3))
}

/// The question for an argument of a prompt; `None` if nothing is offered for it.
fn of_prompt<'given>(
    prompt: &Prompt,
    name: &str,
    typed: &str,
    given: impl Fn(&str) -> Option<&'given String>,
) -> Result<Option<Question>, String> {
    let argument = prompt.arguments.iter().find(|it| it.name == name);
    let argument = argument
        .ok_or_else(|| format!("the prompt {} has no argument of this name", prompt.name))?;
    Ok(match &argument.offers {
        Offers::Nothing => None,
        Offers::Words(words) => Some(Question::Words(matching(words.iter().cloned(), typed))),
        Offers::Databases => Some(databases(typed, Names::Joined(1))),
        Offers::Schemas => Some(schemas(typed, given("database").map(String::as_str))),
        Offers::Tables => Some(tables(typed, given("database").map(String::as_str))),
        // Without a table there is nothing to look the columns up in.
        Offers::Columns => given("table").map(|table| columns(typed, table)),
    })
}

/// The question for a part of an address; `None` if the parts before it are missing.
fn of_template<'given>(
    uri: &str,
    name: &str,
    typed: &str,
    given: impl Fn(&str) -> Option<&'given String>,
) -> Result<Option<Question>, String> {
    let is_semantic = uri == "snowflake://semantic/{database}/{schema}/{view}";
    if !is_semantic && !uri.starts_with("snowflake://{database}/{schema}") {
        return Err(
            "there is no such template; resources/templates/list has all templates".to_owned(),
        );
    }
    // Parts of an address are exact names.
    let exact = |name: &str| given(name).and_then(|name| Identifier::exact(name.as_str()).ok());
    Ok(match (name, exact("database"), exact("schema")) {
        ("database", _, _) => Some(databases(typed, Names::Exact(0))),
        ("schema", Some(database), _) => Some(ask(
            "list_schemas",
            [("database", database.quoted())],
            typed,
            Names::Exact(1),
        )),
        ("object" | "view", Some(database), Some(schema)) if is_semantic == (name == "view") => {
            let schema = QualifiedName {
                database: None,
                schema: Some(database),
                object: schema,
            };
            Some(ask(
                match is_semantic {
                    true => "list_semantic_views",
                    false => "list_tables",
                },
                [("schema", schema.quoted())],
                typed,
                Names::Exact(2),
            ))
        }
        ("schema", _, _) => None,
        ("object", _, _) if !is_semantic => None,
        ("view", _, _) if is_semantic => None,
        _ => return Err("the template has no argument of this name".to_owned()),
    })
}

fn columns(typed: &str, table: &str) -> Question {
    // The argument is a list, and only its last word is being typed.
    let (before, word) = typed.rsplit_once(',').unwrap_or(("", typed));
    let before = match before.trim() {
        "" => String::new(),
        before => format!("{before}, "),
    };
    let mut arguments = JsonObject::new();
    arguments.insert("table".into(), table.into());
    arguments.insert("format".into(), "json".into());
    Question::Tool {
        tool: "describe_table",
        arguments,
        names: Names::Columns,
        typed: word.trim().to_owned(),
        before,
    }
}

fn ask(
    tool: &'static str,
    scope: impl IntoIterator<Item = (&'static str, String)>,
    typed: &str,
    names: Names,
) -> Question {
    let mut arguments = JsonObject::new();
    for (name, value) in scope {
        arguments.insert(name.to_owned(), value.into());
    }
    let word = typed.trim_matches('"');
    if !word.is_empty() {
        arguments.insert("like".into(), format!("%{word}%").into());
    }
    // More than a client is offered, because the best matches may be late in the list.
    arguments.insert("limit".into(), 1000.into());
    arguments.insert("format".into(), "json".into());
    Question::Tool {
        tool,
        arguments,
        names,
        typed: word.to_owned(),
        before: String::new(),
    }
}

/// The names in a tool's answer that match what was typed; none if the call failed.
pub(super) fn names(
    result: &CallToolResult,
    names: Names,
    typed: &str,
    before: &str,
) -> CompletionInfo {
    let document = result.structured_content.as_ref();
    let rows = |field: &str| {
        document
            .and_then(|it| it.get(field)?.as_array())
            .into_iter()
            .flatten()
    };
    let cell =
        |row: &Value, at: usize| -> Option<String> { Some(row.get(at)?.as_str()?.to_owned()) };
    let found: Vec<(String, String)> = match names {
        _ if result.is_error == Some(true) => Vec::new(),
        Names::Joined(count) => rows("rows")
            .filter_map(|row| {
                let parts: Option<Vec<_>> = (0..count).map(|at| cell(row, at)).collect();
                let parts = parts?;
                Some((parts.last()?.clone(), parts.join(".")))
            })
            .collect(),
        Names::Exact(at) => rows("rows")
            .filter_map(|row| {
                let name: Identifier = cell(row, at)?.parse().ok()?;
                Some((name.as_str().to_owned(), name.as_str().to_owned()))
            })
            .collect(),
        Names::Columns => rows("columns")
            .filter_map(|column| {
                let name = column.get("name")?.as_str()?.to_owned();
                // A column that is in the list already is not offered again.
                let is_there = before.split(',').any(|it| it.trim() == name);
                (!is_there).then(|| (name.clone(), format!("{before}{name}")))
            })
            .collect(),
    };
    info(sorted(found, typed))
}

/// Words, as an answer.
pub(super) fn info(values: Vec<String>) -> CompletionInfo {
    let total = u32::try_from(values.len()).ok();
    let has_more = values.len() > CompletionInfo::MAX_VALUES;
    let values = values
        .into_iter()
        .take(CompletionInfo::MAX_VALUES)
        .collect();
    CompletionInfo::with_pagination(values, total, has_more).unwrap_or_default()
}

fn matching(words: impl Iterator<Item = String>, typed: &str) -> Vec<String> {
    sorted(words.map(|word| (word.clone(), word)).collect(), typed)
}

/// The names that contain what was typed; those that begin with it come first.
fn sorted(found: Vec<(String, String)>, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let (mut first, mut then) = (Vec::new(), Vec::new());
    for (name, value) in found {
        let name = name.trim_matches('"').to_lowercase();
        if name.starts_with(&typed) {
            first.push(value);
        } else if name.contains(&typed) {
            then.push(value);
        }
    }
    first.append(&mut then);
    first
}

#[cfg(test)]
mod tests {
    use rmcp::model::{CallToolResult, CompletionContext};
    use serde_json::json;

    use super::*;
    use crate::mcp::tools::{Registry, Toolset};

    fn offer() -> Offer {
        Offer::from(Registry::new(&[Toolset::Catalog, Toolset::Query]))
    }

    fn asked(
        reference: Reference,
        name: &str,
        value: &str,
        context: &[(&str, &str)],
    ) -> Result<Question, String> {
        let context = context
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = CompleteRequestParams::new(reference, ArgumentInfo::new(name, value))
            .with_context(CompletionContext::with_arguments(context.collect()));
        question(&request, &offer(), &Caller::local())
    }

    #[test]
    fn what_was_chosen_before_narrows_what_is_asked() {
        let prompt = |name: &str| Reference::for_prompt(name);
        let template = || Reference::for_resource("snowflake://{database}/{schema}/{object}");
        for (question, tool, wanted) in [
            (
                asked(prompt("explore_database"), "database", "sal", &[]),
                "list_databases",
                json!({"like": "%sal%"}),
            ),
            (
                asked(prompt("document_schema"), "schema", "SALES.pu", &[]),
                "list_schemas",
                json!({"database": "SALES", "like": "%pu%"}),
            ),
            (
                asked(prompt("profile_table"), "table", "SALES.PUBLIC.o", &[]),
                "list_tables",
                json!({"schema": "SALES.PUBLIC", "like": "%o%"}),
            ),
            (
                asked(
                    prompt("profile_table"),
                    "columns",
                    "A, b",
                    &[("table", "T")],
                ),
                "describe_table",
                json!({"table": "T"}),
            ),
            (
                asked(template(), "schema", "", &[("database", "my db")]),
                "list_schemas",
                json!({"database": "\"my db\""}),
            ),
            (
                asked(
                    template(),
                    "object",
                    "x",
                    &[("database", "D"), ("schema", "s")],
                ),
                "list_tables",
                json!({"schema": "\"D\".\"s\"", "like": "%x%"}),
            ),
        ] {
            let Ok(Question::Tool {
                tool: found,
                mut arguments,
                ..
            }) = question
            else {
                panic!("{question:?}")
            };
            arguments.remove("limit");
            arguments.remove("format");
            assert_eq!((found, Value::Object(arguments)), (tool, wanted));
        }
        assert_eq!(
            asked(prompt("review_query"), "sql", "x", &[]),
            Ok(Question::Words(Vec::new()))
        );
        assert_eq!(
            asked(template(), "schema", "x", &[]),
            Ok(Question::Words(Vec::new()))
        );
        assert_eq!(
            asked(
                prompt("explore_database"),
                "database",
                &"x".repeat(300),
                &[]
            ),
            Ok(Question::Words(Vec::new()))
        );
        assert!(asked(prompt("nope"), "database", "x", &[]).is_err());
        assert!(asked(prompt("explore_database"), "nope", "x", &[]).is_err());
        assert!(asked(Reference::for_resource("file:///{x}"), "x", "x", &[]).is_err());
    }

    #[test]
    fn those_that_begin_so_come_first_and_a_hundred_is_the_most() {
        let rows: Vec<_> = (0..150)
            .map(|at| json!(["D", format!("XA{at}")]))
            .chain([json!(["D", "\"a b\""])])
            .collect();
        let mut result = CallToolResult::success(vec![]);
        result.structured_content = Some(json!({ "rows": rows }));
        let found = names(&result, Names::Joined(2), "a", "");
        assert_eq!(
            (found.values.len(), found.total, found.has_more),
            (100, Some(151), Some(true))
        );
        assert_eq!(found.values[0], "D.\"a b\"");
        let exact = names(&result, Names::Exact(1), "a b", "");
        assert_eq!(exact.values, ["a b"]);
        let mut columns = CallToolResult::success(vec![]);
        columns.structured_content =
            Some(json!({ "columns": [{"name": "AGE"}, {"name": "A"}, {"name": "B"}] }));
        // What a client puts in takes the place of all that was typed.
        let next = names(&columns, Names::Columns, "a", "B, A, ");
        assert_eq!(next.values, ["B, A, AGE"]);
        let failed = CallToolResult::error(vec![]);
        assert!(names(&failed, Names::Joined(1), "", "").values.is_empty());
    }
}
