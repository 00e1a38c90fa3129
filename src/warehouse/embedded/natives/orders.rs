//! The order of VARIANTs: numbers by value, texts by their letters, and no order between kinds.

use std::cmp::Ordering;

use super::effort::spend;
use super::json::{self, Json, compare};
use super::native::{Arguments, Outcome, Row};

pub(super) const WATCHED_JSON: &[Row<String>] = &[
    ("rs_array_sort", sort),
    ("rs_array_min", |a| extreme(a, Ordering::Less)),
    ("rs_array_max", |a| extreme(a, Ordering::Greater)),
];

const MIXED: &str = "the embedded engine does not sort an ARRAY with elements of several types";

fn order(one: &Json, other: &Json) -> Result<Ordering, String> {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => Ok(compare(one, other)),
        (Json::Text(one), Json::Text(other)) => Ok(one.cmp(other)),
        (Json::Boolean(one), Json::Boolean(other)) => Ok(one.cmp(other)),
        _ => Err(MIXED.into()),
    }
}

/// Where an element stands among others of its kind.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// By its value, and where whole numbers are one FLOAT by their digits. An order of its own kind for each pair, as
    /// `compare` has it, would be none for all: a sort may panic over that.
    Number(Float, Option<i128>),
    Text(String),
    Boolean(bool),
}

/// In the order of IEEE 754, which is one for all.
#[derive(Debug)]
struct Float(f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Float {}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The elements with their keys, made once: a sort of a million compares twenty million times.
fn keyed(items: Vec<Json>) -> Result<Vec<(Key, Json)>, String> {
    let is_alone = items.len() == 1;
    let mut keyed: Vec<(Key, Json)> = Vec::with_capacity(items.len());
    for item in items {
        let key = match &item {
            Json::Number(digits) => {
                let value = digits.parse().unwrap_or(f64::NAN);
                Key::Number(Float(value), digits.parse().ok())
            }
            Json::Text(text) => Key::Text(text.clone()),
            Json::Boolean(value) => Key::Boolean(*value),
            // What has no order needs none.
            _ if is_alone => Key::Boolean(false),
            _ => return Err(MIXED.into()),
        };
        let is_mixed = keyed.first().is_some_and(|(first, _)| {
            std::mem::discriminant(first) != std::mem::discriminant(&key)
        });
        if is_mixed {
            return Err(MIXED.into());
        }
        keyed.push((key, item));
    }
    Ok(keyed)
}

/// The elements of an array; `None` for what is none.
pub(super) fn elements(text: &str) -> Result<Option<Vec<Json>>, String> {
    Ok(match json::own(text)? {
        Json::Array(items) => Some(items),
        _ => None,
    })
}

/// What the elements of an ARRAY without a value are. Here all of them are JSON null; Snowflake takes that for the largest
/// value there is, and SQL NULL for none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Sql,
    Json,
    Unknown,
}

impl Nulls {
    fn read(word: &str) -> Self {
        match word {
            "sql" => Self::Sql,
            "json" => Self::Json,
            _ => Self::Unknown,
        }
    }
}

const WHICH_NULL: &str = "the embedded engine does not tell JSON null from NULL in the elements of this ARRAY; leave both out with \
                          ARRAY_COMPACT";

/// `ARRAY_SORT(array, is_ascending, has_nulls_first)`, and what its nulls are.
fn sort(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(array), Some(ascending), Some(nulls_first), Some(kind)] = arguments else {
        return Ok(None);
    };
    let Some(items) = elements(array)? else {
        return Err("the argument of ARRAY_SORT is no ARRAY".into());
    };
    let all = items.len();
    let items: Vec<Json> = items
        .into_iter()
        .filter(|item| *item != Json::Null)
        .collect();
    let nulls = vec![Json::Null; all - items.len()];
    // A sort cannot be left before its end.
    spend(items.len().saturating_mul(32))?;
    let mut items = keyed(items)?;
    items.sort_by(|one, other| one.0.cmp(&other.0));
    let mut items: Vec<Json> = items.into_iter().map(|(_, item)| item).collect();
    if *ascending != "true" {
        items.reverse();
    }
    // Where JSON null is, as the largest value, and NULL if nothing else is said.
    let by_order = *ascending != "true";
    let is_nulls_first = match (*nulls_first, Nulls::read(kind)) {
        ("", _) | (_, Nulls::Json) => by_order,
        (given, Nulls::Unknown) if !nulls.is_empty() && (given == "true") != by_order => {
            return Err(WHICH_NULL.into());
        }
        (given, _) => given == "true",
    };
    let (first, second) = if is_nulls_first {
        (nulls, items)
    } else {
        (items, nulls)
    };
    let sorted = first.into_iter().chain(second).collect();
    Ok(Some(Json::Array(sorted).to_string()))
}

/// `ARRAY_MIN(array)` and `ARRAY_MAX`, and what the nulls of the array are.
fn extreme(arguments: &Arguments<'_>, wanted: Ordering) -> Outcome<String> {
    let [Some(array), Some(kind)] = arguments else {
        return Ok(None);
    };
    let Some(items) = elements(array)? else {
        return Err("the argument is no ARRAY".into());
    };
    let nulls = items.iter().filter(|item| **item == Json::Null).count();
    let decides = match wanted {
        Ordering::Greater => nulls > 0,
        _ => nulls > 0 && nulls == items.len(),
    };
    match Nulls::read(kind) {
        Nulls::Json if decides => return Ok(Some(Json::Null.to_string())),
        Nulls::Unknown if decides => return Err(WHICH_NULL.into()),
        _ => {}
    }
    let mut best: Option<Json> = None;
    for item in items.into_iter().filter(|item| *item != Json::Null) {
        let is_better = match &best {
            None => true,
            Some(best) => order(&item, best)? == wanted,
        };
        if is_better {
            best = Some(item);
        }
    }
    Ok(best.map(|best| best.to_string()))
}
