//! `explain_query`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::RowsOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{self, DatabaseName, ResultFormat, SchemaName};
use crate::query::Query;

/// Shows how a statement would run.
pub(super) struct ExplainQuery;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The statement, without the word EXPLAIN.
    sql: String,
    /// Where unqualified names are looked up.
    database: Option<DatabaseName>,
    /// Where unqualified names are looked up: schema or database.schema.
    schema: Option<SchemaName>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

impl Tool for ExplainQuery {
    const NAME: &'static str = "explain_query";
    const TITLE: &'static str = "Explain a query";
    const DESCRIPTION: &'static str = "Checks a statement without running it, and shows its plan with the partitions and bytes it would scan: to test whether it compiles, or what it would cost.";
    const TOOLSET: Toolset = Toolset::Query;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let query = Query {
            sql: arguments.sql,
            session: arguments::session(arguments.database, arguments.schema)?,
            // A plan is short; cutting it would hide steps.
            limit: Some(context.queries.budget().max_rows),
            format: context.form(arguments.format.map(Into::into)).format,
            ..Query::default()
        };
        let (plan, words) = context.queries.explain(query).await?;
        let reply = Reply::rows(plan, context.queries.budget().max_rows);
        Ok(match words {
            Some(words) => reply.with_summary(words),
            None => reply,
        })
    }
}
