//! Dates and times in texts of no stated format: the formats Snowflake finds by itself.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_date", |a| strict(a, "Date", |moment| moment.date())),
    ("rs_timestamp", |a| {
        strict(a, "Timestamp", |moment| moment.wall_clock())
    }),
    ("rs_zoned", |a| {
        strict(a, "Timestamp", |moment| moment.utc())
    }),
    ("rs_offset", |a| in_utc(a, true)),
    ("rs_try_offset", |a| in_utc(a, false)),
    ("rs_time", time),
    ("rs_try_date", |a| lenient(a, |moment| moment.date())),
    ("rs_try_timestamp", |a| {
        lenient(a, |moment| moment.wall_clock())
    }),
    ("rs_try_zoned", |a| lenient(a, |moment| moment.utc())),
    ("rs_try_time", try_time),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What a text says.
struct Moment {
    at: DateTime,
    /// The offset from UTC in minutes, where the text has one.
    offset: Option<i64>,
}

impl Moment {
    fn date(&self) -> Option<String> {
        Some(self.at.date().to_string())
    }

    /// Without zone the clock on the wall stays: an offset is dropped, not applied.
    fn wall_clock(&self) -> Option<String> {
        Some(self.at.to_string().replace('T', " "))
    }

    fn utc(&self) -> Option<String> {
        let minutes = SignedDuration::from_mins(self.offset.unwrap_or(0));
        let at = self.at.checked_sub(minutes).ok()?;
        Some(format!("{}+00", at.to_string().replace('T', " ")))
    }
}

/// The microseconds since 1970 that a text says, or the sentence that ends the statement.
pub(super) fn microseconds(text: &str) -> Result<i64, String> {
    // A text in a VARIANT comes with its quotes.
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    match read(text) {
        Ok(moment) => jiff::tz::Offset::UTC
            .to_timestamp(moment.at)
            .map(Timestamp::as_microsecond)
            .map_err(|_| format!("Timestamp '{text}' is not recognized")),
        Err(Fault::Unknown) => Err(format!("Timestamp '{text}' is not recognized")),
        Err(Fault::Limit(what)) => Err(what.into()),
    }
}

/// Why a text is no moment.
enum Fault {
    Unknown,
    /// What Snowflake reads is not certain, or more than the engine keeps.
    Limit(&'static str),
}

const NANOSECONDS: &str =
    "the embedded engine supports times to the microsecond, and the text has more digits";

fn strict(
    arguments: &Arguments<'_>,
    kind: &str,
    write: fn(&Moment) -> Option<String>,
) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match read(text) {
        Ok(moment) => Ok(write(&moment)),
        Err(Fault::Unknown) => Err(format!("{kind} '{text}' is not recognized")),
        Err(Fault::Limit(what)) => Err(what.into()),
    }
}

/// A `TIMESTAMP_TZ`, which keeps the offset it was written with. The engine keeps that of UTC only.
fn in_utc(arguments: &Arguments<'_>, is_strict: bool) -> Outcome<String> {
    if let Some([text]) = present(arguments)
        && let Ok(moment) = read(text)
        && moment.offset.unwrap_or(0) != 0
    {
        return Err(format!(
            "the embedded engine keeps no offset in a TIMESTAMP_TZ but that of UTC, and '{text}' has another; cast to \
             TIMESTAMP_LTZ, which shows it in UTC, or to TIMESTAMP_NTZ, which drops the offset"
        ));
    }
    if is_strict {
        strict(arguments, "Timestamp", Moment::utc)
    } else {
        lenient(arguments, Moment::utc)
    }
}

fn lenient(arguments: &Arguments<'_>, write: fn(&Moment) -> Option<String>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match read(text) {
        Ok(moment) => Ok(write(&moment)),
        Err(Fault::Unknown) => Ok(None),
        Err(Fault::Limit(what)) => Err(what.into()),
    }
}

fn time(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match time_of_day(text) {
        Ok(time) => Ok(Some(time.to_string())),
        Err(Fault::Unknown) => Err(format!("Time '{text}' is not recognized")),
        Err(Fault::Limit(what)) => Err(what.into()),
    }
}

