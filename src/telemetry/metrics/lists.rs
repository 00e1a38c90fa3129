//! The values of labels that come as text: what is not in the list is `other`.

use std::sync::{PoisonError, RwLock};

use super::label::{Label, OTHER};
use crate::telemetry::codes::OUTCOMES;

/// A label whose values are a fixed list; its value comes as text.
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

/// A label whose values are a few words, and names that `app` registers: at the start, and when a file brings more.
macro_rules! settled {
    ($(#[$outer:meta])* $name:ident of $label:literal, [$($word:literal),*], $names:ident) => {
        static $names: RwLock<Vec<&'static str>> = RwLock::new(Vec::new());

        $(#[$outer])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name(&'static str);

        impl $name {
            /// Registers names, in addition to those before. Any other counts as `other`, and so do names beyond
            /// [`MOST_NAMES`]. A name that is no longer registered keeps its place, because its series exist.
            pub fn know(names: impl IntoIterator<Item = String>) {
                let mut known = $names.write().unwrap_or_else(PoisonError::into_inner);
                for name in names {
                    if known.len() < MOST_NAMES && !known.contains(&name.as_str()) {
                        // Never freed: there are few, and a label's text must live as long as its series.
                        known.push(Box::leak(name.into_boxed_str()));
                    }
                }
            }

            pub(in crate::telemetry::metrics) fn of(name: &str) -> Self {
                let names = $names.read().unwrap_or_else(PoisonError::into_inner);
                let mut known = [$($word),*].into_iter().chain(names.iter().copied());
                Self(known.find(|known| *known == name).unwrap_or(OTHER))
            }
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            /// Empty: the values are registered.
            const VALUES: &'static [&'static str] = &[];

            fn value(self) -> &'static str {
                self.0
            }
        }
    };
}

/// Names that a label can register. A hundred names times the outcomes of a call are two thousand series.
const MOST_NAMES: usize = 100;

settled! {
    /// A tool: a name of the registry.
    Tool of "tool", [], TOOLS
}
settled! {
    /// Who calls: without a key, on stdio, or the name of a key.
    Caller of "caller", ["anonymous", "local"], CALLERS
}
settled! {
    /// The virtual warehouse that a call names, or `default` where it names none.
    VirtualWarehouse of "virtual_warehouse", ["default"], WAREHOUSES
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
    "abandoned",
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
    /// How a call ends.
    Outcome of "outcome" in OUTCOMES
}

/// The word if the list has it, or else the list's last word, `other`.
#[must_use]
pub fn listed(words: &'static [&'static str], word: &str) -> &'static str {
    let found = words.iter().find(|known| **known == word);
    found.or(words.last()).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(unreachable_pub, reason = "the macro is for what others use")]
    fn names_are_added_until_there_are_enough() {
        settled! {
            /// Of a test.
            Named of "named", ["nobody"], NAMED
        }
        Named::know(["a".to_owned(), "b".to_owned()]);
        Named::know(["b".to_owned(), "c".to_owned()]);
        let known: Vec<_> = ["a", "b", "c", "nobody", "d"]
            .map(|name| Named::of(name).0)
            .into();
        assert_eq!(known, ["a", "b", "c", "nobody", OTHER]);
        Named::know((0..2 * MOST_NAMES).map(|number| format!("n{number}")));
        assert_eq!(NAMED.read().unwrap().len(), MOST_NAMES);
        assert_eq!((Named::of("n1").0, Named::of("n150").0), ("n1", OTHER));
        assert_eq!(Named::of("a").0, "a", "those before stay");
    }

    #[test]
    fn what_a_list_does_not_have_is_other() {
        for words in [
            ROUTES,
            HTTP_METHODS,
            STATUSES,
            RPC_METHODS,
            REVISIONS,
            RPC_OUTCOMES,
            OUTCOMES,
        ] {
            assert_eq!(words.last(), Some(&OTHER));
            assert_eq!(listed(words, "no such word"), OTHER);
            assert_eq!(listed(words, words[0]), words[0]);
        }
    }
}
