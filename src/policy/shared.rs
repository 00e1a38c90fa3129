//! What all callers share without being meant to: one user of Snowflake's, and the sessions of a pool.
//!
//! Snowflake keeps results, and the texts of statements, by user. Whoever signs in as the same user may read them by the
//! statement's id, the last one of a session even without it. Here every caller is that user, so none of it is anybody's. A
//! caller's own results are read with `fetch_results`, whose cursor proves whose they are.

use super::Refusal;
use crate::sql::{FunctionCall, KindPattern, Parsed};

/// Functions that read what a statement left behind, or what is known of it.
const OF_RESULTS: [&str; 8] = [
    "GET_QUERY_OPERATOR_STATS",
    "GET_QUERY_STATS",
    "LAST_QUERY_ID",
    "LAST_TRANSACTION",
    "RESULT_SCAN",
    "SYSTEM$ESTIMATE_QUERY_ACCELERATION",
    // Takes the id of a statement as well as a text.
    "SYSTEM$EXPLAIN_PLAN_JSON",
    "SYSTEM$GET_PREDECESSOR_RETURN_VALUE",
];

/// How the names of functions begin that list the statements and sign-ins of the user.
const HISTORIES: [&str; 2] = ["LOGIN_HISTORY", "QUERY_HISTORY"];

/// Statements that tell what the user's other sessions do, or what a session keeps.
const TELLING: [&[&str]; 4] = [
    &["DESCRIBE", "RESULT"],
    &["SHOW", "LOCKS"],
    &["SHOW", "TRANSACTIONS"],
    &["SHOW", "VARIABLES"],
];

/// Refuses what may tell of another caller.
pub(super) fn check(parsed: &Parsed) -> Result<(), Refusal> {
    let refuse = |what: String, is_variable| Err(Refusal::Shared { what, is_variable });
    if let Some(variable) = parsed.variable() {
        return refuse(format!("the session variable {variable}"), true);
    }
    for call in parsed.calls() {
        if call.function() == "GETVARIABLE" {
            return refuse(call.to_string(), true);
        }
        if tells(call) {
            return refuse(call.to_string(), false);
        }
    }
    for words in TELLING {
        let pattern = KindPattern::Words(words.iter().map(ToString::to_string).collect());
        if parsed.kinds().iter().any(|kind| pattern.matches(kind)) {
            return refuse(words.join(" "), false);
        }
    }
    Ok(())
}

/// Whatever its name is qualified with, and where the name is not known at all.
fn tells(call: &FunctionCall) -> bool {
    let function = call.function();
    call.parts.is_empty()
        || OF_RESULTS.contains(&function)
        || HISTORIES.iter().any(|begin| function.starts_with(begin))
}
