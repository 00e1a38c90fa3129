//! `fetch_results`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::FetchedOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{ResultFormat, RowLimit};

/// The next rows of an earlier statement.
pub(super) struct FetchResults;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The `next_cursor` of the page before, or the cursor of a statement that was still running. Copied whole.
    cursor: String,
    limit: Option<RowLimit>,
    /// How to write the rows; as in the page before when left out. What `search_objects` found has one form only.
    format: Option<ResultFormat>,
}

impl Tool for FetchResults {
    const NAME: &'static str = "fetch_results";
    const TITLE: &'static str = "Read on in a result";
    const DESCRIPTION: &'static str = "Returns the next rows of an earlier statement, list or search from its stored result, without running it again, and \
         the next cursor while there are more. For a statement that is still running it waits for the rows. The same cursor always gives the \
         same rows. Results are kept for a day at most.";
    const TOOLSET: Toolset = Toolset::Query;
    const ALSO_IN: Option<Toolset> = Some(Toolset::Catalog);
    type Arguments = Arguments;
    type Output = FetchedOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let Arguments {
            cursor,
            limit,
            format,
        } = arguments;
        let outcome = call
            .queries
            .fetch(
                &cursor,
                limit.map(|limit| limit.0),
                format.map(Into::into),
                None,
                super::listing::view,
            )
            .await?;
        Ok(Reply::of(outcome, call.queries.budget().max_rows))
    }
}
