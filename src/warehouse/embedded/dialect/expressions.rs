//! Expressions: operators, literals, casts and the forms that have a syntax of their own.

use crate::sql::ast::{
    AccessExpr, BinaryOperator, CaseWhen, Expr, Subscript, UnaryOperator, Value, ValueWithSpan,
};

use super::comparisons::not;
use super::decimals::{ByZero, quotient, remainder};
use super::rows::row_of;
use super::writer::{Writer, Written, limit, limit_with_hint, macro_call, quote_text, refuse};

impl Writer<'_> {
    /// Any expression.
    pub(super) fn expression(&mut self, expr: &Expr) -> Written {
        self.deeper(|writer| match expr {
            Expr::BinaryOp { .. } => writer.binary_chain(expr),
            Expr::Function(function)
                if function
                    .name
                    .to_string()
                    .eq_ignore_ascii_case("SYS_CONNECT_BY_PATH") =>
            {
                writer.path_column(&expr.to_string())
            }
            Expr::Function(function) => writer.function(function),
            Expr::Cast { .. } | Expr::Convert { .. } | Expr::TypedString(_) => writer.cast(expr),
            Expr::JsonAccess { value, path } => writer.json_access(value, path),
            Expr::CompoundFieldAccess { root, access_chain } => {
                writer.field_access(root, access_chain)
            }
            Expr::Identifier(ident) => writer.column(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => writer.column(parts),
            Expr::Value(value) if is_hex_number(value) => limit_with_hint(
                "does not support numbers in base 16, as in 0x1F",
                "write the number in base 10, or BINARY as X'1F'",
            ),
            Expr::Value(value) => writer.literal(&value.value),
            Expr::Nested(inner) => Ok(format!("({})", writer.expression(inner)?)),
            _ => writer.predicate(expr),
        })
    }

    /// Forms with a syntax of their own.
    pub(super) fn other_form(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Exists { subquery, negated } => {
                let query = self.query(subquery)?;
                Ok(format!("({}EXISTS ({query}))", not(*negated)))
            }
            Expr::Subquery(query) => Ok(format!("({})", self.query(query)?)),
            Expr::Tuple(items) => Ok(format!("({})", self.comma_separated(items)?)),
            Expr::Array(array) => self.json_array(&array.elem),
            Expr::Dictionary(fields) => self.json_object(fields),
            Expr::Collate { .. } => limit("does not support collations"),
            Expr::Interval(_) => limit_with_hint(
                "supports an INTERVAL only where it is added to or subtracted from a date or time",
                "use DATEADD",
            ),
            Expr::Prior(_) => limit("supports PRIOR in CONNECT BY only"),
            Expr::Prefixed { .. } => self.path_column(&expr.to_string()),
            Expr::Lambda(_) => limit("does not support lambda expressions"),
            Expr::OuterJoin(_) => limit_with_hint(
                "does not support the (+) form of an outer join",
                "write LEFT JOIN … ON",
            ),
            Expr::AnyOp { .. } | Expr::AllOp { .. } => self.quantified(expr),
            _ => self.function_form(expr),
        }
    }

    /// Operators in a row. They lean left and can be as many as the statement is long, so they are walked in a loop.
    fn binary_chain(&mut self, expr: &Expr) -> Written {
        let mut chain = Vec::new();
        let mut first = expr;
        while let Expr::BinaryOp { left, op, right } = first {
            chain.push((left.as_ref(), op, right.as_ref()));
            first = left;
        }
        let nesting = chain.iter().filter(|(_, op, _)| {
            !matches!(
                op,
                BinaryOperator::And | BinaryOperator::Or | BinaryOperator::StringConcat
            )
        });
        if nesting.count() > MAX_CHAIN {
            return limit_with_hint(
                format!("follows chains of {MAX_CHAIN} operators, and no longer ones"),
                "write a long chain of operators as a list: CONCAT(…), IN (…), or a SUM over VALUES",
            );
        }
        if chain
            .iter()
            .all(|(_, op, _)| **op == BinaryOperator::StringConcat)
        {
            let mut parts = vec![first];
            parts.extend(chain.iter().rev().map(|(_, _, right)| *right));
            return self.joined(&parts);
        }
        let mut written = String::new();
        // A row, and an interval before a date, are written with what follows them.
        let is_late = chain.last().is_some_and(|(left, _, right)| {
            matches!(left, Expr::Interval(_)) || (row_of(left).is_some() && row_of(right).is_some())
        });
        if !is_late {
            written = self.expression(first)?;
        }
        let mut joined: Option<&BinaryOperator> = None;
        for (left, op, right) in chain.into_iter().rev() {
            written = match op {
                // These stay flat: DuckDB reads a flat chain of any length, a nested one of a thousand at most.
                BinaryOperator::And | BinaryOperator::Or => {
                    if joined.is_some_and(|before| before != op) {
                        written = format!("({written})");
                    }
                    let right = self.expression(right)?;
                    let word = if *op == BinaryOperator::And {
                        "AND"
                    } else {
                        "OR"
                    };
                    written.push_str(&format!(" {word} ({right})"));
                    joined = Some(op);
                    continue;
                }
                _ => {
                    if joined.is_some() {
                        written = format!("({written})");
                    }
                    self.binary(&written, left, op, right)?
                }
            };
            joined = None;
        }
        Ok(if joined.is_some() {
            format!("({written})")
        } else {
            written
        })
    }

    /// One operator, its left side already written.
    fn binary(&mut self, written: &str, left: &Expr, op: &BinaryOperator, right: &Expr) -> Written {
        if let (Some(left), Some(right)) = (row_of(left), row_of(right)) {
            return self.compared_rows(left, op, right);
        }
        if let (Expr::Interval(interval), BinaryOperator::Plus) = (left, op) {
            let date = self.moment(right)?;
            return self.plus_interval(&date, false, interval);
        }
        match op {
            BinaryOperator::StringConcat if self.is_binary(left) || self.is_binary(right) => {
                self.joined(&[left, right])
            }
            BinaryOperator::StringConcat => {
                let left = self.as_text(written.to_owned(), left);
                let right = self.text(right)?;
                Ok(self.one_text(&[left, right], concatenated))
            }
            BinaryOperator::Plus | BinaryOperator::Minus => {
                if let Expr::Interval(interval) = right {
                    let date = self.as_moment(written.to_owned(), left);
                    return self.plus_interval(&date, *op == BinaryOperator::Minus, interval);
                }
                let before = self.as_number(written.to_owned(), left);
                let after = self.number(right)?;
                let after = self.days(after, right, left);
                let before = match op {
                    BinaryOperator::Plus => self.days(before, left, right),
                    _ => before,
                };
                Ok(format!("({before} {op} {after})"))
            }
            BinaryOperator::Multiply => {
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                Ok(product(&left, &right))
            }
            BinaryOperator::Divide => {
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                self.divide(&left, &right)
            }
            BinaryOperator::Modulo => {
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                Ok(remainder(&left, &right))
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                let (left, right) = self.compared_with(written.to_owned(), left, right)?;
                Ok(format!("({left} {op} {right})"))
            }
            _ => refuse(format!(
                "SQL compilation error:\nsyntax error: the operator {op} is none of Snowflake's; BITAND, BITOR, BITXOR, POWER and \
                 REGEXP_LIKE are functions"
            )),
        }
    }

    /// A quotient with Snowflake's scale. See `decimals`.
    pub(super) fn divide(&mut self, left: &str, right: &str) -> Written {
        // A bare NULL has no scale to give.
        if [left, right]
            .iter()
            .any(|side| side.starts_with("CAST(NULL AS"))
        {
            return Ok("CAST(NULL AS DECIMAL(38, 6))".into());
        }
        Ok(quotient(left, right, ByZero::Fails))
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr) -> Written {
        match op {
            UnaryOperator::Plus => self.number(expr),
            UnaryOperator::Minus => Ok(format!("(-{})", self.number(expr)?)),
            UnaryOperator::Not => Ok(format!("(NOT {})", self.expression(expr)?)),
            _ => limit(format!("does not support the operator {op}")),
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        else_result: Option<&Expr>,
    ) -> Written {
        let has_variant = conditions
            .iter()
            .map(|when| &when.result)
            .chain(else_result)
            .any(|result| self.is_variant(result));
        let Some(operand) = operand else {
            return self.branches(None, conditions, else_result, has_variant);
        };
        let written = self.expression(operand)?;
        self.once(&written, |writer, name| {
            writer.branches(Some((name, operand)), conditions, else_result, has_variant)
        })
    }

    /// The branches of CASE, each tested by itself or against the operand, which is already written.
    fn branches(
        &mut self,
        operand: Option<(&str, &Expr)>,
        conditions: &[CaseWhen],
        else_result: Option<&Expr>,
        has_variant: bool,
    ) -> Written {
        let results = conditions.iter().map(|when| &when.result);
        self.refuse_mixed(results.chain(else_result))?;
        let results: Vec<&Expr> =
            super::semi_structured::results(conditions, else_result).collect();
        let values = results
            .iter()
            .map(|result| self.result(result, has_variant))
            .collect::<Result<Vec<_>, _>>()?;
        let (values, types) = self.met(values, &results)?;
        let mut values = values.into_iter();
        let mut written = String::from("CASE");
        for CaseWhen { condition, .. } in conditions {
            let condition = match operand {
                Some((name, operand)) => {
                    let (left, right) = self.compared_with(name.to_owned(), operand, condition)?;
                    format!("({left} = {right})")
                }
                None => self.expression(condition)?,
            };
            let result = values.next().unwrap_or_default();
            written.push_str(&format!(" WHEN {condition} THEN {result}"));
        }
        if let Some(result) = values.next() {
            written.push_str(&format!(" ELSE {result}"));
        }
        let written = format!("({written} END)");
        self.remember(&written, types);
        Ok(written)
    }

    /// `root[1]`, `root['key']`, and mixtures of them with dots.
    fn field_access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Written {
        let mut written = self.document(root)?;
        for access in chain {
            let key = match access {
                AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index)?,
                AccessExpr::Dot(Expr::Identifier(ident)) => quote_text(&ident.value),
                _ => return limit("does not support this way to get a part of a value"),
            };
            written = macro_call("get", &[&written, &key]);
        }
        Ok(written)
    }
}

