//! What a statement would read, by the warehouse's own plan, and the plan's summary in words.

use serde::Deserialize;

/// The warehouse's expectation. Snowflake gives upper bounds: it prunes further while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Bytes to scan.
    pub bytes: u64,
    /// Partitions to scan.
    pub partitions: u64,
    /// Partitions of all tables named.
    pub partitions_total: u64,
}

/// The parts of `EXPLAIN USING JSON` that are looked at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Plan {
    global_stats: GlobalStats,
    /// The steps, for each part of the statement that runs by itself.
    #[serde(default)]
    operations: Vec<Vec<Operation>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Operation {
    operation: String,
    objects: Vec<String>,
    partitions_assigned: Option<u64>,
    partitions_total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GlobalStats {
    bytes_assigned: u64,
    partitions_assigned: u64,
    partitions_total: u64,
}

impl Estimate {
    /// Reads an estimate from a plan in JSON; `None` if the plan has none.
    #[must_use]
    pub fn of_plan(json: &str) -> Option<Self> {
        let plan: Plan = serde_json::from_str(json).ok()?;
        Some(plan.estimate())
    }
}

impl Plan {
    fn estimate(&self) -> Estimate {
        Estimate {
            bytes: self.global_stats.bytes_assigned,
            partitions: self.global_stats.partitions_assigned,
            partitions_total: self.global_stats.partitions_total,
        }
    }

    /// What the plan means, for somebody who does not read plans.
    pub(super) fn in_words(&self) -> String {
        let Estimate {
            bytes: scanned,
            partitions,
            partitions_total,
        } = self.estimate();
        let mut words = match partitions_total {
            0 => "No partitions to scan: nothing is read from tables, or the warehouse does not count it.".to_owned(),
            total => format!(
                "Scans at most {} in {partitions} of {total} partitions ({} %).",
                bytes(scanned),
                partitions.saturating_mul(100) / total,
            ),
        };
        let steps = || self.operations.iter().flatten();
        let is = |step: &Operation, word: &str| step.operation.to_ascii_uppercase().contains(word);
        let scans = steps().filter(|step| is(step, "SCAN") && !step.objects.is_empty());
        let read: Vec<_> = scans
            .map(|step| {
                let whole = match (step.partitions_assigned, step.partitions_total) {
                    // A table of one partition is always read whole.
                    (Some(some), Some(total)) if some == total && total > 1 => {
                        " (every partition: no filter prunes it)"
                    }
                    _ => "",
                };
                format!("{}{whole}", step.objects.join(", "))
            })
            .collect();
        if !read.is_empty() {
            words.push_str(&format!(" Reads {}.", read.join("; ")));
        }
        let counted: Vec<_> = [
            ("JOIN", "join"),
            ("AGGREGATE", "aggregation"),
            ("SORT", "sort"),
            ("WINDOW", "window function"),
        ]
        .into_iter()
        .filter_map(
            |(word, name)| match steps().filter(|step| is(step, word)).count() {
                0 => None,
                1 => Some(format!("1 {name}")),
                many => Some(format!("{many} {name}s")),
            },
        )
        .collect();
        if !counted.is_empty() {
            words.push_str(&format!(" Then {}.", counted.join(", ")));
        }
        if steps().any(|step| is(step, "CARTESIAN") || is(step, "CROSS")) {
            words.push_str(" Joins every row of one side with every row of the other: is a join condition missing?");
        }
        words
    }
}

/// Bytes in the largest unit that leaves a number of at least one.
#[must_use]
pub(super) fn bytes(bytes: impl Into<u64>) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let bytes = bytes.into();
    let step = (bytes.max(1).ilog2() / 10).min(5);
    let unit = UNITS.get(step as usize).unwrap_or(&"B");
    if step == 0 {
        return format!("{bytes} {unit}");
    }
    // Tenths by whole numbers, so nothing is lost in floating point.
    let tenths = (u128::from(bytes) * 10) >> (10 * step);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_read_from_snowflakes_plan() {
        let plan = r#"{"GlobalStats":{"partitionsTotal":12,"partitionsAssigned":3,"bytesAssigned":1048576},
            "Operations":[[{"id":0,"operation":"Result","expressions":["1"]}]]}"#;
        let expected = Estimate {
            bytes: 1_048_576,
            partitions: 3,
            partitions_total: 12,
        };
        assert_eq!(Estimate::of_plan(plan), Some(expected));
        assert_eq!(Estimate::of_plan(r#"{"Operations":[]}"#), None);
        assert_eq!(Estimate::of_plan("GlobalStats"), None);
    }

    #[test]
    fn a_plan_is_told_in_words() {
        let plan = r#"{"GlobalStats":{"partitionsTotal":40,"partitionsAssigned":10,"bytesAssigned":5368709120},
            "Operations":[[
              {"id":0,"operation":"Result"},{"id":1,"operation":"Sort"},{"id":2,"operation":"CartesianJoin"},
              {"id":3,"operation":"TableScan","objects":["D.S.ORDERS"],"partitionsAssigned":8,"partitionsTotal":8,"bytesAssigned":9},
              {"id":4,"operation":"TableScan","objects":["D.S.DAYS"],"partitionsAssigned":2,"partitionsTotal":32}]]}"#;
        let plan: Plan = serde_json::from_str(plan).unwrap();
        assert_eq!(
            plan.in_words(),
            "Scans at most 5.0 GiB in 10 of 40 partitions (25 %). Reads D.S.ORDERS (every partition: no filter prunes it); \
             D.S.DAYS. Then 1 join, 1 sort. Joins every row of one side with every row of the other: is a join condition missing?"
        );
    }

    #[test]
    fn sizes_are_written_for_people() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_600_000, "1.5 MiB"),
            (3 << 40, "3.0 TiB"),
            (u64::MAX, "16383.9 PiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }
}
