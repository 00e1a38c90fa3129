//! Names that live as long as the process: the catalog holds names by reference, and those of files come at run time.

use std::collections::HashSet;

/// Different names that are kept: those of tables, columns and folders. With 100 bytes each they take 20 MB.
const MOST: usize = 200_000;

/// All names there have ever been, each once.
#[derive(Default)]
pub(super) struct Names {
    known: HashSet<&'static str>,
}

impl Names {
    /// The name for good, or `None` when there are too many.
    pub(super) fn get(&mut self, name: &str) -> Option<&'static str> {
        if let Some(known) = self.known.get(name) {
            return Some(known);
        }
        if self.known.len() >= MOST {
            return None;
        }
        let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
        self.known.insert(kept);
        Some(kept)
    }
}
