//! Which names this server answers to, and which web pages may call it.
//!
//! Two different dangers. *DNS rebinding*: a web page makes its own host name point at 127.0.0.1 and talks to the server on
//! the reader's machine as if it were its own. The `Host` header gives it away, so only known names are answered.
//! *Cross-origin calls*: a web page calls the server under its right name. The browser says so in `Origin`; pages that are
//! not on the list are refused and get no CORS headers. Programs send no `Origin` and are not concerned.
//!
//! Both checks are made on `/mcp` only: probes may come by any name, such as a pod's address. rmcp has the same checks, behind
//! that of keys and with refusals in plain text; here they come first.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use actix_cors::Cors;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web;
use http::uri::Authority;
use tracing::warn;

use super::answer::Refusal;

/// Means "any" in `ALLOWED_HOSTS` and `CORS_ORIGINS`.
const ANY: &str = "*";

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

/// The names and the pages that are known. A cheap clone.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// `None` if any name is accepted, which is the case only with `ALLOWED_HOSTS=*`.
    hosts: Option<Arc<[Host]>>,
    pages: Pages,
}

/// The pages that may call. A cheap clone.
#[derive(Debug, Clone)]
pub(super) enum Pages {
    /// All origins: `CORS_ORIGINS=*` if callers need a key, or if `ALLOW_ANY_ORIGIN` is set.
    Any,
    /// Origins on this machine, on any port: `CORS_ORIGINS=*` if no key is required. A page from elsewhere could
    /// otherwise query the account of the person who opens it.
    Local,
    /// Those of the list.
    Listed(Arc<[Origin]>),
}

/// A name, and its port if it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<u16>,
}

/// A scheme, a name and a port; the port is the scheme's own where none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: Host,
}

const FOREIGN_HOST: Refusal = Refusal {
    code: "host_not_allowed",
    message: "this server does not accept the name in the request's Host header",
    hint: "use a name that it accepts, or add this one to ALLOWED_HOSTS of the server; localhost and 127.0.0.1 are always accepted",
};

const NO_HOST: Refusal = Refusal {
    code: "bad_request",
    message: "the request has no Host header, or none that can be read",
    hint: "send one Host header with a name in ALLOWED_HOSTS of the server",
};

const FOREIGN_ORIGIN: Refusal = Refusal {
    code: "origin_not_allowed",
    message: "web pages of this origin may not call this server",
    hint: "add the page's origin to CORS_ORIGINS of the server; programs other than browsers send no Origin header",
};

/// The middleware of the `/mcp` scope. Outside of the check of keys: a page that may not call learns nothing of keys.
pub(super) async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let refused = match request.app_data::<web::Data<Known>>() {
        Some(known) => known.judge(&request).err(),
        // Cannot happen, because the routes put it there. If it did, refusing is safe.
        None => Some((StatusCode::FORBIDDEN, FOREIGN_HOST)),
    };
    match refused {
        None => Ok(next.call(request).await?.map_into_left_body()),
        Some((status, refusal)) => {
            let answer = refusal.answer(status, |_| {});
            Ok(request.into_response(answer).map_into_right_body())
        }
    }
}

impl Known {
    pub(super) fn new(server_host: &str, hosts: &[String], pages: Pages) -> Self {
        let hosts = allowed_hosts(server_host, hosts);
        Self {
            hosts: hosts.map(|hosts| hosts.iter().filter_map(|host| Host::read(host)).collect()),
            pages,
        }
    }

    fn judge(&self, request: &ServiceRequest) -> Result<(), (StatusCode, Refusal)> {
        let headers = request.headers();
        if let Some(known) = &self.hosts {
            let mut said = headers.get_all(header::HOST);
            let host = match (said.next(), said.next()) {
                (Some(host), None) => host.to_str().ok().and_then(Host::read),
                _ => None,
            };
            let Some(host) = host else {
                return Err((StatusCode::BAD_REQUEST, NO_HOST));
            };
            if !known.iter().any(|known| known.covers(&host)) {
                warn!(
                    host = host.shown(),
                    "a request by a name outside ALLOWED_HOSTS was refused"
                );
                return Err((StatusCode::FORBIDDEN, FOREIGN_HOST));
            }
        }
        for said in headers.get_all(header::ORIGIN) {
            if !self.pages.include(said) {
                warn!("a request of a web page outside CORS_ORIGINS was refused");
                return Err((StatusCode::FORBIDDEN, FOREIGN_ORIGIN));
            }
        }
        Ok(())
    }

