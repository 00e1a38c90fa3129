//! Memory for the bodies that are being read, all of them together and those of one caller.
//!
//! It counts what has arrived, not what was announced, so a client that announces much and sends nothing takes nothing. A body
//! gives its bytes back when the last of it is dropped, which is when rmcp has made its own message of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::Bytes;

use crate::identity::Caller;

/// For all callers together: thirty-two of the largest bodies by default, and a sixteenth of the memory that the chart
/// allows.
const ALL: usize = 64 * 1024 * 1024;

/// For one caller, so that others always find the rest.
const OF_ONE: usize = ALL / 4;

/// Bytes of each body that are not counted. Nearly all calls are smaller, so they are read whatever others send.
/// The number of connections bounds these.
const FREE: usize = 16 * 1024;

/// Whose memory is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The caller's share.
    OfOne,
    /// The share of all callers together.
    All,
}

/// The memory there is. A cheap clone of one count.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Bodies(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Only callers that hold some.
    by_caller: HashMap<Arc<str>, usize>,
}

impl Bodies {
    /// Memory for a new body of this caller; none of it is used yet.
    pub(super) fn begin(&self, caller: Option<&Caller>) -> Room {
        Room {
            bodies: self.clone(),
            who: caller.map_or_else(|| Arc::from(""), Caller::account),
            arrived: 0,
            counted: 0,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // No panic can happen between two changes that belong together, so a poisoned lock holds correct counts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body holds, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    bodies: Bodies,
    who: Arc<str>,
    arrived: usize,
    counted: usize,
}

impl Room {
    /// Takes more.
    ///
    /// # Errors
    ///
    /// There is no more; what is held stays held.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let arrived = self.arrived + bytes;
        // The first part of each body is free, so that small messages get through however full it
        // is.
        let more = arrived.saturating_sub(FREE) - self.counted;
        if more > 0 {
            let mut counts = self.bodies.counts();
            let own = counts.by_caller.get(&self.who).copied().unwrap_or(0);
            if own + more > OF_ONE {
                return Err(Full::OfOne);
            }
            if counts.all + more > ALL {
                return Err(Full::All);
            }
            // Both limits are checked before either count changes.
            counts.all += more;
            counts.by_caller.insert(self.who.clone(), own + more);
            drop(counts);
            self.counted += more;
        }
        self.arrived = arrived;
        Ok(())
    }

    /// The bytes. Their memory is given back when the last copy is dropped.
    pub(super) fn around(self, bytes: Bytes) -> Bytes {
        if self.counted == 0 {
            return bytes;
        }
        Bytes::from_owner(Counted { bytes, _room: self })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.counted == 0 {
            return;
        }
        let mut counts = self.bodies.counts();
        counts.all -= self.counted;
        let left = counts.by_caller.get_mut(&self.who).map(|own| {
            *own -= self.counted;
            *own
        });
        if left == Some(0) {
            counts.by_caller.remove(&self.who);
        }
    }
}

struct Counted {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Kind;

    fn key(name: &'static str) -> Caller {
        Caller::new(Kind::Key, name, name)
    }

    #[test]
    fn one_caller_has_a_share_and_all_have_no_more_than_there_is() {
        let bodies = Bodies::default();
        let mut held = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let mut room = bodies.begin(Some(&key(name)));
            room.grow(FREE + OF_ONE).unwrap();
            assert_eq!(room.grow(1), Err(Full::OfOne), "{name}");
            let mut second = bodies.begin(Some(&key(name)));
            second.grow(FREE).unwrap();
            assert_eq!(second.grow(1), Err(Full::OfOne), "{name}");
            held.push(room);
        }
        let mut late = bodies.begin(Some(&key("e")));
        late.grow(FREE).unwrap();
        assert_eq!(late.grow(1), Err(Full::All));
        held.pop();
        late.grow(1).unwrap();
        drop(late);
        drop(held);
        let counts = bodies.counts();
        assert_eq!((counts.all, counts.by_caller.len()), (0, 0));
    }

    #[test]
    fn a_body_holds_its_memory_until_nobody_has_its_bytes() {
        let bodies = Bodies::default();
        let mut room = bodies.begin(None);
        room.grow(FREE).unwrap();
        room.grow(100).unwrap();
        let body = room.around(Bytes::from_static(b"text"));
        let part = body.slice(1..);
        drop(body);
        assert_eq!(bodies.counts().all, 100);
        assert_eq!(part, "ext");
        drop(part);
        assert_eq!(bodies.counts().all, 0);
    }
}
