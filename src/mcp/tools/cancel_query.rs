//! `cancel_query`

use super::output::StatusOutput;
use super::query_status::Arguments;
use super::{CallContext, Failure, Reply, Tool, Toolset};

/// Stops an earlier statement.
pub(super) struct CancelQuery;

impl Tool for CancelQuery {
    const NAME: &'static str = "cancel_query";
    const TITLE: &'static str = "Stop a query";
    const DESCRIPTION: &'static str =
        "Stops a statement that was answered with status running, and returns its final state.";
    const TOOLSET: Toolset = Toolset::Query;
    const ALSO_IN: &'static [Toolset] = &[Toolset::Semantic, Toolset::Custom];
    type Arguments = Arguments;
    type Output = StatusOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let known = context.queries.cancel(&arguments.cursor).await?;
        Ok(Reply::known(context.form(None), known))
    }
}
