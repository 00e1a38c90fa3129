//! The engine inside the process.

use super::variable::{GIB, MIB, Section, Variable, size};
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "EMBEDDED_SCALE_FACTOR",
        Section::Embedded,
        Shape::Decimal(0.001, 10.0),
        "Size of the sample data: 0.01 has 15,000 orders, 1 has 1.5 million and needs about a gigabyte.",
    )
    .default("0.01"),
    Variable::new(
        "EMBEDDED_MEMORY_LIMIT",
        Section::Embedded,
        size(32 * MIB, 1024 * GIB),
        "Memory the engine may use.",
    )
    .default("512MiB"),
    Variable::new(
        "EMBEDDED_THREADS",
        Section::Embedded,
        Shape::Whole(1, 1024),
        "Threads the engine may use.",
    )
    .unset("one for each processor"),
    Variable::new(
        "EMBEDDED_DATA_DIR",
        Section::Embedded,
        Shape::Path("the path of a folder"),
        "Your own data: the CSV, Parquet and JSON files below this folder are read-only tables of the database `LOCAL`. A folder is \
         a schema (`PUBLIC` for the files at the top), and a file is a table.",
    )
    .unset("sample data only"),
];
