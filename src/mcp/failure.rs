//! What an agent is told when a call fails: one shape, with codes from a closed set.
//!
//! The text of a failure is read by a model that will try again, so it says what was wrong and what to do instead. What
//! only the operator can correct is logged in full here, once, and the caller gets a general sentence.

use std::ops::RangeInclusive;

use rand::Rng;
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tracing::error;

pub use crate::telemetry::codes::Code;

use crate::telemetry::chain;
use crate::{policy, query, sql, warehouse};

/// Seconds after which a busy warehouse may have room: most statements are over by then.
const BUSY_FOR: RangeInclusive<u64> = 3..=8;

/// A failed call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Failure {
    /// What kind of failure this is.
    pub code: Code,
    /// What went wrong.
    pub message: String,
    /// What to do instead.
    pub hint: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// How long to wait before the same call is sent again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// The statement in the warehouse, if it got that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// The call's trace id, for the person who runs the server: it is in the log, the audit log and Snowflake's
    /// history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

impl Failure {
    /// A failure with this code.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            retryable: code.is_retryable(),
            retry_after_seconds: None,
            query_id: None,
            trace_id: None,
        }
    }

    /// The same, with the seconds to wait before the call is sent again.
    pub(super) fn after(self, seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(seconds),
            ..self
        }
    }

    /// The same, with the trace of its call.
    #[must_use]
    pub fn in_trace(self, trace_id: String) -> Self {
        Self {
            trace_id: Some(trace_id),
            ..self
        }
    }

    /// The failure as a tool result. The text is for the model, which knows nothing else of it in most clients; what a program
    /// may want is in `_meta`, and in the structured part where every answer has one.
    #[must_use]
    pub fn into_result(self, is_structured: bool) -> CallToolResult {
        // The code first: models repeat it to people, and people search for it.
        let mut text = format!("{}: {}", self.code.as_str(), self.message);
        if !self.hint.is_empty() {
            text.push_str("\nWhat to do: ");
            text.push_str(&self.hint);
        }
        if self.retryable {
            text.push_str("\nThe same call may succeed later.");
        }
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        if let Ok(Value::Object(mut facts)) = serde_json::to_value(&self) {
            result.structured_content = is_structured.then(|| Value::Object(facts.clone()));
            facts.retain(|name, _| !matches!(&**name, "message" | "hint"));
            result.meta = Some(MetaObject::from(facts));
        }
        result
    }
}

impl From<query::Error> for Failure {
    fn from(error: query::Error) -> Self {
        let query_id = error.query_id().map(ToOwned::to_owned);
        // An id is noted before the error is taken apart.
        let failure = match error {
            // Everything but the hint is that of the error inside.
            query::Error::Explained { error, hint } => Self {
                hint,
                ..Self::from(*error)
            },
            query::Error::Unreadable(error) => unreadable(&error),
            query::Error::Refused(refusal) => refused(&refusal),
            query::Error::Warehouse(error) => from_warehouse(error),
            query::Error::Cursor(_) => Self::new(
                Code::CursorInvalid,
                error.to_string(),
                "copy the cursor from the latest answer, or run the statement again",
            ),
            query::Error::TooExpensive { .. } => Self::new(
                Code::CostLimit,
                error.to_string(),
                "filter on the columns the table is clustered by, often a date, or read fewer tables; explain_query shows what \
                 a statement would scan",
            ),
            query::Error::NoEstimate => Self::new(
                Code::CostLimit,
                error.to_string(),
                "write the statement as a plain SELECT",
            ),
            query::Error::NoPlan => Self::new(
                Code::InvalidArgument,
                error.to_string(),
                "explain the statements one by one",
            ),
            query::Error::PlanUnread => Self::new(
                Code::InvalidArgument,
                error.to_string(),
                "write the same in a simpler form, or explain its parts one by one",
            ),
            query::Error::OutOfReach => Self::new(
                Code::PermissionDenied,
                error.to_string(),
                "sign in again with the scope for statements; execute_query names it",
            ),
            query::Error::RowTooLarge { .. } => Self::new(
                Code::ResultTooLarge,
                error.to_string(),
                "select fewer or shorter columns, for example LEFT(column, 1000)",
            ),
        };
        Self {
            query_id,
            ..failure
        }
    }
}

