//! Where variables come from: the process's environment, then the env file for those it does not set.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::brought::{self, Understood};
use super::env_file;
use super::environment::Environment;
use super::problem::{Problem, Problems};
use super::reference::{self, variables};
use super::settings::RoomCheck;
use super::shape::Shape;
use super::{connections, unknown};

/// The variables by name, and where each was written.
#[derive(Debug, Default)]
pub struct Sources {
    pub(super) vars: BTreeMap<String, String>,
    /// `.env:12`, for what the file said.
    pub(super) places: BTreeMap<String, String>,
    /// Set to a blank text: unset as a setting, and an empty text for a reference.
    blank: BTreeMap<String, String>,
    referenced: Vec<String>,
    /// Names that the file leaves unset because they refer to a name that nothing sets.
    pub(super) left_out: Vec<String>,
    /// The settings of the connection that `SNOWFLAKE_CONNECTION_NAME` names, under our names.
    pub(super) connection: BTreeMap<&'static str, String>,
    notes: Vec<String>,
    pub(super) problems: Problems,
    pub(super) rooms: Option<RoomCheck>,
    pub(super) env_file: Option<PathBuf>,
    /// The folder of the env file, where its relative paths begin.
    folder: Option<PathBuf>,
}

impl Sources {
    /// From this process's environment and a file.
    #[must_use]
    pub fn collect(env_file: Option<&Path>) -> Self {
        let (environment, problems) = process_environment();
        let mut sources = Self::from_environment(environment);
        sources.problems.append(problems);
        if let Some(path) = env_file {
            sources.read_file(path);
        }
        sources.read_connection();
        sources
    }

    /// Also asks the rooms, for what only they can tell of the settings.
    #[must_use]
    pub fn checked_by(mut self, rooms: RoomCheck) -> Self {
        self.rooms = Some(rooms);
        self
    }

    /// Adds the named connection, if there is one. What is set already takes precedence.
    pub(super) fn read_connection(&mut self) {
        match connections::named(&self.vars) {
            Ok(None) => {}
            Ok(Some(connection)) => {
                for name in connection.values.keys() {
                    // The place is shown in messages, so it must be that of the value which
                    // applies.
                    if !self.vars.contains_key(*name) {
                        self.places
                            .insert((*name).to_owned(), connection.place.clone());
                    }
                }
                self.connection = connection.values;
                self.notes.extend(connection.notes);
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    /// From a map that stands for the process's environment.
    #[must_use]
    pub fn from_environment(environment: BTreeMap<String, String>) -> Self {
        // A blank is unset: it must not hide what the file says.
        let (blank, vars) = environment
            .into_iter()
            .partition(|(_, value)| value.trim().is_empty());
        Self {
            vars,
            blank,
            ..Self::default()
        }
    }

    fn read_file(&mut self, path: &Path) {
        // Still known after WORKING_DIR has been changed into.
        let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.folder = absolute.parent().map(Path::to_owned);
        match fs::read_to_string(path) {
            Ok(text) => self.add_file(path, &text),
            Err(error) => {
                let problem = Problem::new("--env-file", "a file that can be read, as UTF-8 text")
                    .at(path.display().to_string())
                    .hint(error.kind().to_string());
                self.problems.push(problem);
            }
        }
        self.env_file = Some(absolute);
    }

    /// Adds the entries of a file. What is set already takes precedence.
    pub fn add_file(&mut self, path: &Path, text: &str) {
        let label = path.display().to_string();
        let mut environment = self.blank.clone();
        // A variable that is set but blank counts as unset, yet `${NAME}` refers to it without an
        // error.
        environment.extend(self.vars.clone());
        let contents = env_file::read(path, &label, text, &environment);
        self.problems.append(contents.problems);
        self.referenced.extend(contents.referenced);
        self.left_out.extend(contents.left_out);
        for env_file::Entry { name, value, line } in contents.entries {
            // A file is the base that a single run can override from its shell.
            if !value.trim().is_empty() && !self.vars.contains_key(&name) {
                self.places.insert(name.clone(), format!("{label}:{line}"));
                let value = self.in_the_files_folder(&name, value);
                self.vars.insert(name, value);
            }
        }
    }

    /// A relative path in the file starts in the file's folder, wherever the process was started.
    fn in_the_files_folder(&self, name: &str, value: String) -> String {
        let is_path = reference::find(Environment::plain(name))
            .is_some_and(|variable| matches!(variable.shape, Shape::Path(_)));
        match &self.folder {
            Some(folder) if is_path && !value.starts_with(['/', '~', '"', '\'']) => {
                folder.join(value).to_string_lossy().into_owned()
            }
            _ => value,
        }
    }

    /// The variables under our names.
    pub(super) fn understood(&self) -> Understood {
        brought::understand(&self.vars, &self.connection)
    }

    /// What is worth a line although it is no problem.
    pub(super) fn noticed(&self, understood: &Understood) -> Vec<String> {
        let mut lines = self.unknown_names();
        lines.extend(self.notes.iter().cloned());
        lines.extend(understood.notes.iter().cloned());
        lines.extend(brought::advice(&understood.vars));
        lines
    }

    fn unknown_names(&self) -> Vec<String> {
        let from_file: BTreeSet<_> = self.places.keys().map(String::as_str).collect();
        let referenced: BTreeSet<_> = self.referenced.iter().map(String::as_str).collect();
        unknown::warnings(&self.vars, &from_file, &referenced)
    }
}

/// The environment of the process; what is not UTF-8 is a problem if it bears one of our names.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn process_environment() -> (BTreeMap<String, String>, Problems) {
    let mut vars = BTreeMap::new();
    let mut problems = Problems::default();
    for (name, value) in std::env::vars_os() {
        // No name of ours is anything but ASCII.
        let Ok(name) = name.into_string() else {
            continue;
        };
        match value.into_string() {
            Ok(value) => {
                vars.insert(name, value);
            }
            // `ends_with`, because the name may have a prefix, which depends on variables still
            // being read.
            Err(_) if variables().any(|variable| name.ends_with(variable.name)) => {
                problems.push(Problem::new(name, "UTF-8 text"));
            }
            Err(_) => {}
        }
    }
    (vars, problems)
}

#[cfg(test)]
mod tests;
