//! The functions that may be called, and how each is said in DuckDB. What is not listed is refused.
//!
//! Most are templates, see [`Writer::fill`] for the fields. A function gets a place here only when its answer is known to
//! be Snowflake's, NULLs and types included; otherwise it stays out, or is listed with the reason.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::calls::Call;
use super::writer::{Writer, Written};

/// A function.
pub(super) struct Known {
    /// Fewest arguments.
    pub(super) min: usize,
    /// Most arguments.
    pub(super) max: usize,
    /// How it is said.
    pub(super) how: How,
}

/// How a function is said in DuckDB.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// A template, for a function of one row.
    Scalar(&'static str),
    /// A template, for a function of many rows that may have OVER.
    Aggregate(&'static str),
    /// A template, for a function that must have OVER.
    Window(&'static str),
    /// Code, for a function of one row.
    Rewrite(fn(&mut Writer<'_>, &Call<'_>) -> Written),
    /// Code, for a function of many rows.
    AggregateRewrite(fn(&mut Writer<'_>, &Call<'_>) -> Written),
    /// Code, for a function that must have OVER and may ignore NULLs.
    WindowRewrite(fn(&mut Writer<'_>, &Call<'_>) -> Written),
    /// Known, and not possible here.
    Refused {
        /// Completes "the embedded engine …".
        what: &'static str,
        /// What to write instead.
        hint: &'static str,
    },
}

use How::{
    Aggregate as A, AggregateRewrite as AR, Refused, Rewrite as R, Scalar as S, Window as W,
    WindowRewrite as WR,
};

/// No upper limit on the number of arguments.
const MANY: usize = usize::MAX;

type Row = (&'static str, usize, usize, How);

const CONDITIONS: &[Row] = &[
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
            Ok(format!("nullif({left}, {right})"))
        }),
    ),
    ("ZEROIFNULL", 1, 1, S("coalesce({n0}, 0)")),
    ("NULLIFZERO", 1, 1, S("nullif({n0}, 0)")),
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
    ("GREATEST_IGNORE_NULLS", 1, MANY, S("greatest({*})")),
    ("LEAST_IGNORE_NULLS", 1, MANY, S("least({*})")),
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

const NUMBERS: &[Row] = &[
    ("ABS", 1, 1, S("abs({n0})")),
    ("SIGN", 1, 1, S("sign({n0})")),
    ("DIV0", 2, 2, R(|w, c| w.div0(c))),
    ("DIV0NULL", 2, 2, R(|w, c| w.div0(c))),
    ("MOD", 2, 2, S("memory.main.sf_mod({n0}, {n1})")),
    ("ROUND", 1, 2, R(|w, c| w.round(c))),
    ("TRUNC", 1, 2, R(|w, c| w.trunc(c))),
    ("TRUNCATE", 1, 2, R(|w, c| w.trunc(c))),
    ("CEIL", 1, 1, S("ceil({n0})")),
    ("FLOOR", 1, 1, S("floor({n0})")),
    ("SQRT", 1, 1, S("sqrt(CAST({n0} AS DOUBLE))")),
    ("CBRT", 1, 1, S("memory.main.sf_cbrt(CAST({n0} AS DOUBLE))")),
    ("SQUARE", 1, 1, S("power(CAST({n0} AS DOUBLE), 2)")),
    (
        "POWER",
        2,
        2,
        S("power(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE))"),
    ),
    (
        "POW",
        2,
        2,
        S("power(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE))"),
    ),
    ("EXP", 1, 1, S("exp(CAST({n0} AS DOUBLE))")),
    ("LN", 1, 1, S("ln(CAST({n0} AS DOUBLE))")),
    (
        "LOG",
        2,
        2,
        S("(ln(CAST({n1} AS DOUBLE)) / ln(CAST({n0} AS DOUBLE)))"),
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
    ("SINH", 1, 1, S("sinh(CAST({n0} AS DOUBLE))")),
    ("COSH", 1, 1, S("cosh(CAST({n0} AS DOUBLE))")),
    ("TANH", 1, 1, S("tanh(CAST({n0} AS DOUBLE))")),
    ("DEGREES", 1, 1, S("degrees(CAST({n0} AS DOUBLE))")),
    ("RADIANS", 1, 1, S("radians(CAST({n0} AS DOUBLE))")),
    ("FACTORIAL", 1, 1, S("factorial(CAST({n0} AS INTEGER))")),
    (
        "HAVERSINE",
        4,
        4,
        S("memory.main.sf_haversine({n0}, {n1}, {n2}, {n3})"),
    ),
    (
        "WIDTH_BUCKET",
        4,
        4,
        S("memory.main.sf_width_bucket({n0}, {n1}, {n2}, {n3})"),
    ),
    (
        "BITAND",
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
        "BITXOR",
        2,
        2,
        S("xor(CAST({n0} AS BIGINT), CAST({n1} AS BIGINT))"),
    ),
    ("BITNOT", 1, 1, S("(~CAST({n0} AS BIGINT))")),
    (
        "BITSHIFTLEFT",
        2,
        2,
        S("(CAST({n0} AS HUGEINT) << CAST({n1} AS HUGEINT))"),
    ),
    (
        "BITSHIFTRIGHT",
        2,
        2,
        S("(CAST({n0} AS BIGINT) >> CAST({n1} AS BIGINT))"),
    ),
    (
        "RANDOM",
        0,
        1,
        S("CAST(floor((random() - 0.5) * 18446744073709549568) AS DECIMAL(38, 0))"),
    ),
    ("UNIFORM", 3, 3, R(|w, c| w.uniform(c))),
    ("SEQ1", 0, 1, R(|w, c| w.sequence(c))),
    ("SEQ2", 0, 1, R(|w, c| w.sequence(c))),
    ("SEQ4", 0, 1, R(|w, c| w.sequence(c))),
    ("SEQ8", 0, 1, R(|w, c| w.sequence(c))),
    (
        "RANDSTR",
        2,
        2,
        Refused {
            what: "does not know RANDSTR",
            hint: "UUID_STRING() gives a random text",
        },
    ),
];

const TEXTS: &[Row] = &[
    ("LENGTH", 1, 1, S("length({t0})")),
    ("LEN", 1, 1, S("length({t0})")),
    ("CHAR_LENGTH", 1, 1, S("length({t0})")),
    ("CHARACTER_LENGTH", 1, 1, S("length({t0})")),
    ("OCTET_LENGTH", 1, 1, S("strlen({t0})")),
    ("BIT_LENGTH", 1, 1, S("(strlen({t0}) * 8)")),
    ("UPPER", 1, 1, S("upper({t0})")),
    ("LOWER", 1, 1, S("lower({t0})")),
    ("INITCAP", 1, 1, S("memory.main.sf_initcap({t0})")),
    ("REVERSE", 1, 1, S("reverse({t0})")),
    ("CONCAT", 1, MANY, R(|w, c| w.concat(c))),
    ("CONCAT_WS", 2, MANY, R(|w, c| w.concat_ws(c))),
    (
        "LEFT",
        2,
        2,
        S("left({t0}, greatest(CAST({1} AS BIGINT), 0))"),
    ),
    (
        "RIGHT",
        2,
        2,
        S("right({t0}, greatest(CAST({1} AS BIGINT), 0))"),
    ),
    ("SUBSTR", 2, 3, R(|w, c| w.substring(c))),
    ("SUBSTRING", 2, 3, R(|w, c| w.substring(c))),
    ("LPAD", 2, 3, R(|w, c| w.pad(c))),
    ("RPAD", 2, 3, R(|w, c| w.pad(c))),
    ("TRIM", 1, 2, R(|w, c| w.trim(c))),
    ("LTRIM", 1, 2, R(|w, c| w.trim(c))),
    ("RTRIM", 1, 2, R(|w, c| w.trim(c))),
    (
        "REPLACE",
        2,
        3,
        R(|w, c| {
            let text = w.text(c.argument(0)?)?;
            let from = w.text(c.argument(1)?)?;
            let to = match c.arguments().get(2) {
                Some(to) => w.text(to)?,
                None => "''".into(),
            };
            Ok(format!("memory.main.sf_replace({text}, {from}, {to})"))
        }),
    ),
    ("TRANSLATE", 3, 3, S("translate({t0}, {t1}, {t2})")),
    (
        "INSERT",
        4,
        4,
        S("memory.main.sf_insert({t0}, {1}, {2}, {t3})"),
    ),
    (
        "REPEAT",
        2,
        2,
        S("memory.main.sf_repeat({t0}, CAST({1} AS BIGINT))"),
    ),
    (
        "SPACE",
        1,
        1,
        S("memory.main.sf_repeat(' ', CAST({0} AS BIGINT))"),
    ),
    (
        "SPLIT_PART",
        3,
        3,
        S("memory.main.sf_split_part({t0}, {t1}, {2})"),
    ),
    ("STRTOK", 1, 3, R(|w, c| w.strtok(c))),
    ("CHARINDEX", 2, 3, R(|w, c| w.charindex(c))),
    ("POSITION", 2, 3, R(|w, c| w.charindex(c))),
    ("CONTAINS", 2, 2, S("contains({t0}, {t1})")),
    ("STARTSWITH", 2, 2, S("starts_with({t0}, {t1})")),
    ("ENDSWITH", 2, 2, S("ends_with({t0}, {t1})")),
    (
        "ASCII",
        1,
        1,
        S("CASE WHEN {t0} = '' THEN 0 ELSE ascii({t0}) END"),
    ),
    (
        "UNICODE",
        1,
        1,
        S("CASE WHEN {t0} = '' THEN 0 ELSE unicode({t0}) END"),
    ),
    ("CHR", 1, 1, S("chr(CAST({0} AS INTEGER))")),
    ("CHAR", 1, 1, S("chr(CAST({0} AS INTEGER))")),
    ("MD5", 1, 1, S("md5({t0})")),
    ("MD5_HEX", 1, 1, S("md5({t0})")),
    ("SHA1", 1, 1, S("sha1({t0})")),
    ("SHA1_HEX", 1, 1, S("sha1({t0})")),
    ("SHA2", 1, 2, R(|w, c| w.sha2(c))),
    ("SHA2_HEX", 1, 2, R(|w, c| w.sha2(c))),
    ("BASE64_ENCODE", 1, 1, S("base64(encode({t0}))")),
    ("BASE64_DECODE_STRING", 1, 1, S("decode(from_base64({t0}))")),
    (
        "TRY_BASE64_DECODE_STRING",
        1,
        1,
        S("TRY(decode(from_base64({t0})))"),
    ),
    ("HEX_ENCODE", 1, 1, S("hex({t0})")),
    ("HEX_DECODE_STRING", 1, 1, S("decode(unhex({t0}))")),
    ("EDITDISTANCE", 2, 2, S("levenshtein({t0}, {t1})")),
    (
        "JAROWINKLER_SIMILARITY",
        2,
        2,
        S("CAST(floor(jaro_winkler_similarity(lower({t0}), lower({t1})) * 100) AS BIGINT)"),
    ),
    ("UUID_STRING", 0, 0, S("CAST(uuid() AS VARCHAR)")),
    (
        "SOUNDEX",
        1,
        1,
        Refused {
            what: "does not know the function SOUNDEX",
            hint: "EDITDISTANCE and JAROWINKLER_SIMILARITY compare words too",
        },
    ),
    (
        "HASH",
        1,
        MANY,
        Refused {
            what: "cannot reproduce the values of HASH",
            hint: "MD5 and SHA2 give the same values everywhere",
        },
    ),
    ("REGEXP_LIKE", 2, 3, R(|w, c| w.regexp_like(c))),
    ("RLIKE", 2, 3, R(|w, c| w.regexp_like(c))),
    ("REGEXP_REPLACE", 2, 6, R(|w, c| w.regexp_replace(c))),
    ("REGEXP_SUBSTR", 2, 6, R(|w, c| w.regexp_substr(c))),
    ("REGEXP_EXTRACT_ALL", 2, 6, R(|w, c| w.regexp_substr_all(c))),
    ("REGEXP_SUBSTR_ALL", 2, 6, R(|w, c| w.regexp_substr_all(c))),
    ("REGEXP_COUNT", 2, 4, R(|w, c| w.regexp_count(c))),
    (
        "REGEXP_INSTR",
        2,
        2,
        S(
            "CASE WHEN regexp_matches({t0}, {t1}) THEN length(string_split_regex({t0}, {t1})[1]) + 1 ELSE 0 END",
        ),
    ),
];

const DATES: &[Row] = &[
    ("DATEADD", 3, 3, R(|w, c| w.date_add(c))),
    ("TIMEADD", 3, 3, R(|w, c| w.date_add(c))),
    ("TIMESTAMPADD", 3, 3, R(|w, c| w.date_add(c))),
    ("DATEDIFF", 3, 3, R(|w, c| w.date_diff(c))),
    ("TIMEDIFF", 3, 3, R(|w, c| w.date_diff(c))),
    ("TIMESTAMPDIFF", 3, 3, R(|w, c| w.date_diff(c))),
    ("DATE_TRUNC", 2, 2, R(|w, c| w.date_trunc(c))),
    (
        "DATE_PART",
        2,
        2,
        R(|w, c| w.date_part(&super::dates::unit_name(c.argument(0)?)?, c.argument(1)?)),
    ),
    ("LAST_DAY", 1, 2, R(|w, c| w.last_day(c))),
    ("NEXT_DAY", 2, 2, R(|w, c| w.neighbour_day(c, true))),
    ("PREVIOUS_DAY", 2, 2, R(|w, c| w.neighbour_day(c, false))),
    (
        "MONTHS_BETWEEN",
        2,
        2,
        S("memory.main.sf_months_between({m0}, {m1})"),
    ),
    (
        "ADD_MONTHS",
        2,
        2,
        R(|w, c| {
            let date = w.repeated(4, |w| w.moment(c.argument(0)?))?;
            let months = w.number(c.argument(1)?)?;
            Ok(format!("memory.main.sf_add_months({date}, {months})"))
        }),
    ),
    ("TIME_SLICE", 3, 4, R(|w, c| w.time_slice(c))),
    ("CONVERT_TIMEZONE", 2, 3, R(|w, c| w.convert_timezone(c))),
    ("DAYNAME", 1, 1, S("strftime({m0}, '%a')")),
    ("MONTHNAME", 1, 1, S("strftime({m0}, '%b')")),
    ("YEAR", 1, 1, S("date_part('year', {m0})")),
    ("YEAROFWEEK", 1, 1, S("date_part('isoyear', {m0})")),
    ("YEAROFWEEKISO", 1, 1, S("date_part('isoyear', {m0})")),
    ("QUARTER", 1, 1, S("date_part('quarter', {m0})")),
    ("MONTH", 1, 1, S("date_part('month', {m0})")),
    ("WEEK", 1, 1, S("date_part('week', {m0})")),
    ("WEEKOFYEAR", 1, 1, S("date_part('week', {m0})")),
    ("WEEKISO", 1, 1, S("date_part('week', {m0})")),
    ("DAY", 1, 1, S("date_part('day', {m0})")),
    ("DAYOFMONTH", 1, 1, S("date_part('day', {m0})")),
    ("DAYOFWEEK", 1, 1, S("date_part('dow', {m0})")),
    ("DAYOFWEEKISO", 1, 1, S("date_part('isodow', {m0})")),
    ("DAYOFYEAR", 1, 1, S("date_part('doy', {m0})")),
    ("HOUR", 1, 1, S("date_part('hour', {m0})")),
    ("MINUTE", 1, 1, S("date_part('minute', {m0})")),
    ("SECOND", 1, 1, S("date_part('second', {m0})")),
    (
        "DATE_FROM_PARTS",
        3,
        3,
        S(
            "CAST(make_date(CAST({0} AS BIGINT), 1, 1) + to_months(CAST({1} AS INTEGER) - 1) + to_days(CAST({2} AS INTEGER) - 1) AS DATE)",
        ),
    ),
    (
        "DATEFROMPARTS",
        3,
        3,
        S(
            "CAST(make_date(CAST({0} AS BIGINT), 1, 1) + to_months(CAST({1} AS INTEGER) - 1) + to_days(CAST({2} AS INTEGER) - 1) AS DATE)",
        ),
    ),
    (
        "TIME_FROM_PARTS",
        3,
        3,
        S("make_time(CAST({0} AS BIGINT), CAST({1} AS BIGINT), CAST({2} AS DOUBLE))"),
    ),
    (
        "TIMESTAMP_FROM_PARTS",
        6,
        6,
        S(
            "make_timestamp(CAST({0} AS BIGINT), CAST({1} AS BIGINT), CAST({2} AS BIGINT), CAST({3} AS BIGINT), CAST({4} AS BIGINT), CAST({5} AS DOUBLE))",
        ),
    ),
    (
        "TIMESTAMP_NTZ_FROM_PARTS",
        6,
        6,
        S(
            "make_timestamp(CAST({0} AS BIGINT), CAST({1} AS BIGINT), CAST({2} AS BIGINT), CAST({3} AS BIGINT), CAST({4} AS BIGINT), CAST({5} AS DOUBLE))",
        ),
    ),
    ("CURRENT_DATE", 0, 0, S("current_date")),
    ("CURRENT_TIMESTAMP", 0, 1, S("now()")),
    ("LOCALTIMESTAMP", 0, 1, S("now()")),
    ("GETDATE", 0, 0, S("now()")),
    ("SYSTIMESTAMP", 0, 0, S("now()")),
    ("SYSDATE", 0, 0, S("make_timestamp(epoch_us(now()))")),
    (
        "CURRENT_TIME",
        0,
        1,
        S("CAST(CAST(now() AS TIMESTAMP) AS TIME)"),
    ),
    (
        "LOCALTIME",
        0,
        1,
        S("CAST(CAST(now() AS TIMESTAMP) AS TIME)"),
    ),
];

const CONVERSIONS: &[Row] = &[
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
    ("TO_TIME", 1, 2, R(|w, c| w.time_of(c))),
    ("TIME", 1, 2, R(|w, c| w.time_of(c))),
    ("TRY_TO_TIME", 1, 2, R(|w, c| w.time_of(c))),
    ("TO_NUMBER", 1, 4, R(|w, c| w.number_of(c))),
    ("TO_NUMERIC", 1, 4, R(|w, c| w.number_of(c))),
    ("TO_DECIMAL", 1, 4, R(|w, c| w.number_of(c))),
    ("TRY_TO_NUMBER", 1, 4, R(|w, c| w.number_of(c))),
    ("TRY_TO_NUMERIC", 1, 4, R(|w, c| w.number_of(c))),
    ("TRY_TO_DECIMAL", 1, 4, R(|w, c| w.number_of(c))),
    ("TO_DOUBLE", 1, 1, S("CAST({0} AS DOUBLE)")),
    ("TRY_TO_DOUBLE", 1, 1, S("TRY_CAST({0} AS DOUBLE)")),
    ("TO_BOOLEAN", 1, 1, S("memory.main.sf_boolean({0})")),
    ("TRY_TO_BOOLEAN", 1, 1, S("memory.main.sf_try_boolean({0})")),
    ("TO_BINARY", 1, 1, S("memory.main.sf_binary({0})")),
    (
        "SYSTEM$TYPEOF",
        1,
        1,
        S("memory.main.sf_system_typeof({0})"),
    ),
];

const SEMI_STRUCTURED: &[Row] = &[
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
        R(|_, _| super::writer::limit("does not know ARRAY_INTERSECTION")),
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

const AGGREGATES: &[Row] = &[
    ("COUNT", 1, MANY, AR(|w, c| w.count(c))),
    ("COUNT_IF", 1, 1, A("count(CASE WHEN {0} THEN 1 END){over}")),
    ("SUM", 1, 1, A("sum({d}{n0}){over}")),
    ("AVG", 1, 1, AR(|w, c| w.avg(c))),
    ("MIN", 1, 1, AR(|w, c| w.extreme(c))),
    ("MAX", 1, 1, AR(|w, c| w.extreme(c))),
    (
        "MEDIAN",
        1,
        1,
        A("median(memory.main.sf_finer({n0})){over}"),
    ),
    ("PERCENTILE_CONT", 1, 1, AR(|w, c| w.percentile(c))),
    ("PERCENTILE_DISC", 1, 1, AR(|w, c| w.percentile(c))),
    (
        "APPROX_PERCENTILE",
        2,
        2,
        A("quantile_cont(CAST({n0} AS DOUBLE), {1}){over}"),
    ),
    // Exact where Snowflake estimates: within the error Snowflake allows itself, and the same on every run.
    (
        "APPROX_COUNT_DISTINCT",
        1,
        1,
        A("count(DISTINCT {0}){over}"),
    ),
    ("HLL", 1, 1, A("count(DISTINCT {0}){over}")),
    ("LISTAGG", 1, 2, AR(|w, c| w.listagg(c))),
    ("STRING_AGG", 1, 2, AR(|w, c| w.listagg(c))),
    ("ARRAY_AGG", 1, 1, AR(|w, c| w.array_agg(c))),
    ("ARRAYAGG", 1, 1, AR(|w, c| w.array_agg(c))),
    ("ARRAY_UNIQUE_AGG", 1, 1, AR(|w, c| w.array_agg(c))),
    ("OBJECT_AGG", 2, 2, AR(|w, c| w.object_agg(c))),
    ("MAX_BY", 2, 3, AR(|w, c| w.extreme_by(c))),
    ("MIN_BY", 2, 3, AR(|w, c| w.extreme_by(c))),
    ("ANY_VALUE", 1, 1, A("any_value({0}){over}")),
    ("MODE", 1, 1, A("mode({0}){over}")),
    (
        "BOOLAND_AGG",
        1,
        1,
        A("bool_and(CAST({0} AS BOOLEAN)){over}"),
    ),
    ("BOOLOR_AGG", 1, 1, A("bool_or(CAST({0} AS BOOLEAN)){over}")),
    (
        "BOOLXOR_AGG",
        1,
        1,
        A("(count(CASE WHEN CAST({0} AS BOOLEAN) THEN 1 END){over} = 1)"),
    ),
    ("BITAND_AGG", 1, 1, A("bit_and(CAST({n0} AS BIGINT)){over}")),
    ("BITOR_AGG", 1, 1, A("bit_or(CAST({n0} AS BIGINT)){over}")),
    ("BITXOR_AGG", 1, 1, A("bit_xor(CAST({n0} AS BIGINT)){over}")),
    (
        "STDDEV",
        1,
        1,
        A("stddev_samp({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    (
        "STDDEV_SAMP",
        1,
        1,
        A("stddev_samp({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    (
        "STDDEV_POP",
        1,
        1,
        A("stddev_pop({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    (
        "VARIANCE",
        1,
        1,
        A("var_samp({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    (
        "VAR_SAMP",
        1,
        1,
        A("var_samp({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    (
        "VARIANCE_SAMP",
        1,
        1,
        A("var_samp({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    ("VAR_POP", 1, 1, A("var_pop({d}CAST({n0} AS DOUBLE)){over}")),
    (
        "VARIANCE_POP",
        1,
        1,
        A("var_pop({d}CAST({n0} AS DOUBLE)){over}"),
    ),
    (
        "CORR",
        2,
        2,
        A("corr(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    (
        "COVAR_POP",
        2,
        2,
        A("covar_pop(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    (
        "COVAR_SAMP",
        2,
        2,
        A("covar_samp(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    (
        "REGR_SLOPE",
        2,
        2,
        A("regr_slope(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    (
        "REGR_INTERCEPT",
        2,
        2,
        A("regr_intercept(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    (
        "REGR_R2",
        2,
        2,
        A("regr_r2(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    (
        "REGR_COUNT",
        2,
        2,
        A("regr_count(CAST({n0} AS DOUBLE), CAST({n1} AS DOUBLE)){over}"),
    ),
    ("SKEW", 1, 1, A("skewness(CAST({n0} AS DOUBLE)){over}")),
    ("KURTOSIS", 1, 1, A("kurtosis(CAST({n0} AS DOUBLE)){over}")),
    ("GROUPING", 1, MANY, R(|w, c| w.grouping_id(c))),
    ("GROUPING_ID", 1, MANY, R(|w, c| w.grouping_id(c))),
    ("RATIO_TO_REPORT", 1, 1, AR(|w, c| w.ratio_to_report(c))),
    ("ROW_NUMBER", 0, 0, W("row_number(){over}")),
    ("RANK", 0, 0, W("rank(){over}")),
    ("DENSE_RANK", 0, 0, W("dense_rank(){over}")),
    ("PERCENT_RANK", 0, 0, W("percent_rank(){over}")),
    ("CUME_DIST", 0, 0, W("cume_dist(){over}")),
    ("NTILE", 1, 1, W("ntile(CAST({0} AS BIGINT)){over}")),
    ("LAG", 1, 3, W("lag({*}{nulls}){over}")),
    ("LEAD", 1, 3, W("lead({*}{nulls}){over}")),
    ("FIRST_VALUE", 1, 1, WR(|w, c| w.value_of_window(c))),
    ("LAST_VALUE", 1, 1, WR(|w, c| w.value_of_window(c))),
    ("NTH_VALUE", 2, 2, WR(|w, c| w.value_of_window(c))),
    (
        "CONDITIONAL_TRUE_EVENT",
        1,
        1,
        W("count(CASE WHEN {0} THEN 1 END){over}"),
    ),
];

const CONTEXT: &[Row] = &[
    (
        "CURRENT_DATABASE",
        0,
        0,
        R(|w, _| Ok(super::writer::quote_text(w.context.database.as_str()))),
    ),
    (
        "CURRENT_SCHEMA",
        0,
        0,
        R(|w, _| Ok(super::writer::quote_text(w.context.schema.as_str()))),
    ),
    (
        "CURRENT_ROLE",
        0,
        0,
        R(|w, _| Ok(super::writer::quote_text(w.context.role.as_str()))),
    ),
    (
        "CURRENT_WAREHOUSE",
        0,
        0,
        R(|w, _| Ok(super::writer::quote_text(w.context.warehouse.as_str()))),
    ),
    (
        "CURRENT_USER",
        0,
        0,
        R(|w, _| Ok(super::writer::quote_text(w.context.user.as_str()))),
    ),
    (
        "CURRENT_STATEMENT",
        0,
        0,
        Refused {
            what: "does not know CURRENT_STATEMENT",
            hint: "the statement is the one you sent",
        },
    ),
    (
        "CURRENT_SCHEMAS",
        0,
        0,
        R(|w, _| {
            let path = format!("[\"{}.{}\"]", w.context.database, w.context.schema);
            Ok(super::writer::quote_text(&path))
        }),
    ),
    ("CURRENT_ACCOUNT", 0, 0, S("'EMBEDDED'")),
    ("CURRENT_ACCOUNT_NAME", 0, 0, S("'EMBEDDED'")),
    ("CURRENT_ORGANIZATION_NAME", 0, 0, S("'LOCAL'")),
    ("CURRENT_REGION", 0, 0, S("'LOCAL'")),
    ("CURRENT_CLIENT", 0, 0, S("'snowflake-mcp'")),
    (
        "CURRENT_SECONDARY_ROLES",
        0,
        0,
        S("'{\"roles\":\"\",\"value\":\"\"}'"),
    ),
    (
        "CURRENT_AVAILABLE_ROLES",
        0,
        0,
        R(|w, _| {
            Ok(super::writer::quote_text(&format!(
                "[\"{}\"]",
                w.context.role
            )))
        }),
    ),
    (
        "CURRENT_VERSION",
        0,
        0,
        R(|_, _| {
            Ok(super::writer::quote_text(concat!(
                "embedded ",
                env!("CARGO_PKG_VERSION")
            )))
        }),
    ),
    ("CURRENT_SESSION", 0, 0, S("'0'")),
    (
        "LAST_QUERY_ID",
        0,
        1,
        Refused {
            what: "keeps nothing from one call to the next, so there is no last query",
            hint: "put the first query into a WITH clause of the second",
        },
    ),
    ("GET_DDL", 2, 3, R(|w, c| w.get_ddl(c))),
];

/// The table, in chapters.
const CHAPTERS: [(&str, &[Row]); 8] = [
    ("Conditions", CONDITIONS),
    ("Numbers", NUMBERS),
    ("Texts", TEXTS),
    ("Dates and times", DATES),
    ("Conversions", CONVERSIONS),
    ("Semi-structured data", SEMI_STRUCTURED),
    ("Aggregates and windows", AGGREGATES),
    ("Context", CONTEXT),
];

static KNOWN: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let rows = CHAPTERS.iter().flat_map(|(_, rows)| rows.iter());
    rows.map(|(name, min, max, how)| {
        let known = Known {
            min: *min,
            max: *max,
            how: *how,
        };
        (*name, known)
    })
    .collect()
});

/// The rule for a function, by its name in upper case.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    KNOWN.get(name)
}

/// docs/embedded-functions.md, from the table above.
pub(in crate::warehouse::embedded) fn reference() -> String {
    let mut text = String::from(
        "<!-- Generated by `make docs` from src/warehouse/embedded/dialect/functions.rs. -->\n\
         # Functions of the embedded engine\n\n\
         A function that is not listed is refused with `engine_limit`: it is not known to answer as Snowflake's does.\n",
    );
    let mut refused = Vec::new();
    for (title, rows) in CHAPTERS {
        let mut names = Vec::new();
        for (name, _, _, how) in rows {
            match how {
                Refused { what, hint } => refused.push((*name, *what, *hint)),
                _ => names.push(format!("`{name}`")),
            }
        }
        text.push_str(&format!("\n## {title}\n\n{}\n", names.join(" ")));
    }
    text.push_str(
        "\n## Known, and refused\n\n| function | the embedded engine | instead |\n|---|---|---|\n",
    );
    for (name, what, hint) in refused {
        text.push_str(&format!("| `{name}` | {what} | {hint} |\n"));
    }
    text
}
