//! Traces: one for each call of a tool, sent to an OpenTelemetry collector where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
//!
//! Spans are those of the crate `tracing`; [`Traces::layer`] hands them to the OpenTelemetry SDK. A trace begins with an HTTP
//! request or a call, whose spans have the target [`TRACE`]. Everything else becomes a span only within such a trace, and
//! only where the trace is kept: outside of it, and without an endpoint, a span costs one look at a static.
//!
//! A step's span is made where its metric begins ([`super::metrics`]), and ends with it. Work that outlives its call takes
//! the current OpenTelemetry context along (`with_current_context`), so that what it does belongs to the call's trace.
//!
//! Names and attributes follow OpenTelemetry's semantic conventions 1.41.1 for MCP, HTTP and databases where they have one
//! (<https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs>); `snowflake.` is ours. What is left out, and
//! why, is in docs/logging.md.

mod batches;
mod export;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, Status, TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::subscriber::Interest;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Filter;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer};

pub use self::export::Error;
use super::metrics::Metrics;
use crate::config::Telemetry;

/// The target of the spans that a trace begins with: an HTTP request's and a call's.
pub const TRACE: &str = "trace";

/// Our own steps are traced unless `TRACE_FILTER` says otherwise.
const OWN_STEPS: &str = "snowflake_mcp=info";

static PROPAGATOR: LazyLock<TraceContextPropagator> = LazyLock::new(TraceContextPropagator::new);

/// Traces that are switched on. Call [`Traces::flush`] before the process ends, to send what is left.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    filter: String,
}

/// The type of the layer: it stands directly on the registry.
pub(super) type TraceLayer = Box<dyn Layer<Registry> + Send + Sync>;

impl Traces {
    /// Switches traces on, if the settings ask for them. The runtime is the one that is to send them.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn start(
        settings: &Telemetry,
        metrics: &Arc<Metrics>,
        runtime: &Handle,
    ) -> Result<Option<Self>, Error> {
        // gRPC's channel belongs to the runtime in which it is made.
        let _inside = runtime.enter();
        let resource = resource(settings);
        let Some(exporter) = export::exporter(settings, &resource)? else {
            return Ok(None);
        };
        let batches = batches::processor(exporter, settings, metrics, runtime);
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler(settings))
            .with_resource(resource)
            .with_span_processor(batches)
            .build();
        let more = settings.trace_filter.as_ref().map(|more| more.as_filter());
        Ok(Some(Self {
            provider,
            filter: format!("{OWN_STEPS},{}", more.unwrap_or_default()),
        }))
    }

    /// The layer that makes spans. It has its own filter, because `LOG_LEVEL` is for log lines only.
    pub(super) fn layer(&self) -> Result<TraceLayer, tracing_subscriber::filter::ParseError> {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("snowflake-mcp"))
            // The place in our source says nothing to an operator.
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        let filter = Kept(EnvFilter::try_new(&self.filter)?);
        Ok(layer.with_filter(filter).boxed())
    }

    /// Sends the spans that wait, but takes no longer than `limit`. Later spans are not recorded.
    pub async fn flush(&self, limit: Duration) {
        let provider = self.provider.clone();
        // The SDK blocks its thread while it waits.
        let flushed =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limit)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("the last spans could not be sent within {limit:?}");
        }
    }
}

/// Which spans are made: those a trace begins with, and within a sampled trace those that the directives name. Events stay
/// log lines.
struct Kept(EnvFilter);

impl<S: Subscriber> Filter<S> for Kept {
    fn enabled(&self, metadata: &Metadata<'_>, context: &layer::Context<'_, S>) -> bool {
        let is_begin = metadata.target() == TRACE;
        let is_step = || is_in_kept_trace() && self.0.enabled(metadata, context.clone());
        metadata.is_span() && metadata.target() != super::CALL && (is_begin || is_step())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let is_named = || !Filter::<S>::callsite_enabled(&self.0, metadata).is_never();
        if !metadata.is_span() || metadata.target() == super::CALL {
            Interest::never()
        } else if metadata.target() == TRACE {
            Interest::always()
        } else if is_named() {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let named = Filter::<S>::max_level_hint(&self.0);
        // The spans that a trace begins with are at INFO.
        named.map(|level| level.max(LevelFilter::INFO))
    }
}

fn is_in_kept_trace() -> bool {
    Context::map_current(|context| context.span().span_context().is_sampled())
}

/// The parent that a request names: its W3C `traceparent` and `tracestate`. `None` if it names none.
#[must_use]
pub fn parent(traceparent: Option<&str>, tracestate: Option<&str>) -> Option<Context> {
    let carrier = Carrier {
        traceparent: traceparent?,
        tracestate,
    };
    let context = PROPAGATOR.extract_with_context(&Context::new(), &carrier);
    context.has_active_span().then_some(context)
}

struct Carrier<'a> {
    traceparent: &'a str,
    tracestate: Option<&'a str>,
}

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.traceparent),
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Tells the server that answers a request which span it belongs to: the current one, if there is one.
pub fn tell(headers: &mut http::HeaderMap) {
    let mut headers = opentelemetry_http::HeaderInjector(headers);
    PROPAGATOR.inject_context(&Context::current(), &mut headers);
}

/// The ids and flags of the span in this context.
pub(super) fn span_context(context: &Context) -> SpanContext {
    context.span().span_context().clone()
}

/// Marks a span as failed; `kind` is a word from a closed set, `why` says more where there is more.
pub fn fail(span: &Span, kind: impl Into<opentelemetry::Value>, why: &'static str) {
    span.set_attribute("error.type", kind);
    span.set_status(Status::error(why));
}

/// Ends a span now, even if something still holds it.
pub fn end(span: &Span) {
    span.context().span().end();
}

/// Attributes of the service: `OTEL_RESOURCE_ATTRIBUTES`, with `OTEL_SERVICE_NAME` taking precedence.
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
        // Behind the others, because the last value of a name counts.
        attributes.push(KeyValue::new("service.name", name.clone()));
    }
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

/// Names of OpenTelemetry's semantic conventions.
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
        // The specification's default.
        _ => of_parent(Sampler::AlwaysOn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_trace_parents_are_parents() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{id}-00f067aa0ba902b7-01");
        let read = |text: &str| parent(Some(text), None);
        let trace = |context: Context| span_context(&context).trace_id().to_string();
        assert_eq!(read(&good).map(trace).unwrap(), id);
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
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn without_traces_a_span_is_nothing() {
        let span = tracing::info_span!(target: TRACE, "nothing");
        assert!(span.is_disabled() && !span.context().has_active_span());
    }
}
