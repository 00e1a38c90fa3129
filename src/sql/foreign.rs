//! Functions and types of other databases, and what Snowflake has in their place.
//!
//! Models write what they have read most of, and that is other databases' SQL. Nothing stands here that Snowflake has: its own
//! functions are in `builtins.txt`, and a test compares the two.

use super::builtins;
use super::nearest::distance;

/// A function that Snowflake does not have, and what to write.
const FUNCTIONS: &[(&str, &str)] = &[
    // Texts
    ("GROUP_CONCAT", "LISTAGG(x, ',') WITHIN GROUP (ORDER BY x)"),
    ("STRING_CONCAT", "CONCAT(a, b) or a || b"),
    ("INSTR", "POSITION('part', text)"),
    ("STRPOS", "POSITION('part', text)"),
    ("LOCATE", "POSITION('part', text)"),
    (
        "FIND_IN_SET",
        "ARRAY_POSITION('x'::variant, SPLIT(list, ','))",
    ),
    ("SUBSTRING_INDEX", "SPLIT_PART(text, ',', 1)"),
    ("SPLIT_TO_ARRAY", "SPLIT(text, ',')"),
    ("STRING_TO_ARRAY", "SPLIT(text, ',')"),
    (
        "STRING_SPLIT",
        "SPLIT(text, ','), or SPLIT_TO_TABLE for rows",
    ),
    (
        "REGEXP_CONTAINS",
        "REGEXP_INSTR(text, 'pattern') > 0; REGEXP_LIKE must match the whole text",
    ),
    (
        "REGEXP_MATCHES",
        "REGEXP_INSTR(text, 'pattern') > 0, or REGEXP_SUBSTR(text, 'pattern') for the part that matches",
    ),
    ("REGEXP_EXTRACT", "REGEXP_SUBSTR(text, 'pattern')"),
    ("REGEXP_MATCH", "REGEXP_INSTR(text, 'pattern') > 0"),
    ("TO_HEX", "HEX_ENCODE(x)"),
    ("HEX", "HEX_ENCODE(x)"),
    (
        "QUOTE_LITERAL",
        "a placeholder ? with the value in parameters",
    ),
    ("STUFF", "INSERT(text, position, length, 'new')"),
    ("MID", "SUBSTR(text, start, length)"),
    ("REPLICATE", "REPEAT(text, count)"),
    ("LEVENSHTEIN", "EDITDISTANCE(a, b)"),
    ("EDIT_DISTANCE", "EDITDISTANCE(a, b)"),
    ("JARO_WINKLER", "JAROWINKLER_SIMILARITY(a, b), 0 to 100"),
    // Dates and times
    ("NOW", "CURRENT_TIMESTAMP()"),
    ("SYSDATETIME", "CURRENT_TIMESTAMP()"),
    ("UTC_TIMESTAMP", "SYSDATE(), which is the time in UTC"),
    ("CURDATE", "CURRENT_DATE()"),
    ("CURTIME", "CURRENT_TIME()"),
    ("TODAY", "CURRENT_DATE()"),
    ("STRFTIME", "TO_CHAR(date, 'YYYY-MM-DD')"),
    ("DATE_FORMAT", "TO_CHAR(date, 'YYYY-MM-DD')"),
    ("FORMAT_DATE", "TO_CHAR(date, 'YYYY-MM-DD')"),
    (
        "FORMAT_TIMESTAMP",
        "TO_CHAR(timestamp, 'YYYY-MM-DD HH24:MI:SS')",
    ),
    (
        "FORMAT_DATETIME",
        "TO_CHAR(timestamp, 'YYYY-MM-DD HH24:MI:SS')",
    ),
    ("STR_TO_DATE", "TO_DATE('31/12/2024', 'DD/MM/YYYY')"),
    ("PARSE_DATE", "TO_DATE('31/12/2024', 'DD/MM/YYYY')"),
    (
        "PARSE_TIMESTAMP",
        "TO_TIMESTAMP(text, 'YYYY-MM-DD HH24:MI:SS')",
    ),
    ("STRPTIME", "TO_TIMESTAMP(text, 'YYYY-MM-DD HH24:MI:SS')"),
    ("DATE_PARSE", "TO_TIMESTAMP(text, 'YYYY-MM-DD HH24:MI:SS')"),
    ("UNIX_TIMESTAMP", "DATE_PART(EPOCH_SECOND, timestamp)"),
    ("TO_UNIXTIME", "DATE_PART(EPOCH_SECOND, timestamp)"),
    ("TO_UNIX_TIMESTAMP", "DATE_PART(EPOCH_SECOND, timestamp)"),
    ("UNIX_SECONDS", "DATE_PART(EPOCH_SECOND, timestamp)"),
    ("UNIX_MILLIS", "DATE_PART(EPOCH_MILLISECOND, timestamp)"),
    ("EPOCH", "DATE_PART(EPOCH_SECOND, timestamp)"),
    (
        "EPOCH_MS",
        "DATE_PART(EPOCH_MILLISECOND, timestamp); the other way round TO_TIMESTAMP(number, 3)",
    ),
    (
        "FROM_UNIXTIME",
        "TO_TIMESTAMP(seconds), or TO_TIMESTAMP(milliseconds, 3)",
    ),
    ("TIMESTAMP_SECONDS", "TO_TIMESTAMP(seconds)"),
    ("TIMESTAMP_MILLIS", "TO_TIMESTAMP(milliseconds, 3)"),
    ("DATE_ADD", "DATEADD(day, 7, date)"),
    ("ADD_DAYS", "DATEADD(day, 7, date)"),
    ("DATE_SUB", "DATEADD(day, -7, date)"),
    ("SUBDATE", "DATEADD(day, -7, date)"),
    ("ADDDATE", "DATEADD(day, 7, date)"),
    ("TIMESTAMP_ADD", "DATEADD(hour, 7, timestamp)"),
    ("TIMESTAMP_SUB", "DATEADD(hour, -7, timestamp)"),
    ("DATE_DIFF", "DATEDIFF(day, from, to)"),
    ("TIMESTAMP_DIFF", "DATEDIFF(second, from, to)"),
    ("AGE", "DATEDIFF(year, from, to)"),
    ("TIMESTAMP_TRUNC", "DATE_TRUNC('month', timestamp)"),
    ("DATETIME_TRUNC", "DATE_TRUNC('month', timestamp)"),
    ("EOMONTH", "LAST_DAY(date)"),
    ("DATE_BIN", "TIME_SLICE(timestamp, 15, 'MINUTE')"),
    ("TIME_BUCKET", "TIME_SLICE(timestamp, 15, 'MINUTE')"),
    ("CURRENT_DATETIME", "CURRENT_TIMESTAMP()"),
    ("TO_DATETIME", "TO_TIMESTAMP(text, 'YYYY-MM-DD HH24:MI:SS')"),
    ("MAKE_DATE", "DATE_FROM_PARTS(year, month, day)"),
    ("WEEKDAY", "DAYOFWEEKISO(date), 1 for Monday"),
    ("DATENAME", "DAYNAME(date) or MONTHNAME(date)"),
    ("JULIANDAY", "DATEDIFF(day, from, to) for a number of days"),
    (
        "AT_TIMEZONE",
        "CONVERT_TIMEZONE('UTC', 'Europe/Berlin', timestamp)",
    ),
    // Conditions and conversions
    (
        "ISNULL",
        "COALESCE(x, y) for a value, or x IS NULL for a condition",
    ),
    ("IF", "IFF(condition, a, b)"),
    ("IIF", "IFF(condition, a, b)"),
    ("SAFE_CAST", "TRY_CAST(text AS type)"),
    ("CONVERT", "x::type, or CAST(x AS type)"),
    ("TRY_CONVERT", "TRY_CAST(text AS type)"),
    ("TO_INT", "TO_NUMBER(x) or x::int"),
    ("TO_INTEGER", "TO_NUMBER(x) or x::int"),
    ("TO_STRING", "TO_VARCHAR(x)"),
    ("TO_TEXT", "TO_VARCHAR(x)"),
    ("TO_FLOAT", "TO_DOUBLE(x)"),
    ("SAFE_DIVIDE", "DIV0NULL(a, b), or a / NULLIF(b, 0)"),
    ("IS_NAN", "x = 'NaN'::float"),
    // Numbers and groups
    (
        "RAND",
        "RANDOM(), or UNIFORM(0::float, 1::float, RANDOM()) for 0 to 1",
    ),
    ("POW2", "POWER(2, x)"),
    ("LOG10", "LOG(10, x)"),
    ("LOG2", "LOG(2, x)"),
    ("GEN_RANDOM_UUID", "UUID_STRING()"),
    ("UUID", "UUID_STRING()"),
    ("NEWID", "UUID_STRING()"),
    (
        "PERCENTILE",
        "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY x), or APPROX_PERCENTILE(x, 0.9)",
    ),
    ("PERCENTILE_APPROX", "APPROX_PERCENTILE(x, 0.9)"),
    ("APPROX_QUANTILES", "APPROX_PERCENTILE(x, 0.9)"),
    ("QUANTILE", "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY x)"),
    ("COUNTIF", "COUNT_IF(condition)"),
    ("SUM_IF", "SUM(IFF(condition, x, 0))"),
    ("SUMIF", "SUM(IFF(condition, x, 0))"),
    ("APPROX_DISTINCT", "APPROX_COUNT_DISTINCT(x)"),
    ("ARG_MAX", "MAX_BY(x, order)"),
    ("ARG_MIN", "MIN_BY(x, order)"),
    ("LOGICAL_AND", "BOOLAND_AGG(condition)"),
    ("LOGICAL_OR", "BOOLOR_AGG(condition)"),
    ("BOOL_AND", "BOOLAND_AGG(condition)"),
    ("BOOL_OR", "BOOLOR_AGG(condition)"),
    // Semi-structured data
    (
        "JSON_EXTRACT",
        "PARSE_JSON(text):key, or json:key where it is a VARIANT",
    ),
    ("JSON_EXTRACT_SCALAR", "PARSE_JSON(text):key::string"),
    ("JSON_VALUE", "PARSE_JSON(text):key::string"),
    ("JSON_QUERY", "PARSE_JSON(text):key"),
    ("GET_JSON_OBJECT", "PARSE_JSON(text):key::string"),
    ("JSON_OBJECT", "OBJECT_CONSTRUCT('key', value)"),
    ("JSON_BUILD_OBJECT", "OBJECT_CONSTRUCT('key', value)"),
    ("JSONB_BUILD_OBJECT", "OBJECT_CONSTRUCT('key', value)"),
    ("STRUCT", "OBJECT_CONSTRUCT('key', value)"),
    ("JSON_ARRAY", "ARRAY_CONSTRUCT(a, b)"),
    ("JSON_AGG", "ARRAY_AGG(x)"),
    ("JSONB_AGG", "ARRAY_AGG(x)"),
    ("JSON_ARRAY_LENGTH", "ARRAY_SIZE(x)"),
    (
        "JSONB_ARRAY_ELEMENTS",
        "TABLE(FLATTEN(input => x)), whose column VALUE has each element",
    ),
    (
        "JSON_EACH",
        "TABLE(FLATTEN(input => x)), whose columns KEY and VALUE have each pair",
    ),
    (
        "JSON_TABLE",
        "TABLE(FLATTEN(input => x)), whose column VALUE has each element",
    ),
    (
        "OPENJSON",
        "TABLE(FLATTEN(input => x)), whose column VALUE has each element",
    ),
    (
        "UNNEST",
        "TABLE(FLATTEN(input => x)), whose column VALUE has each element",
    ),
    (
        "EXPLODE",
        "TABLE(FLATTEN(input => x)), whose column VALUE has each element",
    ),
    (
        "GENERATE_SERIES",
        "SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) FROM TABLE(GENERATOR(ROWCOUNT => 10))",
    ),
    ("GENERATE_ARRAY", "ARRAY_GENERATE_RANGE(1, 11)"),
    (
        "GENERATE_DATE_ARRAY",
        "DATEADD(day, SEQ4(), start) FROM TABLE(GENERATOR(ROWCOUNT => 10))",
    ),
    ("ARRAY_LENGTH", "ARRAY_SIZE(x)"),
    ("CARDINALITY", "ARRAY_SIZE(x)"),
    ("COLLECT_LIST", "ARRAY_AGG(x)"),
    ("COLLECT_SET", "ARRAY_UNIQUE_AGG(x)"),
    ("ARRAY_JOIN", "ARRAY_TO_STRING(x, ',')"),
    ("ARRAY_CONCAT", "ARRAY_CAT(a, b)"),
    // The catalog
    ("OBJECT_ID", "SHOW TABLES LIKE 'name'"),
    ("PG_TYPEOF", "SYSTEM$TYPEOF(x)"),
    ("ROWNUM", "ROW_NUMBER() OVER (ORDER BY x)"),
];

