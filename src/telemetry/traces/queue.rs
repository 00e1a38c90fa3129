//! The queue between calls, which never wait for it, and the exporter, which may be slow or down.
//!
//! Bounded: a span that finds it full is dropped and counted. The SDK's own processor exports on a thread without a
//! runtime and counts nothing.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::{mpsc, oneshot};

use crate::config::Telemetry;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Delivery;

/// Sizes and times of the queue; the defaults are the specification's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    queue: usize,
    batch: usize,
    every: Duration,
    export: Duration,
}

impl Limits {
    pub(super) fn of(settings: &Telemetry) -> Self {
        let queue = settings.otel_bsp_max_queue_size.unwrap_or(2048).max(1);
        let batch = settings.otel_bsp_max_export_batch_size.unwrap_or(512);
        let millis = |set: Option<u64>, default| Duration::from_millis(set.unwrap_or(default));
        Self {
            queue,
            batch: batch.clamp(1, queue),
            every: millis(settings.otel_bsp_schedule_delay, 5000),
            export: millis(settings.otel_bsp_export_timeout, 30_000),
        }
    }
}

enum Message {
    Span(Box<SpanData>),
    Flush(oneshot::Sender<()>),
}

/// Takes spans from anywhere. A cheap clone.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    sender: mpsc::Sender<Message>,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

impl Queue {
    /// Starts the task that exports. It ends when the last clone is gone.
    pub(super) fn start(
        mut exporter: Otlp,
        resource: &Resource,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> Self {
        exporter.set_resource(resource);
        let (sender, receiver) = mpsc::channel(limits.queue);
        let sending = Sending {
            exporter,
            limits,
            metrics: Arc::clone(&metrics),
            is_failing: false,
        };
        tokio::spawn(sending.run(receiver));
        Self { sender, metrics }
    }

    /// Ends when everything that is in the queue now has been sent or given up.
    pub(super) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            // An error says that the task is gone, and with it everything there was.
            let _ = wait.await;
        }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if self.sender.try_send(Message::Span(Box::new(span))).is_err() {
            self.metrics.spans(Delivery::Dropped, 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

struct Sending {
    exporter: Otlp,
    limits: Limits,
    metrics: Arc<Metrics>,
    is_failing: bool,
}

impl Sending {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut batch = Vec::new();
        let mut ticks = tokio::time::interval(self.limits.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let message = tokio::select! {
                message = receiver.recv() => message,
                _ = ticks.tick() => {
                    self.export(&mut batch).await;
                    continue;
                }
            };
            match message {
                Some(Message::Span(span)) => {
                    batch.push(*span);
                    if batch.len() >= self.limits.batch {
                        self.export(&mut batch).await;
                    }
                }
                Some(Message::Flush(done)) => {
                    self.export(&mut batch).await;
                    // Nobody waits any more: the deadline was over.
                    let _ = done.send(());
                }
                None => return self.export(&mut batch).await,
            }
        }
    }

    async fn export(&mut self, batch: &mut Vec<SpanData>) {
        let spans = batch.len();
        if spans == 0 {
            return;
        }
        let sent = self.exporter.export(std::mem::take(batch));
        let why = match tokio::time::timeout(self.limits.export, sent).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {:?}", self.limits.export)),
        };
        let Some(why) = why else {
            self.metrics.spans(Delivery::Ok, spans);
            if std::mem::take(&mut self.is_failing) {
                tracing::info!("spans are exported again");
            }
            return;
        };
        self.metrics.spans(Delivery::Failed, spans);
        // Once, not every five seconds.
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::warn!("spans cannot be exported: {why}");
        }
    }
}
