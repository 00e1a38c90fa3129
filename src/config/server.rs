//! The HTTP side: where it listens, how much it accepts, how it stops.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::forms::{GIB, HOUR, KIB, is_answered_host, is_host, is_loopback, is_origin, size, span};
use super::section::Section;
use super::shape::Shape;
use super::types::{ByteSize, List, Seconds, Span};
use super::variable::settings;

settings! {
    /// How the service listens and stops.
    pub struct Server in Section::Server;

    // Loopback, so that nothing is reachable from outside before somebody asked for it; the image sets `0.0.0.0`, since
    // loopback in a container reaches nobody.
    /// Name or address to listen on. Any other address than loopback needs a key or an issuer, see `ALLOW_ANONYMOUS`.
    /// The container image sets `0.0.0.0`.
    pub host: String = "SERVER_HOST", Shape::Checked("a host name or IP address, without scheme, port or spaces", is_host),
        default "localhost";

    /// Port to listen on. 0 picks a free port, which the log shows; `healthcheck` cannot find it then.
    pub port: u16 = "SERVER_PORT", Shape::Whole(0, 65535), default "8000";

    /// Threads that serve HTTP. They mostly wait for the warehouse, so a few are enough.
    pub workers: usize = "SERVER_WORKERS", Shape::Whole(1, 1024), each "1" "2" "4";

    /// Restarts the server in place when the program or the env file changes.
    pub reload: bool = "SERVER_RELOAD", Shape::Switch, each "true" "false" "false";

    // Not outside of development unless asked for: it tells a stranger what runs here.
    /// Whether a browser that opens the server's address gets a page. The page says what this server is, whether it is
    /// ready, and how to connect an agent.
    pub landing_page: bool = "LANDING_PAGE", Shape::Switch, each "true" "false" "false";

    /// How long an idle connection stays open for the next request; 0 closes it after the answer. Behind a proxy, set it
    /// above the proxy's own timeout.
    pub keepalive_timeout: Seconds = "KEEPALIVE_TIMEOUT", Shape::Seconds(0, 3600), default "5";

    /// Most open connections per worker.
    pub max_connections: usize = "MAX_CONNECTIONS", Shape::Whole(1, 1_000_000), default "1000";

    /// Origins whose web pages may call the service. `*` means any origin if callers need a key. Without a key it means
    /// only pages of this machine, such as `http://localhost:6274`, unless `ALLOW_ANY_ORIGIN` is set. Production
    /// refuses `*`.
    pub cors_origins: List = "CORS_ORIGINS", Shape::Items("`https://host`, `http://host:port`, or `*` alone", is_origin),
        each "*" "https://staging.example.com" "https://app.example.com";

    /// Confirms that `CORS_ORIGINS=*` means every web page, even without a key. Any page that somebody opens on a
    /// machine that can reach this server can then query the warehouse.
    pub allow_any_origin: bool = "ALLOW_ANY_ORIGIN", Shape::Switch, default "false";

    // What `http` makes of it is empty, which means no check, only for `*`.
    /// `Host` headers that `/mcp` accepts, in addition to local names and `SERVER_HOST`. This protects against DNS
    /// rebinding. Behind a proxy or in Kubernetes, list the public host name and the service's DNS name; probes are not
    /// affected. `*` turns the check off: use it only if something in front of the service checks host names.
    pub allowed_hosts: List = "ALLOWED_HOSTS",
        Shape::Items("a host name or address, with or without a port, or `*` for any", is_answered_host),
        default "localhost,127.0.0.1,::1";

    // SQL written by a model is a few kilobytes, and Snowflake takes 1 MB of it; 2 MiB leaves room for what JSON makes of
    // that.
    /// Largest request body. A statement may have at most 1 MB; JSON escapes make it longer.
    pub max_body_bytes: ByteSize = "MAX_REQUEST_BYTES", size(KIB, GIB), default "2MiB";

    /// Port for probes and metrics, on the same host; 0 picks a free port. The container image sets 9090, so that probes
    /// are answered even when calls flood the server.
    pub management_port: Option<u16> = "MANAGEMENT_PORT", Shape::Whole(0, 65535), unset "they are served on `SERVER_PORT`";

    // Kubernetes gives a pod 30 s by default; the charts allow for this and the seconds before it.
    /// How long requests in flight may take to finish at shutdown. Set Kubernetes' `terminationGracePeriodSeconds` at least
    /// ten seconds higher.
    pub shutdown_timeout: Span = "SHUTDOWN_TIMEOUT", span(0, HOUR), default "30s";

    /// File for the process id; removed at the end. A missing folder is created.
    pub pid_file: Option<PathBuf> = "PID_FILE", Shape::Path("the path of a file that can be written"), unset "not written";

    /// File for logs in addition to stderr: a new file every day, with the date added to its name. A missing folder is
    /// created.
    pub log_file: Option<PathBuf> = "LOG_FILE", Shape::Path("the path of a file that can be written"), unset "stderr only";

    // Two weeks.
    /// How many files of `LOG_FILE` are kept. The oldest is deleted when a new one begins.
    pub log_file_keep: usize = "LOG_FILE_KEEP", Shape::Whole(1, 10_000), default "14";

    /// Folder to change into before any other path is opened; created if missing. Relative paths from the environment start
    /// there, those in an env file in that file's folder.
    pub working_dir: Option<PathBuf> = "WORKING_DIR", Shape::Path("the path of a folder"), unset "stay where started";
}

impl Server {
    /// Whether only programs on this machine can reach [`Server::host`].
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}
