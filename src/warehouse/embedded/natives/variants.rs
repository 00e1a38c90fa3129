//! VARIANTs: each comes as its JSON.

use super::digits::{number_text, number_type};
use super::json::{Fault, Json, own, read, read_with};
use super::native::{Arguments, Outcome, Row, present};

pub(super) const JSON: &[Row<String>] = &[
    ("rs_parse_json", parse_json),
    ("rs_try_parse_json", try_parse_json),
    ("rs_array_of", array_of),
    ("rs_as_array", |a| only(a, '[')),
    ("rs_object_of", object_of),
    ("rs_as_object", |a| only(a, '{')),
];

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_check_json", check_json),
    ("rs_json_text", json_text),
    ("rs_variant_number", variant_number),
    ("rs_typeof", type_of),
    ("rs_system_typeof", system_type_of),
    ("rs_as_text", as_text),
    ("rs_as_number", |a| as_number(a, |_| true)),
    ("rs_as_whole", |a| {
        as_number(a, |digits| !digits.contains(['.', 'e', 'E']))
    }),
];

pub(super) const TRUTHS: &[Row<bool>] = &[("rs_as_boolean", as_boolean)];

pub(super) const NUMBERS: &[Row<i64>] = &[("rs_array_size", size)];

/// The text of `PARSE_JSON`, and whether the last of several values of one key counts.
fn document<'a>(arguments: &Arguments<'a>) -> Option<(&'a str, bool)> {
    Some(((*arguments.first()?)?, arguments.len() > 1))
}

fn parse_json(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some((text, last_counts)) = document(arguments) else {
        return Ok(None);
    };
    match read_with(text, last_counts) {
        Ok(value) => Ok(value.map(|value| value.to_string())),
        Err(Fault::Wrong(why)) => Err(format!("Error parsing JSON: {why}")),
        Err(Fault::Doubtful(what)) => Err(format!("the embedded engine {what}")),
    }
}

fn try_parse_json(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some((text, last_counts)) = document(arguments) else {
        return Ok(None);
    };
    match read_with(text, last_counts) {
        Ok(value) => Ok(value.map(|value| value.to_string())),
        Err(Fault::Wrong(_)) => Ok(None),
        Err(Fault::Doubtful(what)) => Err(format!("the embedded engine {what}")),
    }
}

fn check_json(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match read(text) {
        Ok(_) => Ok(None),
        Err(Fault::Wrong(why)) => Ok(Some(why)),
        Err(Fault::Doubtful(what)) => Err(format!("the embedded engine {what}")),
    }
}

/// The text of a VARIANT: a text without its quotes, NULL for JSON null, everything else as it is written.
pub(super) fn json_text(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    let text = text.trim();
    if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Ok(Some(number_text(text)));
    }
    Ok(match own(text)? {
        Json::Null => None,
        Json::Text(text) => Some(text),
        value => Some(value.to_string()),
    })
}

/// The largest whole number up to which a FLOAT holds every one.
const LARGEST_IN_FLOAT: u128 = 1 << 53;

/// The text of a VARIANT that is computed with, as a FLOAT. A whole number that no FLOAT holds is refused.
fn variant_number(arguments: &Arguments<'_>) -> Outcome<String> {
    if let [Some(text)] = arguments
        && let Ok(number) = text.trim().parse::<i128>()
        && number.unsigned_abs() > LARGEST_IN_FLOAT
    {
        return Err(format!(
            "the embedded engine computes with a VARIANT as FLOAT, which cannot hold {number} exactly; cast the \
             VARIANT first, as in v:id::NUMBER"
        ));
    }
    json_text(arguments)
}

/// `TYPEOF(value)`, by the engine's name of the value's type and the text it makes of the value.
fn type_of(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([kind, text]) = present(arguments) else {
        return Ok(None);
    };
    let name = match kind {
        "DATE" | "TIME" | "DOUBLE" | "BOOLEAN" | "VARCHAR" => kind,
        "TIMESTAMP" => "TIMESTAMP_NTZ",
        "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP_LTZ",
        "BLOB" => "BINARY",
        "JSON" => match text.trim_start().chars().next() {
            Some('{') => "OBJECT",
            Some('[') => "ARRAY",
            Some('"') => "VARCHAR",
            Some('t' | 'f') => "BOOLEAN",
            Some('n') => "NULL_VALUE",
            // So the engine writes a FLOAT that is whole; a NUMBER has no such zero.
            _ if text.ends_with(".0") => "DOUBLE",
            _ => number_type(text),
        },
        _ => number_type(text),
    };
    Ok(Some(name.to_owned()))
}

