//! Types whose values are of one piece.

use arrow_array::{
    BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, NullArray, StringArray, StructArray,
};
use arrow_schema::{DataType as Arrow, Field};
use proptest::prelude::*;

use super::*;

#[test]
fn a_number_has_its_scale_whatever_it_is_stored_in() {
    let decimals = Decimal128Array::from(vec![Some(125), None, Some(-5)])
        .with_precision_and_scale(10, 2)
        .unwrap();
    expect(
        &row_type("fixed", 2),
        vec![
            array(Int8Array::from(vec![Some(125), None, Some(-5)])),
            array(Int16Array::from(vec![Some(125), None, Some(-5)])),
            array(Int32Array::from(vec![Some(125), None, Some(-5)])),
            array(Int64Array::from(vec![Some(125), None, Some(-5)])),
            array(decimals),
        ],
        &[Some("1.25"), None, Some("-0.05")],
        &[number(125, 2), Cell::Null, number(-5, 2)],
    );
}

#[test]
fn a_number_of_38_digits_keeps_them_all() {
    let largest = 10_i128.pow(38) - 1;
    let decimals = Decimal128Array::from(vec![largest, -largest])
        .with_precision_and_scale(38, 37)
        .unwrap();
    let nines = format!("9.{}", "9".repeat(37));
    expect(
        &row_type("fixed", 37),
        vec![array(decimals)],
        &[Some(&nines), Some(&format!("-{nines}"))],
        &[number(largest, 37), number(-largest, 37)],
    );
}

#[test]
fn a_number_out_of_range_stays_as_it_came() {
    let long = "9".repeat(60);
    expect_json(
        &row_type("fixed", 2),
        &[Some(&long), Some("1.2345"), Some("abc"), Some("")],
        &[text(&long), number(12_345, 4), text("abc"), text("")],
    );
}

