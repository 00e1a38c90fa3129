//! Dates, times, timestamps and intervals.

use arrow_array::{
    Date32Array, Decimal128Array, Int16Array, Int32Array, Int64Array, Time64NanosecondArray,
    TimestampMicrosecondArray,
};
use proptest::prelude::*;

use super::*;

fn timestamp<'batch>(
    seconds: i64,
    nanoseconds: u32,
    offset: Option<i16>,
    scale: u8,
) -> Cell<'batch> {
    Cell::Timestamp {
        seconds,
        nanoseconds,
        offset_minutes: offset,
        scale,
    }
}

#[test]
fn dates_and_times() {
    expect(
        &row_type("date", 0),
        vec![array(Date32Array::from(vec![
            Some(0),
            Some(-719_162),
            None,
        ]))],
        &[Some("0"), Some("-719162"), None],
        &[Cell::Date(0), Cell::Date(-719_162), Cell::Null],
    );
    let time = |nanoseconds, scale| Cell::Time { nanoseconds, scale };
    expect(
        &row_type("time", 3),
        vec![
            array(Int32Array::from(vec![Some(3_661_500), None])),
            array(Int64Array::from(vec![Some(3_661_500), None])),
            array(Time64NanosecondArray::from(vec![
                Some(3_661_500_000_000),
                None,
            ])),
        ],
        &[Some("3661.500"), None],
        &[time(3_661_500_000_000, 3), Cell::Null],
    );
    expect(
        &row_type("time", 9),
        vec![array(Int64Array::from(vec![86_399_999_999_999]))],
        &[Some("86399.999999999")],
        &[time(86_399_999_999_999, 9)],
    );
}

#[test]
fn a_timestamp_before_1970_has_its_fraction_after_its_second() {
    let expected = [
        timestamp(1, 500_000_000, None, 3),
        timestamp(-2, 500_000_000, None, 3),
        timestamp(-1, 999_000_000, None, 3),
        Cell::Null,
    ];
    expect(
        &row_type("timestamp_ntz", 3),
        vec![
            array(Int64Array::from(vec![
                Some(1_500),
                Some(-1_500),
                Some(-1),
                None,
            ])),
            parts(
                &["epoch", "fraction"],
                &[
                    Some(&[1, 500_000_000]),
                    Some(&[-2, 500_000_000]),
                    Some(&[0, -1_000_000]),
                    None,
                ],
            ),
            array(TimestampMicrosecondArray::from(vec![
                Some(1_500_000),
                Some(-1_500_000),
                Some(-1_000),
                None,
            ])),
        ],
        &[Some("1.500"), Some("-1.500"), Some("-0.001"), None],
        &expected,
    );
}

#[test]
fn a_timestamp_reaches_from_the_first_year_to_the_last() {
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    expect(
        &row_type("timestamp_ntz", 9),
        vec![parts(
            &["epoch", "fraction"],
            &[Some(&[first, 0]), Some(&[last, 999_999_999])],
        )],
        &[
            Some("-62135596800.000000000"),
            Some("253402300799.999999999"),
        ],
        &[
            timestamp(first, 0, None, 9),
            timestamp(last, 999_999_999, None, 9),
        ],
    );
    // No such year, and no reason to fail.
    expect(
        &row_type("timestamp_ntz", 0),
        vec![array(Int64Array::from(vec![i64::MIN]))],
        &[Some("-9223372036854775808")],
        &[timestamp(i64::MIN, 0, None, 0)],
    );
}

#[test]
fn a_timestamp_with_a_zone_shows_its_own() {
    let expected = [
        timestamp(1, 250_000_000, Some(-330), 2),
        timestamp(-1, 750_000_000, Some(0), 2),
        Cell::Null,
    ];
    expect(
        &row_type("timestamp_tz", 2),
        vec![
            parts(
                &["epoch", "timezone"],
                &[Some(&[125, 1_110]), Some(&[-25, 1_440]), None],
            ),
            parts(
                &["epoch", "fraction", "timezone"],
                &[
                    Some(&[1, 250_000_000, 1_110]),
                    Some(&[-1, 750_000_000, 1_440]),
                    None,
                ],
            ),
        ],
        &[Some("1.25 1110"), Some("-0.25 1440"), None],
        &expected,
    );
}

