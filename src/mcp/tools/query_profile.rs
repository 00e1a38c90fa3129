//! `query_profile`: where a statement of the caller's spent its time.

mod operators;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::operators::{Operator, findings, operators};
use super::query_history::{database, statements};
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::ResultFormat;
use crate::mcp::failure::Code;
use crate::policy::History;
use crate::query::{Author, Format, Query, Row, render};
use crate::sql::Identifier;
use crate::warehouse::Parameter;

/// The worst of a statement's operators, in words.
pub(super) struct QueryProfile;

/// As far back as the history of statements goes.
const HOURS: u64 = 7 * 24;

/// Operators that are shown: the time of a slow statement is in a few of them.
const WORST: usize = 8;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The id of the statement, from an earlier answer or from the history.
    query_id: String,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// What a statement spent its time on.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProfileOutput {
    query_id: String,
    status: String,
    seconds: f64,
    /// Of those: until it was compiled.
    compilation_seconds: f64,
    /// Of those: waiting for the virtual warehouse.
    queued_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse_size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scanned_bytes: Option<u64>,
    /// What stands out, the worst first, and what may help.
    findings: Vec<String>,
    /// The operators that took the longest.
    operators: Vec<Operator>,
    text: String,
}

/// What models are told of it where it explains the statements of all callers (`HISTORY_SCOPE=user`).
pub(super) const WHOLE: &str = "Explains where a finished statement spent its time, one of yours or another of this server's user in Snowflake: waiting, \
     compiling, the slowest operators, spilling, tables read without pruning, joins that multiply rows. For a statement that has not run yet \
     use explain_query.";

impl Tool for QueryProfile {
    const NAME: &'static str = "query_profile";
    const TITLE: &'static str = "Why was it slow";
    const DESCRIPTION: &'static str = "Explains where one of your finished statements spent its time: waiting, compiling, the slowest operators, spilling, tables \
         read without pruning, joins that multiply rows. For a statement that has not run yet use explain_query.";
    const TOOLSET: Toolset = Toolset::Query;
    const NEEDS_ACCOUNT: bool = true;
    type Arguments = Arguments;
    type Output = ProfileOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let id = Uuid::parse_str(arguments.query_id.trim()).map_err(|_| {
            Failure::new(
                Code::InvalidArgument,
                "argument query_id: expected the id of a statement, as in 01b2c3d4-0001-2345-0000-000a00010001",
                "copy the query_id from the last line of an answer, or find it with query_history",
            )
        })?;
        let database = database(&context).await?;
        // The operators name tables, so callers who may not see the text of other callers' statements do not see their
        // operators either.
        let shown = match context.queries.policy().history() {
            shown @ History::OfUser { with_texts: true } => shown,
            History::OfUser { with_texts: false } | History::OfCaller => History::OfCaller,
        };
        let asked = history(&database, shown, context.queries.owner_mark(), id);
        // Whose statement it is must be checked first: the function below does not.
        let history = context.queries.table_within_budget(&asked).await?;
        // Somebody else's statement and none at all are told in the same words.
        let Some(statement) = history.rows().next() else {
            let whose = match shown {
                History::OfCaller => "yours",
                History::OfUser { .. } => "this server's user in Snowflake",
            };
            return Err(Failure::new(
                Code::QueryNotFound,
                format!("{id} is not a statement of {whose} in the last seven days"),
                "find it with query_history; a statement that has just ended may be missing for a few seconds",
            ));
        };
        let query = Query {
            sql: format!(
                "SELECT operator_id, operator_type, operator_statistics, execution_time_breakdown, operator_attributes \
                 FROM TABLE(GET_QUERY_OPERATOR_STATS('{id}')) LIMIT 1000"
            ),
            author: Author::Server,
            ..Query::default()
        };
        let all = operators(&context.queries.table_within_budget(&query).await?);
        let mut output = output(id, statement);
        // From all operators, and before the list is cut to the worst.
        output.findings = findings(&all, &timing(&output));
        output.operators = all;
        output
            .operators
            .sort_by(|one, other| other.percent.total_cmp(&one.percent));
        output.operators.truncate(WORST);
        let form = context.form(arguments.format.map(Into::into));
        let text = in_words(&output, form.format);
        let closing = format!(
            "{} in {:.1} s ({:.1} s compiling, {:.1} s queued). query_id: {id}",
            output.status, output.seconds, output.compilation_seconds, output.queued_seconds
        );
        let count = output.operators.len() as u64;
        let id = Some(id.to_string());
        Ok(Reply::new(form, text, closing, &output, count, id))
    }
}

