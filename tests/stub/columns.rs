//! Columns, each in both encodings: as Arrow and as the texts of a JSON row.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Fields, Schema};
use serde_json::{Value, json};

/// One column of a result.
#[derive(Clone)]
pub struct Column {
    /// What `rowtype` says about it.
    pub rowtype: Value,
    pub array: ArrayRef,
    pub cells: Vec<Option<String>>,
}

/// Columns of equal length, at least one.
#[derive(Clone)]
pub struct Table(pub Vec<Column>);

impl Table {
    pub fn rows(&self) -> usize {
        self.0.first().map_or(0, |column| column.cells.len())
    }

    /// One complete IPC stream.
    pub fn arrow(&self) -> Vec<u8> {
        let fields: Vec<Field> = self.0.iter().map(Column::field).collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays = self
            .0
            .iter()
            .map(|column| Arc::clone(&column.array))
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    pub fn json(&self) -> Vec<Value> {
        (0..self.rows())
            .map(|row| {
                self.0
                    .iter()
                    .map(|column| json!(column.cells[row]))
                    .collect()
            })
            .collect()
    }
}

impl Column {
    fn field(&self) -> Field {
        let name = self.rowtype["name"].as_str().unwrap();
        Field::new(name, self.array.data_type().clone(), true)
            .with_metadata(metadata(&self.rowtype))
    }

    pub fn new(
        rowtype: Value,
        array: impl arrow_array::Array + 'static,
        cells: Vec<Option<String>>,
    ) -> Self {
        let array = Arc::new(array);
        Self {
            rowtype,
            array,
            cells,
        }
    }

    /// NUMBER, in the narrowest integer that holds the precision, as the service chooses it.
    pub fn fixed(name: &str, precision: u8, scale: u8, unscaled: &[Option<i128>]) -> Self {
        macro_rules! narrow {
            ($array:ty) => {
                Arc::new(
                    unscaled
                        .iter()
                        .map(|it| it.map(|it| it.try_into().unwrap()))
                        .collect::<$array>(),
                ) as ArrayRef
            };
        }
        let array = match precision {
            0..=2 => narrow!(Int8Array),
            3..=4 => narrow!(Int16Array),
            5..=9 => narrow!(Int32Array),
            10..=18 => narrow!(Int64Array),
            _ => {
                let array = unscaled.iter().copied().collect::<Decimal128Array>();
                Arc::new(
                    array
                        .with_precision_and_scale(precision, scale.try_into().unwrap())
                        .unwrap(),
                )
            }
        };
        let cells = unscaled
            .iter()
            .map(|it| it.map(|it| decimal_text(it, scale)))
            .collect();
        let rowtype = rowtype(
            name,
            "fixed",
            json!({ "precision": precision, "scale": scale }),
        );
        Self {
            rowtype,
            array,
            cells,
        }
    }

    pub fn real(name: &str, values: &[Option<f64>]) -> Self {
        let text = |value: f64| match value {
            _ if value.is_nan() => "NaN".to_owned(),
            _ => value.to_string(),
        };
        let cells = values.iter().map(|it| it.map(text)).collect();
        Self::new(
            rowtype(name, "real", json!({})),
            Float64Array::from(values.to_vec()),
            cells,
        )
    }

    pub fn text(name: &str, values: Vec<Option<String>>) -> Self {
        let about = json!({ "length": 16_777_216, "byteLength": 16_777_216 });
        Self::texts(name, "text", about, values)
    }

    /// VARIANT, OBJECT and ARRAY: JSON as text.
    pub fn semi_structured(name: &str, kind: &str, values: &[Option<&str>]) -> Self {
        Self::texts(
            name,
            kind,
            json!({}),
            values.iter().map(|it| it.map(str::to_owned)).collect(),
        )
    }

    pub fn texts(name: &str, kind: &str, about: Value, values: Vec<Option<String>>) -> Self {
        Self::new(
            rowtype(name, kind, about),
            StringArray::from(values.clone()),
            values,
        )
    }

    pub fn boolean(name: &str, values: &[Option<bool>]) -> Self {
        let cells = values
            .iter()
            .map(|it| it.map(|it| String::from(if it { "1" } else { "0" })))
            .collect();
        Self::new(
            rowtype(name, "boolean", json!({})),
            BooleanArray::from(values.to_vec()),
            cells,
        )
    }

    pub fn binary(name: &str, values: &[Option<&[u8]>]) -> Self {
        let cells = values.iter().map(|it| it.map(hex)).collect();
        let about = json!({ "length": 8_388_608, "byteLength": 8_388_608 });
        Self::new(
            rowtype(name, "binary", about),
            BinaryArray::from(values.to_vec()),
            cells,
        )
    }
}

/// A struct whose nulls are those of `values`: they live on the parent.
pub fn structure<T>(values: &[Option<T>], parts: Vec<(&str, ArrayRef)>) -> StructArray {
    let fields = parts
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let fields = Fields::from(fields.collect::<Vec<_>>());
    let nulls = NullBuffer::from(values.iter().map(Option::is_some).collect::<Vec<_>>());
    StructArray::new(
        fields,
        parts.into_iter().map(|(_, array)| array).collect(),
        Some(nulls),
    )
}

/// An entry of `rowtype`; `about` has what the kind has on top of the common fields.
pub fn rowtype(name: &str, kind: &str, about: Value) -> Value {
    let mut all = json!({
        "name": name, "type": kind, "nullable": true, "length": null, "byteLength": null, "precision": null, "scale": null,
        "collation": null, "database": "", "schema": "", "table": "",
    });
    if let (Some(all), Value::Object(about)) = (all.as_object_mut(), about) {
        all.extend(about);
    }
    all
}

/// The same as Arrow field metadata.
pub fn metadata(rowtype: &Value) -> HashMap<String, String> {
    let named = [
        ("precision", "precision"),
        ("scale", "scale"),
        ("length", "charLength"),
        ("byteLength", "byteLength"),
    ];
    let numbers = named.iter().map(|(from, to)| {
        (
            (*to).to_owned(),
            rowtype[from].as_u64().unwrap_or(0).to_string(),
        )
    });
    let kind = rowtype["type"].as_str().unwrap().to_uppercase();
    let texts = [("logicalType", kind), ("finalType", "T".to_owned())];
    numbers
        .chain(texts.map(|(name, text)| (name.to_owned(), text)))
        .collect()
}

/// `-1.50` for -150 and a scale of 2.
pub fn decimal_text(unscaled: i128, scale: u8) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let one = 10_u128.pow(scale.into());
    let (whole, fraction) = (unscaled.unsigned_abs() / one, unscaled.unsigned_abs() % one);
    let sign = if unscaled < 0 { "-" } else { "" };
    format!(
        "{sign}{whole}.{fraction:0width$}",
        width = usize::from(scale)
    )
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
