//! API keys, and the limits that may follow them: `<key> max_rows=500 query_timeout=30s`.
//!
//! A key leaves this file only as a secret. Its name, which logs and error messages show, is made from its digest.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::forms::is_key;
use super::limits::{self, Limits};
use super::shape::Shape;
use super::types::{ByteSize, Span, Unreadable};

/// A key that is accepted.
#[derive(Debug, Clone)]
pub struct ApiKey {
    secret: SecretString,
    name: String,
    limits: KeyLimits,
    /// Completes "expected behind the key …": the option that cannot be read. It never has the value, which may be
    /// another key.
    faults: Vec<String>,
}

/// Limits of the callers with one key, below everybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyLimits {
    /// In place of `DEFAULT_ROWS`.
    pub default_rows: Option<u64>,
    /// In place of `MAX_ROWS`.
    pub max_rows: Option<u64>,
    /// In place of `MAX_RESULT_BYTES`.
    pub max_result_bytes: Option<ByteSize>,
    /// In place of `MAX_CELL_BYTES`.
    pub max_cell_bytes: Option<ByteSize>,
    /// In place of `QUERY_TIMEOUT`.
    pub query_timeout: Option<Span>,
    /// In place of `MAX_SCAN_BYTES`.
    pub max_scan_bytes: Option<ByteSize>,
    /// Statements of this key alone that run at once.
    pub max_concurrent_queries: Option<usize>,
    /// In place of `RATE_LIMIT_PER_MINUTE`.
    pub rate_limit_per_minute: Option<u32>,
}

/// The options: the settings of the same names, in lower case.
const OPTIONS: [&str; 8] = [
    "default_rows",
    "max_rows",
    "max_result_bytes",
    "max_cell_bytes",
    "query_timeout",
    "max_scan_bytes",
    "max_concurrent_queries",
    "rate_limit_per_minute",
];

impl ApiKey {
    /// A key without limits of its own.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        let name = name_of(&secret);
        Self {
            secret,
            name,
            limits: KeyLimits::default(),
            faults: Vec::new(),
        }
    }

    /// What callers send.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// The key's name, from which nobody can guess it: `key:` and the first eight hexadecimal digits of its digest.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The limits of its callers.
    #[must_use]
    pub fn limits(&self) -> &KeyLimits {
        &self.limits
    }

    /// What is wrong with its limits; each completes "expected behind the key …".
    pub(super) fn faults(&self, server: &Limits) -> Vec<String> {
        let own = self.limits.faults(server);
        self.faults.iter().cloned().chain(own).collect()
    }
}

/// A key, then options, separated by white space. The options are checked later, so that the message can say what is wrong
/// with them.
impl FromStr for ApiKey {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut words = text.split_whitespace();
        let key = words.next().filter(|key| is_key(key));
        let mut key = Self::new(SecretString::from(key.ok_or(Unreadable)?));
        let mut seen = Vec::new();
        for word in words {
            let named = word
                .split_once('=')
                .and_then(|(name, text)| Some((OPTIONS.into_iter().find(|it| *it == name)?, text)));
            // A fault rather than an error: the key is known, so messages can name it by its
            // digest, and the faults of other keys are found too.
            let Some((option, text)) = named else {
                key.faults.push(format!(
                    "options only, any of {}, as in `max_rows=500`, and commas between keys",
                    OPTIONS.map(|option| format!("`{option}`")).join(", ")
                ));
                continue;
            };
            if seen.contains(&option) {
                key.faults.push(format!("`{option}` once"));
            } else if let Err(expected) = key.limits.set(option, text) {
                key.faults.push(format!("`{option}` as {expected}"));
            }
            // Also when it is wrong, so that `max_rows=x max_rows=y` is told both.
            seen.push(option);
        }
        Ok(key)
    }
}

impl KeyLimits {
    /// Limits above the server's own; each completes "expected …".
    #[must_use]
    pub fn faults(&self, server: &Limits) -> Vec<String> {
        let own = self;
        let mut faults = Vec::new();
        let mut at_most = |is_above: bool, option: &str, cap: &dyn std::fmt::Display| {
            if is_above {
                let setting = option.to_uppercase();
                faults.push(format!("`{option}` not above {setting}, which is {cap}"));
            }
        };
        let above = |own: Option<u64>, cap: u64| own.is_some_and(|own| own > cap);
        // A key's `default_rows` is held against the limit that applies to this key.
        let max_rows = own.max_rows.unwrap_or(server.max_rows);
        at_most(
            above(own.max_rows, server.max_rows),
            "max_rows",
            &server.max_rows,
        );
        at_most(
            own.max_result_bytes > Some(server.max_result_bytes),
            "max_result_bytes",
            &server.max_result_bytes,
        );
        at_most(
            own.max_cell_bytes > Some(server.max_cell_bytes),
            "max_cell_bytes",
            &server.max_cell_bytes,
        );
        at_most(
            own.query_timeout > Some(server.query_timeout),
            "query_timeout",
            &server.query_timeout,
        );
        // No limit of the server's own: then any limit of a key is lower.
        if let Some(cap) = server.max_scan_bytes {
            at_most(own.max_scan_bytes > Some(cap), "max_scan_bytes", &cap);
        }
        if let Some(cap) = server.rate_limit_per_minute {
            at_most(
                own.rate_limit_per_minute > Some(cap),
                "rate_limit_per_minute",
                &cap,
            );
        }
        at_most(
            own.max_concurrent_queries > Some(server.max_concurrent_queries),
            "max_concurrent_queries",
            &server.max_concurrent_queries,
        );
        if above(own.default_rows, max_rows) {
            faults.push(format!(
                "`default_rows` not above the rows the key may have at most, which are {max_rows}"
            ));
        }
        faults
    }

    /// Reads one option, in the form of the setting of that name.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn set(&mut self, option: &str, text: &str) -> Result<(), String> {
        let expected = || shape(option).map_or_else(String::new, |shape| shape.to_string());
        self.read(option, text).ok_or_else(expected)
    }

    /// The same; `None` if the setting of that name would not accept the text.
    fn read(&mut self, option: &str, text: &str) -> Option<()> {
        // The setting's own form and range, so that a limit of a key is never read by other rules.
        if !shape(option)?.accepts(text) {
            return None;
        }
        fn read<T: FromStr>(text: &str) -> Option<Option<T>> {
            text.parse().ok().map(Some)
        }
        match option {
            "default_rows" => self.default_rows = read(text)?,
            "max_rows" => self.max_rows = read(text)?,
            "max_result_bytes" => self.max_result_bytes = read(text)?,
            "max_cell_bytes" => self.max_cell_bytes = read(text)?,
            "query_timeout" => self.query_timeout = read(text)?,
            "max_scan_bytes" => self.max_scan_bytes = read(text)?,
            "max_concurrent_queries" => self.max_concurrent_queries = read(text)?,
            "rate_limit_per_minute" => self.rate_limit_per_minute = read(text)?,
            _ => return None,
        }
        Some(())
    }
}

/// The form of the setting of that name.
fn shape(option: &str) -> Option<Shape> {
    let mut settings = limits::SETTINGS.iter();
    let setting = settings.find(|setting| setting.name.eq_ignore_ascii_case(option));
    setting.map(|setting| setting.shape)
}

fn name_of(key: &SecretString) -> String {
    let mut name = String::from("key:");
    for byte in Sha256::digest(key.expose_secret().as_bytes())
        .iter()
        .take(4)
    {
        name.push_str(&format!("{byte:02x}"));
    }
    name
}
