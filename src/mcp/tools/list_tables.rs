//! `list_tables`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::RowsOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{DatabaseName, ResultFormat, RowLimit, SchemaName};
use crate::query::{Pick, Query};

/// Tables of a schema, a database, or the account.
pub(super) struct ListTables;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The database to look in, written as in SQL: "double quotes" keep lower case.
    database: Option<DatabaseName>,
    /// The schema to look in, or database.schema. With neither database nor schema, the whole account is listed.
    schema: Option<SchemaName>,
    /// Only tables whose name matches this pattern: % stands for any text, _ for one character, case does not count.
    like: Option<String>,
    limit: Option<RowLimit>,
    /// How to write the rows.
    #[serde(default)]
    format: ResultFormat,
}

impl Tool for ListTables {
    const NAME: &'static str = "list_tables";
    const TITLE: &'static str = "List tables";
    const DESCRIPTION: &'static str = "Lists tables with their size and comment. describe_table shows the columns of one; search_objects finds tables by a word.";
    const TOOLSET: Toolset = Toolset::Catalog;
    type Arguments = Arguments;
    type Output = RowsOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let scope = super::scope(arguments.database.as_ref(), arguments.schema.as_ref());
        let query = Query {
            sql: super::show("TABLES", arguments.like.as_deref(), &scope),
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
                    source: "kind",
                    name: "kind",
                    is_identifier: false,
                },
                Pick {
                    source: "rows",
                    name: "rows",
                    is_identifier: false,
                },
                Pick {
                    source: "bytes",
                    name: "bytes",
                    is_identifier: false,
                },
                Pick {
                    source: "comment",
                    name: "comment",
                    is_identifier: false,
                },
            ]),
            ..Query::default()
        };
        super::listing(query, &call).await
    }
}
