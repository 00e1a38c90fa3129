//! Values shown as JSON.

use arrow_array::builder::{Int32Builder, MapBuilder, StringBuilder};
use arrow_array::types::{Float32Type, Int32Type, Int64Type};
use arrow_array::{
    BinaryArray, Date32Array, FixedSizeListArray, Int16Array, Int64Array, ListArray, StringArray,
    StructArray,
};
use arrow_schema::{DataType as Arrow, Field};

use super::*;

#[test]
fn semi_structured_values_are_json_as_it_came() {
    for kind in ["variant", "object", "array"] {
        let values = [Some(r#"{"a":undefined}"#), Some("null"), None];
        expect(
            &row_type(kind, 0),
            vec![array(StringArray::from(values.to_vec()))],
            &values,
            &[json(r#"{"a":undefined}"#), json("null"), Cell::Null],
        );
    }
}

#[test]
fn a_structured_object_is_json_with_its_parts_read_by_their_types() {
    let part = |name: &str, stored, logical: &str, scale: &str| {
        Field::new(name, stored, true).with_metadata(
            [("logicalType", logical), ("scale", scale)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        )
    };
    let fields = vec![
        part("n", Arrow::Int16, "FIXED", "2"),
        part("d", Arrow::Date32, "DATE", "0"),
        part("t", Arrow::Int64, "TIMESTAMP_NTZ", "3"),
        part("v", Arrow::Utf8, "VARIANT", "0"),
        part("s", Arrow::Utf8, "TEXT", "0"),
        part("b", Arrow::Binary, "BINARY", "0"),
    ];
    let stored = StructArray::new(
        fields.into(),
        vec![
            array(Int16Array::from(vec![Some(125), None, Some(7)])),
            array(Date32Array::from(vec![Some(0), None, Some(7)])),
            array(Int64Array::from(vec![Some(-1_500), None, Some(7)])),
            array(StringArray::from(vec![
                Some("[1]"),
                Some("undefined"),
                Some("7"),
            ])),
            array(StringArray::from(vec![Some("a\"b"), None, Some("7")])),
            array(BinaryArray::from(vec![
                Some(&[0xab_u8][..]),
                None,
                Some(&[7]),
            ])),
        ],
        Some(vec![true, true, false].into()),
    );
    expect_arrow(
        &row_type("object", 0),
        array(stored),
        &[
            json(
                r#"{"n":1.25,"d":"1970-01-01","t":"1969-12-31 23:59:58.500","v":[1],"s":"a\"b","b":"AB"}"#,
            ),
            json(r#"{"n":null,"d":null,"t":null,"v":"undefined","s":null,"b":null}"#),
            Cell::Null,
        ],
    );
}

#[test]
fn structured_arrays_and_maps_are_json() {
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
        Some(vec![Some(15), None]),
        None,
        Some(vec![]),
    ]);
    let structured = RowType {
        fields: Some(vec![row_type("fixed", 1)]),
        ..row_type("array", 0)
    };
    expect(
        &structured,
        vec![array(list)],
        &[Some("[1.5,null]"), None, Some("[]")],
        &[json("[1.5,null]"), Cell::Null, json("[]")],
    );

    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("a\"");
    map.values().append_value(1);
    map.keys().append_value("b");
    map.values().append_null();
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    expect(
        &row_type("map", 0),
        vec![array(map.finish())],
        &[Some(r#"{"a\"":1,"b":null}"#), None, Some("{}")],
        &[json(r#"{"a\"":1,"b":null}"#), Cell::Null, json("{}")],
    );
}

#[test]
fn a_vector_is_a_json_array() {
    let floats = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        vec![Some(vec![Some(0.1), Some(-2.0)]), None],
        2,
    );
    let vector = RowType {
        vector_dimension: Some(2),
        fields: Some(vec![row_type("real", 0)]),
        ..row_type("vector", 0)
    };
    expect(
        &vector,
        vec![array(floats)],
        &[Some("[0.1,-2.0]"), None],
        &[json("[0.1,-2.0]"), Cell::Null],
    );
    let integers = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        vec![Some(vec![Some(1), Some(-2)])],
        2,
    );
    expect_arrow(&row_type("vector", 0), array(integers), &[json("[1,-2]")]);
}
