//! The file of `--env-file`: `.env`, JSON or YAML, a flat map of variable names.
//!
//! Our own reader for `.env`, because the usual crate puts nothing in the place of a reference it cannot resolve; see
//! `docs/decisions/0005-env-file-reader.md`. JSON is read as the YAML it also is, so both have line numbers and refuse
//! names that are written twice. No problem found here shows a line's text: it may be half of a private key.

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::{Problem, Problems};

/// What a file says about one variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    /// Counted from 1.
    pub(super) line: usize,
}

/// The entries of a file, in order, with `${NAME}` replaced.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) entries: Vec<Entry>,
    /// Names in references: they are used even if they are not names of settings.
    pub(super) referenced: Vec<String>,
    /// Entries whose references could not be replaced. That is reported once; that they are missing is not.
    pub(super) left_out: Vec<String>,
    pub(super) problems: Problems,
}

/// Reads a file's text. `label` is the file's name in messages; references are looked up in `environment` first.
pub(super) fn read(
    path: &Path,
    label: &str,
    text: &str,
    environment: &BTreeMap<String, String>,
) -> Contents {
    // Editors on Windows write a byte order mark, which would become part of the first name.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (raw, problems) = match format(path, text) {
        Format::Dotenv => Dotenv::new(label, text).read(),
        Format::Map => read_map(label, text),
    };
    let mut contents = Contents {
        problems,
        ..Contents::default()
    };
    let mut known = BTreeMap::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut unset: Vec<Unset> = Vec::new();
    for Raw { entry, expand } in raw {
        let place = format!("{label}:{}", entry.line);
        // Readers disagree on which of two lines wins, so neither is taken for granted.
        if let Some(first) = lines.insert(entry.name.clone(), entry.line) {
            let problem = Problem::new(&entry.name, "to be written once");
            contents
                .problems
                .push(problem.at(place).hint(format!("also on line {first}")));
            continue;
        }
        let value = if expand {
            let lookup = |name: &str| {
                // The environment overrides the file everywhere, and so also inside references.
                let value = environment.get(name).or_else(|| known.get(name));
                value.map(String::as_str)
            };
            let expanded = expand_references(&entry.value, lookup, &mut contents.referenced);
            match expanded {
                Ok(value) => value,
                Err(unresolved) => {
                    match unresolved {
                        Unresolved::Unset(name) => note_unset(&mut unset, name, &entry),
                        Unresolved::Malformed => {
                            let expected = "references written `${NAME}` or `${NAME:-default}`";
                            let problem = Problem::new(&entry.name, expected);
                            contents.problems.push(problem.at(place));
                        }
                    }
                    // Its absence is then not reported a second time as "required, and not set".
                    contents.left_out.push(entry.name);
                    continue;
                }
            }
        } else {
            entry.value
        };
        known.insert(entry.name.clone(), value.clone());
        contents.entries.push(Entry { value, ..entry });
    }
    // After all entries: one variable that many refer to is one problem.
    for unset in unset {
        contents.problems.push(unset.problem(label));
    }
    contents
}

/// A variable that nothing sets, and the entries that refer to it.
struct Unset {
    name: String,
    /// By name and line.
    entries: Vec<(String, usize)>,
}

fn note_unset(unset: &mut Vec<Unset>, name: String, entry: &Entry) {
    let referring = (entry.name.clone(), entry.line);
    match unset.iter_mut().find(|known| known.name == name) {
        Some(known) => known.entries.push(referring),
        None => unset.push(Unset {
            name,
            entries: vec![referring],
        }),
    }
}

impl Unset {
    /// One problem for all entries that refer to the variable: there is one thing to set.
    fn problem(self, label: &str) -> Problem {
        let lines: Vec<_> = self
            .entries
            .iter()
            .map(|(_, line)| line.to_string())
            .collect();
        let names: Vec<_> = self.entries.into_iter().map(|(name, _)| name).collect();
        let verb = if names.len() == 1 { "refers" } else { "refer" };
        let expected = format!("to be set, because {} {verb} to it", names.join(", "));
        let hint = format!("`${{{}:-}}` makes it optional", self.name);
        Problem::new(self.name, expected)
            .at(format!("{label}:{}", lines.join(", ")))
            .hint(hint)
    }
}

