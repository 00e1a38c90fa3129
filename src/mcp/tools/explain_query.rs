//! `explain_query`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::RowsOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{self, DatabaseName, ResultFormat, SchemaName};
use crate::query::Query;
use crate::warehouse::Session;

/// Shows how a statement would run.
pub(super) struct ExplainQuery;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The statement to explain, without the word EXPLAIN. It is not run.
    sql: String,
    /// The database that unqualified names are looked up in.
    database: Option<DatabaseName>,
    /// The schema that unqualified names are looked up in.
    schema: Option<SchemaName>,
    /// How to write the rows.
    #[serde(default)]
    format: ResultFormat,
}

impl Tool for ExplainQuery {
    const NAME: &'static str = "explain_query";
    const TITLE: &'static str = "Explain a query";
    const DESCRIPTION: &'static str = "Checks a statement and shows its plan without running it: the steps, and the partitions and bytes they would scan \
         where the warehouse knows them, with a summary in words. Use it to test whether a statement compiles, or what it would cost.";
    const TOOLSET: Toolset = Toolset::Query;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let query = Query {
            sql: arguments.sql,
            session: Session {
                ..arguments::session(arguments.database, arguments.schema)?
            },
            // A plan is short; cutting it would hide steps.
            limit: Some(call.queries.budget().max_rows),
            format: arguments.format.into(),
            ..Query::default()
        };
        let (plan, words) = call.queries.explain(query).await?;
        let reply = Reply::rows(plan, call.queries.budget().max_rows);
        Ok(match words {
            Some(words) => reply.with_summary(words),
            None => reply,
        })
    }
}
