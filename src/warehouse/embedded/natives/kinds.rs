//! The engine's types by their names: what several are brought to, and the type of what is computed from two.
//!
//! The engine itself gives up digits behind the point where its 38 are not enough for all that two types may hold: NUMBER(38,
//! 0) beside 1.5 would become NUMBER(38, 0), and 1.5 the number 2. Snowflake keeps the digits behind the point, and fails
//! for numbers that then have too many.
//!
//! A type is handed to the engine as the JSON text that its `json_transform` takes for one. It asks for a constant, which
//! these functions give, because `typeof` is known when a statement is planned.

use super::native::{Arguments, Outcome, Row};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_common_type", |a| of_all(a, common)),
    ("rs_arithmetic_type", |a| of_numbers(a, arithmetic)),
    ("rs_quotient_type", |a| of_numbers(a, quotient)),
    ("rs_scaled_type", scaled),
    ("rs_type_of_finer", of_finer),
    ("rs_type_beside", beside),
];

/// Digits of the widest NUMBER.
const MOST_DIGITS: u8 = 38;

/// A type of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// A whole number, with the digits it may have.
    Whole(u8),
    /// A NUMBER: its digits before the point, and those behind it.
    Decimal { whole: u8, scale: u8 },
    /// FLOAT.
    Float,
    /// The type of NULL.
    Null,
    /// Any other, by its name.
    Other(String),
}

impl Kind {
    /// Reads what `typeof` gives.
    pub(in super::super) fn read(name: &str) -> Self {
        match name {
            "TINYINT" | "UTINYINT" => Self::Whole(3),
            "SMALLINT" | "USMALLINT" => Self::Whole(5),
            "INTEGER" | "UINTEGER" => Self::Whole(10),
            "BIGINT" => Self::Whole(19),
            "UBIGINT" => Self::Whole(20),
            "HUGEINT" | "UHUGEINT" => Self::Whole(MOST_DIGITS),
            "FLOAT" | "DOUBLE" => Self::Float,
            "\"NULL\"" | "NULL" => Self::Null,
            name => match decimal(name) {
                Some((precision, scale)) => Self::Decimal {
                    whole: precision.saturating_sub(scale),
                    scale,
                },
                None => Self::Other(name.to_owned()),
            },
        }
    }

    /// Its name for the engine.
    pub(in super::super) fn name(&self) -> String {
        match self {
            Self::Whole(..=10) => "INTEGER".into(),
            Self::Whole(..=19) => "BIGINT".into(),
            Self::Whole(_) => "HUGEINT".into(),
            Self::Decimal { whole, scale } => {
                let precision = (whole + scale).clamp(1, MOST_DIGITS);
                format!("DECIMAL({precision},{scale})")
            }
            Self::Float => "DOUBLE".into(),
            Self::Null => "INTEGER".into(),
            Self::Other(name) => name.clone(),
        }
    }

    /// Digits before the point and behind it.
    fn digits(&self) -> Option<(u8, u8)> {
        match self {
            Self::Whole(whole) => Some((*whole, 0)),
            Self::Decimal { whole, scale } => Some((*whole, *scale)),
            _ => None,
        }
    }

    /// What its values are called.
    pub(in super::super) fn word(&self) -> &str {
        match self {
            Self::Whole(_) | Self::Decimal { .. } | Self::Float => "numbers",
            Self::Null => "NULL",
            Self::Other(name) => match name.as_str() {
                "VARCHAR" => "texts",
                "BOOLEAN" => "truth values",
                "JSON" => "VARIANTs",
                "BLOB" => "BINARY",
                "DATE" => "dates",
                "TIME" => "times",
                name if name.starts_with("TIMESTAMP") => "timestamps",
                _ => "values of other types",
            },
        }
    }
}