/// The statement's line in the history.
fn history(database: &Identifier, shown: History, owner_mark: String, id: Uuid) -> Query {
    let looked_at = statements(database, HOURS, shown);
    Query {
        sql: format!(
            "SELECT execution_status AS status, total_elapsed_time, compilation_time, queued_provisioning_time, \
             queued_repair_time, queued_overload_time, warehouse_name, warehouse_size, rows_produced, bytes_scanned, \
             IFF(LENGTH(query_text) > 2000, LEFT(query_text, 2000) || '…', query_text) AS text FROM ({looked_at}) WHERE query_id = ?"
        ),
        parameters: vec![Parameter::Text(owner_mark), Parameter::Text(id.to_string())],
        author: Author::Server,
        ..Query::default()
    }
}

fn in_words(output: &ProfileOutput, format: Format) -> String {
    let rows = output.operators.iter().map(Operator::cells);
    let rows: Vec<Vec<String>> = rows.collect();
    let names = ["operator", "% of time", "rows in", "rows out", "about"];
    let table = render::table(
        format,
        &names,
        rows.iter()
            .map(|cells| cells.iter().map(|cell| Some(cell.as_str())).collect()),
    );
    let mut text = String::new();
    for finding in &output.findings {
        text.push_str("- ");
        text.push_str(finding);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&table);
    text.push_str(&about(output));
    text
}

fn output(id: Uuid, statement: Row<'_>) -> ProfileOutput {
    let number = |name: &str| -> f64 {
        let value = statement.get(name).and_then(|value| value.parse().ok());
        value.unwrap_or_default()
    };
    let whole = |name: &str| statement.get(name).and_then(|value| value.parse().ok());
    let text = |name: &str| statement.get(name).map(ToOwned::to_owned);
    let queued = [
        "queued_provisioning_time",
        "queued_repair_time",
        "queued_overload_time",
    ];
    ProfileOutput {
        query_id: id.to_string(),
        status: state(&text("status").unwrap_or_default()),
        seconds: number("total_elapsed_time") / 1000.0,
        compilation_seconds: number("compilation_time") / 1000.0,
        queued_seconds: queued.into_iter().map(number).sum::<f64>() / 1000.0,
        warehouse: text("warehouse_name"),
        warehouse_size: text("warehouse_size"),
        rows: whole("rows_produced"),
        scanned_bytes: whole("bytes_scanned"),
        findings: Vec::new(),
        operators: Vec::new(),
        text: text("text").unwrap_or_default(),
    }
}

/// The state in the words of `query_history` and `query_status`, where it is one of theirs.
fn state(status: &str) -> String {
    let status = status.to_lowercase();
    match status.as_str() {
        "success" => "succeeded".to_owned(),
        failed if failed.starts_with("fail") => "failed".to_owned(),
        _ => status,
    }
}

/// Where it ran, what it read and gave, and its text: a reader has nothing but the id otherwise.
fn about(output: &ProfileOutput) -> String {
    let mut facts = Vec::new();
    facts.extend(
        output
            .warehouse
            .as_ref()
            .map(|name| match &output.warehouse_size {
                Some(size) => format!("ran on the virtual warehouse {name} ({size})"),
                None => format!("ran on the virtual warehouse {name}"),
            }),
    );
    facts.extend(
        output
            .scanned_bytes
            .map(|bytes| format!("scanned {bytes} bytes")),
    );
    facts.extend(output.rows.map(|rows| match rows {
        1 => "gave 1 row".to_owned(),
        rows => format!("gave {rows} rows"),
    }));
    let mut text = String::new();
    if !facts.is_empty() {
        text.push_str(&format!("\nIt {}.\n", facts.join(", ")));
    }
    if !output.text.is_empty() {
        text.push_str(&format!("\nStatement:\n```sql\n{}\n```\n", output.text));
    }
    text
}

/// Findings about the time before the statement ran.
fn timing(output: &ProfileOutput) -> Vec<String> {
    let mut told = Vec::new();
    // Under a second nobody notices, whatever the share.
    let share = |part: f64| part > 1.0 && part > output.seconds * 0.3;
    if share(output.queued_seconds) {
        told.push(format!(
            "It waited {:.1} of {:.1} s for the virtual warehouse: another one, or fewer statements at once, helps more than rewriting the statement.",
            output.queued_seconds, output.seconds
        ));
    }
    if share(output.compilation_seconds) {
        told.push(format!(
            "Compiling took {:.1} of {:.1} s: fewer views on views, shorter IN lists, fewer columns.",
            output.compilation_seconds, output.seconds
        ));
    }
    told
}
