//! `PID_FILE`: which process this is, for supervisors that want to be told.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Why the file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another running process has it.
    #[error(
        "PID_FILE {path} belongs to the running process {owner}; stop that one first or choose another file"
    )]
    Taken {
        /// As configured.
        path: String,
        /// What the file says.
        owner: String,
    },
    /// It cannot be opened or written.
    #[error("PID_FILE {path} cannot be written: {source}")]
    Unwritable {
        /// As configured.
        path: String,
        /// The system's words.
        source: io::Error,
    },
}

/// The file, ours as long as this lives; removed when it is dropped.
///
/// Ownership is a lock on the open file, which the system takes back however a process ends. So a file that was left
/// behind is known to be stale, even when its number has since been given to some other process.
#[derive(Debug)]
pub(super) struct PidFile {
    path: PathBuf,
    _locked: File,
}

impl PidFile {
    pub(super) fn write(path: &Path) -> Result<Self, Error> {
        let unwritable = |source| Error::Unwritable {
            path: path.display().to_string(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            // The file may belong to a running process, whose number must stay in it until the lock
            // is ours.
            .truncate(false)
            .open(path)
            .map_err(unwritable)?;
        // A lock rather than the number in the file: it ends with its process, and the number may
        // belong to another program by now.
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Only for the message.
                let _ = file.read_to_string(&mut owner);
                return Err(Error::Taken {
                    path: path.display().to_string(),
                    owner: owner.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(unwritable)?;
        // Relative paths are resolved now: the file must be found again at the end.
        let path = std::path::absolute(path).map_err(unwritable)?;
        Ok(Self {
            path,
            _locked: file,
        })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "PID_FILE could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_our_number_and_goes_with_us() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let file = PidFile::write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_file_is_overwritten_and_a_held_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        std::fs::write(&path, "4294967295 and a longer leftover\n").unwrap();
        let first = PidFile::write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        let error = PidFile::write(&path).unwrap_err();
        assert!(matches!(&error, Error::Taken { owner, .. } if *owner == text.trim()));
        drop(first);
    }
}
