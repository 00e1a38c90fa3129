//! Statements as the person who asks: where a caller's token is exchanged for one of Snowflake's, and the sessions of persons.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::forms::{HOUR, SECOND, is_exchange_scope, is_https_url_or_here, is_word, span};
use super::section::Section;
use super::shape::Shape;
use super::types::{Secret, Span, words};
use super::variable::settings;

words! {
    /// How an issuer wants to be asked for another token.
    ExchangeProfile {
        /// Token exchange, as RFC 8693 has it.
        Rfc8693 = "rfc8693",
        /// Microsoft Entra's on-behalf-of flow.
        EntraObo = "entra_obo",
    }
}

settings! {
    /// How statements run as the person who asks.
    pub struct Exchange in Section::Exchange;

    /// The token endpoint of `OAUTH_ISSUER`, where a caller's token is exchanged for one that Snowflake accepts. The
    /// caller's own token is sent there and nowhere else.
    pub url: Option<String> = "SNOWFLAKE_EXCHANGE_URL",
        Shape::Checked("an `https://` address without user or password; `http://` for loopback only", is_https_url_or_here),
        unset "none" [required("with `SNOWFLAKE_IDENTITY=exchange`")];

    /// How the token is requested: `rfc8693` is token exchange (Keycloak, Okta, Auth0, PingOne), `entra_obo` is Entra's
    /// on-behalf-of flow.
    pub profile: ExchangeProfile = "SNOWFLAKE_EXCHANGE_PROFILE", Shape::Choice(ExchangeProfile::WORDS), default "rfc8693";

    /// The id that this server has as a client of the issuer.
    pub client_id: Option<String> = "SNOWFLAKE_EXCHANGE_CLIENT_ID", Shape::Text("the id of an OAuth client"),
        unset "none" [required("with `SNOWFLAKE_IDENTITY=exchange`")];

    /// The secret of that client.
    pub client_secret: Option<Secret> = "SNOWFLAKE_EXCHANGE_CLIENT_SECRET", Shape::Text("the secret of the OAuth client"),
        unset "none" [secret, required("with `SNOWFLAKE_IDENTITY=exchange`, unless `SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE` is set")];

    /// File with that secret. It is read for every exchange, so you can replace the secret without a restart.
    pub client_secret_file: Option<PathBuf> = "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
        Shape::Path("the path of a file with the secret"), unset "none";

    /// The audience of the new token: the issuer's name for Snowflake (`audience`). In Keycloak it is the id of
    /// Snowflake's client.
    pub audience: Option<String> = "SNOWFLAKE_EXCHANGE_AUDIENCE", Shape::Checked("an audience without spaces", is_word),
        unset "none" [required("for `rfc8693`, unless `SNOWFLAKE_EXCHANGE_RESOURCE` is set")];

    /// The same as a URL (`resource`), for issuers that require one.
    pub resource: Option<String> = "SNOWFLAKE_EXCHANGE_RESOURCE", Shape::Checked("an address without spaces", is_word),
        unset "none";

    /// The scope of the new token. `{role}` is replaced by the role of the call, as Snowflake spells it. With Entra it
    /// is `<address of Snowflake's application>/session:scope:{role}`.
    pub scope: String = "SNOWFLAKE_EXCHANGE_SCOPE",
        Shape::Checked("scopes separated by single spaces, in which `{role}` stands for the role", is_exchange_scope),
        default "session:role:{role}";

    // Three statements at once are more than one conversation has; a hundred persons with three each are 300 logins.
    /// Most sessions of one person, and so most of the person's statements at once. A caller's own limit may be lower.
    pub max_sessions: u32 = "SNOWFLAKE_USER_MAX_SESSIONS", Shape::Whole(1, 100), default "3";

    /// Most persons who have sessions at the same time. If one more signs in, the sessions of the least recently active
    /// person are closed.
    pub max_identities: u32 = "SNOWFLAKE_MAX_IDENTITIES", Shape::Whole(1, 10_000), default "200";

    /// Idle time after which a person's session is closed. No session lasts longer than an hour, or than the token it
    /// was opened with.
    pub idle: Span = "SNOWFLAKE_USER_IDLE", span(10 * SECOND, HOUR), default "5m";
}
