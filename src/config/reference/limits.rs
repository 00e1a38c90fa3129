//! What one call may cost.

use super::variable::{GIB, HOUR, KIB, MIB, SECOND, Section, Variable, size, span};
use crate::config::limits::Toolset;
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "DEFAULT_ROWS",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Rows in an answer to a call that asks for no number. Not more than `MAX_ROWS`.",
    )
    .default("100"),
    Variable::new(
        "MAX_ROWS",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Rows in one answer at most, whatever the call asks for.",
    )
    .default("10000"),
    Variable::new(
        "MAX_RESULT_BYTES",
        Section::Limits,
        size(4 * KIB, GIB),
        "Bytes of rows in one answer at most; what does not fit can be read on with `fetch_results`. The default fits every agent's own \
         limit; with more, clients that know it are told to expect it.",
    )
    .default("32KiB"),
    Variable::new(
        "MAX_CELL_BYTES",
        Section::Limits,
        size(64, 64 * MIB),
        "Bytes of one value at most; a longer one is shortened and says how long it was.",
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
        "How long a call waits for its rows before it leaves the statement running and answers with a cursor to fetch them by. \
         Keep it below the time after which clients give up, often 60 s. After 45 s Snowflake gives word of a statement by \
         itself; to hear sooner costs a second request for each. With no less than `QUERY_TIMEOUT` nothing is left running.",
    )
    .default("45s"),
    Variable::new(
        "MAX_CONCURRENT_QUERIES",
        Section::Limits,
        Shape::Whole(1, 10_000),
        "Statements running at once in this process; more wait their turn.",
    )
    .default("64"),
    Variable::new(
        "DOWNLOAD_MEMORY_LIMIT",
        Section::Limits,
        size(MIB, 64 * GIB),
        "Memory for answers of Snowflake and for pieces of its results while they are fetched and read, of all calls together. What does \
         not fit waits its turn, until its call's time is over: the call is then answered `warehouse_busy`. One result takes 24 MiB at \
         most, or one piece where that is larger; a piece larger than all there is, is refused.",
    )
    .default("128MiB"),
    Variable::new(
        "RATE_LIMIT_PER_MINUTE",
        Section::Limits,
        Shape::Whole(1, 1_000_000),
        "Calls of tools that one caller may make in a minute, at each replica: so many at once, then one more for each share of a \
         minute that has passed. A caller is a key, or without keys an address; behind a proxy that is the proxy's. More are answered \
         `rate_limited`, with the seconds to wait.",
    )
    .unset("no limit"),
    Variable::new(
        "TOOLSETS",
        Section::Limits,
        Shape::Choices(Toolset::WORDS),
        "The groups of tools that are offered. `semantic`, `cortex` and `custom` come in later versions.",
    )
    .default("catalog,query"),
    Variable::new(
        "STRUCTURED_OUTPUT",
        Section::Limits,
        Shape::Switch,
        "For callers that are programs: tools declare output schemas, `json` is the default format, and every answer has all of its content \
         in `structuredContent` too. Leave it off for agents.",
    )
    .default("false"),
    Variable::new(
        "CATALOG_CACHE_TTL",
        Section::Limits,
        span(0, HOUR),
        "How long answers of the tools that list and describe are kept for the same caller and question; such an answer says how \
         old it is. `0s` keeps none.",
    )
    .default("10s"),
    Variable::new(
        "MAX_SCAN_BYTES",
        Section::Limits,
        size(MIB, 1024 * 1024 * GIB),
        "A statement that Snowflake's plan expects to scan more is refused before it runs; each is explained first, which takes \
         one more request. The embedded engine expects no bytes.",
    )
    .unset("no limit"),
    Variable::new(
        "CURSOR_SECRET",
        Section::Limits,
        Shape::Checked("at least 32 characters, or several such secrets separated by commas", |text| {
            text.split(',').all(|secret| secret.trim().chars().count() >= 32)
        }),
        "Signs the cursors of long results. Give every replica the same, so that each can go on with what another began. Several, \
         separated by commas, are all accepted, and the first signs: put a new one in front, and drop the old one when `CURSOR_LIFETIME` has passed.",
    )
    .secret()
    .unset("made at start-up"),
    Variable::new(
        "CURSOR_LIFETIME",
        Section::Limits,
        span(SECOND, 24 * HOUR),
        "How long a cursor is good for. Snowflake keeps results for a day, so longer is of no use; less where what a caller has read \
         shall soon be out of its reach.",
    )
    .default("24h"),
];
