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
mod arrays;
mod binary;
mod call;
mod calls;
mod comparisons;
mod context;
mod dates;
mod days;
mod decimals;
mod expressions;
mod formats;
mod forms;
mod functions;
mod given;
mod hierarchies;
mod intervals;
mod kinds;
mod lengths;
mod likes;
mod literals;
mod macros;
mod meetings;
mod names;
mod numbers;
mod outer_joins;
mod parameters;
mod patterns;
mod pivots;
mod places;
mod qualified;
mod queries;
mod returns;
mod rows;
mod select;
mod semantic_views;
mod semi_structured;
mod source;
mod table_functions;
mod tables;
mod texts;
mod types;
mod units;
mod writer;
mod zones;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod nesting;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::{self, ast::Statement};
use crate::warehouse::{EngineLimit, Error};

pub(super) use context::{Context, Found, MAX_PIVOTED, Repairs, Tables};
pub(super) use functions::reference;
use places::Place;
pub(super) use places::meetings;
use writer::Writer;

/// A statement DuckDB understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translation {
    /// One statement, ready to prepare, without placeholders.
    pub(super) sql: String,
    /// Columns that it adds up, which may turn out to hold text.
    pub(super) summands: BTreeSet<String>,
    /// Columns of the result that hold a product, by name.
    pub(super) products: BTreeSet<String>,
    /// Places where columns meet, see `meetings`.
    pub(super) places: BTreeMap<usize, Place>,
    /// The names of all columns of the result where they are known, and an empty one for one without alias.
    pub(super) names: Vec<String>,
    /// A query that has to be answered first, for `Repairs::pivots`; then there is no statement yet.
    pub(super) question: Option<String>,
}

/// Says a query in DuckDB's words. `source` is the text the tree was read from: columns without alias are named by it.
/// `repairs` is what DuckDB refused of an earlier translation of the same statement.
///
/// # Errors
///
/// [`Error::EngineLimit`] for what DuckDB cannot do, or not for certain as Snowflake does; [`Error::Sql`] for what
/// Snowflake would refuse as well.
pub(super) fn translate(
    statement: &Statement,
    source: &str,
    context: &Context,
    repairs: &Repairs,
) -> Result<Translation, Error> {
    if !parameters::may_be_in(source) {
        return written(statement, source, context, repairs);
    }
    // A copy takes stack for every level, when it is made and when it is dropped.
    sql::with_room(source.len(), || {
        let mut bound = statement.clone();
        parameters::bind(&mut bound, &context.parameters).map_err(|fault| *fault)?;
        written(&bound, source, context, repairs)
    })
}

/// The translation of a statement whose parameters are in their places.
fn written(
    statement: &Statement,
    source: &str,
    context: &Context,
    repairs: &Repairs,
) -> Result<Translation, Error> {
    let Statement::Query(query) = statement else {
        return Err(EngineLimit::new("runs queries only").into());
    };
    qualified::check(statement).map_err(|fault| *fault)?;
    let names = given::check(statement, context).map_err(|fault| *fault)?;
    let mut writer = Writer::new(source, context, repairs);
    let written = writer.query(query);
    let question = writer.question;
    let sql = match written {
        Ok(sql) => sql,
        Err(_) if question.is_some() => String::new(),
        Err(fault) => return Err(*fault),
    };
    if macros_in(&sql) > MAX_MACROS {
        return Err(EngineLimit {
            what: format!(
                "supports at most {MAX_MACROS} calls that depend on the type of a value, because it cannot be stopped \
                 while it plans them"
            ),
            hint: Some("ask in parts, or name repeated parts in a WITH clause".into()),
        }
        .into());
    }
    Ok(Translation {
        sql,
        summands: writer.summands,
        products: writer.products,
        places: writer.places,
        names: names.unwrap_or_default(),
        question,
    })
}

/// Macros in one statement. Each takes one to four milliseconds to plan, the more the deeper it nests, and planning cannot
/// be interrupted.
const MAX_MACROS: usize = 1_000;

/// How many macros a statement of the engine's calls, and how many types it asks for. A text that looks like one counts too: no harm is done.
fn macros_in(sql: &str) -> usize {
    let types = sql.matches("json_transform('null'").count();
    // What is computed exactly asks for three, which all follow from one.
    let exact = sql.matches("_type('before'").count();
    sql.matches("memory.main.sf_").count() + types.saturating_sub(2 * exact)
}

/// Makes the macros. Once for each database, before it is locked; `connection` must be in the in-memory database
/// DuckDB starts with, whose name the translated statements use.
pub(super) fn install(connection: &duckdb::Connection) -> duckdb::Result<()> {
    connection.execute_batch(macros::SOURCE)
}
