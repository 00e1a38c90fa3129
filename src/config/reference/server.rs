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
        "Name or address to listen on. Anything but loopback needs an API key, see `ALLOW_ANONYMOUS`. The container image \
         sets `0.0.0.0`.",
    )
    .default("localhost"),
    Variable::new(
        "SERVER_PORT",
        Section::Server,
        Shape::Whole(0, 65535),
        "Port to listen on. 0 picks a free port, which the log shows; `healthcheck` cannot find it then.",
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
        "Restarts the server in place when the program or the env file changes.",
    )
    .each("true", "false", "false"),
    Variable::new(
        "LANDING_PAGE",
        Section::Server,
        Shape::Switch,
        "Whether a browser that opens the address shows a page: what this server is, whether it is ready, and how to \
         connect an agent.",
    )
    .each("true", "false", "false"),
    Variable::new(
        "KEEPALIVE_TIMEOUT",
        Section::Server,
        Shape::Seconds(0, 3600),
        "How long an idle connection stays open for the next request; 0 closes it after the answer. Behind a proxy, set \
         it above the proxy's own timeout.",
    )
    .default("5"),
    Variable::new(
        "MAX_CONNECTIONS",
        Section::Server,
        Shape::Whole(1, 1_000_000),
        "Most open connections per worker.",
    )
    .default("1000"),
    Variable::new(
        "CORS_ORIGINS",
        Section::Server,
        Shape::Items("`https://host`, `http://host:port`, or `*` alone", is_origin),
        "Origins whose web pages may call the service. `*` means any origin if callers need a key. Without a key it means \
         pages of this machine, such as `http://localhost:6274`, unless `ALLOW_ANY_ORIGIN` is set. Production refuses \
         `*`.",
    )
    .each("*", "https://staging.example.com", "https://app.example.com"),
    Variable::new(
        "ALLOW_ANY_ORIGIN",
        Section::Server,
        Shape::Switch,
        "Confirms that `CORS_ORIGINS=*` means every web page even without a key: any page that somebody opens on a \
         machine that can reach this server may then query the warehouse.",
    )
    .default("false"),
    Variable::new(
        "ALLOWED_HOSTS",
        Section::Server,
        Shape::Items("a host name or address, with or without a port, or `*` for any", is_answered_host),
        "`Host` headers that `/mcp` accepts, in addition to local names and `SERVER_HOST`. This protects against DNS \
         rebinding. Behind a proxy or in Kubernetes, list the public host name and the service's DNS name; probes are not \
         affected. `*` turns the check off: use it only if something in front of the service checks host names.",
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
        "Port for probes and metrics, on the same host; 0 picks a free port. The container image sets 9090, so that \
         probes are answered even when calls flood the server.",
    )
    .unset("they are served on `SERVER_PORT`"),
    Variable::new(
        "SHUTDOWN_TIMEOUT",
        Section::Server,
        span(0, HOUR),
        "How long requests in flight may take to finish at shutdown. Set Kubernetes' `terminationGracePeriodSeconds` at \
         least ten seconds higher.",
    )
    .default("30s"),
    Variable::new(
        "PID_FILE",
        Section::Server,
        Shape::Path("the path of a file that can be written"),
        "File for the process id; removed at the end. A missing folder is created.",
    )
    .unset("not written"),
    Variable::new(
        "LOG_FILE",
        Section::Server,
        Shape::Path("the path of a file that can be written"),
        "File for logs in addition to stderr: a new file every day, with the date added to its name. A missing folder is created.",
    )
    .unset("stderr only"),
    Variable::new(
        "LOG_FILE_KEEP",
        Section::Server,
        Shape::Whole(1, 10_000),
        "How many files of `LOG_FILE` are kept. The oldest is deleted when a new one begins.",
    )
    .default("14"),
    Variable::new(
        "WORKING_DIR",
        Section::Server,
        Shape::Path("the path of a folder"),
        "Folder to change into before any other path is opened; created if missing. Relative paths from the environment start \
         there, those in an env file in that file's folder.",
    )
    .unset("stay where started"),
];
