//! The engine inside this process.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::forms::{GIB, MIB, size};
use super::section::Section;
use super::shape::Shape;
use super::types::ByteSize;
use super::variable::settings;

settings! {
    /// How large the sample data is, and what the engine may use.
    pub struct Embedded in Section::Embedded;

    // 15,000 orders and about 60,000 line items are made in well under a second, so the first command answers at once.
    /// Size of the sample data: 0.01 has 15,000 orders, 1 has 1.5 million and needs about a gigabyte.
    pub scale_factor: f64 = "EMBEDDED_SCALE_FACTOR", Shape::Decimal(0.001, 10.0), default "0.01";

    // Without a limit the engine would take most of the machine; half a gibibyte is plenty for the default data and leaves a
    // laptop alone.
    /// Memory the engine may use.
    pub memory_limit: ByteSize = "EMBEDDED_MEMORY_LIMIT", size(32 * MIB, 1024 * GIB), default "512MiB";

    /// Threads the engine may use.
    pub threads: Option<usize> = "EMBEDDED_THREADS", Shape::Whole(1, 1024), unset "one for each processor";

    // Unset, because files on a disk are served only if somebody asks for it.
    /// Your own data: the CSV, Parquet and JSON files in and below this folder are read-only tables of the database
    /// `LOCAL`. A folder is a schema (`PUBLIC` for the files at the top), and a file is a table.
    pub data_dir: Option<PathBuf> = "EMBEDDED_DATA_DIR", Shape::Path("the path of a folder"), unset "sample data only";
}
