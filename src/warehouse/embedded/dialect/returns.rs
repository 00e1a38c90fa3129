//! What functions return, where their name alone says it, and the types that the forms of expressions show.

use crate::sql::ast::{DataType, Expr, Function};

use super::types::{Target, target};

/// The type of an expression, as far as it matters how a text, a VARIANT or a date is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A number whose text is that of the engine: a whole one, or a NUMBER.
    Number,
    Float,
    Truth,
    Date,
    Time,
    /// A TIMESTAMP without zone.
    Timestamp,
    /// One with a zone.
    Zoned,
    Bytes,
    /// The engine's JSON: a VARIANT, OBJECT or ARRAY.
    Json,
}

/// The form of what a function gives, by its name in upper case; BINARY and JSON have lists of their own.
pub(super) fn form_of(name: &str) -> Option<Form> {
    let lists: [(&[&str], Form); 9] = [
        (&TEXTS, Form::Text),
        (&WHOLE, Form::Number),
        (&NUMBERS, Form::Number),
        (&FLOATS, Form::Float),
        (&TRUTHS, Form::Truth),
        (&DATES, Form::Date),
        (&TIMES, Form::Time),
        (&TIMESTAMPS, Form::Timestamp),
        (&ZONED, Form::Zoned),
    ];
    let mut lists = lists.into_iter();
    lists
        .find(|(names, _)| names.contains(&name))
        .map(|(_, form)| form)
}

/// The engine's type of a function that gives a whole number or a date.
pub(super) fn plain_kind(name: &str) -> Option<&'static str> {
    if DATES.contains(&name) && name != "LAST_DAY" {
        Some("DATE")
    } else if name == "FACTORIAL" {
        Some("HUGEINT")
    } else if name.starts_with("MD5_NUMBER") {
        Some("DECIMAL(38,0)")
    } else if WHOLE.contains(&name) {
        Some("BIGINT")
    } else {
        None
    }
}

/// Whether an expression is the engine's JSON whatever its columns hold. Not what may give back its argument as it is.
pub(super) fn is_json(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_json(inner),
        Expr::Array(_) | Expr::Dictionary(_) => true,
        Expr::JsonAccess { .. } | Expr::CompoundFieldAccess { .. } => true,
        Expr::Cast { data_type, .. } => form_of_type(data_type) == Some(Form::Json),
        Expr::Function(function) => is_json_function(&upper_name(function)),
        _ => false,
    }
}

pub(super) fn is_json_function(name: &str) -> bool {
    VARIANT_FUNCTIONS.contains(&name) && name != "STRIP_NULL_VALUE"
}

pub(super) fn form_of_type(data_type: &DataType) -> Option<Form> {
    Some(match target(data_type).ok()? {
        Target::Text(_) => Form::Text,
        Target::Number(..) => Form::Number,
        Target::Float => Form::Float,
        Target::Boolean => Form::Truth,
        Target::Date => Form::Date,
        Target::Time => Form::Time,
        Target::Timestamp => Form::Timestamp,
        Target::ZonedTimestamp | Target::OffsetTimestamp => Form::Zoned,
        Target::Binary => Form::Bytes,
        Target::Variant | Target::Object | Target::Array => Form::Json,
    })
}

pub(super) fn upper_name(function: &Function) -> String {
    function.name.to_string().to_uppercase()
}

/// Functions that return VARIANT, OBJECT or ARRAY.
pub(super) const VARIANT_FUNCTIONS: &[&str] = &[
    "PARSE_JSON",
    "TRY_PARSE_JSON",
    "TO_VARIANT",
    "TO_ARRAY",
    "TO_OBJECT",
    "GET",
    "GET_IGNORE_CASE",
    "GET_PATH",
    "OBJECT_CONSTRUCT",
    "OBJECT_CONSTRUCT_KEEP_NULL",
    "OBJECT_AGG",
    "APPROX_TOP_K",
    "OBJECT_KEYS",
    "OBJECT_INSERT",
    "OBJECT_DELETE",
    "OBJECT_PICK",
    "ARRAY_AGG",
    "ARRAY_UNIQUE_AGG",
    "ARRAY_CONSTRUCT",
    "ARRAY_CONSTRUCT_COMPACT",
    "ARRAY_CAT",
    "ARRAY_APPEND",
    "ARRAY_PREPEND",
    "ARRAY_SLICE",
    "ARRAY_COMPACT",
    "ARRAY_DISTINCT",
    "ARRAY_SORT",
    "ARRAY_INTERSECTION",
    "ARRAY_EXCEPT",
    "ARRAY_INSERT",
    "ARRAY_REMOVE",
    "ARRAY_REMOVE_AT",
    "ARRAY_REVERSE",
    "ARRAY_FLATTEN",
    "ARRAY_GENERATE_RANGE",
    "ARRAY_MAX",
    "ARRAY_MIN",
    "ARRAYS_TO_OBJECT",
    "ARRAYS_ZIP",
    "ARRAYAGG",
    "FILTER",
    "TRANSFORM",
    "PARSE_URL",
    "PARSE_IP",
    "STRIP_NULL_VALUE",
    "REGEXP_SUBSTR_ALL",
    "REGEXP_EXTRACT_ALL",
    "AS_ARRAY",
    "AS_OBJECT",
    "SPLIT",
    "STRTOK_TO_ARRAY",
];

