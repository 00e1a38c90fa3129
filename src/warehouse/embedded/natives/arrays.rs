//! ARRAYs: each comes as its JSON, and an element as its own; SQL NULL is `None`.

use super::json::{self, Json};
use super::limits::fits;
use super::native::{Arguments, Outcome, Row, present};
use super::orders::elements;
use super::sets::Bag;

pub(super) const JSON: &[Row<String>] = &[
    ("rs_array_range", range),
    ("rs_array_of_known", of_known),
    ("rs_arrays_zip", zip),
];

pub(super) const WATCHED_JSON: &[Row<String>] = &[
    ("rs_array_append", |a| added(a, false)),
    ("rs_array_prepend", |a| added(a, true)),
    ("rs_array_cat", cat),
    ("rs_array_compact", compact),
    ("rs_array_distinct", distinct),
    ("rs_array_except", |a| shared(a, false)),
    ("rs_array_intersection", |a| shared(a, true)),
    ("rs_array_flatten", flatten),
    ("rs_array_insert", insert),
    ("rs_array_remove", remove),
    ("rs_array_remove_at", remove_at),
    ("rs_array_reverse", reverse),
    ("rs_array_slice", slice),
];

pub(super) const WATCHED_TEXTS: &[Row<String>] = &[("rs_array_to_string", to_text)];

pub(super) const WATCHED_NUMBERS: &[Row<i64>] = &[("rs_array_position", position)];

pub(super) const WATCHED_TRUTHS: &[Row<bool>] = &[
    ("rs_array_contains", contains),
    ("rs_arrays_overlap", overlap),
];

/// Most elements that one call makes.
const MAX_ELEMENTS: i64 = 1_000_000;

fn array(text: &str, function: &str) -> Result<Vec<Json>, String> {
    elements(text)?.ok_or_else(|| format!("an argument of {function} is no ARRAY"))
}

/// An element; SQL NULL, which comes as an empty text, is an element without a value.
fn element(text: Option<&str>) -> Result<Json, String> {
    text.map_or(Ok(Json::Null), json::own)
}

/// A value that is not SQL NULL. It comes as an empty text, because DuckDB answers a literal NULL by itself.
fn known(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn written(items: Vec<Json>) -> Option<String> {
    Some(Json::Array(items).to_string())
}

/// An ARRAY of the elements that are not NULL, each of them given as its JSON.
fn of_known(arguments: &Arguments<'_>) -> Outcome<String> {
    let items: Vec<&str> = arguments.iter().copied().filter_map(known).collect();
    Ok(Some(format!("[{}]", items.join(","))))
}

fn whole(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|_| format!("Numeric value '{text}' is not recognized"))
}

/// Where a place that counts from the end, if negative, is; before the first is the first.
fn from_start(place: i64, length: usize) -> usize {
    if place < 0 {
        let back = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
        length.saturating_sub(back)
    } else {
        usize::try_from(place).unwrap_or(usize::MAX).min(length)
    }
}

fn added(arguments: &Arguments<'_>, is_first: bool) -> Outcome<String> {
    let [Some(given), value] = arguments else {
        return Ok(None);
    };
    let mut items = array(given, "ARRAY_APPEND or ARRAY_PREPEND")?;
    let place = if is_first { 0 } else { items.len() };
    items.insert(place, element(*value)?);
    Ok(written(items))
}

fn cat(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([one, other]) = present(arguments) else {
        return Ok(None);
    };
    let mut items = array(one, "ARRAY_CAT")?;
    items.extend(array(other, "ARRAY_CAT")?);
    Ok(written(items))
}

fn compact(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given]) = present(arguments) else {
        return Ok(None);
    };
    let mut items = array(given, "ARRAY_COMPACT")?;
    items.retain(|item| *item != Json::Null);
    Ok(written(items))
}

fn reverse(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given]) = present(arguments) else {
        return Ok(None);
    };
    let mut items = array(given, "ARRAY_REVERSE")?;
    items.reverse();
    Ok(written(items))
}

fn distinct(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given]) = present(arguments) else {
        return Ok(None);
    };
    let items = array(given, "ARRAY_DISTINCT")?;
    let mut known = Bag::new();
    let mut kept = Vec::new();
    for item in &items {
        if !known.holds(item)? {
            known.add(item);
            kept.push(item.clone());
        }
    }
    Ok(written(kept))
}

/// What the second array holds as well, or does not; each of its elements answers for one of the first.
fn shared(arguments: &Arguments<'_>, is_kept: bool) -> Outcome<String> {
    let Some([one, other]) = present(arguments) else {
        return Ok(None);
    };
    let others = array(other, "the function")?;
    let mut partners = Bag::of(&others);
    let mut items = Vec::new();
    for item in array(one, "the function")? {
        if partners.take(&item)? == is_kept {
            items.push(item);
        }
    }
    Ok(written(items))
}

/// One level less: an element without a value makes the whole NULL.
fn flatten(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given]) = present(arguments) else {
        return Ok(None);
    };
    let mut items = Vec::new();
    for item in array(given, "ARRAY_FLATTEN")? {
        match item {
            Json::Array(inner) => items.extend(inner),
            Json::Null => return Ok(None),
            _ => {
                return Err(
                    "Not an array: the elements of the argument of ARRAY_FLATTEN must be ARRAYs"
                        .into(),
                );
            }
        }
    }
    Ok(written(items))
}

