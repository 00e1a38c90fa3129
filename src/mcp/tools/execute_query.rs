//! `execute_query`

use schemars::JsonSchema;
use serde::Deserialize;

use super::reply::PageOutput;
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{
    self, BindValue, DatabaseName, PlainName, ResultFormat, RowLimit, SchemaName, Seconds,
};
use crate::query::Query;
use crate::warehouse::Session;

/// Runs one statement.
pub(super) struct ExecuteQuery;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// One Snowflake SQL statement that reads: SELECT, WITH, VALUES, SHOW, DESCRIBE, EXPLAIN or LIST.
    sql: String,
    /// Values for the statement's placeholders, ? in order or :1, :2 by number. Safer than writing values into the text.
    #[serde(default)]
    parameters: Vec<BindValue>,
    /// The database that unqualified names are looked up in.
    database: Option<DatabaseName>,
    /// The schema that unqualified names are looked up in.
    schema: Option<SchemaName>,
    /// The virtual warehouse that runs the statement; the server's default when left out.
    warehouse: Option<PlainName>,
    /// The role the statement runs with; the server's default when left out.
    role: Option<PlainName>,
    limit: Option<RowLimit>,
    /// How to write the rows: markdown reads best, csv is shortest, json keeps types and fills the structured rows.
    #[serde(default)]
    format: ResultFormat,
    timeout_seconds: Option<Seconds>,
}

/// The description where statements may do more than read.
pub(super) const WITH_CHANGES: &str = "Runs one Snowflake SQL statement, which may change data, and returns its rows. Changes last: there is no transaction \
     to roll back. Look tables and columns up first (search_objects, describe_table) rather than guessing names. Let SQL do the \
     work: filter, aggregate, and ORDER BY with LIMIT. When truncated, read on with next_cursor and fetch_results; a statement \
     that takes long is answered with status running and a cursor.";

impl Tool for ExecuteQuery {
    const NAME: &'static str = "execute_query";
    const TITLE: &'static str = "Run a query";
    const DESCRIPTION: &'static str = "Runs one Snowflake SQL statement that reads, and returns its rows. Look tables and columns up first \
         (search_objects, describe_table) rather than guessing names. Let SQL do the work: filter, aggregate, and ORDER BY \
         with LIMIT. When truncated, read on with next_cursor and fetch_results; a statement that takes long is answered with \
         status running and a cursor for fetch_results, query_status and cancel_query.";
    const TOOLSET: Toolset = Toolset::Query;
    type Arguments = Arguments;
    type Output = PageOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let query = Query {
            sql: arguments.sql,
            session: Session {
                warehouse: arguments.warehouse.map(|name| name.0),
                role: arguments.role.map(|name| name.0),
                ..arguments::session(arguments.database, arguments.schema)?
            },
            parameters: arguments
                .parameters
                .into_iter()
                .map(|value| value.0)
                .collect(),
            limit: arguments.limit.map(|limit| limit.0),
            format: arguments.format.into(),
            timeout: arguments.timeout_seconds.map(|seconds| seconds.0),
            wait: None,
            view: None,
            is_sample: false,
        };
        super::listing::page(query, &call).await
    }
}