/// A type that Snowflake does not have, and what to write.
const TYPES: &[(&str, &str)] = &[
    ("JSONB", "VARIANT; PARSE_JSON(text) makes one of a text"),
    ("JSON", "VARIANT; PARSE_JSON(text) makes one of a text"),
    ("INT64", "INT"),
    ("INT32", "INT"),
    ("UINT64", "INT"),
    ("SERIAL", "INT"),
    ("LONG", "INT"),
    ("SIGNED", "INT"),
    ("UNSIGNED", "INT"),
    ("FLOAT64", "FLOAT"),
    ("BIGNUMERIC", "NUMBER(38, 9)"),
    ("MONEY", "NUMBER(19, 4)"),
    ("BIT", "BOOLEAN"),
    ("BYTES", "BINARY"),
    ("BYTEA", "BINARY"),
    ("BLOB", "BINARY"),
    ("CLOB", "VARCHAR"),
    ("LONGTEXT", "VARCHAR"),
    ("UUID", "VARCHAR"),
    ("REGCLASS", "VARCHAR"),
    ("DATETIME2", "TIMESTAMP_NTZ"),
    ("DATETIMEOFFSET", "TIMESTAMP_TZ"),
    ("SMALLDATETIME", "TIMESTAMP_NTZ"),
];

