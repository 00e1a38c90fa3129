//! The folders a process needs before it opens its first file.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::error::Error;
use crate::config::Settings;

/// Enters `WORKING_DIR` and creates the missing folders of the files that are written. Comes before anything opens a relative
/// path, the log file included.
///
/// # Errors
///
/// A folder cannot be created or entered.
pub fn prepare_folders(settings: &Settings) -> Result<(), Error> {
    let server = &settings.server;
    if let Some(path) = &server.working_dir {
        create("WORKING_DIR", path)?;
        enter(path)?;
    }
    for (setting, file) in [
        ("PID_FILE", &server.pid_file),
        ("LOG_FILE", &server.log_file),
        ("AUDIT_LOG_FILE", &settings.telemetry.audit_log_file),
    ] {
        let folder = file.as_deref().and_then(Path::parent);
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            create(setting, folder)?;
        }
    }
    Ok(())
}

/// Enters `WORKING_DIR` where it is there, and creates nothing: for a look at the files that a service would read.
///
/// # Errors
///
/// The folder cannot be entered.
pub fn enter_working_dir(settings: &Settings) -> Result<(), Error> {
    match &settings.server.working_dir {
        Some(path) if path.is_dir() => enter(path),
        _ => Ok(()),
    }
}

fn enter(path: &Path) -> Result<(), Error> {
    std::env::set_current_dir(path).map_err(|source| Error::Folder {
        setting: "WORKING_DIR",
        path: path.display().to_string(),
        source,
    })
}

/// For this user and group only: nobody else is to read logs and audit records.
fn create(setting: &'static str, path: &Path) -> Result<(), Error> {
    let created = DirBuilder::new().recursive(true).mode(0o750).create(path);
    created.map_err(|source| Error::Folder {
        setting,
        path: path.display().to_string(),
        source,
    })
}
