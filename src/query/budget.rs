//! How much one call may take and give back, and how it is said when that was not enough.

use std::time::Duration;

/// The limits every call is held to; the settings of the same names say why each has its default.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Rows when the call names no limit (`DEFAULT_ROWS`).
    pub default_rows: u64,
    /// Rows at most, whatever the call names (`MAX_ROWS`).
    pub max_rows: u64,
    /// Bytes of text at most (`MAX_RESULT_BYTES`).
    pub max_bytes: usize,
    /// Time for a statement, waiting included; a call may ask for less, never for more (`QUERY_TIMEOUT`).
    pub timeout: Duration,
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

/// The limits a result can run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruncationReason {
    /// The number of rows.
    Rows,
    /// The size of the text.
    Bytes,
}

impl Budget {
    /// Rows this call may return.
    pub(super) fn rows(&self, asked: Option<u64>) -> u64 {
        asked.unwrap_or(self.default_rows).min(self.max_rows)
    }

    /// Time this call may take.
    pub(super) fn time(&self, asked: Option<Duration>) -> Duration {
        asked.map_or(self.timeout, |asked| asked.min(self.timeout))
    }
}

impl TruncationReason {
    /// The word used in structured results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "row_limit",
            Self::Bytes => "byte_limit",
        }
    }
}