/// An entry before references are replaced.
#[derive(Debug)]
struct Raw {
    entry: Entry,
    /// Whether references in it are replaced: not in single quotes.
    expand: bool,
}

enum Format {
    Dotenv,
    Map,
}

/// The format: by the file's extension, or else by the first line that is neither blank nor a comment.
fn format(path: &Path, text: &str) -> Format {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "yaml" | "yml") => return Format::Map,
        Some("env") => return Format::Dotenv,
        // `.env.production` has the extension `production`, which says nothing.
        _ => {}
    }
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    // `NAME: value` is YAML; `NAME=a: b` is a value with a colon.
    let end_of_name = first.find(|c| !is_name_char(c)).unwrap_or(first.len());
    let (_, rest) = first.split_at(end_of_name);
    if first.starts_with('{') || first == "---" || rest.starts_with(": ") || rest == ":" {
        Format::Map
    } else {
        Format::Dotenv
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(is_name_char)
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

fn read_map(label: &str, text: &str) -> (Vec<Raw>, Problems) {
    type Map = BTreeMap<String, serde_saphyr::Spanned<Option<String>>>;
    let mut problems = Problems::default();
    let map = serde_saphyr::from_str::<Map>(text).unwrap_or_else(|error| {
        // The error's own text would quote the file.
        let line = error.location().map_or(1, |location| location.line());
        problems.push(
            Problem::new(
                label,
                "a flat map of variable names to texts and numbers, each name once",
            )
            .at(format!("line {line}")),
        );
        Map::new()
    });
    let mut raw = Vec::new();
    for (name, value) in map {
        let line = usize::try_from(value.referenced.line()).unwrap_or_default();
        if !is_name(&name) {
            problems.push(
                Problem::new(
                    label,
                    "the name of a variable: letters, digits and underscores",
                )
                .at(format!("line {line}")),
            );
            continue;
        }
        let value = value.value.unwrap_or_default();
        let entry = Entry { name, value, line };
        raw.push(Raw {
            entry,
            expand: true,
        });
    }
    // In the file's order, because references look at the entries above.
    raw.sort_by_key(|raw| raw.entry.line);
    (raw, problems)
}

/// A reference that cannot be replaced.
enum Unresolved {
    /// Nothing sets this name.
    Unset(String),
    /// Neither of the two forms of a reference.
    Malformed,
}

/// Replaces `${NAME}` and `${NAME:-default}`. A `$` without a brace stands for itself, since passwords contain it.
fn expand_references<'a>(
    text: &str,
    lookup: impl Fn(&str) -> Option<&'a str>,
    referenced: &mut Vec<String>,
) -> Result<String, Unresolved> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let (reference, after) = after.split_once('}').ok_or(Unresolved::Malformed)?;
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (reference, None),
        };
        // A reference inside a default ended at the wrong brace above.
        if !is_name(name) || default.is_some_and(|default| default.contains("${")) {
            return Err(Unresolved::Malformed);
        }
        referenced.push(name.to_owned());
        match (lookup(name), default) {
            // As in shells and Compose: `:-` applies to an empty variable too.
            (Some(""), Some(default)) | (None, Some(default)) => expanded.push_str(default),
            (Some(value), _) => expanded.push_str(value),
            // An empty text in its place would make a wrong value that nobody notices.
            (None, None) => return Err(Unresolved::Unset(name.to_owned())),
        }
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Whether a text still holds a complete `${NAME}` or `${NAME:-default}`.
pub(super) fn has_reference(text: &str) -> bool {
    text.split("${").skip(1).any(|rest| {
        let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        is_name(name) && (rest.starts_with('}') || (rest.starts_with(":-") && rest.contains('}')))
    })
}

/// Reads `NAME=value` lines.
struct Dotenv<'a> {
    label: &'a str,
    /// The rest of the file.
    rest: &'a str,
    /// The line on which `rest` begins.
    line: usize,
    raw: Vec<Raw>,
    problems: Problems,
}

impl<'a> Dotenv<'a> {
    fn new(label: &'a str, text: &'a str) -> Self {
        Self {
            label,
            rest: text,
            line: 1,
            raw: Vec::new(),
            problems: Problems::default(),
        }
    }

