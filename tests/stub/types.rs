//! One column of every type and encoding.

use super::columns::{Column, Table};

/// All columns, or those named (separated by commas).
pub fn table(only: Option<&str>) -> Table {
    let wanted = |name: &str| {
        only.is_none_or(|it| it.split(',').any(|it| it.trim().eq_ignore_ascii_case(name)))
    };
    let all = vec![Column::fixed(
        "FIXED_INT8",
        2,
        0,
        &[Some(1), None, Some(-99), Some(99), Some(0)],
    )];
    Table(
        all.into_iter()
            .filter(|column| wanted(column.rowtype["name"].as_str().unwrap()))
            .collect(),
    )
}
