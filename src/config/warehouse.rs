//! Which warehouse runs the statements, and how to sign in to Snowflake.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::forms::{HOUR, SECOND, is_account, is_host, is_https_url, span};
use super::section::Section;
use super::shape::Shape;
use super::types::{Secret, Span, words};
use super::variable::{Quotes, settings};

words! {
    /// The warehouses there are.
    Backend {
        /// A Snowflake account.
        Snowflake = "snowflake",
        /// The engine inside this process, with Snowflake's sample data.
        Embedded = "embedded",
    }
}

words! {
    /// How to sign in to Snowflake.
    AuthType {
        /// A signed token made with a private key.
        PrivateKey = "private_key",
        /// The user's browser; stdio and local use only.
        ExternalBrowser = "external_browser",
        /// User and password.
        Password = "password",
        /// An OAuth access token made elsewhere.
        Oauth = "oauth",
        /// An OAuth access token fetched with a client's id and secret.
        OauthClientCredentials = "oauth_client_credentials",
        /// A programmatic access token.
        ProgrammaticAccessToken = "programmatic_access_token",
        /// The identity that the cloud gives the process.
        WorkloadIdentity = "workload_identity",
    }
}

words! {
    /// How to speak to the host.
    Protocol {
        /// TLS.
        Https = "https",
        /// Clear text, for a fake Snowflake in tests.
        Http = "http",
    }
}

words! {
    /// Who vouches for a workload identity.
    IdentityProvider {
        /// Amazon Web Services.
        Aws = "aws",
        /// Microsoft Azure.
        Azure = "azure",
        /// Google Cloud.
        Gcp = "gcp",
        /// A token of any OpenID Connect issuer, such as a Kubernetes service account's.
        Oidc = "oidc",
    }
}

