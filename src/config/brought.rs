//! Names, words and forms that people bring from Snowflake's own tools and drivers, and what they mean here.
//!
//! [`understand`] comes before anything is checked: it gives every value the name the reference table has for it. Nothing is
//! guessed that could be wrong. Where two names say different things, both are named and nothing is chosen.

use std::collections::BTreeMap;

use super::environment::Environment;
use super::problem::{Problem, Problems};
use super::reference::{self, variables};
use super::variable::{Quotes, Variable};

/// Other names of our settings: those of the Python, JDBC, ODBC and Go drivers, Snowflake's command lines, dbt and
/// Terraform.
const NAMES: &[(&str, &str)] = &[
    ("SNOWFLAKE_USERNAME", "SNOWFLAKE_USER"),
    ("SNOWFLAKE_PWD", "SNOWFLAKE_PASSWORD"),
    ("SNOWFLAKE_AUTHENTICATOR", "SNOWFLAKE_AUTH_TYPE"),
    ("SNOWFLAKE_ACCOUNT_URL", "SNOWFLAKE_ACCOUNT"),
    ("SNOWFLAKE_ACCOUNT_IDENTIFIER", "SNOWFLAKE_ACCOUNT"),
    ("SNOWFLAKE_PRIVATE_KEY_FILE", "SNOWFLAKE_PRIVATE_KEY_PATH"),
    ("SNOWFLAKE_PRIVATE_KEY_RAW", "SNOWFLAKE_PRIVATE_KEY"),
    ("SNOWFLAKE_PRIVATE_KEY_FILE_PWD", PASSPHRASE),
    ("SNOWFLAKE_PRIVATE_KEY_PWD", PASSPHRASE),
    ("SNOWFLAKE_PRIVATE_KEY_PASSWORD", PASSPHRASE),
    ("PRIVATE_KEY_PASSPHRASE", PASSPHRASE),
    ("SNOWFLAKE_PAT", "SNOWFLAKE_TOKEN"),
    ("SNOWFLAKE_TOKEN_FILE_PATH", "SNOWFLAKE_TOKEN_PATH"),
    ("SNOWFLAKE_TOKEN_FILE", "SNOWFLAKE_TOKEN_PATH"),
    ("SNOWFLAKE_DB", "SNOWFLAKE_DATABASE"),
    (
        "SNOWFLAKE_OAUTH_TOKEN_REQUEST_URL",
        "SNOWFLAKE_OAUTH_TOKEN_URL",
    ),
];

const PASSPHRASE: &str = "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE";

/// Names of `SnowSQL`, Snowflake's older command line. They give a warning and are not used: a person who has them in every
/// shell did not mean this service.
const NAMED_ONLY: &[(&str, &str)] = &[
    ("SNOWSQL_ACCOUNT", "SNOWFLAKE_ACCOUNT"),
    ("SNOWSQL_USER", "SNOWFLAKE_USER"),
    ("SNOWSQL_PWD", "SNOWFLAKE_PASSWORD"),
    ("SNOWSQL_ROLE", "SNOWFLAKE_ROLE"),
    ("SNOWSQL_WAREHOUSE", "SNOWFLAKE_WAREHOUSE"),
    ("SNOWSQL_DATABASE", "SNOWFLAKE_DATABASE"),
    ("SNOWSQL_SCHEMA", "SNOWFLAKE_SCHEMA"),
    ("SNOWSQL_HOST", "SNOWFLAKE_HOST"),
    ("SNOWSQL_PRIVATE_KEY_PASSPHRASE", PASSPHRASE),
];

/// The drivers' words for `authenticator` that differ from ours.
const AUTHENTICATORS: &[(&str, &str)] = &[
    ("snowflake_jwt", "private_key"),
    ("jwt", "private_key"),
    ("keypair", "private_key"),
    ("key_pair", "private_key"),
    ("externalbrowser", "external_browser"),
    ("username_password", "password"),
    ("username_password_mfa", "password"),
    ("pat", "programmatic_access_token"),
];

