//! Tokens that others make for us: from a setting, or from a file that they renew.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::error::Error;
use crate::config::types::Secret;

/// Above any token, below what would hurt: the path may be wrong.
const LARGEST_FILE: u64 = 64 * 1024;

/// Where a token comes from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// A file, read at every sign-in: whoever renews the token only writes the file.
    File(PathBuf),
    /// The token itself.
    Text(Secret),
    /// The same of another setting's file.
    OtherFile(&'static str, PathBuf),
    /// The same of another setting.
    OtherText(&'static str, Secret),
}

impl TokenSource {
    /// The token as it is now. Reads a file: call it where blocking is fine.
    pub(super) fn read(&self) -> Result<SecretString, Error> {
        match self {
            Self::Text(text) => one_line(text.expose_secret(), "SNOWFLAKE_TOKEN"),
            Self::OtherText(setting, text) => one_line(text.expose_secret(), setting),
            Self::File(path) => file("SNOWFLAKE_TOKEN_PATH", path),
            Self::OtherFile(setting, path) => file(setting, path),
        }
    }
}

fn file(setting: &'static str, path: &Path) -> Result<SecretString, Error> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text))
        .map_err(|source| Error::File {
            setting,
            path: path.to_owned(),
            source,
        })?;
    one_line(&text, setting)
}

fn one_line(text: &str, setting: &'static str) -> Result<SecretString, Error> {
    let text = text.trim();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::Token { setting });
    }
    Ok(SecretString::from(text))
}
