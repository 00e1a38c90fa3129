//! Results that are stored for `fetch_results`, in bounded memory; Snowflake stores them for a day.
//!
//! A statement that may be read in pages runs to its end at once, into memory. The least recently used results make
//! room for new ones; a request for one of these is answered that it is no longer stored. They live in this process
//! only.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures::{StreamExt, stream};
use tokio::sync::watch;
use uuid::Uuid;

use super::catalog::Listing;
use super::session::{Reason, Stop};
use super::statement::{Piece, Underway};
use crate::warehouse::{
    Answer, Batch, Column, Earlier, EngineLimit, Error, Started, State, Status, skip,
};

/// One result takes at most this part of what all may take, so that a second one can be read beside it.
const ONE_OF_ALL: u64 = 2;

/// Statements that are remembered, whatever little memory their results take.
const MAX_STATEMENTS: usize = 1000;

/// A statement that is longer is not kept: it only serves to explain why it failed.
const LONGEST_TEXT: usize = 4 << 10;

/// All results that are kept, the one used last at the end.
pub(super) struct Results {
    kept: Mutex<VecDeque<Arc<Kept>>>,
    max_bytes: u64,
}

/// One statement and as much of its result as there is.
pub(super) struct Kept {
    query_id: Uuid,
    /// The statement, unless it is long.
    text: Option<String>,
    /// None for what has never run in the engine.
    stop: Option<Arc<Stop>>,
    started: Instant,
    content: Mutex<Content>,
    has_ended: watch::Sender<bool>,
}

#[derive(Default)]
struct Content {
    columns: Option<Arc<[Column]>>,
    batches: Vec<Arc<dyn Batch>>,
    rows: u64,
    bytes: u64,
    end: Option<(Instant, End)>,
}

/// How a statement ended.
enum End {
    /// All rows are here.
    Whole,
    /// There was no room for more.
    Full,
    Failed(Error),
}

impl Results {
    /// None yet; of at most `max_bytes` together.
    pub(super) fn new(max_bytes: u64) -> Self {
        Self {
            kept: Mutex::default(),
            max_bytes,
        }
    }

    /// Remembers a statement.
    pub(super) fn add(&self, statement: &Arc<Kept>) {
        held(&self.kept).push_back(Arc::clone(statement));
        self.make_room();
    }

    /// The statement of that id, now the one used last.
    pub(super) fn find(&self, earlier: &Earlier) -> Result<Arc<Kept>, Error> {
        let mut kept = held(&self.kept);
        let place = kept
            .iter()
            .position(|kept| kept.query_id == earlier.query_id);
        let found = place.and_then(|place| kept.remove(place));
        let found = found.ok_or_else(|| Error::QueryNotFound {
            query_id: earlier.query_id.to_string(),
        })?;
        kept.push_back(Arc::clone(&found));
        Ok(found)
    }

    /// Runs the statement into its place.
    pub(super) async fn fill(
        &self,
        kept: &Kept,
        statement: impl Future<Output = Result<Underway, Error>>,
    ) {
        let end = match statement.await {
            Ok(underway) => self.read(kept, underway).await,
            Err(error) => End::Failed(error),
        };
        held(&kept.content).end = Some((Instant::now(), end));
        kept.has_ended.send_replace(true);
    }

    async fn read(&self, kept: &Kept, mut underway: Underway) -> End {
        held(&kept.content).columns = Some(underway.columns);
        while let Some(piece) = underway.pieces.next().await {
            let bytes = match piece {
                Ok(piece) => kept.add(piece),
                Err(error) => return End::Failed(error),
            };
            if bytes > self.max_bytes / ONE_OF_ALL {
                return End::Full;
            }
            self.make_room();
        }
        End::Whole
    }

    /// Forgets what was used longest ago. A statement that is still running is not forgotten: it must remain possible to
    /// stop it.
    fn make_room(&self) {
        let mut kept = held(&self.kept);
        let mut bytes: u64 = kept.iter().map(|kept| held(&kept.content).bytes).sum();
        while bytes > self.max_bytes || kept.len() > MAX_STATEMENTS {
            let Some(oldest) = kept.iter().position(|kept| kept.has_ended()) else {
                return;
            };
            if let Some(gone) = kept.remove(oldest) {
                bytes -= held(&gone.content).bytes;
            }
        }
    }
}

impl Kept {
    /// A statement that is about to run.
    pub(super) fn new(query_id: Uuid, text: &str, stop: Arc<Stop>) -> Self {
        Self {
            query_id,
            text: (text.len() <= LONGEST_TEXT).then(|| text.to_owned()),
            stop: Some(stop),
            started: Instant::now(),
            content: Mutex::default(),
            has_ended: watch::Sender::new(false),
        }
    }

