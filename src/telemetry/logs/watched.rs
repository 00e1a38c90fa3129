//! A log file whose failures are told in the log on stderr.

use std::io::{self, Write};

use crate::telemetry::failing::Failing;

/// The log file. Without a word on stderr, nobody would notice that lines are missing until they are looked for.
pub(super) struct Watched<W> {
    file: W,
    failing: Failing,
}

impl<W> Watched<W> {
    pub(super) fn new(file: W) -> Self {
        Self {
            file,
            failing: Failing::new("LOG_FILE", "lines are on stderr only"),
        }
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let outcome = self.file.write(line);
        // The line that tells of a failure is not in the file either, which does no harm.
        self.failing.saw(outcome.as_ref().err());
        outcome
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged meanwhile.
    fn logged(work: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
        impl Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_log_file_that_cannot_be_written_is_told_of_once_and_so_is_its_end() {
        let mut file = Watched::new(Disk(10));
        let full = logged(|| {
            assert!(file.write(b"a line\n").is_ok());
            for _ in 0..3 {
                assert!(file.write(b"a line\n").is_err());
            }
        });
        assert_eq!(full.lines().count(), 1, "{full}");
        assert!(full.contains("ERROR"), "{full}");
        assert!(
            full.contains("LOG_FILE cannot be written: no storage space"),
            "{full}"
        );
        file.file = Disk(100);
        let again = logged(|| {
            for _ in 0..3 {
                assert!(file.write(b"a line\n").is_ok());
            }
        });
        assert_eq!(again.lines().count(), 1, "{again}");
        assert!(again.contains("LOG_FILE can be written again"), "{again}");
    }
}
