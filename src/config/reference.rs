//! The reference table: every variable there is, once.
//!
//! Defaults that differ between environments, checks, error texts, `snowflake-mcp config`, `docs/configuration.md` and the
//! tests of the env files all come from here. To add a variable: a field in its section's struct, an entry here, a line in
//! both `.env.*` files, then `snowflake-mcp config --markdown > docs/configuration.md`; the tests name what was forgotten.

use std::fmt;

use super::auth;
use super::environment::Environment;
use super::limits::Toolset;
use super::policy::SqlPolicy;
use super::shape::Shape;
use super::telemetry::{LogFormat, LogLevel};
use super::types::{ByteSize, Span};
use super::warehouse::{AuthType, Backend, IdentityProvider, Protocol};

/// A variable and all that is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name, without the prefix of an environment.
    pub name: &'static str,
    /// The concern it belongs to.
    pub section: Section,
    /// What its text must look like.
    pub shape: Shape,
    /// What holds when it is not set.
    pub default: Default,
    /// When it must be set; completes "required …".
    pub required: Option<&'static str>,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Whether this version obeys it.
    pub availability: Availability,
    /// What it does.
    pub about: &'static str,
}

/// The concerns, in the order of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Which environment this is.
    Environment,
    /// The HTTP side.
    Server,
    /// Who may call.
    Auth,
    /// Which warehouse, and how to sign in.
    Warehouse,
    /// Snowflake sessions.
    Pool,
    /// Budgets of a call.
    Limits,
    /// What statements may do and touch.
    Policy,
    /// The engine in this process.
    Embedded,
    /// Logs and OpenTelemetry.
    Telemetry,
}

/// What holds when a variable is not set.
#[derive(Debug, Clone, Copy)]
pub enum Default {
    /// Nothing; the words say what that means.
    Unset(&'static str),
    /// The same in all environments.
    Same(&'static str),
    /// One each for development, staging and production.
    Each(&'static str, &'static str, &'static str),
}

/// Whether this version obeys a variable. Changing that is changing one word in its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It does.
    Obeyed,
    /// Not yet, and nobody is less safe for it: a warning at start-up.
    Later,
    /// Not yet, and it guards something: setting it is an error, for a guard that is silently ignored is worse than
    /// none. A value given here is what happens anyway, and may be set.
    GuardLater(Option<&'static str>),
}

impl Variable {
    const fn new(name: &'static str, section: Section, shape: Shape, about: &'static str) -> Self {
        Self {
            name,
            section,
            shape,
            default: Default::Unset(""),
            required: None,
            secret: false,
            availability: Availability::Obeyed,
            about,
        }
    }

    const fn unset(mut self, meaning: &'static str) -> Self {
        self.default = Default::Unset(meaning);
        self
    }

    const fn default(mut self, value: &'static str) -> Self {
        self.default = Default::Same(value);
        self
    }

    const fn each(
        mut self,
        development: &'static str,
        staging: &'static str,
        production: &'static str,
    ) -> Self {
        self.default = Default::Each(development, staging, production);
        self
    }

    const fn required(mut self, when: &'static str) -> Self {
        self.required = Some(when);
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    #[allow(
        dead_code,
        reason = "for the next setting that is named before it is obeyed"
    )]
    const fn later(mut self) -> Self {
        self.availability = Availability::Later;
        self
    }

    const fn guard_later(mut self) -> Self {
        self.availability = Availability::GuardLater(None);
        self
    }

    /// The default in an environment, where there is one.
    #[must_use]
    pub const fn default_in(&self, environment: Environment) -> Option<&'static str> {
        match (self.default, environment) {
            (Default::Unset(_), _) => None,
            (Default::Same(value), _)
            | (Default::Each(value, _, _), Environment::Development)
            | (Default::Each(_, value, _), Environment::Staging)
            | (Default::Each(_, _, value), Environment::Production) => Some(value),
        }
    }

    /// Whether staging and production read it under a prefixed name first.
    #[must_use]
    pub fn takes_prefix(&self) -> bool {
        self.name.starts_with("SNOWFLAKE_")
    }
}

/// The entry of a name, without prefix.
#[must_use]
pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

impl Section {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Environment,
        Self::Server,
        Self::Auth,
        Self::Warehouse,
        Self::Pool,
        Self::Limits,
        Self::Policy,
        Self::Embedded,
        Self::Telemetry,
    ];