/// Precision and scale.
fn decimal(name: &str) -> Option<(u8, u8)> {
    let digits = name.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
    let (precision, scale) = digits.split_once(',')?;
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

/// Reads what [`structure`] wrote.
pub(super) fn kind_of_structure(text: &str) -> Option<Kind> {
    Some(Kind::read(text.strip_prefix('"')?.strip_suffix('"')?))
}

/// A type as `json_transform` takes it.
fn structure(kind: &Kind) -> String {
    format!(
        "\"{}\"",
        kind.name().replace('\\', "\\\\").replace('"', "\\\"")
    )
}

fn of_all(
    arguments: &Arguments<'_>,
    write: fn(&[Kind]) -> Result<Kind, String>,
) -> Outcome<String> {
    let kinds: Vec<Kind> = arguments
        .iter()
        .flatten()
        .map(|name| Kind::read(name))
        .collect();
    Ok(Some(structure(&write(&kinds)?)))
}

/// The types that have these names. A type without a name is left out.
fn kinds_of(names: &Arguments<'_>) -> Vec<Kind> {
    names
        .iter()
        .flatten()
        .map(|name| Kind::read(name))
        .collect()
}

/// The type of what is computed from numbers, or what makes a value of it from what `decimals` gives: the first argument
/// says which.
fn of_numbers(
    arguments: &Arguments<'_>,
    write: fn(&[Kind]) -> Result<Kind, String>,
) -> Outcome<String> {
    let [Some(part), names @ ..] = arguments else {
        return Ok(None);
    };
    let kinds = kinds_of(names);
    let kind = write(&kinds)?;
    Ok(Some(match *part {
        "before" => structure(&before(&kind)),
        "unit" => unit(&kind),
        "unit type" => structure(&unit_type(&kind)),
        _ => structure(&kind),
    }))
}

/// What the engine reads from the text of a number that comes without its point, see `decimals`: reading one of more
/// than 18 digits as a NUMBER takes it 8 µs, and a whole one a tenth of that or less.
fn before(kind: &Kind) -> Kind {
    match kind {
        Kind::Decimal { .. } => Kind::Whole(MOST_DIGITS),
        other => other.clone(),
    }
}

/// What such a number is multiplied by.
fn unit(kind: &Kind) -> String {
    match kind {
        Kind::Decimal { scale: 1.., .. } => {
            let (_, scale) = kind.digits().unwrap_or_default();
            format!("0.{:0>width$}", 1, width = usize::from(scale))
        }
        _ => "1".into(),
    }
}

fn unit_type(kind: &Kind) -> Kind {
    match kind {
        Kind::Decimal { scale, .. } => Kind::Decimal {
            whole: u8::from(*scale == 0),
            scale: *scale,
        },
        other => other.clone(),
    }
}

/// The one type that values are brought to, or why there is none.
pub(in super::super) fn common(kinds: &[Kind]) -> Result<Kind, String> {
    let mut all = kinds.iter().filter(|kind| **kind != Kind::Null);
    let Some(first) = all.next() else {
        return Ok(Kind::Null);
    };
    all.try_fold(first.clone(), |one, other| both(&one, other))
}

fn both(one: &Kind, other: &Kind) -> Result<Kind, String> {
    if one == other {
        return Ok(one.clone());
    }
    if let (Kind::Whole(one), Kind::Whole(other)) = (one, other) {
        return Ok(Kind::Whole(*one.max(other)));
    }
    if let (Some(one), Some(other)) = (one.digits(), other.digits()) {
        return Ok(Kind::Decimal {
            whole: one.0.max(other.0).min(MOST_DIGITS - one.1.max(other.1)),
            scale: one.1.max(other.1),
        });
    }
    let are_numbers = [one, other]
        .iter()
        .all(|kind| kind.digits().is_some() || **kind == Kind::Float);
    if are_numbers {
        return Ok(Kind::Float);
    }
    // A date is the first moment of its day.
    const MOMENTS: [&str; 3] = ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"];
    let place = |kind: &Kind| MOMENTS.iter().position(|name| kind.name() == *name);
    if let (Some(first), Some(second)) = (place(one), place(other))
        && let Some(name) = MOMENTS.get(first.max(second))
    {
        return Ok(Kind::Other((*name).to_owned()));
    }
    let (one, other) = (one.word(), other.word());
    Err(format!(
        "the embedded engine does not choose between {one} and {other}; cast them to one type, as in x::VARCHAR"
    ))
}

/// The type two values are computed in; a text is read as a FLOAT.
fn arithmetic(kinds: &[Kind]) -> Result<Kind, String> {
    let mut numbers = Vec::with_capacity(kinds.len());
    for kind in kinds {
        numbers.push(match kind {
            Kind::Other(name) if matches!(name.as_str(), "VARCHAR" | "JSON") => Kind::Float,
            Kind::Other(_) => {
                return Err(format!(
                    "SQL compilation error:\nInvalid argument types for an operator of numbers: {}",
                    kind.word()
                ));
            }
            number => number.clone(),
        });
    }
    common(&numbers)
}

/// The type of a quotient: six digits behind the point more than the dividend has, at most twelve, never fewer than it had.
fn quotient(kinds: &[Kind]) -> Result<Kind, String> {
    if arithmetic(kinds)? == Kind::Float {
        return Ok(Kind::Float);
    }
    let scale = kinds
        .first()
        .and_then(Kind::digits)
        .map_or(0, |(_, scale)| scale);
    let scale = scale.max((scale + 6).min(12));
    Ok(Kind::Decimal {
        whole: MOST_DIGITS - scale.min(MOST_DIGITS),
        scale,
    })
}

/// `rs_scaled_type(type, places)`: what a number is after rounding at a number of places, which may add a digit before the
/// point.
fn scaled(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(name), Some(places)] = arguments else {
        return Ok(None);
    };
    let kind = arithmetic(&[Kind::read(name)])?;
    let places: i8 = places.parse().unwrap_or(i8::MAX);
    let least = places.min(0).unsigned_abs() + 1;
    Ok(Some(structure(&match kind {
        Kind::Whole(whole) => Kind::Whole((whole + 1).max(least).min(MOST_DIGITS)),
        Kind::Decimal { whole, scale } => {
            let scale = scale.min(places.max(0).unsigned_abs());
            let whole = (whole + 1).max(least).min(MOST_DIGITS - scale);
            Kind::Decimal { whole, scale }
        }
        other => other,
    })))
}

