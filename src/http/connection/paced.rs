//! The bytes of a connection, handed on one request at a time.
//!
//! actix-http 3.20 reads 128 KiB ahead and makes requests of all of it before it answers the first: thousands, at 7 KiB each
//! (`poll_request` in its `h1/dispatcher.rs`; its limit of 16 is looked at before and after, not in between). And it reads on while a
//! client takes no answers. So it is given no more than one head at once, that request's body, and nothing behind it until
//! the answer is sent.
//!
//! Its time for a head is for the first one alone, and for the body of a request that was refused it has none: a stranger could hold a
//! connection for as long as it likes. Here both have a time.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::time::{Sleep, sleep};
use actix_web::web::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::{Framing, Part};
use super::turn::Turn;

/// Bytes that are taken from the system while a request has its turn: to see that the client hung up, reading goes on.
const AHEAD: usize = 4 * 1024;

/// How long a client may take nothing of what is to be sent to it, after the system holds as much as it will.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the rest of a head may take, or of a body that no request waits for. Longer than what actix-http gives the first
/// head, which it answers with 408.
const REST_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection.
pub(super) struct Paced<T> {
    io: T,
    turn: Turn,
    framing: Framing,
    /// What was read and not handed on.
    ahead: BytesMut,
    /// The client sends no more.
    is_ended: bool,
    /// A head was handed on, and actix-http is to look at it before it reads on.
    is_due: bool,
    /// Ends when the client has taken nothing for too long. None while it takes what is sent.
    stalled: Option<Pin<Box<Sleep>>>,
    patience: Duration,
    /// Ends when the rest of a head, or of a body that no request waits for, has not come.
    rest: Option<Pin<Box<Sleep>>>,
    rest_timeout: Duration,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Paced<T> {
    pub(super) fn new(io: T) -> Self {
        Self {
            io,
            turn: Turn::default(),
            framing: Framing::BETWEEN,
            ahead: BytesMut::new(),
            is_ended: false,
            is_due: false,
            stalled: None,
            patience: PATIENCE,
            rest: None,
            rest_timeout: REST_TIMEOUT,
        }
    }

    /// The connection itself.
    pub(super) fn inner(&self) -> &T {
        &self.io
    }

    /// For the requests.
    pub(super) fn turn(&self) -> Turn {
        self.turn.clone()
    }

    /// Whether what comes next has to wait.
    fn is_held(&self) -> bool {
        let is_next = matches!(self.framing, Framing::Head(_));
        self.stalled.is_some() || is_next && self.turn.is_taken()
    }

    /// How many of these bytes are handed on.
    fn part(&mut self, bytes: &[u8]) -> usize {
        match self.framing.next(bytes) {
            Part::All => bytes.len(),
            Part::Body(length) => length,
            Part::Head(length) => {
                self.is_due = true;
                length
            }
        }
    }

    /// What has begun must come to its end.
    fn check_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.framing == Framing::BETWEEN || self.turn.is_taken() {
            self.rest = None;
            return Ok(());
        }
        let timeout = self.rest_timeout;
        let rest = self.rest.get_or_insert_with(|| Box::pin(sleep(timeout)));
        match rest.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Reads a little, and hands nothing on.
    fn look_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; AHEAD];
        // Read only to notice that the client hangs up; what comes with it is kept, and more than a
        // little is not read.
        while !self.is_ended && self.ahead.len() < AHEAD {
            let mut read = ReadBuf::new(&mut space);
            match Pin::new(&mut self.io).poll_read(cx, &mut read)? {
                Poll::Ready(()) => self.is_ended = read.filled().is_empty(),
                Poll::Pending => break,
            }
            self.ahead.extend_from_slice(read.filled());
        }
        if self.is_held() {
            if self.is_ended {
                // The client is gone, and with it whoever would read the answers to what it sent ahead.
                self.ahead.clear();
                return Poll::Ready(Ok(()));
            }
            if !self.ahead.is_empty() {
                // The next request is there and may not begin: whoever ends the current one wakes
                // this task.
                self.turn.wait(cx.waker());
            }
        } else if self.is_ended || !self.ahead.is_empty() {
            // The turn has ended in between, so actix-http must ask again or it would sleep on
            // bytes that are here.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Notes whether the client takes what is sent, and gives up on one that has not for long.
    fn noted<R>(&mut self, cx: &mut Context<'_>, sent: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if sent.is_ready() {
            if self.stalled.take().is_some() {
                self.turn.wake();
            }
            return sent;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        match stalled.as_mut().poll(cx) {
            // An error closes the connection, which drops the call and so stops its statement.
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Paced<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // actix-http has read the head in the meantime, so its word on the body's length is known.
        if let Some(body) = this.turn.body() {
            this.framing = body;
        }
        this.check_time(cx)?;
        if mem::take(&mut this.is_due) || this.is_held() {
            return this.look_ahead(cx);
        }
        if this.ahead.is_empty() {
            if this.is_ended {
                return Poll::Ready(Ok(()));
            }
            // The buffer may hold bytes of an earlier read that are already judged.
            let before = buf.filled().len();
            let read = Pin::new(&mut this.io).poll_read(cx, buf);
            let came = buf.filled().get(before..).unwrap_or_default();
            let length = this.part(came);
            this.ahead
                .extend_from_slice(came.get(length..).unwrap_or_default());
            // What belongs to the next request is taken back out and kept for its turn.
            buf.set_filled(before + length);
            this.check_time(cx)?;
            return read;
        }
        let mut ahead = mem::take(&mut this.ahead);
        let offered = ahead.get(..buf.remaining()).unwrap_or(&ahead);
        let length = this.part(offered);
        buf.put_slice(offered.get(..length).unwrap_or_default());
        ahead.advance(length);
        // Otherwise the buffer's memory goes back: most connections are idle between requests.
        if !ahead.is_empty() {
            this.ahead = ahead;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.noted(cx, sent)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.io).poll_flush(cx);
        this.noted(cx, sent)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Wake, Waker};

    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn pair(size: usize) -> (DuplexStream, Paced<DuplexStream>) {
        let (client, server) = duplex(size);
        (client, Paced::new(server))
    }

    /// What actix-http would get as it reads until there is nothing more.
    async fn read(paced: &mut Paced<DuplexStream>) -> String {
        let mut all = Vec::new();
        while let Some(read) = paced.read_buf(&mut all).now_or_never() {
            if read.unwrap() == 0 {
                all.extend_from_slice(b"END");
                break;
            }
        }
        String::from_utf8(all).unwrap()
    }

    #[tokio::test]
    async fn one_head_is_handed_on_and_its_body_and_no_more_before_the_answer() {
        let (mut client, mut paced) = pair(1 << 16);
        let turn = paced.turn();
        let (head, next) = ("POST / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n");
        let sent = [head, "12345", next, next].concat();
        client.write_all(sent.as_bytes()).await.unwrap();
        assert_eq!(read(&mut paced).await, head);
        let taken = turn.begin(Some(Framing::Length(5)));
        assert_eq!(read(&mut paced).await, "12345");
        for _ in 0..3 {
            assert_eq!(read(&mut paced).await, "");
        }
        drop(taken);
        assert_eq!(read(&mut paced).await, next);
        let taken = turn.begin(None);
        assert_eq!(read(&mut paced).await, "");
        drop(taken);
        assert_eq!(read(&mut paced).await, next);
        // A head that actix-http did not take for a whole one.
        assert_eq!(read(&mut paced).await, "");
        client.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(read(&mut paced).await, head);
    }

    #[tokio::test]
    async fn little_is_kept_of_what_is_sent_ahead() {
        let (mut client, mut paced) = pair(1 << 20);
        let next = "GET / HTTP/1.1\r\n\r\n".repeat(10_000);
        client.write_all(next.as_bytes()).await.unwrap();
        read(&mut paced).await;
        let _taken = paced.turn().begin(None);
        for _ in 0..100 {
            assert_eq!(read(&mut paced).await, "");
        }
        assert!(paced.ahead.len() <= 2 * AHEAD, "{}", paced.ahead.len());
    }

    #[tokio::test]
    async fn an_end_is_seen_while_a_request_has_its_turn() {
        let (mut client, mut paced) = pair(1 << 10);
        let next = "GET / HTTP/1.1\r\n\r\n";
        client.write_all(next.repeat(3).as_bytes()).await.unwrap();
        assert_eq!(read(&mut paced).await, next);
        let _taken = paced.turn().begin(None);
        assert_eq!(read(&mut paced).await, "");
        drop(client);
        assert_eq!(read(&mut paced).await, "END");
        assert!(paced.ahead.is_empty(), "nobody would read the answers");
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_who_takes_little_is_not() {
        let (mut client, mut paced) = pair(16);
        paced.patience = Duration::from_millis(300);
        let taking = tokio::spawn(async move {
            let mut taken = [0; 16];
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                client.read_exact(&mut taken).await.unwrap();
            }
            client
        });
        let began = std::time::Instant::now();
        let error = paced.write_all(&[b'x'; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= Duration::from_millis(700));
        taking.await.unwrap();
    }

    #[tokio::test]
    async fn what_has_begun_has_its_time_unless_a_request_waits_for_it() {
        for (sent, body) in [
            ("GET / HT", None),
            ("POST / HTTP/1.1\r\n\r\n12", Some(Framing::Length(5))),
        ] {
            let (mut client, mut paced) = pair(1 << 10);
            paced.rest_timeout = Duration::from_millis(100);
            client.write_all(sent.as_bytes()).await.unwrap();
            read(&mut paced).await;
            if body.is_some() {
                let taken = paced.turn().begin(body);
                read(&mut paced).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
                assert_eq!(read(&mut paced).await, "");
                drop(taken);
            }
            let mut space = [0; 8];
            let read = tokio::time::timeout(Duration::from_secs(20), paced.read(&mut space)).await;
            let error = read.expect("a read that ends").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{sent}");
        }
        // Between requests the time is that of a connection that is kept.
        let (_client, mut paced) = pair(1 << 10);
        paced.rest_timeout = Duration::from_millis(10);
        let late = tokio::time::timeout(Duration::from_millis(100), paced.read_u8()).await;
        assert!(late.is_err());
    }

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn the_reader_is_told_when_the_client_takes_answers_again() {
        let (mut client, mut paced) = pair(16);
        assert!(paced.write_all(&[b'x'; 40]).now_or_never().is_none());
        client.write_all(b"A\r\n\r\n").await.unwrap();
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut space = [0; 16];
        let mut buffer = ReadBuf::new(&mut space);
        let read = Pin::new(&mut paced).poll_read(&mut Context::from_waker(&waker), &mut buffer);
        assert!(read.is_pending());
        client.read_exact(&mut [0; 16]).await.unwrap();
        assert!(!woken.0.swap(false, Ordering::SeqCst));
        paced.write_all(b"x").now_or_never().unwrap().unwrap();
        assert!(woken.0.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn nothing_is_read_from_who_takes_nothing() {
        let (mut client, mut paced) = pair(16);
        assert!(paced.write_all(&[b'x'; 40]).now_or_never().is_none());
        client.write_all(b"A\r\n\r\n").await.unwrap();
        assert_eq!(read(&mut paced).await, "");
        client.read_exact(&mut [0; 16]).await.unwrap();
        paced.write_all(b"x").now_or_never().unwrap().unwrap();
        assert_eq!(read(&mut paced).await, "A\r\n\r\n");
    }
}