    /// The heading and the sentence under it.
    #[must_use]
    pub const fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Environment => (
                "Environment",
                "Picks the column of defaults, and the prefix of the `SNOWFLAKE_` names.",
            ),
            Self::Server => (
                "Server",
                "Where the service listens, how much it accepts, how it stops.",
            ),
            Self::Auth => (
                "Access",
                "Who may call. Without a key only programs on the same machine can, unless `ALLOW_ANONYMOUS` says otherwise.",
            ),
            Self::Warehouse => (
                "Warehouse",
                "Where statements run, and how to sign in to Snowflake.",
            ),
            Self::Pool => (
                "Snowflake sessions",
                "How many sessions are kept, and for how long.",
            ),
            Self::Limits => ("Limits", "What one call may cost."),
            Self::Policy => (
                "Policy",
                "What statements may do and touch; docs/policy.md explains it. Each list narrows what the others leave.",
            ),
            Self::Embedded => (
                "Embedded engine",
                "The engine inside the process, with a copy of Snowflake's sample data.",
            ),
            Self::Telemetry => (
                "Logs and telemetry",
                "Other `OTEL_` variables mean what the OpenTelemetry specification says and are not checked here.",
            ),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().0)
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;

const fn span(min: u64, max: u64) -> Shape {
    Shape::Span(Span::from_millis(min), Span::from_millis(max))
}

const fn size(min: u64, max: u64) -> Shape {
    Shape::Size(ByteSize::from_bytes(min), ByteSize::from_bytes(max))
}

