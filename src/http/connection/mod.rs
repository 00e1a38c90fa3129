//! Sockets, and how requests are read from them: in their turn.
//!
//! Stands where actix-web's `HttpServer` would, which does not let a connection be wrapped; the rest is as there.
//! [`paced`] is why.

mod framing;
mod paced;
mod turn;

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::dev::{AppConfig, Extensions, Server, Service, ServiceFactory, fn_service};
use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};

use super::listen::Port;
use paced::Paced;
pub(super) use turn::one_at_a_time;

/// How long a client may take to send a request's head. Longer is either a dead connection or somebody who opens many on
/// purpose.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a handshake of TLS may take, which is a few round trips. Until it ends it counts as a connection, and holds up nobody.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the system may take to close a connection we have ended.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Sees each new connection, a `TcpStream` or a `TlsStream` around one, and adds to what its requests know of it.
pub(super) type Connected = Arc<dyn Fn(&dyn Any, &mut Extensions) + Send + Sync>;

/// What a port allows.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Threads.
    pub(super) workers: usize,
    /// Connections of each thread.
    pub(super) connections: usize,
    /// How long a connection without a request stays open.
    pub(super) keep_alive: Duration,
    /// Seconds for requests under way when the server is told to stop.
    pub(super) drain_seconds: u64,
}

/// Serves what `factory` makes for each worker. The future must be polled until it ends; it ends after
/// `Server::handle().stop(…)`.
///
/// # Errors
///
/// The listeners cannot be made non-blocking or a worker thread cannot be started.
pub(super) fn serve<F, I, S, B>(
    port: Port,
    tls: Option<ServerConfig>,
    limits: &Limits,
    connected: Connected,
    factory: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    if tls.is_some() {
        // A lower limit would keep new connections waiting for handshakes of others while there is room for both.
        actix_tls::accept::max_concurrent_tls_connect(limits.connections);
    }
    let mut builder = Server::build()
        .workers(limits.workers)
        .max_concurrent_connections(limits.connections)
        // `app` decides what a signal means and when waiting is over.
        .disable_signals()
        .shutdown_timeout(limits.drain_seconds);
    // Connections that wait for a next request must learn of the end, or the drain would wait for
    // their keep-alive.
    let stopping = builder.graceful_shutdown_signal();
    for listener in port.listeners {
        let name = format!("http {}", listener.local_addr()?);
        let (limits, factory) = (limits.clone(), factory.clone());
        let (connected, stopping) = (Arc::clone(&connected), stopping.clone());
        let stop = move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        };
        builder = match tls.clone() {
            None => builder.listen(name, listener, move || {
                let http = http(&limits, connected.clone(), stop.clone(), factory());
                fn_service(|io: TcpStream| async { Ok(begun(io, |io| io)) }).and_then(http)
            })?,
            Some(mut config) => {
                // HTTP/2 has many requests on one connection, and `Paced` hands them on one at a
                // time.
                config.alpn_protocols = vec![b"http/1.1".to_vec()];
                builder.listen(name, listener, move || {
                    let http = http(&limits, connected.clone(), stop.clone(), factory());
                    let mut acceptor = Acceptor::new(config.clone());
                    // A client that opens connections and says nothing would hold them for ever.
                    acceptor.set_handshake_timeout(HANDSHAKE_TIMEOUT);
                    acceptor
                        .map_err(TlsError::into_service_error)
                        .and_then(fn_service(|io: TlsStream<TcpStream>| async {
                            Ok(begun(io, |io| io.get_ref().0))
                        }))
                        .and_then(http.map_err(TlsError::Service))
                })?
            }
        };
    }
    Ok(builder.run())
}

/// A connection that is ready for requests.
fn begun<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    socket: impl Fn(&T) -> &TcpStream,
) -> (Paced<T>, Protocol, Option<SocketAddr>) {
    let below = socket(&io);
    // Otherwise each message of a stream waits for the client's acknowledgement of the one before, some 40 ms.
    // Where it cannot be set the connection is broken already.
    let _ = below.set_nodelay(true);
    let peer = below.peer_addr().ok();
    (Paced::new(io), Protocol::Http1, peer)
}

/// What reads requests from a connection and writes their answers.
fn http<T, I, S, B, Stop, Stopped>(
    limits: &Limits,
    connected: Connected,
    stop: Stop,
    app: I,
) -> impl ServiceFactory<
    (Paced<T>, Protocol, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
> + use<T, I, S, B, Stop, Stopped>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
    Stop: Fn() -> Stopped + 'static,
    Stopped: Future<Output = ()> + 'static,
{
    let app = app
        .into_factory()
        .map_err(|error: actix_web::Error| -> Response<BoxBody> { error.error_response().into() });
    HttpService::build()
        .graceful_shutdown_signal(stop)
        .keep_alive(limits.keep_alive)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(CLOSE_TIMEOUT)
        // Otherwise nobody notices that a client hung up while it waited, and its statement runs on.
        .h1_allow_half_closed(false)
        .on_connect_ext(move |connection: &Paced<T>, known: &mut Extensions| {
            known.insert(connection.turn());
            connected(connection.inner(), known);
        })
        // Names for links to ourselves, of which there are none.
        .finish(map_config(app, |()| AppConfig::default()))
}
