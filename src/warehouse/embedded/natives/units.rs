//! Dates and times moved by units, of the type they have. As `when.rs`, but with a number and a unit.
//!
//! The engine's own functions are quicker for a column, and the translation says those; but they need macros that name
//! the date several times, which nested calls cannot afford: see docs/decisions/0021.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use duckdb::arrow::datatypes::{
    DataType, Date32Type, Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId as Id};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, data_chunk_to_arrow, write_arrow_array_to_vector};

use super::moments;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A moment in microseconds since 1970, a number and a unit: what they become.
type Move = fn(i64, i64, &str) -> Result<i64, String>;

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    let moves: [(&str, Move, Check); 4] = [
        (
            "rs_date_trunc",
            |moment, _, unit| start(moment, unit),
            has_unit,
        ),
        ("rs_date_add", later, has_unit),
        (
            "rs_add_months",
            |moment, months, _| same_day_later(moment, months),
            |given, _| has_unit(given, "month"),
        ),
        (
            "rs_time_slice",
            |moment, length, unit| slice(moment, length, unit),
            is_sliced,
        ),
    ];
    for (name, run, check) in moves {
        let body = Body { run, check };
        connection.register_scalar_function_with_state::<Moved<Kept>>(name, &body)?;
    }
    let points: [(&str, Move, Check); 2] = [
        ("rs_point", |moment, _, _| Ok(moment), has_part),
        (
            "rs_neighbour_day",
            |moment, weekday, _| neighbour(moment, weekday),
            has_part,
        ),
    ];
    points.into_iter().try_for_each(|(name, run, check)| {
        let body = Body { run, check };
        connection.register_scalar_function_with_state::<Moved<Pointed>>(name, &body)
    })
}

/// Whether values of a type have a unit.
type Check = fn(&DataType, &str) -> Result<(), String>;

/// Units of a date, which a TIME has none of.
const OF_DATES: [&str; 5] = ["day", "week", "month", "quarter", "year"];

fn has_unit(given: &DataType, unit: &str) -> Result<(), String> {
    if matches!(given, DataType::Time64(_)) && OF_DATES.contains(&unit) {
        return Err(
            "a TIME has no date: this takes hours, minutes, seconds and parts of them only".into(),
        );
    }
    Ok(())
}

/// A point in time of which a part is taken.
fn has_part(given: &DataType, part: &str) -> Result<(), String> {
    match (given, part) {
        (DataType::Time64(_), "day") => {
            Err("a TIME has no date: this takes a DATE or TIMESTAMP, or a part of the time".into())
        }
        (DataType::Date32, "clock") => Err(
            "EPOCH_MILLISECOND and shorter ones are no parts of a DATE; cast it to TIMESTAMP"
                .into(),
        ),
        _ => Ok(()),
    }
}

fn is_sliced(given: &DataType, unit: &str) -> Result<(), String> {
    match given {
        DataType::Time64(_) | DataType::Timestamp(_, Some(_)) => {
            Err("TIME_SLICE takes a DATE or a TIMESTAMP_NTZ; cast the value to one of them".into())
        }
        DataType::Date32 if !OF_DATES.contains(&unit) => Err(format!(
            "'{unit}' is not a valid date/time component for TIME_SLICE of a DATE"
        )),
        _ => Ok(()),
    }
}

/// The types that dates, times and moments with a zone become.
trait Becomes: 'static {
    const DATE: Id;
    const TIME: Id;
    const ZONED: Id;
}

/// Everything keeps its type.
struct Kept;

impl Becomes for Kept {
    const DATE: Id = Id::Date;
    const TIME: Id = Id::Time;
    const ZONED: Id = Id::TimestampTZ;
}

/// Everything becomes a TIMESTAMP, a time one of the first day of 1970.
struct Pointed;

impl Becomes for Pointed {
    const DATE: Id = Id::Timestamp;
    const TIME: Id = Id::Timestamp;
    const ZONED: Id = Id::Timestamp;
}

struct Moved<T>(std::marker::PhantomData<T>);

#[derive(Clone)]
struct Body {
    run: Move,
    check: Check,
}

impl<T: Becomes> VScalar for Moved<T> {
    type State = Body;

