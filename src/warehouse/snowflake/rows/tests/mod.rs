//! Each type in both formats, in every way Snowflake is known to store it, against the same cells.

mod ends;
mod nested;
mod plain;
mod times;

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{
    Decimal128Array, Int8Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType as Arrow, Field, Schema as ArrowSchema};
use proptest::prelude::*;

use super::*;
use crate::warehouse::DataType;

fn row_type(kind: &str, scale: i64) -> RowType {
    RowType {
        name: "C".into(),
        kind: kind.into(),
        nullable: true,
        scale: Some(scale),
        ..RowType::default()
    }
}

fn schema(row_type: &RowType) -> Schema {
    Schema::new(std::slice::from_ref(row_type), Some("UTC"))
}

/// One stream with a batch for each array.
fn stream(arrays: &[ArrayRef]) -> Bytes {
    let field = Field::new("C", arrays[0].data_type().clone(), true);
    let schema = Arc::new(ArrowSchema::new(vec![field]));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    for array in arrays {
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(array)]).unwrap();
        writer.write(&batch).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner().unwrap().into()
}

fn array(array: impl arrow_array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn cells(batch: &dyn Batch) -> Vec<Cell<'_>> {
    (0..batch.rows()).map(|row| batch.cell(row, 0)).collect()
}

