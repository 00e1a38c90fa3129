//! Texts of numbers in a stated format: [`parts`] are those of a format, [`writing`] writes a number in it, [`reading`] reads
//! a text.
//!
//! The rules are those of Snowflake's documentation, "SQL format models", with its examples as tests.

mod parts;
mod reading;
mod writing;

pub(in crate::warehouse::embedded) use self::parts::is_number_format;
use self::reading::{number_of, try_number_of};
use self::writing::number_text;
use super::native::Row;

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_number_text", number_text),
    ("rs_number_of", number_of),
    ("rs_try_number_of", try_number_of),
];
