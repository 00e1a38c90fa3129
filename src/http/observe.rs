//! One log line and two metrics for every request, written when its answer's last byte is sent or the client is gone.
//!
//! The outermost layer, so that what the others refuse is seen too. A stream counts until it ends: the recorder travels
//! with the body and speaks when it is dropped, which also covers clients that leave in the middle.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, Version};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpMessage};
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::challenge::WELL_KNOWN;
use super::tls::Tls;
use crate::identity::Caller;
use crate::telemetry::call::{Brought, Exchange};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::lists::{HTTP_METHODS, ROUTES, listed};
use crate::telemetry::milliseconds;
use crate::telemetry::traces::{self, TRACE};

/// nginx's number for "the client closed the connection before it was answered". Seen only in logs and metrics.
const CLIENT_GONE: u16 = 499;

/// What the inner layers leave for the recorder.
#[derive(Clone, Default)]
struct Left {
    /// Who called, for the log line.
    caller: Rc<OnceCell<Caller>>,
    /// Is dropped when the answer has been sent or given up.
    kept: Rc<Cell<Option<Box<dyn Any>>>>,
}

/// Called by `auth` once it knows.
pub(super) fn note_caller(request: &ServiceRequest, caller: &Caller) {
    if let Some(left) = request.extensions().get::<Left>() {
        // Set once per request. A second caller would be a defect; the first name stays.
        let _ = left.caller.set(caller.clone());
    }
}

/// Keeps one value until the last byte of the request's answer is sent or the client is gone.
pub(super) fn keep_until_sent(request: &ServiceRequest, value: impl Any) {
    if let Some(left) = request.extensions().get::<Left>() {
        left.kept.set(Some(Box::new(value)));
    }
}

/// The middleware.
pub(super) async fn requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(metrics) = request.app_data::<web::Data<Metrics>>() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let mut recorder = Recorder::start(Arc::clone(metrics), &request);
    request.extensions_mut().insert(recorder.left.clone());
    request
        .extensions_mut()
        .insert(Arc::clone(&recorder.exchange));
    let answering = next
        .call(request)
        .instrument(recorder.exchange.span.clone());
    let response = answering.await.inspect_err(|error| {
        recorder.status = error.as_response_error().status_code().as_u16();
    })?;
    recorder.status = response.status().as_u16();
    Ok(response.map_body(|_, body| {
        let body = body.boxed();
        BoxBody::new(Observed {
            is_under_way: body.size() == BodySize::Stream,
            body,
            recorder,
        })
    }))
}

/// A body that knows when it has been sent or given up.
struct Observed {
    body: BoxBody,
    recorder: Recorder,
    /// A stream that has not ended. A body with a length is handed over whole.
    is_under_way: bool,
}

impl Drop for Observed {
    fn drop(&mut self) {
        if self.is_under_way && !self.recorder.is_broken {
            self.recorder.status = CLIENT_GONE;
        }
    }
}

impl MessageBody for Observed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = Pin::new(&mut self.body).poll_next(cx);
        if matches!(next, Poll::Ready(Some(Err(_)))) {
            self.recorder.is_broken = true;
        }
        if matches!(next, Poll::Ready(None)) {
            self.is_under_way = false;
        }
        next
    }
}

/// Speaks when dropped.
struct Recorder {
    metrics: Arc<Metrics>,
    route: &'static str,
    method: &'static str,
    status: u16,
    /// The answer's head was sent, its body not to the end.
    is_broken: bool,
    left: Left,
    exchange: Arc<Exchange>,
    started: Instant,
}

impl Recorder {
    fn start(metrics: Arc<Metrics>, request: &ServiceRequest) -> Self {
        metrics.http_started();
        let route = route_of(request.match_pattern().as_deref());
        let method = method_of(request.method());
        Self {
            metrics,
            route,
            method,
            // What is true unless an answer is made.
            status: CLIENT_GONE,
            is_broken: false,
            left: Left::default(),
            exchange: Arc::new(exchange(route, method, request)),
            started: Instant::now(),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The request may live on for a moment, and its extensions with it.
        drop(self.left.kept.take());
        let took = self.started.elapsed();
        self.metrics
            .http_finished(self.route, self.method, self.status, took);
        let duration_ms = milliseconds(took);
        let caller = self.left.caller.get().map(|caller| &*caller.name);
        let trace_id = self.exchange.trace_id();
        let call = self.exchange.brought();
        let tool = call.map(|call| call.tool.as_str());
        let query_id = call.and_then(Brought::query_id);
        let span = &self.exchange.span;
        span.set_attribute("http.response.status_code", i64::from(self.status));
        if self.is_broken || self.status >= 500 || self.status == CLIENT_GONE {
            if self.status < 500 {
                traces::fail(span, "client_gone", "");
            } else {
                traces::fail(span, self.status.to_string(), "");
            }
        }
        traces::end(span);
        let (route, method, status) = (self.route, self.method, self.status);
        // `tracing` needs the level at compile time, hence a macro.
        macro_rules! line {
            ($level:ident, $ended:literal) => {
                tracing::$level!(
                    route,
                    method,
                    status,
                    duration_ms,
                    caller,
                    tool,
                    query_id,
                    trace_id,
                    concat!("{} {} ", $ended, " {}"),
                    method,
                    route,
                    status
                )
            };
        }
        match status {
            _ if self.is_broken => line!(warn, "broke off after"),
            503 if route != MCP => line!(debug, "answered"),
            500.. => line!(warn, "answered"),
            _ if route == MCP => line!(info, "answered"),
            _ => line!(debug, "answered"),
        }
    }
}

/// The parts of a request that its call needs. Only `/mcp` has spans: those of probes would tell nothing.
fn exchange(route: &'static str, method: &'static str, request: &ServiceRequest) -> Exchange {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let parent = traces::parent(header("traceparent"), header("tracestate"));
    if route != MCP {
        return Exchange::new(Span::none(), parent);
    }
    let span = info_span!(
        target: TRACE,
        parent: None,
        "exchange",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        url.path = route,
        url.scheme = scheme(request),
        network.protocol.version = protocol(request.version()),
    );
    if let Some(parent) = &parent {
        // Refused where traces are off.
        let _ = span.set_parent(parent.clone());
    }
    Exchange::new(span, parent)
}

fn scheme(request: &ServiceRequest) -> &'static str {
    match request.app_data::<web::Data<Tls>>() {
        Some(_) => "https",
        None => "http",
    }
}

/// As OpenTelemetry writes it.
fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}

/// The route whose requests are worth a line at INFO.
const MCP: &str = "/mcp";

/// One of our routes, or `other`: what a client makes up must not become a time series.
fn route_of(pattern: Option<&str>) -> &'static str {
    match pattern {
        Some("/mcp/") => MCP,
        // Served at several addresses: below it stands the path of the resource.
        Some(pattern) if pattern.starts_with(WELL_KNOWN) => WELL_KNOWN,
        pattern => listed(ROUTES, pattern.unwrap_or_default()),
    }
}

fn method_of(method: &Method) -> &'static str {
    listed(HTTP_METHODS, method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_routes_and_methods_share_one_label() {
        assert_eq!(route_of(Some("/mcp")), "/mcp");
        assert_eq!(route_of(Some("/wp-admin")), "other");
        assert_eq!(route_of(None), "other");
        assert_eq!(route_of(Some("/mcp/")), "/mcp");
        assert_eq!(route_of(Some(&format!("{WELL_KNOWN}/mcp"))), WELL_KNOWN);
        assert_eq!(method_of(&Method::POST), "POST");
        assert_eq!(method_of(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}
