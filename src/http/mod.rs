//! The front door: actix-web, its routes and layers, and the ports they are served on.
//!
//! Calls [`crate::mcp`] for everything an agent asks; knows no warehouse. What it needs from above, such as readiness,
//! `app` hands in as a small value. Start at [`public_routes`], which is the whole map.

mod answer;
mod auth;
mod challenge;
mod connection;
mod door;
pub mod health;
pub mod healthcheck;
mod in_flight;
mod landing;
pub mod listen;
mod mcp_service;
mod oauth;
mod observe;
mod origin;
mod scrape;
mod strangers;
pub mod tls;

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Extensions, Server};
use actix_web::middleware::from_fn;
use actix_web::{App, guard, web};
use tokio_util::sync::CancellationToken;

use crate::config::{self, Settings};
use crate::identity::Access;
use crate::mcp::Handler;
use crate::telemetry::audit::Audit;
use crate::telemetry::metrics::Metrics;

use health::Readiness;
pub use in_flight::InFlight;
use listen::Port;
pub use mcp_service::{caller, exchange};
use tls::Tls;

/// The management port serves a probe every few seconds and a scrape now and then.
const OF_MANAGEMENT: connection::Limits = connection::Limits {
    workers: 1,
    connections: 1024,
    keep_alive: Duration::from_secs(5),
    drain_seconds: 30,
};

/// What the routes need besides the handler. A cheap clone.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Who may call.
    pub access: Access,
    /// What the probes answer.
    pub readiness: Readiness,
    /// The requests under way.
    pub in_flight: InFlight,
    /// What the scraper reads and every request counts into.
    pub metrics: Arc<Metrics>,
    /// Where requests without a known key are told of.
    pub audit: Audit,
    /// What the public port shows and asks for, where it speaks TLS.
    pub tls: Option<Tls>,
}

/// What a request to `/mcp` must pass. A cheap clone.
#[derive(Clone)]
struct Checks {
    access: Access,
    challenges: challenge::Challenges,
    public_url: Option<String>,
    strangers: strangers::Strangers,
    known: origin::Known,
    door: door::Door,
    tls: Option<Tls>,
    is_only_https: bool,
    landing: Option<landing::Landing>,
}

/// Everything one worker of the public port serves, outermost layer last, as actix reads it.
fn public_routes(
    routes: &mut web::ServiceConfig,
    service: &mcp_service::Service,
    checks: &Checks,
    server: &config::Server,
    parts: &Parts,
) {
    routes
        .app_data(web::Data::new(checks.access.clone()))
        .app_data(web::Data::new(checks.challenges.clone()))
        .app_data(web::Data::new(checks.strangers.clone()))
        .app_data(web::Data::new(checks.known.clone()))
        .app_data(web::Data::new(checks.door.clone()))
        .app_data(web::Data::new(parts.in_flight.clone()))
        // Before the scope, because routes are tried in their order.
        .configure(|routes| {
            oauth::routes(routes, &checks.access, checks.public_url.as_deref());
        })
        .service(
            service
                .clone()
                .scope_with_path("/mcp")
                .wrap(from_fn(door::messages))
                .wrap(from_fn(in_flight::bound))
                // A key is asked for before the body is read, so that strangers cost nothing.
                .wrap(from_fn(auth::check))
                .wrap(from_fn(origin::check))
                // Outside `auth`: browsers send no key with a preflight request, and must be able to read a 401.
                .wrap(checks.known.cors())
                .wrap(from_fn(answer::in_json)),
        )
        .service(only_get("/version").route(get().to(answer::version)));
    if let Some(landing) = &checks.landing {
        routes.app_data(web::Data::new(landing.clone())).service(
            only_get("/")
                .route(get().to(landing::page))
                .wrap(from_fn(origin::check)),
        );
    }
    // With a port of their own, metrics and reasons are not for everybody who can reach the public
    // one.
    if server.management_port.is_none() {
        probes(routes, parts);
    }
    if let Some(tls) = &checks.tls {
        routes.app_data(web::Data::new(tls.clone()));
    }
    if checks.is_only_https {
        routes.app_data(web::Data::new(answer::OnlyHttps));
    }
}

/// The routes of the management port: probes, metrics and which build answers.
fn management_routes(routes: &mut web::ServiceConfig, parts: &Parts) {
    routes.service(only_get("/version").route(get().to(answer::version)));
    probes(routes, parts);
}

/// What Kubernetes and Prometheus ask. No keys here: kubelets have none.
fn probes(routes: &mut web::ServiceConfig, parts: &Parts) {
    routes
        .app_data(web::Data::new(parts.readiness.clone()))
        .service(only_get("/livez").route(get().to(health::live)))
        .service(only_get("/healthz").route(get().to(health::live)))
        .service(only_get("/readyz").route(get().to(health::ready)))
        .service(only_get("/startupz").route(get().to(health::startup)))
        .service(only_get("/metrics").route(get().to(scrape::metrics)));
}

