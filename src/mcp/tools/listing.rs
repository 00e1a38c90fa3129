//! What the tools that list things share: their arguments, the SHOW they send and how its rows are answered.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Call, Failure, Reply, list_databases, list_schemas, list_tables, list_views};
use crate::mcp::arguments::{self, DatabaseName, ResultFormat, RowLimit, SchemaName};
use crate::query::{Query, View};
use crate::sql::literal;

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
    /// markdown unless said otherwise.
    pub(super) format: Option<ResultFormat>,
}

impl InSchema {
    /// The SHOW for these arguments, without the choice of columns.
    pub(super) fn query(self, objects: &str, call: &Call) -> Result<Query, Failure> {
        let scope = scope(self.database.as_ref(), self.schema.as_ref())?;
        Ok(Query {
            sql: show(objects, self.like.as_deref(), &scope),
            limit: self.limit.map(|limit| limit.0),
            format: call.form(self.format.map(Into::into)).format,
            ..Query::default()
        })
    }
}

/// `SHOW … [LIKE 'pattern'] [scope]`
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

/// How the rows of our listings are shown, by the code that cursors have.
pub(super) fn view(code: u8) -> Option<&'static View> {
    const VIEWS: [&View; 5] = [
        &list_databases::VIEW,
        &list_schemas::VIEW,
        &list_tables::VIEW,
        &list_views::VIEW,
        &list_views::IN_SCHEMA,
    ];
    VIEWS.into_iter().find(|view| view.code == code)
}

/// Runs a query and answers with its first rows, or that it goes on.
pub(super) async fn page(query: Query, call: &Call) -> Result<Reply, Failure> {
    let pattern = whole_name(&query);
    let form = call.form(Some(query.format));
    let outcome = call.queries.page(query).await?;
    let reply = Reply::of(outcome, form, call.queries.budget().max_rows);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A code is in cursors that may be a day old, so it stands for the same list for ever.
    #[test]
    fn every_view_is_found_by_its_code() {
        for (code, columns, first) in [
            (1, 4, "name"),
            (2, 3, "database"),
            (3, 8, "database"),
            (4, 6, "database"),
            (5, 6, "database"),
        ] {
            let view = view(code).unwrap();
            assert_eq!(view.code, code);
            assert_eq!((view.pick.len(), view.pick[0].name), (columns, first));
            assert_eq!(view.hide.is_some(), code == 4);
        }
        assert!(view(0).is_none() && view(6).is_none());
    }
}
