//! Which file of a crate names something of which other file, read with `syn`.
//!
//! An edge goes from the file that names an item to the file that defines it, however many re-exports lie between. Naming
//! a module is no edge, `mod child;` is none and neither is a re-export that the file itself does not use. What is behind
//! `#[cfg(test)]` is left out. What a macro makes is in
//! the file that calls it. Methods and fields are not seen: their types are, where they are named.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The text of every file by its path, such as `query/run.rs`.
pub(crate) type Sources = BTreeMap<String, String>;

/// The files that a file names something of.
pub(crate) type Edges = BTreeMap<String, BTreeSet<String>>;

/// How many re-exports and modules a path may lead through.
const DEPTH: u32 = 24;

#[derive(Clone)]
enum Name {
    Module(usize),
    Item,
    Import(Vec<String>),
}

#[derive(Clone, Copy, PartialEq)]
enum Target {
    Module(usize),
    /// Something that this file defines.
    Item(usize),
}

struct Module {
    file: usize,
    parent: Option<usize>,
    names: HashMap<String, Vec<Name>>,
    globs: Vec<Vec<String>>,
    items: Vec<syn::Item>,
    /// Whether a macro makes items here: a name that is found nowhere else is one of them.
    has_made: bool,
}

struct Crate {
    files: Vec<String>,
    modules: Vec<Module>,
}

/// The edges between the files that `lib.rs` reaches.
pub(crate) fn edges(sources: &Sources) -> Edges {
    let mut whole = Crate {
        files: Vec::new(),
        modules: Vec::new(),
    };
    whole.read_file(sources, "lib.rs", "", None);
    let mut edges: Edges = whole
        .files
        .iter()
        .map(|file| (file.clone(), BTreeSet::new()))
        .collect();
    for (id, module) in whole.modules.iter().enumerate() {
        let mut paths = Paths::default();
        for item in &module.items {
            paths.visit_item(item);
        }
        for path in &paths.found {
            for target in whole.resolve(id, path, DEPTH) {
                if let Target::Item(file) = target
                    && file != module.file
                {
                    edges
                        .get_mut(&whole.files[module.file])
                        .unwrap()
                        .insert(whole.files[file].clone());
                }
            }
        }
    }
    edges
}

/// The groups of files that reach each other, the largest first.
pub(crate) fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = edges
        .keys()
        .map(|file| (file.as_str(), reach(edges, file)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (file, to) in &reached {
        if !to.contains(file) || seen.contains(file) {
            continue;
        }
        let circle: Vec<&str> = to
            .iter()
            .copied()
            .filter(|other| reached[other].contains(file))
            .collect();
        seen.extend(circle.iter().copied());
        circles.push(circle.into_iter().map(str::to_owned).collect::<Vec<_>>());
    }
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

fn reach<'edges>(edges: &'edges Edges, from: &str) -> BTreeSet<&'edges str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in &edges[file] {
            if reached.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    reached
}

impl Crate {
    /// Reads a file and those of its modules. `folder` is where the files of its modules are.
    fn read_file(
        &mut self,
        sources: &Sources,
        path: &str,
        folder: &str,
        parent: Option<usize>,
    ) -> usize {
        let text = &sources[path];
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{path}: {error}"));
        self.files.push(path.to_owned());
        let file = self.files.len() - 1;
        self.read_module(sources, parsed.items, file, folder, parent)
    }

