//! What clients ask for that were refused without a key and go on to look for OAuth.
//!
//! They look for a description of the sign-in under `/.well-known/`, and when there is none they try to register at addresses
//! they guess. What they read there is shown to a person only if it has the form of an OAuth error, hence these answers.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

/// Where they look: the description of the resource, of the authorization server and of OpenID, each also with the path of MCP
/// before or behind it; and the addresses guessed.
const PATHS: [&str; 12] = [
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/{of:.*}",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/{of:.*}",
    "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/{of:.*}",
    "/mcp/.well-known/{of:.*}",
    "/register",
    "/authorize",
    "/token",
    "/mcp/register",
    "/mcp/token",
];

/// Answers them all.
pub(super) fn probes(routes: &mut web::ServiceConfig, are_keys_needed: bool) {
    for path in PATHS {
        let answer = move || async move { not_here(are_keys_needed) };
        routes.service(web::resource(path).default_service(web::route().to(answer)));
    }
}

fn not_here(are_keys_needed: bool) -> HttpResponse {
    // Without quotation marks, which `error_description` may not have (RFC 6749, 5.2).
    let (message, hint) = if are_keys_needed {
        (
            "this server takes an API key, not OAuth",
            "send Authorization: Bearer <API key> with every request: put that header into the settings of your client; whoever \
             runs the server has the key",
        )
    } else {
        (
            "this server has no OAuth and needs no sign-in",
            "call POST /mcp without signing in",
        )
    };
    HttpResponse::build(StatusCode::NOT_FOUND).json(json!({
        "code": "not_found",
        "message": message,
        "hint": hint,
        // RFC 6749, 5.2 and RFC 7591, 3.2.2.
        "error": "invalid_request",
        "error_description": format!("{message}: {hint}"),
    }))
}