#[track_caller]
fn expect_arrow(row_type: &RowType, array: ArrayRef, expected: &[Cell<'_>]) {
    let stored = array.data_type().clone();
    let batches = schema(row_type).arrow(stream(&[array])).unwrap();
    let found: Vec<_> = batches
        .iter()
        .flat_map(|batch| cells(batch.as_ref()))
        .collect();
    assert_eq!(found, expected, "stored as {stored}");
}

#[track_caller]
fn expect_json(row_type: &RowType, texts: &[Option<&str>], expected: &[Cell<'_>]) {
    let rows: Vec<Vec<Option<String>>> = texts
        .iter()
        .map(|text| vec![text.map(Into::into)])
        .collect();
    let rowset = serde_json::to_string(&rows).unwrap();
    let chunk = &rowset[1..rowset.len() - 1];
    for batch in [
        schema(row_type).json_chunk(chunk.as_bytes()).unwrap(),
        schema(row_type).json_chunk(rowset.as_bytes()).unwrap(),
        schema(row_type).json_rows(rows).unwrap(),
    ] {
        assert_eq!(cells(batch.as_ref()), expected);
    }
}

/// All arrays and the texts are the same values.
#[track_caller]
fn expect(
    row_type: &RowType,
    arrays: Vec<ArrayRef>,
    texts: &[Option<&str>],
    expected: &[Cell<'_>],
) {
    for array in arrays {
        expect_arrow(row_type, array, expected);
    }
    expect_json(row_type, texts, expected);
}

fn number<'batch>(unscaled: i128, scale: u8) -> Cell<'batch> {
    Cell::Number { unscaled, scale }
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

fn json(text: &str) -> Cell<'_> {
    Cell::Json(text.into())
}

/// A struct of whole numbers, as timestamps are stored; `None` is a NULL above leftovers.
fn parts(names: &[&str], rows: &[Option<&[i64]>]) -> ArrayRef {
    let fields: Vec<_> = names
        .iter()
        .map(|name| match *name {
            "epoch" => Field::new(*name, Arrow::Int64, false),
            _ => Field::new(*name, Arrow::Int32, false),
        })
        .collect();
    let columns = (0..names.len()).map(|part| {
        let values = rows.iter().map(|row| row.map_or(7, |row| row[part]));
        match names[part] {
            "epoch" => array(Int64Array::from_iter_values(values)),
            _ => array(Int32Array::from_iter_values(
                values.map(|value| i32::try_from(value).unwrap()),
            )),
        }
    });
    let nulls: NullBuffer = rows.iter().map(Option::is_some).collect::<Vec<_>>().into();
    array(StructArray::new(
        fields.into(),
        columns.collect(),
        Some(nulls),
    ))
}

#[test]
fn the_width_of_a_number_may_change_from_chunk_to_chunk() {
    let schema = schema(&row_type("fixed", 1));
    let narrow = stream(&[
        array(Int8Array::from(vec![1, 2])),
        array(Int8Array::from(vec![3])),
    ]);
    let wide = stream(&[array(Int64Array::from(vec![40_000_000_000]))]);
    let mut batches = schema.arrow(narrow).unwrap();
    batches.extend(schema.arrow(wide).unwrap());
    let found: Vec<_> = batches.iter().map(|batch| cells(batch.as_ref())).collect();
    assert_eq!(
        found,
        [
            vec![number(1, 1), number(2, 1)],
            vec![number(3, 1)],
            vec![number(40_000_000_000, 1)],
        ]
    );
}

#[test]
fn columns_are_there_without_rows() {
    let row_types: Vec<RowType> = serde_json::from_str(
        r#"[
            {"name":"N","type":"fixed","precision":10,"scale":2,"nullable":false},
            {"name":"T","type":"text","length":5},
            {"name":"G","type":"object","extTypeName":"GEOMETRY"},
            {"name":"V","type":"vector","vectorDimension":3,"fields":[{"type":"fixed"}]},
            {"name":"L","type":"timestamp_ltz","scale":6,"unheardOf":1}
        ]"#,
    )
    .unwrap();
    let schema = Schema::new(&row_types, None);
    let types: Vec<_> = schema
        .columns()
        .iter()
        .map(|column| column.data_type.to_string())
        .collect();
    assert_eq!(
        types,
        [
            "NUMBER(10,2)",
            "VARCHAR(5)",
            "GEOMETRY",
            "VECTOR(INT, 3)",
            "TIMESTAMP_LTZ(6)"
        ]
    );
    assert!(!schema.columns()[0].is_nullable);
    assert!(schema.arrow(Bytes::new()).unwrap().is_empty());
    for nothing in ["", " ", "[]"] {
        assert_eq!(schema.json_chunk(nothing.as_bytes()).unwrap().rows(), 0);
    }
}

#[test]
fn a_stream_cut_short_is_an_error() {
    let whole = stream(&[array(StringArray::from(vec!["some", "text", "and more"]))]);
    let schema = schema(&row_type("text", 0));
    assert_eq!(schema.arrow(whole.clone()).unwrap().len(), 1);
    let undetected = (1..whole.len())
        .filter(|end| schema.arrow(whole.slice(..*end)).is_ok())
        .count();
    // Between the messages: after the schema and before the mark of the end.
    assert!(undetected <= 2, "{undetected}");
    assert!(
        schema
            .arrow(Bytes::from_static(b"{\"a\":1} or so"))
            .is_err()
    );
}

#[test]
fn rows_of_another_width_are_an_error() {
    let pair = Schema::new(&[row_type("text", 0), row_type("text", 0)], None);
    let one = stream(&[array(StringArray::from(vec!["a"]))]);
    let error = |outcome: Result<(), DecodeError>| outcome.unwrap_err().to_string();
    let expected = "expected 2 columns as the reply announced, found 1";
    assert_eq!(error(pair.arrow(one).map(drop)), expected);
    assert_eq!(
        error(pair.json_chunk(br#"["a","b"],["c"]"#).map(drop)),
        expected
    );
    assert_eq!(
        error(pair.json_rows(vec![vec![Some("a".into())]]).map(drop)),
        expected
    );
    for broken in [
        r#"["a","b"],["c"#,
        r#"["a","b"],"#,
        r#"["a","b"]]"#,
        "<html>",
    ] {
        let outcome = pair.json_chunk(broken.as_bytes());
        assert!(matches!(outcome, Err(DecodeError::Json { .. })), "{broken}");
    }
}

/// A decimal as Snowflake writes it, found without the code under test.
fn decimal(unscaled: i128, scale: usize) -> String {
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[test]
fn a_text_is_read_where_it_was_received() {
    let received = stream(&[array(StringArray::from(vec!["kept in place"]))]);
    let memory = received.as_ptr_range();
    let batches = schema(&row_type("text", 0)).arrow(received).unwrap();
    let Cell::Text(text) = batches[0].cell(0, 0) else {
        panic!("not a text");
    };
    assert!(memory.contains(&text.as_ptr()));
    assert_eq!(batches[0].cell(1, 0), Cell::Null);
    assert_eq!(batches[0].cell(0, 1), Cell::Null);
}

proptest! {
    #[test]
    fn a_damaged_stream_costs_no_more_than_its_result(
        stored in 0_usize..5,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let items = vec![Some(vec![Some(15), None]), None, Some(vec![])];
        let arrays = [
            array(StringArray::from(vec![Some("some"), None, Some("text")])),
            array(Int64Array::from(vec![Some(1), None])),
            array(Decimal128Array::from(vec![Some(1), None])),
            array(ListArray::from_iter_primitive::<Int64Type, _, _>(items)),
            parts(&["epoch", "fraction"], &[Some(&[1, 2]), None]),
        ];
        let mut bytes = stream(&arrays[stored..=stored]).to_vec();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        for kind in ["fixed", "array", "timestamp_ntz", "unheard_of"] {
            let outcome = schema(&row_type(kind, 0)).arrow(bytes.clone().into());
            for batch in outcome.iter().flatten() {
                for row in 0..batch.rows().min(10) {
                    batch.cell(row, 0);
                }
            }
        }
    }
}