    fn read_module(
        &mut self,
        sources: &Sources,
        items: Vec<syn::Item>,
        file: usize,
        folder: &str,
        parent: Option<usize>,
    ) -> usize {
        let id = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            names: HashMap::new(),
            globs: Vec::new(),
            items: Vec::new(),
            has_made: false,
        });
        for item in items {
            if only_for_tests(attributes(&item)) {
                continue;
            }
            if let syn::Item::Mod(module) = item {
                let name = module.ident.to_string();
                let below = format!("{folder}{name}/");
                let child = match module.content {
                    Some((_, items)) => self.read_module(sources, items, file, &below, Some(id)),
                    None => {
                        let beside = format!("{folder}{name}.rs");
                        let path = if sources.contains_key(&beside) {
                            beside
                        } else {
                            format!("{below}mod.rs")
                        };
                        self.read_file(sources, &path, &below, Some(id))
                    }
                };
                self.name(id, name, Name::Module(child));
                continue;
            }
            if let syn::Item::Use(import) = &item {
                let mut leaves = Vec::new();
                imports(&import.tree, &mut Vec::new(), &mut leaves);
                for (name, path) in leaves {
                    match name {
                        Some(name) => self.name(id, name, Name::Import(path)),
                        None => self.modules[id].globs.push(path),
                    }
                }
            } else if let Some(name) = defined(&item) {
                self.name(id, name, Name::Item);
            } else if let syn::Item::Macro(_) = item {
                self.modules[id].has_made = true;
            }
            self.modules[id].items.push(item);
        }
        id
    }

    fn name(&mut self, module: usize, name: String, means: Name) {
        self.modules[module]
            .names
            .entry(name)
            .or_default()
            .push(means);
    }

    /// What a path means in a module: nothing for what another crate has.
    fn resolve(&self, from: usize, path: &[String], depth: u32) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        let starts = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(from)],
            "super" => self.modules[from]
                .parent
                .map(Target::Module)
                .into_iter()
                .collect(),
            name => self.look_up(from, name, depth),
        };
        self.walk(starts, rest, depth)
    }

    fn walk(&self, starts: Vec<Target>, path: &[String], depth: u32) -> Vec<Target> {
        let Some((next, rest)) = path.split_first() else {
            return starts;
        };
        let modules: Vec<usize> = starts
            .iter()
            .filter_map(|target| match target {
                Target::Module(module) => Some(*module),
                Target::Item(_) => None,
            })
            .collect();
        // A variant or an associated function is where its type is.
        if modules.is_empty() {
            return starts;
        }
        let found = modules
            .into_iter()
            .flat_map(
                |module| match (next.as_str(), self.modules[module].parent) {
                    ("super", Some(parent)) => vec![Target::Module(parent)],
                    ("self", _) => vec![Target::Module(module)],
                    (name, _) => self.look_up(module, name, depth),
                },
            )
            .collect();
        self.walk(found, rest, depth)
    }

    fn look_up(&self, module: usize, name: &str, depth: u32) -> Vec<Target> {
        let Some(depth) = depth.checked_sub(1) else {
            return Vec::new();
        };
        let here = &self.modules[module];
        let Some(names) = here.names.get(name) else {
            let found: Vec<Target> = here
                .globs
                .iter()
                .flat_map(|glob| {
                    let mut path = glob.clone();
                    path.push(name.to_owned());
                    self.resolve(module, &path, depth)
                })
                .collect();
            return match found.is_empty() && here.has_made {
                true => vec![Target::Item(here.file)],
                false => found,
            };
        };
        names
            .iter()
            .flat_map(|means| match means {
                Name::Module(child) => vec![Target::Module(*child)],
                Name::Item => vec![Target::Item(here.file)],
                // `use tool::tool` in the module that has `mod tool` would look itself up for ever.
                Name::Import(path) if path.as_slice() == [name] => Vec::new(),
                Name::Import(path) => self.resolve(module, path, depth),
            })
            .collect()
    }
}

/// The paths that code names.
#[derive(Default)]
struct Paths {
    found: BTreeSet<Vec<String>>,
    /// The names that `use` brings into the blocks around.
    locals: Vec<HashMap<String, Vec<String>>>,
}

