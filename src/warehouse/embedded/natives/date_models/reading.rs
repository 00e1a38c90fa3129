//! Texts read by a format.
//!
//! An element takes as many digits as it has places, or fewer. Blanks of the format stand for at least one blank of the
//! text, and the text may have some where the format has none, as Snowflake's documentation says.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::parts::{Element, MONTHS, Part, WEEKDAYS, parts};
use crate::warehouse::embedded::natives::native::{Arguments, Outcome, present};

/// What a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    Date,
    Time,
    /// Without zone: an offset is dropped, not applied.
    WallClock,
    /// In UTC.
    Utc,
}

/// Why a text could not be read.
enum Fault {
    /// It is not written so.
    Unknown,
    /// What Snowflake reads is not certain; completes "the embedded engine …".
    Limit(String),
}

fn limit<T>(what: &str) -> Result<T, Fault> {
    Err(Fault::Limit(what.to_owned()))
}

/// As `TO_DATE` and its kin read it.
pub(super) fn strict(arguments: &Arguments<'_>, wanted: As) -> Outcome<String> {
    read(arguments, wanted, |text, format| {
        let kind = match wanted {
            As::Date => "date",
            As::Time => "time",
            As::WallClock | As::Utc => "timestamp",
        };
        Err(format!(
            "Can't parse '{text}' as {kind} with format '{format}'"
        ))
    })
}

/// As `TRY_TO_DATE` and its kin read it.
pub(super) fn lenient(arguments: &Arguments<'_>, wanted: As) -> Outcome<String> {
    read(arguments, wanted, |_, _| Ok(None))
}

fn read(
    arguments: &Arguments<'_>,
    wanted: As,
    unknown: impl Fn(&str, &str) -> Outcome<String>,
) -> Outcome<String> {
    let Some([text, format]) = present(arguments) else {
        return Ok(None);
    };
    let found = parts(format)
        .map_err(Fault::Limit)
        .and_then(|parts| Reader::of(text).all(&parts))
        .and_then(|found| found.written(wanted));
    match found {
        Ok(written) => Ok(Some(written)),
        Err(Fault::Unknown) => unknown(text, format),
        Err(Fault::Limit(what)) => Err(format!("the embedded engine {what}")),
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    weekday: Option<usize>,
    hour: Option<i8>,
    /// Whether the hour is one of twelve.
    is_of_half: bool,
    is_late: Option<bool>,
    minute: i8,
    second: i8,
    nanosecond: i32,
    /// Minutes from UTC.
    offset: i64,
    is_west: bool,
}

struct Reader<'t> {
    rest: &'t str,
    found: Found,
}

impl<'t> Reader<'t> {
    fn of(text: &'t str) -> Self {
        Self {
            rest: text,
            found: Found::default(),
        }
    }

    fn all(mut self, parts: &[Part]) -> Result<Found, Fault> {
        for (place, part) in parts.iter().enumerate() {
            match part {
                Part::Literal(blank) if blank.is_whitespace() => {
                    let trimmed = self.rest.trim_start();
                    // The next of several blanks has nothing left to take.
                    let is_next = place
                        .checked_sub(1)
                        .and_then(|before| parts.get(before))
                        .is_some_and(|part| matches!(part, Part::Literal(c) if c.is_whitespace()));
                    if trimmed.len() == self.rest.len() && !is_next {
                        return Err(Fault::Unknown);
                    }
                    self.rest = trimmed;
                }
                Part::Literal(letter) => {
                    if self.rest.is_empty() && is_fraction(parts.get(place..)) {
                        return limit(
                            "does not support a format with FF for a text without fraction of a second",
                        );
                    }
                    let trimmed = self.rest.trim_start();
                    match trimmed.strip_prefix(*letter) {
                        Some(rest) => self.rest = rest,
                        None => return Err(Fault::Unknown),
                    }
                }
                Part::Element(element) => {
                    self.rest = self.rest.trim_start();
                    let before = place.checked_sub(1).and_then(|before| parts.get(before));
                    let is_tight = [before, parts.get(place + 1)]
                        .into_iter()
                        .flatten()
                        .any(|part| matches!(part, Part::Element(other) if is_numeric(*other)));
                    self.element(*element, is_tight)?;
                }
            }
        }
        if !self.rest.trim().is_empty() {
            return Err(Fault::Unknown);
        }
        Ok(self.found)
    }