    /// The layer that answers preflight requests and adds the CORS headers. No cookies are ever involved.
    pub(super) fn cors(&self) -> Cors {
        let headers = |names: &[&'static str]| -> Vec<HeaderName> {
            names.iter().copied().map(HeaderName::from_static).collect()
        };
        let cors = Cors::default()
            .allowed_methods([Method::POST, Method::GET, Method::DELETE])
            .allowed_headers(headers(&REQUEST_HEADERS))
            .expose_headers(headers(&ANSWER_HEADERS))
            .max_age(PREFLIGHT_SECONDS);
        match &self.pages {
            Pages::Any => cors.allow_any_origin().send_wildcard(),
            pages => {
                let pages = pages.clone();
                cors.allowed_origin_fn(move |origin, _| pages.include(origin))
            }
        }
    }
}

impl Pages {
    /// The origins of `CORS_ORIGINS`. `*` means every page only if `may_be_any`.
    pub(super) fn read(origins: &[String], may_be_any: bool) -> Self {
        match origins.iter().any(|origin| origin == ANY) {
            true if may_be_any => Self::Any,
            true => Self::Local,
            false => Self::Listed(origins.iter().filter_map(|it| Origin::read(it)).collect()),
        }
    }

    fn include(&self, said: &HeaderValue) -> bool {
        let origin = || said.to_str().ok().and_then(Origin::read);
        match self {
            Self::Any => true,
            Self::Local => origin().is_some_and(|origin| origin.is_local()),
            Self::Listed(known) => origin().is_some_and(|origin| known.contains(&origin)),
        }
    }
}

impl Host {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            // Written without its brackets, as operators do.
            let name = address.to_string();
            return Some(Self { name, port: None });
        }
        let authority = Authority::try_from(text).ok()?;
        let name = authority.host();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let name = match bare.parse::<Ipv6Addr>() {
            Ok(address) => address.to_string(),
            Err(_) => bare.to_ascii_lowercase(),
        };
        let port = authority.port_u16();
        (!name.is_empty()).then_some(Self { name, port })
    }

    /// Whether a request that names `other` is meant for this host.
    fn covers(&self, other: &Self) -> bool {
        self.name == other.name && (self.port.is_none() || self.port == other.port)
    }

    /// For the log: anybody may write anything here.
    fn shown(&self) -> String {
        self.name.chars().take(100).collect()
    }
}

impl Origin {
    /// `null`, which a browser sends for a page without an origin, is no origin.
    fn read(text: &str) -> Option<Self> {
        // A trailing slash is a common slip, and no browser sends one.
        let (scheme, authority) = text.trim().trim_end_matches('/').split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let mut host = Host::read(authority)?;
        host.port = host.port.or(match scheme.as_str() {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        });
        Some(Self { scheme, host })
    }

    /// Whether the page is served from this machine.
    fn is_local(&self) -> bool {
        let name = &*self.host.name;
        matches!(&*self.scheme, "http" | "https")
            && (name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()))
    }
}

