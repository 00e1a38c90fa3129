//! Rows as text, one file for each format. Written row by row, so that a result over its budget is never built whole.

mod csv;
mod json;
mod markdown;
mod value;

use std::fmt;

use serde_json::Value;

use crate::warehouse::{Cell, Column};

pub use value::plain_text;

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// A table in GitHub's Markdown: what models read best.
    #[default]
    Markdown,
    /// RFC 4180, with a header line. NULL is nothing, an empty text is `""`.
    Csv,
    /// JSON arrays, types kept.
    Json,
}

/// Writes rows until the byte budget is full.
pub(super) struct Writer {
    format: Format,
    text: String,
    rows: Vec<Value>,
    max_bytes: usize,
}

impl Writer {
    /// Writes the header, which does not count against the budget of `max_bytes`.
    pub(super) fn new<'column>(
        format: Format,
        columns: impl Iterator<Item = &'column Column> + Clone,
        max_bytes: usize,
    ) -> Self {
        let mut text = String::new();
        match format {
            Format::Markdown => markdown::header(&mut text, columns),
            Format::Csv => csv::header(&mut text, columns),
            Format::Json => text.push('['),
        }
        let max_bytes = text.len().saturating_add(max_bytes);
        Self {
            format,
            text,
            rows: Vec::new(),
            max_bytes,
        }
    }

    /// Adds a row, or nothing and `false` when it does not fit.
    pub(super) fn write_row<'batch>(&mut self, cells: impl Iterator<Item = Cell<'batch>>) -> bool {
        let before = self.text.len();
        match self.format {
            Format::Markdown => markdown::row(&mut self.text, cells),
            Format::Csv => csv::row(&mut self.text, cells),
            Format::Json => {
                self.text
                    .push_str(if self.rows.is_empty() { "[" } else { ",[" });
                let mut row = Vec::with_capacity(cells.size_hint().0);
                for cell in cells {
                    if !row.is_empty() {
                        self.text.push(',');
                    }
                    let value = json::value(&cell);
                    json::write(&mut self.text, &cell, &value);
                    row.push(value);
                }
                self.text.push(']');
                self.rows.push(Value::Array(row));
            }
        }
        let fits = self.text.len() <= self.max_bytes;
        if !fits {
            self.text.truncate(before);
            if self.format == Format::Json {
                self.rows.pop();
            }
        }
        fits
    }

    /// The text, and the rows as JSON values for [`Format::Json`].
    pub(super) fn finish(mut self) -> (String, Option<Vec<Value>>) {
        match self.format {
            Format::Json => {
                self.text.push(']');
                (self.text, Some(self.rows))
            }
            Format::Markdown | Format::Csv => (self.text, None),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Json => "json",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::DataType;
    use proptest::prelude::*;

    fn column(name: &str, data_type: DataType) -> Column {
        Column {
            name: name.into(),
            data_type,
            is_nullable: true,
        }
    }

    fn write(format: Format, max_bytes: usize, rows: &[Vec<Cell<'static>>]) -> (usize, String) {
        let columns = [
            column("N|AME", DataType::Varchar(None)),
            column(
                "QTY",
                DataType::Number {
                    precision: 38,
                    scale: 0,
                },
            ),
        ];
        let mut writer = Writer::new(format, columns.iter(), max_bytes);
        let written = rows
            .iter()
            .take_while(|row| writer.write_row(row.iter().cloned()))
            .count();
        (written, writer.finish().0)
    }

    fn rows() -> Vec<Vec<Cell<'static>>> {
        vec![
            vec![
                Cell::Text("a|b\nc".into()),
                Cell::Number {
                    unscaled: 12,
                    scale: 0,
                },
            ],
            vec![Cell::Text("say \"hi\", then".into()), Cell::Null],
            vec![
                Cell::Text("".into()),
                Cell::Number {
                    unscaled: 9_007_199_254_740_993,
                    scale: 0,
                },
            ],
        ]
    }

    #[test]
    fn markdown_is_a_table_whatever_the_values_hold() {
        insta::assert_snapshot!(write(Format::Markdown, 1000, &rows()).1, @r#"
        | N\|AME | QTY |
        |---|---:|
        | a\|b<br>c | 12 |
        | say "hi", then | NULL |
        |  | 9007199254740993 |
        "#);
    }

    #[test]
    fn csv_keeps_null_and_empty_apart() {
        insta::assert_snapshot!(write(Format::Csv, 1000, &rows()).1.replace("\r\n", "\n"), @r#"
        N|AME,QTY
        "a|b
        c",12
        "say ""hi"", then",
        "",9007199254740993
        "#);
    }

    #[test]
    fn json_writes_numbers_that_a_double_would_change_as_text() {
        insta::assert_snapshot!(
            write(Format::Json, 1000, &rows()).1,
            @r#"[["a|b\nc",12],["say \"hi\", then",null],["","9007199254740993"]]"#
        );
    }

    fn cells() -> impl Strategy<Value = Cell<'static>> {
        prop_oneof![
            Just(Cell::Null),
            any::<bool>().prop_map(Cell::Boolean),
            (any::<i64>(), 0_u8..20).prop_map(|(unscaled, scale)| Cell::Number {
                unscaled: unscaled.into(),
                scale
            }),
            any::<i128>().prop_map(|unscaled| Cell::Number { unscaled, scale: 2 }),
            any::<f64>().prop_map(Cell::Float),
            any::<String>().prop_map(|text| Cell::Text(text.into())),
            any::<String>().prop_map(|text| Cell::Json(text.into())),
            Just(Cell::Json("{\n \"a\": [1, null, \"x\"]}".into())),
        ]
    }

    proptest! {
        #[test]
        fn the_text_of_json_rows_holds_what_the_rows_hold(row in prop::collection::vec(cells(), 1..6)) {
            let columns = vec![column("A", DataType::Variant); row.len()];
            let mut writer = Writer::new(Format::Json, columns.iter(), 1 << 20);
            prop_assert!(writer.write_row(row.iter().cloned()));
            prop_assert!(writer.write_row(row.iter().cloned()));
            let (text, rows) = writer.finish();
            prop_assert_eq!(serde_json::from_str::<Vec<Value>>(&text).unwrap(), rows.unwrap());
        }
    }

    #[test]
    fn a_row_that_does_not_fit_leaves_no_trace() {
        for format in [Format::Markdown, Format::Csv, Format::Json] {
            let whole = write(format, 1000, &rows()[..1]);
            let budget = whole.1.len() + 5;
            let cut = write(format, budget.min(30), &rows());
            assert!(cut.0 < 3, "{format}");
            let same = write(format, 1000, &rows()[..cut.0]);
            assert_eq!(cut, same, "{format}");
        }
    }
}