/// Settings that say how to sign in just by being set, if `SNOWFLAKE_AUTH_TYPE` is not set. The first one that is set
/// decides. A key is not among them, because signing in with a key is the default.
const TELLING: &[(&str, &str)] = &[
    ("SNOWFLAKE_PASSWORD", "password"),
    ("SNOWFLAKE_OAUTH_CLIENT_ID", "oauth_client_credentials"),
    ("SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER", "workload_identity"),
];

/// Whether setting `name` says how to sign in, if `SNOWFLAKE_AUTH_TYPE` is not set.
pub(super) fn tells_how_to_sign_in(name: &str) -> bool {
    name == "SNOWFLAKE_PRIVATE_KEY" || TELLING.iter().any(|(setting, _)| *setting == name)
}

/// The variables under our names.
#[derive(Debug, Default)]
pub(super) struct Understood {
    pub(super) vars: BTreeMap<String, String>,
    /// For each of our names whose value came under another name, that name.
    pub(super) written: BTreeMap<String, String>,
    /// For each value that nobody wrote, why it was chosen.
    pub(super) chosen: BTreeMap<&'static str, String>,
    /// What the operator should know, one line each.
    pub(super) notes: Vec<String>,
    pub(super) problems: Problems,
}

/// Every other name that is read, with ours.
pub(super) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.iter().copied()
}

/// Our name for another program's.
pub(super) fn our_name(name: &str) -> Option<&'static str> {
    let found = NAMES.iter().find(|(other, _)| *other == name);
    found.map(|(_, ours)| *ours)
}

/// What to set in place of a name that is known but not used.
pub(super) fn named_only(name: &str) -> Option<&'static str> {
    let found = NAMED_ONLY.iter().find(|(other, _)| *other == name);
    found.map(|(_, ours)| *ours)
}

/// A hint about a value that is refused, if it has a meaning in another program.
pub(super) fn hint(name: &str, value: &str) -> Option<&'static str> {
    if name != "SNOWFLAKE_AUTH_TYPE" {
        return None;
    }
    if value.starts_with("https://") {
        return Some(
            "Okta itself is not asked for a password; `external_browser` signs in through it",
        );
    }
    value
        .eq_ignore_ascii_case("oauth_authorization_code")
        .then_some("not available; `external_browser` signs a person in, `oauth` takes a token made elsewhere")
}

/// Renames the variables and converts their values to our forms. `connection` has the values of a named connection;
/// everything else takes precedence over it.
pub(super) fn understand(
    vars: &BTreeMap<String, String>,
    connection: &BTreeMap<&'static str, String>,
) -> Understood {
    let mut understood = Understood {
        vars: vars.clone(),
        ..Understood::default()
    };
    let prefixes = prefixes(vars);
    // Names first: the steps below look only under our own names.
    for prefix in &prefixes {
        understood.rename(prefix);
    }
    for (name, value) in connection {
        // `same` names what says the same thing in another way, such as a key and its path: one
        // that the environment sets must not be joined by the connection's other.
        let is_set = same(name).iter().any(|name| {
            let names = prefixes.iter().map(|prefix| format!("{prefix}{name}"));
            names
                .into_iter()
                .any(|name| understood.get(&name).is_some())
        });
        if !is_set {
            understood.vars.insert((*name).to_owned(), value.clone());
        }
    }
    for prefix in &prefixes {
        for variable in variables() {
            if prefix.is_empty() || variable.takes_prefix() {
                understood.drop_quotes(variable, &format!("{prefix}{}", variable.name));
            }
        }
        understood.swap_key_and_path(prefix);
    }
    // Last, because it infers from which variables hold a value after all the corrections.
    understood.choose_auth_type(&prefixes);
    understood
}

/// The prefixes of variables, in order: the environment's, then none.
pub(super) fn prefixes(vars: &BTreeMap<String, String>) -> Vec<&'static str> {
    let named = vars.get("ENVIRONMENT").map(|name| name.trim());
    let named = named.map(|name| unquoted(name).unwrap_or(name));
    let environment = named.and_then(|name| name.parse::<Environment>().ok());
    let prefix = environment.and_then(Environment::prefix);
    prefix.into_iter().chain([""]).collect()
}

