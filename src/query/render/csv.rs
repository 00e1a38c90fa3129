//! Rows as CSV by RFC 4180: lines end in CRLF, quotes are doubled. NULL is nothing, an empty text is `""`.

use crate::warehouse::{Cell, Column};

use super::value::write_plain;

pub(super) fn header<'column>(text: &mut String, columns: impl Iterator<Item = &'column Column>) {
    for (index, column) in columns.enumerate() {
        if index > 0 {
            text.push(',');
        }
        field(text, &column.name);
    }
    text.push_str("\r\n");
}

pub(super) fn row<'batch>(text: &mut String, cells: impl Iterator<Item = Cell<'batch>>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        match &cell {
            Cell::Null => {}
            Cell::Text(value) | Cell::Json(value) => field(text, value),
            cell => write_plain(text, cell),
        }
    }
    text.push_str("\r\n");
}

fn field(text: &mut String, value: &str) {
    // An empty text needs its quotes, because nothing at all means NULL.
    let is_plain = !value.is_empty()
        && !value
            .bytes()
            .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if is_plain {
        text.push_str(value);
        return;
    }
    text.push('"');
    for (index, piece) in value.split('"').enumerate() {
        if index > 0 {
            text.push_str("\"\"");
        }
        text.push_str(piece);
    }
    text.push('"');
}
