//! `query_status`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::StatusOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};

/// How far an earlier statement has come.
pub(super) struct QueryStatus;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The cursor from the statement's answer, copied whole.
    pub(super) cursor: String,
}

impl Tool for QueryStatus {
    const NAME: &'static str = "query_status";
    const TITLE: &'static str = "Status of a query";
    const DESCRIPTION: &'static str = "Shows the state of a statement that was answered with status running: queued, running, succeeded, failed or cancelled. To wait for its rows call fetch_results instead.";
    const TOOLSET: Toolset = Toolset::Query;
    const ALSO_IN: &'static [Toolset] = &[Toolset::Semantic, Toolset::Custom];
    type Arguments = Arguments;
    type Output = StatusOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let known = context.queries.status(&arguments.cursor).await?;
        Ok(Reply::known(context.form(None), known))
    }
}
