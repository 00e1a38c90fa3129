//! The rooms, built from the settings and joined.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::budget::budget;
use super::warehouse::{self, Starting};
use super::{Error, Telemetry, custom, gate, policy, shutdown};
use crate::config::{self, Settings};
use crate::http::health::{self, Readiness};
use crate::http::{self, InFlight, Parts};
use crate::mcp::tools::Registry;
use crate::mcp::{AnswerCache, Handler, Rates, Services};
use crate::query::{Allowance, CursorSigner, Queries};
use crate::telemetry::audit::Audit;
use crate::telemetry::call::Reports;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::lists::{Caller, Tool, VirtualWarehouse};
use crate::telemetry::traces::Traces;
use crate::telemetry::{self, LIFECYCLE};
use crate::warehouse::{Warehouse, WarehouseKind, explained};

/// A warehouse that has not said within this time that it is ready, is not.
const WAREHOUSE_PATIENCE: Duration = Duration::from_secs(10);

/// How long the last spans and audit records have to get out; part of what `shutdown` adds to `SHUTDOWN_TIMEOUT`.
const TO_REPORT: Duration = Duration::from_millis(200);

/// The rooms, built and joined.
pub(super) struct Rooms {
    pub(super) warehouse: Arc<dyn Warehouse>,
    pub(super) handler: Handler,
    /// The names of the tools that are on.
    pub(super) tools: Vec<String>,
    pub(super) parts: Parts,
    /// Cancelled when calls in progress must end now.
    pub(super) stop_calls: CancellationToken,
    /// Ends only when the warehouse could not be started.
    pub(super) failed_start: JoinHandle<Error>,
    traces: Option<Traces>,
    reports: Reports,
}

impl Rooms {
    /// Builds them, and starts the warehouse in the background. Must be called inside the runtime.
    pub(super) fn build(settings: &Settings, telemetry: Telemetry) -> Result<Self, Error> {
        let Telemetry { metrics, traces } = telemetry;
        let traces = traces?;
        metrics.watch_runtime(tokio::runtime::Handle::current())?;
        let Starting { warehouse, start } = warehouse::start(settings, &metrics)?;
        let kind = warehouse.kind().to_string();
        metrics.describe_build(telemetry::VERSION, telemetry::REVISION, &kind);
        let connections = settings.server.max_connections * settings.server.workers;
        metrics.set_limits(settings.limits.max_concurrent_queries, connections);
        // Labels are closed sets. Names that are not made known before the first call count as
        // `other`.
        Caller::know(settings.auth.keys().map(|key| key.name().to_owned()));
        VirtualWarehouse::know(virtual_warehouses(settings));
        let reports = reports(&settings.telemetry, &metrics)?;
        let stop_calls = CancellationToken::new();
        let access = super::access::access(settings, &metrics)?;
        let (offer, taken) = custom::offer(settings)?;
        let tools = offer
            .tools
            .iter()
            .map(|tool| tool.description.name.to_string());
        let tools: Vec<String> = tools.collect();
        // The operator's as well. What a later file adds counts as `other`: labels are a closed set.
        Tool::know(Registry::names().chain(tools.iter().cloned()));
        let handler = Handler::new(Services {
            queries: Arc::new(queries(Arc::clone(&warehouse), settings, &metrics)?),
            offered: offer.into(),
            rates: rates(settings),
            answers: AnswerCache::for_at_most(*settings.limits.catalog_cache_ttl),
            runtime: tokio::runtime::Handle::current(),
            shutdown: stop_calls.clone(),
            scopes: access.scopes(),
            identify: http::caller,
            exchange: http::exchange,
            reports: reports.clone(),
            metrics: Arc::clone(&metrics),
        });
        if settings.limits.custom_tools_file.is_some() {
            tokio::spawn(custom::watch(
                settings.clone(),
                taken,
                handler.clone(),
                Arc::clone(&metrics),
            ));
        }
        // Not ready yet: it becomes so in `watch`, when the warehouse has answered.
        let readiness = Readiness::starting(kind, Arc::clone(&metrics));
        let watch = watch(Arc::clone(&warehouse), start, readiness.clone());
        Ok(Self {
            handler,
            tools,
            parts: Parts {
                access,
                readiness,
                tls: super::tls::start(settings, &metrics, reports.audit.clone())?,
                in_flight: InFlight::new(gate::in_flight(settings)),
                metrics,
                audit: reports.audit.clone(),
            },
            traces,
            reports,
            warehouse,
            stop_calls,
            failed_start: tokio::spawn(watch),
        })
    }

    /// Ends the warehouse's sessions, or gives up on it at `deadline`, though not before a moment has passed.
    pub(super) async fn close_warehouse(&self, deadline: Instant) {
        let deadline = deadline.max(Instant::now() + shutdown::TO_SIGN_OUT);
        let closed = tokio::time::timeout_at(deadline, self.warehouse.close()).await;
        if closed.is_err() {
            tracing::warn!(target: LIFECYCLE, "the warehouse's sessions could not be ended in time");
        }
        if let Some(traces) = &self.traces {
            traces.flush(TO_REPORT).await;
        }
        self.reports.audit.flush(TO_REPORT);
    }
}

