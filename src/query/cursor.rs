//! Cursors: what a caller needs to read on, or to ask about a statement, at any replica.
//!
//! A cursor is the statement's id, the next row and how the rows were written, with a signature. The caller is not in it:
//! the signature covers the caller's name, so a cursor that another caller sends is refused like a changed one. Models
//! copy cursors letter by letter, so they are short: some 75 characters, and some 30 more in a list of names.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::CursorError;
use super::listing::List;
use super::{Format, Less};
use crate::sql::Identifier;
use crate::warehouse::Earlier;

/// The version of the layout below. A new layout gets a new number.
const VERSION: u8 = 1;

/// The version of cursors into a list of names: JSON follows the fixed part.
const LIST_VERSION: u8 = 2;

/// The version for an operator's tool with limits of its own: its row and byte limits follow the fixed part.
const LESS_VERSION: u8 = 3;

/// Bytes of the signature that are kept: 128 bits, far beyond guessing.
const SIGNATURE: usize = 16;

/// Bytes in front of the role or the JSON: version, format, id, row, page size, time of expiry.
const FIXED: usize = 1 + 1 + 16 + 8 + 4 + 8;

/// A place in the result of an earlier statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The statement.
    pub(super) earlier: Earlier,
    /// The first row not yet read, counted from 0.
    pub(super) row: u64,
    /// Rows in a page.
    pub(super) limit: u32,
    /// How the rows are written.
    pub(super) format: Format,
    /// Seconds since 1970.
    pub(super) expires: u64,
    /// For a list of names.
    pub(super) list: Option<List>,
    /// A tool's own limits, if they are lower than its caller's.
    pub(super) less: Less,
}

/// What follows the fixed part in a cursor into a list of names.
#[derive(Serialize, Deserialize)]
struct Details {
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(flatten)]
    list: List,
}

/// Signs cursors and verifies them.
pub struct CursorSigner {
    /// Signs new cursors.
    newest: hmac::Key,
    /// Older secrets: their cursors are accepted until they expire.
    older: Vec<hmac::Key>,
}

impl CursorSigner {
    /// A signer from secrets. The first signs; the others are accepted as long as their cursors live.
    #[must_use]
    pub fn new(newest: &SecretString, older: &[SecretString]) -> Self {
        let key = |secret: &SecretString| {
            hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
        };
        Self {
            newest: key(newest),
            older: older.iter().map(key).collect(),
        }
    }

    /// A signer with a random key, which no other process has.
    #[must_use]
    pub fn random() -> Self {
        let key: [u8; 32] = rand::random();
        Self {
            newest: hmac::Key::new(hmac::HMAC_SHA256, &key),
            older: Vec::new(),
        }
    }

