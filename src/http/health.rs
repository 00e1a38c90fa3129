//! Is the process alive, has it finished starting, and should it get traffic?
//!
//! [`Readiness`] is the small value `app` hands in and keeps up to date; the routes only read it. No probe ever waits for
//! the warehouse: `app` asks it in the background and leaves the last answer here, so that a slow warehouse makes us not
//! ready instead of making the probe time out.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::telemetry;
use crate::telemetry::metrics::{Metrics, PoolNumbers};

/// The phase of the process. It only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Starting,
    Started,
    Draining,
}

/// Whether this process should get traffic. A cheap clone; all clones tell the same.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Which warehouse is in use: `snowflake` or `embedded`.
    warehouse_kind: String,
    born: Instant,
    metrics: Arc<Metrics>,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    warehouse: Warehouse,
    asked: Option<Instant>,
}

#[derive(Debug)]
enum Warehouse {
    NotAskedYet,
    Ready,
    NotReady(String),
}

/// Whether the service is ready, for a person.
pub(super) struct InWords {
    pub(super) is_ready: bool,
    pub(super) text: String,
}

fn sentence(status: &str) -> &'static str {
    match status {
        "starting" => "Starting",
        "draining" => "Shutting down",
        _ => "Not ready",
    }
}

/// What `/readyz` answers.
#[derive(Debug, Serialize)]
struct Report {
    status: &'static str,
    warehouse: String,
    checks: Vec<Check>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Details {
    version: &'static str,
    revision: &'static str,
    uptime_seconds: u64,
    /// How long ago the warehouse was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse_asked_seconds_ago: Option<u64>,
    requests_in_flight: i64,
    /// Only where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<PoolNumbers>,
}

impl Readiness {
    /// The process is starting and not ready yet.
    #[must_use]
    pub fn starting(warehouse_kind: impl Into<String>, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Inner {
            warehouse_kind: warehouse_kind.into(),
            born: Instant::now(),
            metrics,
            state: RwLock::new(State {
                phase: Phase::Starting,
                warehouse: Warehouse::NotAskedYet,
                asked: None,
            }),
        }))
    }

    /// The warehouse was asked whether it is ready; `Err` says why it is not.
    ///
    /// The first answer, whatever it says, ends the start: a process must not be restarted because Snowflake is down.
    /// Returns whether the answer differs from the one before.
    pub fn warehouse_answered(&self, answer: Result<(), String>) -> bool {
        let answer = match answer {
            Ok(()) => Warehouse::Ready,
            Err(reason) => Warehouse::NotReady(reason),
        };
        let has_changed = self.change(|state| {
            let has_changed =
                // Another reason for not being ready is no change: it would log a line at each try.
                std::mem::discriminant(&state.warehouse) != std::mem::discriminant(&answer);
            state.warehouse = answer;
            state.asked = Some(Instant::now());
            // `max`, because an answer may come while the process is already draining.
            state.phase = state.phase.max(Phase::Started);
            has_changed
        });
        self.0.metrics.set_ready(self.is_ready());
        has_changed
    }

    /// The process is about to end and wants no new traffic. Cannot be undone.
    pub fn drain(&self) {
        self.change(|state| state.phase = Phase::Draining);
        self.0.metrics.set_ready(false);
    }

    /// Whether `/readyz` answers 200.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.read(|state| {
            state.phase == Phase::Started && matches!(state.warehouse, Warehouse::Ready)
        })
    }

    /// Whether `/startupz` answers 200.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.read(|state| state.phase >= Phase::Started)
    }

    /// Which warehouse is in use: `snowflake` or `embedded`.
    pub(super) fn warehouse_kind(&self) -> &str {
        &self.0.warehouse_kind
    }

    /// The same as `/readyz` says, as a sentence; why it is not ready only `with_reasons`.
    pub(super) fn in_words(&self, with_reasons: bool) -> InWords {
        let report = self.report(false);
        let reason = report.checks.into_iter().find_map(|check| check.reason);
        let text = match (report.status, reason.filter(|_| with_reasons)) {
            ("ready", _) => "Ready".to_owned(),
            (status, Some(reason)) => format!("{}: {reason}", sentence(status)),
            (status, None) => sentence(status).to_owned(),
        };
        InWords {
            is_ready: report.status == "ready",
            text,
        }
    }

    fn report(&self, is_verbose: bool) -> Report {
        self.read(|state| {
            let reason = |text: &str| Some(text.to_owned());
            let checks = vec![
                Check {
                    name: "start",
                    ok: state.phase >= Phase::Started,
                    reason: (state.phase == Phase::Starting)
                        .then(|| "the warehouse has not answered yet".to_owned()),
                },
                Check {
                    name: "warehouse",
                    ok: matches!(state.warehouse, Warehouse::Ready),
                    reason: match &state.warehouse {
                        Warehouse::Ready => None,
                        Warehouse::NotAskedYet => reason("not asked yet"),
                        Warehouse::NotReady(why) => reason(why),
                    },
                },
                Check {
                    name: "drain",
                    ok: state.phase < Phase::Draining,
                    reason: (state.phase == Phase::Draining)
                        .then(|| "the process is shutting down".to_owned()),
                },
            ];
            Report {
                status: if checks.iter().all(|check| check.ok) {
                    "ready"
                } else if state.phase == Phase::Starting {
                    "starting"
                } else if state.phase == Phase::Draining {
                    "draining"
                } else {
                    "not_ready"
                },
                warehouse: self.0.warehouse_kind.clone(),
                checks,
                details: is_verbose.then(|| Details {
                    version: telemetry::VERSION,
                    revision: telemetry::REVISION,
                    uptime_seconds: self.0.born.elapsed().as_secs(),
                    warehouse_asked_seconds_ago: state.asked.map(|at| at.elapsed().as_secs()),
                    requests_in_flight: self.0.metrics.http_in_flight(),
                    pool: self.0.metrics.pool(),
                }),
            }
        })
    }

    // Each change is a plain assignment, so a poisoned lock holds complete values.
    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `?verbose`, `?verbose=1` and `?verbose=true` ask for details.
