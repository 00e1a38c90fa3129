//! Columns and values as the rest of the service sees them, whatever the driver reads them from.
//!
//! A driver hands over [`Batch`]es that look straight into its own memory; [`Cell`] borrows from there, so a row goes
//! from the wire's Arrow buffers into the answer's text without a tree of values in between.

use std::borrow::Cow;
use std::fmt;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name as Snowflake would report it: unquoted names in upper case, expressions by their text.
    pub name: String,
    /// The type in Snowflake's terms.
    pub data_type: DataType,
    /// Whether NULL can occur.
    pub is_nullable: bool,
}

/// A Snowflake data type. [`fmt::Display`] writes it as DESCRIBE TABLE does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataType {
    /// `NUMBER(precision, scale)`
    Number {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, 0 to 37.
        scale: u8,
    },
    /// `FLOAT`, 64 bits.
    Float,
    /// `VARCHAR(length)`, length in characters; `None` where the driver does not say.
    Varchar(Option<u32>),
    /// `BINARY`
    Binary,
    /// `BOOLEAN`
    Boolean,
    /// `DATE`
    Date,
    /// `TIME(scale)`, scale in digits of a second.
    Time(u8),
    /// `TIMESTAMP_NTZ(scale)`
    TimestampNtz(u8),
    /// `TIMESTAMP_LTZ(scale)`
    TimestampLtz(u8),
    /// `TIMESTAMP_TZ(scale)`
    TimestampTz(u8),
    /// `VARIANT`
    Variant,
    /// `OBJECT`
    Object,
    /// `ARRAY`
    Array,
    /// Any other type, by Snowflake's name for it; its cells are text.
    Other(String),
}

/// One value, borrowed from its batch.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cell<'batch> {
    /// SQL NULL.
    Null,
    /// BOOLEAN.
    Boolean(bool),
    /// NUMBER: `unscaled × 10^-scale`.
    Number {
        /// The digits as one whole number.
        unscaled: i128,
        /// Digits after the point.
        scale: u8,
    },
    /// FLOAT.
    Float(f64),
    /// VARCHAR and all types that are shown as text.
    Text(Cow<'batch, str>),
    /// BINARY.
    Binary(&'batch [u8]),
    /// DATE, in days since 1970-01-01.
    Date(i32),
    /// TIME, in nanoseconds since midnight.
    Time {
        /// Nanoseconds since midnight.
        nanoseconds: i64,
        /// Digits of a second to show.
        scale: u8,
    },
    /// Any TIMESTAMP.
    Timestamp {
        /// Seconds since 1970-01-01 00:00:00, UTC; for `TIMESTAMP_NTZ` of the wall clock.
        seconds: i64,
        /// Nanoseconds to add, 0 to 999,999,999.
        nanoseconds: u32,
        /// Minutes east of UTC to show it in; `None` for `TIMESTAMP_NTZ`.
        offset_minutes: Option<i16>,
        /// Digits of a second to show.
        scale: u8,
    },
    /// VARIANT, OBJECT and ARRAY: JSON text.
    Json(Cow<'batch, str>),
}

/// Some consecutive rows of an answer.
pub trait Batch: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// The value at a place; NULL for a place outside the batch.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;
}

impl<T: Batch + ?Sized> Batch for std::sync::Arc<T> {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        (**self).cell(row, column)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { precision, scale } => write!(f, "NUMBER({precision},{scale})"),
            Self::Float => f.write_str("FLOAT"),
            Self::Varchar(Some(length)) => write!(f, "VARCHAR({length})"),
            Self::Varchar(None) => f.write_str("VARCHAR"),
            Self::Binary => f.write_str("BINARY"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Date => f.write_str("DATE"),
            Self::Time(scale) => write!(f, "TIME({scale})"),
            Self::TimestampNtz(scale) => write!(f, "TIMESTAMP_NTZ({scale})"),
            Self::TimestampLtz(scale) => write!(f, "TIMESTAMP_LTZ({scale})"),
            Self::TimestampTz(scale) => write!(f, "TIMESTAMP_TZ({scale})"),
            Self::Variant => f.write_str("VARIANT"),
            Self::Object => f.write_str("OBJECT"),
            Self::Array => f.write_str("ARRAY"),
            Self::Other(name) => f.write_str(name),
        }
    }
}
