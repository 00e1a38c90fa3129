//! What clients of OAuth look for at this server: the description of the resource, where there is an issuer (RFC 9728), and
//! else an answer that a person can use.
//!
//! Clients look for a description of the sign-in under `/.well-known/`, and when there is none they try to register at addresses
//! they guess. What they read there is shown to a person only if it has the form of an OAuth error. There is no authorization
//! server here: a 200 from one of its addresses, or a redirect, would have clients begin a sign-in that cannot end.

use actix_cors::Cors;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use super::answer::{self, Public};
use super::challenge::{WELL_KNOWN, path_of};
use crate::identity::Access;

/// Where they look: the description of the authorization server and of OpenID, each also with the path of MCP before or behind
/// it; and the addresses guessed.
const PATHS: [&str; 10] = [
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

/// How long a description may be kept: a changed setting is known everywhere within minutes.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The description of this resource. What is not there is left out.
#[derive(Debug, Serialize)]
struct Metadata<'a> {
    resource: &'a str,
    authorization_servers: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes_supported: &'a [String],
    bearer_methods_supported: [&'a str; 1],
    resource_name: &'a str,
}

/// How callers show who they are.
#[derive(Debug, Clone, Copy)]
enum SignIn {
    Nothing,
    Key,
    Issuer,
}

impl SignIn {
    fn of(access: &Access) -> Self {
        match (access.has_issuers(), access.is_needed()) {
            (true, _) => Self::Issuer,
            (false, true) => Self::Key,
            (false, false) => Self::Nothing,
        }
    }
}

/// The routes. `public_url` is the name of the resource.
pub(super) fn routes(routes: &mut web::ServiceConfig, access: &Access, public_url: Option<&str>) {
    if let Some(resource) = public_url {
        // Some clients ask at the root, some behind it the path they were given, whatever a challenge says.
        let mut paths = vec![
            WELL_KNOWN.to_owned(),
            format!("{WELL_KNOWN}/mcp"),
            format!("{WELL_KNOWN}{}", path_of(resource)),
        ];
        paths.sort();
        paths.dedup();
        for path in paths {
            let (resource, access) = (resource.to_owned(), access.clone());
            // Which issuers there are may change with CALLERS_FILE.
            let get = move || {
                let answer = match access.has_issuers() {
                    true => public(description(&resource, &access)),
                    false => not_here(SignIn::of(&access)),
                };
                async move { answer }
            };
            // It says nothing that not everybody may read, and pages of others look here before they may call.
            let cors = Cors::default()
                .allow_any_origin()
                .send_wildcard()
                .allow_any_header()
                .allowed_methods(["GET", "HEAD"]);
            routes.service(
                web::resource(path)
                    .wrap(cors)
                    .route(web::get().to(get.clone()))
                    .route(web::head().to(get))
                    .default_service(web::route().to(answer::method_not_allowed)),
            );
        }
    }
    let access = access.clone();
    let not_here = move || {
        let answer = not_here(SignIn::of(&access));
        async move { answer }
    };
    // Of two routes with one path the first counts.
    let described = [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/{{of:.*}}")];
    for path in PATHS.map(ToOwned::to_owned).into_iter().chain(described) {
        let not_here = not_here.clone();
        routes.service(web::resource(path).default_service(web::route().to(not_here)));
    }
}

fn description(resource: &str, access: &Access) -> String {
    let (now, scopes) = (access.now(), access.scopes());
    let metadata = Metadata {
        resource,
        authorization_servers: now
            .issuers()
            .map(|it| it.options().issuer.as_str())
            .collect(),
        scopes_supported: &scopes.supported,
        bearer_methods_supported: ["header"],
        resource_name: "Snowflake",
    };
    // Texts only: nothing that JSON cannot hold.
    serde_json::to_string(&metadata).unwrap_or_default()
}

fn public(text: String) -> HttpResponse {
    let mut answer = HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, KEPT))
        .body(text);
    answer.extensions_mut().insert(Public);
    answer
}

fn not_here(sign_in: SignIn) -> HttpResponse {
    // Without quotation marks, which `error_description` may not have (RFC 6749, 5.2).
    let (message, hint) = match sign_in {
        SignIn::Issuer => (
            "this server is not an authorization server",
            "read /.well-known/oauth-protected-resource for where to sign in; clients must not ask this server for tokens",
        ),
        SignIn::Key => (
            "this server takes an API key, not OAuth",
            "send Authorization: Bearer <API key> with every request: put that header into the settings of your client; the person who runs the server has the key",
        ),
        SignIn::Nothing => (
            "this server has no OAuth and needs no sign-in",
            "call POST /mcp without signing in",
        ),
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
