//! Rules for access tokens of an issuer: `PUBLIC_URL` and the `OAUTH_…` settings.

use crate::config::environment::Environment;
use crate::config::resolve::Resolved;
use crate::config::settings::Settings;

/// Why no server but the issuer itself can check the issuer's tokens, and what to do instead.
#[must_use]
pub fn unfit_issuer(issuer: &str) -> Option<&'static str> {
    let url = url::Url::parse(issuer).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    // With the dot: `notokta.com` is another domain.
    let is_of = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    // https://developer.okta.com/docs/concepts/auth-servers/
    if (is_of("okta.com") || is_of("oktapreview.com") || is_of("okta-emea.com"))
        && !url.path().starts_with("/oauth2/")
    {
        return Some(
            "tokens of Okta's organization server are for Okta only; take a custom authorization server, such as https://ORG.okta.com/oauth2/default",
        );
    }
    let tenant = url.path().trim_start_matches('/').split('/').next();
    if host == "login.microsoftonline.com"
        // Tokens carry the issuer of the caller's own tenant, which would equal none of these.
        && matches!(tenant, Some("common" | "organizations" | "consumers"))
    {
        return Some("name the tenant: https://login.microsoftonline.com/<tenant id>/v2.0");
    }
    if host == "accounts.google.com" {
        return Some("access tokens of Google are opaque; use a broker such as Keycloak or Auth0");
    }
    if is_of("snowflakecomputing.com") {
        return Some("tokens of Snowflake are opaque, and for Snowflake");
    }
    None
}

pub(super) fn check_oauth(settings: &Settings, resolved: &mut Resolved) {
    let oauth = &settings.oauth;
    let is_production = settings.environment == Environment::Production;
    for (name, url) in [
        ("PUBLIC_URL", &oauth.public_url),
        ("OAUTH_ISSUER", &oauth.issuer),
        ("OAUTH_JWKS_URL", &oauth.jwks_url),
    ] {
        let is_plain = url.as_ref().is_some_and(|url| url.starts_with("http:"));
        // Keys fetched over plain HTTP can be replaced on the way, and then every token is valid.
        if is_production && is_plain {
            let expected = "an `https://` address in production";
            resolved.conflict(name, &["ENVIRONMENT"], expected, None);
        }
    }
    // The rest concerns only those who check tokens.
    let Some(issuer) = &oauth.issuer else {
        return;
    };
    if oauth.public_url.is_none() {
        resolved.conflict(
            "PUBLIC_URL",
            &["OAUTH_ISSUER"],
            "the address clients know this server by, with OAUTH_ISSUER",
            Some("such as https://mcp.example.com/mcp"),
        );
    }
    if let Some(hint) = unfit_issuer(issuer) {
        let expected = "an issuer of JWTs for this server";
        resolved.conflict("OAUTH_ISSUER", &[], expected, Some(hint));
    }
}
