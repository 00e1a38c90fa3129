//! OBJECTs: each comes as its JSON.

use std::collections::BTreeMap;

use super::json::{self, Json};
use super::native::{Arguments, Outcome, Row};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_object_insert", insert),
    ("rs_object_delete", |a| kept(a, false)),
    ("rs_object_pick", |a| kept(a, true)),
    ("rs_object_keys", keys),
    ("rs_object_of_rows", of_rows),
    ("rs_sorted", sorted),
    ("rs_flatten", flatten),
];

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
    members.retain(|key, _| keys.contains(&key.as_str()) == is_kept);
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

/// Any value with its keys in order.
fn sorted(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given)] = arguments else {
        return Ok(None);
    };
    json::own(given).map(|value| Some(value.to_string()))
}

/// `FLATTEN(…, RECURSIVE => TRUE)`: an array of `{i, k, p, t, v}`, each element before its own.
fn flatten(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given), Some(path), Some(mode)] = arguments else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    walk(&json::own(given)?, path, mode, &mut rows);
    Ok(Some(Json::Array(rows).to_string()))
}

fn walk(value: &Json, path: &str, mode: &str, rows: &mut Vec<Json>) {
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                if mode != "OBJECT" {
                    let index = Json::Number(index.to_string());
                    rows.push(row(("i", index), &path, item, value));
                }
                walk(item, &path, mode, rows);
            }
        }
        Json::Object(members) => {
            for (key, item) in members {
                let path = stepped(path, key);
                if mode != "ARRAY" {
                    rows.push(row(("k", Json::Text(key.clone())), &path, item, value));
                }
                walk(item, &path, mode, rows);
            }
        }
        _ => {}
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

fn row(place: (&str, Json), path: &str, value: &Json, this: &Json) -> Json {
    let members = [
        (place.0, place.1),
        ("p", Json::Text(path.to_owned())),
        ("t", this.clone()),
        ("v", value.clone()),
    ];
    Json::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
