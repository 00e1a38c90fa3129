//! What a call comes with besides its tool and arguments, whichever way it comes.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::Context;
use rmcp::model::{ProgressToken, RequestId};
use rmcp::service::{Peer, RequestContext, RoleServer};
use tokio_util::sync::CancellationToken;

use super::observed::revision;
use super::running::{SessionId, session};
use crate::identity::Caller;
use crate::telemetry::call::Exchange;
use crate::telemetry::traces;

/// Who asks, and how to reach them.
pub(super) struct Asked {
    /// The client's number for the call.
    pub(super) id: RequestId,
    /// Who calls.
    pub(super) caller: Caller,
    /// The HTTP request that brings it; stdio has none.
    pub(super) exchange: Option<Arc<Exchange>>,
    /// The conversation it belongs to, in the revisions that have sessions.
    pub(super) session: Option<SessionId>,
    /// The revision of MCP the client speaks.
    pub(super) revision: Cow<'static, str>,
    /// What the message names as its parent.
    pub(super) parent: Option<Context>,
    /// Cancelled when nobody waits for the answer any more.
    pub(super) gone: CancellationToken,
    /// Where the client wants to hear that it goes on.
    pub(super) progress: Option<(Peer<RoleServer>, ProgressToken)>,
}

impl Asked {
    /// By way of rmcp.
    pub(super) fn of(
        context: &RequestContext<RoleServer>,
        caller: Caller,
        exchange: Option<Arc<Exchange>>,
    ) -> Self {
        let meta = &context.meta;
        let token = meta.get_progress_token();
        Self {
            id: context.id.clone(),
            caller,
            exchange,
            session: session(context),
            revision: revision(context),
            parent: traces::parent(meta.get_traceparent(), meta.get_tracestate()),
            gone: context.ct.clone(),
            progress: token.map(|token| (context.peer.clone(), token)),
        }
    }
}