fn unreadable(error: &sql::Error) -> Failure {
    let (code, hint) = match error {
        sql::Error::SeveralStatements => (
            Code::StatementNotAllowed,
            "send each statement in a call of its own",
        ),
        sql::Error::Ambiguous { .. } => (
            Code::StatementNotAllowed,
            "rewrite the statement without it",
        ),
        sql::Error::Empty => (
            Code::SqlInvalid,
            "send one SELECT, WITH, SHOW, DESCRIBE or EXPLAIN statement",
        ),
        sql::Error::TooLong { .. } | sql::Error::TooManyWords { .. } => (
            Code::SqlInvalid,
            "shorten it; long lists of values go into a table or into parameters",
        ),
        sql::Error::Foreign(foreign) => (Code::SqlInvalid, foreign.instead.as_str()),
        sql::Error::TooDeep => (Code::SqlInvalid, "use WITH to name the inner queries"),
        sql::Error::ChainTooLong => (
            Code::SqlInvalid,
            "write a list as IN (…), or put the values into a table and join it",
        ),
        _ => (
            Code::SqlInvalid,
            "check the syntax against Snowflake's; if it is right, write the same in a simpler form, as a statement that \
             cannot be read is never run",
        ),
    };
    Failure::new(code, error.to_string(), hint)
}

fn refused(refusal: &policy::Refusal) -> Failure {
    Failure::new(
        Code::StatementNotAllowed,
        refusal.to_string(),
        refusal.hint(),
    )
}

fn from_warehouse(error: warehouse::Error) -> Failure {
    use warehouse::Error;
    let message = error.to_string();
    match error {
        Error::Sql { position, .. } => {
            // There is no hint: a wrong one would mislead the agent, and `query` has already added what is known.
            let hint = position.map(|position| format!("look at {position} of the statement"));
            Failure::new(Code::SqlInvalid, message, hint.unwrap_or_default())
        }
        Error::ObjectNotFound { .. } => Failure::new(
            Code::ObjectNotFound,
            message,
            "search_objects finds tables, views and columns by a word; give names as database.schema.table, and put \
             names that are not upper case in double quotes",
        ),
        Error::PermissionDenied { .. } => Failure::new(
            Code::PermissionDenied,
            message,
            "use objects the role may read; list_tables shows them. Granting more is up to the account's administrator",
        ),
        Error::RoleRefused { .. } => Failure::new(
            Code::PermissionDenied,
            message,
            "give another role in the argument role; show_context lists the roles a call may name",
        ),
        Error::ListTooLong { .. } => Failure::new(
            Code::ResultTooLarge,
            message,
            "name a database or a schema, or give a longer like; the limit argument does not help, but LIMIT 10000 at the end of the SHOW does",
        ),
        Error::EngineLimit(limit) => Failure::new(
            Code::EngineLimit,
            message,
            limit.hint.unwrap_or_else(|| {
                "write it with functions and clauses the embedded engine has".to_owned()
            }),
        ),
        Error::Timeout { .. } => Failure::new(
            Code::QueryTimeout,
            message,
            "make the statement cheaper (filter, aggregate, fewer joins); the same statement would time out again",
        ),
        Error::Cancelled { .. } => Failure::new(
            Code::QueryCancelled,
            message,
            "send the statement again if it is still wanted",
        ),
        Error::KindRefused { .. } => Failure::new(
            Code::StatementNotAllowed,
            message,
            "write the statement as a plain SELECT",
        ),
        Error::Ended(error) => ended(from_warehouse(*error)),
        Error::QueryNotFound { .. } => {
            Failure::new(Code::QueryNotFound, message, "run the statement again")
        }
        service @ (Error::Busy { .. }
        | Error::Unreachable { .. }
        | Error::OutcomeUnknown { .. }
        | Error::SignInRefused { .. }
        | Error::CallerRefused { .. }
        | Error::Internal { .. }) => from_service(service, message),
    }
}

