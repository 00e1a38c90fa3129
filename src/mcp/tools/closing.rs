//! The closing line of an answer with rows: whether that is all, and how to get the rest.

use crate::query::{Page, Source, Truncation, TruncationReason};

/// Whether these are all the rows.
pub(super) fn closing(page: &Page, max_rows: u64) -> String {
    let (count, first) = (page.row_count, page.first_row);
    let rows = if count == 1 { "row" } else { "rows" };
    // People count from one, whatever `first_row` does.
    let (from, to) = (first.saturating_add(1), first.saturating_add(count));
    let mut text = match (page.truncation, first) {
        // Said even when nothing is missing: without it models ask again to be sure.
        (None, 0) => format!("{count} {rows}, all there are."),
        (None, _) if count == 0 => format!("No rows after row {first}."),
        (None, _) => format!("Rows {from} to {to}; these are the last."),
        (Some(truncation), first) => {
            let of = match page.total_rows {
                Some(total) => format!(" of {total}"),
                None => String::new(),
            };
            let shown = match first {
                0 => format!("{count} {rows}{of} shown"),
                _ => format!("Rows {from} to {to}{of} shown"),
            };
            let more = match truncation.reason {
                TruncationReason::Listing => "there may be more",
                TruncationReason::Rows | TruncationReason::Bytes => "there are more",
            };
            format!("{shown}; {more}. {}", hint(page, truncation, max_rows))
        }
    };
    match page.shortened_cells {
        0 => {}
        1 => text.push_str(" 1 long value is shortened and says so; SUBSTR reads the rest."),
        cells => text.push_str(&format!(
            " {cells} long values are shortened and say so; SUBSTR reads the rest."
        )),
    }
    text
}

/// How to get what was left out.
pub(super) fn hint(page: &Page, truncation: Truncation, max_rows: u64) -> String {
    let narrow = match page.source {
        Source::Statement => "filter or aggregate",
        Source::History => "give a shorter time or a text that they contain",
        Source::List => "name a database or schema, or give a longer like",
        Source::Sample => "for chosen rows use execute_query with a condition",
    };
    let mut hint = match truncation.reason {
        TruncationReason::Rows if truncation.may_be_raised => {
            format!("Ask for a larger limit (at most {max_rows}), or {narrow}.")
        }
        TruncationReason::Rows => {
            format!("{max_rows} rows is the most this server returns at once: {narrow}.")
        }
        TruncationReason::Bytes if truncation.may_be_raised => format!(
            "A page of a list has {} bytes at most, unless a larger limit is asked for. To see less: {narrow}.",
            truncation.limit
        ),
        TruncationReason::Bytes => format!(
            "The answer reached {} bytes, the most this server returns at once: select fewer or shorter columns, or {narrow}.",
            truncation.limit
        ),
        TruncationReason::Listing => String::new(),
    };
    if let Some(limit) = page.full_at {
        let separator = if hint.is_empty() { "" } else { " " };
        let narrow = "Name a database or schema, or query the INFORMATION_SCHEMA of a database.";
        hint.push_str(separator);
        hint.push_str(&full(limit, narrow));
    }
    if page.next_cursor.is_some() {
        let separator = if hint.is_empty() { "" } else { " " };
        hint.push_str(separator);
        hint.push_str(
            "To read on, give next_cursor to fetch_results; do not send the statement again.",
        );
    }
    hint
}

/// The note for a list that has as many names as the warehouse lists at most.
pub(super) fn full(limit: u64, narrow: &str) -> String {
    format!(
        "Snowflake lists {limit} names at most, and this list has as many: names may be missing. {narrow}"
    )
}