/// The host names answered to. A name without a port stands for every port. `None` means every name.
fn allowed_hosts(server_host: &str, more: &[String]) -> Option<Vec<String>> {
    if more.iter().any(|host| host.trim() == ANY) {
        return None;
    }
    let bare = server_host.trim_start_matches('[').trim_end_matches(']');
    // Listening on every address says nothing about the names that clients use.
    let own = (!matches!(bare, "0.0.0.0" | "::")).then(|| bare.to_owned());
    let local = ["localhost", "127.0.0.1", "::1"].map(ToOwned::to_owned);
    let more = more.iter().map(|host| host.trim().to_owned());
    Some(local.into_iter().chain(own).chain(more).collect())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn verdict(known: &Known, headers: &[(&str, &str)]) -> u16 {
        let mut request = TestRequest::post();
        for header in headers {
            request = request.append_header(*header);
        }
        match known.judge(&request.to_srv_request()) {
            Ok(()) => 200,
            Err((status, _)) => status.as_u16(),
        }
    }

    fn known(server_host: &str, hosts: &[&str], origins: &[&str]) -> Known {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let pages = Pages::read(&owned(origins), true);
        Known::new(server_host, &owned(hosts), pages)
    }

    #[test]
    fn local_names_and_listed_ones_are_answered_to() {
        let known = known("10.1.2.3", &["mcp.example.com", "other.example:8443"], &[]);
        for (host, status) in [
            ("localhost", 200),
            ("LOCALHOST:9000", 200),
            ("127.0.0.1:8000", 200),
            ("[::1]:8000", 200),
            ("[0:0:0:0:0:0:0:1]", 200),
            ("10.1.2.3", 200),
            ("mcp.example.com:443", 200),
            ("other.example:8443", 200),
            ("other.example:8444", 403),
            ("other.example", 403),
            ("mcp.example.com.evil.example", 403),
            ("evil.example", 403),
            ("", 400),
            ("a b", 400),
        ] {
            assert_eq!(verdict(&known, &[("host", host)]), status, "{host}");
        }
        assert_eq!(verdict(&known, &[]), 400);
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(verdict(&known, &two), 400);
    }

    #[test]
    fn listening_everywhere_is_no_name() {
        for everywhere in ["0.0.0.0", "::", "[::]"] {
            let known = known(everywhere, &[], &[]);
            assert_eq!(verdict(&known, &[("host", "0.0.0.0:8000")]), 403);
            assert_eq!(verdict(&known, &[("host", "localhost")]), 200);
        }
    }

    #[test]
    fn only_a_star_switches_the_host_check_off() {
        let known = known("localhost", &["*"], &[]);
        assert_eq!(verdict(&known, &[("host", "any.example")]), 200);
        assert_eq!(verdict(&known, &[]), 200);
    }

    #[test]
    fn an_origin_without_a_port_means_the_port_of_its_scheme() {
        let listed = [
            "https://app.example.com/",
            "http://localhost:3000",
            "http://[::1]",
        ];
        let known = known("localhost", &["*"], &listed);
        for (origin, status) in [
            ("https://app.example.com", 200),
            ("https://app.example.com:443", 200),
            ("HTTPS://APP.example.com", 200),
            ("http://localhost:3000", 200),
            ("http://[::1]:80", 200),
            ("https://app.example.com:8443", 403),
            ("http://app.example.com", 403),
            ("http://localhost", 403),
            ("https://evil.example", 403),
            ("null", 403),
            ("", 403),
        ] {
            assert_eq!(verdict(&known, &[("origin", origin)]), status, "{origin}");
        }
        assert_eq!(verdict(&known, &[]), 200);
    }

    #[test]
    fn a_star_without_a_key_is_for_pages_of_this_machine() {
        let known = Known::new(
            "localhost",
            &["*".to_owned()],
            Pages::read(&["*".to_owned()], false),
        );
        for (origin, status) in [
            ("http://localhost:6274", 200),
            ("https://localhost", 200),
            ("http://127.0.0.1:3000", 200),
            ("http://127.8.8.8", 200),
            ("http://[::1]:3000", 200),
            ("http://localhost.evil.example", 403),
            ("http://127.0.0.1.evil.example", 403),
            ("http://10.0.0.1", 403),
            ("https://evil.example", 403),
            ("file://localhost", 403),
            ("null", 403),
            ("", 403),
        ] {
            assert_eq!(verdict(&known, &[("origin", origin)]), status, "{origin}");
        }
        assert_eq!(verdict(&known, &[]), 200);
    }

    #[test]
    fn no_origins_at_all_refuses_every_browser() {
        let page = [("origin", "http://localhost")];
        assert_eq!(verdict(&known("localhost", &["*"], &[]), &page), 403);
        assert_eq!(verdict(&known("localhost", &["*"], &["*"]), &page), 200);
    }
}
