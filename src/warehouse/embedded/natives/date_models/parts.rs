//! The parts of a format: Snowflake's elements, and letters that stand for themselves.

/// An element of a format. Where there are two of a kind, `true` is the one written with leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Year,
    YearOfCentury(bool),
    /// Has a sign before Christ.
    IsoYear,
    Month(bool),
    ShortMonth,
    LongMonth,
    Day(bool),
    Weekday,
    Hour24(bool),
    Hour12(bool),
    /// `AM` or `PM`.
    Half,
    /// `A` or `P`.
    HalfLetter,
    Minute(bool),
    Second(bool),
    Fraction(usize),
    ZoneHour,
    ZoneMinute,
}

/// Longest first where one begins another.
const ELEMENTS: [(&str, Element); 37] = [
    ("YYYY", Element::Year),
    ("YY", Element::YearOfCentury(true)),
    ("Y", Element::YearOfCentury(false)),
    ("UUUU", Element::IsoYear),
    ("MMMM", Element::LongMonth),
    ("MON", Element::ShortMonth),
    ("MM", Element::Month(true)),
    ("MO", Element::Month(false)),
    ("MI", Element::Minute(true)),
    ("ME", Element::Minute(false)),
    ("DD", Element::Day(true)),
    ("DY", Element::Weekday),
    ("D", Element::Day(false)),
    ("HH24", Element::Hour24(true)),
    ("HH12", Element::Hour12(true)),
    ("HH", Element::Hour24(true)),
    ("H24", Element::Hour24(false)),
    ("H12", Element::Hour12(false)),
    ("H", Element::Hour24(false)),
    ("AM", Element::Half),
    ("PM", Element::Half),
    ("P", Element::HalfLetter),
    ("SS", Element::Second(true)),
    ("S", Element::Second(false)),
    ("FF0", Element::Fraction(0)),
    ("FF1", Element::Fraction(1)),
    ("FF2", Element::Fraction(2)),
    ("FF3", Element::Fraction(3)),
    ("FF4", Element::Fraction(4)),
    ("FF5", Element::Fraction(5)),
    ("FF6", Element::Fraction(6)),
    ("FF7", Element::Fraction(7)),
    ("FF8", Element::Fraction(8)),
    ("FF9", Element::Fraction(9)),
    ("FF", Element::Fraction(9)),
    ("TZH", Element::ZoneHour),
    ("TZM", Element::ZoneMinute),
];

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Element(Element),
    Literal(char),
}

/// What a format asks for besides the parts of a date and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::warehouse::embedded) struct Wants {
    /// The offset from UTC.
    pub(in crate::warehouse::embedded) zone: bool,
    /// A year, without which there is no date.
    pub(in crate::warehouse::embedded) year: bool,
}

/// What a format of a date or time asks for.
///
/// # Errors
///
/// What completes "the embedded engine …", for a format whose meaning is not certain.
pub(in crate::warehouse::embedded) fn wants(format: &str) -> Result<Wants, String> {
    let parts = parts(format)?;
    let has = |wanted: &[Element]| {
        parts.iter().any(|part| match part {
            Part::Element(element) => wanted.contains(element),
            Part::Literal(_) => false,
        })
    };
    Ok(Wants {
        zone: has(&[Element::ZoneHour, Element::ZoneMinute]),
        year: has(&[
            Element::Year,
            Element::IsoYear,
            Element::YearOfCentury(true),
            Element::YearOfCentury(false),
        ]),
    })
}

/// A format taken apart.
pub(super) fn parts(format: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let quoted = rest.get(1..).and_then(|inside| inside.split_once('"'));
            let Some((literal, tail)) = quoted else {
                return Err(format!("does not support the date format {format}"));
            };
            parts.extend(literal.chars().map(Part::Literal));
            rest = tail;
            continue;
        }
        let found = ELEMENTS.iter().find(|(name, _)| {
            let start = rest.get(..name.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        let length = if let Some((name, element)) = found {
            parts.push(Part::Element(*element));
            name.len()
        } else {
            // These two are common between elements: `DDTHH24`, `SSZ`.
            if first.is_alphabetic() && !matches!(first, 'T' | 'Z') {
                return Err(unquoted(format));
            }
            parts.push(Part::Literal(first));
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    check_halves(&parts)?;
    Ok(parts)
}

fn unquoted(format: &str) -> String {
    format!(
        "does not support the date format {format}: put text of it in double quotes, as in YYYY-MM-DD\"T\"HH24:MI; the \
         elements are YYYY YY MM MON MMMM DD DY HH24 HH12 AM MI SS FF0 to FF9 TZH TZM, and Y MO D H24 H12 ME S without \
         leading zeros"
    )
}

/// `HH24` has no halves of a day: what Snowflake answers is not documented.
fn check_halves(parts: &[Part]) -> Result<(), String> {
    let has = |wanted: fn(&Element) -> bool| {
        parts
            .iter()
            .any(|part| matches!(part, Part::Element(element) if wanted(element)))
    };
    let has_half = has(|element| matches!(element, Element::Half | Element::HalfLetter));
    if has_half && has(|element| matches!(element, Element::Hour24(_))) {
        return Err("supports AM and PM beside HH12 only, not beside HH24 or HH".into());
    }
    Ok(())
}
