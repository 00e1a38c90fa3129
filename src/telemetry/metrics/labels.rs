//! The values that labels may have. Closed sets, all of them: nothing a client sends can become a time series.
//!
//! What this program decides itself is an enum. What comes from elsewhere as text (a tool's name, a method, a status) is
//! looked up in a list; what the list does not have is `other`, its last word.

use std::sync::OnceLock;

/// The word for everything that a list does not have.
pub const OTHER: &str = "other";

/// A label and the values it can have.
pub trait Label: Copy {
    /// Its name.
    const NAME: &'static str;
    /// Its values.
    const VALUES: &'static [&'static str];

    /// The value as it is written.
    fn value(self) -> &'static str;
}

/// An enum whose variants are the values of one label.
macro_rules! label {
    ($(#[$outer:meta])* $name:ident of $label:literal { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The value as it is written in a label, a span or a log line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [&'static str] = Self::WORDS;

            fn value(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

/// A value that comes as text, of a list.
macro_rules! listed {
    ($(#[$outer:meta])* $name:ident of $label:literal in $list:ident) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name(&'static str);

        impl $name {
            /// The value in the list, or its last one.
            pub(super) fn of(text: &str) -> Self {
                Self(listed($list, text))
            }
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [&'static str] = $list;

            fn value(self) -> &'static str {
                self.0
            }
        }
    };
}

label! {
    /// A step of a query.
    Phase of "phase" {
        /// Reading the statement and judging it.
        Policy = "policy",
        /// Waiting for a session, or for a place in the embedded engine.
        Wait = "wait",
        /// From sending the statement until its result is known.
        Execute = "execute",
        /// Waiting for rows that are not here yet.
        Download = "download",
        /// Writing rows into the answer.
        Render = "render",
    }
}

label! {
    /// What was decided about a statement, and by which rule.
    Verdict of "verdict" {
        /// It may run.
        Approved = "approved",
        /// It could not be read for certain.
        Unreadable = "unreadable",
        /// `SQL_POLICY` does not let statements of its kind run.
        Kind = "kind",
        /// `DENIED_FUNCTIONS` names a function of it.
        Function = "function",
        /// `ALLOWED_DATABASES` does not name a database of it.
        Database = "database",
        /// A rule of the operator names statements like it.
        Statement = "statement",
        /// A function of it changes something or costs extra.
        SideEffect = "side_effect",
        /// An object of it may not be touched.
        Object = "object",
        /// The call's role is not allowed.
        Role = "role",
        /// The call's virtual warehouse is not allowed.
        Warehouse = "warehouse",
        /// Whether it passes a guard cannot be read from it.
        Unresolved = "unresolved",
        /// A rule that has no word of its own yet.
        Other = "other",
    }
}

label! {
    /// Why a call was stopped before its answer.
    Cause of "cause" {
        /// The client cancelled it or went away.
        Client = "client",
        /// Its time was over.
        Deadline = "deadline",
        /// The process is ending.
        Shutdown = "shutdown",
    }
}

label! {
    /// What is left out of a result.
    Cut of "limit" {
        /// Rows beyond the limit of rows.
        Rows = "rows",
        /// Rows beyond the limit of bytes.
        Bytes = "bytes",
        /// Names beyond those that Snowflake lists.
        Listing = "listing",
    }
}

label! {
    /// What a session of the pool is doing.
    SessionState of "state" {
        /// It is being signed in.
        Opening = "opening",
        /// It waits for a caller.
        Idle = "idle",
        /// It works for a caller, or its statement is being aborted.
        InUse = "in_use",
    }
}

label! {
    /// Why a statement was not let in.
    Turned of "reason" {
        /// Its caller has as many waiting as it may.
        CallerFull = "caller_full",
        /// As many wait as may.
        Full = "full",
        /// It made way for a caller that had none waiting.
        Displaced = "displaced",
        /// It could not be let in within the time it may wait.
        TooLong = "too_long",
        /// It waited, and was not let in in time.
        Late = "late",
        /// The warehouse did not answer.
        Unreachable = "unreachable",
    }
}

label! {
    /// How waiting for a session ended.
    Acquired of "outcome" {
        /// With a session.
        Got = "got",
        /// None came free in time.
        Busy = "busy",
        /// None could be opened.
        Failed = "failed",
        /// The caller left, or its time was over.
        Left = "left",
    }
}

label! {
    /// How a sign-in ended.
    SignIn of "outcome" {
        /// With a session.
        Ok = "ok",
        /// Snowflake said no.
        Refused = "refused",
        /// Not tried: Snowflake has just refused these credentials.
        Held = "held",
        /// Anything else, such as no connection.
        Failed = "failed",
    }
}

label! {
    /// Why a session was closed.
    Closed of "reason" {
        /// Unused for longer than `SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES`.
        Inactive = "inactive",
        /// Near the end of its validity.
        Age = "age",
        /// It broke, was lost, or a statement left it in a state nobody else may have.
        Unfit = "unfit",
        /// Its place was needed for a session of another role.
        Evicted = "evicted",
        /// The process is ending.
        Shutdown = "shutdown",
    }
}

label! {
    /// What a request to Snowflake is for.
    Endpoint of "endpoint" {
        /// Signing in.
        SignIn = "sign_in",
        /// Sending a statement.
        Query = "query",
        /// Asking for the result of a statement that takes long.
        Result = "result",
        /// Asking how far a statement is.
        Status = "status",
        /// Stopping a statement.
        Abort = "abort",
        /// Renewing a session's token.
        Renewal = "renewal",
        /// Keeping a session alive.
        Heartbeat = "heartbeat",
        /// Signing out.
        SignOut = "sign_out",
        /// Fetching a piece of a result from cloud storage.
        Chunk = "chunk",
        /// Anything else.
        Other = "other",
    }
}

impl Endpoint {
    /// What the request to this path is for; queries after `?` may be part of it.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or(path);
        match path {
            "/session/v1/login-request" => Self::SignIn,
            "/queries/v1/query-request" => Self::Query,
            "/queries/v1/abort-request" => Self::Abort,
            "/session/token-request" => Self::Renewal,
            "/session/heartbeat" => Self::Heartbeat,
            "/session" => Self::SignOut,
            _ if path.starts_with("/queries/") && path.ends_with("/abort-request") => Self::Abort,
            _ if path.starts_with("/monitoring/") => Self::Status,
            _ if path.starts_with("/queries/") => Self::Result,
            _ => Self::Other,
        }
    }
}

label! {
    /// How one attempt of a request to Snowflake ended.
    Reached of "outcome" {
        /// With a reply that could be read, whatever it says.
        Ok = "ok",
        /// With a status from 400 to 499.
        ClientError = "http_4xx",
        /// With a status of 500 or more.
        ServerError = "http_5xx",
        /// Without an answer.
        Network = "network",
        /// With something that is no reply, or a damaged one.
        Unreadable = "unreadable",
        /// Nobody waited for it any more.
        Left = "left",
    }
}

impl Reached {
    /// What an HTTP status that is no success counts as.
    #[must_use]
    pub fn status(status: u16) -> Self {
        if status >= 500 {
            Self::ServerError
        } else {
            Self::ClientError
        }
    }
}

label! {
    /// What became of something that was to be written or sent.
    Delivery of "outcome" {
        /// It arrived.
        Ok = "ok",
        /// It was given up.
        Failed = "failed",
        /// There was no room for it.
        Dropped = "dropped",
    }
}

label! {
    /// What is kept for a moment.
    Cache of "cache" {
        /// Answers about the catalog.
        Answers = "answers",
        /// Names that a misspelt one is compared with.
        Names = "names",
    }
}

label! {
    /// Whether a cache had what it was asked for.
    Lookup of "outcome" {
        /// It had.
        Hit = "hit",
        /// It had not.
        Miss = "miss",
    }
}

/// Names of a label that come from the settings. A hundred times the outcomes of a call are two thousand series.
const MOST_NAMES: usize = 100;

/// A value that is one of a few words, or one of the names in the settings: those are told once, when the process starts.
macro_rules! settled {
    ($(#[$outer:meta])* $name:ident of $label:literal, $($word:literal)|+, $names:ident) => {
        static $names: OnceLock<Vec<String>> = OnceLock::new();

        $(#[$outer])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name(&'static str);

        impl $name {
            /// Says which names there are. Any other counts as `other`.
            pub fn know(names: impl IntoIterator<Item = String>) {
                // A second start, which only tests make, keeps the first.
                let _ = $names.set(names.into_iter().take(MOST_NAMES).collect());
            }

            pub(super) fn of(name: &str) -> Self {
                let names = $names.get().map(Vec::as_slice).unwrap_or_default();
                let mut known = [$($word),+].into_iter().chain(names.iter().map(String::as_str));
                Self(known.find(|known| *known == name).unwrap_or(OTHER))
            }
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            /// Empty: the settings have them.
            const VALUES: &'static [&'static str] = &[];

            fn value(self) -> &'static str {
                self.0
            }
        }
    };
}

settled! {
    /// Who calls: without a key, on stdio, or the name of a key.
    Caller of "caller", "anonymous" | "local", CALLERS
}
settled! {
    /// The virtual warehouse that a call names, or `default` where it names none.
    VirtualWarehouse of "virtual_warehouse", "default", WAREHOUSES
}

/// The routes of both ports.
pub const ROUTES: &[&str] = &[
    "/mcp",
    "/livez",
    "/healthz",
    "/readyz",
    "/startupz",
    "/metrics",
    "/version",
    "/.well-known/oauth-protected-resource",
    OTHER,
];

/// HTTP's methods, as far as anybody uses them.
pub const HTTP_METHODS: &[&str] = &[
    "POST", "GET", "OPTIONS", "HEAD", "DELETE", "PUT", "PATCH", OTHER,
];

/// The statuses this service answers with; 499 is a client that left.
pub const STATUSES: &[&str] = &[
    "200", "202", "204", "301", "304", "400", "401", "403", "404", "405", "406", "408", "409",
    "413", "415", "421", "422", "429", "431", "499", "500", "501", "502", "503", "504", OTHER,
];

/// The requests MCP has.
pub const RPC_METHODS: &[&str] = &[
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "subscriptions/listen",
    "completion/complete",
    "logging/setLevel",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    OTHER,
];

/// The revisions of MCP that are served.
pub const REVISIONS: &[&str] = &[
    "2024-11-05",
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    "2026-07-28",
    "unknown",
    OTHER,
];

/// How a request of MCP ends: with a result, or one of JSON-RPC's errors. A tool that fails is a result; see `OUTCOMES`.
pub const RPC_OUTCOMES: &[&str] = &[
    "ok",
    "parse_error",
    "invalid_request",
    "method_not_found",
    "invalid_params",
    "internal_error",
    "unsupported_protocol_version",
    "missing_capability",
    "left",
    OTHER,
];

/// JSON-RPC's code as a word of [`RPC_OUTCOMES`].
#[must_use]
pub fn rpc_outcome(code: i32) -> &'static str {
    match code {
        -32700 => "parse_error",
        -32600 => "invalid_request",
        -32601 => "method_not_found",
        -32602 => "invalid_params",
        -32603 => "internal_error",
        -32022 => "unsupported_protocol_version",
        -32021 => "missing_capability",
        _ => OTHER,
    }
}

/// The tools. One that is missing here is counted as `other`; a test in `tests/it` compares the list with the tools there
/// are.
pub const TOOLS: &[&str] = &[
    "list_databases",
    "list_schemas",
    "list_tables",
    "list_views",
    "describe_table",
    "describe_view",
    "search_objects",
    "query_view",
    "execute_query",
    "query_status",
    "fetch_results",
    "cancel_query",
    "explain_query",
    "profile_table",
    "query_history",
    "query_profile",
    "show_context",
    OTHER,
];

/// How a call of a tool ends: `ok`, or a code of docs/errors.md. Compared with those codes by the same test.
pub const OUTCOMES: &[&str] = &[
    "ok",
    "invalid_argument",
    "statement_not_allowed",
    "sql_invalid",
    "object_not_found",
    "permission_denied",
    "result_too_large",
    "cost_limit",
    "query_timeout",
    "query_cancelled",
    "query_not_found",
    "cursor_invalid",
    "warehouse_busy",
    "warehouse_unreachable",
    "sign_in_refused",
    "rate_limited",
    "engine_limit",
    "internal",
    OTHER,
];

listed! {
    /// A route.
    Route of "route" in ROUTES
}
listed! {
    /// A method of HTTP.
    HttpMethod of "method" in HTTP_METHODS
}
listed! {
    /// A status of HTTP.
    Status of "status" in STATUSES
}
listed! {
    /// A request of MCP.
    RpcMethod of "method" in RPC_METHODS
}
listed! {
    /// A revision of MCP.
    Revision of "revision" in REVISIONS
}
listed! {
    /// How a request of MCP ends.
    RpcOutcome of "outcome" in RPC_OUTCOMES
}
listed! {
    /// A tool.
    Tool of "tool" in TOOLS
}
listed! {
    /// How a call ends.
    Outcome of "outcome" in OUTCOMES
}

/// The word of a list; its last one, `other`, for what the list does not have.
fn listed(words: &'static [&'static str], word: &str) -> &'static str {
    let found = words.iter().find(|known| **known == word);
    found.or(words.last()).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_does_not_have_is_other() {
        for words in [
            ROUTES,
            HTTP_METHODS,
            STATUSES,
            RPC_METHODS,
            REVISIONS,
            RPC_OUTCOMES,
            TOOLS,
            OUTCOMES,
        ] {
            assert_eq!(words.last(), Some(&OTHER));
            assert_eq!(listed(words, "no such word"), OTHER);
            assert_eq!(listed(words, words[0]), words[0]);
        }
    }

    #[test]
    fn a_path_says_what_a_request_is_for() {
        assert_eq!(Endpoint::of("/session?delete=true"), Endpoint::SignOut);
        assert_eq!(Endpoint::of("/queries/01-aa/result"), Endpoint::Result);
        assert_eq!(
            Endpoint::of("/queries/01-aa/abort-request"),
            Endpoint::Abort
        );
        assert_eq!(Endpoint::of("/queries/v1/query-request"), Endpoint::Query);
        assert_eq!(Endpoint::of("/anything"), Endpoint::Other);
    }
}