    fn read(mut self) -> (Vec<Raw>, Problems) {
        while !self.rest.is_empty() {
            let start = self.line;
            let text = self.rest_of_line().trim_start();
            if text.is_empty() || text.starts_with('#') {
                self.skip_line();
            } else if let Err(expected) = self.assignment() {
                let problem = Problem::new(self.label, expected);
                self.problems.push(problem.at(format!("line {start}")));
                // The rest is still read: all problems of a file are reported at once.
                self.skip_line();
            }
        }
        (self.raw, self.problems)
    }

    fn rest_of_line(&self) -> &'a str {
        self.rest.split('\n').next().unwrap_or_default()
    }

    /// Skips this many bytes, and counts the lines in them.
    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    fn skip_line(&mut self) {
        let with_its_end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
        self.advance(with_its_end);
    }

    fn skip_spaces(&mut self) {
        let spaces = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        self.advance(spaces);
    }

    fn assignment(&mut self) -> Result<(), &'static str> {
        let line = self.line;
        let (left, _) = self
            .rest_of_line()
            .split_once('=')
            .ok_or("NAME=value, or a comment that starts with `#`")?;
        let name = left.trim();
        // Files that are also sourced by a shell have it.
        let name = name.strip_prefix("export ").map_or(name, str::trim);
        if !is_name(name) {
            return Err("NAME=value, the name of letters, digits and underscores");
        }
        self.advance(left.len() + 1);
        // A `#` begins a comment only after a space, and one before the value counts.
        let spaced = self.rest.starts_with([' ', '\t']);
        self.skip_spaces();
        let (value, expand) = match self.rest.chars().next() {
            // Single quotes switch references off, as in a shell: the way to write a password with
            // `${`.
            Some('\'') => (self.single_quoted()?, false),
            Some('"') => (self.double_quoted()?, true),
            _ => (self.unquoted(spaced), true),
        };
        let name = name.to_owned();
        let entry = Entry { name, value, line };
        self.raw.push(Raw { entry, expand });
        self.skip_line();
        Ok(())
    }

    /// To the end of the line, or to a `#` behind a space: `NAME= # nothing` is blank, `NAME=#x` is the text `#x`.
    /// Backslashes stand for themselves.
    fn unquoted(&self, spaced: bool) -> String {
        let text = self.rest_of_line();
        let comment = text
            .match_indices('#')
            .map(|(start, _)| start)
            .find(|start| {
                let (before, _) = text.split_at(*start);
                before.ends_with([' ', '\t']) || (before.is_empty() && spaced)
            });
        let (value, _) = text.split_at(comment.unwrap_or(text.len()));
        value.trim().to_owned()
    }

    /// Everything up to the closing quote, unchanged; may span lines.
    fn single_quoted(&mut self) -> Result<String, &'static str> {
        self.advance(1);
        let end = self.rest.find('\'').ok_or("a closing single quote")?;
        let (value, _) = self.rest.split_at(end);
        self.advance(end + 1);
        self.nothing_follows()?;
        Ok(value.replace("\r\n", "\n"))
    }

    /// With `\n`, `\t`, `\r`, `\"`, `\\` and `\$`; over several lines if need be, so that a PEM can be pasted.
    fn double_quoted(&mut self) -> Result<String, &'static str> {
        self.advance(1);
        let mut value = String::new();
        let mut chars = self.rest.char_indices();
        let end = loop {
            match chars.next().ok_or("a closing double quote")? {
                (end, '"') => break end,
                (_, '\\') => match chars.next().ok_or("a closing double quote")?.1 {
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    'r' => value.push('\r'),
                    plain @ ('"' | '\\' | '$') => value.push(plain),
                    // Paths of Windows are full of backslashes that escape nothing.
                    other => value.extend(['\\', other]),
                },
                (_, c) => value.push(c),
            }
        };
        self.advance(end + 1);
        self.nothing_follows()?;
        // A value over several lines is a PEM, which must not depend on how the file was saved.
        Ok(value.replace("\r\n", "\n"))
    }

    fn nothing_follows(&self) -> Result<(), &'static str> {
        let rest = self.rest_of_line().trim();
        if rest.is_empty() || rest.starts_with('#') {
            Ok(())
        } else {
            Err("nothing but a comment after the closing quote")
        }
    }
}

#[cfg(test)]
mod tests;
