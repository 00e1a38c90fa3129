//! DuckDB's errors in Snowflake's words, as far as they can be told apart.
//!
//! What has no words of Snowflake's becomes an [`EngineLimit`] without DuckDB's: they name functions, types and settings
//! that the caller never wrote, and whether Snowflake would refuse the statement too is not known. The log has them.
//!
//! [`names`] has the errors of binding, which are about names and types; [`values`] those of computing; [`place`] what an
//! error may say about its statement.
//!
//! DuckDB gives one text, `Class Error: sentence`, then hints and a line with a caret that show the translated
//! statement. Only the first paragraph is used: the rest speaks of names and settings the caller never sees.

mod names;
mod place;
mod values;

use duckdb::Error as Cause;

use self::place::between;
pub(super) use self::place::{Place, does_not_exist};
use crate::warehouse::{EngineLimit, Error};

/// DuckDB's error as the warehouse's.
pub(super) fn translate(cause: &Cause, place: &Place<'_>) -> Error {
    let text = match cause {
        Cause::DuckDBFailure(_, Some(text)) => text.clone(),
        Cause::FromSqlConversionFailure(..) => {
            return EngineLimit::new("cannot return a value of this type").into();
        }
        other => return Error::internal("a call of the engine failed", other.to_string()),
    };
    let (class, message) = text.split_once(" Error: ").unwrap_or(("", &text));
    // Said by a macro of the dialect, which fails by a cast that cannot be made.
    if let Some(said) = message.split_once("'sf_fail:").map(|(_, rest)| rest)
        && let Some((said, _)) = said.rsplit_once("' to INT32")
    {
        return place.said_by_the_dialect(said);
    }
    // Said by a function of `natives`.
    if let Some((_, said)) = message.split_once("sf_fail:") {
        return place.said_by_the_dialect(said.trim_end());
    }
    let message = first_paragraph(message);
    if place
        .own_data
        .is_some_and(|folder| message.contains(folder))
    {
        tracing::warn!(
            file = place.file,
            "a file of EMBEDDED_DATA_DIR could not be read: {message}"
        );
        return place.broken_file();
    }
    // The classes are the first words of DuckDB's messages. Its API has no codes.
    match class {
        _ if message.starts_with("Max expression depth") => EngineLimit {
            what: "does not plan expressions nested this deeply".into(),
            hint: Some("name the inner part in a subquery or a WITH clause".into()),
        }
        .into(),
        "Catalog" | "Binder" => place.name_error(&message),
        "Not implemented" if message.starts_with("Unknown TimeZone ") => {
            let zone = between(&message, "'", "'").unwrap_or_default();
            place.data(&format!("Unknown timezone: '{zone}'"))
        }
        "Parser" | "Syntax" | "Not implemented" => match place.refused(&message) {
            Some(error) => error,
            None => place.unexplained("cannot run this statement", &message),
        },
        "Out of Memory" => out_of_memory(place.memory_limit_bytes),
        "INTERRUPT" => Error::Cancelled {
            query_id: Some(place.query_id.to_owned()),
        },
        "Permission" | "IO" | "Extension Autoloading" | "Missing Extension" | "HTTP" => {
            EngineLimit::new("reads its own tables only, no files and no network").into()
        }
        "INTERNAL" | "FATAL" | "TransactionContext" | "Connection" => {
            Error::internal("the engine failed", text.clone())
        }
        // Said by GET_DDL, in Snowflake's words.
        _ if message.ends_with("does not exist or not authorized.") => Error::ObjectNotFound {
            message: format!("SQL compilation error:\n{message}"),
            query_id: Some(place.query_id.to_owned()),
        },
        _ => place.data_error(&message),
    }
}

/// What a statement is told that needs more than the `limit` in bytes.
pub(super) fn out_of_memory(limit: u64) -> Error {
    EngineLimit {
        what: format!(
            "ran out of memory: this statement needs more than the {} MiB it may use",
            limit >> 20
        ),
        hint: Some(
            "aggregate or filter earlier; EMBEDDED_MEMORY_LIMIT sets how much memory there is"
                .into(),
        ),
    }
    .into()
}

/// The alias that DuckDB found, and would not use where it stands: then its expression has to stand there.
pub(super) fn refused_alias(cause: &Cause) -> Option<String> {
    let Cause::DuckDBFailure(_, Some(text)) = cause else {
        return None;
    };
    let text = text.strip_prefix("Binder Error: ")?;
    let name = between(text, "Alias with name \"", "\" exists")
        .or_else(|| between(text, "Alias \"", "\" referenced"))?;
    Some(name.to_owned())
}

/// Whether DuckDB did not find the type of a column in time, which is so for one of NULLs.
pub(super) fn finds_no_type(cause: &Cause) -> bool {
    matches!(cause, Cause::DuckDBFailure(_, Some(text)) if text.contains("JSON structure must be a constant"))
}

/// Whether DuckDB would not add up texts, which Snowflake takes for numbers.
pub(super) fn refuses_text_sum(cause: &Cause) -> bool {
    let Cause::DuckDBFailure(_, Some(text)) = cause else {
        return false;
    };
    between(text, "given name and argument types '", "'").is_some_and(|call| {
        matches!(
            call,
            "+(VARCHAR)"
                | "sum(VARCHAR)"
                | "avg(VARCHAR)"
                | "median(VARCHAR)"
                | "*(VARCHAR, DECIMAL(4,3))"
                | "*(VARCHAR, DECIMAL(7,6))"
        )
    })
}

/// Whether DuckDB would not move a date by a whole number that it has counted.
pub(super) fn refuses_days(cause: &Cause) -> bool {
    let Cause::DuckDBFailure(_, Some(text)) = cause else {
        return false;
    };
    between(text, "given name and argument types '", "'").is_some_and(|call| {
        matches!(
            call,
            "+(DATE, BIGINT)" | "-(DATE, BIGINT)" | "+(BIGINT, DATE)"
        )
    })
}

fn first_paragraph(message: &str) -> String {
    message
        .lines()
        .take_while(|line| {
            !line.trim().is_empty()
                && !line.starts_with("LINE ")
                && !line.starts_with("Did you mean")
                && !line.starts_with("Candidate")
                && !line.starts_with('\t')
        })
        .collect::<Vec<_>>()
        .join(" ")
}
