//! Whose turn it is on a connection: a request's, from its head to the last byte of its answer, or the next one's.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};

use super::framing::Framing;

/// Bytes of an answer that are handed to actix-http at once. It copies them, and would hold a long answer twice until all
/// of it is sent.
const PIECE: usize = 64 * 1024;

/// One connection's. A cheap clone for its reader and for its requests.
#[derive(Clone, Default)]
pub(super) struct Turn(Rc<State>);

#[derive(Default)]
struct State {
    is_busy: Cell<bool>,
    /// How the body of the request that has its turn is framed, until the reader knows.
    body: Cell<Option<Framing>>,
    /// Who waits for the next turn with bytes in its hands.
    waiting: Cell<Option<Waker>>,
}

impl Turn {
    /// A request begins, whose body is framed so.
    pub(super) fn begin(&self, body: Option<Framing>) -> Taken {
        self.0.is_busy.set(true);
        if body.is_some() {
            self.0.body.set(body);
            self.wake();
        }
        Taken(self.clone())
    }

    /// Whether a request has its turn.
    pub(super) fn is_taken(&self) -> bool {
        self.0.is_busy.get()
    }

    /// How the next body is framed; told once.
    pub(super) fn body(&self) -> Option<Framing> {
        self.0.body.take()
    }

    /// Wakes this task when the turn ends or a body is waited for.
    pub(super) fn wait(&self, waker: &Waker) {
        self.0.waiting.set(Some(waker.clone()));
    }

    /// Lets the reader look again.
    pub(super) fn wake(&self) {
        if let Some(waker) = self.0.waiting.take() {
            waker.wake();
        }
    }
}

/// A request's turn, which ends when this is dropped.
pub(super) struct Taken(Turn);

impl Drop for Taken {
    fn drop(&mut self) {
        let Self(turn) = self;
        turn.0.is_busy.set(false);
        turn.wake();
    }
}

/// The outermost layer: takes the connection for each request, until its answer has been handed over or given up.
pub(in crate::http) async fn one_at_a_time(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let body = body_of(&mut request);
    let turn = request.conn_data::<Turn>().map(|turn| turn.begin(body));
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Answer {
        body: body.boxed(),
        rest: Bytes::new(),
        _turn: turn,
    }))
}

/// How actix-http has understood the head. In its order: chunks, what becomes another protocol, a length.
fn body_of(request: &mut ServiceRequest) -> Option<Framing> {
    if matches!(request.parts_mut().1, Payload::None) {
        return None;
    }
    if request.chunked().unwrap_or(false) {
        return Some(Framing::CHUNKS);
    }
    let header = |name| request.headers().get(name)?.to_str().ok().map(str::trim);
    if header(header::UPGRADE).is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
        return Some(Framing::Endless);
    }
    // Both sides must agree on where the body ends, or a request could be hidden in it.
    let length = header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    Some(length.map_or(Framing::Endless, Framing::Length))
}

/// An answer's body, in pieces.
struct Answer {
    body: BoxBody,
    /// What is left of the last piece that `body` gave.
    rest: Bytes,
    _turn: Option<Taken>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(piece)) => self.rest = piece,
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[actix_web::test]
    async fn an_answer_comes_in_pieces_and_whole() {
        let text: Vec<u8> = (0..=255).cycle().take(2 * PIECE + 3).collect();
        let mut answer = Answer {
            body: BoxBody::new(text.clone()),
            rest: Bytes::new(),
            _turn: None,
        };
        assert_eq!(answer.size(), BodySize::Sized(2 * 65_536 + 3));
        let (mut whole, mut lengths) = (Vec::new(), Vec::new());
        while let Some(piece) = poll_fn(|cx| Pin::new(&mut answer).poll_next(cx)).await {
            let piece = piece.unwrap();
            lengths.push(piece.len());
            whole.extend_from_slice(&piece);
        }
        assert_eq!(lengths, [PIECE, PIECE, 3]);
        assert_eq!(whole, text);
    }

    #[test]
    fn a_turn_ends_with_its_answer_and_wakes_who_waits() {
        let turn = Turn::default();
        let taken = turn.begin(Some(Framing::Length(3)));
        assert!(turn.is_taken());
        assert_eq!(turn.body(), Some(Framing::Length(3)));
        assert_eq!(turn.body(), None);
        let waker = futures::task::noop_waker();
        turn.wait(&waker);
        drop(taken);
        assert!(!turn.is_taken());
        assert!(turn.0.waiting.take().is_none(), "woken");
    }
}