/// Variables that say the same in different ways; one of them is enough.
fn same<'name>(name: &'name &'static str) -> &'name [&'static str] {
    const SAME: [&[&str]; 2] = [
        &["SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PRIVATE_KEY_PATH"],
        &["SNOWFLAKE_TOKEN", "SNOWFLAKE_TOKEN_PATH"],
    ];
    let group = SAME.into_iter().find(|group| group.contains(name));
    group.unwrap_or(std::slice::from_ref(name))
}

impl Understood {
    /// The value of a name, unless it is blank.
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.vars.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    fn rename(&mut self, prefix: &str) {
        for (other, ours) in NAMES {
            // Only Snowflake's names take a prefix; `PROD_PORT` is somebody else's variable.
            if !prefix.is_empty() && !other.starts_with("SNOWFLAKE_") {
                continue;
            }
            let (other, ours) = (format!("{prefix}{other}"), format!("{prefix}{ours}"));
            let Some(value) = self.get(&other).map(ToOwned::to_owned) else {
                continue;
            };
            match self.get(&ours) {
                None => {
                    self.vars.insert(ours.clone(), value);
                    // Messages must name the variable that the operator wrote and can find again.
                    self.written.insert(ours, other);
                }
                // Tools often set both names. That is a problem only if they disagree.
                Some(same) if same == value => {}
                Some(_) => {
                    let first = self.written.get(&ours).unwrap_or(&ours);
                    let expected = format!("the same value as {first}, or only one of the two");
                    self.problems.push(Problem::new(other, expected));
                }
            }
        }
    }

    /// Docker's `--env-file` and some templates keep the quotes that a shell takes away.
    fn drop_quotes(&mut self, variable: &Variable, name: &str) {
        let Some(value) = self.get(name).map(ToOwned::to_owned) else {
            return;
        };
        let Some(inner) = unquoted(&value) else {
            return;
        };
        // Quotes around nothing always go: `""` means unset.
        let is_kept = !inner.trim().is_empty()
            && match variable.quotes {
                Quotes::Dropped => false,
                // Double quotes belong to an identifier of Snowflake, where they keep upper and
                // lower case.
                Quotes::OfNames => value.starts_with('"'),
                // A password may really begin and end with a quote, so it is left alone and only
                // noted below.
                Quotes::OfSecrets => true,
            };
        if !is_kept {
            self.vars.insert(name.to_owned(), inner.to_owned());
        } else if variable.quotes == Quotes::OfSecrets {
            let name = self.written.get(name).map_or(name, String::as_str);
            self.notes.push(format!(
                "{name}: the quotes around the value are taken as part of it; Docker's --env-file keeps quotes, take them away \
                 if they are not meant"
            ));
        }
    }

    /// Corrects a path in the variable for the key, and a key in the variable for its path.
    fn swap_key_and_path(&mut self, prefix: &str) {
        let key = format!("{prefix}SNOWFLAKE_PRIVATE_KEY");
        let path = format!("{prefix}SNOWFLAKE_PRIVATE_KEY_PATH");
        let (from, to, what) = match (self.get(&key), self.get(&path)) {
            (Some(value), None) if is_path(value) => (key, path, "a path"),
            (None, Some(value)) if is_key(value) => (path, key, "a key"),
            // With both set, or both missing, there is no telling what was meant; the rules report
            // it.
            _ => return,
        };
        let written = self.written.remove(&from).unwrap_or_else(|| from.clone());
        self.notes
            .push(format!("{written}: holds {what}, and is read as {to}"));
        if let Some(value) = self.vars.remove(&from) {
            self.vars.insert(to.clone(), value);
        }
        self.written.insert(to, written);
    }

