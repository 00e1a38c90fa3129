//! The limits of one call, and how an answer says which limit was reached.

use std::time::Duration;

use crate::policy::Policy;
use crate::sql::Identifier;

/// The limits every call is held to; the settings of the same names say why each has its default.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Rows when the call names no limit (`DEFAULT_ROWS`).
    pub default_rows: u64,
    /// Rows at most, whatever the call names (`MAX_ROWS`).
    pub max_rows: u64,
    /// Bytes of text at most (`MAX_RESULT_BYTES`).
    pub max_bytes: usize,
    /// Bytes of one value at most; longer ones are shortened (`MAX_CELL_BYTES`).
    pub max_cell_bytes: usize,
    /// Bytes a statement may be estimated to scan (`MAX_SCAN_BYTES`).
    pub max_scan_bytes: Option<u64>,
    /// How long a call waits before it leaves its statement running (`SYNC_WAIT`).
    pub sync_wait: Duration,
    /// How long a cursor is good for (`CURSOR_LIFETIME`).
    pub cursor_lifetime: Duration,
    /// Time for a statement, waiting included; a call may ask for less, never for more (`QUERY_TIMEOUT`).
    pub timeout: Duration,
}

/// Limits of one caller, in place of those of all callers.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// The caller's limits.
    pub budget: Budget,
    /// Statements the caller may have running at once. `None`: as many as any other caller.
    pub at_once: Option<usize>,
}

/// Policy and limits of one caller with a grant, in place of those of all callers.
#[derive(Debug, Clone)]
pub struct Rights {
    /// What the caller's statements may do.
    pub policy: Policy,
    /// The same for a caller that may only read.
    pub reading_policy: Policy,
    /// The caller's limits.
    pub budget: Budget,
    /// Statements the caller may have running at once. `None`: as many as any other caller.
    pub at_once: Option<usize>,
    /// The caller's share of the queue: a caller of weight 2 is let in twice as often as one of weight 1.
    pub weight: u32,
    /// The role of calls that name none.
    pub role: Option<Identifier>,
}

/// What was left out of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncation {
    /// Which limit was reached.
    pub reason: TruncationReason,
    /// The limit, in rows or bytes as the reason has it.
    pub limit: u64,
    /// Whether a larger `limit` argument would bring more.
    pub may_be_raised: bool,
}

impl Truncation {
    /// For a list that is as long as the warehouse makes lists.
    pub(super) fn of_listing(limit: u64) -> Self {
        Self {
            reason: TruncationReason::Listing,
            limit,
            may_be_raised: false,
        }
    }
}

/// The limits a result can run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruncationReason {
    /// The number of rows.
    Rows,
    /// The size of the text.
    Bytes,
    /// The number of names that the warehouse returns at most.
    Listing,
}

/// The shortest time a call waits, even if it asks for none. Some clients make every argument required, and their model
/// writes 0 where it means none (smolagents): if such calls did not wait at all, every small query would take two calls.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Bytes of a page of a list of names: some 2,000 tokens, which is 100 names with their other columns. A caller that asks
/// for more rows than usual gets more bytes too.
const LIST_BYTES: usize = 8 << 10;

impl Budget {
    /// The byte limit of an answer with this many rows.
    pub(super) fn bytes(&self, rows: u64, is_list: bool) -> usize {
        match is_list && rows <= self.default_rows {
            true => self.max_bytes.min(LIST_BYTES),
            false => self.max_bytes,
        }
    }

    /// The row limit of this call.
    pub(super) fn rows(&self, asked: Option<u64>) -> u64 {
        asked.unwrap_or(self.default_rows).min(self.max_rows)
    }

    /// The time limit of this call.
    pub(super) fn time(&self, asked: Option<Duration>) -> Duration {
        asked.map_or(self.timeout, |asked| asked.min(self.timeout))
    }

    /// How long this call waits for its rows.
    pub(super) fn wait(&self, asked: Option<Duration>) -> Duration {
        asked.map_or(self.sync_wait, |asked| {
            asked.max(SHORTEST_WAIT).min(self.sync_wait)
        })
    }
}

#[cfg(test)]
impl Default for Budget {
    /// Small enough for tests to reach, and no limit of time that a busy machine would.
    fn default() -> Self {
        Self {
            default_rows: 100,
            max_rows: 1000,
            max_bytes: 1 << 20,
            max_cell_bytes: 1 << 14,
            max_scan_bytes: None,
            sync_wait: Duration::from_secs(60),
            cursor_lifetime: Duration::from_secs(3600),
            timeout: Duration::from_secs(60),
        }
    }
}

impl TruncationReason {
    /// The word used in structured results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "row_limit",
            Self::Bytes => "byte_limit",
            Self::Listing => "listing_limit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_as_long_as_it_asks_and_never_longer_than_the_budget() {
        let budget = Budget::default();
        for (asked, takes) in [
            (None, budget.timeout),
            (Some(Duration::from_secs(3)), Duration::from_secs(3)),
            (Some(budget.timeout * 2), budget.timeout),
        ] {
            assert_eq!(budget.time(asked), takes, "{asked:?}");
        }
    }

    #[test]
    fn a_call_waits_as_long_as_it_asks_and_never_longer_than_the_budget() {
        let budget = Budget::default();
        for (asked, waits) in [
            (None, budget.sync_wait),
            (Some(Duration::ZERO), SHORTEST_WAIT),
            (Some(Duration::from_secs(3)), Duration::from_secs(3)),
            (Some(budget.sync_wait * 2), budget.sync_wait),
        ] {
            assert_eq!(budget.wait(asked), waits, "{asked:?}");
        }
    }

    #[test]
    fn a_call_gets_the_rows_and_bytes_it_asks_for_up_to_the_budget() {
        let budget = Budget::default();
        for (asked, rows) in [(None, 100), (Some(7), 7), (Some(5000), 1000)] {
            assert_eq!(budget.rows(asked), rows, "{asked:?}");
        }
        let usual = budget.default_rows;
        for (rows, is_list, bytes) in [
            (usual, true, LIST_BYTES),
            (usual + 1, true, budget.max_bytes),
            (usual, false, budget.max_bytes),
        ] {
            assert_eq!(budget.bytes(rows, is_list), bytes, "{rows} {is_list}");
        }
    }
}
