//! `query_history`

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::output::PageOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{ResultFormat, RowLimit, Seconds};
use crate::mcp::failure::Code;
use crate::policy::History;
use crate::query::{Author, Pick, Query, Source, View};
use crate::sql::Identifier;
use crate::warehouse::{Parameter, SessionContext};

/// The caller's own statements of the last days.
pub(super) struct QueryHistory;

/// Snowflake's function knows seven days.
const MOST_HOURS: u64 = 7 * 24;

/// What the function looks at before anything is filtered, at most.
const MOST_ROWS: u64 = 10_000;

/// What an answer says if it does not cover all of the requested time.
const LOOKED_AT: &str = "Only the newest 10000 statements that the Snowflake user sent in this time, for all callers, were searched: older ones may be missing. Give fewer hours to see all of a shorter time.";

/// What it says if the texts of other callers' statements are left out.
const NO_TEXTS: &str = "Text and error are shown only for your own statements, because your policy limits objects or roles.";

/// Letters of a statement that are shown: enough to know it again.
const LETTERS: usize = 400;

/// The same for a caller who is a Snowflake user of its own.
const LOOKED_AT_OWN: &str = "Only the newest 10000 statements of your Snowflake user in this time were searched: older ones may be missing. Give fewer hours to see all of a shorter time.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Only statements with this state.
    status: Option<WantedState>,
    /// Only statements that took longer.
    slower_than_seconds: Option<SlowerThan>,
    /// Only statements whose text contains this, in any case.
    contains: Option<String>,
    /// How far back, at most 168; 24 unless said otherwise.
    hours: Option<Hours>,
    limit: Option<RowLimit>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// The states a caller can ask for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum WantedState {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// A time in seconds with a description of its own.
#[derive(Debug, Clone, Copy, Deserialize)]
struct SlowerThan(Seconds);

impl JsonSchema for SlowerThan {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SlowerThan".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer" })
    }
}

/// Hours to look back.
#[derive(Debug, Clone, Copy)]
struct Hours(u64);

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let RowLimit(hours) = RowLimit::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom("expected a whole number of hours, 1 to 168"))?;
        if hours > MOST_HOURS {
            return Err(serde::de::Error::custom(
                "Snowflake's history has seven days: expected at most 168 hours",
            ));
        }
        Ok(Self(hours))
    }
}

impl JsonSchema for Hours {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hours".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer" })
    }
}

impl WantedState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The columns that are shown, with those that are named at their place. What still runs has a cursor: a caller that lost its own can
/// wait for the rows or stop the statement. Lists have none, since the policy may show only a part of their names, and a cursor made
/// from the id alone does not know which.
macro_rules! view {
    ($code:literal $(, $of_others:literal)?) => {
        View {
            code: $code,
            pick: &[
                Pick::value("query_id"),
                Pick::value("status"),
                Pick::value("started"),
                Pick::value("seconds"),
                Pick::value("rows_produced"),
                Pick::value("bytes_scanned"),
                Pick::value("warehouse"),
                Pick::value("tool"),
                $(Pick::value($of_others),)?
                Pick::value("error"),
                Pick::cursor("cursor_of", "cursor"),
                Pick::value("text"),
            ],
            hide: None,
            source: Source::History,
        }
    };
}

/// A caller's own statements.
pub(super) static VIEW: View = view!(6);

/// The same where a caller sees what others sent as its user.
pub(super) static OF_USER: View = view!(8, "caller");

/// The description if it shows the statements of all callers (`HISTORY_SCOPE=user`).
pub(super) const WHOLE: &str = "Lists the statements that this server's user of Snowflake sent, for you or others, newest first: state, time, rows, bytes, \
     caller, error, text. Use it to find slow or failed ones, and what you left running: your own have a cursor for fetch_results and \
     cancel_query. query_profile says why one was slow.";

