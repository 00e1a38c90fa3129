//! Answers of the HTTP layer itself: one shape for every refusal, the same words the tools use for theirs.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::json;

use crate::telemetry;

/// Why a request got no further than the front door.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Refusal {
    /// A word to branch on.
    pub(super) code: &'static str,
    /// What is wrong. Never repeats anything the client sent.
    pub(super) message: &'static str,
    /// What to do about it.
    pub(super) hint: &'static str,
}

impl Refusal {
    /// An answer with this body; headers may be added before it is sent.
    pub(super) fn answer(
        self,
        status: StatusCode,
        add: impl FnOnce(&mut HttpResponseBuilder),
    ) -> HttpResponse {
        let mut answer = HttpResponse::build(status);
        add(&mut answer);
        answer.json(self)
    }
}

/// Any path without a route.
pub(super) async fn not_found(_request: HttpRequest) -> HttpResponse {
    let refusal = Refusal {
        code: "not_found",
        message: "there is nothing at this path",
        hint: "MCP is at POST /mcp; probes are /livez, /readyz and /startupz, on MANAGEMENT_PORT when it is set",
    };
    refusal.answer(StatusCode::NOT_FOUND, |_| {})
}

/// A known path with a method it does not have.
pub(super) async fn method_not_allowed() -> HttpResponse {
    let refusal = Refusal {
        code: "method_not_allowed",
        message: "this path answers GET and HEAD only",
        hint: "MCP is at POST /mcp",
    };
    refusal.answer(StatusCode::METHOD_NOT_ALLOWED, |answer| {
        answer.insert_header(("Allow", "GET, HEAD"));
    })
}

/// `GET /version`: which build this is.
pub(super) async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "name": "snowflake-mcp",
        "version": telemetry::VERSION,
        "revision": telemetry::REVISION,
    }))
}
