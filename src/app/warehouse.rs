//! Which warehouse the settings ask for, and starting it beside everything else.
//!
//! The embedded engine loads its sample data for half a second of processor time. Meanwhile the port is open, `tools/list`
//! is answered, and statements wait inside their deadline: `Late` stands in for the engine until it is there.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::config::{Backend, Settings};
use crate::telemetry::metrics::Metrics;
use crate::warehouse::snowflake::Snowflake;
use crate::warehouse::{Error, Warehouse};

/// A warehouse on its way.
pub(super) struct Starting {
    pub(super) warehouse: Arc<dyn Warehouse>,
    /// Ends when the warehouse has started, or cannot start.
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
    use super::late::Late;
    use crate::warehouse::WarehouseKind;
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
    let late = Arc::new(Late::new(WarehouseKind::Embedded));
    let place = Arc::clone(&late);
    let metrics = Arc::clone(metrics);
    let start = tokio::task::spawn_blocking(move || {
        let engine = Embedded::start(&options)?.measured_by(metrics);
        place.set(Arc::new(engine));
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
