//! `list_tables`

use super::listing::InSchema;
use super::output::RowsOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::query::{Pick, Source, View};

/// Tables of a schema, a database, or the account.
pub(super) struct ListTables;

/// The columns of the SHOW that are shown.
pub(super) static VIEW: View = View {
    code: 3,
    hide: None,
    source: Source::List,
    pick: &[
        Pick::identifier("database_name", "database"),
        Pick::identifier("schema_name", "schema"),
        Pick::identifier("name", "name"),
        Pick::kind("kind"),
        Pick::value("rows"),
        Pick::value("bytes"),
        Pick::value("owner"),
        Pick::value("comment"),
    ],
};

impl Tool for ListTables {
    const NAME: &'static str = "list_tables";
    const TITLE: &'static str = "List tables";
    const DESCRIPTION: &'static str = "Lists the tables of a schema, a database or the account with kind (dynamic, external, Iceberg and others too), rows, bytes, owner and comment. \
         Views: list_views.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = InSchema;
    type Output = RowsOutput;

    async fn call(arguments: InSchema, context: CallContext) -> Result<Reply, Failure> {
        arguments.page("TABLES", &VIEW, &context).await
    }
}
