//! Faults on demand: what the network and the service do to clients on a bad day.

use std::{
    io::Write,
    os::fd::OwnedFd,
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::{BoxBody, SizedStream, to_bytes},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
    rt::{net::TcpStream, time::sleep},
    web::{self, Bytes},
};
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;

use super::{State, counters::Leaving, statements::passed, wire::Refusal};

/// The faults that are ordered, in that order; the first that strikes is the one.
#[derive(Default)]
pub struct Faults(Vec<Fault>);

/// One of them, as JSON: `{"endpoint": "query", "kind": "status", "code": 503, "probability": 0.05, "times": 3}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    endpoint: Endpoint,
    kind: Kind,
    /// An HTTP status for `status`, a Snowflake code for `code`.
    #[serde(default)]
    code: Value,
    #[serde(default)]
    message: String,
    /// Seconds for the `Retry-After` header of `status`.
    retry_after: Option<u64>,
    /// For `delay`.
    #[serde(default)]
    ms: u64,
    #[serde(default = "always")]
    probability: f64,
    /// How often it strikes; without it, until it is cleared.
    times: Option<u64>,
    /// The request is carried out and its answer is lost, in place of a request that never arrived.
    #[serde(default)]
    after: bool,
}

/// What can be broken. Named, so that an order with a slip of the pen is refused.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    Login,
    Renew,
    Heartbeat,
    Close,
    Query,
    Result,
    Abort,
    Monitoring,
    Chunk,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// An HTTP status, perhaps with `Retry-After`.
    Status,
    /// A page, as a proxy in between sends it, with status 200.
    Html,
    /// The first half of the answer, then the end of the connection.
    Truncate,
    /// Nothing, for an hour.
    Hang,
    /// The connection is reset.
    Reset,
    /// The answer, later.
    Delay,
    /// An answer that says no, with HTTP 200.
    Code,
    /// An answer that never ends.
    Endless,
    /// 256 MiB of white space, packed to a thousandth of it.
    Bomb,
    /// The beginning of an answer, then nothing for an hour.
    Silent,
}

fn always() -> f64 {
    1.0
}

impl Endpoint {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Renew => "renew",
            Self::Heartbeat => "heartbeat",
            Self::Close => "close",
            Self::Query => "query",
            Self::Result => "result",
            Self::Abort => "abort",
            Self::Monitoring => "monitoring",
            Self::Chunk => "chunk",
        }
    }
}

impl Faults {
    pub fn add(&mut self, wanted: Value) -> serde_json::Result<()> {
        self.0.extend(serde_json::from_value::<Vec<Fault>>(wanted)?);
        Ok(())
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn strike(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let fault = self.0.iter_mut().find(|fault| {
            fault.endpoint == endpoint
                && fault.times != Some(0)
                && rand::random::<f64>() < fault.probability
        })?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.clone())
    }
}

/// Carries a request out, or does to it what was ordered for `endpoint`, as far away as the stub is.
pub async fn named(
    endpoint: Endpoint,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return struck(endpoint, request, next).await;
    };
    state.counters().request_begins(endpoint.name());
    let _counted = Leaving(&state, |counters| counters.concurrent_requests -= 1);
    let one_way = Duration::from_millis(state.settings().latency_ms) / 2;
    passed(one_way).await;
    let answer = struck(endpoint, request, next).await;
    passed(one_way).await;
    answer
}

async fn struck(
    endpoint: Endpoint,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let fault = request.app_data::<web::Data<State>>().and_then(|state| {
        let fault = state.faults().strike(endpoint)?;
        state.counters().faults += 1;
        Some(fault)
    });
    let Some(fault) = fault else {
        return Ok(dated(next.call(request).await?));
    };
    match fault.kind {
        Kind::Delay => {
            sleep(Duration::from_millis(fault.ms)).await;
            next.call(request).await
        }
        Kind::Truncate => {
            let (request, response) = next.call(request).await?.into_parts();
            Ok(ServiceResponse::new(request, halved(response).await))
        }
        _ if fault.after => {
            let (request, _lost) = next.call(request).await?.into_parts();
            let response = broken(&fault, &request).await;
            Ok(ServiceResponse::new(request, response))
        }
        _ => {
            let response = broken(&fault, request.request()).await;
            Ok(request.into_response(response))
        }
    }
}

