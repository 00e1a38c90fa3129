//! Which functions do more than compute a value.

use super::Call;

impl Call {
    /// Whether calling it may change something or is billed by use.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        let function = self.function();
        if self.parts.is_empty() {
            return true;
        }
        if self.is_method {
            return !HARMLESS_METHODS
                .iter()
                .any(|prefix| function.starts_with(prefix));
        }
        if function.starts_with("SYSTEM$") {
            return !HARMLESS_SYSTEM_FUNCTIONS.contains(&function);
        }
        let schema = self.parts.iter().rev().nth(1).map(String::as_str);
        // The functions of the CORTEX schema and their AI_ successors are billed by the token; a caller may make that
        // schema the current one, so their bare names count too, but for TRANSLATE, which is also a text function.
        schema == Some("CORTEX")
            || function.starts_with("AI_")
            || BILLED_FUNCTIONS.contains(&function)
            || EFFECTIVE_FUNCTIONS.contains(&function)
    }
}

/// SYSTEM$ functions that only report (docs.snowflake.com/en/sql-reference/functions-system). All others are taken to have
/// an effect: they cancel, abort, wait, send, create or show secrets. `STREAM_HAS_DATA` is left out on purpose: calling it
/// keeps a stream from becoming stale.
const HARMLESS_SYSTEM_FUNCTIONS: [&str; 31] = [
    "SYSTEM$ALLOWLIST",
    "SYSTEM$ALLOWLIST_PRIVATELINK",
    "SYSTEM$AUTO_REFRESH_STATUS",
    "SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS",
    "SYSTEM$CLUSTERING_DEPTH",
    "SYSTEM$CLUSTERING_INFORMATION",
    "SYSTEM$CLUSTERING_RATIO",
    "SYSTEM$CURRENT_USER_TASK_NAME",
    "SYSTEM$DATABASE_REFRESH_HISTORY",
    "SYSTEM$DATABASE_REFRESH_PROGRESS",
    "SYSTEM$DATABASE_REFRESH_PROGRESS_BY_JOB",
    "SYSTEM$ESTIMATE_AUTOMATIC_CLUSTERING_COSTS",
    "SYSTEM$ESTIMATE_QUERY_ACCELERATION",
    "SYSTEM$ESTIMATE_SEARCH_OPTIMIZATION_COSTS",
    "SYSTEM$EXPLAIN_JSON_TO_TEXT",
    "SYSTEM$EXPLAIN_PLAN_JSON",
    "SYSTEM$EXTERNAL_TABLE_PIPE_STATUS",
    "SYSTEM$GET_CLASSIFICATION_RESULT",
    "SYSTEM$GET_PREDECESSOR_RETURN_VALUE",
    "SYSTEM$GET_SERVICE_STATUS",
    "SYSTEM$GET_TAG",
    "SYSTEM$GET_TAG_ALLOWED_VALUES",
    "SYSTEM$GET_TAG_ON_CURRENT_COLUMN",
    "SYSTEM$GET_TAG_ON_CURRENT_TABLE",
    "SYSTEM$LAST_CHANGE_COMMIT_TIME",
    "SYSTEM$PIPE_STATUS",
    "SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES",
    "SYSTEM$SHOW_BUDGETS_IN_ACCOUNT",
    "SYSTEM$STREAM_GET_TABLE_TIMESTAMP",
    "SYSTEM$TYPEOF",
    "SYSTEM$WHITELIST",
];

/// Methods of models and budgets that only compute or report, by their first letters.
const HARMLESS_METHODS: [&str; 8] = [
    "PREDICT",
    "FORECAST",
    "DETECT_ANOMALIES",
    "EXPLAIN",
    "SHOW_",
    "GET_",
    "TRANSFORM",
    "SCORE",
];

const BILLED_FUNCTIONS: [&str; 12] = [
    "CLASSIFY_TEXT",
    "COMPLETE",
    "DATA_AGENT_RUN",
    "EMBED_TEXT_1024",
    "EMBED_TEXT_768",
    "ENTITY_SENTIMENT",
    "EXTRACT_ANSWER",
    "FINETUNE",
    "PARSE_DOCUMENT",
    "SEARCH_PREVIEW",
    "SENTIMENT",
    "SUMMARIZE",
];

/// Sequences move on. `TO_QUERY` runs a text as SQL, which nobody has looked at.
const EFFECTIVE_FUNCTIONS: [&str; 4] = ["GETNEXTVAL", "NEXTVAL", "TO_QUERY", "TRY_COMPLETE"];
