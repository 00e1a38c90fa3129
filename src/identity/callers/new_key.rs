//! Makes a key: `snowflake-mcp key new`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::file::is_name;
use crate::telemetry::hex;

/// Every key begins with this, so that scanners for leaked secrets recognize it.
const PREFIX: &str = "smk_";

/// Check characters at the end of a key: they tell a key from a text that only looks like one.
const CHECK: usize = 6;

/// A new key, and its entry in the file.
#[derive(Debug)]
pub struct NewKey {
    /// The key itself. Shown once, to the person who will use it.
    pub key: SecretString,
    /// The entry for `keys`.
    pub entry: String,
}

/// Makes one of 256 random bits.
///
/// # Errors
///
/// What is wrong with the name, the grant or the time.
pub fn new_key(name: &str, grant: &str, expires: Option<&str>) -> Result<NewKey, String> {
    for (what, text) in [("--name", name), ("--grant", grant)] {
        if !is_name(text) {
            return Err(format!(
                "{what}: expected small letters, digits, `.`, `_` and `-`, 63 at most, beginning with a letter or digit"
            ));
        }
    }
    let expires = expires.map(read_time).transpose()?;
    let random: [u8; 32] = rand::random();
    let body = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    // A checksum in the key lets scanners for secrets tell a real key from similar text.
    let check = URL_SAFE_NO_PAD.encode(Sha256::digest(body.as_bytes()));
    let key = format!("{body}{}", check.get(..CHECK).unwrap_or_default());
    // A plain digest is enough for 256 random bits: there is nothing to guess, and each request
    // computes it.
    let hash = format!("sha256:{}", hex(Sha256::digest(key.as_bytes()).iter()));
    let mut entry = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("hash".to_owned(), json!(hash)),
    ]);
    if let Some(expires) = expires {
        entry.insert("expires".to_owned(), json!(expires.to_string()));
    }
    // Last, as in the examples of the documentation.
    entry.insert("grant".to_owned(), json!(grant));
    Ok(NewKey {
        key: key.into(),
        entry: Value::Object(entry).to_string(),
    })
}

/// A time, or the beginning of a day in UTC.
fn read_time(text: &str) -> Result<Timestamp, String> {
    let time = text
        .parse::<Timestamp>()
        .or_else(|_| format!("{text}T00:00:00Z").parse());
    time.map_err(|_| {
        "--expires: expected a day such as 2027-06-30, or a time such as 2027-06-30T12:00:00Z"
            .to_owned()
    })
}