/// The same of errors that say nothing about the statement: the warehouse, the way to it or the sign-in is at fault.
fn from_service(error: warehouse::Error, message: String) -> Failure {
    use warehouse::Error;
    match error {
        Error::Busy { retry_after, .. } => {
            // A little different for each caller, so that callers refused at the same moment do not all come back at the
            // same moment.
            let seconds = match retry_after.map(|time| time.as_secs() + 1) {
                Some(known) => rand::rng().random_range(known..=known + known / 4),
                None => rand::rng().random_range(BUSY_FOR),
            };
            Failure::new(
                Code::WarehouseBusy,
                message,
                format!("wait {seconds} s, then send the same call again"),
            )
            .after(seconds)
        }
        Error::Unreachable { .. } => {
            error!(error = chain(&error), "the warehouse cannot be reached");
            Failure::new(
                Code::WarehouseUnreachable,
                message,
                "wait a minute, then send the same call again",
            )
            .after(60)
        }
        Error::OutcomeUnknown { .. } => {
            error!(error = chain(&error), "the answer to a write was lost");
            let hint = "look whether it took effect before you send it again";
            let failure = Failure::new(Code::WarehouseUnreachable, message, hint);
            // The statement may have run: a second run would be worse than none.
            Failure {
                retryable: false,
                ..failure
            }
        }
        Error::SignInRefused { .. } => {
            error!(
                error = chain(&error),
                "the warehouse refused to sign the server in"
            );
            Failure::new(
                Code::SignInRefused,
                "the warehouse refuses the server's credentials",
                "tell the person who runs this server; its log says which setting to look at",
            )
        }
        // Logged where it was refused.
        Error::CallerRefused { message, hint } => Failure::new(Code::SignInRefused, message, hint),
        _ => {
            error!(
                error = chain(&error),
                "a statement failed because of a defect in this server"
            );
            Failure::internal()
        }
    }
}

/// The failure of an earlier statement, for a caller that asks for its rows. Asking again never helps, even if sending the
/// statement again may.
fn ended(failure: Failure) -> Failure {
    if !failure.retryable {
        return failure;
    }
    Failure {
        hint: "there will be no rows: do not ask for them again; if you still need them, send the statement again".into(),
        retryable: false,
        ..failure
    }
}

impl Failure {
    /// A defect. The agent is told only that the mistake is not its own.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            Code::Internal,
            "the server failed to answer this call",
            "try another statement; the person who runs this server finds the cause in its log",
        )
    }
}

/// docs/errors.md, from the declarations of the codes.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "<!-- Generated by `make docs` from src/telemetry/codes.rs. -->\n\
         # Error codes\n\n\
         A call that fails is a tool result with `isError: true` and one text: `code: message`, and what to do instead. Fields for programs are in the result's `_meta`: `{code, retryable, retry_after_seconds?, query_id?, trace_id?}`. `code` is one of the codes below, \
         and `retryable` says whether the same call may succeed later. With `STRUCTURED_OUTPUT=true` the structured content has the same fields, and `message` and `hint`.\n\n\
         Protocol errors (an unknown tool or method, invalid params) and defects that end a call without a result are JSON-RPC errors instead. A body that is not JSON gets HTTP 400 with -32700, and a body that is not a JSON-RPC message gets HTTP 400 with -32600. An unknown method gets -32601 with a message that says which methods exist (HTTP 404 from revision 2026-07-28 on).\n\n\
         Requests that are refused before their message is read (400, 401, 403, 404, 405, 406, 408, 413, 415, 503) get the body `{code, message, hint}`. Under `/register`, \
         `/authorize`, `/token` and `/.well-known/`, where clients look for OAuth, the body has `error` and `error_description` as well.\n\n\
         | code | retryable | when |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let retryable = if code.is_retryable() { "yes" } else { "no" };
        text.push_str(&format!(
            "| `{}` | {retryable} |{} |\n",
            code.as_str(),
            code.meaning()
        ));
    }
    text
}
