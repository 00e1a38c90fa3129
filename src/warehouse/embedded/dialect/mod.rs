//! Snowflake's SQL, said in DuckDB's.
//!
//! A statement comes in as the tree that `crate::sql` made and the policy approved; out goes the text of one DuckDB
//! statement. The text is written by hand, node by node (`expressions`, `select`, `tables`), and whatever no rule
//! mentions is an [`EngineLimit`]: a wrong answer in silence is worse than none. The same holds for functions. Only those
//! in the table of `functions` may pass, which is also what keeps `read_csv`, `getenv` and their like out.
//!
//! What cannot be said in place, because it depends on the type of a value (DATE or TIMESTAMP, VARIANT or text), is a
//! macro in `macros.sql`; [`install`] puts them where every call finds them.
//!
//! Calls [`crate::sql`] for trees and names and [`crate::warehouse`] for errors. Start at [`translate`], then read
//! `writer` for what the chapters share.

mod aggregates;
mod call;
mod calls;
mod context;
mod dates;
mod expressions;
mod formats;
mod functions;
mod names;
mod select;
mod semi_structured;
mod source;
mod tables;
mod texts;
mod types;
mod writer;

#[cfg(test)]
mod nesting;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

use crate::sql::ast::Statement;
use crate::warehouse::{EngineLimit, Error};

pub(super) use context::Context;
pub(super) use functions::reference;
use writer::Writer;

/// A statement DuckDB understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translation {
    /// One statement, ready to prepare, without placeholders.
    pub(super) sql: String,
}

/// Says a query in DuckDB's words. `source` is the text the tree was read from: columns without alias are named by it.
///
/// # Errors
///
/// [`Error::EngineLimit`] for what DuckDB cannot do, or not for certain as Snowflake does; [`Error::Sql`] for what
/// Snowflake would refuse as well.
pub(super) fn translate(
    statement: &Statement,
    source: &str,
    context: &Context,
) -> Result<Translation, Error> {
    let Statement::Query(query) = statement else {
        return Err(EngineLimit::new("runs queries only").into());
    };
    let sql = Writer::new(source, context)
        .query(query)
        .map_err(|fault| *fault)?;
    Ok(Translation { sql })
}

/// Makes the macros. Once for each database, before it is locked; `connection` must be in the in-memory database
/// DuckDB starts with, whose name the translated statements use.
pub(super) fn install(connection: &duckdb::Connection) -> duckdb::Result<()> {
    connection.execute_batch(include_str!("macros.sql"))
}
