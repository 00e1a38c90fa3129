//! OBJECTs: each comes as its JSON.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write};

use super::effort::spend;
use super::json::{self, Json};
use super::native::{Arguments, Outcome, Row};

pub(super) const JSON: &[Row<String>] = &[
    ("rs_object_insert", insert),
    ("rs_object_delete", |a| kept(a, false)),
    ("rs_object_pick", |a| kept(a, true)),
    ("rs_object_keys", keys),
    ("rs_object_of_rows", of_rows),
    ("rs_get_ignore_case", get_ignore_case),
    ("rs_arrays_to_object", of_arrays),
];

pub(super) const TEXTS: &[Row<String>] = &[("rs_sorted", sorted)];

pub(super) const WATCHED_JSON: &[Row<String>] = &[("rs_flatten", flatten)];

fn object(text: &str) -> Result<BTreeMap<String, Json>, String> {
    match json::own(text)? {
        Json::Object(members) => Ok(members),
        _ => Err("the value is not an OBJECT".into()),
    }
}

/// `OBJECT_INSERT(object, key, value, may_replace)`
fn insert(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given), Some(key), value, Some(replaces)] = arguments else {
        return Ok(None);
    };
    // SQL NULL comes as an empty text, because DuckDB answers a literal NULL by itself.
    let value = value.filter(|value| !value.is_empty());
    let mut members = object(given)?;
    if members.contains_key(*key) {
        if *replaces != "true" {
            return Err(format!("Duplicate field key '{key}'"));
        }
        if value.is_none() {
            return Err(
                "the embedded engine does not support replacing the value of a key with NULL"
                    .into(),
            );
        }
    }
    // A member that is NULL is left out.
    if let Some(value) = value {
        members.insert((*key).to_owned(), json::own(value)?);
    }
    Ok(Some(Json::Object(members).to_string()))
}

fn kept(arguments: &Arguments<'_>, is_kept: bool) -> Outcome<String> {
    let [Some(given), keys @ ..] = arguments else {
        return Ok(None);
    };
    let mut members = object(given)?;
    let Some(keys) = keys.iter().copied().collect::<Option<Vec<_>>>() else {
        return Err("the embedded engine does not support NULL as a key".into());
    };
    let keys: HashSet<&str> = keys.into_iter().collect();
    members.retain(|key, _| keys.contains(key.as_str()) == is_kept);
    Ok(Some(Json::Object(members).to_string()))
}

fn keys(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given)] = arguments else {
        return Ok(None);
    };
    Ok(match json::own(given)? {
        Json::Object(members) => {
            Some(Json::Array(members.into_keys().map(Json::Text).collect()).to_string())
        }
        _ => None,
    })
}

/// The members of several rows in one OBJECT; those that are NULL are left out unless they shall stay.
fn of_rows(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(keeps_nulls), rows @ ..] = arguments else {
        return Ok(None);
    };
    let mut members = BTreeMap::new();
    for row in rows.iter().flatten() {
        members.extend(object(row)?);
    }
    // Snowflake writes the thousandths of a TIMESTAMP in an OBJECT. Whether this is one or a text does not show here.
    if let Some((key, _)) = members.iter().find(|(_, value)| may_be_timestamp(value)) {
        return Err(format!(
            "the embedded engine does not support OBJECT_CONSTRUCT(*) if a column may be a TIMESTAMP, here {key}; name the \
             columns: OBJECT_CONSTRUCT('A', a, 'B', b)"
        ));
    }
    if *keeps_nulls != "true" {
        members.retain(|_, value| *value != Json::Null);
    }
    Ok(Some(Json::Object(members).to_string()))
}

/// Whether a value is written like a TIMESTAMP of the engine: `2024-12-31 23:59:59`, with or without a fraction.
fn may_be_timestamp(value: &Json) -> bool {
    let Json::Text(text) = value else {
        return false;
    };
    let form = text.bytes().take(19).map(|byte| match byte {
        b'0'..=b'9' => b'9',
        other => other,
    });
    form.eq(*b"9999-99-99 99:99:99")
}

/// `GET_IGNORE_CASE(object, key)`: the very key, or else the only one that differs from it in case.
fn get_ignore_case(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given), Some(key)] = arguments else {
        return Ok(None);
    };
    let Json::Object(members) = json::own(given)? else {
        return Ok(None);
    };
    if let Some(value) = members.get(*key) {
        return Ok(Some(value.to_string()));
    }
    let wanted = key.to_lowercase();
    let mut alike = members
        .iter()
        .filter(|(key, _)| key.to_lowercase() == wanted);
    match (alike.next(), alike.next()) {
        (Some(_), Some(_)) => Err(format!(
            "the embedded engine does not choose between several keys of an OBJECT that are {key} in another case"
        )),
        (Some((_, value)), None) => Ok(Some(value.to_string())),
        _ => Ok(None),
    }
}

/// `ARRAYS_TO_OBJECT(keys, values)`: a key that is NULL is left out, a value that is NULL stays.
fn of_arrays(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(keys), Some(values)] = arguments else {
        return Ok(None);
    };
    let (Json::Array(keys), Json::Array(values)) = (json::own(keys)?, json::own(values)?) else {
        return Err("an argument of ARRAYS_TO_OBJECT is no ARRAY".into());
    };
    if keys.len() != values.len() {
        return Err("Key array and value array had unequal lengths in ARRAYS_TO_OBJECT".into());
    }
    let mut members = BTreeMap::new();
    for (key, value) in keys.into_iter().zip(values) {
        match key {
            Json::Null => {}
            Json::Text(key) if members.contains_key(&key) => {
                return Err(format!("Duplicate field key '{key}'"));
            }
            Json::Text(key) => {
                members.insert(key, value);
            }
            _ => return Err("Key supplied for ARRAYS_TO_OBJECT does not have string type".into()),
        }
    }
    Ok(Some(Json::Object(members).to_string()))
}

