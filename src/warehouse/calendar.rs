//! Dates and times as Snowflake writes them, for every day a value can hold.
//!
//! Own arithmetic, because the calendars of the libraries end before Snowflake's values do: a `Timestamp` of jiff's ends on
//! 9999-12-30 at 22:00, so that an offset may be added, and 9999-12-31 is how half the world writes "valid for ever". The
//! algorithms are Howard Hinnant's, <https://howardhinnant.github.io/date_algorithms.html>, and the tests compare them with jiff
//! for every day that jiff knows.

use std::fmt::Write as _;

const SECONDS_A_DAY: i64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const DAYS_AN_ERA: i64 = 146_097;
/// From 0000-03-01, where the years of the algorithm begin, to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// Appends a day, counted from 1970-01-01, as `YYYY-MM-DD`. Years before 0 have a sign, those after 9999 five digits and more,
/// which is how Snowflake's own clients write them.
pub fn write_date(text: &mut String, days: i64) {
    // Shifted by less than a million only, and far from the ends after a division, so nothing here overflows but the sum.
    let shifted = days.saturating_add(DAYS_TO_1970);
    let (era, day_of_era) = (
        shifted.div_euclid(DAYS_AN_ERA),
        shifted.rem_euclid(DAYS_AN_ERA),
    );
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Counted from March, so that the leap day is the last of its year.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let sign = if year < 0 { "-" } else { "" };
    // Writing into a String cannot fail.
    let _ = write!(text, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs());
}

/// Appends a time of day, counted from midnight, with as many digits of its second as it needs.
pub fn write_time(text: &mut String, nanoseconds: i64, scale: u8) {
    write_clock(text, nanoseconds.div_euclid(1_000_000_000));
    let fraction = nanoseconds.rem_euclid(1_000_000_000).unsigned_abs();
    write_fraction(text, fraction, scale, 0);
}

/// Appends a moment, shown at an offset in minutes where there is one.
///
/// It is seconds since 1970-01-01 UTC and nanoseconds to add. Three digits of the second are written at least, where its scale has
/// as many, and more where the value needs them.
pub fn write_timestamp(
    text: &mut String,
    seconds: i64,
    nanoseconds: u32,
    offset_minutes: Option<i16>,
    scale: u8,
) {
    let wall = seconds.saturating_add(i64::from(offset_minutes.unwrap_or(0)) * 60);
    write_date(text, wall.div_euclid(SECONDS_A_DAY));
    text.push(' ');
    write_clock(text, wall.rem_euclid(SECONDS_A_DAY));
    write_fraction(text, nanoseconds.into(), scale, 3);
    if let Some(minutes) = offset_minutes {
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.unsigned_abs();
        let _ = write!(text, " {sign}{:02}{:02}", minutes / 60, minutes % 60);
    }
}

fn write_clock(text: &mut String, seconds: i64) {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let _ = write!(text, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
}

/// At least `at_least` digits (when the type has as many), and as many as the value needs.
fn write_fraction(text: &mut String, nanoseconds: u64, scale: u8, at_least: usize) {
    let digits = format!("{nanoseconds:09}");
    let scale = usize::from(scale.min(9));
    let shown = digits.get(..scale).unwrap_or(&digits);
    let needed = shown.trim_end_matches('0').len().max(at_least.min(scale));
    if needed > 0 {
        text.push('.');
        text.push_str(shown.get(..needed).unwrap_or(shown));
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::{SignedDuration, Timestamp, tz::Offset};
    use proptest::prelude::*;

    use super::*;

    fn date(days: i64) -> String {
        let mut text = String::new();
        write_date(&mut text, days);
        text
    }

    fn timestamp(seconds: i64, nanoseconds: u32, offset: Option<i16>, scale: u8) -> String {
        let mut text = String::new();
        write_timestamp(&mut text, seconds, nanoseconds, offset, scale);
        text
    }

    #[test]
    fn every_day_that_jiff_knows_is_the_same_day() {
        let mut day = Date::constant(1, 1, 1);
        let mut days = -719_162;
        loop {
            assert_eq!(date(days), day.to_string());
            let Ok(next) = day.tomorrow() else { break };
            (day, days) = (next, days + 1);
        }
        assert_eq!(day.to_string(), "9999-12-31");
    }

    #[test]
    fn days_beyond_four_digits_of_a_year_go_on() {
        for (days, shown) in [
            (0, "1970-01-01"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "10000-01-01"),
            (35_804_721, "99999-12-31"),
            (-719_163, "0000-12-31"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (-4_371_953, "-10000-01-01"),
            (i64::from(i32::MAX), "5881580-07-11"),
            (i64::from(i32::MIN), "-5877641-06-23"),
        ] {
            assert_eq!(date(days), shown, "{days}");
        }
    }

    #[test]
    fn nothing_is_too_far() {
        for seconds in [i64::MIN, i64::MAX] {
            for offset in [None, Some(-1_439), Some(1_439)] {
                assert!(timestamp(seconds, 999_999_999, offset, 9).contains(".999999999"));
            }
        }
        date(i64::MIN);
        date(i64::MAX);
    }

    #[test]
    fn a_fraction_has_the_digits_it_needs_within_its_scale() {
        assert_eq!(timestamp(0, 0, None, 9), "1970-01-01 00:00:00.000");
        assert_eq!(timestamp(0, 0, None, 0), "1970-01-01 00:00:00");
        assert_eq!(timestamp(0, 120_000_000, None, 2), "1970-01-01 00:00:00.12");
        assert_eq!(timestamp(0, 1_000, None, 9), "1970-01-01 00:00:00.000001");
        assert_eq!(
            timestamp(253_402_300_799, 999_999_999, Some(840), 9),
            "10000-01-01 13:59:59.999999999 +1400"
        );
    }

    proptest! {
        #[test]
        fn moments_are_those_of_jiff(
            seconds in -62_135_500_000_i64..253_402_200_000,
            nanoseconds in 0_i64..1_000_000_000,
            offset in -1_439_i16..1_439,
        ) {
            let moment = Timestamp::from_second(seconds).unwrap() + SignedDuration::from_nanos(nanoseconds);
            let wall = Offset::from_seconds(i32::from(offset) * 60).unwrap().to_datetime(moment);
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            let expected = format!(
                "{} {sign}{:02}{:02}",
                wall.strftime("%Y-%m-%d %H:%M:%S"), minutes / 60, minutes % 60
            );
            prop_assert_eq!(timestamp(seconds, 0, Some(offset), 0), expected);
            let text = timestamp(seconds, nanoseconds.try_into().unwrap(), None, 9);
            prop_assert_eq!(format!("{text:0<29}"), Offset::UTC.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S.%9f").to_string());
        }
    }
}
