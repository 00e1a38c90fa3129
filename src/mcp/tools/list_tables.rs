//! `list_tables`

use super::listing::{self, InSchema};
use super::reply::RowsOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::query::{Pick, Query, View};

/// Tables of a schema, a database, or the account.
pub(super) struct ListTables;

/// What is kept of the SHOW.
pub(super) static VIEW: View = View {
    code: 3,
    hide: None,
    pick: &[
        Pick::identifier("database_name", "database"),
        Pick::identifier("schema_name", "schema"),
        Pick::identifier("name", "name"),
        Pick::value("kind"),
        Pick::value("rows"),
        Pick::value("bytes"),
        Pick::value("comment"),
    ],
};

impl Tool for ListTables {
    const NAME: &'static str = "list_tables";
    const TITLE: &'static str = "List tables";
    const DESCRIPTION: &'static str = "\
        Lists tables with their size and comment. describe_table shows the columns of one; \
        search_objects finds tables by a word.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const MAY_BE_KEPT: bool = true;
    type Arguments = InSchema;
    type Output = RowsOutput;

    async fn call(arguments: InSchema, call: Call) -> Result<Reply, Failure> {
        let query = Query {
            view: Some(&VIEW),
            ..arguments.query("TABLES")?
        };
        listing::page(query, &call).await
    }
}
