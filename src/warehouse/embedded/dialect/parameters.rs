//! Parameters: each `?` and `:1` becomes the literal it stands for, before anything is written.
//!
//! So a parameter is good for whatever a literal is good for, a format or the unit of a date as well, and there is one way
//! of reading them. What no literal can say stays a placeholder: a FLOAT, and one for which no value came.

use std::ops::ControlFlow;

use crate::sql::ast::{Expr, GroupByExpr, OrderByKind, Statement, UnaryOperator, Value};
use crate::sql::walk::{Step, change_expressions, change_values, walk};
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
    if let ControlFlow::Break(clause) = number_as_key(statement, parameters) {
        return limit_with_hint(
            format!("does not accept a number as a parameter for a whole key of {clause}"),
            format!("write the number or the name of the column into {clause}"),
        );
    }
    change_values(statement, |value| {
        value.value = match meant(parameters, &value.value) {
            Some(Parameter::Null) => Value::Null,
            Some(Parameter::Boolean(is_true)) => Value::Boolean(*is_true),
            Some(Parameter::Integer(number)) if *number >= 0 => {
                Value::Number(number.to_string(), false)
            }
            Some(Parameter::Text(text)) => Value::SingleQuotedString(text.clone()),
            _ => return,
        };
    });
    change_expressions(statement, |expr| {
        if let Expr::Value(value) = expr
            && let Some(Parameter::Integer(number)) = meant(parameters, &value.value)
        {
            let digits = Value::Number(number.unsigned_abs().to_string(), false);
            *expr = Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr: Box::new(Expr::Value(digits.with_span(value.span))),
            };
        }
    });
    Ok(())
}

/// Makes each `?` the `:n` it stands for, by where it is in the text: FROM is written before what is selected, so the order of
/// writing says nothing.
fn number(statement: &mut Statement) {
    let mut places = Vec::new();
    let _: ControlFlow<()> = walk(statement, |step| {
        if let Step::Value(value) = step
            && is_mark(&value.value)
        {
            places.push(value.span.start);
        }
        ControlFlow::Continue(())
    });
    places.sort_unstable();
    places.dedup();
    change_values(statement, |value| {
        if is_mark(&value.value)
            && let Ok(at) = places.binary_search(&value.span.start)
        {
            value.value = Value::Placeholder(format!(":{}", at + 1));
        }
    });
}

fn is_mark(value: &Value) -> bool {
    matches!(value, Value::Placeholder(mark) if mark == "?")
}

/// Looks for a number where a literal number would be the place of a column, and says in which clause. Whether Snowflake takes
/// a parameter for a place or for a constant there is not documented. In the ORDER BY of a window it is a constant.
fn number_as_key(statement: &Statement, parameters: &[Parameter]) -> ControlFlow<&'static str> {
    let is_number = |expr: &Expr| match expr {
        Expr::Value(value) => matches!(
            meant(parameters, &value.value),
            Some(Parameter::Integer(_) | Parameter::Float(_))
        ),
        _ => false,
    };
    walk(statement, |step| {
        match step {
            Step::Query(query) => {
                if let Some(order_by) = &query.order_by
                    && let OrderByKind::Expressions(keys) = &order_by.kind
                    && keys.iter().any(|key| is_number(&key.expr))
                {
                    return ControlFlow::Break("ORDER BY");
                }
            }
            Step::Select(select) => {
                if let GroupByExpr::Expressions(keys, _) = &select.group_by
                    && keys.iter().any(is_number)
                {
                    return ControlFlow::Break("GROUP BY");
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })
}

/// The parameter that a placeholder stands for.
fn meant<'p>(parameters: &'p [Parameter], value: &Value) -> Option<&'p Parameter> {
    let Value::Placeholder(name) = value else {
        return None;
    };
    let number: usize = name.strip_prefix(':')?.parse().ok()?;
    parameters.get(number.checked_sub(1)?)
}
