//! `POST /mcp`: rmcp's Streamable HTTP transport, set up for a server of which any replica can answer.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage;
use rmcp::model::Extensions;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp_actix_web::transport::{StreamableHttpService, on_request_extensions};
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::identity::Caller;
use crate::mcp::Handler;
use crate::telemetry::call::Exchange;

/// The transport, ready to be mounted by every worker. Clones share everything.
pub(super) type Service = StreamableHttpService<Handler, NeverSessionManager>;

/// How often a silent stream is kept alive: well inside the 60 s after which proxies usually give up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `cut` ends what is still unanswered when it is cancelled: waiting requests get an error, streams end.
pub(super) fn service(
    handler: Handler,
    server: &config::Server,
    cut: CancellationToken,
) -> Service {
    StreamableHttpService::builder()
        // Called for every request: the handler must be a cheap clone.
        .service_factory(Arc::new(move || Ok(handler.clone())))
        .session_manager(Arc::new(NeverSessionManager::default()))
        // No sessions: the next request of a client may reach another replica.
        .stateful_mode(false)
        // One JSON answer, unless the tool reports progress first; then it becomes a stream by itself.
        .json_response(true)
        .sse_keep_alive(KEEP_ALIVE)
        // Checked by `origin` and `door` before a request comes here.
        .allowed_hosts(Vec::new())
        .allowed_origins(Vec::new())
        .max_request_body_bytes(max_body_bytes(server))
        .cancellation_token(cut)
        // The only way for what the layers found out to reach the handler: rmcp makes the request
        // anew.
        .on_request_fn(|request, extensions| {
            if let Some(caller) = request.extensions().get::<Caller>() {
                extensions.insert(caller.clone());
            }
            if let Some(exchange) = request.extensions().get::<Arc<Exchange>>() {
                extensions.insert(Arc::clone(exchange));
            }
        })
        .build()
}

/// `MAX_REQUEST_BYTES`.
pub(super) fn max_body_bytes(server: &config::Server) -> usize {
    usize::try_from(*server.max_body_bytes).unwrap_or(usize::MAX)
}

/// The HTTP request itself, for its line in the log and its span.
#[must_use]
pub fn exchange(extensions: &Extensions) -> Option<Arc<Exchange>> {
    on_request_extensions(extensions)?
        .get::<Arc<Exchange>>()
        .cloned()
}

/// Who sent the request these extensions belong to; the hook above put it there.
#[must_use]
pub fn caller(extensions: &Extensions) -> Option<Caller> {
    on_request_extensions(extensions)?.get::<Caller>().cloned()
}