    fn choose_auth_type(&mut self, prefixes: &[&str]) {
        const NAME: &str = "SNOWFLAKE_AUTH_TYPE";
        for prefix in prefixes {
            let name = format!("{prefix}{NAME}");
            let Some(word) = self.get(&name).map(str::to_ascii_lowercase) else {
                continue;
            };
            // The drivers' default way to sign in, whichever it turns out to be.
            if word == "snowflake" {
                self.vars.remove(&name);
            } else if let Some((_, ours)) = AUTHENTICATORS.iter().find(|(other, _)| *other == word)
            {
                self.vars.insert(name, (*ours).to_owned());
            }
        }
        // The first prefix wins, in the same order in which values are looked up later.
        let set = |this: &Self, name: &str| {
            let names = prefixes.iter().map(|prefix| format!("{prefix}{name}"));
            names.into_iter().find(|name| this.get(name).is_some())
        };
        let has_key = ["SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PRIVATE_KEY_PATH"]
            .iter()
            .any(|name| set(self, name).is_some());
        // A key is the default way to sign in, so it needs no word for it.
        if set(self, NAME).is_some() || has_key {
            return;
        }
        let token = set(self, "SNOWFLAKE_TOKEN");
        let is_pat = token
            .as_ref()
            .and_then(|name| self.written.get(name))
            .is_some_and(|written| written.ends_with("SNOWFLAKE_PAT"));
        // The beginning of tokens that Snowflake itself issued.
        let is_oauth = token
            .as_ref()
            .and_then(|name| self.get(name))
            .is_some_and(|token| token.starts_with("ver:"));
        let told = TELLING
            .iter()
            .find_map(|(name, word)| Some((set(self, name)?, *word)));
        let told = match token {
            // A name that says what the token is counts more than any other variable that is set.
            Some(name) if is_pat => Some((name, "programmatic_access_token")),
            Some(name) if is_oauth && told.is_none() => Some((name, "oauth")),
            _ => told,
        };
        if let Some((name, word)) = told {
            let name = self.written.get(&name).cloned().unwrap_or(name);
            self.vars.insert(NAME.to_owned(), word.to_owned());
            self.chosen.insert(NAME, format!("chosen: {name} is set"));
        }
    }
}

/// The text between quotes, if they surround the whole text.
fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        // `"a","b"` is a list.
        (!inner.contains(quote)).then_some(inner)
    })
}

/// A path by its beginning or ending. No key looks like that: base64 has neither `.` nor `~`, and DER's first byte is no
/// slash.
fn is_path(text: &str) -> bool {
    let ends = [".p8", ".pk8", ".pem", ".key", ".der", ".txt"];
    let lower = text.to_ascii_lowercase();
    !text.contains(['\n', '\r'])
        && (text.starts_with(['/', '~', '.']) || ends.iter().any(|end| lower.ends_with(end)))
}

/// A key: PEM, or enough base64 of PEM or DER, whose beginning is always the same.
fn is_key(text: &str) -> bool {
    let is_base64 = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c.is_whitespace() || matches!(c, '+' | '/' | '='))
    };
    text.contains("-----BEGIN ")
        || (text.len() > 500
            && (text.starts_with("MII") || text.starts_with("LS0tLS"))
            && is_base64(text))
}

/// The path that a text with `~` means. The error completes "expected …".
pub(super) fn at_home(text: &str, vars: &BTreeMap<String, String>) -> Result<String, &'static str> {
    // Shells replace `~`; env files, Docker and Kubernetes do not.
    let Some(rest) = text.strip_prefix('~') else {
        return Ok(text.to_owned());
    };
    if !(rest.is_empty() || rest.starts_with(['/', '\\'])) {
        // `~somebody` would need the system's list of users, which a container often lacks.
        return Err(
            "a path in which `~` stands only for your own home folder, as in `~/keys/key.p8`",
        );
    }
    let home = ["HOME", "USERPROFILE"]
        .iter()
        .find_map(|name| vars.get(*name).filter(|home| !home.is_empty()));
    match home {
        Some(home) => Ok(format!("{}{rest}", home.trim_end_matches('/'))),
        None => Err("a path without `~`, because HOME is not set"),
    }
}

/// A warning for each name that is known from elsewhere but not used, if our own name is not set.
pub(super) fn advice(vars: &BTreeMap<String, String>) -> Vec<String> {
    let missing = |ours: &str| !vars.keys().any(|name| name.ends_with(ours));
    vars.keys()
        .filter_map(|name| Some((name, named_only(name)?)))
        .filter(|(_, ours)| missing(ours) && reference::find(ours).is_some())
        .map(|(name, ours)| format!("{name}: not read by this service; write {ours}"))
        .collect()
}

#[cfg(test)]
mod tests;
