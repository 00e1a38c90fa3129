//! `execute_query`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::PageOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{
    self, BindValue, DatabaseName, PlainName, ResultFormat, RowLimit, SchemaName, Seconds,
    WaitSeconds,
};
use crate::mcp::failure::Code;
use crate::query::Query;
use crate::warehouse::SessionContext;

/// Runs one statement.
pub(super) struct ExecuteQuery;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// One statement: SELECT, WITH, SHOW, DESCRIBE and the like.
    sql: String,
    /// Values for the placeholders ? in order, or :1, :2 by number. NULL is written in the statement.
    #[serde(default)]
    parameters: Vec<BindValue>,
    /// Where unqualified names are looked up.
    database: Option<DatabaseName>,
    /// Where unqualified names are looked up: schema or database.schema.
    schema: Option<SchemaName>,
    /// The virtual warehouse to run on.
    warehouse: Option<PlainName>,
    /// The role to run as.
    role: Option<PlainName>,
    limit: Option<RowLimit>,
    /// Default: markdown; csv is shortest, json keeps types.
    format: Option<ResultFormat>,
    timeout_seconds: Option<Seconds>,
    wait_seconds: Option<WaitSeconds>,
}

/// The description where statements may do more than read.
pub(super) const WITH_CHANGES: &str = "Runs one Snowflake SQL statement, which may change data, and returns its rows. Changes last: there is no transaction \
     to roll back. Look names up first (search_objects, describe_table) rather than guessing. Let SQL do the work: filter, aggregate, \
     ORDER BY with LIMIT. When rows are left out, or the statement is still running, the answer ends in a cursor for fetch_results.";

impl Tool for ExecuteQuery {
    const NAME: &'static str = "execute_query";
    const TITLE: &'static str = "Run a query";
    const DESCRIPTION: &'static str = "Runs one Snowflake SQL statement that reads, and returns its rows. Look names up first (search_objects, \
         describe_table) rather than guessing. Let SQL do the work: filter, aggregate, ORDER BY with LIMIT. When rows are left out, or the \
         statement is still running, the answer ends in a cursor for fetch_results.";
    const TOOLSET: Toolset = Toolset::Query;
    type Arguments = Arguments;
    type Output = PageOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        // Only the warehouse knows the exact number of placeholders; the statement cannot have more than this.
        // Counted in the text, which is too many if a literal holds one, and never too few.
        let room = arguments.sql.matches(['?', ':']).count();
        let given = arguments.parameters.len();
        if given > room {
            return Err(Failure::new(
                Code::InvalidArgument,
                format!(
                    "argument parameters: {given} values, and the statement has placeholders for {room} at most"
                ),
                "write a ? in the statement for every value, in their order, or :1, :2 by number; leave values out that it \
                 does not use",
            ));
        }
        let query = Query {
            sql: arguments.sql,
            session: SessionContext {
                warehouse: arguments.warehouse.map(|name| name.0),
                role: arguments.role.map(|name| name.0),
                ..arguments::session(arguments.database, arguments.schema)?
            },
            parameters: arguments
                .parameters
                .into_iter()
                .map(|value| value.0)
                .collect(),
            limit: arguments.limit.map(|limit| limit.0),
            format: context.form(arguments.format.map(Into::into)).format,
            timeout: arguments.timeout_seconds.map(|seconds| seconds.0),
            wait: arguments.wait_seconds.map(|wait| wait.0),
            ..Query::default()
        };
        super::listing::page(query, &context).await
    }
}