#[test]
fn a_local_timestamp_shows_the_session_zone_if_that_is_fixed() {
    expect(
        &row_type("timestamp_ltz", 3),
        vec![
            array(Int64Array::from(vec![-1_500])),
            parts(&["epoch", "fraction"], &[Some(&[-2, 500_000_000])]),
        ],
        &[Some("-1.500")],
        &[timestamp(-2, 500_000_000, Some(0), 3)],
    );
    let shown_in = |timezone| {
        let schema = Schema::new(&[row_type("timestamp_ltz", 0)], timezone);
        let batch = schema.json_chunk(br#"["60"]"#).unwrap();
        match batch.cell(0, 0) {
            Cell::Timestamp { offset_minutes, .. } => offset_minutes.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    for (timezone, offset) in [
        (None, 0),
        (Some("UTC"), 0),
        (Some("Etc/UTC"), 0),
        (Some("Europe/Berlin"), 0),
        (Some("+02:00"), 120),
        (Some("-0530"), -330),
        (Some("Etc/GMT+5"), -300),
        (Some("Etc/GMT-14"), 840),
        (Some("+99:00"), 0),
        (Some("-"), 0),
    ] {
        assert_eq!(shown_in(timezone), offset, "{timezone:?}");
    }
}

#[test]
fn intervals_are_written_as_snowflake_does() {
    expect(
        &row_type("interval_year_month", 0),
        vec![
            array(Int16Array::from(vec![Some(14), Some(-25), None])),
            array(Int64Array::from(vec![Some(14), Some(-25), None])),
        ],
        &[Some("14"), Some("-25"), None],
        &[text("+1-02"), text("-2-01"), Cell::Null],
    );
    expect_json(
        &row_type("interval_year_month", 1),
        &[Some("24")],
        &[text("+2")],
    );
    let days = Decimal128Array::from(vec![93_784_500_000_000, -1])
        .with_precision_and_scale(38, 0)
        .unwrap();
    expect(
        &row_type("interval_day_time", 9),
        vec![
            array(Int64Array::from(vec![93_784_500_000_000, -1])),
            array(days),
        ],
        &[Some("93784500000000"), Some("-1")],
        &[text("+1 02:03:04.5"), text("-0 00:00:00.000000001")],
    );
}

proptest! {
    #[test]
    fn timestamps_are_the_same_in_both_formats(
        seconds in -62_135_596_800_i64..253_402_300_800,
        nanoseconds in 0_u32..1_000_000_000,
        scale in 0_u8..=9,
        zone in -840_i16..=840,
    ) {
        let coarse = 10_i64.pow(9 - u32::from(scale));
        let nanoseconds = nanoseconds - nanoseconds % u32::try_from(coarse).unwrap();
        let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let units = nanos / i128::from(coarse);
        let epoch = decimal(units, scale.into());
        let biased = i64::from(zone) + 1_440;
        let split = [seconds, nanoseconds.into(), biased];

        let mut wall = vec![parts(&["epoch", "fraction"], &[Some(&split[..2])])];
        let mut zoned = vec![parts(&["epoch", "fraction", "timezone"], &[Some(&split)])];
        if let Ok(units) = i64::try_from(units) {
            wall.push(array(Int64Array::from(vec![units])));
            zoned.push(parts(&["epoch", "timezone"], &[Some(&[units, biased])]));
        }
        expect(
            &row_type("timestamp_ntz", scale.into()),
            wall,
            &[Some(&epoch)],
            &[timestamp(seconds, nanoseconds, None, scale)],
        );
        expect(
            &row_type("timestamp_tz", scale.into()),
            zoned,
            &[Some(&format!("{epoch} {biased}"))],
            &[timestamp(seconds, nanoseconds, Some(zone), scale)],
        );
    }
}