impl Paths {
    fn add(&mut self, path: Vec<String>) {
        let first = path.first();
        let local = self.locals.iter().rev().find_map(|names| names.get(first?));
        let path = match local {
            Some(import) => [import.as_slice(), &path[1..]].concat(),
            None => path,
        };
        self.found.insert(path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let parts = path.segments.iter().map(|part| part.ident.to_string());
            self.add(parts.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !only_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !only_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        // A re-export is for others; who uses it has the edge.
        if !matches!(import.vis, syn::Visibility::Inherited) {
            return;
        }
        let mut leaves = Vec::new();
        imports(&import.tree, &mut Vec::new(), &mut leaves);
        self.found.extend(
            leaves
                .into_iter()
                .filter_map(|(name, path)| name.map(|_| path)),
        );
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        let mut paths = BTreeSet::new();
        paths_in(call.tokens.clone(), &mut paths);
        paths.into_iter().for_each(|path| self.add(path));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let mut leaves = Vec::new();
        for statement in &block.stmts {
            if let syn::Stmt::Item(syn::Item::Use(import)) = statement {
                imports(&import.tree, &mut Vec::new(), &mut leaves);
            }
        }
        let names = leaves
            .into_iter()
            .filter_map(|(name, path)| Some((name?, path)));
        self.locals.push(names.collect());
        visit::visit_block(self, block);
        self.locals.pop();
    }
}

/// The paths among the tokens of a macro, which `syn` does not read.
fn paths_in(tokens: TokenStream, found: &mut BTreeSet<Vec<String>>) {
    let mut path: Vec<String> = Vec::new();
    let mut colons = 0;
    let mut after_dot = false;
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 || path.is_empty() {
                    found.insert(std::mem::take(&mut path));
                }
                if !after_dot && (colons != 2 || !path.is_empty()) {
                    path.push(name.to_string());
                }
                (colons, after_dot) = (0, false);
                continue;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => {
                colons += 1;
                continue;
            }
            TokenTree::Punct(mark) => after_dot = mark.as_char() == '.',
            TokenTree::Group(group) => {
                paths_in(group.stream(), found);
                after_dot = false;
            }
            TokenTree::Literal(_) => after_dot = false,
        }
        found.insert(std::mem::take(&mut path));
        colons = 0;
    }
    found.insert(path);
    found.remove(&Vec::new());
}

/// The names that a `use` brings, each with its path; a glob has no name.
fn imports(
    tree: &syn::UseTree,
    path: &mut Vec<String>,
    leaves: &mut Vec<(Option<String>, Vec<String>)>,
) {
    match tree {
        syn::UseTree::Path(part) => {
            path.push(part.ident.to_string());
            imports(&part.tree, path, leaves);
            path.pop();
        }
        syn::UseTree::Name(name) if name.ident == "self" => {
            leaves.push((path.last().cloned(), path.clone()));
        }
        syn::UseTree::Name(name) => {
            let name = name.ident.to_string();
            leaves.push((Some(name.clone()), [path.as_slice(), &[name]].concat()));
        }
        syn::UseTree::Rename(renamed) => {
            let mut path = path.clone();
            if renamed.ident != "self" {
                path.push(renamed.ident.to_string());
            }
            leaves.push((Some(renamed.rename.to_string()), path));
        }
        syn::UseTree::Glob(_) => leaves.push((None, path.clone())),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                imports(tree, path, leaves);
            }
        }
    }
}

/// The name that an item has in its module.
fn defined(item: &syn::Item) -> Option<String> {
    Some(match item {
        syn::Item::Const(item) => item.ident.to_string(),
        syn::Item::Enum(item) => item.ident.to_string(),
        syn::Item::Fn(item) => item.sig.ident.to_string(),
        syn::Item::Macro(item) => item.ident.as_ref()?.to_string(),
        syn::Item::Static(item) => item.ident.to_string(),
        syn::Item::Struct(item) => item.ident.to_string(),
        syn::Item::Trait(item) => item.ident.to_string(),
        syn::Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, alone or with more conditions.
fn only_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition = list.tokens.to_string();
        attribute.path().is_ident("cfg")
            && (condition == "test" || condition.starts_with("all (test"))
    })
}
