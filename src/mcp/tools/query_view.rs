//! `query_view`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::PageOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{
    self, ColumnName, DatabaseName, ObjectName, ResultFormat, RowLimit, SchemaName, WaitSeconds,
};
use crate::query::Query;

/// A look at the rows of a table or view.
pub(super) struct QueryView;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The table or view, best as database.schema.name. Put names with lower case, spaces or dots in double quotes.
    view: ObjectName,
    /// The database, where the name is not written in full.
    database: Option<DatabaseName>,
    /// The schema, where the name is not written in full.
    schema: Option<SchemaName>,
    /// The columns to show; all when left out.
    #[serde(default)]
    columns: Vec<ColumnName>,
    limit: Option<RowLimit>,
    /// Default: markdown.
    format: Option<ResultFormat>,
    wait_seconds: Option<WaitSeconds>,
}

/// Enough to see what the values look like.
const SAMPLE_ROWS: u64 = 10;

impl Tool for QueryView {
    const NAME: &'static str = "query_view";
    const TITLE: &'static str = "Sample a table or view";
    const DESCRIPTION: &'static str = "Shows sample rows of a table or view, 10 unless limit says otherwise, in no particular order: to see what values look like. \
         For conditions, order or aggregates use execute_query.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const SHOWS_VALUES: bool = true;
    type Arguments = Arguments;
    type Output = PageOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let (name, session) =
            arguments::within(arguments.view, arguments.database, arguments.schema)?;
        let columns = match arguments.columns.as_slice() {
            [] => "*".to_owned(),
            columns => columns
                .iter()
                .map(|column| column.0.quoted())
                .collect::<Vec<_>>()
                .join(", "),
        };
        let limit = arguments.limit.map_or(SAMPLE_ROWS, |limit| limit.0);
        // One row more than wanted, so that the answer can say whether there are more.
        let fetched = limit
            .saturating_add(1)
            .min(context.queries.budget().max_rows.saturating_add(1));
        let query = Query {
            sql: format!("SELECT {columns} FROM {} LIMIT {fetched}", name.quoted()),
            session,
            wait: arguments.wait_seconds.map(|wait| wait.0),
            limit: Some(limit),
            format: context.form(arguments.format.map(Into::into)).format,
            // There is no order, so a page after this one would begin anywhere.
            is_sample: true,
            ..Query::default()
        };
        super::listing::page(query, &context).await
    }
}