#[derive(Debug, Deserialize)]
pub(super) struct Verbosity {
    verbose: Option<String>,
}

/// `GET /livez`, `GET /healthz`: this process can answer. Nothing else is checked, on purpose: a restart repairs neither the
/// network nor Snowflake.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

/// `GET /startupz`: 200 once the warehouse was asked for the first time, 503 before.
pub(super) async fn startup(readiness: web::Data<Readiness>) -> HttpResponse {
    if readiness.has_started() {
        HttpResponse::Ok().json(json!({"status": "started"}))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({"status": "starting"}))
    }
}

/// `GET /readyz`: 200 when traffic is welcome, otherwise 503 with the reasons.
pub(super) async fn ready(
    readiness: web::Data<Readiness>,
    query: web::Query<Verbosity>,
) -> HttpResponse {
    let is_verbose = match query.verbose.as_deref() {
        None | Some("0" | "false" | "no") => false,
        Some(_) => true,
    };
    let report = readiness.report(is_verbose);
    let mut answer = if report.status == "ready" {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    answer.json(report)
}

/// How often the warehouse is asked. Often while it is not ready, so that traffic comes back soon; seldom while it is,
/// since a session that breaks in between is noticed by the statement that meets it.
#[must_use]
pub fn ask_again_after(is_ready: bool) -> Duration {
    if is_ready {
        Duration::from_secs(10)
    } else {
        Duration::from_secs(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starting() -> Readiness {
        Readiness::starting("embedded", Arc::new(Metrics::new().unwrap()))
    }

    #[test]
    fn a_process_is_ready_after_the_warehouse_said_so() {
        let readiness = starting();
        assert!(!readiness.is_ready() && !readiness.has_started());
        assert!(readiness.warehouse_answered(Ok(())));
        assert!(readiness.is_ready() && readiness.has_started());
        assert!(!readiness.warehouse_answered(Ok(())), "nothing changed");
    }

    #[test]
    fn an_unreachable_warehouse_ends_the_start_but_is_not_ready() {
        let readiness = starting();
        readiness.warehouse_answered(Err("connection refused".into()));
        assert!(readiness.has_started() && !readiness.is_ready());
        let report = serde_json::to_value(readiness.report(false)).unwrap();
        assert_eq!(report["status"], "not_ready");
        assert_eq!(report["checks"][1]["reason"], "connection refused");
        assert!(report.get("details").is_none());
    }

    #[test]
    fn draining_is_final() {
        let readiness = starting();
        readiness.warehouse_answered(Ok(()));
        readiness.drain();
        readiness.warehouse_answered(Ok(()));
        assert!(!readiness.is_ready());
        assert_eq!(readiness.report(true).status, "draining");
    }
}
