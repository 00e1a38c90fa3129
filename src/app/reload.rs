//! `SERVER_RELOAD`: starting again in place when the program or its env file changes. A convenience of development.
//!
//! "In place" means `exec`: the same process id, arguments, environment and terminal, with the program as it is on disk
//! now. Files are looked at once a second; a change counts when it has stayed the same for one more look, because a linker
//! writes for a while.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
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
}

impl Launch {
    /// Notes it. Call it before `WORKING_DIR` is entered; `env_file` is the `--env-file` in use.
    ///
    /// # Errors
    ///
    /// The program's own path or the current folder cannot be told.
    pub fn note(env_file: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            program: std::env::current_exe()?,
            arguments: std::env::args_os().skip(1).collect(),
            folder: std::env::current_dir()?,
            env_file: env_file.map(std::path::absolute).transpose()?,
        })
    }

    /// Becomes a new process in place. Returns only when that fails.
    ///
    /// `port` is the one to take when the settings said "any": clients know where we are and should find us again.
    #[must_use]
    pub fn again(&self, port: Option<u16>) -> io::Error {
        use std::os::unix::process::CommandExt;
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        if let Some(port) = port {
            command.env("SERVER_PORT", port.to_string());
        }
        command.exec()
    }

    /// Waits until one of the files has changed, and says which.
    pub(super) async fn changed(&self) -> PathBuf {
        let mut watched: Vec<Watched> = std::iter::once(&self.program)
            .chain(&self.env_file)
            .map(|path| Watched::new(path.clone()))
            .collect();
        loop {
            tokio::time::sleep(EVERY).await;
            if let Some(changed) = watched.iter_mut().find_map(Watched::look) {
                tracing::info!(target: LIFECYCLE, file = %changed.display(), "{} has changed", changed.display());
                return changed;
            }
        }
    }
}

/// When and how long. Two writes within one tick of the file system's clock usually differ in length.
type Stamp = (SystemTime, u64);

struct Watched {
    path: PathBuf,
    at_start: Option<Stamp>,
    last: Option<Stamp>,
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        let stamp = stamp(&path);
        Self {
            path,
            at_start: stamp,
            last: stamp,
        }
    }

    /// The path, once it differs from the start and is the same as at the last look. A file that is away is being replaced.
    fn look(&mut self) -> Option<PathBuf> {
        let now = stamp(&self.path);
        let is_stable = now == self.last;
        self.last = now;
        (now.is_some() && is_stable && now != self.at_start).then(|| self.path.clone())
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
    }
}
