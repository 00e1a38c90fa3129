//! Types that parts of a statement have, noted while the engine plans it: see `dialect/meetings.rs`.
//!
//! The engine asks for the constant that a note stands for on the thread that prepares the statement, so the notes of a
//! thread are those of its statement.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[("rs_note", note)];

/// The columns of each member of each place: names, and the engine's names of their types.
pub(in super::super) type Notes = BTreeMap<usize, BTreeMap<usize, Vec<(String, String)>>>;

thread_local! {
    static NOTES: RefCell<Notes> = RefCell::default();
}

/// What was noted on this thread since the last call.
pub(in super::super) fn take_notes() -> Notes {
    NOTES.with(RefCell::take)
}

/// `rs_note(place, member, type of a row)`: any type, since all that counts is the note.
fn note(arguments: &Arguments<'_>) -> Outcome<String> {
    if let Some([place, member, row]) = present(arguments)
        && let (Ok(place), Ok(member)) = (place.parse(), member.parse())
    {
        let columns = columns_of(row);
        NOTES.with_borrow_mut(|notes| {
            notes.entry(place).or_default().insert(member, columns);
        });
    }
    Ok(Some("\"INTEGER\"".into()))
}

/// The columns of `STRUCT(a INTEGER, "b c" DECIMAL(38,0))`.
fn columns_of(row: &str) -> Vec<(String, String)> {
    let inside = row
        .strip_prefix("STRUCT(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_default();
    let (mut depth, mut is_quoted, mut start) = (0_usize, false, 0);
    let mut parts = Vec::new();
    for (at, letter) in inside.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(inside.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inside.get(start..).unwrap_or_default());
    parts.into_iter().filter_map(column_of).collect()
}

fn column_of(part: &str) -> Option<(String, String)> {
    let part = part.trim();
    let Some(quoted) = part.strip_prefix('"') else {
        let (name, kind) = part.split_once(' ')?;
        return Some((name.to_owned(), kind.to_owned()));
    };
    // A quote in a name is two.
    let mut from = 0;
    while let Some(at) = quoted.get(from..)?.find('"') {
        let end = from + at;
        if quoted.get(end + 1..)?.starts_with('"') {
            from = end + 2;
            continue;
        }
        let name = quoted.get(..end)?.replace("\"\"", "\"");
        let kind = quoted.get(end + 1..)?.trim_start();
        return Some((name, kind.to_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_row_are_read() {
        let row = "STRUCT(a INTEGER, \"B, C\" DECIMAL(38,0), \"say \"\"x\"\"\" VARCHAR, n \"NULL\", s STRUCT(x INTEGER, y DATE))";
        let found = columns_of(row);
        let pairs: Vec<(&str, &str)> = found
            .iter()
            .map(|(n, k)| (n.as_str(), k.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("a", "INTEGER"),
                ("B, C", "DECIMAL(38,0)"),
                ("say \"x\"", "VARCHAR"),
                ("n", "\"NULL\""),
                ("s", "STRUCT(x INTEGER, y DATE)"),
            ]
        );
    }
}
