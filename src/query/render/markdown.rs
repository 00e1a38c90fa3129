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
        // Aligned by type, at the price of a single character.
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

/// Appends a text so that it stays inside its cell: the one place where Markdown's table is guarded from what values hold.
///
/// A line break of any kind is `<br>`, for a bare one would end the row; `\r` alone is one too, to Markdown and to
/// terminals.
fn escape(text: &mut String, value: &str) {
    if !value
        .bytes()
        .any(|byte| matches!(byte, b'|' | b'\n' | b'\r'))
    {
        text.push_str(value);
        return;
    }
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '|' => text.push_str("\\|"),
            // The pair is one line break.
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => text.push_str("<br>"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_leaves_its_cell() {
        for (value, shown) in [
            ("plain", "plain"),
            ("a|b", "a\\|b"),
            ("a\nb", "a<br>b"),
            ("a\rb", "a<br>b"),
            ("a\r\nb", "a<br>b"),
            ("a\n\rb\r\r\n", "a<br><br>b<br><br>"),
            ("", ""),
        ] {
            let mut text = String::new();
            escape(&mut text, value);
            assert_eq!(text, shown, "{value:?}");
        }
    }
}
