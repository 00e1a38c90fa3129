//! YAML as people write it: blocks, and texts of several lines as such. Scalars are JSON's, which YAML reads as well.

use serde_json::Value;

/// Writes a document.
pub(super) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

fn block(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                indent(text, depth);
                entry(text, name, field, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(text, depth);
                text.push_str("- ");
                let mut inside = String::new();
                match item {
                    Value::Object(fields) if !fields.is_empty() => {
                        block(&mut inside, item, depth + 1);
                        // The first line follows the dash.
                        text.push_str(inside.trim_start_matches(' '));
                    }
                    other => {
                        text.push_str(&other.to_string());
                        text.push('\n');
                    }
                }
            }
        }
        other => {
            text.push_str(&other.to_string());
            text.push('\n');
        }
    }
}

fn entry(text: &mut String, name: &str, field: &Value, depth: usize) {
    text.push_str(name);
    text.push(':');
    match field {
        Value::String(value) if is_plain_block(value) => {
            text.push_str(" |\n");
            for line in value.lines() {
                if !line.is_empty() {
                    indent(text, depth + 1);
                    text.push_str(line);
                }
                text.push('\n');
            }
        }
        // An empty object would be an empty block, which YAML reads as null.
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            block(text, field, depth + 1);
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            text.push('\n');
            block(text, field, depth + 1);
        }
        other => {
            text.push(' ');
            text.push_str(&other.to_string());
            text.push('\n');
        }
    }
}

/// Whether a block with `|` can hold the text unchanged: it ends in exactly one line feed, and its first line is not
/// indented.
fn is_plain_block(value: &str) -> bool {
    let is_printable = |c: char| c == '\n' || !c.is_control();
    value.trim_end_matches('\n').contains('\n')
        && value.ends_with('\n')
        && !value.ends_with("\n\n")
        && !value.starts_with([' ', '\n'])
        && value.chars().all(is_printable)
}

fn indent(text: &mut String, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}
