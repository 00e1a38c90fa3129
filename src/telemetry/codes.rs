//! The codes of failures. Agents, metrics and the audit log know the same ones, so they are declared here, where every room
//! sees them; `mcp/failure.rs` says which error has which code.

use schemars::JsonSchema;
use serde::Serialize;

use super::metrics::label::OTHER;

/// Declares the codes once: for the type, the schemas, docs/errors.md and the label `outcome` of metrics.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $retryable:literal;)+) => {
        /// The closed set of failure codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
        #[schemars(inline)]
        pub enum Code {
            $(
                $(#[doc = $doc])+
                #[serde(rename = $name)]
                #[schemars(description = "")]
                $variant,
            )+
        }

        /// How a call of a tool ends: `ok` or a code, and `other`, the last word of every list.
        pub const OUTCOMES: &[&str] = &["ok", $($name,)+ OTHER];

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is sent.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Whether the same call may succeed later.
            #[must_use]
            pub fn is_retryable(self) -> bool {
                match self { $(Self::$variant => $retryable),+ }
            }

            /// When it is sent, for the documentation.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+)),+ }
            }
        }
    };
}

codes! {
    /// An argument is missing, unknown or not valid; the message names it.
    InvalidArgument = "invalid_argument", false;
    /// The policy does not allow this statement; the hint says what it allows.
    StatementNotAllowed = "statement_not_allowed", false;
    /// The statement does not compile, or failed on the data.
    SqlInvalid = "sql_invalid", false;
    /// A table, view, schema, database or column does not exist, or the role has no access to it.
    ObjectNotFound = "object_not_found", false;
    /// The role lacks a privilege, or the caller cannot use the role.
    PermissionDenied = "permission_denied", false;
    /// Not even one row fits into the limit for a result, or Snowflake refuses to list so many names.
    ResultTooLarge = "result_too_large", false;
    /// The statement would scan more than the configured limit.
    CostLimit = "cost_limit", false;
    /// The statement reached its time limit and was stopped.
    QueryTimeout = "query_timeout", false;
    /// The statement was stopped: by the caller, or because the server is shutting down. Not retryable if the call
    /// asked for the rows of a stopped statement.
    QueryCancelled = "query_cancelled", true;
    /// No query with this id belongs to the caller.
    QueryNotFound = "query_not_found", false;
    /// The cursor was changed, has expired or belongs to somebody else.
    CursorInvalid = "cursor_invalid", false;
    /// All sessions are in use.
    WarehouseBusy = "warehouse_busy", true;
    /// The warehouse does not answer.
    WarehouseUnreachable = "warehouse_unreachable", true;
    /// The warehouse refuses the server's own credentials; only the operator can correct them.
    SignInRefused = "sign_in_refused", false;
    /// The caller made more calls per minute than it may; `retry_after_seconds` says when the next call will be
    /// accepted.
    RateLimited = "rate_limited", true;
    /// The embedded engine cannot do this; Snowflake can.
    EngineLimit = "engine_limit", false;
    /// A defect of this server; its log has the details.
    Internal = "internal", false;
}
