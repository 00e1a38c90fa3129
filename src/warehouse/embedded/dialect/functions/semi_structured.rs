//! VARIANT, OBJECT and ARRAY: making, reading, changing.

use super::How::{Refused, Rewrite as R, Scalar as S};
use super::{MANY, Row};
use crate::warehouse::embedded::dialect::writer::limit;

pub(super) const ROWS: &[Row] = &[
    ("PARSE_JSON", 1, 1, S("memory.main.sf_parse_json({t0})")),
    (
        "TRY_PARSE_JSON",
        1,
        1,
        S("CASE WHEN json_valid({t0}) THEN memory.main.sf_parse_json({t0}) END"),
    ),
    (
        "CHECK_JSON",
        1,
        1,
        S("CASE WHEN {t0} IS NOT NULL AND NOT json_valid({t0}) THEN 'the text is not JSON' END"),
    ),
    ("TO_JSON", 1, 1, S("CAST(to_json({0}) AS VARCHAR)")),
    ("TO_VARIANT", 1, 1, S("to_json({0})")),
    ("TO_ARRAY", 1, 1, S("memory.main.sf_array({0})")),
    ("TO_OBJECT", 1, 1, S("memory.main.sf_object({0})")),
    ("TYPEOF", 1, 1, S("memory.main.sf_typeof(to_json({0}))")),
    ("GET", 2, 2, S("memory.main.sf_get({0}, {1})")),
    ("GET_PATH", 2, 2, R(|w, c| w.get_path(c))),
    ("OBJECT_CONSTRUCT", 0, MANY, R(|w, c| w.object_construct(c))),
    (
        "OBJECT_CONSTRUCT_KEEP_NULL",
        0,
        MANY,
        R(|w, c| w.object_construct(c)),
    ),
    ("OBJECT_KEYS", 1, 1, S("to_json(json_keys({0}))")),
    ("OBJECT_INSERT", 3, 4, R(|w, c| w.object_insert(c))),
    ("OBJECT_DELETE", 2, MANY, R(|w, c| w.object_delete(c))),
    ("OBJECT_PICK", 2, MANY, R(|w, c| w.object_pick(c))),
    ("ARRAY_CONSTRUCT", 0, MANY, R(|w, c| w.array_construct(c))),
    (
        "ARRAY_CONSTRUCT_COMPACT",
        0,
        MANY,
        R(|w, c| w.array_construct(c)),
    ),
    ("ARRAY_SIZE", 1, 1, S("memory.main.sf_array_size({0})")),
    (
        "ARRAY_CONTAINS",
        2,
        2,
        S("list_contains(memory.main.sf_elements({1}), to_json({0}))"),
    ),
    (
        "ARRAY_POSITION",
        2,
        2,
        S("(nullif(list_position(memory.main.sf_elements({1}), to_json({0})), 0) - 1)"),
    ),
    (
        "ARRAY_TO_STRING",
        2,
        2,
        S(
            "array_to_string(list_transform(memory.main.sf_elements({0}), lambda e: coalesce(json_extract_string(e, '$'), '')), {t1})",
        ),
    ),
    (
        "ARRAY_CAT",
        2,
        2,
        S("to_json(memory.main.sf_elements({0}) || memory.main.sf_elements({1}))"),
    ),
    (
        "ARRAY_APPEND",
        2,
        2,
        S("to_json(list_append(memory.main.sf_elements({0}), to_json({1})))"),
    ),
    (
        "ARRAY_PREPEND",
        2,
        2,
        S("to_json(list_prepend(to_json({1}), memory.main.sf_elements({0})))"),
    ),
    (
        "ARRAY_SLICE",
        3,
        3,
        S("memory.main.sf_array_slice({0}, {1}, {2})"),
    ),
    (
        "ARRAY_COMPACT",
        1,
        1,
        S("to_json(list_filter(memory.main.sf_elements({0}), lambda e: json_type(e) <> 'NULL'))"),
    ),
    (
        "ARRAY_DISTINCT",
        1,
        1,
        S("to_json(memory.main.sf_unique(memory.main.sf_elements({0})))"),
    ),
    (
        "ARRAY_REVERSE",
        1,
        1,
        S("to_json(list_reverse(memory.main.sf_elements({0})))"),
    ),
    (
        "ARRAY_INTERSECTION",
        2,
        2,
        R(|_, _| limit("does not know ARRAY_INTERSECTION")),
    ),
    (
        "ARRAYS_OVERLAP",
        2,
        2,
        S("list_has_any(memory.main.sf_elements({0}), memory.main.sf_elements({1}))"),
    ),
    (
        "ARRAY_MAX",
        1,
        1,
        Refused {
            what: "does not order VARIANTs, as ARRAY_MAX has to",
            hint: "use FLATTEN and MAX over a cast value",
        },
    ),
    (
        "ARRAY_SORT",
        1,
        3,
        Refused {
            what: "does not order VARIANTs, as ARRAY_SORT has to",
            hint: "use FLATTEN, and ARRAY_AGG … WITHIN GROUP (ORDER BY …)",
        },
    ),
    ("SPLIT", 2, 2, S("to_json(string_split({t0}, {t1}))")),
    ("STRTOK_TO_ARRAY", 1, 2, R(|w, c| w.strtok_to_array(c))),
    (
        "AS_CHAR",
        1,
        1,
        S("CASE WHEN json_type({0}) = 'VARCHAR' THEN memory.main.sf_text({0}) END"),
    ),
    (
        "AS_VARCHAR",
        1,
        1,
        S("CASE WHEN json_type({0}) = 'VARCHAR' THEN memory.main.sf_text({0}) END"),
    ),
    (
        "AS_BOOLEAN",
        1,
        1,
        S("CASE WHEN json_type({0}) = 'BOOLEAN' THEN CAST({0} AS BOOLEAN) END"),
    ),
    (
        "AS_INTEGER",
        1,
        1,
        S(
            "CASE WHEN json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT') THEN CAST({0} AS DECIMAL(38, 0)) END",
        ),
    ),
    (
        "AS_NUMBER",
        1,
        1,
        S(
            "CASE WHEN json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN CAST({0} AS DECIMAL(38, 0)) END",
        ),
    ),
    (
        "AS_DOUBLE",
        1,
        1,
        S(
            "CASE WHEN json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN CAST({0} AS DOUBLE) END",
        ),
    ),
    (
        "AS_REAL",
        1,
        1,
        S(
            "CASE WHEN json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN CAST({0} AS DOUBLE) END",
        ),
    ),
    (
        "AS_ARRAY",
        1,
        1,
        S("CASE WHEN json_type({0}) = 'ARRAY' THEN {0} END"),
    ),
    (
        "AS_OBJECT",
        1,
        1,
        S("CASE WHEN json_type({0}) = 'OBJECT' THEN {0} END"),
    ),
    ("IS_ARRAY", 1, 1, S("(json_type({0}) = 'ARRAY')")),
    ("IS_OBJECT", 1, 1, S("(json_type({0}) = 'OBJECT')")),
    ("IS_BOOLEAN", 1, 1, S("(json_type({0}) = 'BOOLEAN')")),
    ("IS_CHAR", 1, 1, S("(json_type({0}) = 'VARCHAR')")),
    ("IS_VARCHAR", 1, 1, S("(json_type({0}) = 'VARCHAR')")),
    (
        "IS_INTEGER",
        1,
        1,
        S("(json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT'))"),
    ),
    (
        "IS_DECIMAL",
        1,
        1,
        S("(json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'))"),
    ),
    (
        "IS_DOUBLE",
        1,
        1,
        S("(json_type({0}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'))"),
    ),
];
