//! What a refusal tells clients of OAuth: `WWW-Authenticate` with one challenge (RFC 6750, RFC 9728).
//!
//! Clients act on it to the letter: they read where to sign in, and which scopes to ask for. So nothing of a request or a token
//! goes into it, and the address is that of the settings.

use std::sync::Arc;

use crate::identity::{Access, Reach};

/// Where the description of this resource begins (RFC 9728, 3.1).
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The challenges of this server. A cheap clone.
#[derive(Debug, Clone)]
pub(super) struct Challenges(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    /// The address of the description.
    metadata: String,
    access: Access,
}

impl Challenges {
    /// Without an issuer the challenge says only that a key is needed.
    pub(super) fn new(public_url: Option<&str>, access: &Access) -> Self {
        let inner = public_url.and_then(metadata_url).map(|metadata| Inner {
            metadata,
            access: access.clone(),
        });
        Self(inner.map(Arc::new))
    }

    /// The request had no credential, so the challenge has no error (RFC 6750, 3.1).
    pub(super) fn missing(&self) -> String {
        self.with(&[], |inner| inner.access.scopes().supported.join(" "))
    }

    /// The credential is not accepted.
    pub(super) fn invalid_token(&self, description: Option<&str>) -> String {
        let mut parts = vec![("error", "invalid_token")];
        parts.extend(description.map(|text| ("error_description", text)));
        self.with(&parts, |inner| inner.access.scopes().supported.join(" "))
    }

    /// The token is valid, but lacks the scope for this call. The challenge names all scopes that are needed, so that the
    /// client asks only once.
    pub(super) fn insufficient_scope(&self, needed: Reach, description: &str) -> String {
        let parts = [
            ("error", "insufficient_scope"),
            ("error_description", description),
        ];
        self.with(&parts, |inner| inner.access.scopes().asked_for(needed))
    }

    /// The token is valid, but lacks a scope that every call needs.
    pub(super) fn lacking(&self, needed: &[String], description: &str) -> String {
        let parts = [
            ("error", "insufficient_scope"),
            ("error_description", description),
        ];
        self.with(&parts, |inner| inner.access.scopes().in_requests(needed))
    }

    /// The request cannot be judged.
    pub(super) fn invalid_request(&self, description: &str) -> String {
        let parts = [
            ("error", "invalid_request"),
            ("error_description", description),
        ];
        self.with(&parts, |_| String::new())
    }

    fn with(&self, parts: &[(&str, &str)], scope: impl FnOnce(&Inner) -> String) -> String {
        let mut text = String::from("Bearer");
        let mut separator = " ";
        let mut add = |name: &str, value: &str| {
            text.push_str(&format!("{separator}{name}=\"{value}\""));
            separator = ", ";
        };
        for (name, value) in parts {
            add(name, value);
        }
        // Asked at each refusal, because CALLERS_FILE can add the first issuer while the server
        // runs.
        if let Some(inner) = self.0.as_ref().filter(|inner| inner.access.has_issuers()) {
            add("resource_metadata", &inner.metadata);
            let scope = scope(inner);
            if !scope.is_empty() {
                add("scope", &scope);
            }
        }
        text
    }
}

/// The address of the description: the well-known part, then the path of the resource.
fn metadata_url(resource: &str) -> Option<String> {
    let (scheme, rest) = resource.split_once("://")?;
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    Some(format!("{scheme}://{host}{WELL_KNOWN}{path}"))
}

/// The path of an address; empty if it has none.
pub(super) fn path_of(resource: &str) -> &str {
    let rest = resource
        .split_once("://")
        .map_or(resource, |(_, rest)| rest);
    rest.find('/')
        .and_then(|at| rest.get(at..))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Entrance, KnownKeys, Scopes};

    #[test]
    fn the_description_is_found_behind_the_host() {
        for (resource, url) in [
            (
                "https://mcp.example.com/mcp",
                "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
            ),
            (
                "https://mcp.example.com",
                "https://mcp.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "http://127.0.0.1:8000/a/mcp",
                "http://127.0.0.1:8000/.well-known/oauth-protected-resource/a/mcp",
            ),
        ] {
            assert_eq!(metadata_url(resource).as_deref(), Some(url));
        }
        assert_eq!(path_of("https://mcp.example.com/a/mcp"), "/a/mcp");
        assert_eq!(path_of("https://mcp.example.com"), "");
    }

    #[test]
    fn without_an_issuer_clients_are_sent_nowhere() {
        let scopes = Scopes {
            catalog: None,
            query: None,
            write: None,
            needed: Vec::new(),
            supported: vec!["mcp:query".into()],
        };
        let access = Access::new(Entrance::new(
            KnownKeys::default(),
            None,
            Vec::new(),
            Arc::new(scopes),
        ));
        let challenges = Challenges::new(Some("https://mcp.example.com/mcp"), &access);
        assert_eq!(challenges.missing(), "Bearer");
        assert_eq!(
            challenges.invalid_token(None),
            "Bearer error=\"invalid_token\""
        );
    }
}
