//! The HTTP side: where it listens, how much it accepts, how it stops.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::types::{ByteSize, List, Seconds, Span};

/// How the service listens and stops.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Server {
    /// Name or address to listen on. Loopback by default, so that nothing is reachable from outside before somebody
    /// asked for it; the image sets `0.0.0.0`, since loopback in a container reaches nobody.
    #[envconfig(from = "SERVER_HOST", default = "localhost")]
    pub host: String,
    /// Port; 0 lets the system pick a free one, which the log then names.
    #[envconfig(from = "SERVER_PORT", default = "8000")]
    pub port: u16,
    /// Threads that serve HTTP. Few suffice: they wait for the warehouse most of the time.
    #[envconfig(from = "SERVER_WORKERS")]
    pub workers: usize,
    /// Whether to start again in place when the program or the env file changes.
    #[envconfig(from = "SERVER_RELOAD")]
    pub reload: bool,
    /// Whether `GET /` answers a browser with a page about this server. Not outside of development unless asked for: it
    /// tells a stranger what runs here.
    #[envconfig(from = "LANDING_PAGE")]
    pub landing_page: bool,
    /// How long an idle connection is kept for its next request.
    #[envconfig(from = "KEEPALIVE_TIMEOUT", default = "5")]
    pub keepalive_timeout: Seconds,
    /// Connections open at once, per worker.
    #[envconfig(from = "MAX_CONNECTIONS", default = "1000")]
    pub max_connections: usize,
    /// Origins whose pages may call this service; `*` is any where callers need a key, else any of this machine.
    #[envconfig(from = "CORS_ORIGINS")]
    pub cors_origins: List,
    /// Whether `*` is meant where no key is needed.
    #[envconfig(from = "ALLOW_ANY_ORIGIN", default = "false")]
    pub allow_any_origin: bool,
    /// Where probes and metrics are served, when not on the main port.
    #[envconfig(from = "MANAGEMENT_PORT")]
    pub management_port: Option<u16>,
    /// How long requests in progress may take to end at a shutdown. Kubernetes gives a pod 30 s by default; the charts
    /// allow for this and the seconds before it.
    #[envconfig(from = "SHUTDOWN_TIMEOUT", default = "30s")]
    pub shutdown_timeout: Span,
    /// `Host` headers that are answered on `/mcp`, besides local names: the defence against DNS rebinding. What `http`
    /// makes of it is empty, which means no check, only for `*`.
    #[envconfig(from = "ALLOWED_HOSTS", default = "localhost,127.0.0.1,::1")]
    pub allowed_hosts: List,
    /// Largest request body. SQL written by a model is a few kilobytes, and Snowflake takes 1 MB of it; 2 MiB leaves room for what
    /// JSON makes of that.
    #[envconfig(from = "MAX_REQUEST_BYTES", default = "2MiB")]
    pub max_body_bytes: ByteSize,
    /// Where the process id is written.
    #[envconfig(from = "PID_FILE")]
    pub pid_file: Option<PathBuf>,
    /// Where logs are written besides stderr, a new file every day.
    #[envconfig(from = "LOG_FILE")]
    pub log_file: Option<PathBuf>,
    /// How many files of [`Server::log_file`] there may be. Two weeks by default: the oldest goes when a day begins.
    #[envconfig(from = "LOG_FILE_KEEP", default = "14")]
    pub log_file_keep: usize,
    /// The folder the process changes into before it opens any other path.
    #[envconfig(from = "WORKING_DIR")]
    pub working_dir: Option<PathBuf>,
}

impl Server {
    /// Whether only programs on this machine can reach [`Server::host`].
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
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
