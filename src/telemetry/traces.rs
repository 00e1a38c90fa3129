//! Traces: one for each call of a tool, sent to an OpenTelemetry collector where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
//!
//! Without an endpoint nothing is made, and asking for a span costs one look at a static. With one, a call's span is the
//! current one while the call is polled, and what [`super::metrics`] measures on the way becomes its children.
//!
//! Names and attributes follow OpenTelemetry's semantic conventions 1.41.1 for MCP, HTTP and databases where they have one
//! (<https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs>); `snowflake.` is ours. What is left out, and
//! why, is in docs/logging.md.

mod export;
mod queue;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

pub use self::export::Error;
use self::queue::{Limits, Queue};
use super::metrics::Metrics;
use crate::config::Telemetry;

/// Set once, when traces are switched on.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Sends what is left when it is asked to; keep it until the very end.
#[derive(Debug)]
pub struct Guard {
    queue: Queue,
    /// Ends its processor when it is dropped.
    _provider: SdkTracerProvider,
}

impl Guard {
    /// Sends the spans that wait, for as long as this at most.
    pub async fn flush(&self, limit: Duration) {
        if tokio::time::timeout(limit, self.queue.flush())
            .await
            .is_err()
        {
            tracing::warn!("the last spans could not be sent within {limit:?}");
        }
    }
}

/// Switches traces on, if the settings ask for them. Must be called inside the runtime that is to send them.
///
/// # Errors
///
/// See [`Error`].
pub fn start(settings: &Telemetry, metrics: Arc<Metrics>) -> Result<Option<Guard>, Error> {
    let Some(exporter) = export::exporter(settings)? else {
        return Ok(None);
    };
    let resource = resource(settings);
    let queue = Queue::start(exporter, &resource, Limits::of(settings), metrics);
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler(settings))
        .with_resource(resource)
        .with_span_processor(queue.clone())
        .build();
    // Set once in a process; a second start, which only tests make, keeps the first.
    let _ = TRACER.set(provider.tracer("snowflake-mcp"));
    Ok(Some(Guard {
        queue,
        _provider: provider,
    }))
}

/// What the service says of itself: `OTEL_RESOURCE_ATTRIBUTES`, over which `OTEL_SERVICE_NAME` wins.
fn resource(settings: &Telemetry) -> Resource {
    let said = settings.otel_resource_attributes.as_deref();
    let said = said.unwrap_or_default().split(',');
    let mut attributes = vec![
        KeyValue::new("service.name", "snowflake-mcp"),
        KeyValue::new("service.version", super::VERSION),
    ];
    attributes.extend(said.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some(KeyValue::new(
            name.trim().to_owned(),
            value.trim().to_owned(),
        ))
    }));
    if let Some(name) = &settings.otel_service_name {
        attributes.push(KeyValue::new("service.name", name.clone()));
    }
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

/// The names of the OpenTelemetry specification.
fn sampler(settings: &Telemetry) -> Sampler {
    let share = settings.otel_traces_sampler_arg.as_deref();
    let share = share.and_then(|text| text.trim().parse().ok());
    let ratio = Sampler::TraceIdRatioBased(share.unwrap_or(1.0));
    let of_parent = |root| Sampler::ParentBased(Box::new(root));
    match settings.otel_traces_sampler.as_deref() {
        Some("always_on") => Sampler::AlwaysOn,
        Some("always_off") => Sampler::AlwaysOff,
        Some("traceidratio") => ratio,
        Some("parentbased_always_off") => of_parent(Sampler::AlwaysOff),
        Some("parentbased_traceidratio") => of_parent(ratio),
        _ => of_parent(Sampler::AlwaysOn),
    }
}

/// A span under way. Ends when it is dropped; nothing at all where traces are off.
#[derive(Debug, Clone, Default)]
pub struct Span(Option<Context>);

impl Span {
    /// A span of a request that came from outside, under the parent it names.
    #[must_use]
    pub fn server(name: impl Into<Cow<'static, str>>, parent: Option<&Parent>) -> Self {
        let Some(tracer) = TRACER.get() else {
            return Self::default();
        };
        let parent = parent.map_or_else(Context::new, Parent::context);
        let builder = tracer.span_builder(name).with_kind(SpanKind::Server);
        let span = builder.start_with_context(tracer, &parent);
        Self(Some(parent.with_span(span).with_value(Doing::default())))
    }