impl Tool for QueryHistory {
    const NAME: &'static str = "query_history";
    const TITLE: &'static str = "Your recent statements";
    const DESCRIPTION: &'static str = "Lists the statements that you sent through this server, newest first: state, time, rows, bytes, error, text. Use it to \
         find slow or failed ones, and what you left running: those have a cursor for fetch_results and cancel_query. query_profile says why \
         one was slow.";
    const TOOLSET: Toolset = Toolset::Query;
    const NEEDS_ACCOUNT: bool = true;
    type Arguments = Arguments;
    type Output = PageOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let hours = arguments.hours.map_or(24, |hours| hours.0);
        let shown = context.queries.policy().history();
        let mut conditions = String::new();
        let mut parameters = vec![Parameter::Text(context.queries.owner_mark())];
        if let Some(state) = arguments.status {
            // A statement in Snowflake's queue counts as running.
            conditions.push_str(" AND status = ?");
            parameters.push(Parameter::Text(state.as_str().to_owned()));
        }
        if let Some(SlowerThan(seconds)) = arguments.slower_than_seconds {
            conditions.push_str(" AND seconds > ?");
            let seconds = i64::try_from(seconds.0.as_secs()).unwrap_or(i64::MAX);
            parameters.push(Parameter::Integer(seconds));
        }
        if let Some(text) = arguments.contains {
            // Texts that the caller may not see are not searched either: the answer would show whether they contain the
            // words.
            conditions.push_str(&format!(
                " AND CONTAINS(LOWER({}), LOWER(?))",
                of_own(shown, "query_text")
            ));
            parameters.push(Parameter::Text(text));
        }
        // INFORMATION_SCHEMA rather than ACCOUNT_USAGE, which needs more rights and lags behind by
        // up to 45 minutes.
        let database = database(&context).await?;
        let query = Query {
            sql: statement(&database, hours, shown, &conditions),
            parameters,
            limit: arguments.limit.map(|limit| limit.0).or(Some(20)),
            format: context.form(arguments.format.map(Into::into)).format,
            view: Some(match shown {
                History::OfCaller => &VIEW,
                History::OfUser { .. } => &OF_USER,
            }),
            author: Author::Server,
            ..Query::default()
        };
        let reply = super::listing::page(query, &context).await?;
        let reply = match shown {
            History::OfUser { with_texts: false } => reply.with_note(NO_TEXTS),
            History::OfUser { with_texts: true } | History::OfCaller => reply,
        };
        // If there are more rows, the answer must not say that these are all.
        Ok(
            match reply.is_whole() && looks_at_all(&context, &database, hours).await {
                true if context.queries.is_person() => reply.with_note(LOOKED_AT_OWN),
                true => reply.with_note(LOOKED_AT),
                false => reply,
            },
        )
    }
}

/// Whether the function looks at as many statements as it can, which only shows without the condition on the caller. Their
/// number is all that is asked of them. Where it is not told, the answer is as good as it was.
async fn looks_at_all(context: &CallContext, database: &Identifier, hours: u64) -> bool {
    let query = Query {
        sql: format!("SELECT COUNT(*) FROM {}", history(database, hours)),
        author: Author::Server,
        ..Query::default()
    };
    let table = context.queries.table_within_budget(&query).await.ok();
    let looked_at = table.and_then(|table| table.first_value()?.parse().ok());
    looked_at.is_some_and(|rows: u64| rows >= MOST_ROWS)
}

/// The newest statements of the user.
fn history(database: &Identifier, hours: u64) -> String {
    // Seven days are the most, counted when the function runs: a moment less, so that the whole of them is not too early.
    let minutes = hours.saturating_mul(60).saturating_sub(1);
    format!(
        "TABLE({}.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(\
         END_TIME_RANGE_START => DATEADD('minute', -{minutes}, CURRENT_TIMESTAMP()), RESULT_LIMIT => {MOST_ROWS}))",
        database.quoted()
    )
}

/// What of the user's history may be looked at. The tag says whose a statement is, and no caller can write one.
pub(super) fn statements(database: &Identifier, hours: u64, shown: History) -> String {
    let history = history(database, hours);
    let tagged = format!("SELECT *, TRY_PARSE_JSON(query_tag) AS tag FROM {history}");
    let is_own = "tag:app::VARCHAR = 'snowflake-mcp' AND tag:owner::VARCHAR = ?";
    match shown {
        History::OfCaller => format!("SELECT * FROM ({tagged}) WHERE {is_own}"),
        History::OfUser { .. } => {
            format!("SELECT *, COALESCE({is_own}, FALSE) AS is_own FROM ({tagged})")
        }
    }
}

