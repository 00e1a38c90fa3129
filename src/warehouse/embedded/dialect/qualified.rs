//! Columns with the name of a table before them: the table has to be there.
//!
//! To DuckDB `v.a` is the member `a` where `v` is a column that holds JSON, and NULL when there is none. Snowflake writes a path with a
//! colon, and with a dot it looks for a table `v`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::sql::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Statement, TableAlias,
    TableFactor, Visit, Visitor,
};
use crate::warehouse::Error;

use super::writer::{Fault, folded};

/// Refuses a column of a table that the statement does not name anywhere.
pub(super) fn check(statement: &Statement) -> Result<(), Fault> {
    let mut tables = Tables::default();
    let _ = Visit::visit(statement, &mut tables);
    if tables.has_others {
        return Ok(());
    }
    match Visit::visit(statement, &mut Columns(&tables.names)) {
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
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
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
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
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
        ControlFlow::Continue(())
    }
}

/// Looks for a column whose table is none of these.
struct Columns<'t>(&'t BTreeSet<String>);

impl Visitor for Columns<'_> {
    type Break = String;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [.., table, _] = parts.as_slice()
            && !self.0.contains(&folded(table).to_uppercase())
        {
            let parts: Vec<String> = parts.iter().map(folded).collect();
            return ControlFlow::Break(parts.join("."));
        }
        ControlFlow::Continue(())
    }
}
