//! `list_databases`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::RowsOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{ResultFormat, RowLimit};
use crate::query::{Pick, Query, Source, View};

/// Databases the role can see.
pub(super) struct ListDatabases;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// A pattern for the name: % is any text, _ one character.
    like: Option<String>,
    limit: Option<RowLimit>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// The columns of the SHOW that are shown.
pub(super) static VIEW: View = View {
    code: 1,
    hide: None,
    source: Source::List,
    pick: &[
        Pick::identifier("name", "name"),
        Pick::value("kind"),
        Pick::value("comment"),
        Pick::value("created_on"),
    ],
};

impl Tool for ListDatabases {
    const NAME: &'static str = "list_databases";
    const TITLE: &'static str = "List databases";
    const DESCRIPTION: &'static str =
        "Lists the databases that can be read. Start here to explore an unknown account.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let query = Query {
            sql: super::listing::show("DATABASES", arguments.like.as_deref(), ""),
            limit: arguments.limit.map(|limit| limit.0),
            format: context.form(arguments.format.map(Into::into)).format,
            view: Some(&VIEW),
            goes_on: true,
            ..Query::default()
        };
        super::listing::page(query, &context).await
    }
}