    /// Writes a cursor for a caller.
    pub(super) fn write(&self, cursor: &Cursor, caller: &str) -> String {
        let mut bytes = Vec::with_capacity(FIXED + SIGNATURE);
        let Less {
            rows: most_rows,
            bytes: most_bytes,
        } = cursor.less;
        let has_less = cursor.less != Less::default();
        // The shortest form that fits: models repeat cursors word for word, and each character
        // costs tokens.
        bytes.push(match cursor.list {
            Some(_) => LIST_VERSION,
            None if has_less => LESS_VERSION,
            None => VERSION,
        });
        bytes.push(format_code(cursor.format));
        bytes.extend(cursor.earlier.query_id.as_bytes());
        bytes.extend(cursor.row.to_be_bytes());
        bytes.extend(cursor.limit.to_be_bytes());
        bytes.extend(cursor.expires.to_be_bytes());
        let role = cursor.earlier.role.as_ref().map(Identifier::as_str);
        match &cursor.list {
            None => {
                if has_less {
                    // No limit is written as the largest number, so that the fields have fixed
                    // places.
                    let most_bytes = most_bytes.map_or(u64::MAX, |bytes| bytes as u64);
                    bytes.extend(most_rows.unwrap_or(u64::MAX).to_be_bytes());
                    bytes.extend(most_bytes.to_be_bytes());
                }
                // Last, because it is the only part without a fixed length.
                bytes.extend(role.unwrap_or_default().as_bytes());
            }
            Some(list) => {
                let details = Details {
                    role: role.map(ToOwned::to_owned),
                    rows: most_rows,
                    bytes: most_bytes,
                    list: list.clone(),
                };
                // Texts and numbers: nothing that JSON cannot hold.
                bytes.extend(serde_json::to_vec(&details).unwrap_or_default());
            }
        }
        // The caller is signed but not written: a cursor in somebody else's hands does not verify,
        // and says nothing about its owner.
        let signature = sign(&self.newest, &bytes, caller);
        bytes.extend(signature.as_ref().iter().take(SIGNATURE));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads and verifies a cursor that a caller sends.
    ///
    /// # Errors
    ///
    /// Why it is not followed.
    pub(super) fn read(&self, text: &str, caller: &str) -> Result<Cursor, CursorError> {
        let bytes = URL_SAFE_NO_PAD
            // Models copy cursors with the space or line break around them.
            .decode(text.trim())
            .map_err(|_| CursorError::Malformed)?;
        let length = bytes
            .len()
            .checked_sub(SIGNATURE)
            .filter(|length| *length >= FIXED);
        let (content, signature) = bytes.split_at(length.ok_or(CursorError::Malformed)?);
        if !matches!(
            content.first(),
            Some(&(VERSION | LIST_VERSION | LESS_VERSION))
        ) {
            return Err(CursorError::Malformed);
        }
        // Older keys verify while replicas change over from one secret to the next.
        let is_signed = std::iter::once(&self.newest).chain(&self.older).any(|key| {
            let expected = sign(key, content, caller);
            let expected = expected.as_ref().get(..SIGNATURE).unwrap_or_default();
            subtle::ConstantTimeEq::ct_eq(expected, signature).into()
        });
        if !is_signed {
            return Err(CursorError::NotOurs);
        }
        // Only after the signature: until then the bytes are whatever somebody sent.
        let cursor = parse(content).ok_or(CursorError::Malformed)?;
        if cursor.expires <= now() {
            return Err(CursorError::Expired);
        }
        Ok(cursor)
    }
}

/// The caller's name goes first, with its length. Otherwise a name that ends like a cursor begins could make the same bytes.
fn sign(key: &hmac::Key, content: &[u8], caller: &str) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(&(caller.len() as u64).to_be_bytes());
    context.update(caller.as_bytes());
    context.update(content);
    context.sign()
}

fn parse(content: &[u8]) -> Option<Cursor> {
    let (version, mut rest) = content.split_first()?;
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(taken)
    };
    let format = format_of(*take(1)?.first()?)?;
    let query_id = Uuid::from_slice(take(16)?).ok()?;
    let row = u64::from_be_bytes(take(8)?.try_into().ok()?);
    let limit = u32::from_be_bytes(take(4)?.try_into().ok()?);
    let expires = u64::from_be_bytes(take(8)?.try_into().ok()?);
    let mut less = Less::default();
    if *version == LESS_VERSION {
        let mut number = || Some(u64::from_be_bytes(take(8)?.try_into().ok()?));
        let is_set = |number: &u64| *number != u64::MAX;
        less.rows = Some(number()?).filter(is_set);
        let most_bytes = Some(number()?).filter(is_set);
        less.bytes = most_bytes.and_then(|bytes| usize::try_from(bytes).ok());
    }
    let (role, list) = if *version == LIST_VERSION {
        let details: Details = serde_json::from_slice(rest).ok()?;
        less = Less {
            rows: details.rows,
            bytes: details.bytes,
        };
        (details.role, Some(details.list))
    } else {
        (Some(std::str::from_utf8(rest).ok()?.to_owned()), None)
    };
    let role = role.filter(|role| !role.is_empty());
    let role = role.map(Identifier::exact).transpose().ok()?;
    Some(Cursor {
        earlier: Earlier { query_id, role },
        row,
        limit,
        format,
        expires,
        list,
        less,
    })
}

const fn format_code(format: Format) -> u8 {
    match format {
        Format::Markdown => 0,
        Format::Csv => 1,
        Format::Json => 2,
    }
}