/// Any value with its keys in order.
fn sorted(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given)] = arguments else {
        return Ok(None);
    };
    json::own(given).map(|value| Some(value.to_string()))
}

/// What a recursive FLATTEN writes at most, in bytes. The engine holds it several times over while it makes rows of it.
const MOST_FLATTENED: usize = 16 << 20;

const TOO_FLAT: &str = "the embedded engine makes at most 16 MiB of the rows of one FLATTEN with RECURSIVE => TRUE; flatten \
                        one level, or a smaller part with PATH";

/// `FLATTEN(…, RECURSIVE => TRUE)`: `{"r": [{i, k, p, t, v}, …], "c": […]}`, a row for each element, before those of its
/// own, and the ARRAYs and OBJECTs that they lie in: `t` is a place among these, because all elements of one have it.
fn flatten(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given), Some(path), Some(mode)] = arguments else {
        return Ok(None);
    };
    let mut rows = Rows {
        mode,
        rows: Bounded::default(),
        containers: Bounded::default(),
        count: 0,
    };
    rows.walk(&json::own(given)?, path)?;
    Ok(Some(format!(
        "{{\"r\":[{}],\"c\":[{}]}}",
        rows.rows.text, rows.containers.text
    )))
}

/// A text that is written up to a limit, and not beyond.
#[derive(Default)]
struct Bounded {
    text: String,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.text.len() + more.len() > MOST_FLATTENED || spend(more.len()).is_err() {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

impl Bounded {
    fn element(&mut self, written: fmt::Arguments<'_>) -> Result<(), String> {
        let comma = if self.text.is_empty() { "" } else { "," };
        write!(self, "{comma}{written}").map_err(|_| TOO_FLAT.to_owned())
    }
}

/// The rows of a recursive FLATTEN, as they are written.
struct Rows<'a> {
    mode: &'a str,
    rows: Bounded,
    containers: Bounded,
    count: usize,
}

impl Rows<'_> {
    fn walk(&mut self, value: &Json, path: &str) -> Result<(), String> {
        let has_rows = match value {
            Json::Array(_) => self.mode != "OBJECT",
            Json::Object(_) => self.mode != "ARRAY",
            _ => return Ok(()),
        };
        let container = self.count;
        if has_rows {
            self.containers.element(format_args!("{value}"))?;
            self.count += 1;
        }
        let mut each = |place: fmt::Arguments<'_>, path: String, item: &Json| {
            spend(path.len())?;
            if has_rows {
                let written_path = Json::Text(path.clone());
                self.rows.element(format_args!(
                    "{{{place},\"p\":{written_path},\"t\":{container},\"v\":{item}}}"
                ))?;
            }
            self.walk(item, &path)
        };
        match value {
            Json::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                each(
                    format_args!("\"i\":{index}"),
                    format!("{path}[{index}]"),
                    item,
                )
            }),
            Json::Object(members) => members.iter().try_for_each(|(key, item)| {
                let written_key = Json::Text(key.clone());
                each(
                    format_args!("\"k\":{written_key}"),
                    stepped(path, key),
                    item,
                )
            }),
            _ => Ok(()),
        }
    }
}

/// The path to a member; a key that is no plain name stands in brackets.
fn stepped(path: &str, key: &str) -> String {
    let is_plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (is_plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}['{key}']"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str, mode: &str) -> Outcome<String> {
        flatten(&[Some(text), Some(""), Some(mode)])
    }

    #[test]
    fn each_element_stands_before_its_own_and_says_where_it_lies() {
        let written = flat(r#"{"a":[1,{"b c":2}]}"#, "BOTH").unwrap().unwrap();
        assert_eq!(
            written,
            r#"{"r":[{"k":"a","p":"a","t":0,"v":[1,{"b c":2}]},{"i":0,"p":"a[0]","t":1,"v":1},{"i":1,"p":"a[1]","t":1,"v":{"b c":2}},{"k":"b c","p":"a[1]['b c']","t":2,"v":2}],"c":[{"a":[1,{"b c":2}]},[1,{"b c":2}],{"b c":2}]}"#
        );
        let arrays = flat(r#"{"a":[1]}"#, "ARRAY").unwrap().unwrap();
        assert_eq!(
            arrays,
            r#"{"r":[{"i":0,"p":"a[0]","t":0,"v":1}],"c":[[1]]}"#
        );
        assert_eq!(flat("1", "BOTH").unwrap().unwrap(), r#"{"r":[],"c":[]}"#);
    }

    #[test]
    fn a_deep_or_wide_value_is_written_once_for_each_level_and_up_to_a_limit() {
        // Wide: 100,000 elements that all lie in one ARRAY of half a megabyte.
        let wide = format!("[{}]", vec!["12345"; 100_000].join(","));
        assert!(flat(&wide, "BOTH").unwrap().unwrap().len() < 8 << 20);
        let deep = format!(
            "{}\"{}\"{}",
            "[".repeat(190),
            "x".repeat(500_000),
            "]".repeat(190)
        );
        let keys = "k".repeat(100_000);
        let long = format!("{{\"{keys}\":[{}]}}", vec!["1"; 100_000].join(","));
        for text in [deep, long] {
            assert_eq!(flat(&text, "BOTH"), Err(TOO_FLAT.to_owned()));
        }
    }
}
