//! What the chapters share: the state of one translation, its limits, and the small words of writing SQL.

use std::collections::BTreeSet;

use crate::sql::ast::{Expr, Ident};
use crate::warehouse::{EngineLimit, Error};

use super::Context;
use super::source::Source;

/// Boxed, because it travels through deep recursion.
pub(super) type Fault = Box<Error>;

/// A piece of DuckDB's SQL, or why there is none.
pub(super) type Written = Result<String, Fault>;

/// How deep expressions and queries may nest. The parser stops at 128; what it reads in loops (`a::b::c`) is caught here.
const MAX_DEPTH: usize = 200;

/// How large a statement may grow, in nodes after DuckDB has put the macros in place. Some macros use an argument more
/// than once, so that nesting them multiplies.
const MAX_COST: usize = 200_000;

/// Longest text handed to DuckDB, in bytes.
const MAX_TEXT: usize = 2 << 20;

/// One translation under way.
pub(super) struct Writer<'a> {
    pub(super) context: &'a Context,
    pub(super) source: Source,
    /// Names of the common table expressions in sight, innermost last; each level shadows the ones before.
    pub(super) with_names: Vec<String>,
    /// Columns known to hold VARIANT, by name: results of FLATTEN, aliases of VARIANT expressions. Taking a column for a
    /// VARIANT that is none does no harm, see `semi_structured`.
    pub(super) variants: BTreeSet<String>,
    /// What the FROM of the query being written offers, innermost last.
    pub(super) froms: Vec<From>,
    /// Number of `?` met so far.
    pub(super) placeholders: usize,
    depth: usize,
    cost: usize,
}

/// What the FROM clause of a query offers beyond columns.
#[derive(Debug, Clone, Default)]
pub(super) struct From {
    /// Whether it is VALUES alone, whose columns can be called `$1`.
    pub(super) is_values: bool,
    /// Whether it is GENERATOR, whose rows are numbered for SEQ4.
    pub(super) is_generator: bool,
    /// Number of lateral FLATTENs: their SEQ is not told apart for equal rows.
    pub(super) has_lateral_flatten: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(source: &str, context: &'a Context) -> Self {
        Self {
            context,
            source: Source::new(source),
            with_names: Vec::new(),
            variants: BTreeSet::new(),
            froms: Vec::new(),
            placeholders: 0,
            depth: 0,
            cost: 0,
        }
    }

    /// Runs one step of the descent, or refuses to go deeper.
    pub(super) fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Written) -> Written {
        if self.depth >= MAX_DEPTH {
            return limit("does not follow statements that nest this deep");
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        self.cost += 1;
        let written = written?;
        if self.cost > MAX_COST || written.len() > MAX_TEXT {
            return limit("does not run a statement that grows this large in translation");
        }
        Ok(written)
    }

    /// Writes something whose parts will each appear up to `times` times in what DuckDB sees.
    pub(super) fn repeated<T>(
        &mut self,
        times: usize,
        write: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let before = self.cost;
        let written = write(self)?;
        let own = self.cost - before;
        self.cost = before.saturating_add(own.saturating_mul(times));
        Ok(written)
    }

    pub(super) fn expressions(&mut self, list: &[Expr]) -> Result<Vec<String>, Fault> {
        list.iter().map(|expr| self.expression(expr)).collect()
    }

    pub(super) fn comma_separated(&mut self, list: &[Expr]) -> Written {
        Ok(self.expressions(list)?.join(", "))
    }
}

/// The call of one of our macros.
pub(super) fn macro_call(name: &str, arguments: &[&str]) -> String {
    format!("memory.main.sf_{name}({})", arguments.join(", "))
}

/// A text as a literal.
pub(super) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name in double quotes.
pub(super) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The exact name an identifier stands for: without quotes it folds to upper case.
pub(super) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_uppercase()
    }
}

/// An identifier ready for DuckDB.
pub(super) fn name(ident: &Ident) -> String {
    quote_name(&folded(ident))
}

/// "The embedded engine …".
pub(super) fn limit<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Box::new(EngineLimit::new(what).into()))
}

/// "The embedded engine …", and what to write instead.
pub(super) fn limit_with_hint<T>(
    what: impl Into<String>,
    hint: impl Into<String>,
) -> Result<T, Fault> {
    Err(Box::new(
        EngineLimit {
            what: what.into(),
            hint: Some(hint.into()),
        }
        .into(),
    ))
}

/// What Snowflake refuses as well.
pub(super) fn refuse<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Box::new(Error::Sql {
        message: message.into(),
        position: None,
        query_id: None,
    }))
}
