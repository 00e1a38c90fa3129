//! `fetch_results`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::FetchedOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{ResultFormat, RowLimit, WaitSeconds};

/// The next rows of an earlier statement.
pub(super) struct FetchResults;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The cursor from the end of the earlier answer, copied whole.
    cursor: String,
    limit: Option<RowLimit>,
    /// As before unless said otherwise.
    format: Option<ResultFormat>,
    wait_seconds: Option<WaitSeconds>,
}

impl Tool for FetchResults {
    const NAME: &'static str = "fetch_results";
    const TITLE: &'static str = "Read on in a result";
    const DESCRIPTION: &'static str = "Reads on: returns the next rows of an earlier answer by its next_cursor, or waits for the rows of a statement that was still running. \
         The statement is not run again; the same cursor always gives the same rows, for a day at most.";
    const TOOLSET: Toolset = Toolset::Query;
    const ALSO_IN: Option<Toolset> = Some(Toolset::Catalog);
    type Arguments = Arguments;
    type Output = FetchedOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let Arguments {
            cursor,
            limit,
            format,
            wait_seconds,
        } = arguments;
        let format = format.map(Into::into);
        let outcome = call
            .queries
            .fetch(
                &cursor,
                limit.map(|limit| limit.0),
                format,
                wait_seconds.map(|wait| wait.0),
                super::listing::view,
            )
            .await?;
        Ok(Reply::of(
            outcome,
            call.form(format),
            call.queries.budget().max_rows,
        ))
    }
}
