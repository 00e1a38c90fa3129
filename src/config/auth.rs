//! Who may call by a key, and whether everybody may.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::forms::{is_key, is_key_with_options};
use super::keys::ApiKey;
use super::section::Section;
use super::shape::Shape;
use super::types::{List, words};
use super::variable::settings;

words! {
    /// The Snowflake user that a caller's statements run as.
    SnowflakeIdentity {
        /// The user of the service, with its role.
        Service = "service",
        /// The user of the service, with a role of the caller's grant.
        Mapped = "mapped",
        /// The user that the caller itself is in Snowflake, by a token that is exchanged for its own.
        Exchange = "exchange",
    }
}

settings! {
    /// What a caller must show.
    pub struct Auth in Section::Auth;

    /// The key callers send as `Authorization: Bearer …`. Make one with `openssl rand -hex 32`.
    api_key: Option<ApiKey> = "API_KEY",
        Shape::Checked("at least 16 characters that can stand in a header, without spaces or commas", is_key),
        unset "no key" [secret, required("with `API_KEYS`, `CALLERS_FILE` and `OAUTH_ISSUER` unset, when `SERVER_HOST` is not loopback, unless `ALLOW_ANONYMOUS=true`"), passed_on];

    /// Several keys, accepted in addition to `API_KEY`: one for each team, or an old and a new one during rotation.
    /// After a key you may write limits for its callers. They replace the settings with the same names in upper case,
    /// and may not be above them: `default_rows`, `max_rows`, `max_result_bytes`, `max_cell_bytes`, `query_timeout`,
    /// `max_scan_bytes`, `max_concurrent_queries`, `rate_limit_per_minute`. Example:
    /// `<key> max_rows=500 query_timeout=30s, <key>`.
    more_api_keys: Option<List<ApiKey>> = "API_KEYS",
        Shape::Items("at least 16 characters that can stand in a header, then nothing or limits such as `max_rows=500`, separated by spaces", is_key_with_options),
        unset "no further keys" [secret];

    /// File with callers, in addition to the keys of the settings: keys by their SHA-256, further issuers, and grants,
    /// which say what each caller may do. docs/callers.schema.json is its schema. If there is a file, a token must
    /// match one of its rules. The file is read again when it changes; if it has errors, the old contents stay in
    /// force.
    pub callers_file: Option<PathBuf> = "CALLERS_FILE", Shape::Path("the path of a JSON file"), unset "none";

    /// The Snowflake user that statements run as. `service`: the service's user with its role. `mapped`: the same user,
    /// with a role of the caller's grant; every grant in `CALLERS_FILE` must name its `roles`, and keys of the settings
    /// are refused. `exchange`: the caller's own user; a token of `OAUTH_ISSUER` is exchanged for one that Snowflake
    /// accepts, and callers with a key are the service's user, if there is one (docs/external-oauth.md).
    pub snowflake_identity: SnowflakeIdentity = "SNOWFLAKE_IDENTITY", Shape::Choice(SnowflakeIdentity::WORDS),
        default "service";

    /// Confirms that everybody who can reach the port may call without a key.
    pub allow_anonymous: bool = "ALLOW_ANONYMOUS", Shape::Switch, default "false";
}

impl Auth {
    /// Every key that is accepted, from `API_KEY` and `API_KEYS`, with its limits.
    pub fn keys(&self) -> impl Iterator<Item = &ApiKey> {
        self.api_key.iter().chain(self.more_keys())
    }

    /// The keys of `API_KEYS`.
    pub(super) fn more_keys(&self) -> impl Iterator<Item = &ApiKey> {
        self.more_api_keys.iter().flat_map(|keys| keys.iter())
    }
}
