//! The order of VARIANTs: numbers by value, texts by their letters, and no order between kinds.

use std::cmp::Ordering;

use super::json::{self, Json, compare};
use super::native::{Arguments, Outcome, Row};

pub(super) const TEXTS: &[Row<String>] = &[
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

/// The elements of an array; `None` for what is none.
pub(super) fn elements(text: &str) -> Result<Option<Vec<Json>>, String> {
    Ok(match json::own(text)? {
        Json::Array(items) => Some(items),
        _ => None,
    })
}

/// `ARRAY_SORT(array, is_ascending, has_nulls_first)`
fn sort(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(array), Some(ascending), Some(nulls_first)] = arguments else {
        return Ok(None);
    };
    let Some(items) = elements(array)? else {
        return Err("the argument of ARRAY_SORT is no ARRAY".into());
    };
    let all = items.len();
    let mut items: Vec<Json> = items
        .into_iter()
        .filter(|item| *item != Json::Null)
        .collect();
    let nulls = vec![Json::Null; all - items.len()];
    let mut fault = None;
    items.sort_by(|one, other| {
        order(one, other).unwrap_or_else(|said| {
            fault = Some(said);
            Ordering::Equal
        })
    });
    if let Some(said) = fault {
        return Err(said);
    }
    if *ascending != "true" {
        items.reverse();
    }
    let (first, second) = if *nulls_first == "true" {
        (nulls, items)
    } else {
        (items, nulls)
    };
    let sorted = first.into_iter().chain(second).collect();
    Ok(Some(Json::Array(sorted).to_string()))
}

fn extreme(arguments: &Arguments<'_>, wanted: Ordering) -> Outcome<String> {
    let [Some(array)] = arguments else {
        return Ok(None);
    };
    let Some(items) = elements(array)? else {
        return Err("the argument is no ARRAY".into());
    };
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
