//! The request that submits a statement: its text, its parameters, and its limits.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::warehouse::snowflake::client::unix_millis;
use crate::warehouse::snowflake::session::Session;
use crate::warehouse::snowflake::wire::QueryRequest;
use crate::warehouse::{Parameter, Run};

/// The body of a statement's request, to be waited for.
pub(super) fn request(
    session: &Session,
    sql: &str,
    parameters: &[Parameter],
    run: &Run,
) -> QueryRequest {
    QueryRequest {
        sql_text: sql.to_owned(),
        async_exec: false,
        sequence_id: session.next_sequence(),
        query_submission_time: unix_millis(),
        is_internal: false,
        describe_only: false,
        parameters: statement_parameters(run),
        bindings: bindings(parameters),
        query_context: Map::new(),
    }
}

/// What holds for this one statement: its tag, and Snowflake's own limit behind ours.
fn statement_parameters(run: &Run) -> Map<String, Value> {
    let left = run.deadline.saturating_duration_since(Instant::now());
    let mut parameters = Map::new();
    // More than we wait, so that it is our own limit that is met first and told with its reason.
    parameters.insert(
        "STATEMENT_TIMEOUT_IN_SECONDS".to_owned(),
        json!(left.as_secs() + 2),
    );
    // Whatever the account or the user is set to: a second statement behind the one that was approved is refused.
    parameters.insert("MULTI_STATEMENT_COUNT".to_owned(), json!(1));
    if let Some(tag) = &run.tag {
        parameters.insert("QUERY_TAG".to_owned(), json!(tag));
    }
    parameters
}

/// Placeholders count from 1; values are texts on the wire, whatever their type.
fn bindings(parameters: &[Parameter]) -> Map<String, Value> {
    let bind = |(index, parameter): (usize, &Parameter)| {
        let (kind, value) = match parameter {
            Parameter::Null => ("TEXT", Value::Null),
            Parameter::Boolean(value) => ("BOOLEAN", json!(value.to_string())),
            Parameter::Integer(value) => ("FIXED", json!(value.to_string())),
            Parameter::Float(value) => ("REAL", json!(value.to_string())),
            Parameter::Text(value) => ("TEXT", json!(value)),
        };
        let place = (index + 1).to_string();
        (place, json!({"type": kind, "value": value}))
    };
    parameters.iter().enumerate().map(bind).collect()
}
