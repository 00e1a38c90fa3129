//! The queue in front of the warehouse, as the settings have it.

use crate::config::{Backend, Settings};
use crate::warehouse::GateLimits;

/// The share of one caller where there are several.
const SHARE_OF_SEVERAL: f64 = 0.75;

/// Statements of one caller that may wait where there are several.
const QUEUED_OF_SEVERAL: usize = 16;

/// Requests of one caller at once, where nothing is said.
const IN_FLIGHT: usize = 128;

/// How many requests of one caller are worked on at once. No fewer than there may be statements: the queue tells an agent more
/// than a status does.
pub(super) fn in_flight(settings: &Settings) -> usize {
    let is_account = settings.warehouse.backend == Backend::Snowflake;
    let sessions =
        is_account.then_some(usize::try_from(settings.pool.max_size).unwrap_or(usize::MAX));
    settings
        .limits
        .max_in_flight_per_caller
        .unwrap_or_else(|| limits(settings, sessions).of_one().max(IN_FLIGHT))
}

/// For a warehouse with so many sessions, where it has them.
pub(super) fn limits(settings: &Settings, sessions: Option<usize>) -> GateLimits {
    let limits = &settings.limits;
    let most = limits.max_concurrent_queries;
    // The lower of the two is what limits, and a refusal must name the setting that the operator
    // can raise.
    let (slots, setting) = match sessions {
        Some(sessions) if sessions <= most => (sessions, "SNOWFLAKE_POOL_MAX_SIZE"),
        _ => (most, "MAX_CONCURRENT_QUERIES"),
    };
    let are_several = are_several(settings);
    GateLimits {
        slots,
        setting,
        // A single caller may fill the whole warehouse; of several, none should keep the others
        // out.
        share: limits
            .max_caller_share
            .unwrap_or(if are_several { SHARE_OF_SEVERAL } else { 1.0 }),
        queued: limits.max_queued,
        queued_per_caller: limits
            .max_queued_per_caller
            .or(are_several.then_some(QUEUED_OF_SEVERAL)),
    }
}

/// Whether there can be more callers than one, as far as the queue tells them apart.
fn are_several(settings: &Settings) -> bool {
    if settings.requires_credential() {
        return settings.oauth.issuer.is_some()
            || settings.auth.callers_file.is_some()
            || settings.auth.keys().count() > 1;
    }
    // Without a key a caller is its address, and on this machine there is one.
    !settings.server.is_loopback()
}
