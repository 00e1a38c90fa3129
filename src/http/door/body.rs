//! The body of a request: no larger and no slower than it may be.

use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::HttpResponse;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures::StreamExt;

use crate::http::answer::Refusal;

/// How long a body may take. actix limits the time for a request's head; a client that then sends its body a byte at a time,
/// or never, would hold a connection for as long as it likes. The largest one allowed by default, 4 MiB, needs 1.2 Mbit/s for
/// it; statements are a few kilobytes.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

const TOO_SLOW: Refusal = Refusal {
    code: "request_timeout",
    message: "the request's body did not arrive in time",
    hint: "send the request again; a body must be complete within 30 seconds",
};

const TOO_LARGE: Refusal = Refusal {
    code: "payload_too_large",
    message: "the request's body is larger than this server takes",
    hint: "shorten it; MAX_REQUEST_BYTES of the server is the limit",
};

const BROKEN: Refusal = Refusal {
    code: "bad_request",
    message: "the request's body broke off or is not encoded as its head says",
    hint: "send the request again",
};

/// The whole body, or why not.
pub(super) async fn read(
    request: &mut ServiceRequest,
    limit: usize,
) -> Result<Bytes, HttpResponse> {
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(TOO_LARGE.answer(StatusCode::PAYLOAD_TOO_LARGE, |_| {}));
    }
    within(BODY_TIMEOUT, collect(request.take_payload(), limit)).await
}

/// The body, or why it does not come in this time.
async fn within(
    time: Duration,
    whole: impl Future<Output = Result<Bytes, PayloadError>>,
) -> Result<Bytes, HttpResponse> {
    match tokio::time::timeout(time, whole).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(PayloadError::Overflow)) => {
            Err(TOO_LARGE.answer(StatusCode::PAYLOAD_TOO_LARGE, |_| {}))
        }
        Ok(Err(_)) => Err(BROKEN.answer(StatusCode::BAD_REQUEST, |answer| {
            answer.force_close();
        })),
        Err(_) => Err(TOO_SLOW.answer(StatusCode::REQUEST_TIMEOUT, |answer| {
            answer.force_close();
        })),
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, PayloadError> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece?;
        if first.len() + rest.len() + piece.len() > limit {
            return Err(PayloadError::Overflow);
        }
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() && rest.is_empty() {
            first = piece;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&piece);
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
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
            let body = read(&mut request(pieces), 13).await.unwrap();
            assert_eq!(body, "one two three");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_not_read_to_its_end() {
        let refused = read(&mut request(&["one ", "two ", "three"]), 12).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let body = to_bytes(refused.into_body()).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("MAX_REQUEST_BYTES"), "{body}");
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_breaks_off() {
        let refused = within(Duration::from_millis(20), std::future::pending()).await;
        assert_eq!(refused.unwrap_err().status(), StatusCode::REQUEST_TIMEOUT);
    }
}