fn insert(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given), Some(place), value] = arguments else {
        return Ok(None);
    };
    let mut items = array(given, "ARRAY_INSERT")?;
    let place = whole(place)?;
    let is_inside = place.unsigned_abs() <= items.len() as u64;
    if !is_inside {
        return Err(
            "the embedded engine supports ARRAY_INSERT only inside the ARRAY, not beyond its ends"
                .into(),
        );
    }
    let place = from_start(place, items.len());
    items.insert(place, element(*value)?);
    Ok(written(items))
}

fn remove(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(given), value] = arguments else {
        return Ok(None);
    };
    let Some(value) = known(*value) else {
        return Ok(None);
    };
    let value = json::own(value)?;
    let mut items = array(given, "ARRAY_REMOVE")?;
    items.retain(|item| !item.is_same(&value));
    Ok(written(items))
}

fn remove_at(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given, place]) = present(arguments) else {
        return Ok(None);
    };
    let mut items = array(given, "ARRAY_REMOVE_AT")?;
    let place = whole(place)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if (-length..length).contains(&place) {
        let place = from_start(place, items.len());
        items.remove(place);
    }
    Ok(written(items))
}

/// From a place on, up to another one, which is left out.
fn slice(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given, from, to]) = present(arguments) else {
        return Ok(None);
    };
    let items = array(given, "ARRAY_SLICE")?;
    let from = from_start(whole(from)?, items.len());
    let to = from_start(whole(to)?, items.len());
    let kept = items.get(from..to.max(from)).unwrap_or_default();
    Ok(written(kept.to_vec()))
}

/// `ARRAYS_ZIP(a, b, …)`: objects with the members `$1`, `$2`, …
fn zip(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some(given) = arguments.iter().copied().collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let columns = given
        .iter()
        .map(|text| array(text, "ARRAYS_ZIP"))
        .collect::<Result<Vec<_>, _>>()?;
    let length = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |row: usize| {
        let members = columns.iter().enumerate().map(|(place, items)| {
            let value = items.get(row).cloned().unwrap_or(Json::Null);
            (format!("${}", place + 1), value)
        });
        Json::Object(members.collect())
    };
    Ok(written((0..length).map(row).collect()))
}

fn to_text(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([given, between]) = present(arguments) else {
        return Ok(None);
    };
    let texts: Vec<String> = array(given, "ARRAY_TO_STRING")?
        .iter()
        .map(|item| match item {
            Json::Null => String::new(),
            Json::Text(text) => text.clone(),
            // A number with an exponent is written out.
            Json::Number(digits) if digits.contains(['e', 'E']) => digits
                .parse::<f64>()
                .map_or_else(|_| digits.clone(), |number| number.to_string()),
            other => other.to_string(),
        })
        .collect();
    Ok(Some(texts.join(between)))
}

/// A fourth argument is the longest text that it may make.
fn range(arguments: &Arguments<'_>) -> Outcome<String> {
    let (places, longest) = arguments.split_at(arguments.len().min(3));
    let longest = longest.first().copied().flatten();
    let Some([from, to, step]) = present(places) else {
        return Ok(None);
    };
    let (from, to, step) = (whole(from)?, whole(to)?, whole(step)?);
    if step == 0 {
        return Err("the step of ARRAY_GENERATE_RANGE must not be 0".into());
    }
    let mut items = Vec::new();
    let mut bytes = 2;
    let mut next = Some(from);
    while let Some(value) = next.filter(|value| if step > 0 { *value < to } else { *value > to }) {
        if i64::try_from(items.len()).unwrap_or(i64::MAX) >= MAX_ELEMENTS {
            return Err(format!(
                "the embedded engine makes ARRAYs of at most {MAX_ELEMENTS} elements"
            ));
        }
        let digits = value.to_string();
        bytes += digits.len() + 1;
        if let Some(longest) = longest {
            fits(bytes, longest)?;
        }
        items.push(Json::Number(digits));
        next = value.checked_add(step);
    }
    Ok(written(items))
}

/// NULL stands at the first element without a value.
fn position(arguments: &Arguments<'_>) -> Outcome<i64> {
    let [value, Some(given)] = arguments else {
        return Ok(None);
    };
    let value = element(known(*value))?;
    let place = array(given, "ARRAY_POSITION")?
        .iter()
        .position(|item| item.is_same(&value));
    Ok(place.and_then(|place| i64::try_from(place).ok()))
}

/// NULL is found among elements without a value; where there are none, the answer is not known.
fn contains(arguments: &Arguments<'_>) -> Outcome<bool> {
    let [value, Some(given)] = arguments else {
        return Ok(None);
    };
    let items = array(given, "ARRAY_CONTAINS")?;
    Ok(match known(*value) {
        Some(value) => {
            let value = json::own(value)?;
            Some(items.iter().any(|item| item.is_same(&value)))
        }
        None => items.contains(&Json::Null).then_some(true),
    })
}

fn overlap(arguments: &Arguments<'_>) -> Outcome<bool> {
    let Some([one, other]) = present(arguments) else {
        return Ok(None);
    };
    let others = array(other, "ARRAYS_OVERLAP")?;
    let known = Bag::of(&others);
    for item in &array(one, "ARRAYS_OVERLAP")? {
        if known.holds(item)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}
