//! Texts of dates and times in a stated format: [`parts`] are those of a format, [`writing`] writes a moment in it,
//! [`reading`] reads a text.
//!
//! The elements are those of Snowflake's documentation, "Date and time input and output formats". Other letters without
//! quotes are refused: what Snowflake makes of `hours`, which begins with the element `H`, is not certain, and who writes
//! `Q` or `WW` means what other databases have under that name.

mod parts;
mod reading;
mod writing;

pub(in crate::warehouse::embedded) use self::parts::{Wants, wants};
use self::reading::{As, lenient, strict};
use self::writing::write;
use super::native::Row;

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_write_moment", write),
    ("rs_read_date", |a| strict(a, As::Date)),
    ("rs_read_time", |a| strict(a, As::Time)),
    ("rs_read_timestamp", |a| strict(a, As::WallClock)),
    ("rs_read_zoned", |a| strict(a, As::Utc)),
    ("rs_try_read_date", |a| lenient(a, As::Date)),
    ("rs_try_read_time", |a| lenient(a, As::Time)),
    ("rs_try_read_timestamp", |a| lenient(a, As::WallClock)),
    ("rs_try_read_zoned", |a| lenient(a, As::Utc)),
];
