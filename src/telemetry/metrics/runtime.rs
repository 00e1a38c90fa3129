//! Metrics of the tokio runtime that runs calls and the warehouse. Read at a scrape, from counters that tokio keeps anyway.

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, Metric, MetricFamily, MetricType};
use tokio::runtime::Handle;

/// Name, kind and help; in the reference as well.
pub(super) const DECLARED: [(&str, &str, &str); 4] = [
    (
        "snowflake_mcp_runtime_workers",
        "gauge",
        "Threads that run calls and the warehouse.",
    ),
    (
        "snowflake_mcp_runtime_tasks",
        "gauge",
        "Tasks that have not ended.",
    ),
    (
        "snowflake_mcp_runtime_queue_depth",
        "gauge",
        "Tasks that wait for a thread in the queue all threads share.",
    ),
    (
        "snowflake_mcp_runtime_busy_seconds_total",
        "counter",
        "Time that all these threads together have been busy.",
    ),
];

/// Reads a runtime's counters.
pub(super) struct RuntimeCollector {
    runtime: Handle,
    descs: Vec<Desc>,
}

impl RuntimeCollector {
    pub(super) fn new(runtime: Handle) -> prometheus::Result<Self> {
        let desc = |(name, _, help): &(&str, &str, &str)| {
            let labels = std::collections::HashMap::new();
            Desc::new((*name).to_owned(), (*help).to_owned(), Vec::new(), labels)
        };
        Ok(Self {
            runtime,
            descs: DECLARED.iter().map(desc).collect::<Result<_, _>>()?,
        })
    }
}

impl Collector for RuntimeCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let runtime = self.runtime.metrics();
        let workers = runtime.num_workers();
        let busy = (0..workers).map(|worker| runtime.worker_total_busy_duration(worker));
        let values = [
            as_f64(workers),
            as_f64(runtime.num_alive_tasks()),
            as_f64(runtime.global_queue_depth()),
            busy.sum::<std::time::Duration>().as_secs_f64(),
        ];
        let families = DECLARED.iter().zip(values);
        families
            .map(|((name, kind, help), value)| {
                let mut family = MetricFamily::default();
                family.set_name((*name).to_owned());
                family.set_help((*help).to_owned());
                let mut metric = Metric::default();
                // Prometheus refuses a family whose type and values disagree.
                if *kind == "counter" {
                    let mut counter = Counter::default();
                    counter.set_value(value);
                    metric.set_counter(counter);
                    family.set_field_type(MetricType::COUNTER);
                } else {
                    let mut gauge = Gauge::default();
                    gauge.set_value(value);
                    metric.set_gauge(gauge);
                    family.set_field_type(MetricType::GAUGE);
                }
                family.set_metric(vec![metric]);
                family
            })
            .collect()
    }
}

fn as_f64(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}
