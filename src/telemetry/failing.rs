//! A file that cannot be written: logged once when that begins, and once when it ends.

use std::io;

/// Whether a file is failing. While a disk is full, a message for every line would flood the log.
pub(super) struct Failing {
    setting: &'static str,
    /// Where the lines go meanwhile.
    instead: &'static str,
    is_failing: bool,
}

impl Failing {
    /// For the file that a setting names.
    pub(super) fn new(setting: &'static str, instead: &'static str) -> Self {
        Self {
            setting,
            instead,
            is_failing: false,
        }
    }

    /// What came of a write.
    pub(super) fn saw(&mut self, error: Option<&io::Error>) {
        let Self {
            setting, instead, ..
        } = *self;
        match error {
            None => {
                if std::mem::take(&mut self.is_failing) {
                    tracing::warn!("{setting} can be written again");
                }
            }
            // The caller tries again.
            Some(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Some(error) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::error!("{setting} cannot be written: {error}; {instead}");
                }
            }
        }
    }
}
