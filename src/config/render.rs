//! The reference table as text for the terminal and as Markdown for `docs/configuration.md`.

use std::fmt::{self, Write};

use super::brought;
use super::reference::variables;
use super::section::Section;
use super::variable::{Availability, Default, Variable};

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
            if let Some(note) = in_words(variable.availability) {
                wrap(out, "      ", &format!("In this version: {note}."))?;
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
    if let Some(note) = in_words(variable.availability) {
        let _ = write!(meaning, " **In this version:** {note}.");
    }
    meaning
}

/// What stands behind "In this version:", where this version does not obey a setting.
pub(super) fn in_words(availability: Availability) -> Option<String> {
    match availability {
        Availability::Obeyed => None,
        Availability::Later => Some("checked, without effect yet".to_owned()),
        Availability::GuardLater(None) => Some("not available, and refused when set".to_owned()),
        Availability::GuardLater(Some(value)) => Some(format!("only `{value}` is available")),
    }
}

const OTHER_NAMES: &str = "
## Names of other tools

Names that Snowflake's drivers and tools use are read as ours, with the prefix of the environment too. Where both are set and differ,
the start is refused with both names. SnowSQL's own (`SNOWSQL_ACCOUNT`) are named in a warning and not taken.

| name | read as |
|---|---|
";

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated by `snowflake-mcp config --markdown`; a test fails when it is stale. -->

Everything is set by environment variables. None is needed: without any, the service listens on `localhost:8000` and
answers from the embedded engine. `snowflake-mcp config` prints this reference, `snowflake-mcp config --effective` the values
in force with their origin, and `snowflake-mcp check` tells whether they are right.

**Environments.** `ENVIRONMENT` picks the defaults; three values in the second column are for development / staging /
production. In staging and production every `SNOWFLAKE_` variable is read with the prefix `STAGING_` or `PRODUCTION_` first:
with `ENVIRONMENT=production`, `PRODUCTION_SNOWFLAKE_ACCOUNT` wins over `SNOWFLAKE_ACCOUNT`. Other variables take no prefix.

**Files.** `--env-file FILE` reads a file of the same names: `.env` (`NAME=value`, quotes, comments), JSON or YAML (a flat
map). What the environment sets wins over the file, name by name. In a file, `${NAME}` and `${NAME:-default}` are replaced from
the environment and from earlier lines, except in single quotes; a reference to something that is not set is an error, and so
is one that reaches a setting unreplaced. `.env.development` and `.env.production` at the top of the repository list every
variable and load as they are; production then asks for the account it needs.

**Values.** Spaces around a value are dropped, and a blank value means unset. Durations and sizes are written with their unit;
the few that are plain numbers say so. `true`, `1`, `yes` and `on` are the same, and so are their opposites; words are read
without regard to case. In paths `~` is the home folder. Quotes around a whole value are dropped, for Docker's `--env-file` keeps
them; two cases are different: double quotes around a name of Snowflake's mean what they mean in SQL, and around a password,
passphrase or key for callers they are kept, with a warning. Keys of Snowflake and tokens have none and lose them.

**Mistakes.** Every problem is reported at start-up, all at once, one line each, by name and with what was expected, never
with the value; the exit code is 64. A name that looks like ours and is not is a warning with the nearest one that is.

**In this version.** What is marked *checked, without effect yet* gives a warning when set. What guards something and is not
obeyed yet is refused when set, because a guard that is silently ignored is worse than none.
";
