//! Which functions do more than compute a value.
//!
//! By rule, as Snowflake adds functions every month: what is in its own database is taken to have an effect or to be billed by
//! use unless its schema is known to be harmless, and so is every SYSTEM$ function and every method that is not known by its
//! full name. Only the bare names of functions that are billed need a list, for a session whose place is not known.

use super::FunctionCall;
use super::calls::OWN_DATABASE;

impl FunctionCall {
    /// Whether calling it may change something or is billed by use. Ask of
    /// [`FunctionCall::in_snowflakes_own`] where the place is known.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        let function = self.function();
        let Some((_, outer)) = self.parts.split_last() else {
            // A function whose name is computed could be any.
            return true;
        };
        if self.is_method {
            return !HARMLESS_METHODS.contains(&function);
        }
        // The safe ones are listed, not the unsafe ones: new ones come with every release, and many
        // change something.
        if function.starts_with("SYSTEM$") {
            return !HARMLESS_SYSTEM_FUNCTIONS.contains(&function);
        }
        let schema = outer.last().map(String::as_str);
        let database = outer.len().checked_sub(2).and_then(|at| outer.get(at));
        let is_own = database.is_some_and(|name| name == OWN_DATABASE);
        let is_harmless = |schema: &str| HARMLESS_SCHEMAS.contains(&schema);
        // For the same reason a schema of Snowflake's database that is not known counts as billed.
        if is_own && !schema.is_some_and(is_harmless) {
            return true;
        }
        // A caller may make SNOWFLAKE the current database and CORTEX the current schema.
        schema.is_some_and(|schema| BILLED_SCHEMAS.contains(&schema))
            || BILLED_PREFIXES
                .iter()
                .any(|begin| function.starts_with(begin))
            || BILLED_FUNCTIONS.contains(&function)
            || EFFECTIVE_FUNCTIONS.contains(&function)
    }
}

/// Schemas of Snowflake's own database whose functions only report: tables about the account, and what measures the quality
/// of data.
const HARMLESS_SCHEMAS: [&str; 3] = ["ACCOUNT_USAGE", "CORE", "INFORMATION_SCHEMA"];

/// Schemas whose functions are billed by the token, or send something, wherever they are called from.
const BILLED_SCHEMAS: [&str; 3] = ["CORTEX", "CORTEX_AGENTS", "NOTIFICATION"];

/// How the names of functions that are billed by use begin.
const BILLED_PREFIXES: [&str; 4] = ["AI_", "CORTEX_", "EMBED_", "TRY_COMPLETE"];

/// SYSTEM$ functions that only report (docs.snowflake.com/en/sql-reference/functions-system). All others are taken to have
/// an effect: they cancel, abort, wait, send, create or show secrets. `STREAM_HAS_DATA` is left out on purpose: calling it
/// keeps a stream from becoming stale.
const HARMLESS_SYSTEM_FUNCTIONS: [&str; 32] = [
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
    "SYSTEM$READ_YAML_FROM_SEMANTIC_VIEW",
    "SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES",
    "SYSTEM$SHOW_BUDGETS_IN_ACCOUNT",
    "SYSTEM$STREAM_GET_TABLE_TIMESTAMP",
    "SYSTEM$TYPEOF",
    "SYSTEM$WHITELIST",
];

