//! From the engine's thread to the reader: columns, then batches, then perhaps an error.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::warehouse::embedded::session::{Reason, Stop};
use crate::warehouse::{Answer, Batch, Column, Error};

/// Batches that wait for a slow reader.
///
/// A batch is one vector of DuckDB's, at most 2,048 rows. With the engine's own buffer of about 1 MB a statement holds a
/// few megabytes however long its result is; the engine waits when they are full.
const WAITING_BATCHES: usize = 4;

/// A batch of more bytes waits alone.
const LARGE_BATCH: usize = 4 << 20;

/// What the engine's thread says, in this order: columns, batches; an error ends it.
pub(super) enum Message {
    Columns(Arc<[Column]>),
    Batch(Piece),
    Failed(Error),
}

/// Some rows as they come from the engine.
pub(in crate::warehouse::embedded) struct Piece {
    pub(in crate::warehouse::embedded) batch: Box<dyn Batch>,
    /// Memory it holds.
    pub(in crate::warehouse::embedded) bytes: usize,
}

/// A statement whose columns are known and whose rows are on their way.
pub(in crate::warehouse::embedded) struct Underway {
    pub(in crate::warehouse::embedded) columns: Arc<[Column]>,
    pub(in crate::warehouse::embedded) pieces:
        Pin<Box<dyn Stream<Item = Result<Piece, Error>> + Send>>,
}

impl Underway {
    /// The statement as an answer that is read as it comes.
    pub(in crate::warehouse::embedded) fn into_answer(self, query_id: String) -> Answer {
        let batches = self.pieces.map(|piece| piece.map(|piece| piece.batch));
        Answer {
            query_id,
            columns: self.columns,
            batches: Box::pin(batches),
            total_rows: None,
            full_at: None,
        }
    }
}

/// Starts the work on a thread that may block, and waits for the columns that it sends.
///
/// # Cancel safety
///
/// Dropping the future, or the result, stops the statement.
pub(super) async fn start(
    stop: Arc<Stop>,
    work: impl FnOnce(&Sender) + Send + 'static,
) -> Result<Underway, Error> {
    let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
    let runtime = Handle::current();
    let thread = tokio::task::spawn_blocking(move || work(&Sender { sender, runtime }));
    let mut rows = Rows {
        receiver,
        thread: Some(thread),
        stop: StopOnDrop(stop),
    };
    let columns = match rows.next().await? {
        Some(Message::Columns(columns)) => columns,
        Some(Message::Failed(error)) => return Err(error),
        Some(Message::Batch(_)) | None => {
            return Err(Error::Internal {
                message: "the engine gave no columns".into(),
                source: None,
            });
        }
    };
    let pieces = stream::unfold(Some(rows), |rows| async move {
        // `None` after the first error: a stream that failed must not be read on.
        let mut rows = rows?;
        match rows.next().await {
            Ok(Some(Message::Batch(piece))) => Some((Ok(piece), Some(rows))),
            Ok(Some(Message::Failed(error))) | Err(error) => Some((Err(error), None)),
            Ok(Some(Message::Columns(_)) | None) => None,
        }
    });
    Ok(Underway {
        columns,
        pieces: Box::pin(pieces),
    })
}

/// The reader's end.
struct Rows {
    receiver: mpsc::Receiver<Message>,
    thread: Option<JoinHandle<()>>,
    stop: StopOnDrop,
}

impl Rows {
    async fn next(&mut self) -> Result<Option<Message>, Error> {
        let message = tokio::select! {
            biased;
            message = self.receiver.recv() => message,
            // Not left to the engine alone: few of its operators do not look for an interruption at once.
            () = self.stop.0.asked() => None,
        };
        if message.is_some() {
            return Ok(message);
        }
        if let Some(error) = self.stop.0.error() {
            return Err(error);
        }
        match self.thread.take() {
            Some(thread) => thread
                .await
                .map(|()| None)
                .map_err(|panic| Error::internal("the engine's thread ended early", panic)),
            None => Ok(None),
        }
    }
}

/// Stops the statement when nobody is left to read its rows. After the end it does nothing.
struct StopOnDrop(Arc<Stop>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.ask(Reason::Cancelled);
    }
}

/// The engine's end.
pub(super) struct Sender {
    sender: mpsc::Sender<Message>,
    pub(super) runtime: Handle,
}

impl Sender {
    /// Waits for room; `false` when nobody wants the message any more.
    pub(super) fn send(&self, stop: &Stop, message: Message) -> bool {
        // The channel is bounded in batches, not in bytes, so large batches are bounded here.
        if matches!(&message, Message::Batch(piece) if piece.bytes > LARGE_BATCH) {
            return self.send_alone(stop, message);
        }
        // Entering the runtime costs more than sending, so it is done only when the reader is slower than the engine.
        match self.sender.try_send(message) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(message)) => self.runtime.block_on(async {
                tokio::select! {
                    sent = self.sender.send(message) => sent.is_ok(),
                    () = stop.asked() => false,
                }
            }),
        }
    }

    /// Waits until nothing else waits to be read: a few large batches would be a lot of memory.
    fn send_alone(&self, stop: &Stop, message: Message) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                places = self.sender.reserve_many(WAITING_BATCHES) => match places {
                    Ok(mut places) => places.next().map(|place| place.send(message)).is_some(),
                    Err(_) => false,
                },
                () = stop.asked() => false,
            }
        })
    }
}
