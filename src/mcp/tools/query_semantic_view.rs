//! `query_semantic_view`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::PageOutput;
use super::semantic_view::{self, Asked, Column, Condition, Filter, Order, refused, statement};
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{
    self, DatabaseName, ObjectName, PlainName, ResultFormat, RowLimit, SchemaName, Seconds,
};
use crate::query::Query;
use crate::warehouse::SessionContext;

/// Figures of a semantic view.
pub(super) struct QuerySemanticView;

/// A longer statement is not shown: a caller who gave so many values has them already.
const MOST_SHOWN: usize = 4096;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The semantic view, best as database.schema.name.
    view: ObjectName,
    /// The database, where the name is not written in full.
    database: Option<DatabaseName>,
    /// The schema, where the name is not written in full.
    schema: Option<SchemaName>,
    /// What to count: names, or objects to rename a column.
    #[serde(default)]
    metrics: Vec<Column>,
    /// By what to count; grain rounds dates down.
    #[serde(default)]
    dimensions: Vec<Column>,
    /// In place of metrics: values of single rows of one table.
    #[serde(default)]
    facts: Vec<Column>,
    /// Conditions on dimensions and facts; all must hold.
    #[serde(default)]
    filters: Vec<Filter>,
    /// Conditions on the metrics asked for.
    #[serde(default)]
    having: Vec<Condition>,
    /// Names of what is asked for.
    #[serde(default)]
    order_by: Vec<Order>,
    limit: Option<RowLimit>,
    /// Default: markdown.
    format: Option<ResultFormat>,
    timeout_seconds: Option<Seconds>,
    /// The virtual warehouse to run on.
    warehouse: Option<PlainName>,
    /// The role to run as.
    role: Option<PlainName>,
}

impl Tool for QuerySemanticView {
    const NAME: &'static str = "query_semantic_view";
    const TITLE: &'static str = "Query a semantic view";
    const DESCRIPTION: &'static str = "Returns metrics of a semantic view by its dimensions. Call describe_semantic_view first. \
         For more than these arguments write SELECT … FROM SEMANTIC_VIEW(…) in execute_query: the answer has its SQL to go on from.";
    const TOOLSET: Toolset = Toolset::Semantic;
    const SHOWS_VALUES: bool = true;
    type Arguments = Arguments;
    type Output = PageOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let (name, session) =
            arguments::within(arguments.view, arguments.database, arguments.schema)?;
        let session = SessionContext {
            warehouse: arguments.warehouse.map(|name| name.0),
            role: arguments.role.map(|name| name.0),
            ..session
        };
        // Read first, because names are checked against it: only names of the model get into the
        // statement.
        let model = semantic_view::read(&context, &name, &session).await?;
        let asked = Asked {
            metrics: arguments.metrics,
            dimensions: arguments.dimensions,
            facts: arguments.facts,
            filters: arguments.filters,
            having: arguments.having,
            order_by: arguments.order_by,
        };
        let statement = statement(&name, &model, &asked).map_err(|problem| refused(&problem))?;
        let query = Query {
            sql: statement.sql,
            parameters: statement.parameters,
            session,
            limit: arguments.limit.map(|limit| limit.0),
            format: context.form(arguments.format.map(Into::into)).format,
            timeout: arguments.timeout_seconds.map(|seconds| seconds.0),
            ..Query::default()
        };
        let reply = super::listing::page(query, &context).await?;
        Ok(match statement.written.len() {
            // Shown so that a person can check it. Longer ones would cost more tokens than that is
            // worth.
            0..=MOST_SHOWN => reply.with_sql(&statement.written),
            _ => reply,
        })
    }
}