const fn format_of(code: u8) -> Option<Format> {
    match code {
        0 => Some(Format::Markdown),
        1 => Some(Format::Csv),
        2 => Some(Format::Json),
        _ => None,
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::listing::SearchPosition;
    use super::*;

    fn signer(secrets: &[&str]) -> CursorSigner {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|secret| SecretString::from(*secret))
            .collect();
        let (newest, older) = secrets.split_first().unwrap();
        CursorSigner::new(newest, older)
    }

    fn cursor(row: u64, role: Option<&str>) -> Cursor {
        Cursor {
            earlier: Earlier {
                query_id: Uuid::from_u128(7),
                role: role.map(|role| Identifier::exact(role).unwrap()),
            },
            row,
            limit: 100,
            format: Format::Json,
            expires: now() + 60,
            list: None,
            less: Less::default(),
        }
    }

    fn list() -> List {
        List {
            next: 1 << 40,
            view: 3,
            ..List::default()
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_and_is_short() {
        let signer = CursorSigner::random();
        for role in [None, Some("ANALYST"), Some("mixed Case ä")] {
            let cursor = cursor(1 << 40, role);
            let text = signer.write(&cursor, "key:1");
            assert_eq!(signer.read(&text, "key:1"), Ok(cursor));
            assert!(role.is_some() || text.len() <= 76, "{}", text.len());
        }
    }

    #[test]
    fn so_does_one_of_a_tool_with_limits_of_its_own() {
        let signer = CursorSigner::random();
        for (rows, bytes) in [(Some(2), None), (None, Some(4096)), (Some(1), Some(9))] {
            for list in [None, Some(list())] {
                let cursor = Cursor {
                    less: Less { rows, bytes },
                    list,
                    ..cursor(7, Some("ANALYST"))
                };
                let text = signer.write(&cursor, "key:1");
                assert_eq!(signer.read(&text, "key:1"), Ok(cursor));
            }
        }
    }

    #[test]
    fn so_does_one_in_a_list_of_names() {
        let signer = CursorSigner::random();
        let long = List {
            statements: vec!["SHOW TABLES LIKE 'ä\"%' IN ACCOUNT".to_owned()],
            search: Some(SearchPosition {
                has_catalog: true,
                columns: vec![Uuid::from_u128(9).simple().to_string()],
                words: vec!["ä".to_owned(), "\"".to_owned()],
            }),
            ..list()
        };
        for (role, list, longest) in [
            (None, list(), 110),
            (Some("ANALYST"), list(), 130),
            (Some("mixed Case ä"), long, 400),
        ] {
            let cursor = Cursor {
                list: Some(list),
                ..cursor(1 << 40, role)
            };
            let text = signer.write(&cursor, "key:1");
            assert!(text.len() <= longest, "{}", text.len());
            assert_eq!(signer.read(&text, "key:1"), Ok(cursor));
            assert_eq!(signer.read(&text, "key:2"), Err(CursorError::NotOurs));
        }
    }

    #[test]
    fn another_caller_another_key_and_another_time_are_refused() {
        let (old, new) = (
            signer(&["an old secret"]),
            signer(&["a new secret", "an old secret"]),
        );
        let text = old.write(&cursor(1, None), "key:1");
        assert_eq!(old.read(&text, "key:2"), Err(CursorError::NotOurs));
        assert!(new.read(&text, "key:1").is_ok(), "a rotated key");
        let newer = new.write(&cursor(1, None), "key:1");
        assert_eq!(old.read(&newer, "key:1"), Err(CursorError::NotOurs));
        let mut late = cursor(1, None);
        late.expires = now() - 1;
        let late = old.write(&late, "key:1");
        assert_eq!(old.read(&late, "key:1"), Err(CursorError::Expired));
    }

    /// Otherwise somebody who may choose a name could sign what another is to be given.
    #[test]
    fn where_a_name_ends_and_a_cursor_begins_is_signed() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a secret");
        let signed = |content: &[u8], caller| sign(&key, content, caller).as_ref().to_vec();
        assert_ne!(signed(b"bc", "a"), signed(b"c", "ab"));
    }

    proptest! {
        #[test]
        fn a_changed_cursor_is_refused(place in 0_usize..70, to in "[A-Za-z0-9_-]", row in any::<u64>()) {
            let signer = CursorSigner::random();
            let list = (row % 2 == 0).then(list);
            let text = signer.write(&Cursor { list, ..cursor(row, None) }, "a");
            let place = place % text.len();
            let mut changed = text.clone();
            changed.replace_range(place..=place, &to);
            // The last character has bits that carry nothing; base64 refuses those that are not zero.
            prop_assume!(changed != text);
            prop_assert!(signer.read(&changed, "a").is_err());
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let signer = CursorSigner::random();
            prop_assert!(signer.read(&text, "a").is_err());
            prop_assert!(signer.read(&URL_SAFE_NO_PAD.encode(bytes), "a").is_err());
        }
    }
}
