//! Moments written in a format.

use super::parts::{Element, MONTHS, Part, WEEKDAYS, parts};
use crate::warehouse::embedded::natives::native::{Arguments, Outcome, present};

/// `rs_write_moment('2024-03-05 04:05:06.123456', format)`: a moment of UTC, or without zone.
pub(super) fn write(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([moment, format]) = present(arguments) else {
        return Ok(None);
    };
    let parts = parts(format).map_err(|what| format!("the embedded engine {what}"))?;
    let Some(moment) = Moment::read(moment) else {
        return Err("the embedded engine could not write a date or time".into());
    };
    let mut written = String::with_capacity(format.len() + 8);
    for part in &parts {
        match part {
            Part::Literal(letter) => written.push(*letter),
            // What becomes of the point before it is not documented.
            Part::Element(Element::Fraction(0)) if written.ends_with('.') => {
                return Err("the embedded engine does not support FF0 behind a point".into());
            }
            Part::Element(element) => written.push_str(&moment.part(*element)),
        }
    }
    Ok(Some(written))
}

/// The parts of a moment.
struct Moment {
    year: i64,
    month: usize,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// Six digits.
    fraction: String,
}

impl Moment {
    fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(' ')?;
        let (date, day) = date.rsplit_once('-')?;
        let (year, month) = date.rsplit_once('-')?;
        let (time, fraction) = time.split_once('.')?;
        let mut time = time.split(':').map(|part| part.parse().ok());
        Some(Self {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
            day: day.parse().ok()?,
            hour: time.next()??,
            minute: time.next()??,
            second: time.next()??,
            fraction: fraction.to_owned(),
        })
    }

    fn part(&self, element: Element) -> String {
        let number = |number: u32, is_filled: bool| match is_filled {
            true => format!("{number:02}"),
            false => number.to_string(),
        };
        let name = self.month.checked_sub(1).and_then(|at| MONTHS.get(at));
        let name = name.copied().unwrap_or_default();
        let of_half = match self.hour % 12 {
            0 => 12,
            hour => hour,
        };
        let half = if self.hour < 12 { "AM" } else { "PM" };
        match element {
            Element::Year | Element::IsoYear => format!("{:04}", self.year),
            Element::YearOfCentury(is_filled) => {
                let year = u32::try_from(self.year.rem_euclid(100)).unwrap_or_default();
                number(year, is_filled)
            }
            Element::Month(is_filled) => {
                number(u32::try_from(self.month).unwrap_or_default(), is_filled)
            }
            Element::ShortMonth => name.get(..3).unwrap_or_default().to_owned(),
            Element::LongMonth => name.to_owned(),
            Element::Day(is_filled) => number(self.day, is_filled),
            Element::Weekday => self.weekday().to_owned(),
            Element::Hour24(is_filled) => number(self.hour, is_filled),
            Element::Hour12(is_filled) => number(of_half, is_filled),
            Element::Half => half.to_owned(),
            Element::HalfLetter => half.get(..1).unwrap_or_default().to_owned(),
            Element::Minute(is_filled) => number(self.minute, is_filled),
            Element::Second(is_filled) => number(self.second, is_filled),
            Element::Fraction(digits) => {
                let fraction = format!("{:0<9}", self.fraction);
                fraction.get(..digits).unwrap_or_default().to_owned()
            }
            // Only moments of UTC are written with their zone.
            Element::ZoneHour => "+00".to_owned(),
            Element::ZoneMinute => "00".to_owned(),
        }
    }

    fn weekday(&self) -> &'static str {
        // Sakamoto's: the year begins in March, so that the day a leap year has more is its last.
        const SHIFTS: [i64; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = self.year - i64::from(self.month < 3);
        let shift = self.month.checked_sub(1).and_then(|at| SHIFTS.get(at));
        let days = year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + shift.copied().unwrap_or_default()
            + i64::from(self.day);
        let place = usize::try_from(days.rem_euclid(7)).unwrap_or_default();
        WEEKDAYS.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(moment: &str, format: &str) -> Outcome<String> {
        write(&[Some(moment), Some(format)])
    }

    #[test]
    fn every_element_is_written() {
        let at = "2005-03-05 14:05:06.123456";
        for (format, expected) in [
            ("YYYY YY Y UUUU", "2005 05 5 2005"),
            ("MM MO MON MMMM", "03 3 Mar March"),
            ("DD D DY", "05 5 Sat"),
            ("HH24 HH H24 H", "14 14 14 14"),
            ("HH12 H12 AM P", "02 2 PM P"),
            ("MI ME SS S", "05 5 06 6"),
            (
                "FF0|FF1|FF2|FF3|FF6|FF7|FF9|FF",
                "|1|12|123|123456|1234560|123456000|123456000",
            ),
            ("TZH:TZM TZHTZM TZH", "+00:00 +0000 +00"),
            ("yyyy-mm-ddThh24:mi:ssZ", "2005-03-05T14:05:06Z"),
            ("YYYYMMDD\"T\"HH24MISS", "20050305T140506"),
            ("\"in \"\"words\" %d", "in words %5"),
        ] {
            assert_eq!(
                written(at, format),
                Ok(Some(expected.to_owned())),
                "{format}"
            );
        }
        assert_eq!(
            written("0999-12-31 00:11:12.000000", "YYYY DY HH12:MI AM"),
            Ok(Some("0999 Tue 12:11 AM".to_owned()))
        );
    }

    #[test]
    fn what_is_not_certain_is_refused() {
        let at = "2005-03-05 14:05:06.123456";
        for format in [
            "hh24:mi hours",
            "YYYYQ",
            "Q",
            "year",
            "HH:MI AM",
            "SS.FF0",
            "\"open",
        ] {
            let refused = written(at, format);
            let is_limit = refused
                .as_ref()
                .is_err_and(|said| said.starts_with("the embedded engine "));
            assert!(is_limit, "{format}: {refused:?}");
        }
    }

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        let mut day = jiff::civil::date(1599, 12, 28);
        let last = jiff::civil::date(2105, 1, 1);
        while day < last {
            let moment = Moment::read(&format!("{day} 00:00:00.000000")).unwrap();
            let place = usize::try_from(day.weekday().to_sunday_zero_offset()).unwrap();
            assert_eq!(moment.weekday(), WEEKDAYS[place], "{day}");
            day = day.saturating_add(jiff::ToSpan::days(5));
        }
    }
}
