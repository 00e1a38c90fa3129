//! Sessions of Snowflake.

use super::variable::{Section, Variable};
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "SNOWFLAKE_POOL_MIN_SIZE",
        Section::Pool,
        Shape::Whole(1, 1000),
        "Sessions that stay open even when idle.",
    )
    .each("1", "2", "5"),
    Variable::new(
        "SNOWFLAKE_POOL_MAX_SIZE",
        Section::Pool,
        Shape::Whole(1, 1000),
        "Most sessions, at least `SNOWFLAKE_POOL_MIN_SIZE`. It is also how many statements run at once.",
    )
    .each("5", "10", "20"),
    Variable::new(
        "SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES",
        Section::Pool,
        Shape::Minutes(1, 10_080),
        "Idle time after which sessions above the minimum are closed.",
    )
    .default("30"),
    Variable::new(
        "SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES",
        Section::Pool,
        Shape::Minutes(1, 10_080),
        "How often an idle session gets a heartbeat.",
    )
    .default("5"),
    Variable::new(
        "SNOWFLAKE_POOL_CONNECTION_TIMEOUT",
        Section::Pool,
        Shape::Seconds(1, 3600),
        "Longest time a call waits for a session. After that it is answered `warehouse_busy`.",
    )
    .default("30.0"),
    Variable::new(
        "SNOWFLAKE_POOL_RETRY_ATTEMPTS",
        Section::Pool,
        Shape::Whole(0, 100),
        "How often a request is retried after a transient failure.",
    )
    .default("3"),
];
