//! Shortens long values and marks them: one document in a column must not take the room of a thousand rows.

use std::borrow::Cow;

use crate::warehouse::Cell;

/// Shortens values and counts them.
pub(super) struct Shortener {
    max_bytes: usize,
    count: std::cell::Cell<u64>,
}

impl Shortener {
    /// For values of at most `max_bytes`, without the mark.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            count: std::cell::Cell::new(0),
        }
    }

    /// How many values were shortened.
    pub(super) fn count(&self) -> u64 {
        self.count.get()
    }

    /// Takes back the count of a row that did not fit.
    pub(super) fn take_back(&mut self, count: u64) {
        self.count.set(count);
    }

    /// The value, or its beginning and its full length. The beginning of a JSON document is no longer JSON, so it becomes
    /// text.
    pub(super) fn fit<'batch>(&self, cell: Cell<'batch>) -> Cell<'batch> {
        match &cell {
            // Compared in bytes, as the budget counts; `beginning` cuts between characters.
            Cell::Text(text) | Cell::Json(text) if text.len() > self.max_bytes => {
                self.count.set(self.count.get() + 1);
                Cell::Text(Cow::Owned(beginning(text, self.max_bytes)))
            }
            // Two hexadecimal digits for each byte.
            Cell::Binary(bytes) if bytes.len() > self.max_bytes / 2 => {
                self.count.set(self.count.get() + 1);
                let digits: String = bytes
                    .iter()
                    .take(self.max_bytes / 2)
                    .map(|byte| format!("{byte:02X}"))
                    .collect();
                Cell::Text(Cow::Owned(marked(&digits, bytes.len())))
            }
            _ => cell,
        }
    }
}

/// As many whole characters as fit, and the mark.
fn beginning(text: &str, max_bytes: usize) -> String {
    let end = text.floor_char_boundary(max_bytes);
    marked(text.get(..end).unwrap_or_default(), text.len())
}

fn marked(beginning: &str, bytes: usize) -> String {
    format!("{beginning}… [shortened, {bytes} bytes]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_stay_and_long_ones_say_how_long_they_were() {
        let shortener = Shortener::new(4);
        for (cell, expected) in [
            (Cell::Text("four".into()), Cell::Text("four".into())),
            (
                Cell::Text("fives".into()),
                Cell::Text("five… [shortened, 5 bytes]".into()),
            ),
            (
                Cell::Text("añña".into()),
                Cell::Text("añ… [shortened, 6 bytes]".into()),
            ),
            (Cell::Json("[1]".into()), Cell::Json("[1]".into())),
            (
                Cell::Json("[1,2]".into()),
                Cell::Text("[1,2… [shortened, 5 bytes]".into()),
            ),
            (
                Cell::Binary(&[1, 2, 255]),
                Cell::Text("0102… [shortened, 3 bytes]".into()),
            ),
            (Cell::Binary(&[1, 2]), Cell::Binary(&[1, 2])),
            (Cell::Null, Cell::Null),
        ] {
            assert_eq!(shortener.fit(cell), expected);
        }
        assert_eq!(shortener.count(), 4);
    }
}