/// Every variable, by section.
pub const VARIABLES: &[Variable] = &[
    Variable::new(
        "ENVIRONMENT",
        Section::Environment,
        Shape::Choice(Environment::WORDS),
        "Where the service runs. In `staging` and `production` every `SNOWFLAKE_` variable is first read with the prefix \
         `STAGING_` or `PRODUCTION_`, and by its plain name when that is not set; `development` reads plain names only.",
    )
    .default("development"),
    // Server
    Variable::new(
        "SERVER_HOST",
        Section::Server,
        Shape::Checked("a host name or IP address, without scheme, port or spaces", is_host),
        "Name or address to listen on. Beyond loopback a key is required, see `ALLOW_ANONYMOUS`. The container image sets \
         `0.0.0.0`.",
    )
    .default("localhost"),
    Variable::new(
        "SERVER_PORT",
        Section::Server,
        Shape::Whole(0, 65535),
        "Port to listen on. 0 picks a free one, which the log names; `healthcheck` cannot know it then.",
    )
    .default("8000"),
    Variable::new(
        "SERVER_WORKERS",
        Section::Server,
        Shape::Whole(1, 1024),
        "Threads that serve HTTP. They mostly wait for the warehouse, so a few are enough.",
    )
    .each("1", "2", "4"),
    Variable::new(
        "SERVER_RELOAD",
        Section::Server,
        Shape::Switch,
        "Whether to start again in place when the program or the env file changes.",
    )
    .each("true", "false", "false"),
    Variable::new(
        "KEEPALIVE_TIMEOUT",
        Section::Server,
        Shape::Seconds(0, 3600),
        "How long an idle connection is kept for its next request; 0 closes it after the answer. Behind a proxy, set it \
         above the proxy's own.",
    )
    .default("5"),
    Variable::new(
        "MAX_CONNECTIONS",
        Section::Server,
        Shape::Whole(1, 1_000_000),
        "Connections open at once, per worker.",
    )
    .default("1000"),
    Variable::new(
        "CORS_ORIGINS",
        Section::Server,
        Shape::Items("`https://host`, `http://host:port`, or `*` alone", is_origin),
        "Origins whose pages may call the service. `*` is any and is refused in production.",
    )
    .each("*", "https://staging.example.com", "https://app.example.com"),
    Variable::new(
        "ALLOWED_HOSTS",
        Section::Server,
        Shape::Items("a host name or address, with or without a port, or `*` for any", is_answered_host),
        "`Host` headers that `/mcp` answers, besides local names and `SERVER_HOST`: the defence against DNS rebinding. \
         Behind a proxy or in Kubernetes, name the public host and the service's DNS name; probes are not affected. `*` \
         switches the check off: only where something in front of the service checks names.",
    )
    .default("localhost,127.0.0.1,::1"),
    Variable::new(
        "MAX_REQUEST_BYTES",
        Section::Server,
        size(KIB, GIB),
        "Largest request body.",
    )
    .default("4MiB"),
    Variable::new(
        "MANAGEMENT_PORT",
        Section::Server,
        Shape::Whole(0, 65535),
        "Port of probes and metrics, on the same host; 0 picks a free one.",
    )
    .unset("they are served on `SERVER_PORT`"),
    Variable::new(
        "SHUTDOWN_TIMEOUT",
        Section::Server,
        span(0, HOUR),
        "How long requests in progress may take to end at a shutdown. Give Kubernetes' \
         `terminationGracePeriodSeconds` at least ten seconds more.",
    )
    .default("30s"),
    Variable::new(
        "PID_FILE",
        Section::Server,
        Shape::Text("the path of a file that can be written"),
        "Where the process id is written; removed at the end.",
    )
    .unset("not written"),
    Variable::new(
        "LOG_FILE",
        Section::Server,
        Shape::Text("the path of a file that can be written"),
        "Where logs are written besides stderr: a new file every day, the date added to the name.",
    )
    .unset("stderr only"),
    Variable::new(
        "WORKING_DIR",
        Section::Server,
        Shape::Text("the path of a folder"),
        "The folder to change into before any other path is opened; relative paths start there.",
    )
    .unset("stay where started"),
    // Access
    Variable::new(
        "API_KEY",
        Section::Auth,
        Shape::Checked(
            "at least 16 characters that can stand in a header, without spaces or commas",
            auth::is_key,
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
            auth::is_key_with_options,
        ),
        "Several keys, all accepted besides `API_KEY`: one for each team, or the old and the new one while they are \
         exchanged. Behind a key may stand limits for its callers, not above those of the settings with the same names in upper \
         case: `default_rows`, `max_rows`, `max_result_bytes`, `max_cell_bytes`, `query_timeout`, `max_scan_bytes`, \
         `max_concurrent_queries`, `rate_limit_per_minute`; as in `<key> max_rows=500 query_timeout=30s, <key>`.",
    )
    .secret()
    .unset("no further keys"),
    Variable::new(
        "ALLOW_ANONYMOUS",
        Section::Auth,
        Shape::Switch,
        "Says in so many words that everybody who can reach the port may call, without a key.",
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
        "What a token must be meant for.",
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
    // Warehouse
    Variable::new(
        "WAREHOUSE_BACKEND",
        Section::Warehouse,
        Shape::Choice(Backend::WORDS),
        "Where statements run. The Snowflake driver comes in a later version: its settings are checked already, but the \
         service does not start with it.",
    )
    .unset(
        "`snowflake` when `SNOWFLAKE_ACCOUNT` is set; otherwise `embedded` in development, and an error elsewhere",
    ),
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
        "How to sign in. `external_browser` is for `stdio` and for a service on loopback only: it opens the browser of this \
         machine, and uses one session unless the account allows id tokens (`ALLOW_ID_TOKEN`).",
    )
    .default("private_key"),
    Variable::new(
        "SNOWFLAKE_PRIVATE_KEY_PATH",
        Section::Warehouse,
        Shape::Text("the path of a PEM file"),
        "The private key, PKCS#8 in PEM; read again when the file changes, so keys rotate without a restart.",
    )
    .required("for `private_key`, unless `SNOWFLAKE_PRIVATE_KEY` is set")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_PRIVATE_KEY",
        Section::Warehouse,
        Shape::Text("a private key as PEM, or the PEM's base64"),
        "The private key itself, where no file can be mounted.",
    )
    .secret()
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
        "The code sent with the password. It soon expires: for `stdio` and local use, not for a service.",
    )
    .secret()
    .unset("no code is sent"),
    Variable::new(
        "SNOWFLAKE_BROWSER_TIMEOUT",
        Section::Warehouse,
        span(SECOND, HOUR),
        "How long a person has to sign in with `external_browser`. After that the window is given up, and only a call opens \
         another.",
    )
    .default("2m"),
    Variable::new(
        "SNOWFLAKE_TOKEN",
        Section::Warehouse,
        Shape::Text("a token"),
        "The token of `oauth`, `programmatic_access_token`, or `workload_identity` with the provider `oidc`.",
    )
    .secret()
    .required("for `oauth` and `programmatic_access_token`, unless `SNOWFLAKE_TOKEN_PATH` is set")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_TOKEN_PATH",
        Section::Warehouse,
        Shape::Text("the path of a file with the token"),
        "The token as a file; read again when it changes.",
    )
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_CLIENT_ID",
        Section::Warehouse,
        Shape::Text("the id of an OAuth client"),
        "The client that fetches tokens.",
    )
    .required("for `oauth_client_credentials`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_CLIENT_SECRET",
        Section::Warehouse,
        Shape::Text("the secret of the OAuth client"),
        "The client's secret.",
    )
    .secret()
    .required("for `oauth_client_credentials`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_TOKEN_URL",
        Section::Warehouse,
        Shape::Checked("an `https://` address without user or password", is_https_url),
        "Where the client fetches tokens.",
    )
    .required("for `oauth_client_credentials`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_OAUTH_SCOPE",
        Section::Warehouse,
        Shape::Text("a scope, or several separated by spaces"),
        "The scope the client asks for.",
    )
    .unset("the role's own: `session:role:…`"),
    Variable::new(
        "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER",
        Section::Warehouse,
        Shape::Choice(IdentityProvider::WORDS),
        "Who vouches for the workload.",
    )
    .required("for `workload_identity`")
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_HOST",
        Section::Warehouse,
        Shape::Checked("a host name or IP address, without scheme, port or spaces", is_host),
        "A host other than the account's usual one: PrivateLink, or a fake Snowflake in tests.",
    )
    .unset("made from the account"),
    Variable::new(
        "SNOWFLAKE_PORT",
        Section::Warehouse,
        Shape::Whole(1, 65535),
        "A port other than the protocol's usual one.",
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
        "Permits `SNOWFLAKE_PROTOCOL=http` with hosts beyond loopback: a fake Snowflake in another container.",
    )
    .default("false"),
    Variable::new(
        "SNOWFLAKE_WAREHOUSE",
        Section::Warehouse,
        Shape::Text("the name of a virtual warehouse"),
        "The virtual warehouse that pays, unless a call names another.",
    )
    .unset("the user's default"),
    Variable::new(
        "SNOWFLAKE_DATABASE",
        Section::Warehouse,
        Shape::Text("the name of a database"),
        "The current database of a call that names none.",
    )
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_SCHEMA",
        Section::Warehouse,
        Shape::Text("the name of a schema"),
        "The current schema of a call that names none.",
    )
    .unset("none"),
    Variable::new(
        "SNOWFLAKE_ROLE",
        Section::Warehouse,
        Shape::Text("the name of a role"),
        "The role of a call that names none.",
    )
    .unset("the user's default"),
    // Snowflake sessions
    Variable::new(
        "SNOWFLAKE_POOL_MIN_SIZE",
        Section::Pool,
        Shape::Whole(1, 1000),
        "Sessions kept even when idle.",
    )
    .each("1", "2", "5"),
    Variable::new(
        "SNOWFLAKE_POOL_MAX_SIZE",
        Section::Pool,
        Shape::Whole(1, 1000),
        "Sessions at most, not fewer than `SNOWFLAKE_POOL_MIN_SIZE`. Also how many statements run at once.",
    )
    .each("5", "10", "20"),
    Variable::new(
        "SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES",
        Section::Pool,
        Shape::Minutes(1, 10_080),
        "Idle sessions above the minimum are closed after this.",
    )
    .default("30"),
    Variable::new(
        "SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES",
        Section::Pool,
        Shape::Minutes(1, 10_080),
        "How often an idle session gets a heartbeat.",
    )
    .default("5"),
    Variable::new(
        "SNOWFLAKE_POOL_CONNECTION_TIMEOUT",
        Section::Pool,
        Shape::Seconds(1, 3600),
        "Longest wait for a session; the call is then answered `warehouse_busy`.",
    )
    .default("30.0"),
    Variable::new(
        "SNOWFLAKE_POOL_RETRY_ATTEMPTS",
        Section::Pool,
        Shape::Whole(0, 100),
        "How often a transient failure is tried again.",
    )
    .default("3"),
    // Limits and policy
    Variable::new(
        "DEFAULT_ROWS",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Rows in an answer to a call that asks for no number. Not more than `MAX_ROWS`.",
    )
    .default("100"),
    Variable::new(
        "MAX_ROWS",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Rows in one answer at most, whatever the call asks for.",
    )
    .default("10000"),
    Variable::new(
        "MAX_RESULT_BYTES",
        Section::Limits,
        size(4 * KIB, GIB),
        "Text of one answer at most; what does not fit is said and can be fetched.",
    )
    .default("1MiB"),
    Variable::new(
        "MAX_CELL_BYTES",
        Section::Limits,
        size(64, 64 * MIB),
        "Bytes of one value at most; a longer one is shortened and says how long it was.",
    )
    .default("16KiB"),
    Variable::new(
        "QUERY_TIMEOUT",
        Section::Limits,
        span(SECOND, 24 * HOUR),
        "How long a statement may run before it is stopped. A call can ask for less, not for more.",
    )
    .default("5m"),
    Variable::new(
        "SYNC_WAIT",
        Section::Limits,
        span(SECOND, HOUR),
        "How long a call waits for its rows before it leaves the statement running and answers with a cursor to fetch them by. \
         Keep it below the time after which clients give up, often 60 s. With no less than `QUERY_TIMEOUT` nothing is left \
         running, and a statement costs one request less.",
    )
    .default("45s"),
    Variable::new(
        "MAX_CONCURRENT_QUERIES",
        Section::Limits,
        Shape::Whole(1, 10_000),
        "Statements running at once in this process; more wait their turn.",
    )
    .default("64"),
    Variable::new(
        "DOWNLOAD_MEMORY_LIMIT",
        Section::Limits,
        size(MIB, 64 * GIB),
        "Memory for pieces of Snowflake's results while they are fetched and read, of all calls together. What does not fit waits its \
         turn, until its call's time is over: the call is then answered `warehouse_busy`. One result takes 24 MiB at most, or one \
         piece where that is larger.",
    )
    .default("128MiB"),
    Variable::new(
        "RATE_LIMIT_PER_MINUTE",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Calls of tools that one caller may make in a minute, at each replica: so many at once, then one more for each share of a \
         minute that has passed. A caller is a key, or without keys an address; behind a proxy that is the proxy's. More are answered \
         `rate_limited`, with the seconds to wait.",
    )
    .unset("no limit"),
    Variable::new(
        "TOOLSETS",
        Section::Limits,
        Shape::Choices(Toolset::WORDS),
        "The groups of tools that are offered. `semantic`, `cortex` and `custom` come in later versions.",
    )
    .default("catalog,query"),
    Variable::new(
        "CATALOG_CACHE_TTL",
        Section::Limits,
        span(0, HOUR),
        "How long answers of the tools that list and describe are kept for the same caller and question; such an answer says how \
         old it is. `0s` keeps none.",
    )
    .default("10s"),
    Variable::new(
        "MAX_SCAN_BYTES",
        Section::Limits,
        size(MIB, 1024 * 1024 * GIB),
        "A statement that Snowflake's plan expects to scan more is refused before it runs; each is explained first, which takes \
         one more request. The embedded engine expects no bytes.",
    )
    .unset("no limit"),
    Variable::new(
        "CURSOR_SECRET",
        Section::Limits,
        Shape::Checked("at least 32 characters, or several such secrets separated by commas", |text| {
            text.split(',').all(|secret| secret.trim().chars().count() >= 32)
        }),
        "Signs the cursors of long results. Give every replica the same, so that each can go on with what another began. Several, \
         separated by commas, are all accepted, and the first signs: put a new one in front, and drop the old one when `CURSOR_LIFETIME` has passed.",
    )
    .secret()
    .unset("made at start-up"),
    Variable::new(
        "CURSOR_LIFETIME",
        Section::Limits,
        span(SECOND, 24 * HOUR),
        "How long a cursor is good for. Snowflake keeps results for a day, so longer is of no use; less where what a caller has read \
         shall soon be out of its reach.",
    )
    .default("24h"),
    // Policy
    Variable::new(
        "SQL_POLICY",
        Section::Policy,
        Shape::Choice(SqlPolicy::WORDS),
        "What statements may do. `read_only`: read. `read_write`: also INSERT, UPDATE, DELETE, MERGE and TRUNCATE. `admin`: also \
         objects, grants, COPY, procedures and functions with side effects. USE, SET, transactions, PUT and GET are refused under \
         each. The embedded engine runs queries only, whatever is set here.",
    )
    .default("read_only"),
    Variable::new(
        "SQL_POLICY_VERIFY",
        Section::Policy,
        Shape::Switch,
        "Has Snowflake compile every query and change of rows before it runs, and refuses what Snowflake takes for another kind of \
         statement than the policy did. One more request a statement.",
    )
    .default("false"),
    Variable::new(
        "ALLOWED_STATEMENTS",
        Section::Policy,
        Shape::Items(STATEMENTS, is_statement),
        "Of what `SQL_POLICY` accepts, the only kinds of statements that may run, as in `READ, CALL` or `SELECT, SHOW TABLES`.",
    )
    .unset("all that `SQL_POLICY` accepts"),
    Variable::new(
        "DENIED_STATEMENTS",
        Section::Policy,
        Shape::Items(STATEMENTS, is_statement),
        "Of what `SQL_POLICY` accepts, the kinds of statements that may not run, as in `TRUNCATE, SHOW USERS`.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_SIDE_EFFECTS",
        Section::Policy,
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        "The only functions with an effect, or billed by use, that statements may call, as in `AI_COMPLETE, \
         SNOWFLAKE.CORTEX.SENTIMENT`. Queries may call them under every `SQL_POLICY`.",
    )
    .unset("none, but all under `admin`"),
    Variable::new(
        "DENIED_FUNCTIONS",
        Section::Policy,
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        "Functions no statement may call, as in `GET_PRESIGNED_URL, SYSTEM$*, MYDB.UTIL.*`. What a view, function or procedure \
         does inside is not seen.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_DATABASES",
        Section::Policy,
        Shape::Items("the name of a database, in \"double quotes\" if it is not upper case", is_database),
        "The only databases statements may touch. Unqualified names belong to the call's database, else to the default one. What \
         the text does not tell (stages, IDENTIFIER(…), TABLE(…) of anything but FLATTEN and the like, names in texts) is \
         refused, and so are statements that are not queries, writes, SHOW or DESCRIBE. Lists of names leave out the others. What \
         a view or procedure does inside is up to the grants of its owner.",
    )
    .unset("all that the role may use"),
    Variable::new(
        "ALLOWED_SCHEMAS",
        Section::Policy,
        Shape::Items("a name such as `SALES.PUBLIC`, in which * stands for any letters", is_schema_pattern),
        "The only schemas statements may touch; the rest is as for `ALLOWED_DATABASES`. A name without its schema must be allowed \
         both in the current one and in PUBLIC, where Snowflake looks next.",
    )
    .unset("all that the role may use"),
    Variable::new(
        "ALLOWED_OBJECTS",
        Section::Policy,
        Shape::Items("a name such as `SALES.PUBLIC.ORDERS_*`, in which * stands for any letters", is_object_pattern),
        "The only tables, views, functions and other objects of schemas statements may touch; the rest is as for \
         `ALLOWED_SCHEMAS`.",
    )
    .unset("all that the role may use"),
    Variable::new(
        "DENIED_OBJECTS",
        Section::Policy,
        Shape::Items("a name such as `SALES.HR.*`, in which * stands for any letters", is_object_pattern),
        "Tables, views, functions and other objects of schemas that no statement may touch; the rest is as for \
         `ALLOWED_SCHEMAS`. A view may show what is denied, so deny the view too.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_ROLES",
        Section::Policy,
        Shape::Items("the name of a role, in which * stands for any letters", is_name_pattern),
        "The only roles a call may name; `SNOWFLAKE_ROLE` must be among them. ACCOUNTADMIN, SECURITYADMIN, SYSADMIN, USERADMIN, \
         ORGADMIN and GLOBALORGADMIN are refused, also as `SNOWFLAKE_ROLE`, unless they stand here by their full name.",
    )
    .unset("all but those of administrators"),
    Variable::new(
        "ALLOWED_WAREHOUSES",
        Section::Policy,
        Shape::Items("the name of a virtual warehouse, in which * stands for any letters", is_name_pattern),
        "The only virtual warehouses a call may name; `SNOWFLAKE_WAREHOUSE` must be among them.",
    )
    .unset("all that the role may use"),
    // Embedded engine
    Variable::new(
        "EMBEDDED_SCALE_FACTOR",
        Section::Embedded,
        Shape::Decimal(0.001, 10.0),
        "How large the sample data is: 0.01 has 15,000 orders, 1 has 1.5 million and needs about a gigabyte.",
    )
    .default("0.01"),
    Variable::new(
        "EMBEDDED_MEMORY_LIMIT",
        Section::Embedded,
        size(32 * MIB, 1024 * GIB),
        "Memory the engine may use.",
    )
    .default("512MiB"),
    Variable::new(
        "EMBEDDED_THREADS",
        Section::Embedded,
        Shape::Whole(1, 1024),
        "Threads the engine may use.",
    )
    .unset("one for each processor"),
    // Logs and telemetry
    Variable::new(
        "LOG_LEVEL",
        Section::Telemetry,
        Shape::Checked(
            "`DEBUG`, `INFO`, `WARNING`, `ERROR`, or a filter such as `info,snowflake_mcp=debug`",
            |text| text.parse::<LogLevel>().is_ok(),
        ),
        "What is logged. Takes Python's level names and the filter syntax of Rust's `tracing`.",
    )
    .each("DEBUG", "INFO", "WARNING"),
    Variable::new(
        "LOG_FORMAT",
        Section::Telemetry,
        Shape::Choice(LogFormat::WORDS),
        "What a log line looks like: `text` for people, `json` for machines.",
    )
    .each("text", "json", "json"),
    Variable::new(
        "AUDIT_LOG_FILE",
        Section::Telemetry,
        Shape::Text("the path of a file that can be written"),
        "Where each call of a tool is recorded, one JSON object a line; see docs/logging.md.",
    )
    .unset("in the log, under the target `audit`"),
    Variable::new(
        "TRACE_SQL",
        Section::Telemetry,
        Shape::Switch,
        "Whether traces show statements, with `?` for every value.",
    )
    .default("false"),
    Variable::new(
        "OTEL_SDK_DISABLED",
        Section::Telemetry,
        Shape::Switch,
        "Switches export off.",
    )
    .unset("export is on where an endpoint is set"),
    Variable::new(
        "OTEL_SERVICE_NAME",
        Section::Telemetry,
        Shape::Text("a name"),
        "What the service is called in traces and metrics.",
    )
    .unset("`snowflake-mcp`"),
    Variable::new(
        "OTEL_RESOURCE_ATTRIBUTES",
        Section::Telemetry,
        Shape::Text("comma-separated `name=value` pairs"),
        "What else describes the service.",
    )
    .unset("none"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Section::Telemetry,
        Shape::Checked("an `http://` or `https://` address without user or password", is_url),
        "Where traces are sent. `http/protobuf` adds `/v1/traces`.",
    )
    .unset("nothing is sent"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        Section::Telemetry,
        Shape::Checked("an `http://` or `https://` address without user or password", is_url),
        "Where traces are sent, instead. Taken as it stands, path included.",
    )
    .unset("`OTEL_EXPORTER_OTLP_ENDPOINT`"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_HEADERS",
        Section::Telemetry,
        Shape::Text("comma-separated `name=value` pairs"),
        "What is sent along with an export, often a key.",
    )
    .secret()
    .unset("none"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        Section::Telemetry,
        Shape::Choice(&["grpc", "http/protobuf"]),
        "How to export.",
    )
    .unset("`http/protobuf`"),
    Variable::new(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        Section::Telemetry,
        Shape::Whole(1, 3_600_000),
        "How long an export may take, in milliseconds.",
    )
    .unset("10000"),
    Variable::new(
        "OTEL_TRACES_EXPORTER",
        Section::Telemetry,
        Shape::Choice(&["otlp", "none"]),
        "Where traces go.",
    )
    .unset("`otlp`"),
    Variable::new(
        "OTEL_METRICS_EXPORTER",
        Section::Telemetry,
        Shape::Text("`prometheus`, `none` or another exporter's name"),
        "Where metrics go. They are at `/metrics`, whatever it says, and are not pushed.",
    )
    .later()
    .unset("`prometheus`"),
    Variable::new(
        "OTEL_TRACES_SAMPLER",
        Section::Telemetry,
        Shape::Choice(&[
            "always_on",
            "always_off",
            "traceidratio",
            "parentbased_always_on",
            "parentbased_always_off",
            "parentbased_traceidratio",
        ]),
        "Which traces are kept.",
    )
    .unset("`parentbased_always_on`"),
    Variable::new(
        "OTEL_TRACES_SAMPLER_ARG",
        Section::Telemetry,
        Shape::Text("the sampler's argument, such as `0.1`"),
        "How many of them.",
    )
    .unset("1"),
    Variable::new(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        Section::Telemetry,
        Shape::Whole(1, 1_000_000),
        "How many spans may wait to be sent; what finds no place is dropped and counted.",
    )
    .unset("2048"),
    Variable::new(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        Section::Telemetry,
        Shape::Whole(1, 1_000_000),
        "How many spans are sent at once.",
    )
    .unset("512"),
    Variable::new(
        "OTEL_BSP_SCHEDULE_DELAY",
        Section::Telemetry,
        Shape::Whole(1, 3_600_000),
        "How long a span waits at most before it is sent, in milliseconds.",
    )
    .unset("5000"),
    Variable::new(
        "OTEL_BSP_EXPORT_TIMEOUT",
        Section::Telemetry,
        Shape::Whole(1, 3_600_000),
        "How long sending may take in all, in milliseconds.",
    )
    .unset("30000"),
    Variable::new(
        "OTEL_PROPAGATORS",
        Section::Telemetry,
        Shape::Text("comma-separated names, such as `tracecontext,baggage`"),
        "How a trace's id is read from a request. `tracecontext` always is.",
    )
    .later()
    .unset("`tracecontext`"),
];

