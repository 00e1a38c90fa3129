//! The files of a folder and the names of the tables they make.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::catalog::INFORMATION_SCHEMA;

/// Tables there may be. Each takes some kilobytes and is looked at every two seconds.
const MOST_FILES: usize = 5_000;
/// Entries that are looked at, whatever they are.
const MOST_ENTRIES: usize = 50_000;
/// Folders inside one another.
const DEEPEST: usize = 8;
/// Largest file. A Parquet file is read in parts, but a JSON or CSV file of this size is read whole for every statement.
const LARGEST: u64 = 4 << 30;

/// The schema of the files that lie in no folder of their own.
const TOP: &str = "PUBLIC";

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
    Parquet,
}

/// What tells a file from what it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            bytes: 0,
            modified: None,
        }
    }

    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// A file that makes a table.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Where it really lies, links resolved: two files may lie at the same place.
    pub(super) path: PathBuf,
    /// As a person in the folder would name it.
    pub(super) shown: String,
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) format: Format,
    pub(super) stamp: Stamp,
}

/// What a folder holds, by the paths in it, links as they are.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: BTreeMap<PathBuf, File>,
    /// What could be a table and is none, with the reason.
    pub(super) left_out: Vec<(PathBuf, String)>,
}

/// Everything below `root`, which has no link in it.
pub(super) fn find(root: &Path) -> Found {
    let mut walk = Walk {
        root,
        found: Found::default(),
        entries: 0,
    };
    walk.folder(root, &[]);
    walk.found
}

struct Walk<'r> {
    root: &'r Path,
    found: Found,
    entries: usize,
}

impl Walk<'_> {
    fn leave_out(&mut self, path: &Path, reason: impl Into<String>) {
        self.found.left_out.push((path.to_owned(), reason.into()));
    }

    fn folder(&mut self, folder: &Path, above: &[String]) {
        let mut entries = match fs::read_dir(folder) {
            Ok(entries) => entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .take(MOST_ENTRIES)
                .collect::<Vec<_>>(),
            Err(error) => return self.leave_out(folder, format!("it cannot be read: {error}")),
        };
        entries.sort();
        for path in entries {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return self.leave_out(
                    self.root,
                    format!("only the first {MOST_ENTRIES} files and folders are looked at"),
                );
            }
            self.entry(&path, above);
        }
    }

    fn entry(&mut self, path: &Path, above: &[String]) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return self.leave_out(path, "its name is no UTF-8");
        };
        // What programs put there for themselves: .git, _SUCCESS, ~$open.xlsx.
        if name.starts_with(['.', '_', '~']) {
            return;
        }
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return;
        };
        if metadata.is_dir() {
            return self.inner(path, name, above);
        }
        let Some((stem, format)) = format_of(name) else {
            return;
        };
        let (real, metadata) = match self.real(path, metadata) {
            Ok(real) => real,
            Err(reason) => return self.leave_out(path, reason),
        };
        match self.file(path, real, &metadata, stem, format, above) {
            Ok(file) => drop(self.found.files.insert(path.to_owned(), file)),
            Err(reason) => self.leave_out(path, reason),
        }
    }

    fn inner(&mut self, path: &Path, name: &str, above: &[String]) {
        if above.len() >= DEEPEST {
            return self.leave_out(path, format!("folders nest deeper than {DEEPEST} levels"));
        }
        let mut names = above.to_vec();
        names.push(name.to_owned());
        self.folder(path, &names);
    }

    /// Where the path leads. A link may lead to a file of the same folder, and nowhere else; one to a folder is not
    /// followed, because it could lead round in a circle.
    fn real(&self, path: &Path, metadata: Metadata) -> Result<(PathBuf, Metadata), String> {
        if metadata.is_file() {
            return Ok((path.to_owned(), metadata));
        }
        if !metadata.is_symlink() {
            return Err("it is no regular file".to_owned());
        }
        let real =
            fs::canonicalize(path).map_err(|error| format!("its link leads nowhere: {error}"))?;
        if !real.starts_with(self.root) {
            return Err("its link leads out of the folder".to_owned());
        }
        let metadata = fs::symlink_metadata(&real).map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err("its link leads to no regular file".to_owned());
        }
        Ok((real, metadata))
    }

    fn file(
        &self,
        path: &Path,
        real: PathBuf,
        metadata: &Metadata,
        stem: &str,
        format: Format,
        above: &[String],
    ) -> Result<File, String> {
        if self.found.files.len() >= MOST_FILES {
            return Err(format!("there are more than {MOST_FILES} files"));
        }
        if metadata.len() > LARGEST {
            return Err(format!("it is larger than {} GiB", LARGEST >> 30));
        }
        let text = real.to_str().ok_or("its path is no UTF-8")?;
        // The engine would take them for a pattern that stands for other files.
        if text.contains(['*', '?', '[', ']', '{', '}']) {
            return Err("its path has one of the characters * ? [ ] { }".to_owned());
        }
        if text.contains(char::is_control) {
            return Err("its path has a control character, such as a line feed".to_owned());
        }
        let schema = match above {
            [] => TOP.to_owned(),
            folders => identifier(&folders.join("_")),
        };
        if schema == INFORMATION_SCHEMA {
            return Err(format!("no folder can be named {INFORMATION_SCHEMA}"));
        }
        Ok(File {
            shown: path
                .strip_prefix(self.root)
                .unwrap_or(path)
                .display()
                .to_string(),
            schema,
            table: identifier(stem),
            format,
            stamp: Stamp::of(metadata),
            path: real,
        })
    }
}

