//! Methods of MCP that this server does not have. The errors say which ones it has.

use rmcp::ErrorData;
use rmcp::model::ErrorCode;

/// The revision without a handshake, sessions, ping and subscriptions to resources.
pub const STATELESS_SINCE: &str = "2026-07-28";

#[expect(deprecated, reason = "clients of older revisions still ask for it")]
pub(super) type SetLevelParams = rmcp::model::SetLevelRequestParams;

/// Methods that [`STATELESS_SINCE`] removed.
const TAKEN_AWAY: [&str; 5] = [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
];

/// Methods of every revision. rmcp reports a request for one of them as unknown if its params could not be read.
const SERVED: [&str; 9] = [
    "server/discover",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
];

/// Characters of a name that an error repeats.
pub(super) const NAME_CHARS: usize = 64;

/// Why there is no answer: the method does not exist, in this revision or at all, or its params could not be read.
pub(super) fn unanswered(method: &str, revision: &str) -> ErrorData {
    // Compared as texts: revisions are dates.
    let was_taken_away = TAKEN_AWAY.contains(&method) && revision >= STATELESS_SINCE;
    let is_served = SERVED.contains(&method) || ["initialize", "ping"].contains(&method);
    if was_taken_away || !is_served {
        return ErrorData::new(
            ErrorCode::METHOD_NOT_FOUND,
            not_found(method, revision),
            None,
        );
    }
    let message = match method {
        "tools/call" => {
            "the params of tools/call could not be read: expected {\"name\": a text, \"arguments\": an object}".to_owned()
        }
        "prompts/get" => {
            "the params of prompts/get could not be read: expected {\"name\": a text, \"arguments\": an object of texts}".to_owned()
        }
        "resources/read" => {
            "the params of resources/read could not be read: expected {\"uri\": a text}".to_owned()
        }
        "completion/complete" => {
            "the params of completion/complete could not be read: expected {\"ref\": {\"type\": \"ref/prompt\", \"name\": a text} or {\"type\": \
             \"ref/resource\", \"uri\": a text}, \"argument\": {\"name\": a text, \"value\": a text}}"
                .to_owned()
        }
        "initialize" => {
            "the params of initialize could not be read: expected {\"protocolVersion\": a text, \"capabilities\": an object, \
             \"clientInfo\": {\"name\": a text, \"version\": a text}}"
                .to_owned()
        }
        _ => format!("the params of {method} could not be read: expected an object"),
    };
    ErrorData::invalid_params(message, None)
}

/// The error's text for a method that does not exist.
#[must_use]
pub fn not_found(method: &str, revision: &str) -> String {
    let name: String = method.chars().take(NAME_CHARS).collect();
    let is_stateless = revision >= STATELESS_SINCE;
    let there_is = if is_stateless {
        "this server has server/discover, tools/list, tools/call, and lists and reads of prompts and resources"
    } else {
        "this server has initialize, ping, tools/list, tools/call, and lists and reads of prompts and resources"
    };
    if is_stateless && TAKEN_AWAY.contains(&method) {
        return format!(
            "there is no {name} in revision {STATELESS_SINCE} of MCP, which this request uses; {there_is}"
        );
    }
    let kind = method.split_once('/').map_or(method, |(kind, _)| kind);
    let reason = match kind {
        "resources" => "this server sends no notifications when resources change",
        "logging" => "no log messages are sent to clients",
        "tasks" => "follow a long statement with the tools query_status and fetch_results",
        "subscriptions" => "this server has nothing to subscribe to",
        _ => return format!("there is no method {name}; {there_is}"),
    };
    format!("there is no {name}: {reason}; {there_is}")
}

/// The methods that rmcp's default handler would refuse with their names only.
macro_rules! unserved_methods {
    ($($name:ident, $params:ty, $result:ty, $method:literal;)+) => {
        $(
            async fn $name(&self, _: $params, context: RequestContext<RoleServer>) -> Result<$result, ErrorData> {
                let seen = Seen::new(self.metrics(), $method, &context);
                seen.answered(Err(unserved::unanswered($method, &revision(&context))))
            }
        )+
    };
}
pub(super) use unserved_methods;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        for method in [
            "resources/subscribe",
            "prompts/nope",
            "logging/setLevel",
            "tasks/get",
            "subscriptions/listen",
            "no/such",
        ] {
            for revision in ["2025-06-18", "2026-07-28"] {
                let error = unanswered(method, revision);
                assert_eq!(error.code, ErrorCode::METHOD_NOT_FOUND, "{method}");
                assert!(error.message.contains(method), "{}", error.message);
                assert!(error.message.contains("tools/list"), "{}", error.message);
            }
        }
        for kind in ["", "prompts/"] {
            let long = kind.to_owned() + &"x".repeat(100_000);
            assert!(not_found(&long, "2025-06-18").len() < 250);
        }
    }

    #[test]
    fn what_a_revision_took_away_is_there_before_it() {
        for method in ["initialize", "ping"] {
            let before = unanswered(method, "2025-11-25");
            assert_eq!(before.code, ErrorCode::INVALID_PARAMS, "{method}");
            let after = unanswered(method, "2026-07-28");
            assert_eq!(after.code, ErrorCode::METHOD_NOT_FOUND, "{method}");
            assert!(after.message.contains("2026-07-28"), "{}", after.message);
        }
    }
}
