//! Where statements run, and how to sign in to Snowflake.

use super::forms::{is_account, is_host, is_https_url};
use super::variable::{HOUR, Quotes, SECOND, Section, Variable, span};
use crate::config::shape::Shape;
use crate::config::warehouse::{AuthType, Backend, IdentityProvider, Protocol};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "WAREHOUSE_BACKEND",
        Section::Warehouse,
        Shape::Choice(Backend::WORDS),
        "Where statements run: `snowflake` is an account, `embedded` the engine inside the process with sample data. The \
         slim image has no engine.",
    )
    .unset(
        "`snowflake` when `SNOWFLAKE_ACCOUNT` is set; otherwise `embedded` in development, and an error elsewhere",
    ),
    Variable::new(
        "SNOWFLAKE_CONNECTION_NAME",
        Section::Warehouse,
        Shape::Text("the name of a connection in `connections.toml`"),
        "A connection set up for Snowflake's own tools (`connections.toml`, or `[connections.…]` of `config.toml`). Its \
         account, user, authentication, role, warehouse, database and schema are used where no variable sets them.",
    )
    .unset("no file is read"),
    Variable::new(
        "SNOWFLAKE_DEFAULT_CONNECTION_NAME",
        Section::Warehouse,
        Shape::Text("the name of a connection in `connections.toml`"),
        "Snowflake's own name for the same setting; `SNOWFLAKE_CONNECTION_NAME` takes precedence.",
    )
    .unset("no file is read"),
    Variable::new(
        "SNOWFLAKE_HOME",
        Section::Warehouse,
        Shape::Path("the path of a folder"),
        "Folder of these files.",
    )
    .unset("`~/.snowflake` where it exists, else `~/.config/snowflake`"),
    Variable::new(
        "SNOWFLAKE_ACCOUNT",
        Section::Warehouse,
        Shape::Checked(
            "an account identifier such as `myorg-myaccount` or `xy12345.eu-central-1`",
            is_account,
        ),
        "The account to sign in to.",
    )
    .required("for the Snowflake warehouse")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_USER",
        Section::Warehouse,
        Shape::Text("the login name of a Snowflake user"),
        "The user to sign in as. Give it a role that can only read.",
    )
    .required(
        "for the Snowflake warehouse with `private_key`, `password` or `external_browser`",
    )
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_AUTH_TYPE",
        Section::Warehouse,
        Shape::Choice(AuthType::WORDS),
        "How to sign in. `external_browser` works only with `stdio` and with a service on loopback: it opens this \
         machine's browser, and uses one session unless the account allows id tokens (`ALLOW_ID_TOKEN`). When this is \
         unset, other variables decide: `SNOWFLAKE_PASSWORD` without a key means `password`; `SNOWFLAKE_PAT`, \
         `SNOWFLAKE_OAUTH_CLIENT_ID` and `SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER` select their own type. The names that \
         Snowflake's drivers use (`SNOWFLAKE_JWT`, `externalbrowser`) are accepted.",
    )
    .default("private_key"),
    Variable::new(
        "SNOWFLAKE_PRIVATE_KEY_PATH",
        Section::Warehouse,
        Shape::Path("the path of a file with a private key"),
        "The private key, PKCS#8 or PKCS#1, in PEM or DER. It is read again when the file changes, so you can rotate keys \
         without a restart.",
    )
    .required("for `private_key`, unless `SNOWFLAKE_PRIVATE_KEY` is set")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_PRIVATE_KEY",
        Section::Warehouse,
        Shape::Text("a private key: PEM, with or without its header lines, or base64 of PEM or DER"),
        "The private key itself, where no file can be mounted. Line breaks may be written out as `\\n`. A path here is read as \
         `SNOWFLAKE_PRIVATE_KEY_PATH`.",
    )
    .secret()
    .quotes(Quotes::Dropped)
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
        Section::Warehouse,
        Shape::Text("the passphrase of the private key"),
        "Opens an encrypted private key.",
    )
    .secret()
    .unset("the key is not encrypted"),
    Variable::new(
        "SNOWFLAKE_PASSWORD",
        Section::Warehouse,
        Shape::Text("the user's password"),
        "The password.",
    )
    .secret()
    .required("for `password`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_PASSCODE",
        Section::Warehouse,
        Shape::Text("a code of the user's second factor"),
        "The MFA code sent with the password. It expires soon, so use it with `stdio` and locally, not for a service.",
    )
    .secret()
    .unset("no code is sent"),
    Variable::new(
        "SNOWFLAKE_BROWSER_TIMEOUT",
        Section::Warehouse,
        span(SECOND, HOUR),
        "How long a person has to sign in with `external_browser`. After that the sign-in fails, and only the next call \
         opens a new window.",
    )
    .default("2m"),
    Variable::new(
        "SNOWFLAKE_TOKEN",
        Section::Warehouse,
        Shape::Text("a token"),
        "The token of `oauth`, `programmatic_access_token`, or `workload_identity` with the provider `oidc`.",
    )
    .secret()
    .quotes(Quotes::Dropped)
    .required("for `oauth` and `programmatic_access_token`, unless `SNOWFLAKE_TOKEN_PATH` is set")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_TOKEN_PATH",
        Section::Warehouse,
        Shape::Path("the path of a file with the token"),
        "File with the token; read again when it changes.",
    )
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_CLIENT_ID",
        Section::Warehouse,
        Shape::Text("the id of an OAuth client"),
        "Id of the OAuth client that fetches tokens.",
    )
    .required("for `oauth_client_credentials`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_CLIENT_SECRET",
        Section::Warehouse,
        Shape::Text("the secret of the OAuth client"),
        "Secret of the OAuth client.",
    )
    .secret()
    .required("for `oauth_client_credentials`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_TOKEN_URL",
        Section::Warehouse,
        Shape::Checked("an `https://` address without user or password", is_https_url),
        "Token endpoint of the OAuth server.",
    )
    .required("for `oauth_client_credentials`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_SCOPE",
        Section::Warehouse,
        Shape::Text("a scope, or several separated by spaces"),
        "Scope that the client requests.",
    )
    .unset("the role's own: `session:role:…`"),
    Variable::new(
        "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER",
        Section::Warehouse,
        Shape::Choice(IdentityProvider::WORDS),
        "The cloud or token issuer that attests the workload's identity.",
    )
    .required("for `workload_identity`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_HOST",
        Section::Warehouse,
        Shape::Checked("a host name or IP address, without scheme, port or spaces", is_host),
        "Host to use instead of the account's usual one: PrivateLink, or a fake Snowflake in tests.",
    )
    .unset("made from the account"),
    Variable::new(
        "SNOWFLAKE_PORT",
        Section::Warehouse,
        Shape::Whole(1, 65535),
        "Port to use instead of the protocol's usual one.",
    )
    .unset("443, or 80 for `http`"),
    Variable::new(
        "SNOWFLAKE_PROTOCOL",
        Section::Warehouse,
        Shape::Choice(Protocol::WORDS),
        "`http` is for tests against a fake Snowflake, and refused in production.",
    )
    .default("https"),
    Variable::new(
        "SNOWFLAKE_ALLOW_INSECURE",
        Section::Warehouse,
        Shape::Switch,
        "Allows `SNOWFLAKE_PROTOCOL=http` with hosts other than loopback: a fake Snowflake in another container.",
    )
    .default("false"),
    Variable::new(
        "SNOWFLAKE_WAREHOUSE",
        Section::Warehouse,
        Shape::Text("the name of a virtual warehouse"),
        "The virtual warehouse for statements, unless a call names another.",
    )
    .quotes(Quotes::OfNames)
    .unset("the user's default"),
    Variable::new(
        "SNOWFLAKE_DATABASE",
        Section::Warehouse,
        Shape::Text("the name of a database"),
        "The current database of a call that names none.",
    )
    .quotes(Quotes::OfNames)
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_SCHEMA",
        Section::Warehouse,
        Shape::Text("the name of a schema"),
        "The current schema of a call that names none.",
    )
    .quotes(Quotes::OfNames)
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_ROLE",
        Section::Warehouse,
        Shape::Text("the name of a role"),
        "The role of a call that names none.",
    )
    .quotes(Quotes::OfNames)
    .unset("the user's default"),
];
