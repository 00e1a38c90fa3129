//! Functions of Snowflake's that neither DuckDB nor a macro says: written here, called by the translated statements.
//!
//! All take texts and give a text, a whole number, a truth value or a list of texts; the translation and the macros make
//! the types before and after. A caller cannot name them, since only the functions in the table of `dialect` may be
//! called. NULL reaches them as `None`.
//!
//! Calls nothing of the other chapters. Start at [`install`].

mod arrays;
mod bytes;
mod days;
mod decimals;
mod digits;
mod effort;
mod elements;
mod formatted;
mod json;
mod kinds;
mod lengths;
mod like;
mod models;
mod moments;
mod native;
mod notes;
mod number_models;
mod numbers;
mod objects;
mod orders;
mod places;
mod regular;
mod sets;
mod texts;
mod unformatted;
mod units;
mod when;

use duckdb::Connection;

pub(super) use effort::Announced;
pub(super) use kinds::{Kind, common};
pub(super) use models::{Wants, wants};
use native::{register, register_watched};
pub(super) use notes::{Notes, take_notes};
pub(super) use number_models::is_number_format;
pub(super) use regular::checked as checked_pattern;

/// Whether a text is a date or a timestamp in one of the formats that Snowflake finds by itself.
pub(super) fn is_moment(text: &str) -> bool {
    moments::microseconds(text).is_ok()
}

/// Makes the functions. Once for each database, before the macros that call them.
pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    for chapter in [
        arrays::TEXTS,
        bytes::TEXTS,
        decimals::TEXTS,
        digits::TEXTS,
        formatted::TEXTS,
        json::TEXTS,
        kinds::TEXTS,
        lengths::TEXTS,
        models::TEXTS,
        moments::TEXTS,
        notes::TEXTS,
        numbers::TEXTS,
        objects::TEXTS,
        places::TEXTS,
        texts::TEXTS,
        unformatted::TEXTS,
    ] {
        register::<String>(connection, chapter)?;
    }
    for chapter in [lengths::NUMBERS, numbers::NUMBERS, texts::NUMBERS] {
        register::<i64>(connection, chapter)?;
    }
    for chapter in [
        arrays::WATCHED,
        objects::WATCHED,
        orders::WATCHED,
        regular::WATCHED,
        texts::WATCHED,
    ] {
        register_watched::<String>(connection, chapter)?;
    }
    for chapter in [
        arrays::WATCHED_NUMBERS,
        regular::WATCHED_NUMBERS,
        texts::WATCHED_NUMBERS,
    ] {
        register_watched::<i64>(connection, chapter)?;
    }
    for chapter in [
        arrays::WATCHED_TRUTHS,
        arrays::WATCHED_TRUTHS,
        elements::WATCHED,
        like::WATCHED,
        regular::WATCHED_TRUTHS,
        texts::WATCHED_TRUTHS,
    ] {
        register_watched::<bool>(connection, chapter)?;
    }
    register::<bool>(connection, texts::TRUTHS)?;
    elements::install(connection)?;
    days::install(connection)?;
    units::install(connection)?;
    when::install(connection)
}
