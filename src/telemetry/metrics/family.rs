//! Metrics with labels from closed sets, without a lock.
//!
//! `prometheus` keeps the members of a vector in a map behind a lock that a scrape takes too. Here the members are known
//! beforehand: each combination of values has a cell, made when it is first used, and recording is an index and an atomic
//! addition. A scrape looks at the cells there are.

use std::sync::{Arc, OnceLock};

use prometheus::core::{Collector, Desc, Metric};
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Registry};

use super::{Declaration, Kind};

/// What a cell may hold.
pub(super) trait Cell: Metric + Sized + 'static {
    /// As Prometheus calls it.
    const NAME: &'static str;
    const TYPE: MetricType;

    fn make(opts: prometheus::Opts, buckets: &[f64]) -> prometheus::Result<Self>;
}

impl Cell for IntCounter {
    const NAME: &'static str = "counter";
    const TYPE: MetricType = MetricType::COUNTER;

    fn make(opts: prometheus::Opts, _: &[f64]) -> prometheus::Result<Self> {
        Self::with_opts(opts)
    }
}

impl Cell for IntGauge {
    const NAME: &'static str = "gauge";
    const TYPE: MetricType = MetricType::GAUGE;

    fn make(opts: prometheus::Opts, _: &[f64]) -> prometheus::Result<Self> {
        Self::with_opts(opts)
    }
}

impl Cell for Histogram {
    const NAME: &'static str = "histogram";
    const TYPE: MetricType = MetricType::HISTOGRAM;

    fn make(opts: prometheus::Opts, buckets: &[f64]) -> prometheus::Result<Self> {
        Self::with_opts(HistogramOpts::from(opts).buckets(buckets.to_vec()))
    }
}

/// One metric for each combination of label values. A cheap clone.
pub(super) struct Family<T>(Arc<Inner<T>>);

struct Inner<T> {
    declaration: &'static Declaration,
    desc: Desc,
    /// `None` where one cannot be made, which a test rules out.
    cells: Box<[OnceLock<Option<T>>]>,
}

impl<T> Clone for Family<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Cell> Family<T> {
    fn new(declaration: &'static Declaration) -> prometheus::Result<Self> {
        let names = declaration.labels.iter().map(|label| label.name.to_owned());
        let desc = Desc::new(
            declaration.name.to_owned(),
            declaration.plain_help(),
            names.collect(),
            std::collections::HashMap::new(),
        )?;
        let size = declaration.labels.iter().map(|l| l.values.len()).product();
        let cells = std::iter::repeat_with(OnceLock::new).take(size).collect();
        Ok(Self(Arc::new(Inner {
            declaration,
            desc,
            cells,
        })))
    }

    /// The member of these values, given by their places in the declaration's lists and in its order.
    pub(super) fn at<const N: usize>(&self, places: [usize; N]) -> Option<&T> {
        let labels = self.0.declaration.labels;
        debug_assert_eq!(labels.len(), N, "{}", self.0.declaration.name);
        let index = labels.iter().zip(places).fold(0, |index, (label, place)| {
            index * label.values.len() + place.min(label.values.len() - 1)
        });
        let make = || T::make(self.opts(&places), self.0.declaration.buckets).ok();
        self.0.cells.get(index)?.get_or_init(make).as_ref()
    }

    fn opts(&self, places: &[usize]) -> prometheus::Opts {
        let labels = self.0.declaration.labels.iter().zip(places);
        labels.fold(self.0.declaration.opts(), |opts, (label, place)| {
            let value = label.values.get(*place).copied().unwrap_or_default();
            opts.const_label(label.name, value)
        })
    }

    /// Shows every member from the start, at zero: what has not happened yet must not look like what nobody counts.
    fn touch_all(&self) {
        let labels = self.0.declaration.labels;
        for (index, cell) in self.0.cells.iter().enumerate() {
            let mut rest = index;
            let mut places: Vec<usize> = labels
                .iter()
                .rev()
                .map(|label| {
                    let place = rest % label.values.len();
                    rest /= label.values.len();
                    place
                })
                .collect();
            places.reverse();
            cell.get_or_init(|| T::make(self.opts(&places), self.0.declaration.buckets).ok());
        }
    }

    /// How many members there are.
    #[cfg(test)]
    pub(super) fn members(&self) -> usize {
        let made = self.0.cells.iter().filter(|cell| cell.get().is_some());
        made.count()
    }
}

/// Families up to this size are shown whole from the start; a histogram's members have twenty lines each.
const SHOWN_WHOLE: usize = 12;
const HISTOGRAMS_SHOWN_WHOLE: usize = 8;

impl<T: Cell> Kind for Family<T> {
    const NAME: &'static str = T::NAME;

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let family = Self::new(declaration)?;
        let whole = match T::TYPE {
            MetricType::HISTOGRAM => HISTOGRAMS_SHOWN_WHOLE,
            _ => SHOWN_WHOLE,
        };
        if family.0.cells.len() <= whole {
            family.touch_all();
        }
        registry.register(Box::new(family.clone()))?;
        Ok(family)
    }
}

impl<T: Cell> Collector for Family<T> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let made = self.0.cells.iter().filter_map(|cell| cell.get()?.as_ref());
        let metrics: Vec<_> = made.map(Metric::metric).collect();
        if metrics.is_empty() {
            return Vec::new();
        }
        let mut family = MetricFamily::default();
        family.set_name(self.0.declaration.name.to_owned());
        family.set_help(self.0.desc.help.clone());
        family.set_field_type(T::TYPE);
        family.set_metric(metrics);
        vec![family]
    }
}
