//! `list_views`

use super::listing::InSchema;
use super::output::RowsOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::query::{Hide, Pick, Source, View};

/// Views of a schema, a database, or the account.
pub(super) struct ListViews;

/// The columns of the SHOW that are shown.
const COLUMNS: &[Pick] = &[
    Pick::identifier("database_name", "database"),
    Pick::identifier("schema_name", "schema"),
    Pick::identifier("name", "name"),
    Pick::value("is_materialized"),
    Pick::value("owner"),
    Pick::value("comment"),
];

/// Views of all schemas, without those of `INFORMATION_SCHEMA`: these are the same twenty in every database, and are
/// listed if a caller names the schema.
pub(super) static VIEW: View = View {
    code: 4,
    pick: COLUMNS,
    hide: Some(Hide {
        column: "schema_name",
        value: "INFORMATION_SCHEMA",
    }),
    source: Source::List,
};

/// Of a schema that was named.
pub(super) static IN_SCHEMA: View = View {
    code: 5,
    pick: COLUMNS,
    hide: None,
    source: Source::List,
};

impl Tool for ListViews {
    const NAME: &'static str = "list_views";
    const TITLE: &'static str = "List views";
    const DESCRIPTION: &'static str = "Lists the views, materialized ones too, of a schema, a database or the account with owner and comment. INFORMATION_SCHEMA is listed only when it is named.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = InSchema;
    type Output = RowsOutput;

    async fn call(arguments: InSchema, context: CallContext) -> Result<Reply, Failure> {
        let view = match arguments.schema {
            Some(_) => &IN_SCHEMA,
            None => &VIEW,
        };
        arguments.page("VIEWS", view, &context).await
    }
}
