//! The declaration of a metric: its name, help, labels and buckets.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};

use super::label::Label;

/// One label of a metric and the values it can have.
#[derive(Debug, Clone, Copy)]
pub struct LabelInfo {
    /// Its name.
    pub name: &'static str,
    /// Its values. Empty if they come from the build or the settings and cannot change while the process lives.
    pub values: &'static [&'static str],
}

impl LabelInfo {
    pub(super) const fn of<L: Label>() -> Self {
        Self {
            name: L::NAME,
            values: L::VALUES,
        }
    }

    pub(super) const fn settled(name: &'static str) -> Self {
        Self { name, values: &[] }
    }
}

/// What the reference says of one metric, and what it is registered with.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Full name, with the unit.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The doc comments of its declaration, with the spaces around them.
    pub(super) help: &'static [&'static str],
    /// Labels, in the order values are given.
    pub labels: &'static [LabelInfo],
    /// Upper bounds of a histogram's buckets; empty for other kinds.
    pub buckets: &'static [f64],
}

impl Declaration {
    /// The help text: the doc comment's lines as one.
    #[must_use]
    pub fn help(&self) -> String {
        let lines: Vec<&str> = self.help.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }

    /// The help text for Prometheus, which shows plain text: without the back-ticks that the reference needs.
    pub(super) fn opts(&self) -> Opts {
        Opts::new(self.name, self.help().replace('`', ""))
    }
}

/// A metric that can be made from its declaration.
pub(super) trait Declared: Sized {
    /// As Prometheus calls it.
    const KIND: &'static str;
    const LABELS: &'static [LabelInfo] = &[];

    /// Makes and registers it.
    fn register(declaration: &'static Declaration, registry: &Registry)
    -> prometheus::Result<Self>;
}

macro_rules! single {
    ($metric:ident, $kind:literal) => {
        impl Declared for $metric {
            const KIND: &'static str = $kind;

            fn register(
                declaration: &'static Declaration,
                registry: &Registry,
            ) -> prometheus::Result<Self> {
                let metric = Self::with_opts(declaration.opts())?;
                registry.register(Box::new(metric.clone()))?;
                Ok(metric)
            }
        }
    };
}

single!(IntGauge, "gauge");
single!(IntCounter, "counter");

impl Declared for Histogram {
    const KIND: &'static str = "histogram";

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let opts = HistogramOpts::from(declaration.opts()).buckets(declaration.buckets.to_vec());
        let metric = Self::with_opts(opts)?;
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

/// The labels describe what was built and configured, and are set once.
pub(super) struct BuildInfo(pub(super) IntGaugeVec);

impl Declared for BuildInfo {
    const KIND: &'static str = "gauge";
    const LABELS: &'static [LabelInfo] = &[
        LabelInfo::settled("version"),
        LabelInfo::settled("revision"),
        LabelInfo::settled("warehouse"),
    ];

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let labels: Vec<&str> = Self::LABELS.iter().map(|label| label.name).collect();
        let metric = IntGaugeVec::new(declaration.opts(), &labels)?;
        registry.register(Box::new(metric.clone()))?;
        Ok(Self(metric))
    }
}
