//! Who may call.

use super::forms::{is_https_url, is_key, is_key_with_options, is_word};
use super::variable::{Section, Variable};
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "API_KEY",
        Section::Auth,
        Shape::Checked(
            "at least 16 characters that can stand in a header, without spaces or commas",
            is_key,
        ),
        "The key callers send as `Authorization: Bearer …`. Make one with `openssl rand -hex 32`.",
    )
    .secret()
    .required("with `API_KEYS` unset, when `SERVER_HOST` is beyond loopback, unless `ALLOW_ANONYMOUS=true`")
    .unset("no key"),
    Variable::new(
        "API_KEYS",
        Section::Auth,
        Shape::Items(
            "at least 16 characters that can stand in a header, then nothing or limits such as `max_rows=500`, separated by spaces",
            is_key_with_options,
        ),
        "Several keys, accepted in addition to `API_KEY`: one for each team, or an old and a new one during rotation. \
         After a key you may write limits for its callers, in place of the settings with the same names in upper case and \
         not above them: `default_rows`, `max_rows`, `max_result_bytes`, `max_cell_bytes`, `query_timeout`, \
         `max_scan_bytes`, `max_concurrent_queries`, `rate_limit_per_minute`. Example: `<key> max_rows=500 \
         query_timeout=30s, <key>`.",
    )
    .secret()
    .unset("no further keys"),
    Variable::new(
        "ALLOW_ANONYMOUS",
        Section::Auth,
        Shape::Switch,
        "Confirms that everybody who can reach the port may call without a key.",
    )
    .default("false"),
    Variable::new(
        "OAUTH_ISSUER",
        Section::Auth,
        Shape::Checked("an `https://` address without user or password", is_https_url),
        "The issuer whose access tokens are accepted.",
    )
    .guard_later()
    .unset("no tokens are accepted"),
    Variable::new(
        "OAUTH_AUDIENCE",
        Section::Auth,
        Shape::Text("the audience tokens are made for, usually this service's public address"),
        "The audience that a token must name.",
    )
    .guard_later()
    .required("with `OAUTH_ISSUER`")
    .unset("none"),
    Variable::new(
        "OAUTH_JWKS_URL",
        Section::Auth,
        Shape::Checked("an `https://` address without user or password", is_https_url),
        "Where the issuer's public keys are.",
    )
    .guard_later()
    .unset("found through the issuer's metadata"),
    Variable::new(
        "OAUTH_SCOPES",
        Section::Auth,
        Shape::Items("a scope without spaces", is_word),
        "Scopes a token must have, all of them.",
    )
    .guard_later()
    .unset("none"),
];
