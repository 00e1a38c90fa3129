//! Choosing between values, and comparing them.

use super::How::{Rewrite as R, Scalar as S};
use super::{MANY, Row};
use crate::warehouse::embedded::dialect::writer::bound_where;

pub(super) const ROWS: &[Row] = &[
    ("IFF", 3, 3, R(|w, c| w.choice(c))),
    ("NVL", 2, 2, R(|w, c| w.choice(c))),
    ("IFNULL", 2, 2, R(|w, c| w.choice(c))),
    ("COALESCE", 1, MANY, R(|w, c| w.choice(c))),
    ("NVL2", 3, 3, R(|w, c| w.choice(c))),
    (
        "NULLIF",
        2,
        2,
        R(|w, c| {
            let (left, right) = w.compared(c.argument(0)?, c.argument(1)?)?;
            Ok(nullif(&left, &right))
        }),
    ),
    ("ZEROIFNULL", 1, 1, S("coalesce({n0}, 0)")),
    (
        "NULLIFZERO",
        1,
        1,
        R(|w, c| Ok(nullif(&w.number(c.argument(0)?)?, "0"))),
    ),
    (
        "EQUAL_NULL",
        2,
        2,
        R(|w, c| {
            let (left, right) = w.compared(c.argument(0)?, c.argument(1)?)?;
            Ok(format!("({left} IS NOT DISTINCT FROM {right})"))
        }),
    ),
    ("IS_NULL_VALUE", 1, 1, S("(json_type({0}) = 'NULL')")),
    ("DECODE", 3, MANY, R(|w, c| w.decode(c))),
    ("GREATEST", 1, MANY, R(|w, c| w.greatest(c))),
    ("LEAST", 1, MANY, R(|w, c| w.greatest(c))),
    ("GREATEST_IGNORE_NULLS", 1, MANY, R(|w, c| w.greatest(c))),
    ("LEAST_IGNORE_NULLS", 1, MANY, R(|w, c| w.greatest(c))),
    (
        "BOOLAND",
        2,
        2,
        S("(CAST({0} AS BOOLEAN) AND CAST({1} AS BOOLEAN))"),
    ),
    (
        "BOOLOR",
        2,
        2,
        S("(CAST({0} AS BOOLEAN) OR CAST({1} AS BOOLEAN))"),
    ),
    ("BOOLNOT", 1, 1, S("(NOT CAST({0} AS BOOLEAN))")),
    (
        "BOOLXOR",
        2,
        2,
        S("(CAST({0} AS BOOLEAN) <> CAST({1} AS BOOLEAN))"),
    ),
];

/// DuckDB's own `nullif` is a macro that writes its first argument twice. Not a list, whose elements are of one type.
fn nullif(left: &str, right: &str) -> String {
    bound_where(&[left, right], &[true, false], |names| match names {
        [left, right] => format!("CASE WHEN {left} = {right} THEN NULL ELSE {left} END"),
        _ => String::new(),
    })
}
