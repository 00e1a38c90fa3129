//! Numbers beside a date: days that are added to it or taken away. DuckDB moves a DATE by an INTEGER only.

use crate::sql::ast::{BinaryOperator, Expr, Function, UnaryOperator, Value};

use super::semi_structured::arguments;
use super::texts::text_literal;
use super::types::{Target, target};
use super::units::{Of, unit};
use super::writer::{Writer, macro_call};

/// Functions whose whole numbers are small: no date is moved further.
const SMALL: [&str; 30] = [
    "ARRAY_SIZE",
    "COUNT",
    "COUNT_IF",
    "DAY",
    "DAYOFMONTH",
    "DAYOFWEEK",
    "DAYOFWEEKISO",
    "DAYOFYEAR",
    "DENSE_RANK",
    "GROUPING",
    "HOUR",
    "LEN",
    "LENGTH",
    "MINUTE",
    "MONTH",
    "NTILE",
    "QUARTER",
    "RANK",
    "ROW_NUMBER",
    "SECOND",
    "SEQ1",
    "SEQ2",
    "SEQ4",
    "SEQ8",
    "WEEK",
    "WEEKISO",
    "WEEKOFYEAR",
    "YEAR",
    "YEAROFWEEK",
    "YEAROFWEEKISO",
];

impl Writer<'_> {
    /// A number that is added to another value, or taken from it, as an INTEGER where that may be a date: where both show
    /// what they are, or where the number is small by its form, so that nothing else changes by it.
    pub(super) fn days(&self, written: String, number: &Expr, other: &Expr) -> String {
        if is_number(other) {
            return written;
        }
        let is_beside_date = self.is_date(other) || is_today(other);
        if is_of_small(number, is_beside_date) == Some(true) {
            return format!("CAST({written} AS INTEGER)");
        }
        if is_beside_date && is_cast_to_number(number) {
            return macro_call("days", &[&written]);
        }
        if self.repairs.days && is_column(number) {
            return format!("rs_days({written})");
        }
        written
    }
}

/// Whether an expression is no date by its form.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_number(inner),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        _ => is_cast_to_number(expr) || is_of_small(expr, true).is_some(),
    }
}

/// Whether an expression is a column, or sums of columns and whole numbers.
fn is_column(expr: &Expr) -> bool {
    let is_side = |side: &Expr| is_column(side) || is_of_small(side, false).is_some();
    match expr {
        Expr::Nested(inner) => is_column(inner),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => is_column(expr),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Plus | BinaryOperator::Minus,
            right,
        } => is_side(left) && is_side(right),
        _ => false,
    }
}

fn is_today(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_today(inner),
        Expr::Identifier(ident) => ident.value.eq_ignore_ascii_case("CURRENT_DATE"),
        Expr::Function(function) => function
            .name
            .to_string()
            .eq_ignore_ascii_case("CURRENT_DATE"),
        _ => false,
    }
}

fn is_cast_to_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_cast_to_number(inner),
        Expr::Cast { data_type, .. } => matches!(target(data_type), Ok(Target::Number(..))),
        _ => false,
    }
}

/// Whether calls are among the small whole numbers an expression is made of: literals alone are INTEGERs already. `None`
/// where there is something else.
fn is_of_small(expr: &Expr, may_multiply: bool) -> Option<bool> {
    match expr {
        Expr::Nested(inner) => is_of_small(inner, may_multiply),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_of_small(expr, may_multiply),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<i16>().ok().map(|_| false),
            _ => None,
        },
        Expr::BinaryOp { left, op, right } => {
            let is_known = match op {
                BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Modulo => true,
                BinaryOperator::Multiply => may_multiply,
                _ => false,
            };
            let left = is_of_small(left, may_multiply)?;
            let right = is_of_small(right, may_multiply)?;
            is_known.then_some(left || right)
        }
        Expr::Extract { field, .. } => is_small_part(&field.to_string()).then_some(true),
        Expr::Function(function) => is_small_call(function, may_multiply).then_some(true),
        _ => None,
    }
}

fn is_small_call(function: &Function, may_multiply: bool) -> bool {
    let name = function.name.to_string().to_uppercase();
    let mut given = arguments(&function.args);
    match name.as_str() {
        "MOD" | "ABS" => given.all(|argument| is_of_small(argument, may_multiply).is_some()),
        "UNIFORM" => given
            .take(2)
            .all(|bound| is_of_small(bound, false).is_some()),
        "DATE_PART" => given
            .next()
            .and_then(word)
            .is_some_and(|part| is_small_part(&part)),
        "DATEDIFF" | "TIMEDIFF" | "TIMESTAMPDIFF" => given
            .next()
            .and_then(word)
            .is_some_and(|name| unit(&name).is_ok_and(|unit| unit.of() == Of::Day)),
        _ => SMALL.contains(&name.as_str()),
    }
}

fn word(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(ident.value.clone()),
        _ => text_literal(expr).map(str::to_owned),
    }
}

/// Parts that are counted from a date's own beginning, as the day of the week.
fn is_small_part(name: &str) -> bool {
    let name = name.trim_matches('\'').to_lowercase();
    !name.starts_with("epoch") && !name.starts_with('n')
}
