//! `list_semantic_views`

use super::listing::InSchema;
use super::output::RowsOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::query::{Pick, Source, View};

/// Semantic views of a schema, a database, or the account.
pub(super) struct ListSemanticViews;

/// The columns of the SHOW that are shown.
pub(super) static VIEW: View = View {
    code: 7,
    hide: None,
    source: Source::List,
    pick: &[
        Pick::identifier("database_name", "database"),
        Pick::identifier("schema_name", "schema"),
        Pick::identifier("name", "name"),
        Pick::value("comment"),
    ],
};

impl Tool for ListSemanticViews {
    const NAME: &'static str = "list_semantic_views";
    const TITLE: &'static str = "List semantic views";
    const DESCRIPTION: &'static str = "Lists semantic views: metrics and dimensions that somebody defined, so that figures match those of the business. For questions about figures look here before you aggregate tables; then call describe_semantic_view.";
    const TOOLSET: Toolset = Toolset::Semantic;
    const IS_CACHEABLE: bool = true;
    type Arguments = InSchema;
    type Output = RowsOutput;

    async fn call(arguments: InSchema, context: CallContext) -> Result<Reply, Failure> {
        arguments.page("SEMANTIC VIEWS", &VIEW, &context).await
    }
}
