//! A description that is longer than an answer may be.

use super::document::Document;
use super::output::TruncationOutput;
use crate::query::TruncationReason;

/// Where the rest of it is.
const REST: &str = "For the rest query the INFORMATION_SCHEMA of the database with a condition";

/// The beginning of a text that is too long, in whole lines, and a closing line that says so.
pub(super) fn fit_text(mut body: String, closing: String, max_bytes: usize) -> (String, String) {
    let bytes = body.len();
    if bytes <= max_bytes {
        return (body, closing);
    }
    let end = body.floor_char_boundary(max_bytes);
    let line = body.get(..end).and_then(|kept| kept.rfind('\n'));
    // Whole lines, because half a row of a table is read as a row.
    let end = line.map_or(end, |line| line + 1);
    body.truncate(end);
    // A definition that is cut still ends where it does.
    if body.matches("```").count() % 2 == 1 {
        body.push_str("```\n");
    }
    let closing = format!(
        "Cut: the first {end} of {bytes} bytes are shown, the most this server returns at once. {REST}. {closing}"
    );
    (body, closing)
}

/// What does not fit into a document is left out, and said to be.
pub(super) fn fit_document(document: &mut Document, max_bytes: usize) {
    if !document.fit(max_bytes) {
        return;
    }
    let truncation = TruncationOutput {
        reason: TruncationReason::Bytes.as_str(),
        limit: max_bytes as u64,
        hint: format!("{REST}."),
    };
    document.set("truncated", "true".to_owned());
    let truncation = serde_json::to_string(&truncation).unwrap_or_default();
    document.set("truncation", truncation);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_after_a_line_and_said_to_be() {
        let closing = || "3 columns.".to_owned();
        let whole = "| a |\n| ä |\n| c |\n".to_owned();
        let same = fit_text(whole.clone(), closing(), whole.len());
        assert_eq!(same, (whole.clone(), closing()));
        let (cut, told) = fit_text(whole.clone(), closing(), 10);
        assert_eq!(cut, "| a |\n");
        assert!(
            told.starts_with("Cut: the first 6 of 19 bytes") && told.ends_with("3 columns."),
            "{told}"
        );
        let (cut, _) = fit_text("x\n```sql\nSELECT 1\n, 2\n```\n".to_owned(), closing(), 20);
        assert_eq!(cut, "x\n```sql\nSELECT 1\n```\n");
        let (cut, _) = fit_text("ä".repeat(9), closing(), 5);
        assert_eq!(cut, "ää");
    }
}
