//! What the tools that list things share: their arguments, the SHOW they send and how its rows are answered.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CallContext, Failure, Reply};
use crate::mcp::arguments::{self, DatabaseName, ResultFormat, RowLimit, SchemaName};
use crate::query::{Query, View};
use crate::sql::literal;
use crate::sql::show::Show;

/// The arguments of the tools that list what is in a schema.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InSchema {
    /// The database to look in.
    pub(super) database: Option<DatabaseName>,
    /// The schema to look in, or database.schema; the account when both are left out.
    pub(super) schema: Option<SchemaName>,
    /// A pattern for the name: % is any text, _ one character, case does not matter.
    pub(super) like: Option<String>,
    pub(super) limit: Option<RowLimit>,
    /// Default: markdown.
    pub(super) format: Option<ResultFormat>,
}

impl InSchema {
    /// Runs the SHOW for these arguments and answers with its first rows.
    pub(super) async fn page(
        self,
        objects: &str,
        view: &'static View,
        context: &CallContext,
    ) -> Result<Reply, Failure> {
        let scope = scope(self.database.as_ref(), self.schema.as_ref())?;
        let query = Query {
            sql: show(objects, self.like.as_deref(), &scope),
            view: Some(view),
            // Beyond 10,000 names SHOW is sent again from the last one on, which needs an order. It
            // has one only within a schema.
            goes_on: self.schema.is_some(),
            limit: self.limit.map(|limit| limit.0),
            format: context.form(self.format.map(Into::into)).format,
            ..Query::default()
        };
        page(query, context).await
    }
}

/// Kinds whose SHOW has no LIMIT: it is cut at Snowflake's longest list. The others fail beyond it, unless they say LIMIT.
const WITHOUT_LIMIT: [&str; 1] = ["COLUMNS"];

/// `SHOW … [LIKE 'pattern'] [scope] [LIMIT 10000]`
pub(super) fn show(objects: &str, like: Option<&str>, scope: &str) -> String {
    let mut sql = format!("SHOW {objects}");
    if let Some(pattern) = like {
        sql.push_str(" LIKE ");
        sql.push_str(&literal(pattern));
    }
    if !scope.is_empty() {
        sql.push(' ');
        sql.push_str(scope);
    }
    if !WITHOUT_LIMIT.contains(&objects) {
        sql.push_str(&format!(" LIMIT {}", Show::LONGEST));
    }
    sql
}

/// Where a SHOW looks: in the schema, else the database, else everywhere.
pub(super) fn scope(
    database: Option<&DatabaseName>,
    schema: Option<&SchemaName>,
) -> Result<String, Failure> {
    arguments::agree(database, schema)?;
    Ok(match (database, schema) {
        (Some(database), Some(SchemaName(schema))) if schema.schema.is_none() => {
            format!("IN SCHEMA {}.{}", database.0.quoted(), schema.quoted())
        }
        (_, Some(schema)) => format!("IN SCHEMA {}", schema.0.quoted()),
        (Some(database), None) => format!("IN DATABASE {}", database.0.quoted()),
        (None, None) => "IN ACCOUNT".to_owned(),
    })
}

/// Runs a query and answers with its first rows, or that it goes on.
pub(in crate::mcp) async fn page(query: Query, context: &CallContext) -> Result<Reply, Failure> {
    let pattern = whole_name(&query);
    let form = context.form(Some(query.format));
    let outcome = context.queries.page(query).await?;
    let reply = Reply::of(outcome, form, context.queries.budget().max_rows);
    Ok(match pattern {
        Some(pattern) if reply.rows == 0 => reply.with_note(&format!(
            "like matches whole names: did you mean like '%{pattern}%'?"
        )),
        _ => reply,
    })
}

/// The pattern of a list that matches one name only.
fn whole_name(query: &Query) -> Option<String> {
    let is_list = query.view.is_some();
    let (_, pattern) = query.sql.split_once(" LIKE '")?;
    let (pattern, _) = pattern.split_once('\'')?;
    (is_list && !pattern.is_empty() && !pattern.contains('%')).then(|| pattern.to_owned())
}
