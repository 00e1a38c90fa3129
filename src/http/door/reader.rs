//! Reads what is in a body: large ones beside the workers, one at a time.
//!
//! There are as many workers as cores. One that reads 2 MB of JSON answers nobody else for 10 to 20 ms, and so would
//! all of them when many such bodies arrive at once.

use std::panic;
use std::sync::Arc;

use actix_web::web::Bytes;
use tokio::sync::Semaphore;

use super::message::{self, Post, Unreadable};

/// Up to this size a body is read at once, which takes less than a millisecond. Nearly all are smaller.
const SMALL: usize = 64 * 1024;

/// One for all workers. A cheap clone.
#[derive(Debug, Clone)]
pub(in crate::http) struct Reader(Arc<Semaphore>);

impl Default for Reader {
    fn default() -> Self {
        // One: with two, both cores of a small container would read.
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Reader {
    /// The message or messages in a body. A large body waits for those in front of it.
    ///
    /// # Errors
    ///
    /// The body is no message.
    ///
    /// # Cancel safety
    ///
    /// What is being read is read to its end and dropped; the next large body waits for that.
    pub(super) async fn read(&self, body: Bytes) -> Result<Post, Unreadable> {
        if body.len() <= SMALL {
            return message::read(body);
        }
        let permit = Arc::clone(&self.0).acquire_owned().await;
        let reading = tokio::task::spawn_blocking(move || {
            // Given back by the thread, so that a client that leaves does not let a second one begin.
            let _permit = permit;
            message::read(body)
        });
        match reading.await {
            Ok(read) => read,
            Err(error) => match error.try_into_panic() {
                // As if it had been read here: the layer outside turns it into an answer.
                Ok(panic) => panic::resume_unwind(panic),
                Err(_) => Err(Unreadable::broken_off()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    fn ping(bytes: usize) -> Bytes {
        let blanks = " ".repeat(bytes);
        Bytes::from(format!(
            r#"{{"jsonrpc": "2.0", "id": 1, "method": "ping"{blanks}}}"#
        ))
    }

    #[tokio::test]
    async fn a_large_body_waits_for_the_one_in_front_and_a_small_one_for_none() {
        let reader = Reader::default();
        let in_front = reader.0.acquire().await.unwrap();
        assert!(matches!(reader.read(ping(1)).now_or_never(), Some(Ok(_))));
        let mut large = Box::pin(reader.read(ping(2 * SMALL)));
        let waited = tokio::time::timeout(Duration::from_millis(50), &mut large).await;
        assert!(waited.is_err(), "it was read beside another");
        drop(in_front);
        assert!(matches!(large.await, Ok(Post::One(_))));
    }

    #[tokio::test]
    async fn a_large_body_that_is_no_message_is_refused_as_a_small_one_is() {
        let brackets = |count| Bytes::from("[".repeat(count));
        let reader = Reader::default();
        let large = reader.read(brackets(2 * SMALL)).await.unwrap_err();
        let small = reader.read(brackets(1000)).await.unwrap_err();
        assert_eq!(large.error(), small.error());
    }
}