    /// A step of the call that is being polled; nothing where there is none.
    #[must_use]
    pub fn step(name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Self {
        let Some(tracer) = TRACER.get() else {
            return Self::default();
        };
        let current = Context::current();
        if !current.has_active_span() || !current.span().span_context().is_sampled() {
            return Self::default();
        }
        let builder = tracer.span_builder(name).with_kind(kind);
        let span = builder.start_with_context(tracer, &current);
        Self(Some(current.with_span(span)))
    }

    /// The call that is being polled.
    #[must_use]
    pub fn current() -> Self {
        if TRACER.get().is_none() {
            return Self::default();
        }
        Self(Some(Context::current()))
    }

    /// Whether anything that is set will be seen.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        let span = self.0.as_ref();
        span.is_some_and(|context| context.span().is_recording())
    }

    /// Notes something of it.
    pub fn set(&self, name: &'static str, value: impl Into<opentelemetry::Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(name, value));
        }
    }

    /// Marks it as failed; `kind` is a word from a closed set, `why` says more where there is more.
    pub fn fail(&self, kind: impl Into<Cow<'static, str>>, why: &'static str) {
        if let Some(context) = &self.0 {
            let span = context.span();
            span.set_attribute(KeyValue::new("error.type", kind.into()));
            span.set_status(Status::error(why));
        }
    }

    /// Says that another span has to do with this one.
    pub fn link(&self, other: &Self) {
        if let (Some(context), Some(other)) = (&self.0, &other.0) {
            let other = other.span().span_context().clone();
            context.span().add_link(other, Vec::new());
        }
    }

    /// Its trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let context = self.0.as_ref()?;
        let id = context.span().span_context().trace_id();
        (id != TraceId::INVALID).then(|| id.to_string())
    }

    /// As the parent of another one.
    #[must_use]
    pub fn as_parent(&self) -> Option<Parent> {
        let context = self.0.as_ref()?;
        Some(Parent(context.span().span_context().clone()))
    }

    /// Makes it the current one while the future is polled.
    pub fn around<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        use opentelemetry::context::FutureExt;
        let context = self.0.clone().unwrap_or_default();
        work.with_context(context)
    }
}

/// What the call that is being polled does in the warehouse.
#[derive(Debug, Clone, Default)]
struct Doing(Arc<Mutex<Option<String>>>);

/// Says in a few words which statement the call runs next.
pub(super) fn note_statement(summary: String) {
    if let Some(Doing(statement)) = Context::current().get::<Doing>() {
        *statement.lock().unwrap_or_else(PoisonError::into_inner) = Some(summary);
    }
}

/// The same, for the step that runs it.
pub(super) fn noted_statement() -> Option<String> {
    let context = Context::current();
    let Doing(statement) = context.get::<Doing>()?;
    let statement = statement.lock().unwrap_or_else(PoisonError::into_inner);
    statement.clone()
}

/// The call that something began in, for work that may outlive it: what that does belongs to the call's trace, and the call's
/// span ends without it.
#[derive(Debug, Clone, Default)]
pub struct Origin(Context);

impl Origin {
    /// The call that is being polled; nothing where there is none.
    #[must_use]
    pub fn current() -> Self {
        let parent = Span::current().as_parent();
        let Some(parent) = parent.filter(|Parent(context)| context.is_valid()) else {
            return Self::default();
        };
        let doing = Context::current().get::<Doing>().cloned();
        let doing = doing.unwrap_or_default();
        Self(parent.context().with_value(doing))
    }

    /// Makes it the origin of what the future does.
    pub fn around<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        use opentelemetry::context::FutureExt;
        work.with_context(self.0.clone())
    }
}

/// Where a request from outside belongs: the W3C `traceparent` it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Parent(SpanContext);

impl Parent {
    /// Reads `00-<32 hex digits>-<16>-<2>`. Anything else, and what is all zeros, is no parent.
    #[must_use]
    pub fn read(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length: usize| {
            let digits = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            text.len() == length && text.bytes().all(digits)
        };
        let is_read = is_hex(version, 2)
            && version != "ff"
            && is_hex(trace, 32)
            && is_hex(span, 16)
            && is_hex(flags, 2)
            // Version 00 has four fields, later ones may have more.
            && (version != "00" || parts.next().is_none());
        if !is_read {
            return None;
        }
        let state = tracestate.and_then(|state| state.parse::<TraceState>().ok());
        let context = SpanContext::new(
            TraceId::from_hex(trace).ok()?,
            SpanId::from_hex(span).ok()?,
            TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & 1),
            true,
            state.unwrap_or_default(),
        );
        context.is_valid().then_some(Self(context))
    }

    /// Its trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.0.trace_id().to_string()
    }

    fn context(&self) -> Context {
        Context::new().with_remote_span_context(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_trace_parents_are_parents() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(Parent::read(&good, None).unwrap().trace_id(), id);
        for bad in [
            "",
            "00",
            "00-xyz-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(Parent::read(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn without_traces_a_span_is_nothing() {
        let span = Span::step("nothing", SpanKind::Internal);
        assert!(!span.is_recorded() && span.trace_id().is_none());
    }
}
