//! What belongs to a call besides its tool and arguments, whether it came through rmcp or not.

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

/// The caller, its request and its client.
pub(super) struct Asked {
    /// The client's number for the call.
    pub(super) id: RequestId,
    /// Who calls.
    pub(super) caller: Caller,
    /// The HTTP request of the call; none on stdio.
    pub(super) exchange: Option<Arc<Exchange>>,
    /// The session it belongs to, in the revisions that have sessions.
    pub(super) session: Option<SessionId>,
    /// The revision of MCP the client speaks.
    pub(super) revision: Cow<'static, str>,
    /// The parent of the call's span, if the message names one.
    pub(super) parent: Option<Context>,
    /// Cancelled as soon as nobody waits for the answer.
    pub(super) gone: CancellationToken,
    /// Where to send signs of progress, if the client wants them.
    pub(super) progress: Option<(Peer<RoleServer>, ProgressToken)>,
}

impl Asked {
    /// From a call that came through rmcp.
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
