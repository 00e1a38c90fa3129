//! Arithmetic, rounding, logarithms, bits.

use super::How::{Rewrite as R, Scalar as S};
use super::Row;
use crate::warehouse::embedded::dialect::lengths::{LONGEST, digits_of};

pub(super) const ROWS: &[Row] = &[
    ("ABS", 1, 1, S("abs({n0})")),
    ("SIGN", 1, 1, S("sign({n0})")),
    ("DIV0", 2, 2, R(|w, c| w.div0(c))),
    ("DIV0NULL", 2, 2, R(|w, c| w.div0(c))),
    ("MOD", 2, 2, R(|w, c| w.modulo(c))),
    ("ROUND", 1, 3, R(|w, c| w.round(c))),
    ("TRUNC", 1, 2, R(|w, c| w.trunc(c))),
    ("TRUNCATE", 1, 2, R(|w, c| w.trunc(c))),
    ("CEIL", 1, 2, R(|w, c| w.ceil_call(c))),
    ("FLOOR", 1, 2, R(|w, c| w.ceil_call(c))),
    ("SQRT", 1, 1, S("sqrt(CAST({n0} AS DOUBLE))")),
    (
        "CBRT",
        1,
        1,
        S("CAST(rs_cbrt(CAST(CAST({n0} AS DOUBLE) AS VARCHAR)) AS DOUBLE)"),
    ),
    ("SQUARE", 1, 1, S("power(CAST({n0} AS DOUBLE), 2)")),
    (
        "POWER",
        2,
        2,
        S("rs_finite(power(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)))"),
    ),
    (
        "POW",
        2,
        2,
        S("rs_finite(power(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)))"),
    ),
    ("EXP", 1, 1, S("rs_finite(exp(CAST({n0} AS DOUBLE)))")),
    ("LN", 1, 1, S("ln(CAST({n0} AS DOUBLE))")),
    (
        "LOG",
        2,
        2,
        S("rs_ratio(ln(CAST({n1} AS DOUBLE)), ln(CAST({n0} AS DOUBLE)))"),
    ),
    ("PI", 0, 0, S("pi()")),
    ("SIN", 1, 1, S("sin(CAST({n0} AS DOUBLE))")),
    ("COS", 1, 1, S("cos(CAST({n0} AS DOUBLE))")),
    ("TAN", 1, 1, S("tan(CAST({n0} AS DOUBLE))")),
    ("COT", 1, 1, S("cot(CAST({n0} AS DOUBLE))")),
    ("ASIN", 1, 1, S("asin(CAST({n0} AS DOUBLE))")),
    ("ACOS", 1, 1, S("acos(CAST({n0} AS DOUBLE))")),
    ("ATAN", 1, 1, S("atan(CAST({n0} AS DOUBLE))")),
    (
        "ATAN2",
        2,
        2,
        S("atan2(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE))"),
    ),
    ("SINH", 1, 1, S("rs_finite(sinh(CAST({n0} AS DOUBLE)))")),
    ("COSH", 1, 1, S("rs_finite(cosh(CAST({n0} AS DOUBLE)))")),
    ("TANH", 1, 1, S("tanh(CAST({n0} AS DOUBLE))")),
    ("DEGREES", 1, 1, S("degrees(CAST({n0} AS DOUBLE))")),
    ("RADIANS", 1, 1, S("radians(CAST({n0} AS DOUBLE))")),
    ("FACTORIAL", 1, 1, S("factorial(CAST({n0} AS INTEGER))")),
    (
        "HAVERSINE",
        4,
        4,
        S(
            "rs_haversine(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE), CAST({n2} AS DOUBLE), CAST({n3} AS DOUBLE))",
        ),
    ),
    (
        "WIDTH_BUCKET",
        4,
        4,
        S(
            "CAST(rs_width_bucket(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE), CAST({n2} AS DOUBLE), CAST({n3} AS DOUBLE)) AS BIGINT)",
        ),
    ),
    (
        "BITAND",
        2,
        2,
        S("(CAST({n0} AS BIGINT) & CAST({n1} AS BIGINT))"),
    ),
    (
        "BIT_AND",
        2,
        2,
        S("(CAST({n0} AS BIGINT) & CAST({n1} AS BIGINT))"),
    ),
    (
        "BITOR",
        2,
        2,
        S("(CAST({n0} AS BIGINT) | CAST({n1} AS BIGINT))"),
    ),
    (
        "BIT_OR",
        2,
        2,
        S("(CAST({n0} AS BIGINT) | CAST({n1} AS BIGINT))"),
    ),
    (
        "BITXOR",
        2,
        2,
        S("xor(CAST({n0} AS BIGINT), CAST({n1} AS BIGINT))"),
    ),
    (
        "BIT_XOR",
        2,
        2,
        S("xor(CAST({n0} AS BIGINT), CAST({n1} AS BIGINT))"),
    ),
    ("BITNOT", 1, 1, S("(~CAST({n0} AS BIGINT))")),
    ("BIT_NOT", 1, 1, S("(~CAST({n0} AS BIGINT))")),
    ("BITSHIFTLEFT", 2, 2, R(|w, c| w.shifted(c))),
    ("BIT_SHIFTLEFT", 2, 2, R(|w, c| w.shifted(c))),
    ("BITSHIFTRIGHT", 2, 2, R(|w, c| w.shifted(c))),
    ("BIT_SHIFTRIGHT", 2, 2, R(|w, c| w.shifted(c))),
    ("RANDOM", 0, 1, R(|w, c| w.random(c))),
    (
        "GETBIT",
        2,
        2,
        S("((CAST({0} AS BIGINT) >> CAST({1} AS BIGINT)) & 1)"),
    ),
    ("ASINH", 1, 1, S("asinh(CAST({n0} AS DOUBLE))")),
    ("ACOSH", 1, 1, S("rs_finite(acosh(CAST({n0} AS DOUBLE)))")),
    ("ATANH", 1, 1, S("rs_finite(atanh(CAST({n0} AS DOUBLE)))")),
    ("UNIFORM", 3, 3, R(|w, c| w.uniform(c))),
    ("NORMAL", 3, 3, R(|w, c| w.normal(c))),
    ("ZIPF", 3, 3, R(|w, c| w.zipf(c))),
    (
        "BITMAP_BUCKET_NUMBER",
        1,
        1,
        S("memory.main.sf_bitmap_bucket({n0})"),
    ),
    (
        "BITMAP_BIT_POSITION",
        1,
        1,
        S("memory.main.sf_bitmap_position({n0})"),
    ),
    ("SEQ1", 0, 1, R(|w, c| w.sequence(c))),
    ("SEQ2", 0, 1, R(|w, c| w.sequence(c))),
    ("SEQ4", 0, 1, R(|w, c| w.sequence(c))),
    ("SEQ8", 0, 1, R(|w, c| w.sequence(c))),
    (
        "RANDSTR",
        2,
        2,
        R(|w, c| {
            let (length, seed) = (w.expression(c.argument(0)?)?, w.expression(c.argument(1)?)?);
            let length = digits_of(&length);
            Ok(format!(
                "rs_random_text({LONGEST}, {length}, CAST({seed} AS VARCHAR))"
            ))
        }),
    ),
];