/// The time of day as the stub has it, when that is another than this machine's.
fn dated(mut response: ServiceResponse) -> ServiceResponse {
    let clock = response
        .request()
        .app_data::<web::Data<State>>()
        .map(|state| state.settings().clone())
        .filter(|settings| settings.clock_ahead_s != 0)
        .map(|settings| settings.clock());
    if let Some(clock) = clock {
        let date = header::Date(clock.into());
        response.headers_mut().insert(
            header::DATE,
            header::TryIntoHeaderValue::try_into_value(date).unwrap(),
        );
    }
    response
}

async fn broken(fault: &Fault, request: &HttpRequest) -> HttpResponse {
    match fault.kind {
        Kind::Status => {
            let code = fault
                .code
                .as_u64()
                .and_then(|it| u16::try_from(it).ok())
                .unwrap_or(503);
            let mut response = HttpResponse::build(StatusCode::from_u16(code).unwrap());
            if let Some(seconds) = fault.retry_after {
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            response.body("this is not the answer you are looking for")
        }
        Kind::Code => {
            let code = fault
                .code
                .as_str()
                .map_or_else(|| fault.code.to_string(), str::to_owned);
            HttpResponse::from_error(Refusal::new(&code, &fault.message))
        }
        Kind::Hang => {
            sleep(Duration::from_secs(3_600)).await;
            HttpResponse::GatewayTimeout().finish()
        }
        Kind::Reset => {
            reset_on_close(request);
            let nothing = stream::iter([Err::<Bytes, _>(lost())]);
            HttpResponse::Ok().body(SizedStream::new(1, nothing))
        }
        Kind::Endless => {
            let piece = Bytes::from(vec![b' '; 64 * 1024]);
            HttpResponse::Ok()
                .content_type("application/json")
                .streaming(stream::repeat(piece).map(Ok::<_, Error>))
        }
        Kind::Bomb => HttpResponse::Ok()
            .content_type("application/json")
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .body(white_space()),
        Kind::Silent => {
            let begun = stream::iter([Ok::<_, Error>(Bytes::from_static(b"{"))]);
            HttpResponse::Ok()
                .content_type("application/json")
                .streaming(begun.chain(stream::pending()))
        }
        Kind::Html | Kind::Delay | Kind::Truncate => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body("<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"),
    }
}

/// 256 MiB of it, packed once.
fn white_space() -> &'static [u8] {
    static PACKED: OnceLock<Vec<u8>> = OnceLock::new();
    PACKED.get_or_init(|| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        let piece = vec![b' '; 1 << 20];
        for _ in 0..256 {
            packer.write_all(&piece).unwrap();
        }
        packer.finish().unwrap()
    })
}

/// Announces the whole body and sends half of it.
async fn halved(response: HttpResponse) -> HttpResponse {
    let (head, body) = response.into_parts();
    let whole = to_bytes(body).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    let length = u64::try_from(whole.len()).unwrap();
    let end = async {
        // What was not sent when the body fails is never sent.
        sleep(Duration::from_millis(20)).await;
        Err(lost())
    };
    let sent = stream::iter([Ok(half)]).chain(stream::once(end));
    head.set_body(SizedStream::new(length, sent))
        .map_into_boxed_body()
}

fn lost() -> std::io::Error {
    std::io::ErrorKind::ConnectionReset.into()
}

/// A second handle on a connection's socket, kept with the connection.
#[derive(Clone)]
struct Socket(Arc<OwnedFd>);

/// For [`Kind::Reset`]: a handler never sees the socket it answers on.
pub fn keep_socket(connection: &dyn std::any::Any, data: &mut Extensions) {
    use std::os::fd::AsFd;
    let socket = connection
        .downcast_ref::<TcpStream>()
        .and_then(|it| it.as_fd().try_clone_to_owned().ok());
    if let Some(socket) = socket {
        data.insert(Socket(Arc::new(socket)));
    }
}

/// A socket that lingers for no time is closed with a reset.
fn reset_on_close(request: &HttpRequest) {
    let Some(Socket(socket)) = request.conn_data::<Socket>().cloned() else {
        return;
    };
    let copy = socket
        .try_clone()
        .map(std::net::TcpStream::from)
        .and_then(TcpStream::from_std);
    if let Ok(copy) = copy {
        copy.set_zero_linger().ok();
    }
}