/// Whether a literal was written as `0x1F`, which the parser takes for `X'1F'`: that is a letter longer.
fn is_hex_number(value: &ValueWithSpan) -> bool {
    let Value::HexStringLiteral(digits) = &value.value else {
        return false;
    };
    let (start, end) = (value.span.start.column, value.span.end.column);
    let digits = u64::try_from(digits.len()).unwrap_or(u64::MAX);
    end.checked_sub(start) == Some(digits.saturating_add(2))
}

/// A product, computed in 38 digits: DuckDB keeps to the digits of its factors as long as they are few, and fails.
fn product(left: &str, right: &str) -> String {
    if let Some(wide) = wide_literal(left) {
        return format!("({wide} * {right})");
    }
    match wide_literal(right) {
        Some(wide) => format!("({left} * {wide})"),
        // A longer product is wide from its first factors on.
        None if left.starts_with("(CAST(1 AS DECIMAL(19") => format!("({left} * {right})"),
        None => format!("(CAST(1 AS DECIMAL(19, 0)) * {left} * {right})"),
    }
}

/// A literal number as a DECIMAL of many digits.
fn wide_literal(written: &str) -> Option<String> {
    let (whole, places) = written.split_once('.').unwrap_or((written, ""));
    let digits = whole.len() + places.len();
    let is_plain =
        digits <= 18 && (whole.bytes().chain(places.bytes())).all(|b| b.is_ascii_digit());
    (is_plain && digits > 0).then(|| {
        let scale = places.len();
        format!("CAST({written} AS DECIMAL({}, {scale}))", 19 + scale)
    })
}

/// Texts one after another, as a tree of low height.
pub(super) fn concatenated(texts: &[String]) -> String {
    match texts {
        [] => "''".into(),
        [one] => one.clone(),
        [one, other] => format!("({one} || {other})"),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            format!("({} || {})", concatenated(left), concatenated(right))
        }
    }
}

/// Longest chain of operators without parentheses, AND, OR and `||` aside. Each of them nests one deeper in DuckDB,
/// whose planning takes half a second for 250.
const MAX_CHAIN: usize = 200;
