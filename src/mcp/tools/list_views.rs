//! `list_views`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::RowsOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{DatabaseName, ResultFormat, RowLimit, SchemaName};
use crate::query::{Hide, Pick, Query};

/// Views of a schema, a database, or the account.
pub(super) struct ListViews;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The database to look in, written as in SQL: "double quotes" keep lower case.
    database: Option<DatabaseName>,
    /// The schema to look in, or database.schema. With neither database nor schema, the whole account is listed.
    schema: Option<SchemaName>,
    /// Only views whose name matches this pattern: % stands for any text, _ for one character, case does not count.
    like: Option<String>,
    limit: Option<RowLimit>,
    /// How to write the rows.
    #[serde(default)]
    format: ResultFormat,
}

impl Tool for ListViews {
    const NAME: &'static str = "list_views";
    const TITLE: &'static str = "List views";
    const DESCRIPTION: &'static str = "Lists views with their comment. describe_view shows the columns and definition of one; query_view samples its rows. The views of INFORMATION_SCHEMA are listed only when that schema is named.";
    const TOOLSET: Toolset = Toolset::Catalog;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let scope = super::scope(arguments.database.as_ref(), arguments.schema.as_ref());
        let query = Query {
            sql: super::show("VIEWS", arguments.like.as_deref(), &scope),
            limit: arguments.limit.map(|limit| limit.0),
            format: arguments.format.into(),
            pick: Some(&[
                Pick {
                    source: "database_name",
                    name: "database",
                    is_identifier: true,
                },
                Pick {
                    source: "schema_name",
                    name: "schema",
                    is_identifier: true,
                },
                Pick {
                    source: "name",
                    name: "name",
                    is_identifier: true,
                },
                Pick {
                    source: "is_materialized",
                    name: "is_materialized",
                    is_identifier: false,
                },
                Pick {
                    source: "comment",
                    name: "comment",
                    is_identifier: false,
                },
            ]),
            // Every database has the same twenty; they are shown to whoever names their schema.
            hide: arguments.schema.is_none().then_some(Hide {
                column: "schema_name",
                value: "INFORMATION_SCHEMA",
            }),
            ..Query::default()
        };
        super::listing(query, &call).await
    }
}