/// `rs_type_of_finer(type)`: the type of a number without the last three of its digits behind the point.
fn of_finer(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(name)] = arguments else {
        return Ok(None);
    };
    Ok(Some(structure(&match Kind::read(name) {
        Kind::Decimal { whole, scale } => Kind::Decimal {
            whole,
            scale: scale.saturating_sub(3),
        },
        other => other,
    })))
}

/// `rs_type_beside(text, types …)`: the type of the values that a text stands beside, which it has to be one of.
fn beside(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(text), names @ ..] = arguments else {
        return Ok(None);
    };
    let kinds = kinds_of(names);
    let kind = match common(&kinds)? {
        Kind::Null => Kind::Other("VARCHAR".into()),
        kind => kind,
    };
    let refused = |what: &str| Err(format!("{what} '{text}' is not recognized"));
    match kind.word() {
        "numbers" if text.trim().parse::<f64>().is_err() => refused("Numeric value"),
        "dates" if super::moments::microseconds(text).is_err() => refused("Date"),
        "timestamps" if super::moments::microseconds(text).is_err() => {
            refused("Timestamp")
        },
        "truth values" if !super::texts::is_boolean(text) => refused("Boolean value"),
        "BINARY" => Err("the embedded engine does not choose between BINARY and texts; convert the text, as in TO_BINARY(x)".into()),
        _ => Ok(Some(structure(&kind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common_of(names: &[&str]) -> Result<String, String> {
        let kinds: Vec<Kind> = names.iter().map(|name| Kind::read(name)).collect();
        common(&kinds).map(|kind| kind.name())
    }

    #[test]
    fn digits_behind_the_point_stay() {
        for (names, expected) in [
            (["DECIMAL(38,0)", "DECIMAL(2,1)"], "DECIMAL(38,1)"),
            (["DECIMAL(12,2)", "DECIMAL(38,0)"], "DECIMAL(38,2)"),
            (["DECIMAL(12,2)", "DECIMAL(4,3)"], "DECIMAL(13,3)"),
            (["INTEGER", "DECIMAL(2,1)"], "DECIMAL(11,1)"),
            (["HUGEINT", "DECIMAL(2,1)"], "DECIMAL(38,1)"),
            (["INTEGER", "BIGINT"], "BIGINT"),
            (["DECIMAL(38,0)", "\"NULL\""], "DECIMAL(38,0)"),
            (["DECIMAL(38,0)", "DOUBLE"], "DOUBLE"),
            (["DATE", "TIMESTAMP"], "TIMESTAMP"),
            (["VARCHAR", "VARCHAR"], "VARCHAR"),
            (["DECIMAL(38,38)", "DECIMAL(38,0)"], "DECIMAL(38,38)"),
        ] {
            assert_eq!(common_of(&names).as_deref(), Ok(expected), "{names:?}");
        }
        assert!(common_of(&["VARCHAR", "INTEGER"]).is_err());
        assert!(common_of(&["DATE", "TIME"]).is_err());
    }

    #[test]
    fn a_rounded_number_may_have_a_digit_more() {
        let of = |name, places| scaled(&[Some(name), Some(places)]).unwrap().unwrap();
        assert_eq!(of("DECIMAL(5,2)", "-2"), r#""DECIMAL(4,0)""#);
        assert_eq!(of("DECIMAL(5,2)", "-3"), r#""DECIMAL(4,0)""#);
        assert_eq!(of("DECIMAL(3,2)", "1"), r#""DECIMAL(3,1)""#);
        assert_eq!(of("DECIMAL(3,2)", "5"), r#""DECIMAL(4,2)""#);
        assert_eq!(of("DECIMAL(38,2)", "2"), r#""DECIMAL(38,2)""#);
        assert_eq!(of("DECIMAL(2,1)", "-5"), r#""DECIMAL(6,0)""#);
        assert_eq!(of("INTEGER", "-1"), r#""BIGINT""#);
        assert_eq!(of("DOUBLE", "1"), r#""DOUBLE""#);
    }

    #[test]
    fn a_text_beside_values_is_one_of_them() {
        let of = |text, names: &[&'static str]| {
            let names = names.iter().map(|name| Some(*name));
            beside(&std::iter::once(Some(text)).chain(names).collect::<Vec<_>>())
        };
        assert_eq!(of("x", &["VARCHAR"]), Ok(Some(r#""VARCHAR""#.into())));
        assert_eq!(of("x", &["\"NULL\""]), Ok(Some(r#""VARCHAR""#.into())));
        assert_eq!(
            of("2024-01-01", &["DATE", "\"NULL\""]),
            Ok(Some(r#""DATE""#.into()))
        );
        assert_eq!(of("yes", &["BOOLEAN"]), Ok(Some(r#""BOOLEAN""#.into())));
        for (text, kind, said) in [
            ("x", "INTEGER", "Numeric value 'x' is not recognized"),
            ("", "DECIMAL(12,2)", "Numeric value '' is not recognized"),
            ("n/a", "DATE", "Date 'n/a' is not recognized"),
            ("n/a", "TIMESTAMP", "Timestamp 'n/a' is not recognized"),
            (
                "maybe",
                "BOOLEAN",
                "Boolean value 'maybe' is not recognized",
            ),
        ] {
            assert_eq!(of(text, &[kind]), Err(said.to_owned()));
        }
        assert!(of("x", &["BLOB"]).is_err() && of("x", &["INTEGER", "VARCHAR"]).is_err());
    }

    #[test]
    fn a_number_is_read_whole_and_then_gets_its_point() {
        let of = |name: &str| {
            let kind = Kind::read(name);
            (before(&kind).name(), unit(&kind), unit_type(&kind).name())
        };
        let all = |before: &str, unit: &str, of: &str| (before.into(), unit.into(), of.into());
        assert_eq!(of("DECIMAL(38,3)"), all("HUGEINT", "0.001", "DECIMAL(3,3)"));
        assert_eq!(of("DECIMAL(12,0)"), all("HUGEINT", "1", "DECIMAL(1,0)"));
        assert_eq!(of("BIGINT"), all("BIGINT", "1", "BIGINT"));
        assert_eq!(of("DOUBLE"), all("DOUBLE", "1", "DOUBLE"));
    }

    #[test]
    fn a_quotient_has_six_digits_more_and_at_most_twelve() {
        let of = |one: &str, other: &str| {
            quotient(&[Kind::read(one), Kind::read(other)]).map(|kind| kind.name())
        };
        assert_eq!(of("INTEGER", "INTEGER").as_deref(), Ok("DECIMAL(38,6)"));
        assert_eq!(
            of("DECIMAL(12,2)", "DECIMAL(38,20)").as_deref(),
            Ok("DECIMAL(38,8)")
        );
        assert_eq!(
            of("DECIMAL(38,9)", "INTEGER").as_deref(),
            Ok("DECIMAL(38,12)")
        );
        assert_eq!(
            of("DECIMAL(38,20)", "INTEGER").as_deref(),
            Ok("DECIMAL(38,20)")
        );
        assert_eq!(of("DOUBLE", "INTEGER").as_deref(), Ok("DOUBLE"));
        assert_eq!(of("VARCHAR", "INTEGER").as_deref(), Ok("DOUBLE"));
        assert!(of("DATE", "INTEGER").is_err());
    }
}
