//! The short way for the two requests that agents send most: from the text of a `tools/call` or `tools/list` to the text of the
//! answer, without rmcp in between.
//!
//! rmcp tries to read a message as each of some thirty requests, builds results as trees of values, and passes each through
//! three tasks and two channels (docs/decisions/0014-what-calls-cost.md). Only requests go this way to which rmcp would give the
//! same answer: those of the revisions with a handshake that do not ask for progress. For all others, and for what cannot be
//! read, [`Direct::read`] returns `None`, and rmcp answers.

use std::sync::Arc;

use opentelemetry::Context;
use rmcp::ErrorData;
use rmcp::model::{
    JsonObject, JsonRpcError, JsonRpcResponse, JsonRpcVersion2_0, ProtocolVersion, RequestId,
    RequestMetaObject,
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::asked::Asked;
use super::handler::Handler;
use super::observed::Seen;
use super::running::SessionId;
use super::unserved::STATELESS_SINCE;
use crate::identity::Caller;
use crate::telemetry::call::Exchange;
use crate::telemetry::traces;

/// A request that can go the short way.
#[derive(Debug)]
pub struct Direct {
    id: RequestId,
    what: What,
}

#[derive(Debug)]
enum What {
    List,
    Call {
        tool: String,
        arguments: Option<JsonObject>,
        /// The parent of the call's span, if the message names one.
        parent: Option<Context>,
    },
}

/// The caller.
#[derive(Debug)]
pub struct Sender {
    /// By which name.
    pub caller: Caller,
    /// In which HTTP request.
    pub exchange: Option<Arc<Exchange>>,
    /// The session, in the revisions that have sessions.
    pub session: Option<SessionId>,
    /// In which revision of MCP, see [`revision_of`].
    pub revision: &'static str,
}

/// The revision that the request's header names, if it is one with a handshake.
#[must_use]
pub fn revision_of(header: Option<&str>) -> Option<&'static str> {
    // As rmcp does: a request without the header speaks the last revision that did not have it.
    let said = header.unwrap_or(ProtocolVersion::V_2025_03_26.as_str());
    let known = ProtocolVersion::KNOWN_VERSIONS.iter();
    known
        .map(ProtocolVersion::as_str)
        .find(|known| *known == said && *known < STATELESS_SINCE)
}

/// The fields of a message that are needed here.
#[derive(Deserialize)]
struct Wire {
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "_meta")]
    meta: Option<JsonObject>,
    name: Option<String>,
    arguments: Option<JsonObject>,
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

impl Direct {
    /// Reads a request of this method.
    #[must_use]
    pub fn read(method: &str, id: &RequestId, text: &[u8]) -> Option<Self> {
        // Only rmcp's handler knows the fixtures.
        if cfg!(feature = "conformance-fixtures") {
            return None;
        }
        let is_list = method == "tools/list";
        if !is_list && method != "tools/call" {
            return None;
        }
        // Whatever cannot be read here is rmcp's to refuse, so that there is one set of errors.
        let params = serde_json::from_slice::<Wire>(text).ok()?.params;
        let (meta, name, arguments) = match params {
            Some(params) => (params.meta, params.name, params.arguments),
            None => (None, None, None),
        };
        let meta = RequestMetaObject::from(meta.unwrap_or_default());
        // A version in the message means a revision without a handshake, and progress needs a stream: rmcp has both.
        if meta.protocol_version().is_some() || meta.get_progress_token().is_some() {
            return None;
        }
        let what = match is_list {
            true => What::List,
            false => What::Call {
                tool: name?,
                arguments,
                parent: traces::parent(meta.get_traceparent(), meta.get_tracestate()),
            },
        };
        Some(Self {
            id: id.clone(),
            what,
        })
    }
}

impl Handler {
    /// Answers a request with a JSON-RPC message. Dropping the future stops the call.
    pub async fn answer_directly(&self, request: Direct, sender: Sender) -> String {
        let id = request.id.clone();
        match request.what {
            What::List => {
                let seen = Seen::of_revision(self.metrics(), "tools/list", sender.revision.into());
                let answer = result(&id, |json| self.write_list(&sender.caller, json));
                let _ = seen.answered(Ok(()));
                answer
            }
            What::Call {
                tool,
                arguments,
                parent,
            } => {
                let gone = CancellationToken::new();
                let asked = Asked {
                    id: request.id,
                    caller: sender.caller,
                    exchange: sender.exchange,
                    session: sender.session,
                    revision: sender.revision.into(),
                    parent,
                    gone: gone.clone(),
                    progress: None,
                };
                let handler = self.clone();
                // In a task of its own, for two reasons: reading and writing would hold up the other requests of this actix
                // worker, and a call whose client has gone must still reach its end, where it is logged and counted.
                let work = async move { handler.answer_call(tool, arguments, asked).await };
                let task = self.runtime().spawn(work);
                // If the client leaves, this future is dropped, and the guard cancels the call.
                let guard = gone.drop_guard();
                let answered = task.await;
                // The call has ended, so dropping the guard must not count it as cancelled.
                guard.disarm();
                answered.unwrap_or_else(|_| {
                    let broken = "the server failed to answer this call";
                    error(&id, ErrorData::internal_error(broken, None))
                })
            }
        }
    }

    async fn answer_call(
        &self,
        tool: String,
        arguments: Option<JsonObject>,
        asked: Asked,
    ) -> String {
        let id = asked.id.clone();
        let revision = asked.revision.clone();
        let seen = Seen::of_revision(self.metrics(), "tools/call", revision);
        match seen.answered(self.run(&tool, arguments, asked).await) {
            Ok(Ok(reply)) => result(&id, |json| reply.write_result(json)),
            Ok(Err(failure)) => {
                let mut told = failure.into_result(self.is_structured());
                // A field of the revision without a handshake.
                told.result_type = None;
                let response = JsonRpcResponse {
                    jsonrpc: JsonRpcVersion2_0,
                    id,
                    result: told,
                };
                // Cannot fail: it holds only values that JSON has.
                serde_json::to_string(&response).unwrap_or_default()
            }
            Err(refused) => error(&id, refused),
        }
    }
}

fn result(id: &RequestId, write: impl FnOnce(&mut String)) -> String {
    let mut json = String::from(r#"{"jsonrpc":"2.0","id":"#);
    json.push_str(&serde_json::to_string(id).unwrap_or_default());
    json.push_str(r#","result":"#);
    write(&mut json);
    json.push('}');
    json
}

fn error(id: &RequestId, error: ErrorData) -> String {
    serde_json::to_string(&JsonRpcError::new(Some(id.clone()), error)).unwrap_or_default()
}
