//! Parameters: each `?` and `:1` becomes the literal it stands for, before anything is written.
//!
//! So a parameter is good for whatever a literal is good for, a format or the unit of a date as well, and there is one way
//! of reading them. What no literal can say stays a placeholder: a FLOAT, and one for which no value came.

use std::ops::ControlFlow;

use sqlparser::tokenizer::Location;

use crate::sql::ast::{
    Expr, GroupByExpr, OrderBy, OrderByKind, Statement, UnaryOperator, Value, ValueWithSpan, Visit,
    VisitMut, Visitor, VisitorMut,
};
use crate::warehouse::Parameter;

use super::writer::{Fault, limit_with_hint};

/// Whether a statement may ask for parameters, by its text.
pub(super) fn may_be_in(source: &str) -> bool {
    let bytes = source.as_bytes();
    let mut pairs = bytes.windows(2);
    bytes.contains(&b'?') || pairs.any(|pair| matches!(pair, [b':', b'0'..=b'9']))
}

/// Puts the values into the tree.
pub(super) fn bind(statement: &mut Statement, parameters: &[Parameter]) -> Result<(), Fault> {
    number(statement);
    if let ControlFlow::Break(clause) = Visit::visit(statement, &mut Places(parameters)) {
        return limit_with_hint(
            format!("does not take a number as a parameter for a whole key of {clause}"),
            format!("write the number or the name of the column into {clause}"),
        );
    }
    let _ = VisitMut::visit(statement, &mut Bound(parameters));
    Ok(())
}

/// Makes each `?` the `:n` it stands for, by where it is in the text: FROM is written before what is selected, so the order of
/// writing says nothing.
fn number(statement: &mut Statement) {
    let mut seen = Seen(Vec::new());
    let _ = Visit::visit(statement, &mut seen);
    let mut order: Vec<usize> = (0..seen.0.len()).collect();
    order.sort_by_key(|at| seen.0.get(*at).copied());
    let mut names = vec![String::new(); order.len()];
    for (number, at) in order.into_iter().enumerate() {
        if let Some(name) = names.get_mut(at) {
            *name = format!(":{}", number + 1);
        }
    }
    let _ = VisitMut::visit(statement, &mut Numbered(names.into_iter()));
}

/// The places of `?`, in the order of the tree.
struct Seen(Vec<Location>);

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        if is_mark(&value.value) {
            self.0.push(value.span.start);
        }
        ControlFlow::Continue(())
    }
}

/// What each `?` becomes, in the order of the tree.
struct Numbered(std::vec::IntoIter<String>);

impl VisitorMut for Numbered {
    type Break = ();

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        if is_mark(&value.value)
            && let Some(name) = self.0.next()
        {
            value.value = Value::Placeholder(name);
        }
        ControlFlow::Continue(())
    }
}

fn is_mark(value: &Value) -> bool {
    matches!(value, Value::Placeholder(mark) if mark == "?")
}

/// Looks for a number where a literal number would be the place of a column. Whether Snowflake takes a parameter for a
/// place or for a constant there is not documented.
struct Places<'p>(&'p [Parameter]);

impl Places<'_> {
    fn is_number(&self, expr: &Expr) -> bool {
        let Expr::Value(value) = expr else {
            return false;
        };
        matches!(
            meant(self.0, &value.value),
            Some(Parameter::Integer(_) | Parameter::Float(_))
        )
    }
}

impl Visitor for Places<'_> {
    type Break = &'static str;

    /// That of a query; a number in the ORDER BY of a window is a constant everywhere.
    fn pre_visit_order_by(&mut self, order_by: &OrderBy) -> ControlFlow<&'static str> {
        match &order_by.kind {
            OrderByKind::Expressions(keys) if keys.iter().any(|key| self.is_number(&key.expr)) => {
                ControlFlow::Break("ORDER BY")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_group_by(&mut self, group_by: &GroupByExpr) -> ControlFlow<&'static str> {
        match group_by {
            GroupByExpr::Expressions(keys, _) if keys.iter().any(|key| self.is_number(key)) => {
                ControlFlow::Break("GROUP BY")
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Puts literals in the place of placeholders.
struct Bound<'p>(&'p [Parameter]);

impl VisitorMut for Bound<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = expr
            && let Some(Parameter::Integer(number)) = meant(self.0, &value.value)
            && *number < 0
        {
            let digits = Value::Number(number.unsigned_abs().to_string(), false);
            *expr = Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr: Box::new(Expr::Value(digits.with_span(value.span))),
            };
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        let literal = match meant(self.0, &value.value) {
            Some(Parameter::Null) => Value::Null,
            Some(Parameter::Boolean(is_true)) => Value::Boolean(*is_true),
            Some(Parameter::Integer(number)) if *number >= 0 => {
                Value::Number(number.to_string(), false)
            }
            Some(Parameter::Text(text)) => Value::SingleQuotedString(text.clone()),
            _ => return ControlFlow::Continue(()),
        };
        value.value = literal;
        ControlFlow::Continue(())
    }
}

/// The parameter that a placeholder stands for.
fn meant<'p>(parameters: &'p [Parameter], value: &Value) -> Option<&'p Parameter> {
    let Value::Placeholder(name) = value else {
        return None;
    };
    let number: usize = name.strip_prefix(':')?.parse().ok()?;
    parameters.get(number.checked_sub(1)?)
}
