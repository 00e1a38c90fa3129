//! What a statement would read, by the warehouse's own plan, before it is run.

use serde::Deserialize;

use super::{Error, Queries, Query};
use crate::sql::Tree;
use crate::warehouse::Run;

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

/// The part of `EXPLAIN USING JSON` that is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Plan {
    global_stats: GlobalStats,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GlobalStats {
    bytes_assigned: u64,
    partitions_assigned: u64,
    partitions_total: u64,
}

impl Estimate {
    /// Reads it from a plan in JSON; `None` when the plan has none.
    #[must_use]
    pub fn of_plan(json: &str) -> Option<Self> {
        let plan: Plan = serde_json::from_str(json).ok()?;
        Some(Self {
            bytes: plan.global_stats.bytes_assigned,
            partitions: plan.global_stats.partitions_assigned,
            partitions_total: plan.global_stats.partitions_total,
        })
    }
}

impl Queries {
    /// Refuses a statement that would read more than the budget has, where the budget has a limit.
    pub(super) async fn check_cost(&self, query: &Query, run: &Run) -> Result<(), Error> {
        let Some(limit) = self.budget.max_scan_bytes else {
            return Ok(());
        };
        // Lists and plans scan no tables.
        match run.statement.parsed().tree() {
            Tree::Show(_) | Tree::Describe(_) | Tree::Explain { .. } => return Ok(()),
            Tree::Statement(_) | Tree::Pipeline(_) | Tree::Unread { .. } => {}
        }
        let explained = self
            .explained(
                &format!("EXPLAIN USING JSON {}", run.statement.text()),
                query,
            )
            .await?;
        let estimate = explained.and_then(|plan| Estimate::of_plan(&plan));
        match estimate {
            None => Err(Error::NoEstimate),
            Some(estimate) if estimate.bytes > limit => {
                Err(Error::TooExpensive { estimate, limit })
            }
            Some(_) => Ok(()),
        }
    }

    /// The first value of a plan.
    async fn explained(&self, sql: &str, query: &Query) -> Result<Option<String>, Error> {
        let (session, parameters) = (query.session.clone(), query.parameters.clone());
        let run = self.approved(sql, session, parameters, query.timeout)?;
        let table = super::sheet::tabulate(self.warehouse.run(run).await?, &self.budget).await?;
        Ok(table.first_value().map(ToOwned::to_owned))
    }
}

/// Bytes for a reader, in the largest unit that leaves a number of at least one.
#[must_use]
pub(super) fn bytes(bytes: impl Into<u64>) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let bytes = bytes.into();
    let step = (bytes.max(1).ilog2() / 10).min(5);
    let unit = UNITS.get(step as usize).unwrap_or(&"B");
    if step == 0 {
        return format!("{bytes} {unit}");
    }
    // Tenths, without a detour over floating point.
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
