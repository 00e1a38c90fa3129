//! A file that is read again when its contents have changed: `CALLERS_FILE`, `CUSTOM_TOOLS_FILE`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// What tells one state of a file from another. One that cannot be read has none, which is a state too.
pub(super) type Mark = Option<[u8; 32]>;

/// The mark of what was read, or of what could not be.
pub(super) fn mark(bytes: &io::Result<Vec<u8>>) -> Mark {
    bytes
        .as_ref()
        .ok()
        .map(|bytes| Sha256::digest(bytes).into())
}

/// Reads a file of at most `most` bytes.
pub(super) fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A pipe would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// Looks at the file for as long as the runtime lives. `taken` marks what the process started with: a change between that and the
/// first look is a change as well. Contents are compared and not times, because Kubernetes replaces a link, and two writes may
/// have one time.
///
/// `read` makes something of a change, on a thread that may block; `take` is given what came of it.
pub(super) async fn follow<T: Send + 'static>(
    path: PathBuf,
    most: u64,
    every: Duration,
    taken: Mark,
    read: impl Fn(io::Result<Vec<u8>>) -> T + Clone + Send + 'static,
    take: impl Fn(T) + Send,
) {
    let mut known = taken;
    loop {
        tokio::time::sleep(every).await;
        let (path, read) = (path.clone(), read.clone());
        let look = move || {
            let bytes = bytes(&path, most);
            let now = mark(&bytes);
            // A file that cannot be read has a mark too, so it is reported once and not at every
            // look.
            (now, (now != known).then(|| read(bytes)))
        };
        // A panic in there was logged by its hook.
        let Ok((now, made)) = tokio::task::spawn_blocking(look).await else {
            continue;
        };
        // Also when the contents are refused: one warning for each change.
        known = now;
        if let Some(made) = made {
            take(made);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    /// What was read of a file that `change` writes after `taken` was noted.
    async fn followed(change: impl FnOnce(&Path)) -> Vec<Option<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let taken = mark(&bytes(&path, 100));
        change(&path);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        let read = |bytes: io::Result<Vec<u8>>| bytes.ok().map(|it| String::from_utf8(it).unwrap());
        let take = move |text| heard.lock().unwrap().push(text);
        let work = follow(path, 100, SOON, taken, read, take);
        let _ = tokio::time::timeout(SOON * 15, work).await;
        std::mem::take(&mut *seen.lock().unwrap())
    }

    #[tokio::test]
    async fn what_changes_before_the_first_look_is_not_lost() {
        // With the length and, more likely than not, the time of the one before.
        let changed = followed(|path| std::fs::write(path, "two").unwrap());
        assert_eq!(changed.await, [Some("two".to_owned())]);
        assert!(followed(|_| {}).await.is_empty(), "told once");
        let gone = followed(|path| std::fs::remove_file(path).unwrap());
        assert_eq!(gone.await, [None], "told once");
        let long = followed(|path| std::fs::write(path, [b'x'; 101]).unwrap());
        assert_eq!(long.await, [None]);
    }

    #[test]
    fn what_is_no_file_or_too_long_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let told = |path: &Path| bytes(path, 1 << 20).unwrap_err().to_string();
        assert!(told(folder.path()).contains("no file"));
        // Nobody ever writes into it.
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(told(&pipe).contains("no file"));
        let large = folder.path().join("large");
        // Holes: it takes no room.
        let file = File::create(&large).unwrap();
        file.set_len(1 << 30).unwrap();
        assert!(told(&large).contains("more than 1048576 bytes"));
    }
}
