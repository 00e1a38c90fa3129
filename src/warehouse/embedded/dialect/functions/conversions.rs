//! From one type to another.

use super::How::{Rewrite as R, Scalar as S};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    ("TO_CHAR", 1, 2, R(|w, c| w.char_of(c))),
    ("TO_VARCHAR", 1, 2, R(|w, c| w.char_of(c))),
    ("TO_DATE", 1, 2, R(|w, c| w.date_of(c))),
    ("DATE", 1, 2, R(|w, c| w.date_of(c))),
    ("TRY_TO_DATE", 1, 2, R(|w, c| w.date_of(c))),
    ("TO_TIMESTAMP", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TO_TIMESTAMP_NTZ", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TO_TIMESTAMP_LTZ", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TO_TIMESTAMP_TZ", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TRY_TO_TIMESTAMP", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TRY_TO_TIMESTAMP_NTZ", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TRY_TO_TIMESTAMP_LTZ", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TRY_TO_TIMESTAMP_TZ", 1, 2, R(|w, c| w.timestamp_of(c))),
    ("TO_TIME", 1, 2, R(|w, c| w.time_of(c))),
    ("TIME", 1, 1, R(|w, c| w.time_of(c))),
    ("TRY_TO_TIME", 1, 2, R(|w, c| w.time_of(c))),
    ("TO_NUMBER", 1, 4, R(|w, c| w.number_of(c))),
    ("TO_NUMERIC", 1, 4, R(|w, c| w.number_of(c))),
    ("TO_DECIMAL", 1, 4, R(|w, c| w.number_of(c))),
    ("TRY_TO_NUMBER", 1, 4, R(|w, c| w.number_of(c))),
    ("TRY_TO_NUMERIC", 1, 4, R(|w, c| w.number_of(c))),
    ("TRY_TO_DECIMAL", 1, 4, R(|w, c| w.number_of(c))),
    ("TO_DOUBLE", 1, 2, R(|w, c| w.double_of(c))),
    ("TRY_TO_DOUBLE", 1, 2, R(|w, c| w.double_of(c))),
    ("TO_BOOLEAN", 1, 1, R(|w, c| w.boolean_of(c))),
    ("TRY_TO_BOOLEAN", 1, 1, R(|w, c| w.boolean_of(c))),
    ("TO_BINARY", 1, 2, R(|w, c| w.binary_of(c))),
    ("TRY_TO_BINARY", 1, 2, R(|w, c| w.binary_of(c))),
    (
        "SYSTEM$TYPEOF",
        1,
        1,
        S("memory.main.sf_system_typeof({0})"),
    ),
];
