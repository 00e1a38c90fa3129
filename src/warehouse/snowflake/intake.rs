//! Reading answers from the account's side: none is endless, none falls silent without end, and what is counted is what comes out
//! of a compressed one.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};

/// How long nothing of a body may come. The head is another matter: a statement keeps its request waiting for 45 s.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

/// For answers to anything but a statement: signing in, renewing, tokens of an issuer, credentials of a cloud. With all parameters
/// of a session the longest has some 50 KB.
pub(super) const SMALL: u64 = 1024 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Unread {
    /// It goes on and on.
    #[error("it has more than {limit} bytes, far beyond what such an answer has")]
    TooLarge {
        /// Where reading ended.
        limit: u64,
    },
    /// Nothing more came.
    #[error("it stopped: nothing arrived for {} s", SILENCE.as_secs())]
    Silent,
    /// There is no memory for it.
    #[error("{0}")]
    NoRoom(String),
    /// The connection broke, or what came could not be unpacked.
    #[error("{0}")]
    Broken(String),
}

/// The pieces of a body, until one is too many.
pub(super) fn bounded(
    response: reqwest::Response,
    limit: u64,
) -> impl Stream<Item = Result<Bytes, Unread>> + Send + 'static {
    pieces(response.bytes_stream(), limit, SILENCE)
}

/// A whole body.
pub(super) async fn whole(response: reqwest::Response, limit: u64) -> Result<Bytes, Unread> {
    let mut pieces = std::pin::pin!(bounded(response, limit));
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all.freeze())
}

/// The same of any stream. Errors lose their address, which may be signed.
pub(super) fn pieces<S, E>(
    body: S,
    limit: u64,
    silence: Duration,
) -> impl Stream<Item = Result<Bytes, Unread>> + Send + 'static
where
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
    E: Nameless,
{
    let start = Some((body, 0_u64));
    futures::stream::unfold(start, move |state| async move {
        let (mut body, read) = state?;
        // The time limit is for each piece and not for the whole body, so a large result over a slow connection is not
        // cut off.
        let piece = match tokio::time::timeout(silence, body.next()).await {
            Err(_) => return Some((Err(Unread::Silent), None)),
            Ok(None) => return None,
            Ok(Some(Err(error))) => return Some((Err(Unread::Broken(error.reason())), None)),
            Ok(Some(Ok(piece))) => piece,
        };
        let read = read.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if read > limit {
            return Some((Err(Unread::TooLarge { limit }), None));
        }
        Some((Ok(piece), Some((body, read))))
    })
}

/// An error that can be told without the address it is about.
pub(super) trait Nameless: Send {
    /// What to tell.
    fn reason(self) -> String;
}

impl Nameless for reqwest::Error {
    fn reason(self) -> String {
        crate::telemetry::chain(&self.without_url()).to_string()
    }
}

impl Nameless for object_store::client::HttpError {
    fn reason(self) -> String {
        crate::telemetry::chain(&self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(
        body: impl Stream<Item = Result<Bytes, reqwest::Error>> + Send + Unpin + 'static,
    ) -> (usize, Option<Unread>) {
        let mut pieces = std::pin::pin!(pieces(body, 10, Duration::from_millis(20)));
        let mut bytes = 0;
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => bytes += piece.len(),
                Err(why) => {
                    assert!(pieces.next().await.is_none(), "nothing follows an error");
                    return (bytes, Some(why));
                }
            }
        }
        (bytes, None)
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_end_or_its_limit() {
        let piece = || Ok(Bytes::from_static(b"12345"));
        assert!(matches!(
            read(stream::iter([piece(), piece()])).await,
            (10, None)
        ));
        let endless = stream::repeat_with(piece);
        assert!(matches!(
            read(endless).await,
            (10, Some(Unread::TooLarge { limit: 10 }))
        ));
    }

    #[tokio::test]
    async fn a_body_that_falls_silent_breaks_off() {
        let some = stream::iter([Ok(Bytes::from_static(b"123"))]);
        let silent = some.chain(stream::pending());
        assert!(matches!(read(silent).await, (3, Some(Unread::Silent))));
    }
}
