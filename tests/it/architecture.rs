//! The arrows between the rooms of `src/` go one way. ARCHITECTURE.md draws them; this test holds them.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in order: each may use what stands after it.
const ROOMS: [&str; 10] = [
    "main",
    "cli",
    "app",
    "http",
    "mcp",
    "identity",
    "query",
    "warehouse",
    "policy",
    "sql",
];

/// Rooms that everybody may use, and what they may use themselves.
const LEAVES: [(&str, &[&str]); 2] = [("config", &[]), ("telemetry", &["config"])];

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// Why the first room may not use the second, or `None` when it may.
fn objection(from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    if let Some((_, allowed)) = LEAVES.iter().find(|(leaf, _)| *leaf == from) {
        return (!allowed.contains(&to)).then(|| format!("{from} is a leaf"));
    }
    if LEAVES.iter().any(|(leaf, _)| *leaf == to) {
        return None;
    }
    match (place(from), place(to)) {
        (Some(from), Some(to)) if from < to => None,
        (Some(_), Some(_)) => Some(format!("{from} stands below {to}")),
        _ => Some(format!(
            "{from} or {to} is no room that ARCHITECTURE.md knows"
        )),
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms a line of code names, in a `use` or in a path. Only the program itself names the library by its name.
fn rooms_named<'line>(from: &str, line: &'line str) -> impl Iterator<Item = &'line str> {
    let prefix = if from == "main" {
        "snowflake_mcp::"
    } else {
        "crate::"
    };
    line.split(prefix).skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        rest.get(..end).filter(|room| !room.is_empty())
    })
}

#[test]
fn no_room_uses_one_that_stands_before_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&source, &mut paths);
    assert!(paths.len() > 20, "the sources were found");
    let mut objections = Vec::new();
    for path in paths {
        let inside = path.strip_prefix(&source).unwrap();
        let first = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let from = first.trim_end_matches(".rs");
        // A test may reach for what its room may not.
        if from == "lib" || inside.ends_with("tests.rs") {
            continue;
        }
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for to in rooms_named(from, code) {
                if let Some(objection) = objection(from, to) {
                    objections.push(format!(
                        "src/{}:{}: {objection}",
                        inside.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

/// The fixtures of the conformance suite are tools that anybody may call: nothing that people install is built with them.
#[test]
fn what_people_install_is_built_without_the_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let features = manifest.split("[features]").nth(1).unwrap();
    let features = features.split("\n[").next().unwrap();
    let enabling: Vec<_> = features
        .lines()
        .filter(|line| !line.starts_with('#') && line.contains("conformance-fixtures"))
        .collect();
    assert_eq!(enabling, ["conformance-fixtures = []"]);
    let mut builds = vec![root.join("Dockerfile")];
    for folder in [".github", "packaging", "compose", "scripts"] {
        files_of_any_kind(&root.join(folder), &mut builds);
    }
    for path in builds {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let speaks_of_it = path.ends_with("scripts/conformance.py");
        assert!(
            speaks_of_it || !text.contains("conformance-fixtures"),
            "{}",
            path.display()
        );
        assert!(!text.contains("--all-features"), "{}", path.display());
    }
    // The one build with them is beside the others.
    let make = fs::read_to_string(root.join("Makefile")).unwrap();
    let mut with_them = make
        .lines()
        .filter(|line| line.contains("conformance-fixtures"));
    let build = with_them.next().unwrap();
    assert!(
        build.contains("--target-dir $(target)/conformance"),
        "{build}"
    );
    assert_eq!(with_them.next(), None);
}

fn files_of_any_kind(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_of_any_kind(&path, found);
        } else {
            found.push(path);
        }
    }
}
