//! Rows as a table in GitHub's Markdown. Not padded: spaces that only please the eye cost tokens.

use crate::warehouse::{Cell, Column, DataType};

use super::value::write_plain;

pub(super) fn header<'column>(
    text: &mut String,
    columns: impl Iterator<Item = &'column Column> + Clone,
) {
    text.push('|');
    for column in columns.clone() {
        text.push(' ');
        escape(text, &column.name);
        text.push_str(" |");
    }
    text.push_str("\n|");
    for column in columns {
        let is_number = matches!(column.data_type, DataType::Number { .. } | DataType::Float);
        text.push_str(if is_number { "---:|" } else { "---|" });
    }
    text.push('\n');
}

pub(super) fn row<'batch>(text: &mut String, cells: impl Iterator<Item = Cell<'batch>>) {
    text.push('|');
    for cell in cells {
        text.push(' ');
        match &cell {
            Cell::Null => text.push_str("NULL"),
            Cell::Text(value) | Cell::Json(value) => escape(text, value),
            cell => write_plain(text, cell),
        }
        text.push_str(" |");
    }
    text.push('\n');
}

/// Keeps a value inside its cell.
fn escape(text: &mut String, value: &str) {
    if !value
        .bytes()
        .any(|byte| matches!(byte, b'|' | b'\n' | b'\r'))
    {
        text.push_str(value);
        return;
    }
    for character in value.chars() {
        match character {
            '|' => text.push_str("\\|"),
            '\n' => text.push_str("<br>"),
            '\r' => {}
            other => text.push(other),
        }
    }
}
