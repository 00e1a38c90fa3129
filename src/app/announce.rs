//! What the log says at the start: where the server listens, how to connect, and which settings look unsafe.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::config::{Effective, Environment, Loaded, Settings};
use crate::telemetry::{self, LIFECYCLE};
use crate::warehouse::WarehouseKind;

/// The `starting` event: what this is and what it was told, so that a log says by itself how the service was set up.
pub(super) fn summary(loaded: &Loaded, warehouse: WarehouseKind, tools: &[String]) {
    let environment = loaded.settings.environment;
    // In development somebody has just typed what there is; what is left to its default would fill a screen.
    let has_all = environment != Environment::Development;
    tracing::info!(
        target: LIFECYCLE,
        event = "starting",
        version = telemetry::VERSION,
        revision = telemetry::REVISION,
        %environment,
        %warehouse,
        tools = tools.join(","),
        settings = in_force(&loaded.effective, has_all),
        "snowflake-mcp {} starts: {environment}, warehouse: {warehouse}, {} tools",
        telemetry::VERSION,
        tools.len(),
    );
}

/// Names and values as JSON, secrets masked; without `has_all` only those that were set.
fn in_force(effective: &[Effective], has_all: bool) -> String {
    let shown = effective.iter().filter(|one| has_all || one.is_set);
    let pairs = shown.filter_map(|one| Some((one.name, one.value.as_deref()?)));
    let pairs: BTreeMap<_, _> = pairs.collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

/// The `listening` event, which programs read, and for people how to connect.
pub(super) fn start(
    settings: &Settings,
    address: SocketAddr,
    management: Option<SocketAddr>,
    warehouse: WarehouseKind,
) {
    tracing::info!(
        target: LIFECYCLE,
        event = "listening",
        %address,
        management_address = management.map(tracing::field::display),
        environment = %settings.environment,
        %warehouse,
        requires_key = settings.requires_credential(),
        https = settings.tls.cert_file.is_some(),
        version = telemetry::VERSION,
        "listening on {address}, {}, warehouse: {warehouse}",
        settings.environment,
    );
    if settings.environment == Environment::Development {
        let scheme = match settings.tls.cert_file {
            Some(_) => "https",
            None => "http",
        };
        let url = format!("{scheme}://localhost:{}/mcp", address.port());
        tracing::info!(
            target: LIFECYCLE,
            "connect a client: claude mcp add --transport http snowflake {url}  ·  npx @modelcontextprotocol/inspector --transport http --server-url {url}",
        );
    }
    // The next three are legal, and each may be meant. That is why they are warnings and not
    // problems.
    if settings.server.allowed_hosts.iter().any(|host| host == "*") {
        tracing::warn!(
            target: LIFECYCLE,
            "ALLOWED_HOSTS is *: requests with any Host header are answered, which is safe only behind a proxy that checks it",
        );
    }
    if settings.environment != Environment::Development && settings.limits.cursor_secret.is_none() {
        tracing::warn!(
            target: LIFECYCLE,
            "CURSOR_SECRET is not set: cursors work only in this process and end with it; give all replicas the same secret",
        );
    }
    let is_any = settings.server.cors_origins.iter().any(|it| it == "*");
    if is_any && settings.server.allow_any_origin && !settings.requires_credential() {
        tracing::warn!(
            target: LIFECYCLE,
            "ALLOW_ANY_ORIGIN is true and no key is required: every web page opened on a machine that reaches this server can query \
             the warehouse; set API_KEY, or name the origins in CORS_ORIGINS",
        );
    }
}
