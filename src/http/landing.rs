//! `GET /`: a page for a person who opens the address in a browser. What this is, whether it works, how to connect an agent.
//!
//! One text in the binary, filled in for each request. It loads nothing, and a strict policy lets its own style and script run
//! and nothing else. It tells no more than `/version` and `/readyz` do: why the service is not ready is told in development
//! only, as elsewhere the probes may be out of the reader's reach on purpose.

use std::fmt::Write;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::health::Readiness;
use super::tls::Tls;
use crate::telemetry;

const PAGE: &str = include_str!("landing.html");

/// Where a client's configuration has the key.
const KEY: &str = "SNOWFLAKE_MCP_KEY";

/// Where the documents are that the page leads to. Nothing is loaded from there.
const DOCS: &str = "https://github.com/snowflake-mcp/snowflake-mcp/blob/main/docs";

/// What the page says of this server. A cheap clone.
#[derive(Debug, Clone)]
pub(super) struct Landing(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    readiness: Readiness,
    needs_key: bool,
    tells_reasons: bool,
    management_port: Option<u16>,
    policy: String,
}

impl Landing {
    pub(super) fn new(
        readiness: Readiness,
        needs_key: bool,
        tells_reasons: bool,
        management_port: Option<u16>,
    ) -> Self {
        // The page holds an address that the reader's browser sent, so nothing in it may run that
        // is not this page's own.
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            source("style"),
            source("script"),
        );
        Self(Arc::new(Facts {
            readiness,
            needs_key,
            tells_reasons,
            management_port,
            policy,
        }))
    }

    /// `host` is the name the reader used, with the port if it has one.
    fn page(&self, scheme: &str, host: &str) -> String {
        let facts = &*self.0;
        let address = &*format!("{scheme}://{host}/mcp");
        let state = facts.readiness.in_words(facts.tells_reasons);
        let warehouse = match facts.readiness.warehouse_kind() {
            "embedded" => "the embedded engine, with sample data",
            _ => "a Snowflake account",
        };
        let bearer = |key: String| facts.needs_key.then(|| format!("Bearer {key}"));
        let variable = bearer(format!("${{env:{KEY}}}"));
        let written = bearer("YOUR_KEY".to_owned());
        let texts = [
            ("address", address.to_owned()),
            (
                "class",
                if state.is_ready { "good" } else { "bad" }.to_owned(),
            ),
            ("state", state.text),
            ("warehouse", warehouse.to_owned()),
            ("version", telemetry::VERSION.to_owned()),
            ("key", key(facts.needs_key).to_owned()),
            ("claude", claude(address, facts.needs_key)),
            (
                "cursor",
                json_of("mcpServers", server(None, address, variable.as_deref())),
            ),
            (
                "vscode",
                json_of(
                    "servers",
                    server(Some("http"), address, variable.as_deref()),
                ),
            ),
            (
                "others",
                json_of(
                    "mcpServers",
                    server(Some("http"), address, written.as_deref()),
                ),
            ),
            ("codex", codex(address, facts.needs_key)),
            ("base", base(facts.management_port, host)),
            ("where", whereabouts(facts.management_port)),
            ("docs", DOCS.to_owned()),
        ];
        filled(&texts)
    }
}

/// Answers with the page.
pub(super) async fn page(request: HttpRequest, landing: web::Data<Landing>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, landing.0.policy.as_str()))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(landing.page(scheme(&request), host(&request)))
}

/// By which the reader's agent finds `/mcp`: the name the reader used, which the check of `Host` has let pass.
fn host(request: &HttpRequest) -> &str {
    let host = request.headers().get(header::HOST);
    host.and_then(|host| host.to_str().ok())
        .unwrap_or("localhost")
}

fn scheme(request: &HttpRequest) -> &'static str {
    let text = |name: &str| request.headers().get(name)?.to_str().ok();
    let is_here = request.app_data::<web::Data<Tls>>().is_some();
    match text("x-forwarded-proto") {
        _ if is_here => "https",
        Some("https") => "https",
        _ => "http",
    }
}

/// The page with its gaps filled. One pass: a text that looks like a gap is not filled again.
fn filled(texts: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(PAGE.len() + 2048);
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        let text = texts.iter().find(|(known, _)| *known == name);
        // Everything is escaped, also what is ours: `Host` comes from the request.
        escape_into(&mut page, text.map_or("", |(_, text)| text));
        rest = after;
    }
    page.push_str(rest);
    page
}