/// Functions that return BINARY whatever they take.
pub(super) const BINARY_FUNCTIONS: [&str; 10] = [
    "TO_BINARY",
    "TRY_TO_BINARY",
    "HEX_DECODE_BINARY",
    "TRY_HEX_DECODE_BINARY",
    "BASE64_DECODE_BINARY",
    "TRY_BASE64_DECODE_BINARY",
    "MD5_BINARY",
    "SHA1_BINARY",
    "SHA2_BINARY",
    "RANDOM_BYTES",
];

/// Functions that give a text, unless their argument is BINARY and they give what it is.
const TEXTS: [&str; 63] = [
    "ARRAY_TO_STRING",
    "AS_CHAR",
    "AS_VARCHAR",
    "BASE64_DECODE_STRING",
    "BASE64_ENCODE",
    "CHAR",
    "CHECK_JSON",
    "CHR",
    "CONCAT",
    "CONCAT_WS",
    "CURRENT_ACCOUNT",
    "CURRENT_DATABASE",
    "CURRENT_REGION",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_USER",
    "CURRENT_VERSION",
    "CURRENT_WAREHOUSE",
    "DAYNAME",
    "GET_DDL",
    "HEX_DECODE_STRING",
    "HEX_ENCODE",
    "INITCAP",
    "INSERT",
    "LEFT",
    "LISTAGG",
    "LOWER",
    "LPAD",
    "LTRIM",
    "MD5",
    "MD5_HEX",
    "MONTHNAME",
    "RANDSTR",
    "REGEXP_REPLACE",
    "REGEXP_SUBSTR",
    "REPEAT",
    "REPLACE",
    "REVERSE",
    "RIGHT",
    "RPAD",
    "RTRIM",
    "SHA1",
    "SHA1_HEX",
    "SHA2",
    "SHA2_HEX",
    "SOUNDEX",
    "SPACE",
    "SPLIT_PART",
    "STRING_AGG",
    "STRTOK",
    "SUBSTR",
    "SUBSTRING",
    "SYSTEM$TYPEOF",
    "TO_CHAR",
    "TO_JSON",
    "TO_VARCHAR",
    "TRANSLATE",
    "TRIM",
    "TRY_BASE64_DECODE_STRING",
    "TRY_HEX_DECODE_STRING",
    "TYPEOF",
    "UPPER",
    "UUID_STRING",
];

/// Functions that give a whole number.
const WHOLE: [&str; 52] = [
    "ARRAY_SIZE",
    "ASCII",
    "BITAND",
    "BITNOT",
    "BITOR",
    "BITXOR",
    "BIT_AND",
    "BIT_LENGTH",
    "BIT_NOT",
    "BIT_OR",
    "BIT_XOR",
    "CHARACTER_LENGTH",
    "CHARINDEX",
    "CHAR_LENGTH",
    "COUNT",
    "COUNT_IF",
    "DATEDIFF",
    "DAY",
    "DAYOFMONTH",
    "DAYOFWEEK",
    "DAYOFWEEKISO",
    "DAYOFYEAR",
    "DENSE_RANK",
    "EDITDISTANCE",
    "FACTORIAL",
    "GETBIT",
    "HOUR",
    "JAROWINKLER_SIMILARITY",
    "LEN",
    "LENGTH",
    "MD5_NUMBER_LOWER64",
    "MD5_NUMBER_UPPER64",
    "MINUTE",
    "MONTH",
    "OCTET_LENGTH",
    "POSITION",
    "QUARTER",
    "RANK",
    "REGEXP_COUNT",
    "REGEXP_INSTR",
    "ROW_NUMBER",
    "RTRIMMED_LENGTH",
    "SECOND",
    "TIMEDIFF",
    "TIMESTAMPDIFF",
    "UNICODE",
    "WEEK",
    "WEEKISO",
    "WEEKOFYEAR",
    "YEAR",
    "YEAROFWEEK",
    "YEAROFWEEKISO",
];

