//! Walks over the tree of a statement.
//!
//! sqlparser's own walk is compiled anew for every type of visitor, and each copy is 0.2 MB of machine code. Here it is compiled
//! once, for a visitor that hands every step to a closure.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan, Visit, VisitMut,
    Visitor, VisitorMut,
};

/// What a walk comes to. A part comes before the parts it holds.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A statement: the one walked over, or one inside it.
    Statement(&'a Statement),
    /// A query or subquery.
    Query(&'a Query),
    /// The same query, after all that it holds.
    QueryEnd(&'a Query),
    /// One SELECT of a query.
    Select(&'a Select),
    /// The name of a table or view.
    Relation(&'a ObjectName),
    /// One entry of a FROM.
    TableFactor(&'a TableFactor),
    /// The same entry, after all that it holds.
    TableFactorEnd(&'a TableFactor),
    /// An expression.
    Expr(&'a Expr),
    /// A literal or placeholder.
    Value(&'a ValueWithSpan),
}

/// Goes over everything below `root`, until a step breaks off.
pub fn walk<B>(
    root: &impl Visit,
    mut step: impl FnMut(Step<'_>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut stopped = ControlFlow::Continue(());
    let mut keep = |at: Step<'_>| {
        stopped = step(at);
        match stopped {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(_) => ControlFlow::Break(()),
        }
    };
    let _: ControlFlow<()> = root.visit(&mut Steps(&mut keep));
    stopped
}

/// Goes over the expressions below `root`, each before those it holds.
pub fn expressions<B>(
    root: &impl Visit,
    mut step: impl FnMut(&Expr) -> ControlFlow<B>,
) -> ControlFlow<B> {
    walk(root, |at| match at {
        Step::Expr(expr) => step(expr),
        _ => ControlFlow::Continue(()),
    })
}

/// Changes the expressions below `root`, each after those it holds: what is put in is not looked at again.
pub fn change_expressions(root: &mut impl VisitMut, mut change: impl FnMut(&mut Expr)) {
    let _: ControlFlow<()> = root.visit(&mut Changes {
        expr: &mut change,
        value: &mut |_| {},
    });
}

/// Changes the literals and placeholders below `root`.
pub fn change_values(root: &mut impl VisitMut, mut change: impl FnMut(&mut ValueWithSpan)) {
    let _: ControlFlow<()> = root.visit(&mut Changes {
        expr: &mut |_| {},
        value: &mut change,
    });
}

struct Steps<'a>(&'a mut dyn FnMut(Step<'_>) -> ControlFlow<()>);

impl Visitor for Steps<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        (self.0)(Step::Statement(statement))
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        (self.0)(Step::Query(query))
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        (self.0)(Step::QueryEnd(query))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        (self.0)(Step::Select(select))
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        (self.0)(Step::Relation(name))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        (self.0)(Step::TableFactor(factor))
    }

    fn post_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        (self.0)(Step::TableFactorEnd(factor))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        (self.0)(Step::Expr(expr))
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        (self.0)(Step::Value(value))
    }
}

struct Changes<'a> {
    expr: &'a mut dyn FnMut(&mut Expr),
    value: &'a mut dyn FnMut(&mut ValueWithSpan),
}

impl VisitorMut for Changes<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        (self.expr)(expr);
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        (self.value)(value);
        ControlFlow::Continue(())
    }
}
