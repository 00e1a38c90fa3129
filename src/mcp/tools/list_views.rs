//! `list_views`

use super::listing::{self, InSchema};
use super::reply::RowsOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::query::{Hide, Pick, Query};

/// Views of a schema, a database, or the account.
pub(super) struct ListViews;

/// What is kept of the SHOW.
const COLUMNS: &[Pick] = &[
    Pick::identifier("database_name", "database"),
    Pick::identifier("schema_name", "schema"),
    Pick::identifier("name", "name"),
    Pick::value("is_materialized"),
    Pick::value("comment"),
];

impl Tool for ListViews {
    const NAME: &'static str = "list_views";
    const TITLE: &'static str = "List views";
    const DESCRIPTION: &'static str = "\
        Lists views with their comment. describe_view shows the columns and definition of one; \
        query_view samples its rows. The views of INFORMATION_SCHEMA are listed only when that \
        schema is named.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const MAY_BE_KEPT: bool = true;
    type Arguments = InSchema;
    type Output = RowsOutput;

    async fn call(arguments: InSchema, call: Call) -> Result<Reply, Failure> {
        let is_schema_named = arguments.schema.is_some();
        let query = Query {
            pick: Some(COLUMNS),
            // Every database has the same twenty; they are shown to whoever names their schema.
            hide: (!is_schema_named).then_some(Hide {
                column: "schema_name",
                value: "INFORMATION_SCHEMA",
            }),
            ..arguments.query("VIEWS")
        };
        listing::answer(query, &call).await
    }
}
