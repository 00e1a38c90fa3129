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

/// What one caller may have, where that is less than everybody may.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// In place of everybody's.
    pub budget: Budget,
    /// How many statements it may have running at once; as many as any caller where nothing is said.
    pub at_once: Option<usize>,
}

/// What one caller may do and have, in place of what everybody may.
#[derive(Debug, Clone)]
pub struct Rights {
    /// What its statements may do.
    pub policy: Policy,
    /// The same where it may not change anything.
    pub reading_policy: Policy,
    /// What they may cost.
    pub budget: Budget,
    /// How many may run at once; as many as any caller's where nothing is said.
    pub at_once: Option<usize>,
    /// Its turns in the queue, to each of somebody with 1.
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
    /// Of a list with as many names as the warehouse lists.
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
    /// The number of names that the warehouse lists.
    Listing,
}

/// Whoever asks not to wait still gets rows that are there within this time: some clients make every argument required, and
/// their model writes 0 for none (smolagents). An answer "still running" to each small query would double its calls.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Bytes of a page of a list of names: some 2,000 tokens, and 100 names with what belongs to them. Whoever asks for more rows than
/// usual gets more.
const LIST_BYTES: usize = 8 << 10;

impl Budget {
    /// Bytes of an answer with so many rows.
    pub(super) fn bytes(&self, rows: u64, is_list: bool) -> usize {
        match is_list && rows <= self.default_rows {
            true => self.max_bytes.min(LIST_BYTES),
            false => self.max_bytes,
        }
    }

    /// Rows this call may return.
    pub(super) fn rows(&self, asked: Option<u64>) -> u64 {
        asked.unwrap_or(self.default_rows).min(self.max_rows)
    }

    /// Time this call may take.
    pub(super) fn time(&self, asked: Option<Duration>) -> Duration {
        asked.map_or(self.timeout, |asked| asked.min(self.timeout))
    }

    /// Time this call may wait for its rows.
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
