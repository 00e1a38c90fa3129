//! Answers of the HTTP layer itself: one shape for every refusal, the same words the tools use for theirs.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde::Serialize;
use serde_json::json;

use crate::telemetry;

/// Why the HTTP layer refuses a request.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Refusal {
    /// A code for programs.
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

/// The layer outside of those that refuse in plain text. Such a refusal can only be of a preflight request.
pub(super) async fn in_json(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    // Refusals of our own are in JSON already; those of actix and of its CORS layer are text.
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let status = response.status();
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return Ok(response.map_into_left_body());
    }
    let refusal = if response.request().method() == Method::OPTIONS {
        PREFLIGHT
    } else if status.is_server_error() {
        FAILED
    } else {
        UNREADABLE
    };
    let (request, response) = response.into_parts();
    let mut answer = refusal.answer(status, |_| {});
    // `Allow` and the headers of CORS belong to the refusal: without them a browser hides it from
    // its page.
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(request, answer).map_into_right_body())
}

/// Marks an answer that caches may keep, and that sets its own caching headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Public;

/// Marks a port whose answers tell browsers to come by HTTPS only (RFC 6797).
#[derive(Debug, Clone, Copy)]
pub(super) struct OnlyHttps;

/// A year, as browsers' own lists ask for. Not for subdomains: they may belong to others.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The layer of all answers: rows and errors are for the caller only, so no cache keeps them and no browser treats them as a
/// page.
///
/// No path of ours has a character that must be escaped. One that is escaped all the same is meant to pass a proxy that knows
/// the path by its plain name, such as `/%6detrics`.
pub(super) async fn guarded(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = if request.uri().path().contains('%') {
        let answer = NOT_FOUND.answer(StatusCode::NOT_FOUND, |_| {});
        request.into_response(answer).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let is_public = response.response().extensions().contains::<Public>();
    let is_https = response
        .request()
        .app_data::<web::Data<OnlyHttps>>()
        .is_some();
    let headers = response.headers_mut();
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
    }
    if !is_public {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Ok(response)
}

const PREFLIGHT: Refusal = Refusal {
    code: "origin_not_allowed",
    message: "a web page asked whether it may call this server, and it may not",
    hint: "add the page's origin to CORS_ORIGINS of the server; a page may POST with the headers of MCP, Authorization and X-API-Key",
};

pub(super) const FAILED: Refusal = Refusal {
    code: "internal",
    message: "the server failed to answer this request",
    hint: "send it again; the person who runs this server finds the cause in its log",
};

const UNREADABLE: Refusal = Refusal {
    code: "bad_request",
    message: "the request cannot be read",
    hint: "MCP is spoken with POST /mcp, a JSON body and `Content-Type: application/json`",
};

const NOT_FOUND: Refusal = Refusal {
    code: "not_found",
    message: "there is nothing at this path",
    hint: "MCP is at POST /mcp; probes are /livez, /readyz and /startupz, on MANAGEMENT_PORT when it is set",
};

/// Any path without a route.
pub(super) async fn not_found(_request: HttpRequest) -> HttpResponse {
    NOT_FOUND.answer(StatusCode::NOT_FOUND, |_| {})
}

/// A known path with a method it does not have.
pub(super) async fn method_not_allowed() -> HttpResponse {
    let refusal = Refusal {
        code: "method_not_allowed",
        message: "this path answers only GET and HEAD",
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
