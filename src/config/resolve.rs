//! From the variables as they were written to one value for each setting.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use envconfig::Envconfig;

use super::brought::{self, Understood};
use super::env_file;
use super::environment::Environment;
use super::problem::{Problem, Problems};
use super::reference::{self, variables};
use super::shape::Shape;
use super::variable::{Default, Variable};
use super::which::Which;

/// One value for each variable: written somewhere, or the environment's default.
pub(super) struct Resolved {
    pub(super) environment: Environment,
    pub(super) problems: Problems,
    /// The values that `envconfig` reads.
    values: HashMap<String, String>,
    /// The name under which each variable was written.
    written: BTreeMap<&'static str, String>,
    /// Variables with a problem. Rules that compare them with others skip them.
    doubtful: BTreeSet<&'static str>,
}

impl Resolved {
    /// Drops blanks, applies prefixes and defaults, and checks every value by itself.
    pub(super) fn new(understood: &Understood) -> Self {
        let mut resolved = Self {
            environment: Environment::Development,
            problems: understood.problems.clone(),
            values: HashMap::new(),
            written: BTreeMap::new(),
            doubtful: BTreeSet::new(),
        };
        // ENVIRONMENT is the first entry of the reference, and the others depend on it.
        for variable in variables() {
            resolved.take(variable, understood);
            if variable.name == "ENVIRONMENT"
                && let Some(which) = resolved.section::<Which>()
            {
                resolved.environment = which.environment;
            }
        }
        resolved
    }

    fn take(&mut self, variable: &'static Variable, understood: &Understood) {
        if let Some((name, value)) = lookup(variable, self.environment, &understood.vars) {
            let written = understood.written.get(&name).unwrap_or(&name);
            self.written.insert(variable.name, written.clone());
            match read(variable, value, &understood.vars) {
                Ok(value) => {
                    self.values.insert(variable.name.to_owned(), value);
                    return;
                }
                Err(make) => self.problem(variable.name, make),
            }
        }
        self.put_default(variable);
    }

    /// Supplies the default that depends on the environment. The others are `envconfig`'s own.
    fn put_default(&mut self, variable: &Variable) {
        if let Default::Each(..) = variable.default
            && let Some(value) = variable.default_in(self.environment)
        {
            self.values
                .insert(variable.name.to_owned(), value.to_owned());
        }
    }

    /// Fills one struct. Wrong values were replaced before, so this fails only if the struct refuses what the reference
    /// accepts. That is reported too, and a test looks for it.
    pub(super) fn section<T: Envconfig>(&mut self) -> Option<T> {
        loop {
            let name = match T::init_from_hashmap(&self.values) {
                Ok(section) => return Some(section),
                Err(
                    envconfig::Error::EnvVarMissing { name }
                    | envconfig::Error::ParseError { name },
                ) => name,
            };
            // A setting that fails again with its default would go round for ever.
            let first_time = !self.is_doubtful(name);
            if first_time {
                let expected = reference::find(name)
                    .map_or_else(String::new, |variable| variable.shape.to_string());
                self.problem(name, |written| Problem::new(written, expected));
            }
            let removed = self.values.remove(name).is_some();
            if let Some(variable) = reference::find(name) {
                self.put_default(variable);
            }
            if !first_time || !(removed || self.values.contains_key(name)) {
                return None;
            }
        }
    }

    /// Whether somebody has set the variable, correctly or not.
    pub(super) fn is_written(&self, name: &str) -> bool {
        self.written.contains_key(name)
    }

    /// Whether the variable has a problem already.
    pub(super) fn is_doubtful(&self, name: &str) -> bool {
        self.doubtful.contains(name)
    }

    /// Sets a value that nobody has set.
    pub(super) fn supply(&mut self, name: &'static str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Reports a problem under the name the operator wrote, or would have to write.
    pub(super) fn problem(&mut self, name: &'static str, make: impl FnOnce(String) -> Problem) {
        self.doubtful.insert(name);
        let written = self.written.get(name).map_or(name, String::as_str);
        self.problems.push(make(written.to_owned()));
    }

    /// Adds the problems that rooms found, under the names that the operator wrote.
    pub(super) fn add(&mut self, found: Vec<Problem>) {
        for mut problem in found {
            if self.is_doubtful(&problem.name) {
                continue;
            }
            if let Some(written) = self.written.get(problem.name.as_str()) {
                problem.name.clone_from(written);
            }
            self.problems.push(problem);
        }
    }

    /// Reports that a variable does not fit others, unless one of them has a problem of its own.
    pub(super) fn conflict(
        &mut self,
        name: &'static str,
        with: &[&str],
        expected: &str,
        hint: Option<&str>,
    ) {
        // What stands there is a default that replaced the wrong value, so the conflict may not
        // exist.
        if self.is_doubtful(name) || with.iter().any(|name| self.is_doubtful(name)) {
            return;
        }
        self.problem(name, |written| {
            let problem = Problem::new(written, expected);
            match hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            }
        });
    }
}

/// The value of a variable and the name it was found under. Blank counts as unset.
pub(super) fn lookup<'a>(
    variable: &Variable,
    environment: Environment,
    vars: &'a BTreeMap<String, String>,
) -> Option<(String, &'a str)> {
    let prefixed = environment
        .prefix()
        .filter(|_| variable.takes_prefix())
        .map(|prefix| format!("{prefix}{}", variable.name));
    prefixed
        .into_iter()
        // The prefixed name wins, so that one env file can hold several environments.
        .chain([variable.name.to_owned()])
        .find_map(|name| {
            let value = vars.get(&name)?.trim();
            // Compose's `${X:-}` and an empty `X=` produce blanks, which mean "not set".
            (!value.is_empty()).then_some((name, value))
        })
}

/// Checks one value, and returns it in its usual form or the problem.
fn read(
    variable: &Variable,
    value: &str,
    vars: &BTreeMap<String, String>,
) -> Result<String, Box<dyn FnOnce(String) -> Problem>> {
    // It came from the environment or single quotes, where nothing resolves it. Taken literally it
    // would end up in a host name or a password.
    if env_file::has_reference(value) {
        return Err(Box::new(|name| {
            Problem::new(name, "a value without `${NAME}` references").hint(
                "references are replaced only in the file named by --env-file, outside single quotes",
            )
        }));
    }
    if !variable.shape.accepts(value) {
        let expected = variable.shape.to_string();
        // Not the value: it could be a secret in the wrong variable.
        let hint = brought::hint(variable.name, value);
        return Err(Box::new(move |name| {
            let problem = Problem::new(name, expected);
            match hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            }
        }));
    }
    match variable.shape {
        Shape::Path(_) => brought::at_home(value, vars).map_err(
            |expected| -> Box<dyn FnOnce(String) -> Problem> {
                Box::new(move |name| Problem::new(name, expected))
            },
        ),
        // `TRUE` and `true` are one value from here on, for the parser and for comparisons with
        // defaults.
        shape => Ok(shape.canonical(value)),
    }
}
