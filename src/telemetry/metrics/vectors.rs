//! Metrics with labels: the `prometheus` crate's vectors, with label values of our types, so that no free text becomes a
//! series.

use std::marker::PhantomData;

use prometheus::core::{Metric, MetricVec, MetricVecBuilder};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
};
use prometheus::{Opts, Registry};

use super::declaration::{Declaration, Declared, LabelInfo};
use super::label::Label;

/// One label, or a tuple of them.
pub(super) trait Labels: Copy {
    /// What the reference says of them.
    const INFO: &'static [LabelInfo];

    /// Hands their values to a vector, in order.
    fn with<T>(self, give: impl FnOnce(&[&'static str]) -> T) -> T;
}

impl<A: Label> Labels for A {
    const INFO: &'static [LabelInfo] = &[LabelInfo::of::<A>()];

    fn with<T>(self, give: impl FnOnce(&[&'static str]) -> T) -> T {
        give(&[self.value()])
    }
}

impl<A: Label, B: Label> Labels for (A, B) {
    const INFO: &'static [LabelInfo] = &[LabelInfo::of::<A>(), LabelInfo::of::<B>()];

    fn with<T>(self, give: impl FnOnce(&[&'static str]) -> T) -> T {
        give(&[self.0.value(), self.1.value()])
    }
}

impl<A: Label, B: Label, C: Label> Labels for (A, B, C) {
    const INFO: &'static [LabelInfo] = &[
        LabelInfo::of::<A>(),
        LabelInfo::of::<B>(),
        LabelInfo::of::<C>(),
    ];

    fn with<T>(self, give: impl FnOnce(&[&'static str]) -> T) -> T {
        give(&[self.0.value(), self.1.value(), self.2.value()])
    }
}

/// What a vector may be made of.
pub(super) trait Member: Metric + Sized + 'static {
    type Builder: MetricVecBuilder<M = Self> + 'static;

    /// As Prometheus calls it.
    const KIND: &'static str;

    /// Vectors with up to this many members show all of them from the start, at zero: an event that has not happened must
    /// not look like one that nobody counts. Each member of a histogram has twenty lines.
    const SHOWN_WHOLE: usize = 12;

    fn vector(
        opts: Opts,
        buckets: &[f64],
        labels: &[&str],
    ) -> prometheus::Result<MetricVec<Self::Builder>>;
}

macro_rules! member {
    ($member:ident, $vector:ident, $kind:literal) => {
        impl Member for $member {
            type Builder = <$vector as VectorOf>::Builder;
            const KIND: &'static str = $kind;

            fn vector(opts: Opts, _: &[f64], labels: &[&str]) -> prometheus::Result<$vector> {
                $vector::new(opts, labels)
            }
        }
    };
}

/// A function that makes a vector's members. The crate does not name its type.
pub(super) trait VectorOf {
    type Builder: MetricVecBuilder;
}

impl<B: MetricVecBuilder> VectorOf for MetricVec<B> {
    type Builder = B;
}

member!(IntCounter, IntCounterVec, "counter");
member!(IntGauge, IntGaugeVec, "gauge");

impl Member for Histogram {
    type Builder = <HistogramVec as VectorOf>::Builder;
    const KIND: &'static str = "histogram";
    const SHOWN_WHOLE: usize = 8;

    fn vector(opts: Opts, buckets: &[f64], labels: &[&str]) -> prometheus::Result<HistogramVec> {
        HistogramVec::new(HistogramOpts::from(opts).buckets(buckets.to_vec()), labels)
    }
}

/// One metric for each combination of label values.
pub(super) struct Vector<M: Member, L> {
    members: MetricVec<M::Builder>,
    labels: PhantomData<fn(L)>,
}

impl<M: Member, L: Labels> Vector<M, L> {
    /// The member of these values.
    pub(super) fn with(&self, labels: L) -> M {
        labels.with(|values| self.members.with_label_values(values))
    }

    /// How many members there are.
    #[cfg(test)]
    pub(super) fn members(&self) -> usize {
        let families = prometheus::core::Collector::collect(&self.members);
        families
            .iter()
            .map(|family| family.get_metric().len())
            .sum()
    }
}

impl<M: Member, L: Labels> Declared for Vector<M, L> {
    const KIND: &'static str = M::KIND;
    const LABELS: &'static [LabelInfo] = L::INFO;

    fn register(
        declaration: &'static Declaration,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let names: Vec<&str> = L::INFO.iter().map(|label| label.name).collect();
        let members = M::vector(declaration.opts(), declaration.buckets, &names)?;
        let size: usize = L::INFO.iter().map(|label| label.values.len()).product();
        // None where a label is settled by the settings.
        if (1..=M::SHOWN_WHOLE).contains(&size) {
            // At zero from the start: `rate()` and alerts need a first value before the first
            // event.
            for values in combinations(L::INFO) {
                members.get_metric_with_label_values(&values)?;
            }
        }
        registry.register(Box::new(members.clone()))?;
        Ok(Self {
            members,
            labels: PhantomData,
        })
    }
}

fn combinations(labels: &[LabelInfo]) -> Vec<Vec<&'static str>> {
    labels.iter().fold(vec![Vec::new()], |begun, label| {
        let with = |values: &Vec<&'static str>| {
            let values = values.clone();
            let longer = move |value: &&'static str| [values.as_slice(), &[*value]].concat();
            label.values.iter().map(longer)
        };
        begun.iter().flat_map(with).collect()
    })
}
