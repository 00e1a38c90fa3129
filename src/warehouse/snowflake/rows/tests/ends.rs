//! The ends of every type's range, in both formats, down to the text that is shown.

use arrow_array::{BinaryArray, BooleanArray, Date32Array, Float64Array};

use super::super::text;
use super::*;

/// The cells of both formats are the same, and written out they are `shown`.
#[track_caller]
fn ends(row_type: &RowType, stored: ArrayRef, texts: &[&str], shown: &[&str]) {
    let kind = format!("{} {:?}", row_type.kind, row_type.scale);
    let written = |batch: &dyn Batch| -> Vec<String> {
        let write = |cell: &Cell<'_>| {
            let mut shown = String::new();
            text::write(&mut shown, cell);
            shown
        };
        cells(batch).iter().map(write).collect()
    };
    let from_arrow: Vec<_> = schema(row_type)
        .arrow(stream(&[stored]))
        .unwrap()
        .iter()
        .flat_map(|batch| written(batch.as_ref()))
        .collect();
    assert_eq!(from_arrow, shown, "{kind}, Arrow");
    let rows = texts
        .iter()
        .map(|text| vec![Some((*text).to_owned())])
        .collect();
    let from_json = schema(row_type).json_rows(rows).unwrap();
    assert_eq!(written(from_json.as_ref()), shown, "{kind}, JSON");
}

#[test]
fn numbers() {
    let nines = "9".repeat(38);
    let largest = 10_i128.pow(38) - 1;
    let both = |scale| {
        let ends = Decimal128Array::from(vec![largest, -largest, 0]);
        array(ends.with_precision_and_scale(38, scale).unwrap())
    };
    let negative = format!("-{nines}");
    let whole = [&*nines, &negative, "0"];
    ends(&row_type("fixed", 0), both(0), &whole, &whole);
    let small = format!("9.{}", "9".repeat(37));
    let negative = format!("-{small}");
    let zero = format!("0.{}", "0".repeat(37));
    let fractions = [&*small, &negative, &zero];
    ends(&row_type("fixed", 37), both(37), &fractions, &fractions);
    ends(
        &row_type("real", 0),
        array(Float64Array::from(vec![
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            -0.0,
        ])),
        &[
            "1.7976931348623157e308",
            "-1.7976931348623157e308",
            "2.2250738585072014e-308",
            "5e-324",
            "inf",
            "-inf",
            "NaN",
            "-0",
        ],
        &[
            "1.7976931348623157e308",
            "-1.7976931348623157e308",
            "2.2250738585072014e-308",
            "5e-324",
            "inf",
            "-inf",
            "NaN",
            "-0.0",
        ],
    );
}

