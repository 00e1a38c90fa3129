//! One column of every type and encoding: an ordinary value, NULL, both extremes, and something odd.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int16Array};
use serde_json::json;

use super::{
    columns::{Column, Table, rowtype, structure},
    nested::{nested, rare},
};

/// Days from 1970 to the first and the last date there are.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// All columns, or those named (separated by commas).
pub fn table(only: Option<&str>) -> Table {
    let wanted = |name: &str| {
        only.is_none_or(|it| it.split(',').any(|it| it.trim().eq_ignore_ascii_case(name)))
    };
    let all = [numbers(), texts(), times(), nested(), rare()]
        .into_iter()
        .flatten();
    Table(
        all.filter(|column| wanted(column.rowtype["name"].as_str().unwrap()))
            .collect(),
    )
}

fn numbers() -> Vec<Column> {
    // The largest number of so many digits, and the same below zero.
    let fixed = |name: &str, precision: u8, scale: u8| {
        let most = 10_i128.pow(precision.into()) - 1;
        Column::fixed(
            name,
            precision,
            scale,
            &[Some(1), None, Some(-most), Some(most), Some(0)],
        )
    };
    vec![
        fixed("FIXED_INT8", 2, 0),
        fixed("FIXED_INT16", 4, 2),
        fixed("FIXED_INT32", 9, 0),
        fixed("FIXED_INT64", 18, 2),
        fixed("FIXED_DECIMAL", 38, 0),
        fixed("FIXED_DECIMAL_SCALE", 38, 10),
        Column::real(
            "REAL",
            &[
                Some(1.5),
                None,
                Some(f64::MIN),
                Some(f64::MAX),
                Some(f64::NAN),
            ],
        ),
        Column::real(
            "REAL_INFINITE",
            &[
                Some(0.1),
                None,
                Some(f64::NEG_INFINITY),
                Some(f64::INFINITY),
                Some(-0.0),
            ],
        ),
        decfloat(),
        Column::boolean(
            "BOOLEAN",
            &[Some(true), None, Some(false), Some(true), Some(false)],
        ),
    ]
}

/// 1.5, the most negative and the largest significand, and one with a large exponent.
fn decfloat() -> Column {
    let most = 10_i128.pow(36) - 1;
    let values = [
        Some((15_i128, -1_i16)),
        None,
        Some((-most, 0)),
        Some((most, 16_000)),
        Some((0, 0)),
    ];
    let significands: Vec<Option<Vec<u8>>> = values
        .iter()
        .map(|it| Some(shortest(it.map_or(0, |it| it.0))))
        .collect();
    let exponents: ArrayRef = Arc::new(
        values
            .iter()
            .map(|it| Some(it.map_or(0, |it| it.1)))
            .collect::<Int16Array>(),
    );
    let significands: ArrayRef = Arc::new(
        significands
            .iter()
            .map(Option::as_deref)
            .collect::<BinaryArray>(),
    );
    let array = structure(
        &values,
        vec![("exponent", exponents), ("significand", significands)],
    );
    let cells = values
        .iter()
        .map(|it| it.map(|(significand, exponent)| format!("{significand}e{exponent}")));
    Column::new(
        rowtype("DECFLOAT", "decfloat", json!({ "precision": 38 })),
        array,
        cells.collect(),
    )
}

/// Big-endian two's complement without superfluous bytes in front.
fn shortest(number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let is_same = |length: &usize| {
        let tail = &bytes[16 - length..];
        let filler = if tail[0] & 0x80 == 0 { 0 } else { 0xff };
        bytes[..16 - length].iter().all(|it| *it == filler)
    };
    let length = (1..=16).find(is_same).unwrap();
    bytes[16 - length..].to_vec()
}

fn texts() -> Vec<Column> {
    let text = |it: &str| Some(it.to_owned());
    vec![
        Column::text(
            "TEXT",
            vec![
                text("snow"),
                None,
                text(""),
                text("❄ Ünï 雪 🧊"),
                text("a\n\"b\"\t,\u{7}'"),
            ],
        ),
        Column::binary(
            "BINARY",
            &[
                Some(b"snow"),
                None,
                Some(b""),
                Some(&[0xff; 16]),
                Some(&[0, 1, 0x7f, 0x80]),
            ],
        ),
        Column::text("NULL_ONLY", vec![None; 5]),
        Column::semi_structured(
            "VARIANT",
            "variant",
            &[
                Some(r#"{"a": 1}"#),
                None,
                Some("null"),
                Some("12345678901234567890.5"),
                Some("\"2024-01-31\""),
            ],
        ),
        Column::semi_structured(
            "OBJECT",
            "object",
            &[
                Some("{\n  \"a\": [1, null]\n}"),
                None,
                Some("{}"),
                Some(r#"{"b": NaN}"#),
                Some(r#"{"c": -Infinity}"#),
            ],
        ),
        Column::semi_structured(
            "ARRAY",
            "array",
            &[
                Some("[1, 2]"),
                None,
                Some("[]"),
                Some("[\n  undefined,\n  1\n]"),
                Some("[[\"x\"]]"),
            ],
        ),
    ]
}

fn times() -> Vec<Column> {
    let day = |days: i64| i32::try_from(days).ok();
    let days = [day(19_753), None, day(FIRST_DAY), day(LAST_DAY), day(-1)];
    let mut columns = vec![Column::date("DATE", &days)];
    for scale in [0, 3, 6, 9] {
        let second = 10_i64.pow(scale.into());
        let units = [
            Some(45_296 * second),
            None,
            Some(0),
            Some(86_400 * second - 1),
            Some(second),
        ];
        columns.push(Column::time(&format!("TIME_{scale}"), scale, &units));
    }
    for kind in ["timestamp_ntz", "timestamp_ltz"] {
        for scale in [0, 3, 6, 9] {
            columns.push(Column::timestamp(
                &format!("{}_{scale}", kind.to_uppercase()),
                kind,
                scale,
                &instants(scale),
            ));
        }
    }
    for scale in [0, 3, 6, 9] {
        let offsets = [60, 0, 0, 0, -570];
        let values: Vec<_> = instants(scale)
            .into_iter()
            .zip(offsets)
            .map(|(at, zone)| Some((at?, zone)))
            .collect();
        columns.push(Column::timestamp_tz(
            &format!("TIMESTAMP_TZ_{scale}"),
            scale,
            &values,
        ));
    }
    columns
}

/// In the recent past, NULL, the first, the last, and just before 1970, where rounding goes wrong.
fn instants(scale: u8) -> Vec<Option<i128>> {
    let second = 10_i128.pow(scale.into());
    let first = i128::from(FIRST_DAY) * 86_400 * second;
    let end = i128::from(LAST_DAY + 1) * 86_400 * second;
    vec![
        Some(1_706_659_200 * second + 1),
        None,
        Some(first),
        Some(end - 1),
        Some(-second / 2 - 1),
    ]
}