/// Functions that give a number of other types, but no FLOAT.
const NUMBERS: [&str; 16] = [
    "AS_DECIMAL",
    "AS_INTEGER",
    "AS_NUMBER",
    "ARRAY_POSITION",
    "DATE_PART",
    "MONTHS_BETWEEN",
    "RANDOM",
    "SIGN",
    "TO_DECIMAL",
    "TO_NUMBER",
    "TO_NUMERIC",
    "TRY_TO_DECIMAL",
    "TRY_TO_NUMBER",
    "TRY_TO_NUMERIC",
    "WIDTH_BUCKET",
    "ZIPF",
];

/// Functions that give a FLOAT.
const FLOATS: [&str; 31] = [
    "ACOS",
    "ACOSH",
    "ASIN",
    "ASINH",
    "AS_DOUBLE",
    "AS_REAL",
    "ATAN",
    "ATAN2",
    "ATANH",
    "CBRT",
    "COS",
    "COSH",
    "COT",
    "DEGREES",
    "EXP",
    "HAVERSINE",
    "LN",
    "LOG",
    "NORMAL",
    "PI",
    "POW",
    "POWER",
    "RADIANS",
    "SIN",
    "SINH",
    "SQRT",
    "SQUARE",
    "TAN",
    "TANH",
    "TO_DOUBLE",
    "TRY_TO_DOUBLE",
];

/// Functions of numbers that give a FLOAT where they are given one, and else a NUMBER.
pub(super) const OF_NUMBERS: [&str; 9] = [
    "ABS",
    "CEIL",
    "DIV0",
    "DIV0NULL",
    "FLOOR",
    "MOD",
    "NULLIFZERO",
    "ROUND",
    "ZEROIFNULL",
];

/// Functions that give a truth value.
pub(super) const TRUTHS: [&str; 38] = [
    "ARRAYS_OVERLAP",
    "ARRAY_CONTAINS",
    "AS_BOOLEAN",
    "BOOLAND",
    "BOOLAND_AGG",
    "BOOLNOT",
    "BOOLOR",
    "BOOLOR_AGG",
    "BOOLXOR",
    "BOOLXOR_AGG",
    "CONTAINS",
    "ENDSWITH",
    "EQUAL_NULL",
    "ILIKE",
    "IS_ARRAY",
    "IS_BINARY",
    "IS_BOOLEAN",
    "IS_CHAR",
    "IS_DATE",
    "IS_DATE_VALUE",
    "IS_DECIMAL",
    "IS_DOUBLE",
    "IS_INTEGER",
    "IS_NULL_VALUE",
    "IS_OBJECT",
    "IS_REAL",
    "IS_TIME",
    "IS_TIMESTAMP_LTZ",
    "IS_TIMESTAMP_NTZ",
    "IS_TIMESTAMP_TZ",
    "IS_VARCHAR",
    "LIKE",
    "REGEXP_LIKE",
    "RLIKE",
    "SEARCH",
    "STARTSWITH",
    "TO_BOOLEAN",
    "TRY_TO_BOOLEAN",
];

/// Functions that give a DATE, whatever they are given.
const DATES: [&str; 8] = [
    "DATE",
    "DATEFROMPARTS",
    "DATE_FROM_PARTS",
    "LAST_DAY",
    "NEXT_DAY",
    "PREVIOUS_DAY",
    "TO_DATE",
    "TRY_TO_DATE",
];

/// Functions that give a TIME.
const TIMES: [&str; 5] = [
    "TIME",
    "TIMEFROMPARTS",
    "TIME_FROM_PARTS",
    "TO_TIME",
    "TRY_TO_TIME",
];

/// Functions that give a TIMESTAMP without zone.
const TIMESTAMPS: [&str; 7] = [
    "SYSDATE",
    "TIMESTAMPNTZFROMPARTS",
    "TIMESTAMP_NTZ_FROM_PARTS",
    "TO_TIMESTAMP",
    "TO_TIMESTAMP_NTZ",
    "TRY_TO_TIMESTAMP",
    "TRY_TO_TIMESTAMP_NTZ",
];

/// Functions that give a TIMESTAMP with a zone.
const ZONED: [&str; 4] = [
    "TO_TIMESTAMP_LTZ",
    "TO_TIMESTAMP_TZ",
    "TRY_TO_TIMESTAMP_LTZ",
    "TRY_TO_TIMESTAMP_TZ",
];
