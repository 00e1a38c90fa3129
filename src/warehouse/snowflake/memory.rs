//! Memory for pieces of results that are fetched and not yet read: so much for one result, so much for all together.
//!
//! A result takes memory for its pieces in the order in which they are read, one after the other, and gives it back as they
//! are read. So whoever waits for some and holds some has a piece that can be read meanwhile: no two results can wait for
//! each other. Waiting ends with the call.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::metrics::{Metrics, SetAside};
use crate::warehouse::Error;

/// What is counted, in bytes.
const UNIT: u64 = 1024;

/// Units for one result. A piece is at most some 100 MB, usually a tenth of that; one that is larger than this is fetched
/// alone.
const OF_ONE: u32 = 24 * 1024;

/// A piece takes about this much more than its size while it is decoded.
const DECODING_PERCENT: u64 = 150;

/// Memory for the pieces of all results together. A cheap clone.
#[derive(Clone)]
pub(super) struct Memory {
    free: Arc<Semaphore>,
    all: u32,
    metrics: Arc<Metrics>,
}

/// One result's share of it.
pub(super) struct Share {
    memory: Memory,
    free: Arc<Semaphore>,
}

/// Memory for one piece, given back when it is dropped.
pub(super) struct Taken {
    _of_one: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
    _counted: SetAside,
}

impl Memory {
    /// So many bytes for all.
    pub(super) fn new(bytes: u64, metrics: Arc<Metrics>) -> Self {
        let all = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        // A 32-bit machine counts fewer, and has less memory than that.
        let free = (all as usize).min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(free)),
            all,
            metrics,
        }
    }

    /// For one result.
    pub(super) fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            free: Arc::new(Semaphore::new(OF_ONE as usize)),
        }
    }
}

impl Share {
    /// Waits for what a piece of this size takes, first come first served. Not for several pieces of one result at once: the
    /// last one read could get it first.
    pub(super) async fn take(&self, size: u64, deadline: Instant) -> Result<Taken, Error> {
        let memory = &self.memory;
        let units = (size.saturating_mul(DECODING_PERCENT) / 100 / UNIT).max(1);
        let units = u32::try_from(units).unwrap_or(u32::MAX).min(memory.all);
        let taking = async {
            let of_one = Arc::clone(&self.free).acquire_many_owned(units.min(OF_ONE));
            let of_one = of_one.await.map_err(closed)?;
            let of_all = Arc::clone(&memory.free).acquire_many_owned(units);
            Ok(Taken {
                _of_one: of_one,
                _of_all: of_all.await.map_err(closed)?,
                _counted: memory.metrics.set_aside(u64::from(units) * UNIT),
            })
        };
        match tokio::time::timeout_at(deadline.into(), taking).await {
            Ok(taken) => taken,
            Err(_) => Err(Error::Busy {
                message: format!(
                    "the memory there is for fetching results, {} KiB, is taken up by others and was not given back in time; \
                     DOWNLOAD_MEMORY_LIMIT sets it",
                    memory.all
                ),
            }),
        }
    }
}

fn closed(error: tokio::sync::AcquireError) -> Error {
    Error::internal("waiting for memory", error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{StreamExt, stream};

    use super::*;

    const MIB: u64 = 1 << 20;

    fn memory(bytes: u64) -> Memory {
        Memory::new(bytes, Arc::new(Metrics::new().unwrap()))
    }

    fn in_use(memory: &Memory) -> u64 {
        let free = u64::try_from(memory.free.available_permits()).unwrap();
        (u64::from(memory.all) - free) * UNIT
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(50)
    }

    #[tokio::test]
    async fn one_result_does_not_take_everything_and_all_take_no_more_than_there_is() {
        let memory = memory(32 * MIB);
        let (one, other) = (memory.share(), memory.share());
        let first = one.take(8 * MIB, soon()).await.unwrap();
        let second = one.take(8 * MIB, soon()).await.unwrap();
        assert!(one.take(MIB, soon()).await.is_err(), "its 24 MiB");
        let third = other.take(5 * MIB, soon()).await.unwrap();
        assert_eq!(in_use(&memory), 31 * MIB + MIB / 2);
        let Err(busy) = other.take(MIB, soon()).await else {
            panic!("there is none left")
        };
        assert!(matches!(busy, Error::Busy { .. }), "{busy}");
        assert!(busy.to_string().contains("DOWNLOAD_MEMORY_LIMIT"));
        drop((first, second, third));
        assert_eq!(in_use(&memory), 0, "who waits in vain leaves nothing taken");
    }

    #[tokio::test]
    async fn a_piece_larger_than_all_there_is_has_it_alone() {
        let memory = memory(4 * MIB);
        let small = memory.share().take(MIB, soon()).await.unwrap();
        assert!(memory.share().take(100 * MIB, soon()).await.is_err());
        drop(small);
        let large = memory.share().take(100 * MIB, soon()).await.unwrap();
        assert_eq!(in_use(&memory), 4 * MIB);
        assert!(memory.share().take(1, soon()).await.is_err());
        drop(large);
    }

    /// Twenty results of ten pieces each, in room for three pieces.
    #[tokio::test]
    async fn results_that_compete_all_come_to_their_end() {
        let memory = memory(3 * MIB);
        let deadline = Instant::now() + Duration::from_secs(20);
        let result = |number: u64| {
            let share = Arc::new(memory.share());
            let memory = &memory;
            stream::iter(0..10_u64)
                .then(move |piece| {
                    let share = Arc::clone(&share);
                    let size = (1 + (number + piece) % 4) * MIB / 2;
                    async move { share.take(size, deadline).await }
                })
                .map(|taken| async {
                    let taken = taken.unwrap();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    taken
                })
                .buffered(4)
                .for_each(move |taken| async move {
                    assert!(in_use(memory) <= 3 * MIB);
                    tokio::task::yield_now().await;
                    drop(taken);
                })
        };
        futures::future::join_all((0..20).map(result)).await;
        assert_eq!(in_use(&memory), 0);
    }
}