/// A column that may not be shown of the statements of others.
fn of_own(shown: History, column: &str) -> String {
    match shown {
        History::OfUser { with_texts: false } => format!("IFF(is_own, {column}, NULL)"),
        History::OfUser { with_texts: true } | History::OfCaller => column.to_owned(),
    }
}

fn statement(database: &Identifier, hours: u64, shown: History, conditions: &str) -> String {
    let looked_at = statements(database, hours, shown);
    let (text, error) = (of_own(shown, "query_text"), of_own(shown, "error_message"));
    let (caller, only_own, tool) = match shown {
        History::OfCaller => ("", "", "tag:tool::VARCHAR"),
        History::OfUser { .. } => (
            "tag:caller::VARCHAR AS caller, ",
            " AND is_own",
            // What others sent has no tag.
            "COALESCE(tag:tool::VARCHAR, '')",
        ),
    };
    format!(
        "SELECT query_id, status, start_time AS started, seconds, rows_produced, bytes_scanned, warehouse_name AS warehouse, \
         tag:tool::VARCHAR AS tool, {caller}{error} AS error, \
         IFF(status = 'running' AND query_type NOT IN ('SHOW', 'DESCRIBE'){only_own}, \
         query_id || COALESCE('/' || tag:less::VARCHAR, '') || IFF(role_name = CURRENT_ROLE(), '', ' ' || role_name), NULL) AS cursor_of, \
         IFF(LENGTH({text}) > {LETTERS}, LEFT({text}, {LETTERS}) || '…', {text}) AS text \
         FROM (SELECT *, total_elapsed_time / 1000 AS seconds, CASE WHEN LOWER(execution_status) = 'success' THEN 'succeeded' \
         WHEN error_message = 'SQL execution canceled' THEN 'cancelled' \
         WHEN LOWER(execution_status) LIKE 'fail%' THEN 'failed' ELSE 'running' END AS status \
         FROM ({looked_at})) \
         WHERE {tool} NOT IN ('query_history', 'query_profile'){conditions} \
         ORDER BY start_time DESC"
    )
}

/// A database whose `INFORMATION_SCHEMA` can be asked: any will do, the history is the same in each.
pub(super) async fn database(context: &CallContext) -> Result<Identifier, Failure> {
    if let Some(database) = context.queries.default_database() {
        return Ok(database.clone());
    }
    let shown = context
        .queries
        .table("SHOW DATABASES", SessionContext::default())
        .await?;
    let mut names = shown.rows().filter_map(|row| row.get("name"));
    names
        .find_map(|name| Identifier::exact(name).ok())
        .ok_or_else(|| {
            Failure::new(
                Code::ObjectNotFound,
                "the role can use no database, and reading the history needs one",
                "ask the person who runs this server to set SNOWFLAKE_DATABASE",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{CurrentNames, Options, Policy};
    use crate::sql;

    #[test]
    fn the_policy_lets_it_read_the_callers_own_statements_and_nobody_elses() {
        let database = "db".parse().unwrap();
        let conditions = " AND status = ? AND seconds > ?";
        let with_texts = |with_texts| History::OfUser { with_texts };
        for shown in [History::OfCaller, with_texts(true), with_texts(false)] {
            is_for_the_server_only(&statement(&database, 24, shown, conditions));
        }
    }

    fn is_for_the_server_only(sql: &str) {
        assert!(sql.contains("\"DB\".INFORMATION_SCHEMA"), "{sql}");
        let policy = Policy::new(Options {
            allowed_databases: Some(vec!["SALES".parse().unwrap()]),
            ..Options::default()
        });
        let place = CurrentNames::default();
        let parsed = || sql::parse(sql).unwrap();
        assert!(policy.approve_about_own(parsed(), &place).is_ok());
        // A caller who sends the same is refused: it could leave the condition out.
        assert!(Policy::default().approve(parsed(), &place).is_err());
        let denied = Policy::new(Options {
            denied_functions: vec!["QUERY_HISTORY*".parse().unwrap()],
            ..Options::default()
        });
        assert!(denied.approve_about_own(parsed(), &place).is_err());
    }
}
