//! `SERVER_RELOAD`: starting again in place when the program or its env file changes. A convenience of development.
//!
//! "In place" means `exec`: the same process id, arguments, environment and terminal, with the program as it is on disk
//! now. Files are looked at once a second; a change counts when it has stayed the same for one more look, because a linker
//! writes for a while. Before the running process gives way, the new program is asked whether it would start with the new
//! settings (`check`): a typing error in the env file is told, and changes nothing.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::telemetry::LIFECYCLE;

const EVERY: Duration = Duration::from_secs(1);

/// How this process was started, noted before anything changes it.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    env_file: Option<PathBuf>,
    /// The files as they were then: what changes while the server is still starting is a change too.
    watched: Vec<Watched>,
}

impl Launch {
    /// Notes it. Call it before `WORKING_DIR` is entered; `env_file` is the `--env-file` in use.
    ///
    /// # Errors
    ///
    /// The program's own path or the current folder cannot be told.
    pub fn note(env_file: Option<&Path>) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let env_file = env_file.map(std::path::absolute).transpose()?;
        let files = std::iter::once(&program).chain(&env_file);
        Ok(Self {
            watched: files.map(|path| Watched::new(path.clone())).collect(),
            program,
            arguments: std::env::args_os().skip(1).collect(),
            folder: std::env::current_dir()?,
            env_file,
        })
    }

    /// Becomes a new process in place. Returns only when that fails.
    ///
    /// `port` is the one to take when the settings said "any": clients know where we are and should find us again.
    #[must_use]
    pub fn again(&self, port: Option<u16>) -> io::Error {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        if let Some(port) = port {
            command.env("SERVER_PORT", port.to_string());
        }
        command.exec()
    }

    /// Waits until one of the files has changed for something that would start.
    pub(super) async fn changed(&self) {
        let mut watched = self.watched.clone();
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(changed) = watched.iter_mut().find_map(Watched::look) else {
                continue;
            };
            let file = changed.display();
            let launch = self.clone();
            // Half of a program, or of a file, may be written at this moment: `exec` would then end
            // the service.
            let checked = tokio::task::spawn_blocking(move || launch.check()).await;
            match checked.unwrap_or_else(|error| Err(error.to_string())) {
                Ok(()) => {
                    tracing::info!(target: LIFECYCLE, event = "changed", %file, "{file} has changed");
                    return;
                }
                Err(problems) => tracing::warn!(
                    target: LIFECYCLE,
                    event = "not_taken_over",
                    %file,
                    "{file} has changed, but the server would not start with it, so it continues unchanged: {problems}",
                ),
            }
        }
    }

    /// Asks the program on disk whether the settings it would find are right.
    fn check(&self) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        if let Some(env_file) = &self.env_file {
            command.arg("--env-file").arg(env_file);
        }
        let output = command
            // A process of its own, since the new program may know other settings than this one.
            .arg("check")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        // One line each, and a count at the end.
        let told = String::from_utf8_lossy(&output.stderr);
        Err(told.lines().collect::<Vec<_>>().join("; "))
    }
}

/// When and how long. Two writes within one tick of the file system's clock usually differ in length.
type Stamp = (SystemTime, u64);

#[derive(Debug, Clone)]
struct Watched {
    path: PathBuf,
    /// What is in force, or was looked at and found wanting.
    known: Option<Stamp>,
    last: Option<Stamp>,
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        let stamp = stamp(&path);
        Self {
            path,
            known: stamp,
            last: stamp,
        }
    }

    /// The path, when it differs from what is known and is the same as at the last look. Told once for each change; a file
    /// that is away is being replaced.
    fn look(&mut self) -> Option<PathBuf> {
        let now = stamp(&self.path);
        let is_stable = now == self.last;
        self.last = now;
        if now.is_none() || !is_stable || now == self.known {
            return None;
        }
        self.known = now;
        Some(self.path.clone())
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_it_has_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "a").unwrap();
        let mut watched = Watched::new(path.clone());
        assert_eq!(watched.look(), None);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(watched.look(), None, "away");
        assert_eq!(watched.look(), None, "still away");
        std::fs::write(&path, "bb").unwrap();
        assert_eq!(watched.look(), None, "not settled");
        std::fs::write(&path, "ccc").unwrap();
        assert_eq!(watched.look(), None, "not settled");
        assert_eq!(watched.look(), Some(path));
        assert_eq!(watched.look(), None, "told once");
    }
}
