//! TLS of the public port, from the settings and the files they name.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::Error;
use super::error::system;
use crate::config::{Problem, Settings};
use crate::http::tls::{self, Tls};
use crate::telemetry::audit::Audit;
use crate::telemetry::metrics::Metrics;

/// What the port shows and asks for, kept up to date for as long as the runtime lives; `None` where it speaks plain HTTP. Must be
/// called inside the runtime.
///
/// # Errors
///
/// The files are not as they must be, or SIGHUP cannot be caught.
pub(super) fn start(
    settings: &Settings,
    metrics: &Arc<Metrics>,
    audit: Audit,
) -> Result<Option<Tls>, Error> {
    let started = Tls::start(&settings.tls, Arc::clone(metrics), audit);
    let started = started.map_err(|error| Error::Setting(wrong_file(&error)))?;
    if let Some(tls) = &started {
        let hang_up = signal(SignalKind::hangup()).map_err(system("signal handlers"))?;
        tokio::spawn(tls::watch(tls.clone(), Arc::clone(metrics), hang_up));
    }
    Ok(started)
}

/// What is wrong with the files.
pub(super) fn problem(settings: &Settings) -> Option<Problem> {
    let mut tls = settings.tls.clone();
    // The process has not changed into its folder yet.
    if let Some(folder) = &settings.server.working_dir {
        for path in [
            &mut tls.cert_file,
            &mut tls.key_file,
            &mut tls.client_ca_file,
        ] {
            *path = path.as_ref().map(|path| folder.join(path));
        }
    }
    Tls::check(&tls).err().map(|error| wrong_file(&error))
}

fn wrong_file(error: &tls::Error) -> Problem {
    Problem::of_room(error.setting, error.to_string())
}
