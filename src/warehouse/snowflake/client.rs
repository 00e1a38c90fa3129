//! What we tell Snowflake about this client: its name and its time.

use std::time::{SystemTime, UNIX_EPOCH};

/// How we call ourselves at sign-in and in Snowflake's history of sessions.
pub(in crate::warehouse::snowflake) const APPLICATION: &str = "snowflake-mcp";

/// The same for HTTP.
pub(in crate::warehouse::snowflake) const USER_AGENT: &str =
    concat!("snowflake-mcp/", env!("CARGO_PKG_VERSION"));

/// Milliseconds since 1970, as the protocol counts them.
pub(super) fn unix_millis() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
