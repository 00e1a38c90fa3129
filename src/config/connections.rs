//! Connections that were set up for Snowflake's own tools: `connections.toml`, or `config.toml` with its `[connections.…]`.
//!
//! They are read only if a setting names one, because credentials of other programs must not be used without being
//! asked for. The environment and the env file take precedence over a connection, see [`super::brought::understand`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::brought::{at_home, prefixes};
use super::problem::Problem;

/// The settings that name a connection; the first that is set decides.
const NAMED_BY: [&str; 2] = [
    "SNOWFLAKE_CONNECTION_NAME",
    "SNOWFLAKE_DEFAULT_CONNECTION_NAME",
];

/// Where Snowflake's tools look: the first file is all connections, of the second it is one table.
const FILES: [(&str, Option<&str>); 2] = [
    ("connections.toml", None),
    ("config.toml", Some("connections")),
];

/// Files of people are a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Names that an error lists.
const MAX_NAMES: usize = 20;

/// What a connection may say, and our name for it.
const KEYS: &[(&str, &str)] = &[
    ("account", "SNOWFLAKE_ACCOUNT"),
    ("user", "SNOWFLAKE_USER"),
    ("username", "SNOWFLAKE_USER"),
    ("authenticator", "SNOWFLAKE_AUTH_TYPE"),
    ("password", "SNOWFLAKE_PASSWORD"),
    ("token", "SNOWFLAKE_TOKEN"),
    ("token_file_path", "SNOWFLAKE_TOKEN_PATH"),
    ("private_key_file", "SNOWFLAKE_PRIVATE_KEY_PATH"),
    ("private_key_path", "SNOWFLAKE_PRIVATE_KEY_PATH"),
    ("private_key_raw", "SNOWFLAKE_PRIVATE_KEY"),
    ("private_key_file_pwd", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
    ("private_key_passphrase", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
    ("role", "SNOWFLAKE_ROLE"),
    ("warehouse", "SNOWFLAKE_WAREHOUSE"),
    ("database", "SNOWFLAKE_DATABASE"),
    ("schema", "SNOWFLAKE_SCHEMA"),
    ("host", "SNOWFLAKE_HOST"),
    ("port", "SNOWFLAKE_PORT"),
    ("protocol", "SNOWFLAKE_PROTOCOL"),
];

/// A connection under our names.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) values: BTreeMap<&'static str, String>,
    /// File and connection, for whoever asks where a value comes from.
    pub(super) place: String,
    /// What the operator should know, a line each.
    pub(super) notes: Vec<String>,
}

/// The connection that the variables name; `None` if they name none.
///
/// # Errors
///
/// No file has it, or what it says cannot be read.
pub(super) fn named(vars: &BTreeMap<String, String>) -> Result<Option<Connection>, Problem> {
    let names = NAMED_BY.iter().flat_map(|name| {
        prefixes(vars)
            .into_iter()
            .map(move |prefix| format!("{prefix}{name}"))
    });
    let set = names
        .into_iter()
        .find_map(|setting| Some((vars.get(&setting)?.trim().to_owned(), setting)));
    let Some((name, setting)) = set.filter(|(name, _)| !name.is_empty()) else {
        return Ok(None);
    };
    // Only now, so that a broken `SNOWFLAKE_HOME` harms nobody who names no connection.
    let folder = folder(vars)?;
    let mut others = Vec::new();
    for (file, inside) in FILES {
        let path = folder.join(file);
        let Some((text, is_open_to_others)) = read(&path)? else {
            continue;
        };
        let whole = parsed(&path, &text)?;
        let connections = match inside {
            None => Some(&whole),
            Some(table) => whole.get(table).and_then(Value::as_table),
        };
        for (found, value) in connections.into_iter().flatten() {
            // Other keys at the top of `connections.toml` are options of Snowflake's tools.
            let Value::Table(keys) = value else { continue };
            if *found == name {
                let mut connection = translated(&path, &name, keys)?;
                // Only noted: Snowflake's own tools read such a file, and a refusal would break
                // what works there.
                if is_open_to_others {
                    connection.notes.push(format!(
                        "{}: other users of this machine can read it; `chmod 600` lets only its owner read it",
                        path.display()
                    ));
                }
                return Ok(Some(connection));
            }
            others.push(shown(found));
        }
    }
    let expected = format!(
        "the name of a connection in {} or {} of {}",
        FILES[0].0,
        FILES[1].0,
        folder.display()
    );
    // The file may have hundreds, and a message is one line.
    others.truncate(MAX_NAMES);
    let hint = match others.as_slice() {
        [] => "there is no such file; SNOWFLAKE_HOME names the folder".to_owned(),
        others => format!("there are: {}", others.join(", ")),
    };
    Err(Problem::new(setting, expected).hint(hint))
}

/// The folder of Snowflake's tools.
fn folder(vars: &BTreeMap<String, String>) -> Result<PathBuf, Problem> {
    const NAME: &str = "SNOWFLAKE_HOME";
    let path = |text| at_home(text, vars).map(PathBuf::from);
    let refused = |expected| Problem::new(NAME, expected);
    let mut names = prefixes(vars)
        .into_iter()
        .map(|prefix| format!("{prefix}{NAME}"));
    let home = names.find_map(|name| vars.get(&name).filter(|home| !home.trim().is_empty()));
    if let Some(home) = home {
        return path(home.trim()).map_err(refused);
    }
    let usual = path("~/.snowflake").map_err(refused)?;
    // The order in which Snowflake's CLI and its connector for Python look.
    if usual.is_dir() {
        return Ok(usual);
    }
    path("~/.config/snowflake").map_err(refused)
}

/// The text of a file, and whether others may read it; `None` where there is no such file.
fn read(path: &Path) -> Result<Option<(String, bool)>, Problem> {
    let refused = |why: String| {
        let problem = Problem::new(path.display().to_string(), "a file that can be read");
        problem.hint(why)
    };
    let about = match path.metadata() {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error.kind().to_string())),
    };
    // Opening a pipe would wait for somebody to write into it.
    if !about.is_file() {
        return Err(refused("it is not a regular file".to_owned()));
    }
    if about.len() > MAX_BYTES {
        return Err(refused(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let mut text = String::new();
    File::open(path)
        // The size was asked a moment ago and may have grown since.
        .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
        .map_err(|error| refused(error.kind().to_string()))?;
    Ok(Some((text, is_open_to_others(&about))))
}

#[cfg(unix)]
fn is_open_to_others(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// The parser's message may repeat a value of the file, so only the line is reported.
fn parsed(path: &Path, text: &str) -> Result<Table, Problem> {
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|at| text.get(..at.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        Problem::new(path.display().to_string(), "TOML").at(format!("line {line}"))
    })
}

/// A connection's keys under our names.
fn translated(path: &Path, name: &str, keys: &Table) -> Result<Connection, Problem> {
    let mut connection = Connection {
        place: format!("{} [{}]", path.display(), shown(name)),
        ..Connection::default()
    };
    let mut unread = Vec::new();
    for (key, value) in keys {
        let Some((_, ours)) = KEYS
            .iter()
            .find(|(theirs, _)| theirs.eq_ignore_ascii_case(key))
        else {
            unread.push(shown(key));
            continue;
        };
        let refused =
            |expected: &str| Problem::new(shown(key), expected).at(connection.place.clone());
        // Ports are often written as numbers; anything else, such as a list, has no form as a
        // variable.
        let value = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Integer(number) => number.to_string(),
            _ => return Err(refused("a text")),
        };
        if value.is_empty() {
            continue;
        }
        // Two keys of the file can mean one setting, such as `user` and `username`.
        let other = connection.values.insert(ours, value.clone());
        if other.is_some_and(|other| other != value) {
            return Err(refused(&format!(
                "what the connection's other key for {ours} says, or only one of the two"
            )));
        }
    }
    if !unread.is_empty() {
        unread.truncate(MAX_NAMES);
        connection.notes.push(format!(
            "{}: not read by this service: {}",
            connection.place,
            unread.join(", ")
        ));
    }
    Ok(connection)
}

/// A name from a file as a line of a log may hold it.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    name.chars()
        .take(64)
        .map(|c| if plain(c) { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests;
