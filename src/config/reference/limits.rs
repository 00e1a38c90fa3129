//! What one call may cost.

use super::variable::{GIB, HOUR, KIB, MIB, SECOND, Section, Variable, size, span};
use crate::config::limits::Toolset;
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "DEFAULT_ROWS",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Rows in an answer when the call does not ask for a number. At most `MAX_ROWS`.",
    )
    .default("100"),
    Variable::new(
        "MAX_ROWS",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Most rows in one answer, whatever the call asks for.",
    )
    .default("10000"),
    Variable::new(
        "MAX_RESULT_BYTES",
        Section::Limits,
        size(4 * KIB, GIB),
        "Most bytes of rows in one answer. `fetch_results` returns the rows that do not fit. The default stays below \
         every agent's own limit. With a higher value, clients that support it are told to expect longer answers.",
    )
    .default("32KiB"),
    Variable::new(
        "MAX_CELL_BYTES",
        Section::Limits,
        size(64, 64 * MIB),
        "Most bytes of one value. A longer value is shortened, and says how long it was.",
    )
    .default("16KiB"),
    Variable::new(
        "QUERY_TIMEOUT",
        Section::Limits,
        span(SECOND, 24 * HOUR),
        "How long a statement may run before it is stopped. A call can ask for less, not for more.",
    )
    .default("5m"),
    Variable::new(
        "SYNC_WAIT",
        Section::Limits,
        span(SECOND, HOUR),
        "How long a call waits for its rows. After that the statement keeps running, and the call is answered with a \
         cursor to fetch the rows later. Keep it below the time after which clients give up, often 60 s. Snowflake \
         reports on a running statement after 45 s; a lower value costs a second request for each statement. With a value \
         of `QUERY_TIMEOUT` or more, no statement is left running.",
    )
    .default("45s"),
    Variable::new(
        "MAX_CONCURRENT_QUERIES",
        Section::Limits,
        Shape::Whole(1, 10_000),
        "Most statements that run at once in this process. More wait in a queue.",
    )
    .default("64"),
    Variable::new(
        "MAX_CALLER_SHARE",
        Section::Limits,
        Shape::Decimal(0.05, 1.0),
        "The share of these statements that one caller may run at once. The rest stays free for other callers. A caller is an API key, \
         or without keys an IP address. For a key with `max_concurrent_queries`, that limit counts instead.",
    )
    .unset("0.75, or 1 if there is only one caller (one key, or no key and only this machine)"),
    Variable::new(
        "MAX_QUEUED",
        Section::Limits,
        Shape::Whole(1, 100_000),
        "Most statements that wait, of all callers. Further ones are answered `warehouse_busy` at once, with the seconds to wait.",
    )
    .unset("four times the statements that may run, at least 64"),
    Variable::new(
        "MAX_QUEUED_PER_CALLER",
        Section::Limits,
        Shape::Whole(1, 100_000),
        "Most statements of one caller that wait.",
    )
    .unset("16, or `MAX_QUEUED` if there is only one caller"),
    Variable::new(
        "DOWNLOAD_MEMORY_LIMIT",
        Section::Limits,
        size(MIB, 64 * GIB),
        "Memory for answers of Snowflake and for the chunks of its results while they are downloaded and read, for all \
         calls together. What does not fit waits until the call's time is over; the call is then answered \
         `warehouse_busy`. One result uses at most 24 MiB, or one chunk if that is larger. A chunk larger than the whole \
         limit is refused.",
    )
    .default("128MiB"),
    Variable::new(
        "RATE_LIMIT_PER_MINUTE",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Tool calls that one caller may make per minute, in each replica. A caller may make all of them at once; after \
         that, its share grows back evenly over a minute. A caller is an API key, or without keys an IP address (behind a \
         proxy, the proxy's). Further calls are answered `rate_limited` with the seconds to wait.",
    )
    .unset("no limit"),
    Variable::new(
        "TOOLSETS",
        Section::Limits,
        Shape::Choices(Toolset::WORDS),
        "The groups of tools that are offered: `catalog` finds and describes objects, `query` runs statements.",
    )
    .default("catalog,query"),
    Variable::new(
        "STRUCTURED_OUTPUT",
        Section::Limits,
        Shape::Switch,
        "For callers that are programs: tools declare output schemas, `json` is the default format, and \
         `structuredContent` holds the whole answer too. Leave it off for agents.",
    )
    .default("false"),
    Variable::new(
        "CATALOG_CACHE_TTL",
        Section::Limits,
        span(0, HOUR),
        "How long the answers of tools that list or describe objects are cached. Only the same caller gets a cached \
         answer, which says how old it is. `0s` turns the cache off.",
    )
    .default("10s"),
    Variable::new(
        "MAX_SCAN_BYTES",
        Section::Limits,
        size(MIB, 1024 * 1024 * GIB),
        "Most bytes a statement may scan, by Snowflake's own estimate. A statement above it is refused before it runs. \
         Each statement is explained first, which costs one more request. The embedded engine gives no estimate.",
    )
    .unset("no limit"),
    Variable::new(
        "CURSOR_SECRET",
        Section::Limits,
        Shape::Checked("at least 32 characters, or several such secrets separated by commas", |text| {
            text.split(',').all(|secret| secret.trim().chars().count() >= 32)
        }),
        "Signs the cursors that lead to further pages. Give all replicas the same secret, so that each accepts the \
         cursors of the others. You may give several secrets, separated by commas: all are accepted, and the first one \
         signs. To change the secret, put the new one first and remove the old one after `CURSOR_LIFETIME`.",
    )
    .secret()
    .unset("made at start-up"),
    Variable::new(
        "CURSOR_LIFETIME",
        Section::Limits,
        span(SECOND, 24 * HOUR),
        "How long a cursor is accepted. Snowflake keeps results for 24 hours, so a longer time has no use. Choose a \
         shorter time if callers should lose access to earlier results sooner.",
    )
    .default("24h"),
];