/// Methods of models and budgets that only compute or report, by their full names: what begins like one may do anything.
const HARMLESS_METHODS: [&str; 28] = [
    "DECISION_FUNCTION",
    "DETECT_ANOMALIES",
    "EXPLAIN",
    "EXPLAIN_FEATURE_IMPORTANCE",
    "FORECAST",
    "GET_BUDGET_SCOPE",
    "GET_CONFIG",
    "GET_LINKED_RESOURCES",
    "GET_MEASUREMENT_TABLE",
    "GET_NOTIFICATION_EMAIL",
    "GET_NOTIFICATION_MUTE_FLAG",
    "GET_SERVICE_TYPE_USAGE",
    "GET_SPENDING_HISTORY",
    "GET_SPENDING_LIMIT",
    "PREDICT",
    "PREDICT_LOG_PROBA",
    "PREDICT_PROBA",
    "SCORE",
    "SCORE_SAMPLES",
    "SHOW_CONFUSION_MATRIX",
    "SHOW_EVALUATION_METRICS",
    "SHOW_FEATURE_IMPORTANCE",
    "SHOW_GLOBAL_EVALUATION_METRICS",
    "SHOW_THRESHOLD_METRICS",
    "SHOW_TRAINING_LOGS",
    "SHOW_TRAINING_TIME",
    "SHOW_TUNING_RESULTS",
    "TRANSFORM",
];

/// Those of the schema CORTEX whose names do not begin like any other's. TRANSLATE is left out: it is also a text function.
const BILLED_FUNCTIONS: [&str; 11] = [
    "CLASSIFY_TEXT",
    "COMPLETE",
    "COUNT_TOKENS",
    "DATA_AGENT_RUN",
    "ENTITY_SENTIMENT",
    "EXTRACT_ANSWER",
    "FINETUNE",
    "PARSE_DOCUMENT",
    "SEARCH_PREVIEW",
    "SENTIMENT",
    "SUMMARIZE",
];

/// Sequences move on. `TO_QUERY` runs a text as SQL, which nobody has looked at.
const EFFECTIVE_FUNCTIONS: [&str; 3] = ["GETNEXTVAL", "NEXTVAL", "TO_QUERY"];

#[cfg(test)]
mod tests {
    use crate::sql::parse;

    fn effects(sql: &str) -> Vec<String> {
        let parsed = parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let calls = parsed.calls().iter().filter(|call| call.has_effect());
        calls.map(ToString::to_string).collect()
    }

    #[test]
    fn what_snowflake_may_add_tomorrow_has_an_effect_until_it_is_known() {
        for sql in [
            "SELECT SNOWFLAKE.CORTEX.SOMETHING_NEW(a) FROM t",
            "SELECT * FROM TABLE(SNOWFLAKE.SOMETHING_NEW.RUN(a => 1))",
            "SELECT \"SNOWFLAKE\".\"CORTEX\".\"X\"(1)",
            "SELECT CORTEX.SOMETHING_NEW(a) FROM t",
            "SELECT * FROM TABLE(CORTEX_SEARCH_BATCH(SERVICE_NAME => 's', QUERY => t.a))",
            "SELECT AI_SOMETHING_NEW(a) FROM t",
            "SELECT EMBED_TEXT_4096('m', a) FROM t",
            "SELECT EMBED_IMAGE_1024('m', a) FROM t",
            "SELECT m!PREDICT_AND_SEND(a) FROM t",
            "SELECT m!GET_RICH(a) FROM t",
            "SELECT m!FIT(a) FROM t",
            "SELECT SYSTEM$SOMETHING_NEW(1)",
        ] {
            assert_eq!(effects(sql).len(), 1, "{sql}");
        }
        for sql in [
            "SELECT m!PREDICT(a), m!PREDICT_PROBA(a), m!FORECAST(1) FROM t",
            "SELECT m!\"PREDICT\"(a) FROM t",
            "SELECT SNOWFLAKE.CORE.NULL_COUNT(SELECT a FROM t)",
            "SELECT * FROM TABLE(SNOWFLAKE.INFORMATION_SCHEMA.TASK_HISTORY())",
            "SELECT * FROM TABLE(SNOWFLAKE.ACCOUNT_USAGE.TAG_REFERENCES_WITH_LINEAGE('d.s.t'))",
            "SELECT COUNT(*), TRANSLATE(a, 'x', 'y'), mydb.s.f(a) FROM t",
        ] {
            assert_eq!(effects(sql), [""; 0], "{sql}");
        }
    }
}