fn escape_into(page: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            _ => page.push(letter),
        }
    }
}

/// The source expression that lets one inline element of the page run: its digest.
fn source(element: &str) -> String {
    let text = PAGE
        .split_once(&format!("<{element}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{element}>")))
        .map_or("", |(text, _)| text);
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

fn key(is_needed: bool) -> &'static str {
    if is_needed {
        "Agents need a key, which whoever runs this server gives you. Set it as SNOWFLAKE_MCP_KEY where your agent runs."
    } else {
        "No key is asked for."
    }
}

fn claude(address: &str, needs_key: bool) -> String {
    let mut command = format!("claude mcp add --transport http snowflake {address}");
    if needs_key {
        // Writing to a String cannot fail.
        let _ = write!(command, " --header \"Authorization: Bearer ${KEY}\"");
    }
    command
}

fn codex(address: &str, needs_key: bool) -> String {
    let mut table = format!("[mcp_servers.snowflake]\nurl = \"{address}\"");
    if needs_key {
        let _ = write!(table, "\nbearer_token_env_var = \"{KEY}\"");
    }
    table
}

fn server(kind: Option<&str>, address: &str, bearer: Option<&str>) -> Value {
    let mut server = Map::new();
    if let Some(kind) = kind {
        server.insert("type".to_owned(), json!(kind));
    }
    server.insert("url".to_owned(), json!(address));
    if let Some(bearer) = bearer {
        server.insert("headers".to_owned(), json!({"Authorization": bearer}));
    }
    Value::Object(server)
}

fn json_of(servers: &str, server: Value) -> String {
    format!("{:#}", json!({servers: {"snowflake": server}}))
}

/// What stands before the path of a probe: nothing where probes are on this port.
fn base(management_port: Option<u16>, host: &str) -> String {
    management_port.map_or_else(String::new, |port| {
        format!("http://{}:{port}", without_port(host))
    })
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

fn whereabouts(management_port: Option<u16>) -> String {
    management_port.map_or_else(String::new, |port| {
        format!("These are on port {port}, which may be closed to you.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::Metrics;

    fn landing(needs_key: bool) -> Landing {
        let readiness = Readiness::starting("embedded", Arc::new(Metrics::new().unwrap()));
        Landing::new(readiness, needs_key, true, Some(9090))
    }

    #[test]
    fn every_gap_of_the_page_is_filled() {
        for needs_key in [true, false] {
            let page = landing(needs_key).page("http", "localhost:8000");
            assert!(!page.contains("{{") && !page.contains("}}"), "{page}");
            assert_eq!(page.contains("SNOWFLAKE_MCP_KEY"), needs_key);
            assert!(page.len() <= 20 * 1024, "{} bytes", page.len());
        }
    }

    #[test]
    fn nothing_that_is_filled_in_is_markup() {
        let page = landing(false).page("http", "<script>alert(1)</script>\"{{state}}");
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;{{state}}/mcp"));
    }

    #[test]
    fn the_page_loads_nothing_and_its_policy_names_what_is_in_it() {
        let landing = landing(false);
        for loads in [
            "src=", "<link", "url(", "@import", "fetch(", "http://", "https://",
        ] {
            assert!(!PAGE.contains(loads), "{loads}");
        }
        assert_eq!(PAGE.matches("<style>").count(), 1);
        assert_eq!(PAGE.matches("<script>").count(), 1);
        assert_eq!(
            PAGE.matches(" style=").count() + PAGE.matches(" onclick=").count(),
            0
        );
        assert!(landing.0.policy.contains(&source("script")));
    }

    #[test]
    fn links_lead_to_probes_where_they_are_and_to_documents_that_exist() {
        let page = landing(false).page("https", "[::1]:8443");
        assert!(
            page.contains("href=\"http://[::1]:9090/readyz?verbose\""),
            "{page}"
        );
        assert!(page.contains("on port 9090"), "{page}");
        let metrics = Arc::new(Metrics::new().unwrap());
        let same = Landing::new(Readiness::starting("embedded", metrics), false, true, None)
            .page("http", "localhost");
        assert!(same.contains("href=\"/metrics\""), "{same}");
        assert!(!same.contains("on port"), "{same}");
        let documents: Vec<&str> = PAGE.split("{{docs}}/").skip(1).collect();
        assert_eq!(documents.len(), 3);
        for rest in documents {
            let name = rest.split('"').next().unwrap();
            let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
            assert!(std::path::Path::new(&path).is_file(), "{path}");
        }
    }
}
