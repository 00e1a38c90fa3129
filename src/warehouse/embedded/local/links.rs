//! Where the files of tables lie, looked at again when a statement uses them.
//!
//! The engine follows links. The folder is looked at every two seconds, and whoever may write there could put a link to a
//! foreign file into the place of a file meanwhile. So each file that a statement names is looked at just before the
//! engine opens it, and once more when it has.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use super::super::catalog::{LOCAL_DATABASE, quoted};
use super::folder::Stamp;

/// The files behind the tables, by the name of the table as the engine is told it, in lower case: to the engine all
/// spellings of a name are one.
#[derive(Debug, Default)]
pub(in crate::warehouse::embedded) struct Files(RwLock<HashMap<String, Lying>>);

/// A file behind a table.
#[derive(Debug, Clone)]
pub(super) struct Lying {
    /// Where it lies on disk, without any link.
    pub(super) path: PathBuf,
    /// As a person in the folder would name it.
    pub(super) shown: String,
    /// What it was when its columns were read.
    pub(super) stamp: Stamp,
}

impl Files {
    /// Says which files there are now.
    pub(super) fn set(&self, files: HashMap<String, Lying>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = files;
    }

    /// A file of this statement of the engine's that is not what it was when its columns were read.
    pub(in crate::warehouse::embedded) fn changed(&self, sql: &str) -> Option<String> {
        let has_changed = |file: &Lying| {
            std::fs::metadata(&file.path).map_or(true, |now| Stamp::of(&now) != file.stamp)
        };
        self.of(sql).find(has_changed).map(|file| file.shown)
    }

    /// The file whose path is in a text of the engine's.
    pub(in crate::warehouse::embedded) fn named_in(&self, text: &str) -> Option<String> {
        let files = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let named = files.values().filter(|file| {
            let path = file.path.to_str();
            path.is_some_and(|path| text.contains(path))
        });
        // The path of one may be the beginning of another's.
        named
            .max_by_key(|file| file.path.as_os_str().len())
            .map(|file| file.shown.clone())
    }

    /// The files that a statement names.
    fn of(&self, sql: &str) -> impl Iterator<Item = Lying> + use<> {
        let start = format!("{}.", quoted(LOCAL_DATABASE)).to_ascii_lowercase();
        let sql = sql.to_ascii_lowercase();
        let files = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found: Vec<Lying> = sql
            .match_indices(&start)
            .filter_map(|(at, _)| files.get(&name_at(sql.get(at..)?)?).cloned())
            .collect();
        found.into_iter()
    }

    /// Whether each file that this statement of the engine's names still lies where it was found.
    pub(in crate::warehouse::embedded) fn lie_where_they_were(&self, sql: &str) -> bool {
        self.of(sql).all(|file| is_itself(&file.path))
    }
}

/// Whether no part of the path is a link. A file that is gone is told by the engine.
fn is_itself(file: &Path) -> bool {
    std::fs::canonicalize(file).map_or(true, |real| real == file)
}

/// The three quoted names that a text begins with, dots between them.
fn name_at(text: &str) -> Option<String> {
    let mut end = 0;
    for part in 0..3 {
        if part > 0 {
            end += text.get(end..)?.starts_with('.').then_some(1)?;
        }
        end += quoted_length(text.get(end..)?)?;
    }
    text.get(..end).map(str::to_owned)
}

/// How long the name in double quotes is that a text begins with. A quote inside is written twice.
fn quoted_length(text: &str) -> Option<usize> {
    let mut rest = text.strip_prefix('"')?;
    loop {
        rest = rest.get(rest.find('"')? + 1..)?;
        match rest.strip_prefix('"') {
            Some(more) => rest = more,
            None => return Some(text.len() - rest.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_to_its_end() {
        let read = |text: &str| name_at(text);
        assert_eq!(
            read("\"local\".\"a b\".\"c\"\"d\" where x").as_deref(),
            Some("\"local\".\"a b\".\"c\"\"d\"")
        );
        assert_eq!(read("\"local\".\"a\""), None);
        assert_eq!(read("\"local\".\"a\".\"b"), None);
        assert_eq!(read("\"local\".a.b"), None);
    }

    fn lying(path: &Path) -> Lying {
        Lying {
            path: path.to_owned(),
            shown: path.file_name().unwrap().display().to_string(),
            stamp: Stamp::of(&std::fs::metadata(path).unwrap()),
        }
    }

    #[test]
    fn a_file_that_is_not_what_it_was_is_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.csv");
        std::fs::write(&file, "a\n1\n").unwrap();
        let files = Files::default();
        let name = "\"local\".\"public\".\"t\"".to_owned();
        files.set(HashMap::from([(name, lying(&file))]));
        let used = "SELECT * FROM \"LOCAL\".\"PUBLIC\".\"T\"";
        assert_eq!(files.changed(used), None);
        std::fs::write(&file, "a,b\n1,2\n").unwrap();
        assert_eq!(files.changed(used).as_deref(), Some("t.csv"));
        assert_eq!(files.changed("SELECT 1"), None);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(files.changed(used).as_deref(), Some("t.csv"));
        let said = format!("Malformed JSON in file \"{}\", at byte 7", file.display());
        assert_eq!(files.named_in(&said).as_deref(), Some("t.csv"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_a_file_is_seen_in_any_spelling() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        let file = root.join("t.csv");
        std::fs::write(&file, "a\n1\n").unwrap();
        std::fs::write(root.join("other.csv"), "a\n1\n").unwrap();
        let files = Files::default();
        files.set(HashMap::from([(
            "\"local\".\"public\".\"t\"".to_owned(),
            lying(&file),
        )]));
        let used = "SELECT * FROM \"LOCAL\".\"PUBLIC\".\"T\" AS x";
        assert!(files.lie_where_they_were(used));
        std::fs::remove_file(&file).unwrap();
        symlink(root.join("other.csv"), &file).unwrap();
        assert!(!files.lie_where_they_were(used));
        assert!(!files.lie_where_they_were("(FROM \"local\".\"Public\".\"t\")"));
        assert!(files.lie_where_they_were("SELECT * FROM \"LOCAL\".\"PUBLIC\".\"U\""));
        // A folder above it counts as well.
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        std::fs::write(root.join("real/t.csv"), "a\n1\n").unwrap();
        symlink(root.join("real"), root.join("folder")).unwrap();
        files.set(HashMap::from([(
            "\"local\".\"public\".\"t\"".to_owned(),
            lying(&root.join("folder/t.csv")),
        )]));
        assert!(!files.lie_where_they_were(used));
    }
}
