//! The process's own metrics: the `prometheus` crate's collector, with CPU time to the hundredth of a second.

use prometheus::core::{Collector, Desc};
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{Counter, MetricFamily};

/// The metric that is computed here instead.
const CPU: &str = "process_cpu_seconds_total";

/// The crate's collector counts whole seconds. The rate of a server that uses a tenth of a core would be zero most of the
/// time, and jump by a whole second now and then.
pub(super) struct Process {
    collector: ProcessCollector,
    /// Ticks of the kernel's clock in a second; `None` if that is not known.
    ticks: Option<f64>,
}

impl Process {
    /// The process that asks.
    pub(super) fn this() -> Self {
        let ticks = u32::try_from(procfs::ticks_per_second()).ok();
        Self {
            collector: ProcessCollector::for_self(),
            ticks: ticks.filter(|ticks| *ticks > 0).map(f64::from),
        }
    }

    /// User and system time of all threads, including those that have ended.
    fn cpu_seconds(&self) -> Option<f64> {
        let stat = procfs::process::Process::myself().ok()?.stat().ok()?;
        let ticks = stat.utime.saturating_add(stat.stime);
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact for the next million years"
        )]
        Some(ticks as f64 / self.ticks?)
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.collector.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.collector.collect();
        let Some(seconds) = self.cpu_seconds() else {
            return families;
        };
        let cpu = families.iter_mut().filter(|family| family.name() == CPU);
        for metric in cpu.flat_map(MetricFamily::mut_metric) {
            let mut counter = Counter::default();
            counter.set_value(seconds);
            metric.set_counter(counter);
        }
        families
    }
}
