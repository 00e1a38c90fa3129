//! Where variables come from: the process's environment, then the env file for those it does not set.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::brought::{self, Understood};
use super::effective::Effective;
use super::env_file;
use super::problem::{Problem, Problems};
use super::reference::{self, Availability, variables};
use super::resolve::lookup;
use super::warehouse::{AuthType, Backend};
use super::{Purpose, Settings, connections, readers, unknown};

/// Settings, and what the start-up log should say about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What was probably not meant, a line each; to be logged as warnings once logging works.
    pub warnings: Vec<String>,
    /// The env file, absolute, for whoever watches it.
    pub env_file: Option<PathBuf>,
    /// Every variable with its value in force, secrets masked.
    pub effective: Vec<Effective>,
}

/// Reads the environment of the process and the env file, and checks everything.
///
/// # Errors
///
/// Everything that is wrong, at once; the exit code is [`Problems::EXIT_CODE`].
pub fn load(env_file: Option<&Path>, purpose: Purpose) -> Result<Loaded, Problems> {
    Sources::collect(env_file).load(purpose)
}

/// The variables by name, and where each was written.
#[derive(Debug, Default)]
pub struct Sources {
    pub(super) vars: BTreeMap<String, String>,
    /// `.env:12`, for what the file said.
    pub(super) places: BTreeMap<String, String>,
    referenced: Vec<String>,
    /// What the connection says that `SNOWFLAKE_CONNECTION_NAME` names, by our names.
    pub(super) connection: BTreeMap<&'static str, String>,
    notes: Vec<String>,
    problems: Problems,
    env_file: Option<PathBuf>,
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

    /// Adds the connection that is named, if one is; everything that is there already wins.
    pub(super) fn read_connection(&mut self) {
        match connections::named(&self.vars) {
            Ok(None) => {}
            Ok(Some(connection)) => {
                for name in connection.values.keys() {
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
        let mut vars = environment;
        vars.retain(|_, value| !value.trim().is_empty());
        Self {
            vars,
            ..Self::default()
        }
    }

    fn read_file(&mut self, path: &Path) {
        match fs::read_to_string(path) {
            Ok(text) => self.add_file(path, &text),
            Err(error) => {
                let problem = Problem::new("--env-file", "a file that can be read, as UTF-8 text")
                    .at(path.display().to_string())
                    .hint(error.kind().to_string());
                self.problems.push(problem);
            }
        }
        // Still known after WORKING_DIR has been changed into.
        self.env_file = Some(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
    }

    /// Adds what a file says; what is there already wins.
    pub fn add_file(&mut self, path: &Path, text: &str) {
        let label = path.display().to_string();
        let contents = env_file::read(path, &label, text, &self.vars);
        self.problems.append(contents.problems);
        self.referenced.extend(contents.referenced);
        for env_file::Entry { name, value, line } in contents.entries {
            if !value.trim().is_empty() && !self.vars.contains_key(&name) {
                self.places.insert(name.clone(), format!("{label}:{line}"));
                self.vars.insert(name, value);
            }
        }
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    pub fn load(&self, purpose: Purpose) -> Result<Loaded, Problems> {
        let mut problems = self.problems.clone();
        let understood = self.understood();
        let settings = match Settings::from_understood(&understood, purpose) {
            Ok(settings) => {
                self.check_paths(&settings, &understood, &mut problems);
                Some(settings)
            }
            Err(more) => {
                problems.append(more);
                None
            }
        };
        problems.locate(&self.places);
        match settings {
            Some(settings) if problems.is_empty() => Ok(Loaded {
                warnings: self.warnings(&settings, &understood),
                settings,
                env_file: self.env_file.clone(),
                effective: self.effective(),
            }),
            _ => {
                problems.warn(self.noticed(&understood));
                Err(problems)
            }
        }
    }

    /// Whether the env file sets a secret, under its own name or an environment's.
    fn has_secret_in_file(&self) -> bool {
        variables()
            .filter(|variable| variable.secret)
            .any(|secret| self.places.keys().any(|name| name.ends_with(secret.name)))
    }

    /// The variables under our names.
    pub(super) fn understood(&self) -> Understood {
        brought::understand(&self.vars, &self.connection)
    }

    fn warnings(&self, settings: &Settings, understood: &Understood) -> Vec<String> {
        let mut warnings = self.noticed(understood);
        let base = settings.server.working_dir.as_deref();
        warnings.extend(readers::warnings(
            &settings.warehouse,
            base.unwrap_or(Path::new("")),
            self.env_file
                .as_deref()
                .filter(|_| self.has_secret_in_file()),
        ));
        // One line for all of them.
        let names: Vec<_> = variables()
            .filter(|variable| variable.availability == Availability::Later)
            .filter_map(|variable| {
                let (name, value) = lookup(variable, settings.environment, &understood.vars)?;
                let differs = variable.default_in(settings.environment) != Some(value);
                differs.then_some(name)
            })
            .collect();
        if !names.is_empty() {
            let names = names.join(", ");
            warnings.push(format!(
                "{names}: without effect in this version of snowflake-mcp"
            ));
        }
        warnings
    }

    /// What is worth a line although it is no problem.
    fn noticed(&self, understood: &Understood) -> Vec<String> {
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
        let Ok(name) = name.into_string() else {
            continue;
        };
        match value.into_string() {
            Ok(value) => {
                vars.insert(name, value);
            }
            Err(_) if variables().any(|variable| name.ends_with(variable.name)) => {
                problems.push(Problem::new(name, "UTF-8 text"));
            }
            Err(_) => {}
        }
    }
    (vars, problems)
}

impl Sources {
    /// Looks at the paths, so that a missing key is found at the start and not by the first caller. Relative ones start in
    /// `WORKING_DIR`, which has not been changed into yet.
    fn check_paths(&self, settings: &Settings, understood: &Understood, problems: &mut Problems) {
        let server = &settings.server;
        let base = server.working_dir.as_deref().unwrap_or(Path::new(""));
        if server.working_dir.is_some() && !base.is_dir() {
            // Every relative path would be wrong too; one line is enough.
            problems.push(Problem::new("WORKING_DIR", "a folder that exists"));
            return;
        }
        for (name, path) in [
            ("PID_FILE", &server.pid_file),
            ("LOG_FILE", &server.log_file),
            ("AUDIT_LOG_FILE", &settings.telemetry.audit_log_file),
        ] {
            let Some(path) = path else { continue };
            let path = base.join(path);
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            if path.is_dir() || !folder.is_none_or(Path::is_dir) {
                problems.push(Problem::new(name, "a file in a folder that exists"));
            }
        }
        let warehouse = &settings.warehouse;
        let written = |name: &'static str| {
            let variable = reference::find(name);
            let found = variable
                .and_then(|variable| lookup(variable, settings.environment, &understood.vars));
            let name = found.map_or_else(|| name.to_owned(), |(name, _)| name);
            understood.written.get(&name).cloned().unwrap_or(name)
        };
        let signs_with_key =
            warehouse.auth_type == AuthType::PrivateKey && warehouse.private_key.is_none();
        for (name, path, is_used) in [
            (
                "SNOWFLAKE_PRIVATE_KEY_PATH",
                &warehouse.private_key_path,
                signs_with_key,
            ),
            ("SNOWFLAKE_TOKEN_PATH", &warehouse.token_path, true),
        ] {
            let Some(path) = path else { continue };
            if is_used
                && warehouse.backend == Backend::Snowflake
                && let Err(error) = fs::File::open(base.join(path))
            {
                let problem = Problem::new(written(name), "the path of a file that can be read");
                problems.push(problem.hint(error.kind().to_string()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
