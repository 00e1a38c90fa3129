//! Rows of values: `(a, b) = (c, d)` and `(a, b) IN (…)`, in which NULL is not equal to NULL.
//!
//! DuckDB compares rows as structs, for which it is. So they are compared value by value.

use crate::sql::ast::{BinaryOperator, Expr, Query};

use super::writer::{Fault, Writer, Written, limit, refuse};

/// The values of a row, if an expression is one.
pub(super) fn row_of(expr: &Expr) -> Option<&[Expr]> {
    match expr {
        Expr::Tuple(values) => Some(values),
        Expr::Nested(inner) => row_of(inner),
        _ => None,
    }
}

impl Writer<'_> {
    /// Two rows next to a comparison.
    pub(super) fn compared_rows(
        &mut self,
        left: &[Expr],
        op: &BinaryOperator,
        right: &[Expr],
    ) -> Written {
        match op {
            BinaryOperator::Eq => self.equal_rows(left, right),
            BinaryOperator::NotEq => Ok(format!("(NOT {})", self.equal_rows(left, right)?)),
            _ => limit("compares rows by = and <> only"),
        }
    }

    fn equal_rows(&mut self, left: &[Expr], right: &[Expr]) -> Written {
        if left.len() != right.len() {
            return refuse("the rows of a comparison have different numbers of values");
        }
        let mut tests = Vec::with_capacity(left.len());
        for (left, right) in left.iter().zip(right) {
            let (left, right) = self.compared(left, right)?;
            tests.push(format!("({left} = {right})"));
        }
        Ok(format!("({})", tests.join(" AND ")))
    }

    /// `(a, b) IN ((1, 2), (3, 4))`
    pub(super) fn row_in_list(&mut self, row: &[Expr], list: &[Expr], not: &str) -> Written {
        let mut values = Vec::with_capacity(row.len());
        for value in row {
            values.push(self.expression(value)?);
        }
        self.with_values(&values, &mut Vec::new(), &mut |writer, names| {
            let mut tests = Vec::with_capacity(list.len());
            for item in list {
                let Some(other) = row_of(item) else {
                    return limit("compares a row with rows only");
                };
                if other.len() != row.len() {
                    return refuse("the rows of a comparison have different numbers of values");
                }
                let mut parts = Vec::with_capacity(row.len());
                for ((name, left), right) in names.iter().zip(row).zip(other) {
                    let (left, right) = writer.compared_with(name.clone(), left, right)?;
                    parts.push(format!("({left} = {right})"));
                }
                tests.push(format!("({})", parts.join(" AND ")));
            }
            Ok(format!("({not}({}))", tests.join(" OR ")))
        })
    }

    /// Each value under a name, one inside the other.
    fn with_values(
        &mut self,
        values: &[String],
        names: &mut Vec<String>,
        write: &mut dyn FnMut(&mut Self, &[String]) -> Written,
    ) -> Written {
        let Some((value, rest)) = values.split_first() else {
            return write(self, names);
        };
        self.once(value, |writer, name| {
            names.push(name.to_owned());
            writer.with_values(rest, names, write)
        })
    }

    /// `(a, b) IN (SELECT …)`: a row with a NULL in it is in no list.
    pub(super) fn row_in_query(
        &mut self,
        row: &[Expr],
        subquery: &Query,
        is_negated: bool,
    ) -> Result<String, Fault> {
        if is_negated {
            return limit("does not support (a, b) NOT IN (SELECT …); use NOT EXISTS");
        }
        let mut values = Vec::with_capacity(row.len());
        for value in row {
            values.push((value, self.expression(value)?));
        }
        let (values, query, note) = self.met_query(&values, subquery)?;
        let mut tests = vec![format!("(({}) IN ({query}))", values.join(", "))];
        for value in &values {
            if value.contains("(SELECT ") {
                return limit("does not support (SELECT …) IN (SELECT …)");
            }
            tests.push(format!("({value} IS NOT NULL)"));
        }
        tests.extend(note);
        Ok(format!("({})", tests.join(" AND ")))
    }
}
