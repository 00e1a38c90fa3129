//! Which warehouse the settings ask for, and starting it beside everything else.
//!
//! The embedded engine loads its sample data for half a second of processor time. Meanwhile the port is open, `tools/list`
//! is answered, and statements wait inside their deadline: [`Late`] stands in for the engine until it is there.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::sync::SetOnce;
use tokio::task::JoinHandle;

use crate::config::{Backend, Settings};
use crate::telemetry::metrics::Metrics;
use crate::warehouse::snowflake::Snowflake;
use crate::warehouse::{Answer, Earlier, Error, Run, Started, Status, Warehouse, WarehouseKind};

/// A warehouse on its way.
pub(super) struct Starting {
    pub(super) warehouse: Arc<dyn Warehouse>,
    /// Ends when the warehouse is there or cannot be started.
    pub(super) start: JoinHandle<Result<(), Error>>,
}

/// Starts the warehouse in the background. Must be called inside the runtime.
///
/// # Errors
///
/// This build has no such warehouse.
pub(super) fn start(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Starting, super::Error> {
    match settings.warehouse.backend {
        Backend::Embedded => embedded(settings, metrics),
        Backend::Snowflake => snowflake(settings, metrics),
    }
}

/// The pool signs in in the background and for as long as it takes: an account that is down now is no reason not to start.
fn snowflake(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Starting, super::Error> {
    let account = Snowflake::start(
        super::snowflake::options(settings, super::policy::policy(settings)?)?,
        Arc::clone(metrics),
    )?;
    Ok(Starting {
        warehouse: Arc::new(account),
        start: tokio::spawn(async { Ok(()) }),
    })
}

#[cfg(feature = "embedded")]
fn embedded(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Starting, super::Error> {
    use crate::warehouse::embedded::{Embedded, Options};

    let defaults = Options::default();
    let options = Options {
        scale_factor: settings.embedded.scale_factor,
        memory_limit_bytes: *settings.embedded.memory_limit,
        threads: settings.embedded.threads.unwrap_or(defaults.threads),
        gate: super::gate::limits(settings, None),
        watches_process: true,
        data_dir: settings.embedded.data_dir.clone(),
    };
    let late = Arc::new(Late {
        kind: WarehouseKind::Embedded,
        started: SetOnce::new(),
    });
    let place = Arc::clone(&late);
    let metrics = Arc::clone(metrics);
    let start = tokio::task::spawn_blocking(move || {
        let engine = Embedded::start(&options)?.measured_by(metrics);
        // Set here and nowhere else.
        let _ = place.started.set(Arc::new(engine));
        Ok(())
    });
    Ok(Starting {
        warehouse: late,
        start,
    })
}

#[cfg(not(feature = "embedded"))]
fn embedded(_: &Settings, _: &Arc<Metrics>) -> Result<Starting, super::Error> {
    Err(super::Error::NoDriver {
        what: "this build was made without the embedded engine (cargo feature `embedded`)",
    })
}

/// A warehouse that is still starting. Calls wait for it.
#[cfg_attr(
    not(feature = "embedded"),
    allow(dead_code, reason = "only the engine starts late")
)]
struct Late {
    kind: WarehouseKind,
    started: SetOnce<Arc<dyn Warehouse>>,
}

#[cfg_attr(
    not(feature = "embedded"),
    allow(dead_code, reason = "only the engine starts late")
)]
impl Late {
    /// The warehouse, waited for until `deadline`.
    async fn by(&self, deadline: Instant) -> Result<&Arc<dyn Warehouse>, Error> {
        if let Some(warehouse) = self.started.get() {
            return Ok(warehouse);
        }
        tokio::time::timeout_at(deadline.into(), self.started.wait())
            .await
            .map_err(|_| Error::Busy {
                message: format!("the {} warehouse is still starting", self.kind),
                retry_after: None,
            })
    }
}

#[async_trait]
impl Warehouse for Late {
    fn kind(&self) -> WarehouseKind {
        self.kind
    }

    async fn run(&self, run: Run) -> Result<Answer, Error> {
        self.by(run.deadline).await?.run(run).await
    }

    async fn start(&self, run: Run, patience: Instant) -> Result<Started, Error> {
        self.by(run.deadline).await?.start(run, patience).await
    }

    async fn status(&self, earlier: &Earlier) -> Result<Status, Error> {
        self.by(Instant::now()).await?.status(earlier).await
    }

    async fn result(
        &self,
        earlier: &Earlier,
        skip: u64,
        patience: Instant,
        deadline: Instant,
    ) -> Result<Started, Error> {
        let warehouse = self.by(deadline).await?;
        warehouse.result(earlier, skip, patience, deadline).await
    }

    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error> {
        self.by(Instant::now()).await?.cancel(earlier).await
    }

    async fn ready(&self) -> Result<(), Error> {
        self.started.wait().await.ready().await
    }

    async fn close(&self) {
        // One that is not there yet ends with the process.
        if let Some(warehouse) = self.started.get() {
            warehouse.close().await;
        }
    }
}