/// `SYSTEM$TYPEOF(value)`, by the engine's name of the value's type.
fn system_type_of(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([kind]) = present(arguments) else {
        return Ok(None);
    };
    let name = match kind {
        "VARCHAR" => "VARCHAR(16777216)[LOB]",
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" => "NUMBER(38,0)[SB16]",
        "DOUBLE" => "FLOAT[DOUBLE]",
        "BOOLEAN" => "BOOLEAN[SB1]",
        "DATE" => "DATE[SB4]",
        "TIME" => "TIME(9)[SB8]",
        "TIMESTAMP" => "TIMESTAMP_NTZ(9)[SB16]",
        "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP_LTZ(9)[SB16]",
        "BLOB" => "BINARY(8388608)[LOB]",
        "JSON" => "VARIANT[LOB]",
        "\"NULL\"" => "NULL[LOB]",
        _ => {
            return match kind.strip_prefix("DECIMAL") {
                Some(digits) => Ok(Some(format!("NUMBER{digits}[SB16]"))),
                None => {
                    Err("the embedded engine does not support SYSTEM$TYPEOF of this value".into())
                }
            };
        }
    };
    Ok(Some(name.to_owned()))
}

/// `TO_ARRAY(value)`: what is no ARRAY becomes the only element of one.
fn array_of(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    let text = text.trim();
    Ok(match text.chars().next() {
        Some('n') => None,
        Some('[') => Some(text.to_owned()),
        _ => Some(format!("[{text}]")),
    })
}

fn object_of(arguments: &Arguments<'_>) -> Outcome<String> {
    match only(arguments, '{') {
        Ok(None) if matches!(arguments, [Some(_)]) => Err("the value is not an OBJECT".into()),
        found => found,
    }
}

/// The value itself where it begins so.
fn only(arguments: &Arguments<'_>, begin: char) -> Outcome<String> {
    let given = present(arguments).map(|[text]| text);
    Ok(given
        .filter(|text| text.trim_start().starts_with(begin))
        .map(str::to_owned))
}

/// `AS_VARCHAR(value)`: nothing of what is no text.
fn as_text(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    Ok(match own(text)? {
        Json::Text(text) => Some(text),
        _ => None,
    })
}

/// `AS_NUMBER(value)` and its kin: nothing of what is no such number.
fn as_number(arguments: &Arguments<'_>, is_wanted: fn(&str) -> bool) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    Ok(match own(text)? {
        Json::Number(digits) if is_wanted(&digits) => Some(digits),
        _ => None,
    })
}

fn as_boolean(arguments: &Arguments<'_>) -> Outcome<bool> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    Ok(match own(text)? {
        Json::Boolean(value) => Some(value),
        _ => None,
    })
}

/// `ARRAY_SIZE(array)`: nothing of what is no ARRAY.
fn size(arguments: &Arguments<'_>) -> Outcome<i64> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    Ok(match own(text)? {
        Json::Array(items) => i64::try_from(items.len()).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_array_becomes_the_element_of_one() {
        let made = |text| array_of(&[Some(text)]);
        assert_eq!(made("[1, 2]"), Ok(Some("[1, 2]".into())));
        assert_eq!(made("{\"a\":1}"), Ok(Some("[{\"a\":1}]".into())));
        assert_eq!(made("\"n\""), Ok(Some("[\"n\"]".into())));
        assert_eq!(made("null"), Ok(None));
        assert_eq!(array_of(&[None]), Ok(None));
    }

    #[test]
    fn an_object_is_an_object_or_an_error() {
        assert_eq!(object_of(&[Some("{}")]), Ok(Some("{}".into())));
        assert_eq!(object_of(&[None]), Ok(None));
        assert!(object_of(&[Some("[]")]).is_err());
        assert_eq!(only(&[Some("[]")], '{'), Ok(None));
    }

    #[test]
    fn a_value_of_another_type_is_nothing() {
        let whole = |text| (TEXTS[7].1)(&[Some(text)]);
        assert_eq!(whole("12"), Ok(Some("12".into())));
        assert_eq!(whole("1.5"), Ok(None));
        assert_eq!(as_number(&[Some("1e2")], |_| true), Ok(Some("1e2".into())));
        assert_eq!(as_text(&[Some("\"12\"")]), Ok(Some("12".into())));
        assert_eq!(as_text(&[Some("12")]), Ok(None));
        assert_eq!(as_boolean(&[Some("false")]), Ok(Some(false)));
        assert_eq!(size(&[Some("[1,[2,3]]")]), Ok(Some(2)));
        assert_eq!(size(&[Some("{}")]), Ok(None));
        assert!(as_text(&[Some("no JSON")]).is_err());
    }
}
