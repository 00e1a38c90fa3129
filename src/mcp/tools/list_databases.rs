//! `list_databases`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::RowsOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{ResultFormat, RowLimit};
use crate::query::{Pick, Query};

/// Databases the role can see.
pub(super) struct ListDatabases;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Only databases whose name matches this pattern: % stands for any text, _ for one character, case does not count.
    like: Option<String>,
    limit: Option<RowLimit>,
    /// How to write the rows.
    #[serde(default)]
    format: ResultFormat,
}

impl Tool for ListDatabases {
    const NAME: &'static str = "list_databases";
    const TITLE: &'static str = "List databases";
    const DESCRIPTION: &'static str = "Lists the databases that can be read. Start here to explore an unknown account; \
                                       list_schemas goes on from a database.";
    const TOOLSET: Toolset = Toolset::Catalog;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let query = Query {
            sql: super::show("DATABASES", arguments.like.as_deref(), ""),
            limit: arguments.limit.map(|limit| limit.0),
            format: arguments.format.into(),
            pick: Some(&[
                Pick {
                    source: "name",
                    name: "name",
                    is_identifier: true,
                },
                Pick {
                    source: "kind",
                    name: "kind",
                    is_identifier: false,
                },
                Pick {
                    source: "comment",
                    name: "comment",
                    is_identifier: false,
                },
                Pick {
                    source: "created_on",
                    name: "created_on",
                    is_identifier: false,
                },
            ]),
            ..Query::default()
        };
        super::listing(query, &call).await
    }
}
