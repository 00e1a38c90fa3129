//! How many Snowflake sessions are kept, and for how long.

use envconfig::Envconfig;

use super::section::Section;
use super::shape::Shape;
use super::types::{Minutes, Seconds};
use super::variable::settings;

settings! {
    /// The pool of Snowflake sessions.
    pub struct Pool in Section::Pool;

    /// Sessions that stay open even when idle.
    pub min_size: u32 = "SNOWFLAKE_POOL_MIN_SIZE", Shape::Whole(1, 1000), each "1" "2" "5";

    /// Most sessions, at least `SNOWFLAKE_POOL_MIN_SIZE`. It is also how many statements run at once.
    pub max_size: u32 = "SNOWFLAKE_POOL_MAX_SIZE", Shape::Whole(1, 1000), each "5" "10" "20";

    /// Idle time after which sessions above the minimum are closed.
    pub max_inactive: Minutes = "SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES", Shape::Minutes(1, 10_080), default "30";

    /// How often an idle session gets a heartbeat.
    pub health_check: Minutes = "SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES", Shape::Minutes(1, 10_080), default "5";

    // Longer than a cold sign-in, shorter than the minute after which common MCP clients give up on a call.
    /// Longest time a call waits for a session. After that it is answered `warehouse_busy`.
    pub connection_timeout: Seconds = "SNOWFLAKE_POOL_CONNECTION_TIMEOUT", Shape::Seconds(1, 3600), default "30.0";

    /// How often a request is retried after a transient failure.
    pub retry_attempts: u32 = "SNOWFLAKE_POOL_RETRY_ATTEMPTS", Shape::Whole(0, 100), default "3";
}
