//! The forms that texts of settings must have, where a [`Shape`] alone does not say it, and the ranges of sizes and
//! durations.

use super::shape::Shape;
use super::types::{ByteSize, Span};

pub(super) const KIB: u64 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const GIB: u64 = 1 << 30;
pub(super) const SECOND: u64 = 1000;
pub(super) const HOUR: u64 = 3600 * SECOND;

pub(super) const fn span(min: u64, max: u64) -> Shape {
    Shape::Span(Span::from_millis(min), Span::from_millis(max))
}

pub(super) const fn size(min: u64, max: u64) -> Shape {
    Shape::Size(ByteSize::from_bytes(min), ByteSize::from_bytes(max))
}

/// Shortest key that is accepted. 16 characters of hex are 64 bits: too many to guess over a network, and enough to
/// tell a key from a placeholder such as `changeme`.
pub const SHORTEST_KEY: usize = 16;

/// Whether a text is a key followed only by options. The options themselves are checked later.
pub(super) fn is_key_with_options(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(is_key)
}

/// Whether a key is long enough, and fits into a header and into a list with commas.
pub(super) fn is_key(text: &str) -> bool {
    text.chars().count() >= SHORTEST_KEY && text.chars().all(|c| c.is_ascii_graphic() && c != ',')
}

/// One word: printable, without spaces.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())
}

fn is_name(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// One name, not several joined by dots: `SALES` or `"sales"`.
pub(super) fn is_database(text: &str) -> bool {
    let bare = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let is_plain = !text.contains(['"', '.']);
    is_name(text)
        && text.chars().count() <= 255
        && bare.map_or(is_plain, |name| !name.is_empty() && !name.contains('"'))
}

pub(super) const STATEMENTS: &str = "`READ`, `WRITE`, `DDL`, `ACCESS_CONTROL`, `FILE_TRANSFER`, `PROCEDURE`, or a verb such as `DELETE`, \
                          `CREATE TABLE`, `SHOW GRANTS`";

/// One to four words.
pub(super) fn is_statement(text: &str) -> bool {
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    text.split_whitespace().count() <= 4 && text.split_whitespace().all(is_word)
}

pub(super) fn is_name_pattern(text: &str) -> bool {
    has_parts(text, 1)
}

pub(super) fn is_schema_pattern(text: &str) -> bool {
    has_parts(text, 2)
}

pub(super) fn is_object_pattern(text: &str) -> bool {
    has_parts(text, 3)
}

/// Whether a text is `wanted` names joined by dots, each a plain word or in double quotes.
fn has_parts(text: &str, wanted: usize) -> bool {
    let mut parts = 0;
    let mut rest = text;
    loop {
        let part = match rest.strip_prefix('"') {
            // A dot inside the quotes separates nothing.
            Some(quoted) => quoted.split_once('"'),
            None => Some(rest.split_at(rest.find('.').unwrap_or(rest.len()))),
        };
        let Some((part, after)) = part else {
            return false;
        };
        // `*` is for patterns.
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '*');
        if part.is_empty()
            || !is_name(part)
            || (!rest.starts_with('"') && !part.chars().all(is_plain))
        {
            return false;
        }
        parts += 1;
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return after.is_empty() && parts == wanted,
        }
    }
}

/// One to three words joined by dots.
pub(super) fn is_function(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '*'))
    };
    text.split('.').count() <= 3 && text.split('.').all(is_part)
}

/// The name of a tool, or a pattern for such names.
pub(super) fn is_tool(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '*'))
}

/// A host without port. IPv6 with or without brackets.
pub(super) fn is_host(text: &str) -> bool {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    !text.is_empty()
        // The longest name that DNS can carry.
        && text.len() <= 253
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// A host name that requests may be for, or `*` for all.
pub(super) fn is_answered_host(text: &str) -> bool {
    text == "*" || is_allowed_host(text)
}

/// A host with or without port.
fn is_allowed_host(text: &str) -> bool {
    is_host(text)
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            is_host(host) && !host.is_empty() && port.parse::<u16>().is_ok()
        })
}

