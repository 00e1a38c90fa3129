//! Lists and objects that were sent as a JSON text: `"[\"A\", \"B\"]"` for `["A", "B"]`.
//!
//! A body that holds a list itself was bounded when it was read. A text is measured before anything is built from it.

use serde_json::Value;

/// The longest text that is read. Callers with more send the list itself.
const MAX_BYTES: usize = 256 * 1024;

/// Most values in a list. More of them belong in a table that the statement joins.
pub(super) const MAX_VALUES: usize = 1000;

/// Most levels of brackets. No argument needs nesting; one more level is read for the sake of a better error.
const MAX_DEPTH: usize = 4;

/// The list in a text: a JSON list, or names with commas between them.
pub(super) fn list(text: &str, holds_texts: bool) -> Result<Vec<Value>, String> {
    let text = text.trim();
    let inside = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if !holds_texts && inside.is_none() {
        return Err("expected a list, as in [\"A\", 1]".to_owned());
    }
    // Before the parser: brackets that nest by the thousand overflow its stack, and lists of commas
    // its memory.
    measure(text)?;
    let error = match inside.map(|_| serde_json::from_str::<Vec<Value>>(text)) {
        Some(Ok(items)) => return Ok(items),
        Some(Err(error)) if !holds_texts => error,
        // ['A', 'B'] and [A] are not JSON, but their meaning is plain.
        _ => return Ok(names(inside.unwrap_or(text))),
    };
    Err(format!("the text is not the JSON of a list: {error}"))
}

/// The object in a text. A text that does not look like an object is returned as it is.
pub(super) fn object(text: String) -> Result<Value, String> {
    if !text.trim_start().starts_with('{') {
        return Ok(Value::String(text));
    }
    measure(&text)?;
    serde_json::from_str(&text)
        .map_err(|error| format!("the text is not the JSON of an object: {error}"))
}

/// Refuses a text that is too long, nests too deep or holds too many values.
fn measure(text: &str) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        return Err(format!(
            "the text has {} bytes; at most {MAX_BYTES} are read as JSON, send the list itself",
            text.len()
        ));
    }
    let (mut depth, mut values) = (0_usize, 1_usize);
    // Brackets and commas inside of texts build nothing.
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err("the text nests too deep; expected a list of single values".to_owned());
        }
        if values > MAX_VALUES {
            return Err(format!("the list has more than {MAX_VALUES} values"));
        }
    }
    Ok(())
}

/// Names with commas between them. A comma in double quotes is part of a name.
fn names(text: &str) -> Vec<Value> {
    let mut in_quotes = false;
    text.split(|c: char| {
        in_quotes ^= c == '"';
        c == ',' && !in_quotes
    })
    .map(|name| Value::String(name.trim().to_owned()))
    .collect()
}
