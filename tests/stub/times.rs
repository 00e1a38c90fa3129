//! Columns of dates, times and timestamps.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array};
use serde_json::json;

use super::columns::{Column, decimal_text, rowtype, structure};

impl Column {
    /// Days since 1970.
    pub fn date(name: &str, days: &[Option<i32>]) -> Self {
        let cells = days.iter().map(|it| it.map(|it| it.to_string())).collect();
        Self::new(
            rowtype(name, "date", json!({})),
            Date32Array::from(days.to_vec()),
            cells,
        )
    }

    /// Units of 10^-scale seconds since midnight.
    pub fn time(name: &str, scale: u8, units: &[Option<i64>]) -> Self {
        let cells = units
            .iter()
            .map(|it| it.map(|it| decimal_text(it.into(), scale)))
            .collect();
        let array: ArrayRef = match scale {
            0..=4 => Arc::new(
                units
                    .iter()
                    .map(|it| it.map(|it| it.try_into().unwrap()))
                    .collect::<Int32Array>(),
            ),
            _ => Arc::new(Int64Array::from(units.to_vec())),
        };
        let rowtype = rowtype(name, "time", json!({ "precision": 0, "scale": scale }));
        Self {
            rowtype,
            array,
            cells,
        }
    }

    /// `timestamp_ntz` or `timestamp_ltz`, in units of 10^-scale seconds since 1970.
    pub fn timestamp(name: &str, kind: &str, scale: u8, units: &[Option<i128>]) -> Self {
        let cells = units
            .iter()
            .map(|it| it.map(|it| decimal_text(it, scale)))
            .collect();
        let array: ArrayRef = match scale {
            0..=7 => Arc::new(
                units
                    .iter()
                    .map(|it| it.map(|it| it.try_into().unwrap()))
                    .collect::<Int64Array>(),
            ),
            _ => {
                let (epochs, fractions) = seconds_and_nanos(units, scale);
                Arc::new(structure(
                    units,
                    vec![("epoch", epochs), ("fraction", fractions)],
                ))
            }
        };
        let rowtype = rowtype(name, kind, json!({ "precision": 0, "scale": scale }));
        Self {
            rowtype,
            array,
            cells,
        }
    }

    /// Units of 10^-scale seconds since 1970 in UTC, and the offset in minutes.
    pub fn timestamp_tz(name: &str, scale: u8, values: &[Option<(i128, i32)>]) -> Self {
        let zone = |(_, offset): (i128, i32)| offset + 1_440;
        let cells = values
            .iter()
            .map(|it| it.map(|it| format!("{} {}", decimal_text(it.0, scale), zone(it))))
            .collect();
        let units: Vec<Option<i128>> = values.iter().map(|it| it.map(|it| it.0)).collect();
        let zones: ArrayRef = Arc::new(
            values
                .iter()
                .map(|it| Some(it.map_or(0, zone)))
                .collect::<Int32Array>(),
        );
        let (array, byte_length) = match scale {
            0..=3 => {
                let epochs = units
                    .iter()
                    .map(|it| Some(it.unwrap_or(0).try_into().unwrap()));
                let epochs: ArrayRef = Arc::new(epochs.collect::<Int64Array>());
                (
                    structure(&units, vec![("epoch", epochs), ("timezone", zones)]),
                    8,
                )
            }
            _ => {
                let (epochs, fractions) = seconds_and_nanos(&units, scale);
                let parts = vec![
                    ("epoch", epochs),
                    ("fraction", fractions),
                    ("timezone", zones),
                ];
                (structure(&units, parts), 16)
            }
        };
        let about = json!({ "precision": 0, "scale": scale, "byteLength": byte_length });
        Self::new(rowtype(name, "timestamp_tz", about), array, cells)
    }
}

fn seconds_and_nanos(units: &[Option<i128>], scale: u8) -> (ArrayRef, ArrayRef) {
    let per_second = 10_i128.pow(scale.into());
    let nanos_per_unit = 10_i128.pow(9 - u32::from(scale));
    let seconds = units
        .iter()
        .map(|it| Some(it.unwrap_or(0).div_euclid(per_second).try_into().unwrap()));
    let nanos = units.iter().map(|it| {
        (it.unwrap_or(0).rem_euclid(per_second) * nanos_per_unit)
            .try_into()
            .unwrap()
    });
    (
        Arc::new(seconds.collect::<Int64Array>()),
        Arc::new(nanos.map(Some).collect::<Int32Array>()),
    )
}