/// What a browser sends as `Origin`: scheme and host, perhaps a port, no path.
pub(super) fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    text == "*" || host.is_some_and(is_allowed_host)
}

/// An address with a user or password would be shown with them.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| is_word(rest) && !rest.contains('@'))
}

pub(super) fn is_https_url(text: &str) -> bool {
    text.starts_with("https://") && is_url(text)
}

/// Whether a host name or address is one of this machine's own.
pub(super) fn is_loopback(host: &str) -> bool {
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    address
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Over TLS, or on this machine.
fn is_safe_url(text: &str) -> bool {
    let is_here = || {
        let url = url::Url::parse(text).ok();
        url.is_some_and(|url| url.host_str().is_some_and(is_loopback))
    };
    is_url(text) && (text.starts_with("https://") || is_here())
}

/// The address of an issuer or of its keys.
#[must_use]
pub fn is_issuer(text: &str) -> bool {
    is_safe_url(text) && !text.contains('#') && url::Url::parse(text).is_ok()
}

/// The token endpoint. Its address may have a query but no fragment (RFC 6749, 3.2).
pub(super) fn is_https_url_or_here(text: &str) -> bool {
    is_issuer(text)
        && url::Url::parse(text)
            .is_ok_and(|url| url.username().is_empty() && url.password().is_none())
}

/// Scopes with single spaces between them.
pub(super) fn is_exchange_scope(text: &str) -> bool {
    text.split(' ')
        .all(|scope| is_word(scope) && !scope.contains(['"', '\\']))
}

/// The address of a resource (RFC 8707), without the parts that clients would compare differently.
pub(super) fn is_public_url(text: &str) -> bool {
    is_safe_url(text)
        && !text.contains(['?', '#'])
        && !text.ends_with('/')
        && url::Url::parse(text).is_ok()
}

/// An audience that tells this server from others: `account` is in every token of Keycloak.
#[must_use]
pub fn is_audience(text: &str) -> bool {
    is_word(text) && text != "*" && text != "account"
}

/// The name of a claim.
#[must_use]
pub fn is_claim(text: &str) -> bool {
    is_word(text)
}

/// One scope, as RFC 6749 spells it.
fn is_scope(text: &str) -> bool {
    is_word(text) && !text.contains(['"', '\\', ','])
}

/// A scope of this server.
#[must_use]
pub fn is_resource_scope(text: &str) -> bool {
    is_scope(text) && !["openid", "offline_access"].contains(&text)
}

/// An account, or the address of its pages that people copy from the browser, which the driver shortens. Only behind the
/// host may other characters stand.
pub(super) fn is_account(text: &str) -> bool {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (host, _) = bare.split_once(['/', '?', '#']).unwrap_or((bare, ""));
    is_word(text)
        && !text.contains('@')
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_origins_and_addresses_are_told_from_what_only_looks_like_them() {
        for host in [
            "localhost",
            "0.0.0.0",
            "::1",
            "[::1]",
            "mcp.example.com",
            "my_service",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "http://x", "x:80", "x/y", "x y", "*", "[x]]"] {
            assert!(!is_host(host), "{host}");
        }
        for host in ["localhost:8000", "[::1]:8000", "::1", "x"] {
            assert!(is_allowed_host(host), "{host}");
        }
        for origin in ["*", "https://app.example.com", "http://localhost:3000"] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "app.example.com",
            "https://",
            "https://x/",
            "https://*.example.com",
            "null",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
        assert!(is_https_url("https://issuer.example.com/realm"));
        for url in [
            "http://issuer.example.com",
            "https://",
            "https://user:hunter2@host/",
            "issuer",
        ] {
            assert!(!is_https_url(url), "{url}");
        }
        for account in [
            "myorg-myaccount",
            "xy12345.eu-central-1",
            "https://a-b.snowflakecomputing.com/",
            "https://app.snowflake.com/myorg/acc/#/homepage?x=1%20y",
        ] {
            assert!(is_account(account), "{account}");
        }
        for account in ["my account", "a'b", "a#b'c@d", "user:pass@host"] {
            assert!(!is_account(account), "{account}");
        }
    }
}
