//! From the sources to checked settings, with what the start-up log says about them.

use std::fs;
use std::path::{Path, PathBuf};

use super::brought::{self, Understood};
use super::effective::Effective;
use super::environment::Environment;
use super::problem::{Problem, Problems};
use super::readers;
use super::reference::{self, variables};
use super::resolve::lookup;
use super::settings::{Purpose, Settings};
use super::sources::Sources;
use super::telemetry::LogFormat;
use super::warehouse::{AuthType, Backend};

/// Settings, and what the start-up log should say about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Probable mistakes, one line each; to be logged as warnings once logging works.
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

impl Sources {
    /// Checks everything.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    pub fn load(&self, purpose: Purpose) -> Result<Loaded, Problems> {
        let mut problems = self.problems.clone();
        let understood = self.understood();
        let (settings, mut more) = Settings::from_understood(&understood, purpose, self.rooms);
        if let Some(settings) = &settings {
            self.check_paths(settings, &understood, &mut more);
        }
        // A variable whose reference could not be resolved has been reported already, and is
        // missing only for that reason.
        more.without(&self.unresolved());
        problems.append(more);
        // Last, when all problems are known: it adds to each the line or file of its variable.
        problems.locate(&self.places);
        match settings {
            Some(settings) if problems.is_empty() => Ok(Loaded {
                warnings: self.warnings(&settings, &understood),
                settings,
                env_file: self.env_file.clone(),
                effective: self.effective(),
            }),
            _ => {
                // A misspelt name, which is only a warning otherwise, is often why another variable
                // is missing.
                problems.warn(self.noticed(&understood));
                Err(problems)
            }
        }
    }

    /// Settings about which nothing more is said: each refers to a name that nothing sets, which is a problem of its own.
    fn unresolved(&self) -> Vec<&str> {
        let mut names: Vec<_> = self
            .left_out
            .iter()
            .map(|name| Environment::plain(name))
            .collect();
        // A password that could not be read still says how to sign in, so asking for a key would mislead.
        if names.iter().any(|name| brought::tells_how_to_sign_in(name)) {
            names.push("SNOWFLAKE_PRIVATE_KEY_PATH");
        }
        names
    }

    /// The format of log lines, for problems that are found before there are settings.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        let vars = self.understood().vars;
        let environment = vars.get("ENVIRONMENT").and_then(|word| word.parse().ok());
        let environment = environment.unwrap_or(Environment::Development);
        let default =
            reference::find("LOG_FORMAT").and_then(|variable| variable.default_in(environment));
        let written = vars.get("LOG_FORMAT").and_then(|word| word.parse().ok());
        written
            .or_else(|| default?.parse().ok())
            .unwrap_or(LogFormat::Text)
    }

    /// Whether the env file sets a secret, under its own name or an environment's.
    fn has_secret_in_file(&self) -> bool {
        variables()
            .filter(|variable| variable.secret)
            .any(|secret| self.places.keys().any(|name| name.ends_with(secret.name)))
    }

    fn warnings(&self, settings: &Settings, understood: &Understood) -> Vec<String> {
        let mut warnings = self.noticed(understood);
        let base = settings.server.working_dir.as_deref();
        warnings.extend(readers::warnings(
            &settings.warehouse,
            &settings.tls,
            &settings.exchange,
            base.unwrap_or(Path::new("")),
            self.env_file
                .as_deref()
                // An env file without secrets may be readable by all.
                .filter(|_| self.has_secret_in_file()),
        ));
        // One line for all of them.
        let names: Vec<_> = variables()
            .filter(|variable| !variable.is_obeyed)
            .filter_map(|variable| {
                let (name, value) = lookup(variable, settings.environment, &understood.vars)?;
                // `.env.production` writes defaults out, and those should not warn.
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

    /// Looks at the paths, so that a missing key is found at the start and not by the first caller. Relative ones start in
    /// `WORKING_DIR`, which has not been changed into yet.
    fn check_paths(&self, settings: &Settings, understood: &Understood, problems: &mut Problems) {
        let server = &settings.server;
        let base = server.working_dir.as_deref().unwrap_or(Path::new(""));
        if server.working_dir.is_some() && !can_be_created(base) {
            // Every relative path would be wrong as well, and one message is enough.
            let expected = "a folder that exists or can be created";
            problems.push(Problem::new("WORKING_DIR", expected));
            return;
        }
        for (name, path) in [
            ("PID_FILE", &server.pid_file),
            ("LOG_FILE", &server.log_file),
            ("AUDIT_LOG_FILE", &settings.telemetry.audit_log_file),
        ] {
            let Some(path) = path else { continue };
            let path = base.join(path);
            if path.is_dir() || !path.parent().is_none_or(can_be_created) {
                let expected = "a file in a folder that exists or can be created";
                problems.push(Problem::new(name, expected));
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
        // A path that another way to sign in leaves unused may point nowhere.
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

/// Whether a folder exists or can be made: its nearest existing ancestor is a folder.
fn can_be_created(folder: &Path) -> bool {
    let there = folder.ancestors().find(|ancestor| ancestor.exists());
    there.is_none_or(Path::is_dir)
}
