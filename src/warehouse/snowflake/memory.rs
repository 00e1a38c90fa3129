//! Memory for chunks of results that are fetched and not yet read: so much for one result, so much for all together.
//!
//! A result takes memory for its chunks in the order in which they are read, one after the other, and gives it back as they
//! are read. So whoever waits for some and holds some has a chunk that can be read meanwhile: no two results can wait for
//! each other. Waiting ends with the call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::metrics::{Metrics, SetAside};
use crate::warehouse::Error;

/// What is counted, in bytes.
const UNIT: u64 = 1024;

/// Units for one result. A chunk is at most some 100 MB, usually a tenth of that; one that is larger than this is fetched
/// alone.
const OF_ONE: u32 = 24 * 1024;

/// Bytes of an answer that are not counted: nearly all answers have fewer, and sessions are few.
const UNCOUNTED: u64 = 256 * 1024;

/// What an answer takes for each of its bytes, with what is made of it: rows as text lie in it as single texts.
const FOR_EACH_BYTE: u64 = 4;

/// In such steps does an answer take memory as it comes.
const STEP: u64 = 1024;

/// How long an answer waits for memory. It does not wait for the end of its call: it is half read, and its connection open.
const PATIENCE: Duration = Duration::from_secs(10);

/// Memory for the chunks of all results together. A cheap clone.
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

/// Memory for one chunk, given back when it is dropped.
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

    /// The most that a chunk may take, in bytes.
    pub(super) fn size(&self) -> u64 {
        u64::from(self.all) * UNIT
    }

    /// For an answer of which nothing has come.
    pub(super) fn begin(&self) -> Growing {
        Growing {
            memory: self.clone(),
            came: 0,
            taken: None,
            counted: Vec::new(),
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

/// Memory for an answer that comes piece by piece, given back when it is dropped.
pub(super) struct Growing {
    memory: Memory,
    came: u64,
    taken: Option<OwnedSemaphorePermit>,
    counted: Vec<SetAside>,
}

impl Growing {
    /// Takes memory for more of it.
    ///
    /// # Errors
    ///
    /// There is none, in words that say so.
    pub(super) async fn grow(&mut self, bytes: usize) -> Result<(), String> {
        self.came = self
            .came
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let counted = self.came.saturating_sub(UNCOUNTED);
        // What is made of a byte of JSON takes several bytes.
        let wanted = counted.saturating_mul(FOR_EACH_BYTE).div_ceil(UNIT);
        // In steps, so that the semaphore is not used for every packet.
        let wanted = wanted.div_ceil(STEP).saturating_mul(STEP);
        let has = self.taken.as_ref().map_or(0, |taken| taken.num_permits());
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let all = usize::try_from(self.memory.all).unwrap_or(usize::MAX);
        if has >= wanted.min(all) && wanted <= all {
            return Ok(());
        }
        let more = u32::try_from(wanted - has).unwrap_or(u32::MAX);
        let setting = "DOWNLOAD_MEMORY_LIMIT sets how much there is";
        // It could never be granted, so it must not wait for it.
        if wanted > all {
            return Err(format!(
                "an answer needs more memory than the limit for all answers; {setting}"
            ));
        }
        let taking = Arc::clone(&self.memory.free).acquire_many_owned(more);
        let Ok(Ok(permit)) = tokio::time::timeout(PATIENCE, taking).await else {
            return Err(format!(
                "other answers use all the memory for answers; {setting}"
            ));
        };
        match &mut self.taken {
            Some(taken) => taken.merge(permit),
            None => self.taken = Some(permit),
        }
        self.counted
            .push(self.memory.metrics.set_aside(u64::from(more) * UNIT));
        Ok(())
    }
}

impl Share {
    /// Waits for what a chunk takes, first come first served. Not for several chunks of one result at once: the
    /// last one read could get it first.
    pub(super) async fn take(&self, size: u64, deadline: Instant) -> Result<Taken, Error> {
        let memory = &self.memory;
        let units = size.div_ceil(UNIT).max(1);
        // A chunk larger than all memory waits until it can have everything; otherwise it would wait forever.
        let units = u32::try_from(units).unwrap_or(u32::MAX).min(memory.all);
        let taking = async {
            let of_one = Arc::clone(&self.free).acquire_many_owned(units.min(OF_ONE));
            // First the result's own share, then the common memory: the other way round, one result could hold common
            // memory while it waits for itself.
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
                    "other calls use all the memory for fetching results, {} KiB, and did not release it in time; DOWNLOAD_MEMORY_LIMIT sets it",
                    memory.all
                ),
                retry_after: None,
            }),
        }
    }
}

fn closed(error: tokio::sync::AcquireError) -> Error {
    Error::internal("waiting for memory", error)
}

#[cfg(test)]
mod tests {
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
        let first = one.take(12 * MIB, soon()).await.unwrap();
        let second = one.take(12 * MIB, soon()).await.unwrap();
        assert!(one.take(MIB, soon()).await.is_err(), "its 24 MiB");
        let third = other.take(7 * MIB + MIB / 2, soon()).await.unwrap();
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

    #[tokio::test]
    async fn an_answer_takes_memory_as_it_comes_and_gives_it_back() {
        let memory = memory(8 * MIB);
        let mut small = memory.begin();
        small.grow(256 * 1024).await.unwrap();
        assert_eq!(in_use(&memory), 0);
        let mut large = memory.begin();
        for _ in 0..8 {
            large.grow(256 * 1024).await.unwrap();
        }
        assert_eq!(in_use(&memory), 7 * MIB);
        let refused = large.grow(1 << 20).await.unwrap_err();
        assert!(refused.contains("DOWNLOAD_MEMORY_LIMIT"), "{refused}");
        drop((small, large));
        assert_eq!(in_use(&memory), 0);
    }

    /// Twenty results of ten chunks each, in room for three chunks.
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