    /// `is_tight` where digits of another element come right before or behind.
    fn element(&mut self, element: Element, is_tight: bool) -> Result<(), Fault> {
        match element {
            Element::Year => self.found.year = Some(self.number(4, is_tight)?),
            Element::IsoYear => {
                let is_before = self.take_sign() == Some(true);
                let year: i16 = self.number(4, is_tight)?;
                self.found.year = Some(if is_before { -year } else { year });
            }
            Element::YearOfCentury(_) => {
                let year: i16 = self.number(2, is_tight)?;
                // TWO_DIGIT_CENTURY_START is 1970.
                self.found.year = Some(if year < 70 { 2000 + year } else { 1900 + year });
            }
            Element::Month(_) => self.found.month = Some(self.number(2, is_tight)?),
            Element::ShortMonth | Element::LongMonth => self.found.month = Some(self.month()?),
            Element::Day(_) => self.found.day = Some(self.number(2, is_tight)?),
            Element::Weekday => self.found.weekday = Some(self.weekday()?),
            Element::Hour24(_) => self.found.hour = Some(self.number(2, is_tight)?),
            Element::Hour12(_) => {
                self.found.hour = Some(self.number(2, is_tight)?);
                self.found.is_of_half = true;
            }
            Element::Half => self.found.is_late = Some(self.half(2)?),
            Element::HalfLetter => self.found.is_late = Some(self.half(1)?),
            Element::Minute(_) => self.found.minute = self.number(2, is_tight)?,
            Element::Second(_) => self.found.second = self.number(2, is_tight)?,
            Element::Fraction(digits) => self.fraction(digits)?,
            Element::ZoneHour => {
                let is_west = match self.take_sign() {
                    Some(is_west) => is_west,
                    None if self.rest.starts_with(['Z', 'z']) => {
                        return limit(
                            "does not read Z where a format has TZH; write \"Z\" in the format",
                        );
                    }
                    None => false,
                };
                let hours: i64 = self.number(2, is_tight)?;
                if hours > 14 {
                    return Err(Fault::Unknown);
                }
                self.found.offset = 60 * hours;
                self.found.is_west = is_west;
            }
            Element::ZoneMinute => {
                let minutes: i64 = self.number(2, is_tight)?;
                if minutes > 59 {
                    return Err(Fault::Unknown);
                }
                self.found.offset += minutes;
            }
        }
        Ok(())
    }

    /// A number of so many digits or fewer.
    fn number<T: TryFrom<i64>>(&mut self, most: usize, is_tight: bool) -> Result<T, Fault> {
        let digits = self.digits(most);
        let number = digits.parse::<i64>().map_err(|_| Fault::Unknown)?;
        if is_tight && digits.len() < most {
            return limit(
                "does not read numbers with fewer digits than their format where nothing stands between them",
            );
        }
        T::try_from(number).map_err(|_| Fault::Unknown)
    }

