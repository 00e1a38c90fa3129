//! Snowflake's queries as DuckDB statements. A stand-in: it only completes names, the rest passes as it is.

use std::ops::ControlFlow;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Statement, visit_relations_mut};

use crate::sql::{Identifier, qualified_name};
use crate::warehouse::{self, Parameter};

/// What a query's context functions and unqualified names resolve to.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "the stand-in reads no more than the names")]
pub(super) struct Context {
    /// Current database.
    pub database: Identifier,
    /// Current schema.
    pub schema: Identifier,
    /// Current role.
    pub role: Identifier,
    /// Current virtual warehouse.
    pub warehouse: Identifier,
    /// Current user.
    pub user: Identifier,
    /// The statement's id.
    pub query_id: String,
    /// Values for placeholders.
    pub parameters: Vec<Parameter>,
}

/// A query as DuckDB reads it.
#[derive(Debug)]
pub(super) struct Translation {
    /// One DuckDB statement.
    pub sql: String,
}

/// Translates one statement.
pub(super) fn translate(
    statement: &Statement,
    _source: &str,
    context: &Context,
) -> Result<Translation, warehouse::Error> {
    let mut statement = statement.clone();
    let _ = visit_relations_mut(&mut statement, |relation| {
        // A table function keeps its name.
        if relation.0.len() == 1
            && relation
                .0
                .first()
                .and_then(ObjectNamePart::as_ident)
                .is_some_and(|ident| {
                    matches!(ident.value.as_str(), "range" | "cte" | "read_text" | "glob")
                })
        {
            return ControlFlow::<()>::Continue(());
        }
        if let Ok(name) = qualified_name(relation) {
            let database = name.database.as_ref().unwrap_or(&context.database);
            let schema = match name.schema.as_ref().unwrap_or(&context.schema).as_str() {
                "INFORMATION_SCHEMA" => "_INFORMATION_SCHEMA",
                schema => schema,
            };
            *relation = ObjectName(
                [database.as_str(), schema, name.object.as_str()]
                    .map(|part| ObjectNamePart::Identifier(Ident::with_quote('"', part)))
                    .to_vec(),
            );
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(Translation {
        sql: statement.to_string(),
    })
}

/// Macros and types: none here.
#[expect(clippy::unnecessary_wraps, reason = "the real one can fail")]
pub(super) fn install(_connection: &duckdb::Connection) -> duckdb::Result<()> {
    Ok(())
}