fn try_time(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match time_of_day(text) {
        Ok(time) => Ok(Some(time.to_string())),
        Err(Fault::Unknown) => Ok(None),
        Err(Fault::Limit(what)) => Err(what.into()),
    }
}

fn time_of_day(text: &str) -> Result<Time, Fault> {
    let text = text.trim();
    if is_whole(text) {
        // Whole seconds only, as the documentation says: the rest of dividing them by those of a day.
        let time = epoch(text)?.time();
        return Time::new(time.hour(), time.minute(), time.second(), 0).map_err(|_| Fault::Unknown);
    }
    if let Some((time, _)) = clock(text)? {
        return Ok(time);
    }
    read(text).map(|moment| moment.at.time())
}

fn read(text: &str) -> Result<Moment, Fault> {
    let text = text.trim();
    if is_whole(text) {
        let at = epoch(text)?;
        return Ok(Moment {
            at,
            offset: Some(0),
        });
    }
    if let Some(found) = numeric_date(text)? {
        return Ok(found);
    }
    worded(text)
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seconds since 1970, or thousandths, millionths or billionths of them: the size tells.
fn epoch(text: &str) -> Result<DateTime, Fault> {
    let number: i64 = text.parse().map_err(|_| Fault::Unknown)?;
    let unit = match number {
        i64::MIN..=31_535_999_999 => 1_000_000_000,
        31_536_000_000..=31_535_999_999_999 => 1_000_000,
        31_536_000_000_000..=31_535_999_999_999_999 => 1_000,
        _ => 1,
    };
    let nanoseconds = i128::from(number) * unit;
    if nanoseconds % 1_000 != 0 {
        return Err(Fault::Limit(NANOSECONDS));
    }
    let at = Timestamp::from_nanosecond(nanoseconds).map_err(|_| Fault::Unknown)?;
    Ok(jiff::tz::Offset::UTC.to_datetime(at))
}

/// `2024-01-31`, `1/31/2024`, `31-Jan-2024`, each with a time behind it or not.
fn numeric_date(text: &str) -> Result<Option<Moment>, Fault> {
    let end = text
        .find(|c: char| c.is_whitespace() || c == 'T' || c == 't')
        .filter(|end| !text.get(*end..).is_some_and(is_month_letter))
        .unwrap_or_else(|| text.find(char::is_whitespace).unwrap_or(text.len()));
    let (date, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let Some(date) = date_of(date) else {
        return Ok(None);
    };
    let rest = match rest.chars().next() {
        None => {
            return Ok(Some(Moment {
                at: date.at(0, 0, 0, 0),
                offset: None,
            }));
        }
        Some(first) => rest.get(first.len_utf8()..).unwrap_or_default(),
    };
    let (time, offset) = clock(rest)?.ok_or(Fault::Unknown)?;
    if !is_found(text, rest) {
        return Err(Fault::Limit(
            "the embedded engine needs a format for this date and time, as in TO_TIMESTAMP(text, 'MM/DD/YYYY HH12:MI AM'); \
             Snowflake's documentation names YYYY-MM-DD HH24:MI:SS and MM/DD/YYYY HH24:MI:SS among those it finds by itself",
        ));
    }
    Ok(Some(Moment {
        at: date.to_datetime(time),
        offset,
    }))
}

/// Whether a time behind a date is in one of the formats that Snowflake finds by itself: behind `2024-01-31` one of a day with
/// 24 hours, behind `1/31/2024` that with its seconds, and none behind `31-Jan-2024`.
fn is_found(date: &str, time: &str) -> bool {
    let letters = time
        .trim_end_matches(|c: char| !c.is_ascii_alphabetic())
        .to_uppercase();
    if letters.ends_with("AM") || letters.ends_with("PM") {
        return false;
    }
    let is_iso = date.get(4..5) == Some("-");
    let is_american = date.starts_with(|c: char| c.is_ascii_digit()) && date.contains('/');
    let is_plain = time
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b':');
    is_iso || (is_american && is_plain && time.matches(':').count() == 2)
}

/// Whether a T is that of OCT or another month, and not the one between a date and a time.
fn is_month_letter(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|c| !c.is_ascii_digit())
}

