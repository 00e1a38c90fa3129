//! What is wrong with a file of tools, and where in it.

use std::fmt;

/// Something that is wrong, or looks so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the file.
    pub file: String,
    /// Counted from 1; 0 where nothing is known of the place.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
    /// What it is about, as in `tools[2].parameters[0].default`.
    pub path: String,
    /// What is wrong, and what was expected.
    pub message: String,
    /// Whether the file is taken all the same.
    pub is_warning: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
