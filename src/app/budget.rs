//! What a call may take and give, from the settings.

use crate::config;
use crate::query::Budget;

/// For every caller without lower limits.
pub(super) fn budget(limits: &config::Limits) -> Budget {
    Budget {
        default_rows: limits.default_rows,
        max_rows: limits.max_rows,
        max_bytes: usize::try_from(*limits.max_result_bytes).unwrap_or(usize::MAX),
        max_cell_bytes: usize::try_from(*limits.max_cell_bytes).unwrap_or(usize::MAX),
        max_scan_bytes: limits.max_scan_bytes.map(|bytes| *bytes),
        sync_wait: *limits.sync_wait,
        cursor_lifetime: *limits.cursor_lifetime,
        timeout: *limits.query_timeout,
    }
}