/// The virtual warehouses that the settings name.
fn virtual_warehouses(settings: &Settings) -> Vec<String> {
    let usual = settings.warehouse.warehouse.iter().cloned();
    let allowed = settings.policy.allowed_warehouses.iter();
    usual
        .chain(allowed.flat_map(|list| list.iter().map(ToString::to_string)))
        .collect()
}

/// Where calls are reported.
fn reports(settings: &config::Telemetry, metrics: &Arc<Metrics>) -> Result<Reports, Error> {
    let audit = match &settings.audit_log_file {
        None => Audit::default(),
        Some(path) => Audit::to_file(path, Arc::clone(metrics)).map_err(|error| {
            let path = path.display();
            let sentence = format!("AUDIT_LOG_FILE: {path} cannot be opened: {error}");
            Error::Setting(config::Problem::of_room("AUDIT_LOG_FILE", sentence))
        })?,
    };
    Ok(Reports {
        audit,
        traces_sql: settings.trace_sql,
    })
}

/// Waits for the warehouse to start, then keeps readiness up to date for as long as the runtime lives.
async fn watch(
    warehouse: Arc<dyn Warehouse>,
    start: JoinHandle<Result<(), crate::warehouse::Error>>,
    readiness: Readiness,
) -> Error {
    match start.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return error.into(),
        // The panic was logged by its hook.
        Err(_) => return Error::Panicked,
    }
    loop {
        let answer = tokio::time::timeout(WAREHOUSE_PATIENCE, warehouse.ready()).await;
        let answer = match answer {
            Ok(answer) => answer.map_err(|error| explained(&error)),
            Err(_) => Err(format!("no answer within {WAREHOUSE_PATIENCE:?}")),
        };
        note(&readiness, warehouse.kind(), answer);
        tokio::time::sleep(health::ask_again_after(readiness.is_ready())).await;
    }
}

/// The way from a statement's text to its result, as the settings limit it.
///
/// # Errors
///
/// The policy cannot be read from the settings.
pub(super) fn queries(
    warehouse: Arc<dyn Warehouse>,
    settings: &Settings,
    metrics: &Arc<Metrics>,
) -> Result<Queries, Error> {
    let place = policy::Defaults::read(settings)?;
    let policy = policy::policy(settings)?;
    let queries = Queries::new(
        warehouse,
        policy,
        budget(&settings.limits),
        Arc::clone(metrics),
    );
    let queries = queries
        .with_default_names(place.database, place.schema)
        .with_allowances(allowances(settings))
        .with_structured_output(settings.limits.structured_output);
    metrics.set_cursors_shared(settings.limits.cursor_secret.is_some());
    Ok(match &settings.limits.cursor_secret {
        Some(secrets) => queries.with_signer(signer(secrets)),
        None => queries,
    })
}

/// The newest secret comes first.
fn signer(secrets: &SecretString) -> CursorSigner {
    let mut secrets = secrets
        .expose_secret()
        .split(',')
        .map(|secret| SecretString::from(secret.trim()));
    // A text has one part at least.
    let newest = secrets.next().unwrap_or_default();
    let older: Vec<_> = secrets.collect();
    CursorSigner::new(&newest, &older)
}

/// What the callers with keys of their own limits may have.
fn allowances(settings: &Settings) -> HashMap<String, Allowance> {
    let all = budget(&settings.limits);
    let limited = settings.auth.keys().filter_map(|key| {
        let own = key.limits();
        if *own == config::KeyLimits::default() {
            return None;
        }
        let budget = crate::identity::within(&all, own);
        let at_once = own.max_concurrent_queries;
        Some((key.name().to_owned(), Allowance { budget, at_once }))
    });
    limited.collect()
}

/// How many calls each caller may make.
fn rates(settings: &Settings) -> Rates {
    let own = settings.auth.keys().filter_map(|key| {
        let rate = key.limits().rate_limit_per_minute?;
        Some((key.name().to_owned(), rate))
    });
    Rates::new(settings.limits.rate_limit_per_minute, own.collect())
}

/// Passes on what the warehouse said, and logs it when it is news.
fn note(readiness: &Readiness, kind: WarehouseKind, answer: Result<(), String>) {
    let reason = answer.as_ref().err().cloned();
    if !readiness.warehouse_answered(answer) {
        return;
    }
    match reason {
        None => tracing::info!(
            target: LIFECYCLE,
            event = "ready",
            warehouse = %kind,
            "ready: the {kind} warehouse answers",
        ),
        Some(reason) => tracing::warn!(
            target: LIFECYCLE,
            event = "not_ready",
            warehouse = %kind,
            "not ready: {reason}",
        ),
    }
}
