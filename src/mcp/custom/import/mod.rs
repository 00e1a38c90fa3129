//! Files of tools made from other servers' formats, with a report of what could not be carried over.
//!
//! `imported` is what comes of it, `managed` reads what Snowflake's managed server is made of, `toolbox` the file of MCP Toolbox; `writing` writes ours.

mod imported;
mod managed;
mod toolbox;
mod writing;

use super::document::Document;

pub use imported::Imported;

/// Imports a file in one of the known formats.
///
/// # Errors
///
/// It is none of them.
pub fn import(file: &str, text: &str) -> Result<Imported, String> {
    let mut documents = Vec::new();
    for part in pieces(text) {
        let document = Document::read(file, &part).map_err(|problem| problem.to_string())?;
        documents.push(document.value);
    }
    let mut imported = Imported::default();
    // Told by what is in it: people name these files anything.
    if let Some(specification) = documents.iter().find_map(managed::specification) {
        managed::read(&specification, &mut imported);
    } else if documents.iter().any(toolbox::is_one) {
        for document in &documents {
            toolbox::read(document, &mut imported);
        }
    } else {
        return Err(format!(
            "{file} is neither the specification of a managed server (DESCRIBE MCP SERVER, or the text after FROM SPECIFICATION) \
             nor a tools.yaml of MCP Toolbox"
        ));
    }
    Ok(imported)
}

/// The documents of a file, which lines of three dashes separate.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in text.lines() {
        if line.trim_end() == "---" {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    pieces.retain(|piece| {
        piece
            .lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    pieces
}

#[cfg(test)]
mod tests;
