//! The reference table as text for the terminal and as Markdown for `docs/configuration.md`.

use std::fmt::{self, Write};

use super::brought;
use super::reference::variables;
use super::section::Section;
use super::variable::{Default, Variable};

/// Widest line of the text for the terminal.
const WIDTH: usize = 100;

/// Every variable, for the terminal.
#[must_use]
pub fn text() -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_text(&mut text);
    text
}

/// `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    let _ = write_markdown(&mut text);
    text
}

fn of(section: Section) -> impl Iterator<Item = &'static Variable> {
    variables().filter(move |variable| variable.section == section)
}

fn write_text(out: &mut String) -> fmt::Result {
    for section in Section::ALL {
        let (title, about) = section.about();
        writeln!(out, "{}", title.to_uppercase())?;
        wrap(out, "", about)?;
        for variable in of(section) {
            writeln!(out, "\n  {}", variable.name)?;
            wrap(out, "      ", variable.about)?;
            wrap(out, "      ", &format!("Expected: {}.", variable.shape))?;
            let default = match variable.default {
                // "none" is the word for settings whose absence needs no explanation.
                Default::Unset("none") => "Unset.".to_owned(),
                Default::Unset(meaning) => format!("Unset: {meaning}."),
                Default::Same(value) => format!("Default: {value}"),
                Default::Each(development, staging, production) => format!(
                    "Default: {development} (development), {staging} (staging), {production} (production)"
                ),
            };
            wrap(out, "      ", &default)?;
            if let Some(when) = variable.required {
                wrap(out, "      ", &format!("Required {when}."))?;
            }
            if !variable.is_obeyed {
                wrap(out, "      ", &format!("In this version: {NOT_OBEYED}."))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Breaks a text between words. Backticks are for Markdown.
pub(super) fn wrap(out: &mut String, indent: &str, text: &str) -> fmt::Result {
    let mut width = 0;
    for word in text.replace('`', "").split(' ') {
        // Characters, not bytes: the texts have typographic signs.
        let length = word.chars().count();
        if width == 0 {
            out.push_str(indent);
            width = indent.len();
        } else if width + 1 + length > WIDTH {
            write!(out, "\n{indent}")?;
            width = indent.len();
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    writeln!(out)
}

fn write_markdown(out: &mut String) -> fmt::Result {
    out.push_str(INTRODUCTION);
    for section in Section::ALL {
        let (title, about) = section.about();
        writeln!(out, "\n## {title}\n\n{about}\n")?;
        writeln!(out, "| variable | default | expected | meaning |")?;
        writeln!(out, "|---|---|---|---|")?;
        for variable in of(section) {
            writeln!(
                out,
                "| `{}` | {} | {} | {} |",
                variable.name,
                default_in_markdown(variable.default),
                variable.shape,
                meaning_in_markdown(variable),
            )?;
        }
    }
    // Generated too, so that a name that is understood is also documented.
    out.push_str(OTHER_NAMES);
    for (other, ours) in brought::names() {
        writeln!(out, "| `{other}` | `{ours}` |")?;
    }
    Ok(())
}

fn default_in_markdown(default: Default) -> String {
    match default {
        Default::Unset("none") => "unset".to_owned(),
        Default::Unset(meaning) => format!("unset: {meaning}"),
        Default::Same(value) => format!("`{value}`"),
        Default::Each(development, staging, production) => {
            format!("`{development}` / `{staging}` / `{production}`")
        }
    }
}

fn meaning_in_markdown(variable: &Variable) -> String {
    let mut meaning = variable.about.to_owned();
    if let Some(when) = variable.required {
        let _ = write!(meaning, " **Required** {when}.");
    }
    if variable.secret {
        meaning.push_str(" *Secret.*");
    }
    if !variable.is_obeyed {
        let _ = write!(meaning, " **In this version:** {NOT_OBEYED}.");
    }
    meaning
}

/// What is said of a setting that this version does not obey.
pub(super) const NOT_OBEYED: &str = "checked, without effect yet";

const OTHER_NAMES: &str = "
## Names of other tools

Names that Snowflake's drivers and tools use are accepted too, also with the environment's prefix. If both names are set and have
different values, the server does not start, and the error has both names. Names of SnowSQL (`SNOWSQL_ACCOUNT`) are not used, and give a warning.

| name | read as |
|---|---|
";

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated by `snowflake-mcp config --markdown`; a test fails when it is stale. -->

All settings are environment variables. None is required: without any, the service listens on `localhost:8000` and
answers from the embedded engine. `snowflake-mcp config` prints this reference, `snowflake-mcp config --effective` prints the
values in force and where they come from, and `snowflake-mcp check` checks them.

**Environments.** `ENVIRONMENT` selects the defaults; if the second column has three values, they are for development /
staging / production. In staging and production every `SNOWFLAKE_` variable is first read with the prefix `STAGING_` or
`PRODUCTION_`: with `ENVIRONMENT=production`, `PRODUCTION_SNOWFLAKE_ACCOUNT` takes precedence over `SNOWFLAKE_ACCOUNT`. Other
variables have no prefix.

**Files.** `--env-file FILE` reads a file with the same names: `.env` (`NAME=value`, quotes, comments), JSON or YAML (a flat
map). For each name, the environment takes precedence over the file. In a file, `${NAME}` and `${NAME:-default}` are replaced
by values from the environment and from earlier lines, except in single quotes. A reference to a name that is not set is an
error, and so is a reference that remains in a setting's value. `.env.development` and `.env.production` at the top of the
repository list every variable and can be used as they are, except that production also needs an account.

**Values.** Spaces around a value are removed, and a blank value means unset. Durations and sizes have a unit; the few that
are plain numbers say so. `true`, `1`, `yes` and `on` mean the same, and so do their opposites; the case of words does not
matter. In paths `~` is the home folder. Quotes around a whole value are removed, because Docker's `--env-file` keeps them.
There are two exceptions: double quotes around a Snowflake name mean what they mean in SQL, and quotes around a password,
a passphrase or a caller's key are kept, with a warning.

**Mistakes.** At the start, all problems are reported at once, one line each, with the name and what was expected, but never
the value; the exit code is 64. A name that looks like one of these but is unknown gives a warning with the most similar name.

**In this version.** Settings marked *checked, without effect yet* give a warning when they are set.
";
