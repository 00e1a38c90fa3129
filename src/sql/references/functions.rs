//! Where the functions of a statement belong.

use super::reference::{Found, Reference, unresolved};
use crate::sql::FunctionCall;

/// Functions that take the name of an object, or a whole statement, as a text.
const NAMING_BY_TEXT: [&str; 14] = [
    "BUILD_SCOPED_FILE_URL",
    "BUILD_STAGE_FILE_URL",
    "DATA_AGENT_RUN",
    "EXTRACT_SEMANTIC_CATEGORIES",
    "GET_DDL",
    "GET_OBJECT_REFERENCES",
    "GET_PRESIGNED_URL",
    "GET_STAGE_LOCATION",
    "RESULT_SCAN",
    "SEARCH_PREVIEW",
    "TO_FILE",
    "TO_QUERY",
    "VALIDATE",
    "VALIDATE_PIPE_LOAD",
];

/// Functions of the system whose arguments name nothing.
const HARMLESS: [&str; 3] = [
    "SYSTEM$ALLOWLIST",
    "SYSTEM$EXPLAIN_JSON_TO_TEXT",
    "SYSTEM$TYPEOF",
];

pub(super) fn of_call(call: &FunctionCall) -> Found {
    let function = call.function();
    let is_of_system = function.starts_with("SYSTEM$");
    let is_harmless = HARMLESS.contains(&function);
    // These read objects whose names are texts, perhaps computed ones, so no list can be checked.
    if call.is_method || NAMING_BY_TEXT.contains(&function) || (is_of_system && !is_harmless) {
        return unresolved(format!("an argument of {call}"));
    }
    // `"count"(a)` is no COUNT: in quotes and in lower case it is a function of the session's schema.
    let exact = call.name.as_ref().map(|name| name.object.as_str());
    let is_alone = call.parts.len() == 1 && exact == Some(function);
    if call.is_builtin() || is_alone && (is_harmless || is_billed_alone(call)) {
        return Ok(vec![]);
    }
    match &call.name {
        Some(name) => Ok(vec![Reference::Object(name.clone())]),
        None => unresolved(format!("the function {call}")),
    }
}

/// `AI_COMPLETE(…)` and its like are Snowflake's own.
fn is_billed_alone(call: &FunctionCall) -> bool {
    call.function().starts_with("AI_") && call.has_effect()
}
