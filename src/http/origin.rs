//! Which names this server answers to, and which web pages may call it.
//!
//! Two different dangers. *DNS rebinding*: a web page makes its own host name point at 127.0.0.1 and talks to the server on
//! the reader's machine as if it were its own. The `Host` header gives it away, so only known names are answered.
//! *Cross-origin calls*: a web page calls the server under its right name. The browser says so in `Origin`; pages that are
//! not on the list are refused and get no CORS headers. Programs send no `Origin` and are not concerned.
//!
//! Both checks are rmcp's, on `/mcp` only: probes may come by any name, such as a pod's address.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;

/// Stands for "any" in `ALLOWED_HOSTS` and `CORS_ORIGINS`.
const ANY: &str = "*";

/// An origin no browser can have, for a list that must refuse all of them: an empty one would let all of them in.
const NO_ORIGIN: &str = "https://no-browser-may-call.invalid:443";

/// The headers of MCP and its neighbours that a web page may send. Those a browser always allows need no mention.
const REQUEST_HEADERS: [&str; 12] = [
    "accept",
    "authorization",
    "baggage",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "traceparent",
    "tracestate",
    "x-api-key",
];

/// The headers a web page may read.
const ANSWER_HEADERS: [&str; 4] = [
    "mcp-protocol-version",
    "mcp-session-id",
    "retry-after",
    "www-authenticate",
];

/// How long a browser may remember what it was allowed: an hour, so that a corrected list is in force the same day.
const PREFLIGHT_SECONDS: usize = 3600;

/// The host names answered to, in the form rmcp compares. A name without a port stands for every port.
///
/// Empty means that the check is off, which only `ALLOWED_HOSTS=*` asks for.
pub(super) fn allowed_hosts(server_host: &str, more: &[String]) -> Vec<String> {
    if more.iter().any(|host| host.trim() == ANY) {
        return Vec::new();
    }
    let bare = server_host.trim_start_matches('[').trim_end_matches(']');
    // Listening on every address says nothing about the names we are called by.
    let own = (!matches!(bare, "0.0.0.0" | "::")).then(|| bare.to_owned());
    let local = ["localhost", "127.0.0.1", "::1"].map(ToOwned::to_owned);
    let more = more.iter().map(|host| host.trim().to_owned());
    let mut hosts: Vec<String> = Vec::new();
    for host in local.into_iter().chain(own).chain(more) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// The origins accepted, in the form rmcp compares: scheme, host and port. Empty means that the check is off.
pub(super) fn allowed_origins(origins: &[String]) -> Vec<String> {
    if origins.iter().any(|origin| origin == ANY) {
        return Vec::new();
    }
    if origins.is_empty() {
        return vec![NO_ORIGIN.to_owned()];
    }
    origins.iter().map(|origin| with_port(origin)).collect()
}

/// rmcp reads an origin without a port as "any port"; what the operator means is the scheme's own.
fn with_port(origin: &str) -> String {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return origin.to_owned();
    };
    // The last colon of `[::1]` belongs to the address.
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && !port.ends_with(']'));
    match scheme {
        "https" if !has_port => format!("{origin}:443"),
        "http" if !has_port => format!("{origin}:80"),
        _ => origin.to_owned(),
    }
}

/// The layer that answers preflight requests and adds the CORS headers. No cookies are ever involved.
pub(super) fn cors(origins: &[String]) -> Cors {
    let headers = |names: &[&'static str]| -> Vec<HeaderName> {
        names.iter().copied().map(HeaderName::from_static).collect()
    };
    let cors = Cors::default()
        .allowed_methods([Method::POST, Method::GET, Method::DELETE])
        .allowed_headers(headers(&REQUEST_HEADERS))
        .expose_headers(headers(&ANSWER_HEADERS))
        .max_age(PREFLIGHT_SECONDS);
    if origins.iter().any(|origin| origin == ANY) {
        return cors.allow_any_origin().send_wildcard();
    }
    origins.iter().fold(cors, |cors, origin| {
        // A trailing slash is a common slip, and no browser sends one.
        cors.allowed_origin(origin.trim_end_matches('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_names_are_always_answered_to() {
        let hosts = allowed_hosts("0.0.0.0", &["mcp.example.com".into()]);
        assert_eq!(hosts, ["localhost", "127.0.0.1", "::1", "mcp.example.com"]);
        assert_eq!(allowed_hosts("10.1.2.3", &[]).last().unwrap(), "10.1.2.3");
        assert!(!allowed_hosts("::", &[]).is_empty());
    }

    #[test]
    fn only_a_star_switches_the_host_check_off() {
        assert!(allowed_hosts("localhost", &["*".into()]).is_empty());
    }

    #[test]
    fn an_origin_without_a_port_means_the_port_of_its_scheme() {
        let origins = [
            "https://app.example.com",
            "http://localhost:3000",
            "http://[::1]",
        ]
        .map(ToOwned::to_owned);
        assert_eq!(
            allowed_origins(&origins),
            [
                "https://app.example.com:443",
                "http://localhost:3000",
                "http://[::1]:80"
            ]
        );
    }

    #[test]
    fn no_origins_at_all_refuses_every_browser() {
        assert_eq!(allowed_origins(&[]), [NO_ORIGIN]);
        assert!(allowed_origins(&["*".into()]).is_empty());
    }
}
