//! The engine inside this process.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::types::ByteSize;

/// How large the sample data is, and what the engine may use.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Embedded {
    /// TPC-H scale factor of the sample data. 0.01 (15,000 orders, about 60,000 line items) is made in well under a
    /// second, so the first command answers at once.
    #[envconfig(from = "EMBEDDED_SCALE_FACTOR", default = "0.01")]
    pub scale_factor: f64,
    /// Memory the engine may use. Without a limit it would take most of the machine; half a gibibyte is plenty for the
    /// default data and leaves a laptop alone.
    #[envconfig(from = "EMBEDDED_MEMORY_LIMIT", default = "512MiB")]
    pub memory_limit: ByteSize,
    /// Threads the engine may use; unset, as many as there are processors.
    #[envconfig(from = "EMBEDDED_THREADS")]
    pub threads: Option<usize>,
    /// The folder of own data. Unset, because what lies on a disk is shown only when somebody says so.
    #[envconfig(from = "EMBEDDED_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}
