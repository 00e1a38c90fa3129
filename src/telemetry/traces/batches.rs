//! Between calls, which never wait, and the collector, which may be slow or down: the SDK's batch processor, with what it
//! does not do by itself around it.
//!
//! The SDK counts nothing it drops, so the room in its queue is counted here and a span that finds none is not handed over.
//! It sends from a thread without a runtime, which neither transport works on, and knows no limit for an export: both
//! happen on our runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};
use tokio::runtime::Handle;

use crate::config::Telemetry;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Delivery;

/// The processor; its defaults are those of the specification.
pub(super) fn processor(
    exporter: Otlp,
    settings: &Telemetry,
    metrics: &Arc<Metrics>,
    runtime: &Handle,
) -> impl SpanProcessor + 'static {
    let room = settings.otel_bsp_max_queue_size.unwrap_or(2048).max(1);
    let batch = settings.otel_bsp_max_export_batch_size.unwrap_or(512);
    let millis = |set: Option<u64>, default| Duration::from_millis(set.unwrap_or(default));
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(room)
        // The SDK wants a batch to fit into the queue.
        .with_max_export_batch_size(batch.clamp(1, room))
        .with_scheduled_delay(millis(settings.otel_bsp_schedule_delay, 5000))
        .build();
    let waiting = Arc::new(AtomicUsize::new(0));
    let exporter = Watched {
        exporter: Arc::new(exporter),
        limit: millis(settings.otel_bsp_export_timeout, 30_000),
        waiting: Arc::clone(&waiting),
        metrics: Arc::clone(metrics),
        runtime: runtime.clone(),
        is_failing: AtomicBool::new(false),
    };
    Counted {
        batches: BatchSpanProcessor::builder(exporter)
            .with_batch_config(config)
            .build(),
        room,
        waiting,
        metrics: Arc::clone(metrics),
    }
}

/// The SDK's processor, and a count of the spans that wait in it.
#[derive(Debug)]
struct Counted {
    batches: BatchSpanProcessor,
    room: usize,
    waiting: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl SpanProcessor for Counted {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        // Counted down only after the SDK has taken the spans from its queue: so room in this count means room in the queue.
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.room {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.metrics.spans(Delivery::Dropped, 1);
            return;
        }
        self.batches.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }
}

/// The exporter, with a count of what became of the spans.
#[derive(Debug)]
struct Watched {
    exporter: Arc<Otlp>,
    limit: Duration,
    waiting: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
    runtime: Handle,
    is_failing: AtomicBool,
}

impl SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        // Before sending: the queue has room again whatever becomes of the batch.
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let (exporter, limit) = (Arc::clone(&self.exporter), self.limit);
        let sent = async move { tokio::time::timeout(limit, exporter.export(batch)).await };
        // In the context of the SDK's thread, in which nothing makes spans.
        let sent = self.runtime.spawn(sent.with_current_context()).await;
        let outcome = match sent {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(OTelSdkError::InternalFailure(format!(
                "no answer within {limit:?}"
            ))),
            Err(broken) => Err(OTelSdkError::InternalFailure(broken.to_string())),
        };
        self.tell(spans, &outcome);
        outcome
    }
}

impl Watched {
    fn tell(&self, spans: usize, outcome: &OTelSdkResult) {
        match outcome {
            Ok(()) => {
                self.metrics.spans(Delivery::Ok, spans);
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("spans are exported again");
                }
            }
            Err(why) => {
                self.metrics.spans(Delivery::Failed, spans);
                // One warning for each outage, not one every five seconds.
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "spans cannot be exported; check OTEL_EXPORTER_OTLP_ENDPOINT and whether a collector listens there: {why}"
                    );
                }
            }
        }
    }
}
