//! Comparisons: tests of NULL and truth, IN, BETWEEN, ANY and ALL of a query.

use std::collections::BTreeSet;

use crate::sql::ast::{Expr, Query};

use super::rows::row_of;
use super::writer::{Writer, Written, is_short, limit, limit_with_hint};

impl Writer<'_> {
    /// Tests, most of which yield a truth value.
    pub(super) fn predicate(&mut self, expr: &Expr) -> Written {
        let (inner, test) = match expr {
            Expr::IsNull(inner) => (inner, "IS NULL"),
            Expr::IsNotNull(inner) => (inner, "IS NOT NULL"),
            Expr::IsTrue(inner) => (inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => (inner, "IS NOT TRUE"),
            Expr::IsFalse(inner) => (inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => (inner, "IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => {
                let (left, right) = self.compared(left, right)?;
                return Ok(format!("({left} IS DISTINCT FROM {right})"));
            }
            Expr::IsNotDistinctFrom(left, right) => {
                let (left, right) = self.compared(left, right)?;
                return Ok(format!("({left} IS NOT DISTINCT FROM {right})"));
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => return self.in_list(expr, list, *negated),
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => return self.in_subquery(expr, subquery, *negated),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let written = self.expression(expr)?;
                let are_texts = [expr, low, high].iter().all(|side| self.is_text(side));
                if are_texts && !is_short(&written) {
                    let (low, high) = (self.expression(low)?, self.expression(high)?);
                    let not = not(*negated);
                    return Ok(format!("({not}rs_between({written}, {low}, {high}))"));
                }
                // DuckDB makes two comparisons of it, with the value in both.
                return self.once(&written, |writer, name| {
                    let (value, low) = writer.compared_with(name.to_owned(), expr, low)?;
                    let (_, high) = writer.compared_with(name.to_owned(), expr, high)?;
                    let not = not(*negated);
                    Ok(format!("({value} {not}BETWEEN {low} AND {high})"))
                });
            }
            Expr::Like {
                negated,
                any,
                expr: text,
                pattern,
                escape_char,
            }
            | Expr::ILike {
                negated,
                any,
                expr: text,
                pattern,
                escape_char,
            } => {
                let operator = match expr {
                    Expr::ILike { .. } => "ILIKE",
                    _ => "LIKE",
                };
                let escape = escape_char.as_deref();
                return self.like(operator, *negated, *any, text, pattern, escape);
            }
            Expr::RLike {
                negated,
                expr,
                pattern,
                ..
            } => {
                let test = self.describes(expr, pattern, "")?;
                return Ok(format!("({}{test})", not(*negated)));
            }
            _ => return self.other_form(expr),
        };
        let inner = self.expression(inner)?;
        Ok(format!("({inner} {test})"))
    }

    fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> Written {
        if let Some(row) = row_of(expr) {
            return self.row_in_list(row, list, not(negated));
        }
        let written = self.expression(expr)?;
        let mut values = BTreeSet::new();
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            let (left, right) = self.compared_with(written.clone(), expr, item)?;
            values.insert(left);
            items.push(right);
        }
        // One number of many digits is enough for all to be compared exactly, which comes first by its name.
        let are_numbers = values.iter().all(|value| value.starts_with("CAST("));
        let value = match values.pop_first() {
            Some(value) if values.is_empty() || are_numbers => value,
            _ => {
                return limit_with_hint(
                    "does not compare a VARIANT with a list that has both texts and numbers",
                    "cast it first, as in v:a::STRING",
                );
            }
        };
        Ok(format!(
            "({value} {}IN ({}))",
            not(negated),
            items.join(", ")
        ))
    }

    fn in_subquery(&mut self, expr: &Expr, subquery: &Query, negated: bool) -> Written {
        if self.is_variant(expr) {
            return limit_with_hint(
                "does not compare a VARIANT with the results of a subquery",
                "cast it first, as in v:a::STRING",
            );
        }
        if let Some(row) = row_of(expr) {
            return self.row_in_query(row, subquery, negated);
        }
        let value = self.expression(expr)?;
        let (values, query, note) = self.met_query(&[(expr, value)], subquery)?;
        let value = values.concat();
        Ok(beside(
            format!("({value} {}IN ({query}))", not(negated)),
            note,
        ))
    }

    pub(super) fn quantified(&mut self, expr: &Expr) -> Written {
        let (left, op, right, word) = match expr {
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => (left, compare_op, right, "ANY"),
            Expr::AllOp {
                left,
                compare_op,
                right,
            } => (left, compare_op, right, "ALL"),
            _ => return limit("does not support this comparison"),
        };
        let Expr::Subquery(query) = right.as_ref() else {
            return limit(format!("accepts {word} with a subquery only"));
        };
        let written = self.expression(left)?;
        let (values, query, note) = self.met_query(&[(left, written)], query)?;
        let left = values.concat();
        Ok(beside(format!("({left} {op} {word} ({query}))"), note))
    }
}

/// A test, with one beside it that is always true.
pub(super) fn beside(test: String, note: Option<String>) -> String {
    match note {
        Some(note) => format!("({test} AND {note})"),
        None => test,
    }
}

pub(super) fn not(is_negated: bool) -> &'static str {
    if is_negated { "NOT " } else { "" }
}
