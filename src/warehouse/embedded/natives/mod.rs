//! Functions of Snowflake's that neither DuckDB nor a macro says: written here, called by the translated statements.
//!
//! All take texts and give a text, a whole number, a truth value or a list of texts; the translation and the macros make
//! the types before and after. A caller cannot name them, since only the functions in the table of `dialect` may be
//! called. NULL reaches them as `None`.
//!
//! Calls nothing of the other chapters. Start at [`install`].

mod arrays;
mod as_they_are;
mod bytes;
mod date_models;
mod decimals;
mod digits;
mod effort;
mod elements;
mod floats;
mod json;
mod kinds;
mod lengths;
mod like;
mod limits;
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
mod units;
mod variants;

use duckdb::Connection;

pub(super) use date_models::{Wants, wants};
pub(super) use effort::Announced;
pub(super) use kinds::{Kind, common};
use native::{IntoJson, OfJson, OfTexts, register, register_watched};
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
        bytes::TEXTS,
        decimals::TEXTS,
        kinds::TEXTS,
        lengths::TEXTS,
        date_models::TEXTS,
        number_models::TEXTS,
        moments::TEXTS,
        notes::TEXTS,
        numbers::TEXTS,
        texts::TEXTS,
    ] {
        register::<OfTexts<String>>(connection, chapter)?;
    }
    for chapter in [lengths::NUMBERS, numbers::NUMBERS, texts::NUMBERS] {
        register::<OfTexts<i64>>(connection, chapter)?;
    }
    register::<OfTexts<bool>>(connection, texts::TRUTHS)?;
    for chapter in [regular::WATCHED, texts::WATCHED] {
        register_watched::<OfTexts<String>>(connection, chapter)?;
    }
    for chapter in [regular::WATCHED_NUMBERS, texts::WATCHED_NUMBERS] {
        register_watched::<OfTexts<i64>>(connection, chapter)?;
    }
    for chapter in [
        elements::WATCHED,
        like::WATCHED,
        regular::WATCHED_TRUTHS,
        texts::WATCHED_TRUTHS,
    ] {
        register_watched::<OfTexts<bool>>(connection, chapter)?;
    }
    install_of_json(connection)?;
    elements::install(connection)?;
    floats::install(connection)?;
    units::install(connection)?;
    as_they_are::install(connection)
}

/// Those that take JSON or give it.
fn install_of_json(connection: &Connection) -> duckdb::Result<()> {
    for chapter in [
        arrays::JSON,
        bytes::JSON,
        digits::TEXTS,
        lengths::JSON,
        objects::JSON,
        places::JSON,
        variants::JSON,
    ] {
        register::<IntoJson>(connection, chapter)?;
    }
    for chapter in [
        arrays::WATCHED_JSON,
        objects::WATCHED_JSON,
        orders::WATCHED_JSON,
    ] {
        register_watched::<IntoJson>(connection, chapter)?;
    }
    for chapter in [decimals::OF_JSON, objects::TEXTS, variants::TEXTS] {
        register::<OfJson<String>>(connection, chapter)?;
    }
    register::<OfJson<i64>>(connection, variants::NUMBERS)?;
    register::<OfJson<bool>>(connection, variants::TRUTHS)?;
    register_watched::<OfJson<String>>(connection, arrays::WATCHED_TEXTS)?;
    register_watched::<OfJson<i64>>(connection, arrays::WATCHED_NUMBERS)?;
    register_watched::<OfJson<bool>>(connection, arrays::WATCHED_TRUTHS)
}
