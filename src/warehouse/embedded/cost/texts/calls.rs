//! What calls do with texts: which functions make them longer, join them, or put many into one.

use crate::sql::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Value,
};

/// The functions that make a text longer than what they are given, and those that make a list of one.
const GROWING: [&str; 12] = [
    "ARRAY_GENERATE_RANGE",
    "BASE64_ENCODE",
    "HEX_ENCODE",
    "INSERT",
    "LPAD",
    "REGEXP_REPLACE",
    "REPEAT",
    "REPLACE",
    "RPAD",
    "SPACE",
    "SPLIT",
    "STRTOK_TO_ARRAY",
];

/// The functions that make one long value of many rows.
const GATHERING: [&str; 6] = [
    "ARRAYAGG",
    "ARRAY_AGG",
    "ARRAY_UNIQUE_AGG",
    "LISTAGG",
    "OBJECT_AGG",
    "STRING_AGG",
];

/// Whether a call makes one long value of many rows.
pub(super) fn gathers(function: &Function, name: &str) -> bool {
    let has_count = || match &function.args {
        FunctionArguments::List(list) => list.args.len() > 2,
        _ => false,
    };
    GATHERING.contains(&name) || (matches!(name, "MAX_BY" | "MIN_BY") && has_count())
}

/// The functions that put values into one text.
pub(in crate::warehouse::embedded) const INTO_TEXT: [&str; 2] = ["ARRAY_TO_STRING", "TO_JSON"];

/// The functions that put values into one ARRAY or OBJECT.
pub(in crate::warehouse::embedded) const INTO_VALUE: [&str; 11] = [
    "ARRAYS_TO_OBJECT",
    "ARRAYS_ZIP",
    "ARRAY_APPEND",
    "ARRAY_CAT",
    "ARRAY_CONSTRUCT",
    "ARRAY_CONSTRUCT_COMPACT",
    "ARRAY_INSERT",
    "ARRAY_PREPEND",
    "OBJECT_CONSTRUCT",
    "OBJECT_CONSTRUCT_KEEP_NULL",
    "OBJECT_INSERT",
];

/// Functions that make a list of a text, which takes 16 bytes for each part, of one letter at the worst.
pub(super) const LISTING: [&str; 5] = [
    "REGEXP_EXTRACT_ALL",
    "REGEXP_SUBSTR_ALL",
    "STRTOK",
    "STRTOK_SPLIT_TO_TABLE",
    "STRTOK_TO_ARRAY",
];

/// How much more memory than its text such a list takes.
pub(super) const OF_A_LIST: u64 = 17;

/// Functions that make no text of their own: numbers, dates, truth values, or one of their arguments as it is.
pub(super) const PLAIN: [&str; 55] = [
    "ABS",
    "ANY_VALUE",
    "AVG",
    "CEIL",
    "CHARINDEX",
    "COALESCE",
    "CONTAINS",
    "COUNT",
    "COUNT_IF",
    "CURRENT_DATE",
    "CURRENT_TIMESTAMP",
    "DATEADD",
    "DATEDIFF",
    "DATE_PART",
    "DATE_TRUNC",
    "DAY",
    "DAYOFWEEK",
    "DENSE_RANK",
    "DIV0",
    "DIV0NULL",
    "ENDSWITH",
    "FLOOR",
    "IFF",
    "IFNULL",
    "LAG",
    "LAST_DAY",
    "LEAD",
    "LEN",
    "LENGTH",
    "MEDIAN",
    "MOD",
    "MONTH",
    "NTILE",
    "NULLIF",
    "NULLIFZERO",
    "NVL",
    "NVL2",
    "POSITION",
    "POWER",
    "QUARTER",
    "RANK",
    "ROUND",
    "ROW_NUMBER",
    "SEQ4",
    "SIGN",
    "SQRT",
    "STARTSWITH",
    "STDDEV",
    "SUM",
    "TO_DATE",
    "TO_NUMBER",
    "TO_TIMESTAMP",
    "TRUNC",
    "YEAR",
    "ZEROIFNULL",
];

pub(super) fn name(function: &Function) -> Option<String> {
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Some(name.value.to_uppercase()),
        _ => None,
    }
}

/// How long the text is that a call makes of literals alone, in bytes, where it is longer than they are.
pub(super) fn made_of_literals(function: &Function, name: &str) -> usize {
    let FunctionArguments::List(list) = &function.args else {
        return 0;
    };
    let number = |at: usize| match list.args.get(at).and_then(literal) {
        Some(Value::Number(digits, _)) => digits.to_string().parse::<usize>().ok(),
        _ => None,
    };
    let long = match name {
        "REPEAT" => {
            let text = list.args.first().and_then(literal).and_then(length);
            number(1)
                .zip(text)
                .map(|(times, bytes)| times.saturating_mul(bytes))
        }
        "SPACE" => number(0),
        "LPAD" | "RPAD" => number(1),
        // A number with its comma.
        "ARRAY_GENERATE_RANGE" => {
            number(1).map(|to| to.saturating_sub(number(0).unwrap_or(0)).saturating_mul(7))
        }
        _ => None,
    };
    long.unwrap_or(0)
}

/// Whether a call may make a text longer in every row. One of literals alone is made once.
pub(super) fn grows(function: &Function) -> bool {
    let Some(name) = name(function) else {
        return false;
    };
    if !GROWING.contains(&name.as_str()) {
        return false;
    }
    let FunctionArguments::List(list) = &function.args else {
        return false;
    };
    let literals: Vec<Option<&Value>> = list.args.iter().map(literal).collect();
    if literals.iter().all(Option::is_some) {
        return false;
    }
    match (name.as_str(), literals.as_slice()) {
        // What is put in is no longer than what is taken out.
        ("REPLACE" | "REGEXP_REPLACE", [_, _]) => false,
        ("REPLACE", [_, Some(from), Some(to)]) => length(to) > length(from),
        ("REGEXP_REPLACE", [_, _, Some(to), ..]) => length(to) > Some(0),
        // A few bytes, such as for a number of ten digits.
        ("LPAD" | "RPAD", [_, Some(Value::Number(width, _)), ..])
        | ("SPACE", [Some(Value::Number(width, _))]) => {
            width.to_string().parse().is_ok_and(|width: u64| width > 64)
        }
        _ => true,
    }
}

/// How many texts a call joins to one another, literals aside.
pub(super) fn joins(function: &Function) -> u64 {
    let is_concat =
        name(function).is_some_and(|name| ["CONCAT", "CONCAT_WS"].contains(&name.as_str()));
    if is_concat { others(function) } else { 0 }
}

/// How many arguments of a call are no literals.
pub(super) fn others(function: &Function) -> u64 {
    match &function.args {
        FunctionArguments::List(list) => {
            let others = list.args.iter().filter(|text| literal(text).is_none());
            u64::try_from(others.count()).unwrap_or(u64::MAX)
        }
        _ => 0,
    }
}

fn literal(argument: &FunctionArg) -> Option<&Value> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => Some(&value.value),
        _ => None,
    }
}

/// Length of a text literal.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::SingleQuotedString(text) => Some(text.len()),
        _ => None,
    }
}