settings! {
    /// Where statements run.
    pub struct Warehouse in Section::Warehouse;

    // `rules.rs` chooses when nobody did, before this struct is read.
    /// Where statements run: `snowflake` is an account, `embedded` is the engine inside the process with sample data.
    /// The slim image has no engine.
    pub backend: Backend = "WAREHOUSE_BACKEND", Shape::Choice(Backend::WORDS),
        unset "`snowflake` when `SNOWFLAKE_ACCOUNT` is set; otherwise `embedded` in development, and an error elsewhere";

    // Read while the settings are collected, see `connections.rs`; the same is true of the next two.
    /// A connection set up for Snowflake's own tools (`connections.toml`, or `[connections.…]` of `config.toml`). Its
    /// account, user, authentication, role, warehouse, database and schema are used unless variables set them.
    pub connection_name: Option<String> = "SNOWFLAKE_CONNECTION_NAME",
        Shape::Text("the name of a connection in `connections.toml`"),
        unset "no file is read";

    /// Snowflake's own name for the same setting; `SNOWFLAKE_CONNECTION_NAME` takes precedence.
    pub default_connection_name: Option<String> = "SNOWFLAKE_DEFAULT_CONNECTION_NAME",
        Shape::Text("the name of a connection in `connections.toml`"),
        unset "no file is read";

    /// Folder of these files.
    pub home: Option<PathBuf> = "SNOWFLAKE_HOME", Shape::Path("the path of a folder"),
        unset "`~/.snowflake` where it exists, else `~/.config/snowflake`";

    /// The account to sign in to.
    pub account: Option<String> = "SNOWFLAKE_ACCOUNT",
        Shape::Checked("an account identifier such as `myorg-myaccount` or `xy12345.eu-central-1`", is_account),
        unset "none" [required("for the Snowflake warehouse"), passed_on];

    /// The user to sign in as. Give it a role that can only read.
    pub user: Option<String> = "SNOWFLAKE_USER", Shape::Text("the login name of a Snowflake user"),
        unset "none" [required("for the Snowflake warehouse with `private_key`, `password` or `external_browser`"), passed_on];

    /// How to sign in. `external_browser` works only with `stdio` and with a service on loopback: it opens this machine's
    /// browser, and uses one session unless the account allows id tokens (`ALLOW_ID_TOKEN`). When this is unset, other
    /// variables decide: `SNOWFLAKE_PASSWORD` without a key means `password`; `SNOWFLAKE_PAT`, `SNOWFLAKE_OAUTH_CLIENT_ID`
    /// and `SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER` select their own type. The names that Snowflake's drivers use
    /// (`SNOWFLAKE_JWT`, `externalbrowser`) are accepted.
    pub auth_type: AuthType = "SNOWFLAKE_AUTH_TYPE", Shape::Choice(AuthType::WORDS), default "private_key";

    /// The private key, PKCS#8 or PKCS#1, in PEM or DER. It is read again when the file changes, so you can rotate keys
    /// without a restart.
    pub private_key_path: Option<PathBuf> = "SNOWFLAKE_PRIVATE_KEY_PATH", Shape::Path("the path of a file with a private key"),
        unset "none" [required("for `private_key`, unless `SNOWFLAKE_PRIVATE_KEY` is set"), passed_on];

    /// The private key itself, where no file can be mounted. Line breaks may be written out as `\n`. A path here is read as
    /// `SNOWFLAKE_PRIVATE_KEY_PATH`.
    pub private_key: Option<Secret> = "SNOWFLAKE_PRIVATE_KEY",
        Shape::Text("a private key: PEM, with or without its header lines, or base64 of PEM or DER"),
        unset "none" [secret, quotes(Quotes::Dropped)];

    /// Opens an encrypted private key.
    pub private_key_passphrase: Option<Secret> = "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
        Shape::Text("the passphrase of the private key"),
        unset "the key is not encrypted" [secret];

    /// The password.
    pub password: Option<Secret> = "SNOWFLAKE_PASSWORD", Shape::Text("the user's password"),
        unset "none" [secret, required("for `password`")];

    /// The MFA code sent with the password. It expires soon, so use it with `stdio` and locally, not for a service.
    pub passcode: Option<Secret> = "SNOWFLAKE_PASSCODE", Shape::Text("a code of the user's second factor"),
        unset "no code is sent" [secret];

    // The official drivers wait as long.
    /// How long a person has to sign in with `external_browser`. After that the sign-in fails, and only the next call opens
    /// a new window.
    pub browser_timeout: Span = "SNOWFLAKE_BROWSER_TIMEOUT", span(SECOND, HOUR), default "2m";

    /// The token of `oauth`, `programmatic_access_token`, or `workload_identity` with the provider `oidc`.
    pub token: Option<Secret> = "SNOWFLAKE_TOKEN", Shape::Text("a token"),
        unset "none" [secret, quotes(Quotes::Dropped), required("for `oauth` and `programmatic_access_token`, unless `SNOWFLAKE_TOKEN_PATH` is set")];

    /// File with the token; read again when it changes.
    pub token_path: Option<PathBuf> = "SNOWFLAKE_TOKEN_PATH", Shape::Path("the path of a file with the token"), unset "none";

    /// Id of the OAuth client that fetches tokens.
    pub oauth_client_id: Option<String> = "SNOWFLAKE_OAUTH_CLIENT_ID", Shape::Text("the id of an OAuth client"),
        unset "none" [required("for `oauth_client_credentials`")];

    /// Secret of the OAuth client.
    pub oauth_client_secret: Option<Secret> = "SNOWFLAKE_OAUTH_CLIENT_SECRET", Shape::Text("the secret of the OAuth client"),
        unset "none" [secret, required("for `oauth_client_credentials`")];

    /// Token endpoint of the OAuth server.
    pub oauth_token_url: Option<String> = "SNOWFLAKE_OAUTH_TOKEN_URL",
        Shape::Checked("an `https://` address without user or password", is_https_url),
        unset "none" [required("for `oauth_client_credentials`")];

    /// Scope that the client requests.
    pub oauth_scope: Option<String> = "SNOWFLAKE_OAUTH_SCOPE", Shape::Text("a scope, or several separated by spaces"),
        unset "the role's own: `session:role:…`";

    /// The cloud or token issuer that attests the workload's identity.
    pub workload_identity_provider: Option<IdentityProvider> = "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER",
        Shape::Choice(IdentityProvider::WORDS),
        unset "none" [required("for `workload_identity`")];

    /// Host to use instead of the account's usual one: PrivateLink, or a fake Snowflake in tests.
    pub host: Option<String> = "SNOWFLAKE_HOST",
        Shape::Checked("a host name or IP address, without scheme, port or spaces", is_host),
        unset "made from the account";

    /// Port to use instead of the protocol's usual one.
    pub port: Option<u16> = "SNOWFLAKE_PORT", Shape::Whole(1, 65535), unset "443, or 80 for `http`";

    /// `http` is for tests against a fake Snowflake, and refused in production.
    pub protocol: Protocol = "SNOWFLAKE_PROTOCOL", Shape::Choice(Protocol::WORDS), default "https";

    // Off, because clear text shows credentials and rows to everybody on the way.
    /// Allows `SNOWFLAKE_PROTOCOL=http` with hosts other than loopback: a fake Snowflake in another container.
    pub allow_insecure: bool = "SNOWFLAKE_ALLOW_INSECURE", Shape::Switch, default "false";

    /// The virtual warehouse for statements, unless a call names another.
    pub warehouse: Option<String> = "SNOWFLAKE_WAREHOUSE", Shape::Text("the name of a virtual warehouse"),
        unset "the user's default" [quotes(Quotes::OfNames)];

    /// The current database of a call that names none.
    pub database: Option<String> = "SNOWFLAKE_DATABASE", Shape::Text("the name of a database"),
        unset "none" [quotes(Quotes::OfNames)];

    /// The current schema of a call that names none.
    pub schema: Option<String> = "SNOWFLAKE_SCHEMA", Shape::Text("the name of a schema"),
        unset "none" [quotes(Quotes::OfNames)];

    /// The role of a call that names none.
    pub role: Option<String> = "SNOWFLAKE_ROLE", Shape::Text("the name of a role"),
        unset "the user's default" [quotes(Quotes::OfNames)];
}
