//! The environment, and where the service listens.

use super::forms::{is_answered_host, is_host, is_origin};
use super::variable::{GIB, HOUR, KIB, Section, Variable, size, span};
use crate::config::environment::Environment;
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "ENVIRONMENT",
        Section::Environment,
        Shape::Choice(Environment::WORDS),
        "Where the service runs. In `staging` and `production` every `SNOWFLAKE_` variable is first read with the prefix \
         `STAGING_` or `PRODUCTION_`, and by its plain name when that is not set; `development` reads plain names only.",
    )
    .default("development"),
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
        "LANDING_PAGE",
        Section::Server,
        Shape::Switch,
        "Whether a person who opens the address in a browser is shown what this is, whether it is ready, and how to connect \
         an agent.",
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
        "Origins whose pages may call the service. `*` is any where callers need a key; without a key it is any page of this \
         machine, such as `http://localhost:6274`, unless `ALLOW_ANY_ORIGIN` says more. It is refused in production.",
    )
    .each("*", "https://staging.example.com", "https://app.example.com"),
    Variable::new(
        "ALLOW_ANY_ORIGIN",
        Section::Server,
        Shape::Switch,
        "Says in so many words that `CORS_ORIGINS=*` means every page even where no key is asked for: whatever page somebody opens \
         on a machine that reaches this server may then query the warehouse.",
    )
    .default("false"),
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
        "Largest request body. A statement has 1 MB at most; the rest is what JSON makes of it.",
    )
    .default("2MiB"),
    Variable::new(
        "MANAGEMENT_PORT",
        Section::Server,
        Shape::Whole(0, 65535),
        "Port of probes and metrics, on the same host; 0 picks a free one. The container image sets 9090, so that no flood of calls \
         keeps probes waiting.",
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
        Shape::Path("the path of a file that can be written"),
        "Where the process id is written; removed at the end.",
    )
    .unset("not written"),
    Variable::new(
        "LOG_FILE",
        Section::Server,
        Shape::Path("the path of a file that can be written"),
        "Where logs are written besides stderr: a new file every day, the date added to the name.",
    )
    .unset("stderr only"),
    Variable::new(
        "WORKING_DIR",
        Section::Server,
        Shape::Path("the path of a folder"),
        "The folder to change into before any other path is opened; relative paths start there.",
    )
    .unset("stay where started"),
];
