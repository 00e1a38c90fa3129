//! `list_schemas`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::RowsOutput;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{DatabaseName, ResultFormat, RowLimit};
use crate::query::{Pick, Query, Source, View};

/// Schemas of a database, or of the account.
pub(super) struct ListSchemas;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The database to look in; all when left out.
    database: Option<DatabaseName>,
    /// A pattern for the name: % is any text, _ one character.
    like: Option<String>,
    limit: Option<RowLimit>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// The columns of the SHOW that are shown.
pub(super) static VIEW: View = View {
    code: 2,
    hide: None,
    source: Source::List,
    pick: &[
        Pick::identifier("database_name", "database"),
        Pick::identifier("name", "name"),
        Pick::value("comment"),
    ],
};

impl Tool for ListSchemas {
    const NAME: &'static str = "list_schemas";
    const TITLE: &'static str = "List schemas";
    const DESCRIPTION: &'static str = "Lists the schemas of a database, or of all databases.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let scope = super::listing::scope(arguments.database.as_ref(), None)?;
        let query = Query {
            sql: super::listing::show("SCHEMAS", arguments.like.as_deref(), &scope),
            limit: arguments.limit.map(|limit| limit.0),
            format: context.form(arguments.format.map(Into::into)).format,
            view: Some(&VIEW),
            goes_on: arguments.database.is_some(),
            ..Query::default()
        };
        super::listing::page(query, &context).await
    }
}