/// Layers common to both ports, outermost last.
macro_rules! app {
    ($parts:expr, $routes:expr) => {
        App::new()
            .app_data(web::Data::from(Arc::clone(&$parts.metrics)))
            .configure($routes)
            .default_service(web::route().to(answer::not_found))
            .wrap(from_fn(tls::client::check))
            .wrap(from_fn(answer::guarded))
            // Sees what every other layer refuses. There is no compressing layer: it would hold back streams, and a proxy
            // does it better.
            .wrap(from_fn(observe::requests))
            // Outermost, so that a connection is free again when all the others are done.
            .wrap(from_fn(connection::one_at_a_time))
    };
}

/// What the layers of the public port check requests with.
fn checks(settings: &Settings, handler: &Handler, parts: &Parts) -> Checks {
    let server = &settings.server;
    let landing = server.landing_page.then(|| {
        landing::Landing::new(
            parts.readiness.clone(),
            settings.requires_credential(),
            settings.environment == config::Environment::Development,
            server.management_port,
        )
    });
    let public_url = settings.oauth.public_url.clone();
    let challenges = challenge::Challenges::new(public_url.as_deref(), &parts.access);
    Checks {
        // In development the name is `localhost`, which a browser would then ask by HTTPS for whatever else runs there.
        is_only_https: parts.tls.is_some()
            && settings.environment != config::Environment::Development,
        tls: parts.tls.clone(),
        landing,
        access: parts.access.clone(),
        challenges: challenges.clone(),
        public_url: public_url.clone(),
        strangers: strangers::Strangers::new(parts.audit.clone()),
        known: origin::Known::new(
            &server.host,
            &allowed_hosts(server, public_url.as_deref()),
            origin::Pages::read(
                &server.cors_origins,
                settings.requires_credential() || server.allow_any_origin,
            ),
        ),
        door: door::Door {
            max_body_bytes: mcp_service::max_body_bytes(server),
            bodies: door::Bodies::default(),
            reader: door::Reader::default(),
            running: handler.running(),
            tools: door::Tools(handler.clone()),
            challenges,
        },
    }
}

/// Serves the public port. The future must be polled until it ends; it ends after `Server::handle().stop(…)`.
///
/// `cut` ends calls that are still unanswered when it is cancelled.
///
/// # Errors
///
/// The listeners cannot be made non-blocking or a worker thread cannot be started.
pub fn serve(
    port: Port,
    settings: &Settings,
    handler: Handler,
    parts: Parts,
    cut: CancellationToken,
) -> io::Result<Server> {
    let server = settings.server.clone();
    let limits = connection::Limits {
        workers: server.workers,
        connections: server.max_connections,
        keep_alive: *server.keepalive_timeout,
        drain_seconds: actix_drain_limit(&server),
    };
    let tls = parts.tls.clone();
    let checks = checks(settings, &handler, &parts);
    let service = mcp_service::service(handler, &server, cut);
    let metrics = Arc::clone(&parts.metrics);
    // Made before anything is served: a certificate that rustls refuses must end the start.
    let config = tls.as_ref().map(tls::config).transpose();
    let connected = move |connection: &dyn Any, known: &mut Extensions| {
        // Dropped with the connection.
        known.insert(metrics.connected());
        if let Some(tls) = &tls {
            tls::client::note(tls, connection, known);
        }
    };
    connection::serve(
        port,
        config.map_err(io::Error::other)?,
        &limits,
        Arc::new(connected),
        move || {
            app!(parts, |routes: &mut web::ServiceConfig| public_routes(
                routes, &service, &checks, &server, &parts
            ))
        },
    )
}

/// Serves the management port, which stays open until the very end so that probes can see the process drain.
///
/// # Errors
///
/// As [`serve`].
pub fn serve_management(port: Port, parts: Parts) -> io::Result<Server> {
    let connected = |_: &dyn Any, _: &mut Extensions| {};
    connection::serve(port, None, &OF_MANAGEMENT, Arc::new(connected), move || {
        app!(parts, |routes: &mut web::ServiceConfig| management_routes(
            routes, &parts
        ))
    })
}

/// `ALLOWED_HOSTS`, and the host of `PUBLIC_URL`.
fn allowed_hosts(server: &config::Server, public_url: Option<&str>) -> Vec<String> {
    let own = public_url.and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        rest.split('/').next().map(ToOwned::to_owned)
    });
    server.allowed_hosts.iter().cloned().chain(own).collect()
}

/// actix may never cut a call off before `app` does: later than `app` ever waits, in whole seconds.
fn actix_drain_limit(server: &config::Server) -> u64 {
    server.shutdown_timeout.as_secs().saturating_add(60)
}

/// A path that answers GET and HEAD, and everything else with 405.
fn only_get(path: &str) -> actix_web::Resource {
    web::resource(path).default_service(web::route().to(answer::method_not_allowed))
}

fn get() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
