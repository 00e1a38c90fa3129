//! The file of `LOG_FILE`: `/var/log/x.log` is written as `/var/log/x.log.2026-08-31`, a new one each day (UTC).
//!
//! Its owner and its group may read it: lines name callers and what was refused. `tracing-appender`'s own files are for
//! everybody, and cannot be opened anew.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::reopen;

/// Today's log file.
pub(super) struct Daily {
    path: PathBuf,
    day: Date,
    file: File,
    /// Files to keep; the oldest are deleted when a new one begins.
    keep: usize,
    seen: reopen::Seen,
}

impl Daily {
    /// Opens today's file, and makes its folder if it is missing.
    pub(super) fn open(path: &Path, keep: usize) -> io::Result<Self> {
        if path.file_name().is_none() {
            return Err(io::Error::other("it names no file"));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let day = today();
        let file = of_day(path, day)?;
        tidy(path, keep);
        Ok(Self {
            path: path.to_owned(),
            day,
            file,
            keep,
            seen: reopen::Seen::all(),
        })
    }
}

impl Write for Daily {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let day = today();
        let is_moved = self.seen.is_due();
        if is_moved || day != self.day {
            // If the file cannot be made, this line is lost and reported, and the next line tries again.
            self.file = of_day(&self.path, day)?;
            self.day = day;
            tidy(&self.path, self.keep);
        }
        self.file.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn of_day(path: &Path, day: Date) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{day}"));
    File::options()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(name)
}

/// Deletes the oldest of more than `keep` files. A file that cannot be deleted stays: no line is lost because of it.
fn tidy(path: &Path, keep: usize) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut days: Vec<(Date, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let day = file.strip_prefix(name.to_str()?)?.strip_prefix('.')?;
            // Files with anything else behind the name are somebody else's.
            Some((day.parse().ok()?, entry.path()))
        })
        .collect();
    // By the date in the name and not by the time of writing, which backups change.
    days.sort();
    let too_many = days.len().saturating_sub(keep);
    for (_, file) in days.into_iter().take(too_many) {
        let _ = fs::remove_file(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_files_go_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "x.log.2026-01-01",
            "x.log.2026-01-02",
            "x.log.2026-01-03",
            "x.log.old",
            "y.log.2020-01-01",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let mut daily = Daily::open(&folder.path().join("x.log"), 2).unwrap();
        daily.write_all(b"a line\n").unwrap();
        let today = format!("x.log.{}", today());
        assert_eq!(
            files(folder.path()),
            [
                "x.log.2026-01-03",
                today.as_str(),
                "x.log.old",
                "y.log.2020-01-01"
            ]
        );
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let mut daily = Daily::open(&folder.path().join("x.log"), 2).unwrap();
        let file = folder.path().join(format!("x.log.{}", today()));
        fs::rename(&file, folder.path().join("moved")).unwrap();
        daily.write_all(b"to the old one\n").unwrap();
        assert!(!file.exists());
        reopen::request();
        daily.write_all(b"to the new one\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "to the new one\n");
    }
}
