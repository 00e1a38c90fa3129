//! How many Snowflake sessions are kept, and for how long.

use envconfig::Envconfig;

use super::types::{Minutes, Seconds};

/// The pool of Snowflake sessions.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Pool {
    /// Sessions kept even when idle.
    #[envconfig(from = "SNOWFLAKE_POOL_MIN_SIZE")]
    pub min_size: u32,
    /// Sessions at most; never fewer than [`Pool::min_size`].
    #[envconfig(from = "SNOWFLAKE_POOL_MAX_SIZE")]
    pub max_size: u32,
    /// Idle sessions above the minimum are closed after this.
    #[envconfig(from = "SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES", default = "30")]
    pub max_inactive: Minutes,
    /// An idle session is kept alive by a heartbeat this often.
    #[envconfig(from = "SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES", default = "5")]
    pub health_check: Minutes,
    /// Longest wait for a session: longer than a cold sign-in, shorter than the minute after which common MCP clients
    /// give up on a call.
    #[envconfig(from = "SNOWFLAKE_POOL_CONNECTION_TIMEOUT", default = "30.0")]
    pub connection_timeout: Seconds,
    /// How often a transient failure is tried again.
    #[envconfig(from = "SNOWFLAKE_POOL_RETRY_ATTEMPTS", default = "3")]
    pub retry_attempts: u32,
}