    fn invoke(
        body: &Body,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let batch = data_chunk_to_arrow(input)?;
        let given = batch.column(0);
        let (Some(numbers), Some(units)) = (
            batch.column(1).as_primitive_opt::<Int64Type>(),
            batch.column(2).as_string_opt::<i32>(),
        ) else {
            return Err("sf_fail:the embedded engine could not hand over a unit of time".into());
        };
        // As a macro says it, see error.rs.
        let failed = |said: String| format!("sf_fail:{said}");
        if let Some(unit) = units.iter().flatten().next() {
            (body.check)(given.data_type(), unit).map_err(failed)?;
        }
        let moved = moved(body.run, given, numbers, units).map_err(failed)?;
        let target = match given.data_type() {
            DataType::Date32 => T::DATE,
            DataType::Time64(_) => T::TIME,
            _ => Id::Timestamp,
        };
        write_arrow_array_to_vector(&of_type(target, moved), output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        let one = |from: Id, to: Id| {
            let given: Vec<LogicalTypeHandle> =
                vec![from.into(), Id::Bigint.into(), Id::Varchar.into()];
            ScalarFunctionSignature::exact(given, to.into())
        };
        vec![
            one(Id::Varchar, Id::Timestamp),
            one(Id::Date, T::DATE),
            one(Id::Time, T::TIME),
            one(Id::Timestamp, Id::Timestamp),
            one(Id::TimestampTZ, T::ZONED),
        ]
    }
}

fn moved(
    run: Move,
    given: &ArrayRef,
    numbers: &Int64Array,
    units: &StringArray,
) -> Result<Vec<Option<i64>>, String> {
    let moments = microseconds(given)?;
    let rows = moments.into_iter().zip(numbers).zip(units);
    rows.map(|((moment, number), unit)| match (moment, number, unit) {
        (Some(moment), Some(number), Some(unit)) => run(moment, number, unit).map(Some),
        _ => Ok(None),
    })
    .collect()
}

/// Dates, times, moments or texts as microseconds since 1970.
fn microseconds(given: &ArrayRef) -> Result<Vec<Option<i64>>, String> {
    Ok(match given.data_type() {
        DataType::Date32 => {
            let days = given.as_primitive::<Date32Type>().iter();
            days.map(|day| day.map(|day| i64::from(day).saturating_mul(DAY)))
                .collect()
        }
        DataType::Time64(TimeUnit::Microsecond) => given
            .as_primitive::<Time64MicrosecondType>()
            .iter()
            .collect(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => given
            .as_primitive::<TimestampMicrosecondType>()
            .iter()
            .collect(),
        _ => {
            let Some(texts) = given.as_string_opt::<i32>() else {
                return Err("the embedded engine could not hand over a date or time".into());
            };
            let moments = texts
                .iter()
                .map(|text| text.map(moments::microseconds).transpose());
            moments.collect::<Result<_, _>>()?
        }
    })
}

fn of_type(target: Id, moments: Vec<Option<i64>>) -> ArrayRef {
    match target {
        Id::Date => {
            let days = moments
                .into_iter()
                .map(|moment| moment.and_then(|moment| i32::try_from(moment.div_euclid(DAY)).ok()));
            Arc::new(days.collect::<Date32Array>())
        }
        Id::Time => {
            let times = moments
                .into_iter()
                .map(|moment| moment.map(|at| at.rem_euclid(DAY)));
            Arc::new(times.collect::<Time64MicrosecondArray>())
        }
        _ => Arc::new(TimestampMicrosecondArray::from(moments)),
    }
}

/// Where the unit begins that holds a moment. Weeks begin on Mondays.
fn start(moment: i64, unit: &str) -> Result<i64, String> {
    let days = moment.div_euclid(DAY);
    match unit {
        "microsecond" => Ok(moment),
        "millisecond" => Ok(begin(moment, 1_000)),
        "second" => Ok(begin(moment, SECOND)),
        "minute" => Ok(begin(moment, 60 * SECOND)),
        "hour" => Ok(begin(moment, 3_600 * SECOND)),
        "day" => Ok(begin(moment, DAY)),
        // 1970 began on a Thursday.
        "week" => at(days - (days + 3).rem_euclid(7)),
        "month" => at(first_of(begin(months(days), 1))),
        "quarter" => at(first_of(begin(months(days), 3))),
        "year" => at(first_of(begin(months(days), 12))),
        _ => Err(format!("'{unit}' is not a valid date/time component")),
    }
}

/// The largest multiple of a length that is not above a value.
fn begin(value: i64, length: i64) -> i64 {
    value.saturating_sub(value.rem_euclid(length))
}

/// The moment at which a day begins.
fn at(days: i64) -> Result<i64, String> {
    days.checked_mul(DAY).ok_or_else(too_far)
}

fn too_far() -> String {
    "the embedded engine does not support dates that far away".into()
}

/// A moment so many days or months later. The day of a month that is too short is its last.
fn later(moment: i64, count: i64, unit: &str) -> Result<i64, String> {
    if unit == "day" {
        let days = count.checked_mul(DAY).ok_or_else(too_far)?;
        return moment.checked_add(days).ok_or_else(too_far);
    }
    let (days, time) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
    let month = months(days);
    let other = month
        .checked_add(count)
        .filter(|other| other.abs() < MOST_MONTHS);
    let other = other.ok_or_else(too_far)?;
    let day = (days - first_of(month)).min(length_of(other) - 1);
    Ok(at(first_of(other) + day)?.saturating_add(time))
}

/// `ADD_MONTHS`: besides, the last day of a month stays the last.
fn same_day_later(moment: i64, count: i64) -> Result<i64, String> {
    let days = moment.div_euclid(DAY);
    let month = months(days);
    let moved = later(moment, count, "month")?;
    if days != first_of(month + 1) - 1 {
        return Ok(moved);
    }
    let other = month + count;
    Ok(at(first_of(other + 1) - 1)?.saturating_add(moment.rem_euclid(DAY)))
}

/// The next day that is such a day of the week, 1 being Monday, or for a negative number the last one before.
fn neighbour(moment: i64, weekday: i64) -> Result<i64, String> {
    let days = moment.div_euclid(DAY);
    // 1970 began on a Thursday.
    let own = (days + 3).rem_euclid(7) + 1;
    at(if weekday < 0 {
        days - (own + weekday + 6).rem_euclid(7) - 1
    } else {
        days + (weekday - own + 6).rem_euclid(7) + 1
    })
}

/// Where the slice of so many units begins that holds a moment, or with a negative length where it ends. Weeks are
/// counted from the Monday before 1970, everything else from its first day.
fn slice(moment: i64, length: i64, unit: &str) -> Result<i64, String> {
    let (size, is_end) = (length.unsigned_abs().max(1), length < 0);
    let size = i64::try_from(size).map_err(|_| too_far())?;
    let fixed = |unit: i64, origin: i64| -> Result<i64, String> {
        let span = unit.checked_mul(size).ok_or_else(too_far)?;
        let first = begin(moment - origin, span) + origin;
        Ok(if is_end {
            first.saturating_add(span)
        } else {
            first
        })
    };
    let of_months = |count: i64| -> Result<i64, String> {
        let span = count.checked_mul(size).ok_or_else(too_far)?;
        let first = begin(months(moment.div_euclid(DAY)), span);
        at(first_of(if is_end { first + span } else { first }))
    };
    match unit {
        "microsecond" => fixed(1, 0),
        "millisecond" => fixed(1_000, 0),
        "second" => fixed(SECOND, 0),
        "minute" => fixed(60 * SECOND, 0),
        "hour" => fixed(3_600 * SECOND, 0),
        "day" => fixed(DAY, 0),
        "week" => fixed(7 * DAY, -3 * DAY),
        "month" => of_months(1),
        "quarter" => of_months(3),
        "year" => of_months(12),
        _ => Err(format!("'{unit}' is not a valid date/time component")),
    }
}

/// Ten thousand years.
const MOST_MONTHS: i64 = 120_000;

/// The month that holds a day, in months since 1970.
///
/// A year begins in March here, so that the day a leap year has more is its last.
fn months(days: i64) -> i64 {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    (era * 400 + year) * 12 + from_march + 2 - 1970 * 12
}

/// The first day of a month, in days since 1970.
fn first_of(month: i64) -> i64 {
    let from_march = month + 1970 * 12 - 2;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5;
    era * 146_097 + year * 365 + year / 4 - year / 100 + of_year - 719_468
}

fn length_of(month: i64) -> i64 {
    first_of(month + 1) - first_of(month)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{Date, date};

    use super::*;

    fn since(day: Date) -> i64 {
        i64::from((day - date(1970, 1, 1)).get_days())
    }

    fn moment(day: Date) -> i64 {
        since(day) * DAY + 7
    }

    #[test]
    fn every_day_of_nine_centuries_has_its_first_days() {
        let mut day = date(1599, 12, 28);
        while day < date(2501, 1, 5) {
            let starts = [
                ("month", date(day.year(), day.month(), 1)),
                (
                    "quarter",
                    date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
                ),
                ("year", date(day.year(), 1, 1)),
            ];
            for (unit, first) in starts {
                assert_eq!(
                    start(moment(day), unit),
                    Ok(since(first) * DAY),
                    "{day} {unit}"
                );
            }
            for count in [-13_i64, -1, 1, 25] {
                let other = day.saturating_add(count.months());
                assert_eq!(
                    later(moment(day), count, "month"),
                    Ok(moment(other)),
                    "{day} {count}"
                );
            }
            day = day.saturating_add(3.days());
        }
        assert_eq!(
            start(moment(date(-1, 2, 3)), "year"),
            Ok(since(date(-1, 1, 1)) * DAY)
        );
    }

    #[test]
    fn moments_before_1970_go_back_not_forward() {
        assert_eq!(start(-1, "day"), Ok(-DAY));
        assert_eq!(start(-1, "week"), Ok(-3 * DAY));
        assert_eq!(start(-1_500, "millisecond"), Ok(-2_000));
        assert_eq!(start(4 * DAY, "week"), Ok(4 * DAY));
        assert!(start(0, "fortnight").is_err());
        assert_eq!(slice(-1, 2, "day"), Ok(-2 * DAY));
        assert_eq!(slice(-1, -2, "day"), Ok(0));
        assert_eq!(slice(-1, 2, "month"), Ok(moment(date(1969, 11, 1)) - 7));
    }

    #[test]
    fn the_last_day_of_a_month_stays_the_last() {
        let added = |day, count| same_day_later(moment(day), count);
        assert_eq!(added(date(2024, 2, 29), 1), Ok(moment(date(2024, 3, 31))));
        assert_eq!(added(date(2024, 1, 30), 1), Ok(moment(date(2024, 2, 29))));
        assert_eq!(added(date(2024, 5, 15), -6), Ok(moment(date(2023, 11, 15))));
        assert!(added(date(2024, 5, 15), i64::MAX).is_err());
        assert!(later(0, i64::MAX, "day").is_err());
    }

    #[test]
    fn the_neighbour_of_a_day_is_never_the_day() {
        // A Wednesday.
        let near = |weekday| neighbour(moment(date(2024, 5, 15)), weekday);
        for (weekday, month, day) in [
            (3, 5, 22),
            (4, 5, 16),
            (2, 5, 21),
            (-3, 5, 8),
            (-4, 5, 9),
            (-2, 5, 14),
        ] {
            let expected = since(date(2024, month, day)) * DAY;
            assert_eq!(near(weekday), Ok(expected), "{weekday}");
        }
    }

    #[test]
    fn slices_have_their_ends() {
        let sliced = |length, unit| slice(moment(date(2024, 2, 5)), length, unit);
        assert_eq!(sliced(2, "month"), Ok(since(date(2024, 1, 1)) * DAY));
        assert_eq!(sliced(-2, "month"), Ok(since(date(2024, 3, 1)) * DAY));
        assert_eq!(sliced(4, "year"), Ok(since(date(2022, 1, 1)) * DAY));
        assert_eq!(sliced(1, "week"), Ok(since(date(2024, 2, 5)) * DAY));
        assert_eq!(sliced(-1, "week"), Ok(since(date(2024, 2, 12)) * DAY));
    }
}
