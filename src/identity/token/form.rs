//! The outer form of a token: three parts, a header, and JSON without repeated members.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::fault::Fault;
use crate::config::TokenAlgorithm;

/// The longest token. Tokens with hundreds of groups have some 8 KiB.
const LONGEST_TOKEN: usize = 16 << 10;

/// The longest header, as it is written.
const LONGEST_HEADER: usize = 4 << 10;

/// The longest name of a key.
const LONGEST_KEY_ID: usize = 256;

/// A token that could be parsed. Nothing in it has been verified.
#[derive(Debug)]
pub(in crate::identity) struct Form<'a> {
    pub(in crate::identity) algorithm: TokenAlgorithm,
    pub(in crate::identity) key_id: Option<String>,
    /// Whether the header says that it is an access token (RFC 9068).
    pub(in crate::identity) is_at_jwt: bool,
    pub(in crate::identity) claims: Map<String, Value>,
    /// The bytes that are signed.
    pub(in crate::identity) message: &'a [u8],
    pub(in crate::identity) signature: Vec<u8>,
}

/// An object without repeated members at the top level: of two with one name, one library reads the first and another the
/// second.
struct Members(Map<String, Value>);

impl<'a> Form<'a> {
    /// Reads a token.
    ///
    /// # Errors
    ///
    /// It is none, or of a kind that is never accepted.
    pub(in crate::identity) fn read(token: &'a [u8]) -> Result<Self, Fault> {
        // Before anything is decoded or allocated.
        if token.len() > LONGEST_TOKEN {
            return Err(Fault::Unreadable);
        }
        let text = std::str::from_utf8(token).map_err(|_| Fault::Unreadable)?;
        let (message, signature) = text.rsplit_once('.').ok_or(Fault::Unreadable)?;
        let (header, payload) = message.split_once('.').ok_or(Fault::Unreadable)?;
        // Five parts are an encrypted token; the payload of one more than three has a dot, which base64url has not.
        if header.len() > LONGEST_HEADER || header.is_empty() || payload.is_empty() {
            return Err(Fault::Unreadable);
        }
        let header = members(header)?;
        let (algorithm, is_at_jwt) = read_header(&header)?;
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) if id.len() <= LONGEST_KEY_ID => Some(id.clone()),
            // An id is an opaque text; anything else can name none of the issuer's keys.
            Some(_) => return Err(Fault::UnknownKey),
        };
        let claims = members(payload)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| Fault::Unreadable)?;
        // What `alg: none` looks like.
        if signature.is_empty() {
            return Err(Fault::Signature);
        }
        Ok(Self {
            algorithm,
            key_id,
            is_at_jwt,
            claims,
            message: message.as_bytes(),
            signature,
        })
    }
}

/// Keys or certificates that come inside the token (`jwk`, `jku`, `x5u`, `x5c`) are ignored: an attacker could bring their
/// own.
fn read_header(header: &Map<String, Value>) -> Result<(TokenAlgorithm, bool), Fault> {
    let algorithm = header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(algorithm_named)
        .ok_or(Fault::Algorithm)?;
    // `crit` lists extensions that a reader must understand, such as `b64`. This one understands none.
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(Fault::Unreadable);
    }
    let is_at_jwt = match header.get("typ") {
        None => false,
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => false,
        Some(Value::String(kind))
            if kind.eq_ignore_ascii_case("at+jwt")
                || kind.eq_ignore_ascii_case("application/at+jwt") =>
        {
            true
        }
        // Other types, such as `logout+jwt`, are signed by the same key and mean something else
        // (RFC 8725, 3.11).
        Some(_) => return Err(Fault::NotAccess),
    };
    Ok((algorithm, is_at_jwt))
}

/// The signature of that name, to the letter.
pub(super) fn algorithm_named(name: &str) -> Option<TokenAlgorithm> {
    name.parse()
        .ok()
        .filter(|algorithm: &TokenAlgorithm| algorithm.as_str() == name)
}

fn members(part: &str) -> Result<Map<String, Value>, Fault> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Fault::Unreadable)?;
    let Members(members) = serde_json::from_slice(&json).map_err(|_| Fault::Unreadable)?;
    Ok(members)
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = object.next_entry::<String, Value>()? {
                    // Two readers may take different ones, so a token that was checked elsewhere
                    // could mean another caller here.
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("a member is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        object.deserialize_map(Reader)
    }
}