/// The name without its ending, and what the ending says.
fn format_of(name: &str) -> Option<(&str, Format)> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
    let (stem, ending) = plain.rsplit_once('.')?;
    let format = match ending {
        "csv" | "tsv" => Format::Csv,
        "json" | "jsonl" | "ndjson" => Format::Json,
        "parquet" if plain.len() == lower.len() => Format::Parquet,
        _ => return None,
    };
    // Lower case of ASCII has the same length.
    Some((
        name.get(..stem.len()).filter(|stem| !stem.is_empty())?,
        format,
    ))
}

/// The name as Snowflake would store it had it been written without quotes; one that needs quotes stays as it is.
pub(super) fn identifier(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if is_plain {
        name.to_ascii_uppercase()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &Found) -> Vec<String> {
        let files = found.files.values();
        let mut names: Vec<String> = files
            .map(|file| format!("{}.{}", file.schema, file.table))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn folders_are_schemas_and_files_are_tables() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for path in [
            "orders.csv",
            "Sales/2024/north.parquet",
            "Sales/lines.jsonl.gz",
            "Year End.CSV",
            "notes.txt",
            ".hidden.csv",
            "_SUCCESS",
            "information_schema/t.csv",
            "what?.csv",
            "x.parquet.gz",
            ".csv",
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "a\n1\n").unwrap();
        }
        let found = find(&root);
        assert_eq!(
            shown(&found),
            [
                "PUBLIC.ORDERS",
                "PUBLIC.Year End",
                "SALES.LINES",
                "SALES_2024.NORTH"
            ]
        );
        assert_eq!(found.left_out.len(), 2, "{:?}", found.left_out);
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_files_of_the_folder_or_nowhere() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.csv"), "a\n1\n").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::write(root.join("real.csv"), "a\n1\n").unwrap();
        symlink(outside.path().join("secret.csv"), root.join("out.csv")).unwrap();
        symlink(root.join("real.csv"), root.join("same.csv")).unwrap();
        symlink(outside.path(), root.join("folder")).unwrap();
        symlink(root.join("nothing.csv"), root.join("dangling.csv")).unwrap();
        symlink(&root, root.join("circle")).unwrap();
        let found = find(&root);
        assert_eq!(shown(&found), ["PUBLIC.REAL", "PUBLIC.SAME"]);
        let reasons: Vec<&str> = found.left_out.iter().map(|(_, r)| r.as_str()).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(
            reasons.contains(&"its link leads out of the folder"),
            "{reasons:?}"
        );
    }
}
