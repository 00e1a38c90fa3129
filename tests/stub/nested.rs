//! The columns of [`types`](super::types) that are made of others, and the types that are seldom seen.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int32Array, Int64Array, ListArray, MapArray,
    StringArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields};
use serde_json::{Value, json};

use super::columns::{Column, metadata, rowtype};

/// Which of the five rows have a value in the nested columns.
const PRESENT: [bool; 5] = [true, false, true, true, true];

/// Structured OBJECT, ARRAY and MAP: their children carry metadata of their own.
pub fn nested() -> Vec<Column> {
    let number = rowtype("", "fixed", json!({ "precision": 18, "scale": 0 }));
    let text = rowtype("", "text", json!({ "length": 16_777_216 }));
    let field = |name: &str, kind: DataType, about: &Value| {
        Field::new(name, kind, true).with_metadata(metadata(about))
    };
    let nulls = || Some(NullBuffer::from(PRESENT.to_vec()));

    let parts: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![
            Some(1),
            None,
            None,
            Some(i64::MAX),
            Some(0),
        ])),
        Arc::new(StringArray::from(vec![
            Some("one"),
            None,
            None,
            Some("❄"),
            Some(""),
        ])),
    ];
    let fields = [
        field("id", DataType::Int64, &number),
        field("name", DataType::Utf8, &text),
    ];
    let object = StructArray::new(Fields::from(fields.to_vec()), parts, nulls());
    let objects = [
        r#"{"id":1,"name":"one"}"#,
        r#"{"id":null,"name":null}"#,
        r#"{"id":9223372036854775807,"name":"❄"}"#,
        r#"{"id":0,"name":""}"#,
    ];

    let item = Arc::new(field("element", DataType::Int64, &number));
    let items = Arc::new(Int64Array::from(vec![
        Some(1),
        Some(2),
        None,
        Some(-1),
        Some(7),
    ]));
    let list = ListArray::new(
        item,
        OffsetBuffer::from_lengths([2, 0, 0, 2, 1]),
        items,
        nulls(),
    );

    let keys: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let key = Field::new("key", DataType::Utf8, false).with_metadata(metadata(&text));
    let entries = StructArray::new(
        Fields::from(vec![key, field("value", DataType::Int64, &number)]),
        vec![keys, values],
        None,
    );
    let entry = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    let map = MapArray::new(
        entry,
        OffsetBuffer::from_lengths([1, 0, 0, 1, 1]),
        entries,
        nulls(),
        false,
    );

    vec![
        Column::new(
            rowtype(
                "OBJECT_STRUCTURED",
                "object",
                json!({ "fields": [number, text] }),
            ),
            object,
            present(objects),
        ),
        Column::new(
            rowtype("ARRAY_STRUCTURED", "array", json!({ "fields": [number] })),
            list,
            present(["[1,2]", "[]", "[null,-1]", "[7]"]),
        ),
        Column::new(
            rowtype("MAP", "map", json!({ "fields": [text, number] })),
            map,
            present([r#"{"a":1}"#, "{}", r#"{"b":null}"#, r#"{"c":3}"#]),
        ),
    ]
}

/// VECTOR, what is drawn on a map, and intervals.
pub fn rare() -> Vec<Column> {
    let nulls = || Some(NullBuffer::from(PRESENT.to_vec()));
    let vector = |name: &str, items: ArrayRef, kind: &str, cells: [&str; 4]| {
        let element = rowtype(
            "",
            kind,
            json!({ "precision": 10, "scale": 0, "nullable": false }),
        );
        let item =
            Field::new("item", items.data_type().clone(), true).with_metadata(metadata(&element));
        let array = FixedSizeListArray::new(Arc::new(item), 2, items, nulls());
        let about = json!({ "vectorDimension": 2, "fields": [element] });
        Column::new(rowtype(name, "vector", about), array, present(cells))
    };
    let floats = Arc::new(Float32Array::from(vec![
        0.5,
        1.0,
        0.0,
        0.0,
        f32::MIN,
        f32::MAX,
        1e-7,
        3.0,
        -1.5,
        0.0,
    ]));
    let integers = Arc::new(Int32Array::from(vec![
        1,
        2,
        0,
        0,
        i32::MIN,
        i32::MAX,
        0,
        0,
        -1,
        5,
    ]));
    let geography = |values: &[Option<&str>]| {
        let values = values.iter().map(|it| it.map(str::to_owned)).collect();
        // GeoJSON comes as an object; only the name of the extended type tells.
        Column::texts(
            "GEOGRAPHY",
            "object",
            json!({ "extTypeName": "GEOGRAPHY" }),
            values,
        )
    };
    let point = r#"{"coordinates":[8.5,47.4],"type":"Point"}"#;
    let well_known = [
        1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x40, 0x33, 0x33, 0x33, 0x33, 0x33, 0xb3, 0x47, 0x40,
    ];
    let mut geometry = Column::binary(
        "GEOMETRY",
        &[
            Some(&well_known),
            None,
            Some(&well_known),
            Some(&well_known),
            Some(&well_known),
        ],
    );
    geometry.rowtype["extTypeName"] = json!("GEOMETRY");
    let months = [
        Some(14),
        None,
        Some(-11_999_999_999),
        Some(11_999_999_999),
        Some(0),
    ];
    let day = 86_400_000_000_000_i64;
    let nanos = [
        Some(day + 1),
        None,
        Some(-106_751 * day),
        Some(106_751 * day),
        Some(-1),
    ];
    let interval = |name: &str, kind: &str, units: &[Option<i64>]| {
        let cells = units.iter().map(|it| it.map(|it| it.to_string())).collect();
        Column::new(
            rowtype(name, kind, json!({ "scale": 0, "precision": 9 })),
            Int64Array::from(units.to_vec()),
            cells,
        )
    };
    vec![
        vector(
            "VECTOR_FLOAT",
            floats,
            "real",
            [
                "[0.5,1.0]",
                "[-3.4028235e38,3.4028235e38]",
                "[1e-7,3.0]",
                "[-1.5,0.0]",
            ],
        ),
        vector(
            "VECTOR_INT",
            integers,
            "fixed",
            ["[1,2]", "[-2147483648,2147483647]", "[0,0]", "[-1,5]"],
        ),
        geography(&[Some(point), None, Some(point), Some(point), Some(point)]),
        geometry,
        interval("INTERVAL_YEAR_MONTH", "interval_year_month", &months),
        interval("INTERVAL_DAY_TIME", "interval_day_time", &nanos),
    ]
}

/// The four values of a nested column, in the rows that have one.
fn present(values: [&str; 4]) -> Vec<Option<String>> {
    let mut values = values.into_iter();
    PRESENT
        .iter()
        .map(|is_present| {
            is_present
                .then(|| values.next().map(str::to_owned))
                .flatten()
        })
        .collect()
}
