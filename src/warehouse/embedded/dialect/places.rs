//! Places where columns meet, and what their types mean for the next translation: see `meetings`.

use std::collections::{BTreeMap, BTreeSet};

use crate::warehouse::embedded::natives::{Kind, Notes, common};
use crate::warehouse::{EngineLimit, Error};

use super::context::Meetings;

/// How the columns of several members meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::warehouse::embedded) enum Place {
    /// Those in the same place, as in UNION and IN (SELECT …).
    Columns,
    /// The same, and the first member says the types: a recursive query.
    Recursive,
    /// Those of one name, as in UNION BY NAME.
    Names,
    /// All of them, as in UNPIVOT, which wants them of one type.
    Unpivoted,
    /// Those of these names in upper case, as in USING, or all of one name, as in NATURAL.
    Joined(Option<BTreeSet<String>>),
}

/// The names of columns of one member and the types they are noted with.
type Columns = Vec<(String, String)>;

/// What the next translation has to cast, by what the members of set operations are.
///
/// # Errors
///
/// [`Error::EngineLimit`] where the types of the members have no type of all.
pub(in crate::warehouse::embedded) fn meetings(
    notes: &Notes,
    places: &BTreeMap<usize, Place>,
) -> Result<Meetings, Error> {
    let mut found = Meetings::new();
    for (place, members) in notes {
        let how = places.get(place).unwrap_or(&Place::Columns);
        let mut wanted: BTreeMap<String, Kind> = BTreeMap::new();
        for (column, kinds) in columns_of(how, members) {
            check(how, &column, &kinds)?;
            if let Some(kind) = lossy(&kinds) {
                wanted.insert(column, kind);
            }
        }
        if wanted.is_empty() {
            continue;
        }
        let casts = members.iter().map(|(member, columns)| {
            let casts = columns.iter().enumerate().map(|(at, (name, _))| {
                let kind = wanted.get(&key(how, at, name)).map(Kind::name);
                (name.clone(), kind)
            });
            (*member, casts.collect())
        });
        found.insert(*place, casts.collect());
    }
    Ok(found)
}

/// What columns that meet have in common: their name, or their place.
fn key(how: &Place, at: usize, name: &str) -> String {
    match how {
        Place::Columns | Place::Recursive | Place::Unpivoted => (at + 1).to_string(),
        Place::Names | Place::Joined(_) => name.to_uppercase(),
    }
}

/// The types of all columns that meet, in the order of their members.
fn columns_of(how: &Place, members: &BTreeMap<usize, Columns>) -> BTreeMap<String, Vec<Kind>> {
    let mut columns: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for member in members.values() {
        for (at, (name, kind)) in member.iter().enumerate() {
            let key = key(how, at, name);
            let meets = match how {
                Place::Joined(Some(names)) => names.contains(&key),
                _ => true,
            };
            if meets {
                columns.entry(key).or_default().push(Kind::read(kind));
            }
        }
    }
    columns
}

/// Refuses types that have no type of all, or not without a loss.
fn check(how: &Place, column: &str, kinds: &[Kind]) -> Result<(), Error> {
    let limit = |what: String, hint: &str| -> Result<(), Error> {
        Err(EngineLimit {
            what,
            hint: Some(hint.to_owned()),
        }
        .into())
    };
    match how {
        Place::Recursive if gains_digits(kinds) => limit(
            format!(
                "does not let column {column} of a recursive query gain digits behind the point"
            ),
            "cast the column in the first SELECT, as in 1::NUMBER(38, 2)",
        ),
        Place::Unpivoted if differ(kinds) => limit(
            "does not put columns of different types into one column by UNPIVOT".into(),
            "cast them to one type in a subquery, as in x::NUMBER(38, 2)",
        ),
        Place::Joined(_) if mixes_texts(kinds) || lossy(kinds).is_some() => limit(
            format!("does not join by USING or NATURAL where {column} has different types"),
            "join with ON, as in ON a.k = b.k, or cast the column in a subquery",
        ),
        Place::Columns | Place::Recursive | Place::Names if mixes_texts(kinds) => limit(
            format!(
                "does not put texts and values of another type into one column of a set operation, or compare them in IN (SELECT …) \
                 (column {column})"
            ),
            "cast one of them, as in x::VARCHAR or x::NUMBER",
        ),
        _ => Ok(()),
    }
}

/// Whether columns are of different kinds, or have different digits behind the point.
fn differ(kinds: &[Kind]) -> bool {
    let place = |kind: &Kind| match kind {
        Kind::Whole(_) => Kind::Decimal { whole: 0, scale: 0 },
        Kind::Decimal { scale, .. } => Kind::Decimal {
            whole: 0,
            scale: *scale,
        },
        other => other.clone(),
    };
    let mut places = kinds.iter().filter(|kind| **kind != Kind::Null).map(place);
    places
        .next()
        .is_some_and(|first| places.any(|other| other != first))
}

/// The type of all where DuckDB's own would lose digits behind the point.
pub(super) fn lossy(kinds: &[Kind]) -> Option<Kind> {
    let digits = |kind: &Kind| match kind {
        Kind::Whole(whole) => Some((*whole, 0)),
        Kind::Decimal { whole, scale } => Some((*whole, *scale)),
        _ => None,
    };
    let all: Vec<(u8, u8)> = kinds
        .iter()
        .filter(|kind| **kind != Kind::Null)
        .map(digits)
        .collect::<Option<_>>()?;
    let whole = all.iter().map(|(whole, _)| *whole).max()?;
    let scale = all.iter().map(|(_, scale)| *scale).max()?;
    if scale == 0 || whole + scale <= 38 {
        return None;
    }
    common(kinds).ok()
}

/// Whether texts stand beside values that Snowflake reads them as. DuckDB makes texts of those, or bytes of the texts.
fn mixes_texts(kinds: &[Kind]) -> bool {
    let is_text = |kind: &Kind| *kind == Kind::Other("VARCHAR".into());
    let is_other = |kind: &Kind| match kind {
        Kind::Whole(_) | Kind::Decimal { .. } | Kind::Float => true,
        Kind::Other(name) => {
            matches!(name.as_str(), "BLOB" | "BOOLEAN" | "DATE" | "TIME" | "JSON")
                || name.starts_with("TIMESTAMP")
        }
        Kind::Null => false,
    };
    kinds.iter().any(is_text) && kinds.iter().any(is_other)
}

/// Whether a later number has more digits behind the point than the first.
fn gains_digits(kinds: &[Kind]) -> bool {
    let scale = |kind: &Kind| match kind {
        Kind::Whole(_) => Some(0),
        Kind::Decimal { scale, .. } => Some(*scale),
        _ => None,
    };
    let mut scales = kinds.iter().map(scale);
    match scales.next() {
        Some(Some(first)) => scales.flatten().any(|scale| scale > first),
        _ => false,
    }
}
