//! `query_view`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::PageOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{ColumnName, ObjectName, ResultFormat, RowLimit};
use crate::query::Query;

/// A look at the rows of a table or view.
pub(super) struct QueryView;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The view or table to look into, best as database.schema.view. As in SQL, plain words fold to upper case; put names
    /// with lower case, spaces or dots in double quotes.
    view: ObjectName,
    /// The columns to show; all when left out.
    #[serde(default)]
    columns: Vec<ColumnName>,
    limit: Option<RowLimit>,
    /// How to write the rows.
    #[serde(default)]
    format: ResultFormat,
}

/// Enough to see what the values look like.
const SAMPLE_ROWS: u64 = 10;

impl Tool for QueryView {
    const NAME: &'static str = "query_view";
    const TITLE: &'static str = "Sample a table or view";
    const DESCRIPTION: &'static str = "Shows some rows of a view or table, in no particular order, 10 unless limit says otherwise: to see what the values \
         look like. For anything with a condition, an order or an aggregate use execute_query.";
    const TOOLSET: Toolset = Toolset::Catalog;
    type Arguments = Arguments;
    type Output = PageOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let columns = match arguments.columns.as_slice() {
            [] => "*".to_owned(),
            columns => columns
                .iter()
                .map(|column| column.0.quoted())
                .collect::<Vec<_>>()
                .join(", "),
        };
        let limit = arguments.limit.map_or(SAMPLE_ROWS, |limit| limit.0);
        // One row more than wanted: that is how the result knows whether there are more.
        let fetched = limit
            .saturating_add(1)
            .min(call.queries.budget().max_rows.saturating_add(1));
        let query = Query {
            sql: format!(
                "SELECT {columns} FROM {} LIMIT {fetched}",
                arguments.view.0.quoted()
            ),
            limit: Some(limit),
            format: arguments.format.into(),
            is_sample: true,
            ..Query::default()
        };
        super::listing::page(query, &call).await
    }
}
