//! No file of `src/` uses another that, directly or by way of others, uses it: each can be read after those it builds on.

mod graph;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use graph::Sources;

fn read(root: &Path, folder: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            sources.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn no_file_uses_one_that_uses_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read(&source, &source, &mut sources);
    let edges = graph::edges(&sources);
    let count: usize = edges.values().map(BTreeSet::len).sum();
    assert!(edges.len() > 200 && count > 600, "the files were read");

    let mut objections = Vec::new();
    for circle in graph::circles(&edges) {
        objections.push(format!("a circle of {} files:", circle.len()));
        for file in &circle {
            for to in edges[file].iter().filter(|to| circle.contains(to)) {
                objections.push(format!("  src/{file} uses src/{to}"));
            }
        }
    }
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

fn planted(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let sources = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    graph::circles(&graph::edges(&sources))
}

#[test]
fn a_circle_is_seen_however_it_is_written() {
    for (a, b) in [
        (
            "use super::b::B; pub struct A;",
            "use super::a::A; pub struct B;",
        ),
        (
            "pub struct A(crate::a_b::b::B);",
            "pub struct B(super::a::A);",
        ),
        (
            "pub struct A; fn f() { use crate::a_b::b as x; x::B::new(); }",
            "pub struct B(super::A);",
        ),
        (
            "pub struct A; fn f() { println!(\"{}\", super::b::N); }",
            "use super::*; pub const N: A = A; pub struct B;",
        ),
        (
            "make! { A } fn f(_: super::b::B) {}",
            "use super::a::A; pub struct B;",
        ),
        (
            "pub struct A; impl From<super::Beta> for A {}",
            "pub type B = Vec<crate::Alpha>;",
        ),
    ] {
        let circles = planted(&[
            ("lib.rs", "mod a_b; pub use a_b::A as Alpha;"),
            (
                "a_b/mod.rs",
                "mod a; mod b; pub use a::A; pub use b::B as Beta;",
            ),
            ("a_b/a.rs", a),
            ("a_b/b.rs", b),
        ]);
        assert_eq!(circles, [["a_b/a.rs", "a_b/b.rs"]], "{a} {b}");
    }
}

#[test]
fn a_parent_may_declare_and_pass_on_but_not_use_what_uses_it() {
    let child = "use super::Shared; pub fn go(_: Shared) {}";
    for (parent, is_circle) in [
        ("pub mod child; pub struct Shared;", false),
        ("mod child; pub use child::go; pub struct Shared;", false),
        ("mod child; use child::go; pub struct Shared;", true),
        (
            "mod child; pub struct Shared; fn f() { child::go(Shared) }",
            true,
        ),
        (
            "mod child; pub use child::go; pub struct Shared; fn f() { go(Shared) }",
            true,
        ),
        (
            "mod child; pub struct Shared; #[cfg(test)] mod tests { use super::child::go; }",
            false,
        ),
    ] {
        let circles = planted(&[
            ("lib.rs", "mod top;"),
            ("top.rs", parent),
            ("top/child.rs", child),
        ]);
        assert_eq!(!circles.is_empty(), is_circle, "{parent}");
    }
}
