//! Why a result could not be read.

use arrow_schema::ArrowError;

/// Why a result could not be read. The whole result is lost then, for rows must not go missing unseen.
#[derive(Debug, thiserror::Error)]
pub(in crate::warehouse::snowflake) enum DecodeError {
    /// Not an Arrow stream, or only the first part of one.
    #[error("could not read {bytes} bytes as an Arrow stream")]
    Arrow {
        bytes: usize,
        #[source]
        source: ArrowError,
    },
    /// Not rows in JSON, or only the first part of them.
    #[error("could not read {bytes} bytes as rows in JSON")]
    Json {
        bytes: usize,
        #[source]
        source: serde_json::Error,
    },
    /// The rows are not those that were announced.
    #[error("expected {expected} columns as the reply announced, found {found}")]
    Columns { expected: usize, found: usize },
}
