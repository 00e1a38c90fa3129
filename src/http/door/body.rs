//! Reads the body of a request, within limits of size, time and the memory of all bodies together.

use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::HttpResponse;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures::StreamExt;

use super::bodies::{Bodies, Full, Room};
use crate::http::answer::Refusal;
use crate::identity::Caller;

/// How long a body may take. actix limits the time for a request's head; a client that then sends its body a byte at a time
/// would hold a connection for as long as it likes. The largest one allowed by default, 2 MiB, needs 0.6 Mbit/s for it;
/// statements are a few kilobytes.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest pause while a body arrives: what has arrived takes memory meanwhile.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds after which a request that found no memory may be sent again. A body is read within moments.
const RETRY_SECONDS: &str = "1";

const TOO_SLOW: Refusal = Refusal {
    code: "request_timeout",
    message: "the request's body did not arrive in time",
    hint: "send the request again; a body must be complete within 30 seconds, without a pause of more than 5",
};

const TOO_LARGE: Refusal = Refusal {
    code: "payload_too_large",
    message: "the request's body is larger than this server accepts",
    hint: "shorten it; MAX_REQUEST_BYTES of the server is the limit",
};

const BROKEN: Refusal = Refusal {
    code: "bad_request",
    message: "the request's body broke off or is not encoded as its head says",
    hint: "send the request again",
};

const BUSY: Refusal = Refusal {
    code: "server_busy",
    message: "the server is reading as many large requests as it has memory for",
    hint: "send the request again after the seconds in Retry-After",
};

const TOO_MANY: Refusal = Refusal {
    code: "too_many_requests",
    message: "this caller is sending too many large requests at once",
    hint: "send them one after another; Retry-After says when to send this one again",
};

/// Why a body was not read.
#[derive(Debug)]
enum Failed {
    TooSlow,
    TooLarge,
    Broken,
    NoRoom(Full),
}

impl Failed {
    fn answer(self) -> HttpResponse {
        match self {
            Self::TooLarge => TOO_LARGE.answer(StatusCode::PAYLOAD_TOO_LARGE, |_| {}),
            Self::Broken => BROKEN.answer(StatusCode::BAD_REQUEST, |answer| {
                answer.force_close();
            }),
            Self::TooSlow => TOO_SLOW.answer(StatusCode::REQUEST_TIMEOUT, |answer| {
                answer.force_close();
            }),
            // The rest of the body is not waited for.
            Self::NoRoom(whose) => {
                let (refusal, status) = match whose {
                    Full::All => (BUSY, StatusCode::SERVICE_UNAVAILABLE),
                    Full::OfOne => (TOO_MANY, StatusCode::TOO_MANY_REQUESTS),
                };
                refusal.answer(status, |answer| {
                    answer
                        .force_close()
                        .insert_header((header::RETRY_AFTER, RETRY_SECONDS));
                })
            }
        }
    }
}

/// The whole body, or why not.
pub(super) async fn read(
    request: &mut ServiceRequest,
    limit: usize,
    bodies: &Bodies,
) -> Result<Bytes, HttpResponse> {
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let said = said.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    // Before a byte is read, where the client says how much there will be; the same limit is held
    // while reading.
    if said.is_some_and(|length| length > limit) {
        return Err(Failed::TooLarge.answer());
    }
    let room = bodies.begin(request.extensions().get::<Caller>());
    let payload = request.take_payload();
    let whole = collect(payload, limit, said.unwrap_or(0), room, SILENCE_TIMEOUT);
    // Two limits: one on silence and one on the whole, since a byte now and then keeps the first
    // one from ending.
    within(BODY_TIMEOUT, whole).await.map_err(Failed::answer)
}

/// The next part of the body, if it comes in time.
async fn within<T>(
    time: Duration,
    coming: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let came = tokio::time::timeout(time, coming).await;
    came.unwrap_or(Err(Failed::TooSlow))
}

async fn collect(
    mut payload: Payload,
    limit: usize,
    said: usize,
    mut room: Room,
    silence: Duration,
) -> Result<Bytes, Failed> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let next = async { Ok(payload.next().await) };
        let Some(piece) = within(silence, next).await? else {
            break;
        };
        let piece = piece.map_err(|error| match error {
            PayloadError::Overflow => Failed::TooLarge,
            _ => Failed::Broken,
        })?;
        if first.len() + rest.len() + piece.len() > limit {
            return Err(Failed::TooLarge);
        }
        room.grow(piece.len()).map_err(Failed::NoRoom)?;
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() && rest.is_empty() {
            first = piece;
            continue;
        }
        if rest.is_empty() {
            // A vector that grows by doubling holds the body twice for a moment. Memory that is reserved but not written to
            // costs nothing.
            rest.reserve(said);
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&piece);
    }
    let body = if rest.is_empty() {
        first
    } else {
        rest.freeze()
    };
    Ok(room.around(body))
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use futures::stream;

    use super::*;

    fn request(pieces: &'static [&'static str]) -> ServiceRequest {
        let mut request = TestRequest::post().to_srv_request();
        let pieces = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        request.set_payload(Payload::Stream {
            payload: stream::iter(pieces).boxed_local(),
        });
        request
    }

    #[tokio::test]
    async fn a_body_is_put_together() {
        for pieces in [
            &["one two three"][..],
            &["one ", "two ", "three"],
            &["", "one two three"],
        ] {
            let body = read(&mut request(pieces), 13, &Bodies::default())
                .await
                .unwrap();
            assert_eq!(body, "one two three");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_not_read_to_its_end() {
        let refused = read(
            &mut request(&["one ", "two ", "three"]),
            12,
            &Bodies::default(),
        )
        .await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let body = to_bytes(refused.into_body()).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("MAX_REQUEST_BYTES"), "{body}");
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_breaks_off() {
        let never = std::future::pending::<Result<(), Failed>>();
        let refused = within(Duration::from_millis(20), never).await.unwrap_err();
        assert_eq!(refused.answer().status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_body_that_pauses_for_too_long_breaks_off() {
        let pieces = stream::iter([Ok(Bytes::from_static(b"x"))]).chain(stream::pending());
        let payload = Payload::Stream {
            payload: pieces.boxed_local(),
        };
        let room = Bodies::default().begin(None);
        let silence = Duration::from_millis(20);
        let coming = collect(payload, 9, 0, room, silence);
        let came = tokio::time::timeout(SILENCE_TIMEOUT, coming).await.unwrap();
        assert!(matches!(came, Err(Failed::TooSlow)), "{came:?}");
    }

    #[tokio::test]
    async fn bodies_without_room_are_put_off() {
        let bodies = Bodies::default();
        let mut others = bodies.begin(None);
        while others.grow(1024 * 1024).is_ok() {}
        let large = [Ok(Bytes::from(vec![b'x'; 4 * 1024 * 1024]))];
        let mut request = TestRequest::post().to_srv_request();
        request.set_payload(Payload::Stream {
            payload: stream::iter(large).boxed_local(),
        });
        let refused = read(&mut request, usize::MAX, &bodies).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(
            refused.headers().get(header::RETRY_AFTER).unwrap(),
            RETRY_SECONDS
        );
        let body = read(&mut self::request(&["small"]), 9, &bodies).await;
        assert_eq!(body.unwrap(), "small");
    }
}