/// What to write in place of another database's function.
#[must_use]
pub fn function(name: &str) -> Option<&'static str> {
    find(FUNCTIONS, name)
}

/// What to write in place of another database's type.
#[must_use]
pub fn data_type(name: &str) -> Option<&'static str> {
    find(TYPES, name)
}

fn find(table: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let found = table
        .iter()
        .find(|(foreign, _)| foreign.eq_ignore_ascii_case(name));
    found.map(|(_, instead)| *instead)
}

/// Whether Snowflake has a function of this name of its own.
#[must_use]
pub fn is_snowflakes(name: &str) -> bool {
    let name = name.to_uppercase();
    name.starts_with("SYSTEM$")
        || name.contains('.')
        || (builtins::is_builtin(&name) && function(&name).is_none())
}

/// The function of Snowflake's that a name is a slip of the pen from.
#[must_use]
pub fn nearest_function(name: &str) -> Option<&'static str> {
    let name = name.to_uppercase();
    // In a short name one letter is a large part: `ADD` must not become `AND`.
    let allowed = match name.len() {
        0..=2 => return None,
        3..=5 => 1,
        6..=40 => 2,
        _ => return None,
    };
    builtins::all()
        .filter(|known| known.len().abs_diff(name.len()) <= allowed)
        .map(|known| (distance(known, &name), known))
        .filter(|(distance, _)| *distance <= allowed)
        // Of those that are equally near, always the same one.
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_snowflake_has_is_called_foreign() {
        assert!(FUNCTIONS.len() >= 40);
        for (name, instead) in FUNCTIONS {
            // The list of built-in functions has words of the grammar as well, and IF is one of them.
            assert!(*name == "IF" || !builtins::is_builtin(name), "{name}");
            assert!(instead.len() <= 120, "{name}: {instead}");
        }
    }

    #[test]
    fn what_is_to_be_written_instead_exists() {
        let clauses = ["TABLE", "OVER", "NUMBER"];
        for (name, instead) in FUNCTIONS.iter().chain(TYPES) {
            let before_brackets = instead
                .split('(')
                .filter(|piece| piece.len() < instead.len());
            for piece in before_brackets {
                let word = piece.rsplit(|c: char| !c.is_ascii_alphanumeric() && !"_$".contains(c));
                let word = word.into_iter().next().unwrap_or_default();
                let is_call = word.len() > 2 && word == word.to_uppercase();
                let is_known = clauses.contains(&word) || is_snowflakes(word);
                let is_open = instead.contains(&format!("{word}("));
                assert!(!is_call || !is_open || is_known, "{name}: {word}");
            }
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_seen() {
        for (slip, meant) in [
            ("COALESE", "COALESCE"),
            ("TO_VARCHR", "TO_VARCHAR"),
            ("DATE_TRUNK", "DATE_TRUNC"),
            ("ROWNUMBER", "ROW_NUMBER"),
            ("LISTAG", "LISTAGG"),
        ] {
            assert_eq!(nearest_function(slip), Some(meant), "{slip}");
        }
        assert_eq!(nearest_function("MY_OWN_FUNCTION"), None);
        assert_eq!(nearest_function(&"X".repeat(10_000)), None);
    }

    #[test]
    fn names_are_found_in_any_case_and_once() {
        assert!(function("group_concat").is_some_and(|it| it.starts_with("LISTAGG(")));
        assert!(data_type("jsonb").is_some() && data_type("VARIANT").is_none());
        for table in [FUNCTIONS, TYPES] {
            let mut names: Vec<_> = table.iter().map(|(name, _)| name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), table.len());
        }
    }
}
