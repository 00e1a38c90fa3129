//! Which warehouse runs the statements, and how to sign in to Snowflake.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::types::{Secret, Span, words};

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

/// Where statements run.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Warehouse {
    /// Which warehouse it is. Unset, it is Snowflake when there is an account, or else the embedded engine in
    /// development; that choice is made before this struct is read.
    #[envconfig(from = "WAREHOUSE_BACKEND")]
    pub backend: Backend,
    /// A connection of Snowflake's own tools. Read while the settings are collected, see `connections.rs`.
    #[envconfig(from = "SNOWFLAKE_CONNECTION_NAME")]
    pub connection_name: Option<String>,
    /// The same under the tools' own name.
    #[envconfig(from = "SNOWFLAKE_DEFAULT_CONNECTION_NAME")]
    pub default_connection_name: Option<String>,
    /// The folder of Snowflake's own tools.
    #[envconfig(from = "SNOWFLAKE_HOME")]
    pub home: Option<PathBuf>,
    /// The account identifier.
    #[envconfig(from = "SNOWFLAKE_ACCOUNT")]
    pub account: Option<String>,
    /// The user to sign in as.
    #[envconfig(from = "SNOWFLAKE_USER")]
    pub user: Option<String>,
    /// How to sign in.
    #[envconfig(from = "SNOWFLAKE_AUTH_TYPE", default = "private_key")]
    pub auth_type: AuthType,
    /// The file with the private key; read again when it changes.
    #[envconfig(from = "SNOWFLAKE_PRIVATE_KEY_PATH")]
    pub private_key_path: Option<PathBuf>,
    /// The private key itself, as PEM or the PEM's base64.
    #[envconfig(from = "SNOWFLAKE_PRIVATE_KEY")]
    pub private_key: Option<Secret>,
    /// What opens an encrypted private key.
    #[envconfig(from = "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE")]
    pub private_key_passphrase: Option<Secret>,
    /// The user's password.
    #[envconfig(from = "SNOWFLAKE_PASSWORD")]
    pub password: Option<Secret>,
    /// A code of the user's second factor, sent with the password.
    #[envconfig(from = "SNOWFLAKE_PASSCODE")]
    pub passcode: Option<Secret>,
    /// How long a person has to sign in with the browser. The official drivers wait as long.
    #[envconfig(from = "SNOWFLAKE_BROWSER_TIMEOUT", default = "2m")]
    pub browser_timeout: Span,
    /// A token: OAuth, programmatic access or OpenID Connect, by [`Warehouse::auth_type`].
    #[envconfig(from = "SNOWFLAKE_TOKEN")]
    pub token: Option<Secret>,
    /// The file with the token; read again when it changes.
    #[envconfig(from = "SNOWFLAKE_TOKEN_PATH")]
    pub token_path: Option<PathBuf>,
    /// The OAuth client.
    #[envconfig(from = "SNOWFLAKE_OAUTH_CLIENT_ID")]
    pub oauth_client_id: Option<String>,
    /// The OAuth client's secret.
    #[envconfig(from = "SNOWFLAKE_OAUTH_CLIENT_SECRET")]
    pub oauth_client_secret: Option<Secret>,
    /// Where the OAuth client fetches its token.
    #[envconfig(from = "SNOWFLAKE_OAUTH_TOKEN_URL")]
    pub oauth_token_url: Option<String>,
    /// The scope the OAuth client asks for.
    #[envconfig(from = "SNOWFLAKE_OAUTH_SCOPE")]
    pub oauth_scope: Option<String>,
    /// Who vouches for the workload.
    #[envconfig(from = "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER")]
    pub workload_identity_provider: Option<IdentityProvider>,
    /// A host other than the account's usual one.
    #[envconfig(from = "SNOWFLAKE_HOST")]
    pub host: Option<String>,
    /// A port other than the protocol's usual one.
    #[envconfig(from = "SNOWFLAKE_PORT")]
    pub port: Option<u16>,
    /// TLS, or clear text for tests.
    #[envconfig(from = "SNOWFLAKE_PROTOCOL", default = "https")]
    pub protocol: Protocol,
    /// Whether clear text may go to hosts other than loopback. Off, because it would show credentials and rows to
    /// everybody on the way.
    #[envconfig(from = "SNOWFLAKE_ALLOW_INSECURE", default = "false")]
    pub allow_insecure: bool,
    /// The virtual warehouse that pays, unless a call names another.
    #[envconfig(from = "SNOWFLAKE_WAREHOUSE")]
    pub warehouse: Option<String>,
    /// The current database of a call that names none.
    #[envconfig(from = "SNOWFLAKE_DATABASE")]
    pub database: Option<String>,
    /// The current schema of a call that names none.
    #[envconfig(from = "SNOWFLAKE_SCHEMA")]
    pub schema: Option<String>,
    /// The role of a call that names none.
    #[envconfig(from = "SNOWFLAKE_ROLE")]
    pub role: Option<String>,
}
