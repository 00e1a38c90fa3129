//! Bodies that do not arrive. actix limits the time for a request's head; a client that then sends its body a byte at a time,
//! or never, would hold a connection for as long as it likes.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};
use futures::Stream;
use tokio::time::Sleep;

use super::answer::Refusal;

/// How long a body may take. The largest one allowed by default, 4 MiB, needs 1.2 Mbit/s for it; statements are a few
/// kilobytes.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

const TOO_SLOW: Refusal = Refusal {
    code: "request_timeout",
    message: "the request's body did not arrive in time",
    hint: "send the request again; a body must be complete within 30 seconds",
};

/// The middleware of the `/mcp` scope.
pub(super) async fn bodies(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let was_late = Rc::new(Cell::new(false));
    let payload = Timed::new(request.take_payload(), BODY_TIMEOUT, Rc::clone(&was_late));
    request.set_payload(Payload::Stream {
        payload: Box::pin(payload),
    });
    let response = next.call(request).await?;
    if !was_late.get() {
        return Ok(response.map_into_left_body());
    }
    // What rmcp makes of a body that breaks off is a 500; it was not our fault.
    let answer = TOO_SLOW.answer(StatusCode::REQUEST_TIMEOUT, |answer| {
        answer.force_close();
    });
    Ok(response.into_response(answer).map_into_right_body())
}

/// A body that breaks off at its deadline.
struct Timed {
    body: Payload,
    /// Registered with the timer only when the body has to be waited for, which most need not.
    deadline: Pin<Box<Sleep>>,
    was_late: Rc<Cell<bool>>,
}

impl Timed {
    fn new(body: Payload, limit: Duration, was_late: Rc<Cell<bool>>) -> Self {
        Self {
            body,
            deadline: Box::pin(tokio::time::sleep(limit)),
            was_late,
        }
    }
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(piece) = Pin::new(&mut self.body).poll_next(cx) {
            return Poll::Ready(piece);
        }
        self.deadline.as_mut().poll(cx).map(|()| {
            self.was_late.set(true);
            let late = io::Error::from(io::ErrorKind::TimedOut);
            Some(Err(PayloadError::Incomplete(Some(late))))
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_body_that_is_there_is_passed_on() {
        let was_late = Rc::new(Cell::new(false));
        let body = Payload::from(Bytes::from_static(b"{}"));
        let limit = Duration::from_secs(60);
        let mut timed = Timed::new(body, limit, Rc::clone(&was_late));
        assert_eq!(timed.next().await.unwrap().unwrap(), "{}");
        assert!(timed.next().await.is_none());
        assert!(!was_late.get());
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_breaks_off() {
        let was_late = Rc::new(Cell::new(false));
        let never = futures::stream::pending();
        let body = Payload::Stream {
            payload: never.boxed_local(),
        };
        let limit = Duration::from_millis(20);
        let mut timed = Timed::new(body, limit, Rc::clone(&was_late));
        assert!(timed.next().await.unwrap().is_err());
        assert!(was_late.get());
    }
}
