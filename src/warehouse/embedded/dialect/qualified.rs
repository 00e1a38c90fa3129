//! Columns with the name of a table before them: the table has to be there.
//!
//! To DuckDB `v.a` is the member `a` where `v` is a column that holds JSON, and NULL when there is none. Snowflake writes a path with a
//! colon, and with a dot it looks for a table `v`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::sql::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Statement, TableAlias,
    TableFactor,
};
use crate::sql::walk::{Step, expressions, walk};
use crate::warehouse::Error;

use super::writer::{Fault, folded};

/// Refuses a column of a table that the statement does not name anywhere.
pub(super) fn check(statement: &Statement) -> Result<(), Fault> {
    let mut tables = Tables::default();
    let _: ControlFlow<()> = walk(statement, |step| {
        match step {
            Step::TableFactor(factor) => tables.note(factor),
            Step::Expr(expr) => tables.note_argument(expr),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    if tables.has_others {
        return Ok(());
    }
    let found = expressions(statement, |expr| match expr {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [.., table, _] if !tables.names.contains(&folded(table).to_uppercase()) => {
                let parts: Vec<String> = parts.iter().map(folded).collect();
                ControlFlow::Break(parts.join("."))
            }
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(column) => Err(Box::new(Error::ObjectNotFound {
            message: format!("SQL compilation error:\ninvalid identifier '{column}'"),
            query_id: None,
        })),
    }
}

/// The names of all tables of a statement, in upper case: DuckDB does not tell the cases apart.
#[derive(Default)]
struct Tables {
    names: BTreeSet<String>,
    /// Whether there is a table whose columns have names of another kind.
    has_others: bool,
}

impl Tables {
    fn add(&mut self, name: &Ident) {
        self.names.insert(folded(name).to_uppercase());
    }

    fn add_alias(&mut self, alias: Option<&TableAlias>) {
        if let Some(alias) = alias {
            self.add(&alias.name);
        }
    }

    /// Names of tables in the place of an argument, as in `TABLE(a.b)`.
    fn add_named_by(&mut self, argument: &Expr) {
        if let Expr::CompoundIdentifier(parts) = argument {
            for part in parts {
                self.add(part);
            }
        }
    }

    fn note(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                if let Some(last) = name.0.last() {
                    match last.as_ident() {
                        Some(ident) => self.add(ident),
                        // Named by a text, or by a call.
                        None => self.has_others = true,
                    }
                }
                self.add_alias(alias.as_ref());
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::Pivot { alias, .. }
            | TableFactor::Unpivot { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => self.add_alias(alias.as_ref()),
            TableFactor::Function { name, alias, .. } => {
                if let Some(ident) = name.0.last().and_then(|part| part.as_ident()) {
                    self.add(ident);
                }
                self.add_alias(alias.as_ref());
            }
            TableFactor::TableFunction { expr, alias } => {
                match expr {
                    Expr::Function(function) => {
                        if let Some(ident) = function.name.0.last().and_then(|part| part.as_ident())
                        {
                            self.add(ident);
                        }
                    }
                    Expr::Value(_) => self.has_others = true,
                    other => self.add_named_by(other),
                }
                self.add_alias(alias.as_ref());
            }
            _ => self.has_others = true,
        }
    }

    /// `IDENTIFIER(a.b)`
    fn note_argument(&mut self, expr: &Expr) {
        if let Expr::Function(Function { name, args, .. }) = expr
            && name.to_string().eq_ignore_ascii_case("IDENTIFIER")
            && let FunctionArguments::List(list) = args
        {
            for argument in &list.args {
                if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
                    self.add_named_by(argument);
                }
            }
        }
    }
}
