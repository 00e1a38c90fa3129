//! Opens the log file and the audit log file again after log rotation has moved them; SIGHUP requests it.
//!
//! Each file has a thread of its own that writes it. To request a reopening, a number is changed, which the thread
//! checks before it writes its next line.

use std::sync::atomic::{AtomicU64, Ordering};

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Asks every writer to open its file again before its next line.
pub fn request() {
    REQUESTS.fetch_add(1, Ordering::Relaxed);
}

/// The last request that one writer has followed.
#[derive(Debug)]
pub(super) struct Seen(u64);

impl Seen {
    /// Takes all requests until now as followed.
    pub(super) fn all() -> Self {
        Self(REQUESTS.load(Ordering::Relaxed))
    }

    /// Whether there was a request since the last time this was asked.
    pub(super) fn is_due(&mut self) -> bool {
        let now = REQUESTS.load(Ordering::Relaxed);
        std::mem::replace(&mut self.0, now) != now
    }
}
