//! Events of rmcp that sound like errors of this server and are none.

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// Hides two kinds of events of rmcp, and no others.
///
/// An ERROR when a client has gone before its answer: the lines of the call and of its request say that already
/// (`query_cancelled`, 499). A WARN when a request is answered with an error: the mistake is the client's, the text may be the
/// client's as well, and defects of this server have a line of their own.
pub(super) struct Departures;

impl<S: tracing::Subscriber> Filter<S> for Departures {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // tracing-subscriber 0.3.23 wants a filter that looks at events to be asked about their place in the source first.
        match is_complaint(metadata) {
            true => Interest::sometimes(),
            false => Interest::always(),
        }
    }

    fn event_enabled(&self, event: &tracing::Event<'_>, _: &Context<'_, S>) -> bool {
        if !is_complaint(event.metadata()) {
            return true;
        }
        let mut said = Said::default();
        event.record(&mut said);
        !said.is_departure() && !said.is_answer()
    }
}

fn is_complaint(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::WARN && metadata.target() == "rmcp::service"
}

/// What an event of rmcp says.
#[derive(Default)]
struct Said {
    message: String,
    error: String,
}

impl Said {
    /// A request was answered with an error.
    fn is_answer(&self) -> bool {
        self.message == "response error"
    }

    /// The answer could not be delivered, because the client has left.
    fn is_departure(&self) -> bool {
        let could_not_answer = matches!(
            self.message.as_str(),
            "failed to send pending response during drain" | "fail to response message"
        );
        could_not_answer && self.error == "channel closed"
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "error" => self.error = format!("{value:?}"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_has_gone_is_no_error() {
        let says = |message: &str, error: &str| {
            let said = Said {
                message: message.to_owned(),
                error: error.to_owned(),
            };
            said.is_departure()
        };
        let late = "failed to send pending response during drain";
        assert!(says(late, "channel closed"));
        assert!(!says(late, "the answer could not be written down"));
        assert!(!says("response send task failed", "channel closed"));
    }

    #[test]
    fn a_mistake_of_a_client_is_no_warning() {
        let said = Said {
            message: "response error".to_owned(),
            error: "ErrorData { code: ErrorCode(-32601) }".to_owned(),
        };
        assert!(said.is_answer());
        assert!(!Said::default().is_answer());
    }
}
