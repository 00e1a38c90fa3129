//! What one call may cost.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::forms::{GIB, HOUR, KIB, MIB, SECOND, is_tool, size, span};
use super::section::Section;
use super::shape::Shape;
use super::types::{ByteSize, List, Secret, Span, words};
use super::variable::settings;

words! {
    /// A group of tools, switched on and off with `TOOLSETS`.
    Toolset {
        /// Finding and describing objects.
        Catalog = "catalog",
        /// Running statements.
        Query = "query",
        /// Metrics and dimensions of semantic views.
        Semantic = "semantic",
        /// The operator's own tools.
        Custom = "custom",
    }
}

settings! {
    /// Budgets of a call.
    pub struct Limits in Section::Limits;

    // Enough to see what is there, few enough for a model's context.
    /// Rows in an answer when the call does not ask for a number. At most `MAX_ROWS`.
    pub default_rows: u64 = "DEFAULT_ROWS", Shape::Whole(1, 1_000_000), default "100";

    /// Most rows in one answer, whatever the call asks for.
    pub max_rows: u64 = "MAX_ROWS", Shape::Whole(1, 1_000_000), default "10000";

    // Agents cut what their model is given at 40,000 to 50,000 characters or 10,000 tokens, some in the middle of a row; 32
    // KiB fit all of them, and hold 100 rows of sixteen columns.
    /// Most bytes of rows in one answer. `fetch_results` returns the rows that do not fit. The default stays below every
    /// agent's own limit. With a higher value, clients that support it are told to expect longer answers.
    pub max_result_bytes: ByteSize = "MAX_RESULT_BYTES", size(4 * KIB, GIB), default "32KiB";

    // Room for a page of text, while one document does not take the room of all rows.
    /// Most bytes of one value. A longer value is shortened, and says how long it was.
    pub max_cell_bytes: ByteSize = "MAX_CELL_BYTES", size(64, 64 * MIB), default "16KiB";

    // Five minutes cover analysts' queries, while a mistake does not keep a warehouse busy for hours.
    /// How long a statement may run before it is stopped. A call can ask for less, not for more.
    pub query_timeout: Span = "QUERY_TIMEOUT", span(SECOND, 24 * HOUR), default "5m";

    // Below the 60 s after which common MCP clients give up on a call, and no sooner than Snowflake itself reports on a
    // statement it was asked to wait for.
    /// How long a call waits for its rows. After that the statement keeps running, and the call is answered with a cursor
    /// to fetch the rows later. Keep it below the time after which clients give up, often 60 s. Snowflake reports on a
    /// running statement after 45 s; a lower value costs a second request for each statement. With a value of
    /// `QUERY_TIMEOUT` or more, no statement is left running.
    pub sync_wait: Span = "SYNC_WAIT", span(SECOND, HOUR), default "45s";

    // Above every environment's pool, so that the pool decides unless somebody wants less.
    /// Most statements that run at once in this process. More wait in a queue.
    pub max_concurrent_queries: usize = "MAX_CONCURRENT_QUERIES", Shape::Whole(1, 10_000), default "64";

    // Nothing that runs is interrupted for others, so a quarter is kept for them; a caller who is alone needs no such limit.
    /// The share of these statements that one caller may run at once. The rest stays free for other callers. A caller is an
    /// API key, or without keys an IP address. For a key with `max_concurrent_queries`, that limit counts instead.
    pub max_caller_share: Option<f64> = "MAX_CALLER_SHARE", Shape::Decimal(0.05, 1.0),
        unset "0.75, or 1 if there is only one caller (one key, or no key and only this machine)";

    // A statement that would wait for four others to end is better sent again later.
    /// Most statements that wait, of all callers. Further statements get `warehouse_busy` at once, with the seconds to
    /// wait.
    pub max_queued: Option<usize> = "MAX_QUEUED", Shape::Whole(1, 100_000),
        unset "four times the statements that may run, at least 64";

    /// Most statements of one caller that wait.
    pub max_queued_per_caller: Option<usize> = "MAX_QUEUED_PER_CALLER", Shape::Whole(1, 100_000),
        unset "16, or `MAX_QUEUED` if there is only one caller";

    // Far more than an agent sends, and far fewer than would fill the places for connections.
    /// Most concurrent requests of one caller, of any kind. Further requests get 429 with `Retry-After` before their
    /// bodies are read. Without keys a caller is an IP address; behind a proxy all callers share the proxy's address,
    /// so raise this limit there.
    pub max_in_flight_per_caller: Option<usize> = "MAX_IN_FLIGHT_PER_CALLER", Shape::Whole(1, 1_000_000),
        unset "128, or as many as one caller may have statements that run and wait, if that is more";

    // Room for five results that come as fast as they can, of which each takes 24 MiB at most; an eighth of the chart's memory
    // limit.
    /// Memory for answers of Snowflake and for the chunks of its results while they are downloaded and read, for all
    /// calls together. Chunks that do not fit wait, at most until the call's time limit; the call then gets
    /// `warehouse_busy`. One result uses at most 24 MiB, or one chunk if that is larger. A chunk larger than the whole
    /// limit is refused.
    pub download_memory_limit: ByteSize = "DOWNLOAD_MEMORY_LIMIT", size(MIB, 64 * GIB), default "128MiB";

    // Unset, because what is right depends on who calls: an agent at work makes some ten calls a minute.
    /// Tool calls that one caller may make per minute, in each replica. A caller may make all of them at once; after that,
    /// its share grows back evenly over a minute. A caller is an API key, or without keys an IP address (behind a proxy,
    /// the proxy's). Further calls are answered `rate_limited` with the seconds to wait.
    pub rate_limit_per_minute: Option<u32> = "RATE_LIMIT_PER_MINUTE", Shape::Whole(1, 1_000_000), unset "no limit";

    /// The groups of tools that are offered: `catalog` finds and describes objects, `query` runs statements, `semantic`
    /// queries semantic views, `custom` are the tools of `CUSTOM_TOOLS_FILE`. `semantic` is off unless it is named,
    /// because its three tools add 6 kB to every conversation, even if there are no semantic views.
    pub toolsets: List<Toolset> = "TOOLSETS", Shape::Choices(Toolset::WORDS), default "catalog,query,custom";

    /// The only tools that are offered, among those of `TOOLSETS`. Example: `execute_query, describe_*`.
    pub tools: Option<List> = "TOOLS", Shape::Items("the name of a tool, in which * stands for any letters", is_tool),
        unset "all of `TOOLSETS`";

    /// Tools that are not offered even if `TOOLSETS` and `TOOLS` include them. Example: `explain_query`.
    pub disabled_tools: Option<List> = "DISABLED_TOOLS",
        Shape::Items("the name of a tool, in which * stands for any letters", is_tool), unset "none";

    /// A YAML or JSON file with tools and prompts of your own, see `docs/custom-tools.md`. If it has problems at the
    /// start, the server reports all of them and does not start. A changed file is read again within seconds; if it has
    /// problems, the tools stay as they were.
    pub custom_tools_file: Option<PathBuf> = "CUSTOM_TOOLS_FILE", Shape::Path("the path of a file"),
        unset "no tools of your own";

    // Off, because the most used agents then show their model nothing else, and as text the same rows take a third less.
    /// For callers that are programs: tools declare output schemas, `json` is the default format, and
    /// `structuredContent` has the whole answer too. Leave it off for agents.
    pub structured_output: bool = "STRUCTURED_OUTPUT", Shape::Switch, default "false";

    // Long enough for an agent that looks twice, too short to mislead.
    /// How long the answers of tools that list or describe objects are cached. Only the same caller gets a cached answer,
    /// which says how old it is. `0s` turns the cache off.
    pub catalog_cache_ttl: Span = "CATALOG_CACHE_TTL", span(0, HOUR), default "10s";

    /// Most bytes a statement may scan, by Snowflake's own estimate. A statement above it is refused before it runs. Each
    /// statement is explained first, which costs one more request. The embedded engine gives no estimate.
    pub max_scan_bytes: Option<ByteSize> = "MAX_SCAN_BYTES", size(MIB, 1024 * 1024 * GIB), unset "no limit";

    /// Signs the cursors that lead to further pages. Give all replicas the same secret, so that each accepts the cursors of
    /// the others. You may give several secrets, separated by commas: all are accepted, and the first one signs. To change
    /// the secret, put the new one first and remove the old one after `CURSOR_LIFETIME`.
    pub cursor_secret: Option<Secret> = "CURSOR_SECRET",
        Shape::Checked("at least 32 characters, or several such secrets separated by commas", |text| {
            text.split(',').all(|secret| secret.trim().chars().count() >= 32)
        }),
        unset "made at start-up" [secret];

    // As long as Snowflake keeps the result that the cursor leads to.
    /// How long a cursor is accepted. Snowflake keeps results for 24 hours, so a longer time has no use. Choose a shorter
    /// time if callers should lose access to earlier results sooner.
    pub cursor_lifetime: Span = "CURSOR_LIFETIME", span(SECOND, 24 * HOUR), default "24h";
}
