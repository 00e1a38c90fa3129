//! A statement as it may be shown: without values and comments, and as a hash.

use sha2::{Digest, Sha256};

/// Longer statements are cut: the text is for recognizing a statement, not for running it again.
const LONGEST: usize = 2000;

/// Longest verb (`EXECUTE`, `DESCRIBE`).
const LONGEST_WORD: usize = 16;

/// OpenTelemetry's limit for a query summary.
const LONGEST_SUMMARY: usize = 255;

/// The first 16 bytes of the text's SHA-256, in hexadecimal: the same text has the same hash everywhere.
#[must_use]
pub(super) fn hash(sql: &str) -> String {
    let digest = Sha256::digest(sql.as_bytes());
    super::hex(digest.iter().take(16))
}

/// The statement with `?` for every text, number and `$$…$$`, without comments, in one line.
///
/// Works on characters, so that it says something of a statement that no parser can read as well. What is not closed is a
/// value to its end: in doubt too much is left out.
#[must_use]
pub(super) fn normalised(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len().min(LONGEST));
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        // Checked on the way, so that a statement of megabytes is not read to its end for a log
        // line.
        if text.len() >= LONGEST {
            text.push('…');
            break;
        }
        let previous = text.chars().next_back();
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        if first.is_whitespace() {
            space(&mut text);
            rest = rest.trim_start();
        } else if rest.starts_with("--") || rest.starts_with("//") {
            space(&mut text);
            rest = after(rest, "\n");
        } else if rest.starts_with("/*") {
            space(&mut text);
            rest = after(rest.get(2..).unwrap_or_default(), "*/");
        } else if rest.starts_with("$$") {
            text.push('?');
            rest = after(rest.get(2..).unwrap_or_default(), "$$");
        } else if first == '\'' {
            text.push('?');
            rest = after_text(rest);
        } else if first == '"' {
            let end = rest.get(1..).and_then(|name| name.find('"'));
            let (name, left) = rest.split_at(end.map_or(rest.len(), |end| end + 2));
            text.push_str(name);
            rest = left;
        // A digit inside a word, as in `T1`, is part of a name.
        } else if first.is_ascii_digit() && !previous.is_some_and(is_word) {
            text.push('?');
            // Letters too: `1e5` and `0x1F` are values whole.
            let is_number = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_');
            rest = rest.trim_start_matches(is_number);
        } else {
            text.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// A summary of the statement, which names its span: its verb and, if they may be shown, the objects it names.
#[must_use]
pub(super) fn summary(normalised: &str, objects: &[String]) -> String {
    let is_letter = |c: &char| c.is_ascii_alphabetic();
    let word = normalised.chars().skip_while(|c| matches!(c, '(' | ' '));
    let mut text: String = word.take_while(is_letter).take(LONGEST_WORD).collect();
    text.make_ascii_uppercase();
    if text.is_empty() {
        text.push_str("statement");
    }
    for object in objects {
        // The summary names the span, and backends cut or reject long names.
        if text.len() + object.len() > LONGEST_SUMMARY {
            break;
        }
        text.push(' ');
        text.push_str(object);
    }
    text
}

fn space(text: &mut String) {
    if !text.is_empty() && !text.ends_with(' ') {
        text.push(' ');
    }
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// The rest after a text in single quotes, in which `''` and `\'` are quotes.
fn after_text(text: &str) -> &str {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => {
                characters.next();
            }
            '\'' if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            '\'' => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_comments_are_left_out() {
        for (sql, wanted) in [
            (
                "SELECT  a1, 'x''y', 12.5e3\n FROM t2",
                "SELECT a1, ?, ? FROM t2",
            ),
            (
                "select 'it\\'s', b -- secret\nfrom \"My 1\"",
                "select ?, b from \"My 1\"",
            ),
            (
                "select /* secret */ $$ se'cret $$, col_1",
                "select ?, col_1",
            ),
            (
                "select 0xFF, -1, $1 from @stage/2024",
                "select ?, -?, $1 from @stage/?",
            ),
            ("select 'never closed secret", "select ?"),
            ("select 1 /* never closed secret", "select ?"),
            ("select \"never closed", "select \"never closed"),
        ] {
            assert_eq!(normalised(sql), wanted, "{sql}");
        }
    }

    #[test]
    fn a_summary_says_what_a_statement_is_and_names() {
        let names = ["A.B".to_owned(), "\"my c\"".to_owned()];
        for (sql, objects, wanted) in [
            ("select ? from a.b", &names[..1], "SELECT A.B"),
            ("( with x as (select ?)", &names[..], "WITH A.B \"my c\""),
            ("show tables", &[], "SHOW"),
            ("?", &[], "statement"),
        ] {
            assert_eq!(summary(sql, objects), wanted, "{sql}");
        }
        let many = vec!["AN_OBJECT_WITH_A_NAME".to_owned(); 100];
        assert!(summary("select", &many).len() <= LONGEST_SUMMARY);
    }

    #[test]
    fn a_long_statement_is_cut() {
        let long = "a + ".repeat(10_000);
        assert!(normalised(&long).len() <= LONGEST + 8);
    }

    #[test]
    fn the_hash_is_that_of_the_text() {
        // printf 'select 1' | sha256sum
        assert_eq!(hash("select 1"), "822ae07d4783158bc1912bb623e5107c");
    }
}