#[test]
fn truth_texts_and_bytes() {
    ends(
        &row_type("boolean", 0),
        array(BooleanArray::from(vec![true, false])),
        &["1", "0"],
        &["true", "false"],
    );
    let long = "x".repeat(1 << 20);
    let texts = ["", "\0", "\u{1}\u{7f}\r\n\t", "\u{10ffff}", &long];
    ends(
        &row_type("text", 0),
        array(StringArray::from(texts.to_vec())),
        &texts,
        &texts,
    );
    let point = [r#"{"coordinates":[-180,90],"type":"Point"}"#];
    ends(
        &row_type("geography", 0),
        array(StringArray::from(point.to_vec())),
        &point,
        &point,
    );
    ends(
        &row_type("binary", 0),
        array(BinaryArray::from(vec![&b""[..], &[0, 0xff]])),
        &["", "00FF"],
        &["", "00FF"],
    );
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for kind in ["variant", "array", "object"] {
        let texts = [&*deep, "undefined", "null", r#"{"a":9007199254740993}"#];
        ends(
            &row_type(kind, 0),
            array(StringArray::from(texts.to_vec())),
            &texts,
            &texts,
        );
    }
}

#[test]
fn dates() {
    let days = [
        (2_932_896, "9999-12-31"),
        (-719_162, "0001-01-01"),
        (-719_528, "0000-01-01"),
        (2_932_897, "10000-01-01"),
        (-719_529, "-0001-12-31"),
    ];
    let texts: Vec<_> = days.iter().map(|(day, _)| day.to_string()).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    ends(
        &row_type("date", 0),
        array(Date32Array::from_iter_values(days.map(|(day, _)| day))),
        &texts,
        &days.map(|(_, shown)| shown),
    );
}

#[test]
fn times_of_every_scale() {
    for scale in 0..=9_u8 {
        let unit = 10_i64.pow(scale.into());
        let last = 86_400 * unit - 1;
        let nines = "9".repeat(scale.into());
        let point = if scale == 0 { "" } else { "." };
        ends(
            &row_type("time", scale.into()),
            array(Int64Array::from(vec![0, last])),
            &["0", &format!("86399{point}{nines}")],
            &["00:00:00", &format!("23:59:59{point}{nines}")],
        );
    }
}

/// Seconds of both ends, and of a moment a fraction before 1970.
const MOMENTS: [(i64, &str); 3] = [
    (253_402_300_799, "9999-12-31 23:59:59"),
    (-62_135_596_800, "0001-01-01 00:00:00"),
    (-1, "1969-12-31 23:59:59"),
];

#[test]
fn timestamps_of_every_scale_and_zone() {
    for scale in 0..=9_u8 {
        let nines = "9".repeat(scale.into());
        let fraction = match scale {
            0 => 0,
            scale => 10_i64.pow(9) - 10_i64.pow(9 - u32::from(scale)),
        };
        let point = if scale == 0 { "" } else { "." };
        // A moment before 1970 is sent as its distance from there: -1 s and .75 is -0.25.
        let as_text = |seconds: i64| match (seconds, scale) {
            (seconds, 0) => seconds.to_string(),
            (seconds, _) if seconds >= 0 => format!("{seconds}.{nines}"),
            (seconds, scale) => {
                let rest = 10_i64.pow(9) - fraction;
                let rest = format!("{rest:09}");
                format!("-{}.{}", (seconds + 1).abs(), &rest[..scale.into()])
            }
        };
        for (kind, zone) in [
            ("timestamp_ntz", ""),
            ("timestamp_ltz", " +0000"),
            ("timestamp_tz", " +0000"),
        ] {
            let biased = if kind == "timestamp_tz" { " 1440" } else { "" };
            let texts: Vec<_> = MOMENTS
                .iter()
                .map(|(seconds, _)| format!("{}{biased}", as_text(*seconds)))
                .collect();
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            // All digits of a value are shown, but three at least.
            let shown: Vec<_> = MOMENTS
                .iter()
                .map(|(_, shown)| match scale {
                    0..=2 => format!("{shown}.{nines:0<3}{zone}"),
                    _ => format!("{shown}{point}{nines}{zone}"),
                })
                .collect();
            let shown: Vec<_> = shown.iter().map(String::as_str).collect();
            let rows: Vec<Vec<i64>> = MOMENTS
                .iter()
                .map(|(seconds, _)| match kind {
                    "timestamp_tz" => vec![*seconds, fraction, 1_440],
                    _ => vec![*seconds, fraction],
                })
                .collect();
            let rows: Vec<_> = rows.iter().map(|row| Some(&row[..])).collect();
            let names: &[&str] = match kind {
                "timestamp_tz" => &["epoch", "fraction", "timezone"],
                _ => &["epoch", "fraction"],
            };
            let row_type = row_type(kind, scale.into());
            ends(&row_type, parts(names, &rows), &texts, &shown);
            if scale <= 7 && kind != "timestamp_tz" {
                let unit = 10_i64.pow(scale.into());
                let units =
                    MOMENTS.map(|(seconds, _)| seconds * unit + fraction * unit / 10_i64.pow(9));
                ends(
                    &row_type,
                    array(Int64Array::from(units.to_vec())),
                    &texts,
                    &shown,
                );
            }
        }
    }
    // The last moment of a zone's own last day is in the year 10000 elsewhere.
    ends(
        &row_type("timestamp_tz", 9),
        parts(
            &["epoch", "fraction", "timezone"],
            &[
                Some(&[253_402_300_799, 999_999_999, 1_440 + 840]),
                Some(&[-62_135_596_800, 0, 1_440 - 720]),
            ],
        ),
        &["253402300799.999999999 2280", "-62135596800.000000000 720"],
        &[
            "10000-01-01 13:59:59.999999999 +1400",
            "0000-12-31 12:00:00.000 -1200",
        ],
    );
}
