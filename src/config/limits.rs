//! What one call may cost.

use envconfig::Envconfig;

use super::types::{ByteSize, List, Secret, Span, words};

words! {
    /// A group of tools, switched on and off with `TOOLSETS`.
    Toolset {
        /// Finding and describing objects.
        Catalog = "catalog",
        /// Running statements.
        Query = "query",
    }
}

/// Budgets of a call.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Limits {
    /// Rows in an answer to a call that does not ask for a number: enough to see what is there, few enough for a
    /// model's context.
    #[envconfig(from = "DEFAULT_ROWS", default = "100")]
    pub default_rows: u64,
    /// Rows in one answer at most, whatever the call asks for.
    #[envconfig(from = "MAX_ROWS", default = "10000")]
    pub max_rows: u64,
    /// Rows of one answer at most. Agents cut what their model is given at 40,000 to 50,000 characters or 10,000 tokens, some in
    /// the middle of a row; 32 KiB fit all of them, and hold 100 rows of sixteen columns.
    #[envconfig(from = "MAX_RESULT_BYTES", default = "32KiB")]
    pub max_result_bytes: ByteSize,
    /// One value of an answer at most; what is longer is shortened and says so. Room for a page of text, while one
    /// document does not take the room of all rows.
    #[envconfig(from = "MAX_CELL_BYTES", default = "16KiB")]
    pub max_cell_bytes: ByteSize,
    /// How long a statement may run. Both the default and the most a call may ask for: five minutes cover analysts'
    /// queries, while a mistake does not keep a warehouse busy for hours.
    #[envconfig(from = "QUERY_TIMEOUT", default = "5m")]
    pub query_timeout: Span,
    /// How long a call waits before it answers with a handle instead of rows. Below the 60 s after which common MCP
    /// clients give up on a call, and no sooner than Snowflake itself gives word of a statement it was asked to wait for.
    #[envconfig(from = "SYNC_WAIT", default = "45s")]
    pub sync_wait: Span,
    /// Statements running at once in this process; more wait their turn. Above every environment's pool, so that it is
    /// the pool that decides unless somebody wants less.
    #[envconfig(from = "MAX_CONCURRENT_QUERIES", default = "64")]
    pub max_concurrent_queries: usize,
    /// The share of the slots that one caller may have at once. Nothing that runs is interrupted for others, so a quarter is
    /// kept for them; a caller who is alone needs no such limit.
    #[envconfig(from = "MAX_CALLER_SHARE")]
    pub max_caller_share: Option<f64>,
    /// Statements that may wait. What waits longer than four turns is better sent again later.
    #[envconfig(from = "MAX_QUEUED")]
    pub max_queued: Option<usize>,
    /// The same for one caller, where there are several.
    #[envconfig(from = "MAX_QUEUED_PER_CALLER")]
    pub max_queued_per_caller: Option<usize>,
    /// Memory for pieces of results that are being fetched from cloud storage. Room for five results that come as fast as
    /// they can, of which each takes 24 MiB at most; an eighth of the chart's limit.
    #[envconfig(from = "DOWNLOAD_MEMORY_LIMIT", default = "128MiB")]
    pub download_memory_limit: ByteSize,
    /// Calls of one caller in a minute. Unset, because what is right depends on who calls: an agent at work makes some ten.
    #[envconfig(from = "RATE_LIMIT_PER_MINUTE")]
    pub rate_limit_per_minute: Option<u32>,
    /// The tools that are offered.
    #[envconfig(from = "TOOLSETS", default = "catalog,query")]
    pub toolsets: List<Toolset>,
    /// Whether every answer has a structured part. Off, because the most used agents then show their model nothing else, and as
    /// text the same rows take a third less.
    #[envconfig(from = "STRUCTURED_OUTPUT", default = "false")]
    pub structured_output: bool,
    /// How long the answers of catalog tools are kept. Long enough for an agent that looks twice, too short to mislead.
    #[envconfig(from = "CATALOG_CACHE_TTL", default = "10s")]
    pub catalog_cache_ttl: Span,
    /// Bytes a statement may be estimated to scan.
    #[envconfig(from = "MAX_SCAN_BYTES")]
    pub max_scan_bytes: Option<ByteSize>,
    /// Sign the cursors of long results, the newest first; the same in every replica.
    #[envconfig(from = "CURSOR_SECRET")]
    pub cursor_secret: Option<Secret>,
    /// How long a cursor is good for: as long as Snowflake keeps the result it leads to.
    #[envconfig(from = "CURSOR_LIFETIME", default = "24h")]
    pub cursor_lifetime: Span,
}
