//! Rows as text, one file for each format. Written row by row, so that a result over its budget is never built whole.

mod csv;
mod json;
mod markdown;
mod value;

use std::fmt;

use crate::warehouse::{Cell, Column, DataType};

pub use json::{escape, quote};
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
    /// The rows as a JSON list of lists, where it is wanted. Not yet closed.
    json: Option<String>,
    /// Bytes of the rows so far.
    bytes: usize,
    max_bytes: usize,
}

impl Writer {
    /// Writes the header, which does not count against the budget of `max_bytes`. [`Format::Json`] has none, and its rows are
    /// written as `with_json` wants them beside another format.
    pub(super) fn new<'column>(
        format: Format,
        columns: impl Iterator<Item = &'column Column> + Clone,
        max_bytes: usize,
        with_json: bool,
    ) -> Self {
        let mut text = String::new();
        match format {
            Format::Markdown => markdown::header(&mut text, columns),
            Format::Csv => csv::header(&mut text, columns),
            Format::Json => {}
        }
        Self {
            format,
            text,
            json: (with_json || format == Format::Json).then(|| "[".to_owned()),
            bytes: 0,
            max_bytes,
        }
    }

    /// Another budget for the rows to come, those that were written included.
    pub(super) fn limit(&mut self, max_bytes: usize) {
        self.max_bytes = max_bytes;
    }

    /// Adds a row, or nothing and `false` when it does not fit.
    pub(super) fn write_row<'batch>(&mut self, cells: impl Iterator<Item = Cell<'batch>>) -> bool {
        // A row is written first and taken back if it does not fit, because its length is known
        // only then.
        let before = self.text.len();
        let Some(json) = &mut self.json else {
            write_text(self.format, &mut self.text, cells);
            return self.keep(self.text.len() - before, before, 0);
        };
        let json_before = json.len();
        if json_before > 1 {
            json.push(',');
        }
        let begin = json.len();
        let bytes = if self.format == Format::Json {
            json::row(json, cells);
            json.len() - begin
        } else {
            let cells: Vec<_> = cells.collect();
            json::row(json, cells.iter().cloned());
            write_text(self.format, &mut self.text, cells.into_iter());
            self.text.len() - before
        };
        self.keep(bytes, before, json_before)
    }

    /// Counts a row that was written, or takes back what is longer than before when it does not fit.
    fn keep(&mut self, bytes: usize, text_before: usize, json_before: usize) -> bool {
        let all = self.bytes.saturating_add(bytes);
        let fits = all <= self.max_bytes;
        if fits {
            self.bytes = all;
        } else {
            self.text.truncate(text_before);
            if let Some(json) = &mut self.json {
                json.truncate(json_before);
            }
        }
        fits
    }

    /// Bytes that the rows take, and the names above them.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.max(self.text.len()) as u64
    }

    /// The text, and the rows as a JSON list of lists where it is wanted.
    pub(super) fn finish(self) -> (String, Option<String>) {
        let json = self.json.map(|mut json| {
            json.push(']');
            json
        });
        (self.text, json)
    }
}

fn write_text<'batch>(
    format: Format,
    text: &mut String,
    cells: impl Iterator<Item = Cell<'batch>>,
) {
    match format {
        Format::Markdown => markdown::row(text, cells),
        Format::Csv => csv::row(text, cells),
        Format::Json => {}
    }
}

/// A small table of texts, written like any other result. What is missing is an empty cell.
#[must_use]
pub fn table<'text>(
    format: Format,
    names: &[&str],
    rows: impl Iterator<Item = Vec<Option<&'text str>>>,
) -> String {
    let columns: Vec<_> = names
        .iter()
        .map(|name| Column {
            name: (*name).to_owned(),
            data_type: DataType::Varchar(None),
            is_nullable: true,
        })
        .collect();
    let mut writer = Writer::new(format, columns.iter(), usize::MAX, false);
    for row in rows {
        writer.write_row(row.into_iter().map(|value| match (value, format) {
            (Some(text), _) => Cell::Text(text.into()),
            // In a result `NULL` is a value; in these tables it would be read as the name of
            // something.
            (None, Format::Markdown) => Cell::Text("".into()),
            (None, Format::Csv | Format::Json) => Cell::Null,
        }));
    }
    writer.finish().0
}

/// A value inside a sentence or a line of ours: line breaks of any kind and what else moves a cursor are spaces.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.split(breaks)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
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
        let mut writer = Writer::new(format, columns.iter(), max_bytes, false);
        let written = rows
            .iter()
            .take_while(|row| writer.write_row(row.iter().cloned()))
            .count();
        let (text, json) = writer.finish();
        (written, json.unwrap_or(text))
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

    #[test]
    fn rows_are_json_beside_the_text_where_that_is_wanted() {
        let columns = [column("A", DataType::Boolean)];
        let mut writer = Writer::new(Format::Csv, columns.iter(), 6, true);
        assert!(writer.write_row([Cell::Boolean(true)].into_iter()));
        assert!(!writer.write_row([Cell::Boolean(false)].into_iter()));
        let (text, json) = writer.finish();
        assert_eq!(text, "A\r\ntrue\r\n");
        assert_eq!(json.as_deref(), Some("[[true]]"));
    }

    #[test]
    fn what_is_missing_is_an_empty_cell() {
        let rows = || [vec![Some("a|b"), None]].into_iter();
        assert_eq!(
            table(Format::Markdown, &["X", "Y"], rows()),
            "| X | Y |\n|---|---|\n| a\\|b |  |\n"
        );
        assert_eq!(table(Format::Csv, &["X", "Y"], rows()), "X,Y\r\na|b,\r\n");
    }

    #[test]
    fn a_value_in_a_sentence_stays_on_its_line() {
        for (value, shown) in [
            ("a b", "a b"),
            ("a\r\n- b\u{2028}c", "a - b c"),
            ("\u{1b}[2Jä\n", "[2Jä"),
            ("", ""),
        ] {
            assert_eq!(on_one_line(value), shown);
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
