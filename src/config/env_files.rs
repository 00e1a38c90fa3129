//! `.env.development` and `.env.production`: every setting with what it does, in a file that loads as it is.

use std::fmt::{self, Write};

use super::environment::Environment;
use super::reference::variables;
use super::render::{NOT_OBEYED, wrap};
use super::section::Section;
use super::variable::{Default, Variable};

/// The file for an environment, as it is at the top of the repository.
#[must_use]
pub fn env_file(environment: Environment) -> String {
    let mut text = String::from(match environment {
        Environment::Development => DEVELOPMENT,
        _ => PRODUCTION,
    });
    // Writing to a `String` cannot fail.
    let _ = write_sections(&mut text, environment);
    text
}

fn write_sections(out: &mut String, environment: Environment) -> fmt::Result {
    for section in Section::ALL {
        let (title, about) = section.about();
        writeln!(out, "\n# ---- {title} ----")?;
        wrap(out, "# ", about)?;
        for variable in variables().filter(|variable| variable.section == section) {
            writeln!(out)?;
            wrap(out, "# ", &text(variable))?;
            writeln!(out, "{}", line(variable, environment))?;
        }
    }
    Ok(())
}

fn text(variable: &Variable) -> String {
    let mut text = variable.about.to_owned();
    if let Some(when) = variable.required {
        text.push_str(&format!(" Required {when}."));
    }
    match variable.default {
        Default::Unset("none") | Default::Same(_) | Default::Each(..) => {}
        Default::Unset(meaning) => text.push_str(&format!(" Unset: {meaning}.")),
    }
    if !variable.is_obeyed {
        text.push_str(&format!(" In this version: {NOT_OBEYED}."));
    }
    text
}

/// Settings that depend on the environment are set. Those that only the operator knows are taken from the shell that loads
/// the file. The rest is commented out, with its default.
fn line(variable: &Variable, environment: Environment) -> String {
    let name = variable.name;
    if name == "ENVIRONMENT" {
        return format!("{name}={environment}");
    }
    let prefix = environment.prefix().filter(|_| variable.takes_prefix());
    let prefixed = format!("{}{name}", prefix.unwrap_or_default());
    match variable.default_in(environment) {
        // Under the plain name, so that the shell which starts the service can still set that one.
        Some(value) if matches!(variable.default, Default::Each(..)) => format!("{name}={value}"),
        None if variable.passed_on && environment == Environment::Production => {
            format!("{prefixed}=${{{prefixed}:-}}")
        }
        default => format!("# {prefixed}={}", default.unwrap_or_default()),
    }
}

const DEVELOPMENT: &str = "\
# Settings for a laptop: `snowflake-mcp --env-file .env.development`
#
# Works as it is, on the embedded engine with Snowflake's sample data. Every variable is listed: those whose default
# depends on the environment are set, the others are commented out with their default, or blank where there is none.
# docs/configuration.md has the whole reference. What the environment sets wins over this file. `make docs` writes it.
";

const PRODUCTION: &str = "\
# Settings for production: `snowflake-mcp --env-file .env.production`
#
# Loads as it is, and then asks for what only you know: an account, a user and a private key. Names that start with
# PRODUCTION_ win over the plain ones, which are the fallback. `${NAME:-}` takes NAME from the environment of whoever
# loads this file (Compose, or this program) and is blank, which means unset, when it is not there; `docker run
# --env-file` does not do that. Keep secrets out of this file.
#
# Every variable is listed: those whose default depends on the environment are set, the others are commented out with
# their default, or blank where there is none. docs/configuration.md has the whole reference. `make docs` writes this file.
";