    fn digits(&mut self, most: usize) -> &'t str {
        let length = self
            .rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        let (digits, rest) = self.rest.split_at_checked(length).unwrap_or(("", ""));
        self.rest = rest;
        digits
    }

    fn fraction(&mut self, most: usize) -> Result<(), Fault> {
        let digits = self.digits(most);
        if digits.is_empty() && most > 0 {
            return limit(
                "does not support a format with FF for a text without fraction of a second",
            );
        }
        if digits.bytes().skip(6).any(|digit| digit != b'0') {
            return limit("supports times to the microsecond, and the text has more digits");
        }
        self.found.nanosecond = format!("{digits:0<9}")
            .parse()
            .map_err(|_| Fault::Unknown)?;
        Ok(())
    }

    /// Whether it is a minus.
    fn take_sign(&mut self) -> Option<bool> {
        let (sign, rest) = self.rest.split_at_checked(1)?;
        let is_minus = match sign {
            "-" => true,
            "+" => false,
            _ => return None,
        };
        self.rest = rest;
        Some(is_minus)
    }

    /// The name of a month, whole or its first three letters.
    fn month(&mut self) -> Result<i8, Fault> {
        for (place, name) in MONTHS.iter().enumerate() {
            let short = name.get(..3).unwrap_or(name);
            if self.take(name) || self.take(short) {
                return i8::try_from(place + 1).map_err(|_| Fault::Unknown);
            }
        }
        Err(Fault::Unknown)
    }

    fn weekday(&mut self) -> Result<usize, Fault> {
        let found = WEEKDAYS.iter().position(|name| self.take(name));
        found.ok_or(Fault::Unknown)
    }

    /// Whether it is the later half of the day. `AM` and `PM` stand for one another in a format.
    fn half(&mut self, letters: usize) -> Result<bool, Fault> {
        for (half, is_late) in [("AM", false), ("PM", true)] {
            if self.take(half.get(..letters).unwrap_or(half)) {
                return Ok(is_late);
            }
        }
        Err(Fault::Unknown)
    }

    /// Takes a word, in whatever case.
    fn take(&mut self, word: &str) -> bool {
        match self.rest.split_at_checked(word.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(word) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

/// Whether what is left of a format is the fraction of a second.
fn is_fraction(parts: Option<&[Part]>) -> bool {
    matches!(
        parts,
        Some([Part::Literal('.'), Part::Element(Element::Fraction(_)), ..])
    )
}

fn is_numeric(element: Element) -> bool {
    !matches!(
        element,
        Element::ShortMonth
            | Element::LongMonth
            | Element::Weekday
            | Element::Half
            | Element::HalfLetter
            | Element::ZoneHour
    )
}

impl Found {
    fn written(&self, wanted: As) -> Result<String, Fault> {
        let time = self.time()?;
        if wanted == As::Time {
            return Ok(time.to_string());
        }
        let Some(year) = self.year else {
            return limit(
                "needs a year in the format of a date or timestamp; Snowflake's default for it is not documented",
            );
        };
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let date = Date::new(year, month, day).map_err(|_| Fault::Unknown)?;
        if let Some(weekday) = self.weekday
            && usize::try_from(date.weekday().to_sunday_zero_offset()) != Ok(weekday)
        {
            return limit("does not read a date whose day of the week is another one");
        }
        let at = date.to_datetime(time);
        match wanted {
            As::Date => Ok(date.to_string()),
            As::Utc => self.utc(at),
            As::WallClock | As::Time => Ok(at.to_string().replace('T', " ")),
        }
    }

    fn utc(&self, at: DateTime) -> Result<String, Fault> {
        let offset = if self.is_west {
            -self.offset
        } else {
            self.offset
        };
        let at = at
            .checked_sub(SignedDuration::from_mins(offset))
            .map_err(|_| Fault::Unknown)?;
        Ok(format!("{}+00", at.to_string().replace('T', " ")))
    }

    fn time(&self) -> Result<Time, Fault> {
        let hour = match (self.hour, self.is_late) {
            (None, None) => 0,
            // Half of what?
            (None, Some(_)) => return Err(Fault::Unknown),
            (Some(hour), None) if !self.is_of_half => hour,
            (Some(hour @ 1..=12), is_late) if self.is_of_half => match is_late {
                Some(is_late) => hour % 12 + if is_late { 12 } else { 0 },
                None if hour == 12 => {
                    return limit("does not read the hour 12 of a format with HH12 and without AM");
                }
                None => hour,
            },
            _ => return Err(Fault::Unknown),
        };
        Time::new(hour, self.minute, self.second, self.nanosecond).map_err(|_| Fault::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(text: &str, format: &str) -> Outcome<String> {
        strict(&[Some(text), Some(format)], As::WallClock)
    }

    #[test]
    fn texts_are_read_by_their_format() {
        for (text, format, expected) in [
            ("2024-05-10", "YYYY-MM-DD", "2024-05-10 00:00:00"),
            ("5/1/24", "MM/DD/YY", "2024-05-01 00:00:00"),
            ("01-01-69", "DD-MM-YY", "2069-01-01 00:00:00"),
            ("01-01-70", "DD-MM-YY", "1970-01-01 00:00:00"),
            ("JANUARY 5 2024", "MON DD YYYY", "2024-01-05 00:00:00"),
            ("Jan 5, 2024", "MMMM DD, YYYY", "2024-01-05 00:00:00"),
            ("Tue 05 Mar 2024", "DY DD MON YYYY", "2024-03-05 00:00:00"),
            ("20240510", "YYYYMMDD", "2024-05-10 00:00:00"),
            ("202405", "YYYYMM", "2024-05-01 00:00:00"),
            ("536-1-2", "YYYY-MM-DD", "0536-01-02 00:00:00"),
            (
                "2024-05-10 10:11:12.5",
                "YYYY-MM-DD HH24:MI:SS.FF",
                "2024-05-10 10:11:12.5",
            ),
            (
                "2019-02-28 23:59:59.000000000",
                "YYYY-MM-DDHH24:MI:SS.FF",
                "2019-02-28 23:59:59",
            ),
            (
                "05/10/2024 12:11 am",
                "MM/DD/YYYY HH12:MI PM",
                "2024-05-10 00:11:00",
            ),
            (
                "05/10/2024 2:11 P",
                "MM/DD/YYYY H12:ME P",
                "2024-05-10 14:11:00",
            ),
            (
                "2024-05-10 10:11:12 +0230",
                "YYYY-MM-DD HH24:MI:SS TZHTZM",
                "2024-05-10 10:11:12",
            ),
            (
                "2026-01-02T03:04:05 EST",
                "YYYY-MM-DDTHH24:MI:SS \"EST\"",
                "2026-01-02 03:04:05",
            ),
        ] {
            assert_eq!(
                timestamp(text, format),
                Ok(Some(expected.to_owned())),
                "{text} {format}"
            );
        }
        let zoned = |text| strict(&[Some(text), Some("YYYY-MM-DD HH24:MI TZH:TZM")], As::Utc);
        assert_eq!(
            zoned("2024-05-10 10:11 +02:30"),
            Ok(Some("2024-05-10 07:41:00+00".into()))
        );
        assert_eq!(
            zoned("2024-05-10 23:11 -02:30"),
            Ok(Some("2024-05-11 01:41:00+00".into()))
        );
        let time = strict(&[Some("1:05 PM"), Some("HH12:MI AM")], As::Time);
        assert_eq!(time, Ok(Some("13:05:00".into())));
        assert_eq!(strict(&[None, Some("YYYY")], As::Date), Ok(None));
    }

    #[test]
    fn what_is_not_written_so_is_refused_or_nothing() {
        for (text, format) in [
            ("2024-02-30", "YYYY-MM-DD"),
            ("2024-13-01", "YYYY-MM-DD"),
            ("2024-05-10x", "YYYY-MM-DD"),
            ("2019-02-2823:59:59", "YYYY-MM-DD HH24:MI:SS"),
            ("2024-05-10 23:59:60", "YYYY-MM-DD HH24:MI:SS"),
            ("13:00 PM", "HH12:MI AM"),
            ("", "YYYY"),
        ] {
            let said = timestamp(text, format);
            assert!(
                said.as_ref()
                    .is_err_and(|said| said.starts_with("Can't parse")),
                "{said:?}"
            );
            assert_eq!(
                lenient(&[Some(text), Some(format)], As::WallClock),
                Ok(None)
            );
        }
    }

    #[test]
    fn what_is_not_certain_is_the_limit_of_the_engine() {
        for (text, format) in [
            ("2024115", "YYYYMMDD"),
            ("Mon 05 Mar 2024", "DY DD MON YYYY"),
            ("10:11", "HH24:MI"),
            ("2024-05-10 10:11:12.1234567", "YYYY-MM-DD HH24:MI:SS.FF"),
            ("2024-05-10 10:11:12", "YYYY-MM-DD HH24:MI:SS.FF"),
        ] {
            let said = lenient(&[Some(text), Some(format)], As::WallClock);
            let is_limit = said
                .as_ref()
                .is_err_and(|said| said.starts_with("the embedded engine "));
            assert!(is_limit, "{text} {format}: {said:?}");
        }
    }
}