    /// What the catalog has answered.
    pub(super) fn listed(query_id: Uuid, listing: Listing) -> Self {
        let now = Instant::now();
        let content = Content {
            columns: Some(listing.columns()),
            rows: listing.rows() as u64,
            // Texts of the catalog for the greatest part, which is there anyway.
            bytes: (listing.rows() * listing.columns().len() * size_of::<usize>()) as u64,
            batches: vec![Arc::new(listing)],
            end: Some((now, End::Whole)),
        };
        Self {
            query_id,
            text: None,
            stop: None,
            started: now,
            content: Mutex::new(content),
            has_ended: watch::Sender::new(true),
        }
    }

    fn has_ended(&self) -> bool {
        *self.has_ended.borrow()
    }

    /// Adds rows; how many bytes there are now.
    fn add(&self, piece: Piece) -> u64 {
        let mut content = held(&self.content);
        content.rows += piece.batch.rows() as u64;
        content.bytes += piece.bytes as u64;
        content.batches.push(Arc::from(piece.batch));
        content.bytes
    }

    /// Stops the statement, if it is still running.
    pub(super) fn cancel(&self) {
        if let Some(stop) = &self.stop {
            stop.ask(Reason::Cancelled);
        }
    }

    /// How far it has come.
    pub(super) fn status(&self) -> Status {
        let content = held(&self.content);
        let (ended, state, message) = match &content.end {
            None => (Instant::now(), State::Running, None),
            Some((at, End::Whole | End::Full)) => (*at, State::Succeeded, None),
            Some((at, End::Failed(Error::Cancelled { .. }))) => (*at, State::Cancelled, None),
            Some((at, End::Failed(error))) => (*at, State::Failed, Some(error.to_string())),
        };
        Status {
            state,
            elapsed: Some(ended.saturating_duration_since(self.started)),
            rows: Some(content.rows),
            scanned_bytes: None,
            message,
            text: self.text.clone(),
        }
    }

    /// The same for later requests: all of them get this error.
    pub(super) async fn again(&self, skip: u64, patience: Instant) -> Result<Started, Error> {
        let answer = self.answer(skip, patience).await;
        answer.map_err(|error| Error::Ended(Box::new(error)))
    }

    /// The rows from `skip` on, once the statement has ended; before `patience` ends.
    pub(super) async fn answer(&self, skip: u64, patience: Instant) -> Result<Started, Error> {
        let mut ended = self.has_ended.subscribe();
        let waited = tokio::time::timeout_at(patience.into(), ended.wait_for(|ended| *ended)).await;
        if waited.is_err() {
            return Ok(Started::Running {
                query_id: self.query_id.to_string(),
            });
        }
        let content = held(&self.content);
        let (columns, is_whole) = match (&content.columns, &content.end) {
            (_, Some((_, End::Failed(error)))) => return Err(repeated(error)),
            (Some(columns), Some((_, end))) => (Arc::clone(columns), matches!(end, End::Whole)),
            _ => {
                return Err(Error::internal(
                    "reading a result",
                    "the statement ended without columns or an error",
                ));
            }
        };
        let shared = content.batches.iter();
        let all = shared
            .map(|batch| Box::new(Arc::clone(batch)) as Box<dyn Batch>)
            .collect();
        let (rest, _) = skip::batches(all, skip);
        let full = (!is_whole).then(|| Err(full(content.rows).into()));
        Ok(Started::Ended(Answer {
            query_id: self.query_id.to_string(),
            columns,
            batches: Box::pin(stream::iter(rest.into_iter().map(Ok).chain(full))),
            total_rows: is_whole.then_some(content.rows),
            full_at: None,
        }))
    }
}

fn full(rows: u64) -> EngineLimit {
    EngineLimit {
        what: format!("has no room to keep more than the first {rows} rows of this result"),
        hint: Some("select fewer rows or columns".to_owned()),
    }
}

/// The same error for one more reader. Causes are kept as text.
fn repeated(error: &Error) -> Error {
    match error {
        Error::Sql {
            message,
            position,
            query_id,
        } => Error::Sql {
            message: message.clone(),
            position: *position,
            query_id: query_id.clone(),
        },
        Error::ObjectNotFound { message, query_id } => Error::ObjectNotFound {
            message: message.clone(),
            query_id: query_id.clone(),
        },
        Error::EngineLimit(limit) => limit.clone().into(),
        Error::Timeout { after, query_id } => Error::Timeout {
            after: *after,
            query_id: query_id.clone(),
        },
        Error::Cancelled { query_id } => Error::Cancelled {
            query_id: query_id.clone(),
        },
        Error::Busy {
            message,
            retry_after,
        } => Error::Busy {
            retry_after: *retry_after,
            message: message.clone(),
        },
        Error::Unreachable { message, .. } => Error::Unreachable {
            message: message.clone(),
            source: None,
        },
        other => Error::internal(
            "a statement of the embedded engine",
            crate::telemetry::chain(other),
        ),
    }
}

/// A thread that panicked while it held one of these locks left nothing half done.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