fn date_of(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let is_dashed = text.contains('-');
    if is_dashed == text.contains('/') {
        return None;
    }
    let (year, month, day) = if is_dashed {
        if first.len() == 4 {
            (*first, number(second)?, number(third)?)
        } else {
            (*third, month(second)?, number(first)?)
        }
    } else {
        (*third, number(first)?, number(second)?)
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(i16::try_from(digits(year)?).ok()?, month, day).ok()
}

fn month(text: &str) -> Option<i8> {
    let text = text.to_lowercase();
    let place = MONTHS
        .iter()
        .position(|month| *month == text || month.get(..3) == Some(text.as_str()))?;
    i8::try_from(place + 1).ok()
}

/// One digit or two.
fn number(text: &str) -> Option<i8> {
    (text.len() <= 2)
        .then(|| digits(text))
        .flatten()
        .and_then(|number| i8::try_from(number).ok())
}

fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `Thu, 21 Dec 2000 04:01:07 PM +0200` and `Mon Jul 08 18:09:51 +0000 2013`.
fn worded(text: &str) -> Result<Moment, Fault> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [first, rest @ ..] = words.as_slice() else {
        return Err(Fault::Unknown);
    };
    let weekday = first.trim_end_matches(',').to_lowercase();
    if !WEEKDAYS.contains(&weekday.as_str()) {
        return Err(Fault::Unknown);
    }
    let (day, name, year, time) = match rest {
        [day, name, year, time @ ..] if first.ends_with(',') => {
            (*day, *name, *year, time.join(" "))
        }
        [name, day, time, offset, year] => (*day, *name, *year, format!("{time} {offset}")),
        _ => return Err(Fault::Unknown),
    };
    let (Some(day), Some(month), Some(year)) = (number(day), month(name), digits(year)) else {
        return Err(Fault::Unknown);
    };
    let date = i16::try_from(year)
        .ok()
        .and_then(|year| Date::new(year, month, day).ok())
        .ok_or(Fault::Unknown)?;
    match clock(&time)? {
        Some((time, offset)) => Ok(Moment {
            at: date.to_datetime(time),
            offset,
        }),
        None => Err(Fault::Unknown),
    }
}

/// A time of day with an offset behind it or not; `None` where there is none.
fn clock(text: &str) -> Result<Option<(Time, Option<i64>)>, Fault> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')))
        .unwrap_or(text.len());
    let (time, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let parts: Vec<&str> = time.split(':').collect();
    let [mut hour, minute, second] = match parts.as_slice() {
        [hour] => [number(hour), Some(0), Some(0)],
        [hour, minute] => [number(hour), number(minute), Some(0)],
        [hour, minute, second] => [number(hour), number(minute), number(second)],
        _ => return Ok(None),
    };
    let mut rest = rest.trim_start();
    let upper = rest.get(..2).unwrap_or_default().to_uppercase();
    if upper == "AM" || upper == "PM" {
        rest = rest.get(2..).unwrap_or_default().trim_start();
        hour = match (hour, upper == "PM") {
            (Some(12), false) => Some(0),
            (Some(12), true) => Some(12),
            (Some(hour @ 1..=11), is_late) => Some(if is_late { hour + 12 } else { hour }),
            _ => None,
        };
    }
    let Some(offset) = offset(rest) else {
        return Ok(None);
    };
    let Some(nanoseconds) = nanoseconds(fraction)? else {
        return Ok(None);
    };
    let (Some(hour), Some(minute), Some(second)) = (hour, minute, second) else {
        return Ok(None);
    };
    Ok(Time::new(hour, minute, second, nanoseconds)
        .ok()
        .map(|time| (time, offset)))
}

fn nanoseconds(fraction: &str) -> Result<Option<i32>, Fault> {
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if fraction.bytes().skip(6).any(|digit| digit != b'0') {
        return Err(Fault::Limit(NANOSECONDS));
    }
    Ok(format!("{fraction:0<9}").parse().ok())
}

/// `+02:00`, `-0800`, `+02`, `Z`, or nothing; `None` for anything else.
#[allow(clippy::option_option, reason = "no offset is an answer of its own")]
fn offset(text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    if text == "Z" || text == "z" {
        return Some(Some(0));
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then(|| Some(sign * (i64::from(hours) * 60 + i64::from(minutes))))
}
