//! Counts every request of MCP, whichever method it is: how many, how long, and how many are in flight.
//!
//! A method of the handler makes a [`Seen`] first and reports the answer to it last; `direct` does the same. Requests
//! that rmcp answers by itself, such as invalid messages, are counted only as HTTP requests.

use std::borrow::Cow;
use std::time::Instant;

use rmcp::ErrorData;
use rmcp::model::ProtocolVersion;
use rmcp::service::{RequestContext, RoleServer};

use crate::telemetry::metrics::lists::rpc_outcome;
use crate::telemetry::metrics::{Held, Metrics};

/// The header with the revision, for messages that do not name it.
const REVISION_HEADER: &str = "mcp-protocol-version";

/// A request in flight. It is counted when dropped: the transport drops a request whose client has gone.
pub(super) struct Seen<'a> {
    metrics: &'a Metrics,
    method: &'static str,
    revision: Cow<'static, str>,
    outcome: &'static str,
    started: Instant,
    _in_flight: Held,
}

impl<'a> Seen<'a> {
    /// A request has come in. Its revision is the one that the message, the header or the start of the session names.
    pub(super) fn new(
        metrics: &'a Metrics,
        method: &'static str,
        context: &RequestContext<RoleServer>,
    ) -> Self {
        Self::of_revision(metrics, method, revision(context))
    }

    /// The same for a request that names the revision it wants.
    pub(super) fn wanting(
        metrics: &'a Metrics,
        method: &'static str,
        version: &ProtocolVersion,
    ) -> Self {
        Self::of_revision(metrics, method, version.as_str().to_owned().into())
    }

    /// The same for one whose revision is known.
    pub(super) fn of_revision(
        metrics: &'a Metrics,
        method: &'static str,
        revision: Cow<'static, str>,
    ) -> Self {
        Self {
            metrics,
            method,
            revision,
            outcome: "abandoned",
            started: Instant::now(),
            _in_flight: metrics.rpc_started(),
        }
    }

    /// Notes the answer, and passes it on.
    pub(super) fn answered<T>(mut self, answer: Result<T, ErrorData>) -> Result<T, ErrorData> {
        self.outcome = match &answer {
            Ok(_) => "ok",
            Err(error) => rpc_outcome(error.code.0),
        };
        answer
    }
}

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        self.metrics.rpc_finished(
            self.method,
            &self.revision,
            self.outcome,
            self.started.elapsed(),
        );
    }
}

/// Words that the metrics do not know are counted as `other`.
pub(super) fn revision(context: &RequestContext<RoleServer>) -> Cow<'static, str> {
    let parts = context.extensions.get::<http::request::Parts>();
    let header = parts.and_then(|parts| parts.headers.get(REVISION_HEADER)?.to_str().ok());
    let said = context.meta.protocol_version();
    let said = said.as_ref().map(ProtocolVersion::as_str).or(header);
    match said {
        Some(revision) => revision.to_owned().into(),
        None => match context.protocol_version() {
            Some(version) => version.as_str().to_owned().into(),
            None => "unknown".into(),
        },
    }
}