#[test]
fn a_float_may_be_infinite() {
    let (largest, smallest) = (f64::MAX.to_string(), format!("{:e}", f64::MIN_POSITIVE));
    expect(
        &row_type("real", 0),
        vec![array(Float64Array::from(vec![
            Some(1.5),
            None,
            Some(f64::INFINITY),
            Some(f64::NEG_INFINITY),
            Some(f64::MAX),
            Some(f64::MIN_POSITIVE),
        ]))],
        &[
            Some("1.5"),
            None,
            Some("inf"),
            Some("-inf"),
            Some(&largest),
            Some(&smallest),
        ],
        &[
            Cell::Float(1.5),
            Cell::Null,
            Cell::Float(f64::INFINITY),
            Cell::Float(f64::NEG_INFINITY),
            Cell::Float(f64::MAX),
            Cell::Float(f64::MIN_POSITIVE),
        ],
    );
    let nan = schema(&row_type("real", 0))
        .json_chunk(br#"["NaN"]"#)
        .unwrap();
    assert!(matches!(nan.cell(0, 0), Cell::Float(value) if value.is_nan()));
}

#[test]
fn a_decfloat_is_a_number_where_that_can_be_read() {
    let fields = vec![
        Field::new("exponent", Arrow::Int16, false),
        Field::new("significand", Arrow::Binary, false),
    ];
    let significands: Vec<&[u8]> = vec![&[0x0f], &[0xff], &[5], &[0x01, 0x2c], &[1], &[], &[9]];
    let stored = StructArray::new(
        fields.into(),
        vec![
            array(Int16Array::from(vec![-1, -2, 3, -1, 200, 0, 0])),
            array(BinaryArray::from(significands)),
        ],
        Some(vec![true, true, true, true, true, true, false].into()),
    );
    expect(
        &row_type("decfloat", 0),
        vec![array(stored)],
        &[
            Some("1.5"),
            Some("-0.01"),
            Some("5e3"),
            Some("30.0"),
            Some("1E+200"),
            Some("0"),
            None,
        ],
        &[
            number(15, 1),
            number(-1, 2),
            number(5_000, 0),
            number(30, 0),
            text("1e200"),
            number(0, 0),
            Cell::Null,
        ],
    );
    expect_json(
        &row_type("decfloat", 0),
        &[Some("-12.5e-16000")],
        &[text("-1.25e-15999")],
    );
}

#[test]
fn texts_bytes_and_truth_values() {
    expect(
        &row_type("text", 0),
        vec![array(StringArray::from(vec![
            Some("a\"ü\n"),
            Some(""),
            None,
        ]))],
        &[Some("a\"ü\n"), Some(""), None],
        &[text("a\"ü\n"), text(""), Cell::Null],
    );
    expect(
        &row_type("binary", 0),
        vec![array(BinaryArray::from(vec![
            Some(&[0, 0xab][..]),
            Some(&[]),
            None,
        ]))],
        &[Some("00aB"), Some(""), None],
        &[Cell::Binary(&[0, 0xab]), Cell::Binary(&[]), Cell::Null],
    );
    expect_json(&row_type("binary", 0), &[Some("xyz")], &[text("xyz")]);
    expect(
        &row_type("boolean", 0),
        vec![array(BooleanArray::from(vec![
            Some(true),
            Some(false),
            Some(true),
            None,
        ]))],
        &[Some("1"), Some("0"), Some("TRUE"), None],
        &[
            Cell::Boolean(true),
            Cell::Boolean(false),
            Cell::Boolean(true),
            Cell::Null,
        ],
    );
}

#[test]
fn places_and_shapes_are_text_or_json() {
    let geo = |kind: &str| RowType {
        ext_type_name: Some("GEOGRAPHY".into()),
        ..row_type(kind, 0)
    };
    expect(
        &geo("text"),
        vec![array(StringArray::from(vec!["POINT(1 2)"]))],
        &[Some("POINT(1 2)")],
        &[text("POINT(1 2)")],
    );
    expect(
        &geo("binary"),
        vec![array(BinaryArray::from(vec![&[1_u8, 0xab][..]]))],
        &[Some("01AB")],
        &[text("01AB")],
    );
    let point = r#"{"type":"Point"}"#;
    expect(
        &geo("object"),
        vec![array(StringArray::from(vec![point]))],
        &[Some(point)],
        &[json(point)],
    );
}

#[test]
fn an_unknown_type_is_text() {
    let unknown = row_type("tomorrow", 0);
    expect(
        &unknown,
        vec![array(StringArray::from(vec![Some("x"), None]))],
        &[Some("x"), None],
        &[text("x"), Cell::Null],
    );
    expect_arrow(&unknown, array(Int32Array::from(vec![-7])), &[text("-7")]);
    expect_arrow(
        &unknown,
        array(Float32Array::from(vec![0.5])),
        &[text("0.5")],
    );
    expect_arrow(
        &unknown,
        parts(&["epoch"], &[Some(&[7])]),
        &[text(r#"{"epoch":7}"#)],
    );
    // A known type in an array that cannot be meant for it.
    expect_arrow(
        &row_type("timestamp_ntz", 9),
        array(Date32Array::from(vec![1])),
        &[text("1970-01-02")],
    );
    expect_arrow(
        &row_type("date", 0),
        array(BooleanArray::from(vec![true])),
        &[text("true")],
    );
    expect_arrow(
        &row_type("text", 0),
        array(NullArray::new(2)),
        &[Cell::Null, Cell::Null],
    );
    assert_eq!(
        schema(&unknown).columns()[0].data_type,
        DataType::Other("TOMORROW".into())
    );
}

proptest! {
    #[test]
    fn numbers_are_the_same_in_both_formats(
        unscaled in -(10_i128.pow(38) - 1)..10_i128.pow(38),
        scale in 0_u8..38,
    ) {
        let fixed = row_type("fixed", scale.into());
        let expected = [number(unscaled, scale)];
        let decimals = Decimal128Array::from(vec![unscaled])
            .with_precision_and_scale(38, scale.try_into().unwrap())
            .unwrap();
        expect(&fixed, vec![array(decimals)], &[Some(&decimal(unscaled, scale.into()))], &expected);
        if let Ok(narrow) = i64::try_from(unscaled >> 64) {
            expect_arrow(&fixed, array(Int64Array::from(vec![narrow])), &[number(narrow.into(), scale)]);
        }
    }
}