/// Printable and without spaces: what fits into one word.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())
}

fn is_name(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// One name, not several joined by dots: `SALES` or `"sales"`.
fn is_database(text: &str) -> bool {
    let bare = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let is_plain = !text.contains(['"', '.']);
    is_name(text)
        && text.chars().count() <= 255
        && bare.map_or(is_plain, |name| !name.is_empty() && !name.contains('"'))
}

const STATEMENTS: &str = "`READ`, `WRITE`, `DDL`, `ACCESS_CONTROL`, `FILE_TRANSFER`, `PROCEDURE`, or a verb such as `DELETE`, \
                          `CREATE TABLE`, `SHOW GRANTS`";

/// One to four words.
fn is_statement(text: &str) -> bool {
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    text.split_whitespace().count() <= 4 && text.split_whitespace().all(is_word)
}

fn is_name_pattern(text: &str) -> bool {
    has_parts(text, 1)
}

fn is_schema_pattern(text: &str) -> bool {
    has_parts(text, 2)
}

fn is_object_pattern(text: &str) -> bool {
    has_parts(text, 3)
}

/// So many names joined by dots, plain words or in double quotes.
fn has_parts(text: &str, wanted: usize) -> bool {
    let mut parts = 0;
    let mut rest = text;
    loop {
        let part = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"'),
            None => Some(rest.split_at(rest.find('.').unwrap_or(rest.len()))),
        };
        let Some((part, after)) = part else {
            return false;
        };
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
fn is_function(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '*'))
    };
    text.split('.').count() <= 3 && text.split('.').all(is_part)
}

/// A host without port. IPv6 with or without brackets.
fn is_host(text: &str) -> bool {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    !text.is_empty()
        && text.len() <= 253
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// A host whose name is answered, or all of them.
fn is_answered_host(text: &str) -> bool {
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
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    text == "*" || host.is_some_and(is_allowed_host)
}

/// Credentials in an address would be shown with it.
fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| is_word(rest) && !rest.contains('@'))
}

fn is_https_url(text: &str) -> bool {
    text.starts_with("https://") && is_url(text)
}

/// Also takes what people paste from the browser's address bar, which the driver cuts to size.
fn is_account(text: &str) -> bool {
    is_word(text)
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/'))
}

#[cfg(test)]
mod tests;
