//! The forms in which people bring a private key: PEM, DER, and either of them after a trip through variables, secret stores and
//! templates, which write line breaks out, add quotes, or put one more layer of base64 around it.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use pkcs8::EncryptedPrivateKeyInfo;
use rsa::RsaPrivateKey;
use rsa::RsaPublicKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;

use super::super::error::KeyFault;

/// A secret store that encodes what was encoded already makes two layers; more has not been seen.
const MOST_LAYERS: u8 = 3;

/// Longest text that is looked at as a path, as long as paths get on Linux.
const LONGEST_PATH: usize = 4096;

/// Padding is often lost on the way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A private key as DER, by its structure.
pub(super) enum Form {
    Pkcs1(Vec<u8>),
    Pkcs8(Vec<u8>),
    Encrypted(Vec<u8>),
}

/// The key in what was brought.
pub(super) fn of(bytes: &[u8]) -> Result<Form, KeyFault> {
    layer(bytes, MOST_LAYERS)
}

fn layer(bytes: &[u8], layers: u8) -> Result<Form, KeyFault> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return der(bytes);
    };
    let text = clean(text);
    if text.contains("-----BEGIN ") {
        return pem(&text);
    }
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        // The alphabet for addresses, which some stores use.
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    match BASE64.decode(compact) {
        // Bounded: text that decodes again and again is nobody's key.
        Ok(inner) if layers > 0 && !inner.is_empty() => layer(&inner, layers - 1),
        _ if looks_like_path(&text) => Err(KeyFault::IsPath),
        _ => Err(KeyFault::NotAKey),
    }
}

/// Drops what surrounds the text, and makes line breaks of those that were written out, once or several times over. No key has a
/// backslash of its own.
fn clean(text: &str) -> String {
    let mut text = text.trim_start_matches('\u{feff}').trim();
    while let Some(inner) = ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
    {
        text = inner.trim();
    }
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for (index, piece) in text.split('\\').enumerate() {
        match piece.strip_prefix(['n', 'r']) {
            // Behind a backslash only: the first piece has none before it.
            Some(rest) if index > 0 => {
                clean.push('\n');
                clean.push_str(rest);
            }
            _ => clean.push_str(piece),
        }
    }
    clean
}

fn looks_like_path(text: &str) -> bool {
    let is_one_line = !text.contains(['\n', '\r']) && text.len() <= LONGEST_PATH;
    let has_ending = [".p8", ".pem", ".key", ".der", ".pk8", ".txt"]
        .iter()
        .any(|ending| text.to_ascii_lowercase().ends_with(ending));
    is_one_line && (has_ending || text.starts_with(['/', '~', '.']) || text.contains(":\\"))
}

/// The one PEM block in a text.
fn pem(text: &str) -> Result<Form, KeyFault> {
    let block = text
        .split_once("-----BEGIN ")
        .and_then(|(_, rest)| rest.split_once("-----"));
    let Some((label, rest)) = block else {
        return Err(KeyFault::NotAKey);
    };
    // openssl's EC keys start with a block of parameters; the key's own algorithm is what matters.
    let end = format!("-----END {label}-----");
    let body = rest.split_once(&end).ok_or(KeyFault::NotAKey)?.0;
    if body.contains("Proc-Type:") {
        return Err(KeyFault::OldEncryption);
    }
    // Editors and templates indent, and wrap at other widths.
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let decoded = || BASE64.decode(&body).map_err(|_| KeyFault::NotAKey);
    match label {
        "RSA PRIVATE KEY" => Ok(Form::Pkcs1(decoded()?)),
        "PRIVATE KEY" => Ok(Form::Pkcs8(decoded()?)),
        "ENCRYPTED PRIVATE KEY" => Ok(Form::Encrypted(decoded()?)),
        "EC PRIVATE KEY" | "EC PARAMETERS" | "DSA PRIVATE KEY" | "OPENSSH PRIVATE KEY" => {
            Err(KeyFault::NotRsa)
        }
        label if label.contains("PUBLIC KEY") || label.contains("CERTIFICATE") => {
            Err(KeyFault::NotPrivate)
        }
        _ => Err(KeyFault::NotAKey),
    }
}

/// What has no label shows by its structure what it is.
fn der(bytes: &[u8]) -> Result<Form, KeyFault> {
    if pkcs8::PrivateKeyInfo::try_from(bytes).is_ok() {
        return Ok(Form::Pkcs8(bytes.to_vec()));
    }
    if EncryptedPrivateKeyInfo::try_from(bytes).is_ok() {
        return Ok(Form::Encrypted(bytes.to_vec()));
    }
    if RsaPrivateKey::from_pkcs1_der(bytes).is_ok() {
        return Ok(Form::Pkcs1(bytes.to_vec()));
    }
    let is_public = SubjectPublicKeyInfoRef::try_from(bytes).is_ok()
        || RsaPublicKey::from_pkcs1_der(bytes).is_ok()
        || is_certificate(bytes);
    Err(if is_public {
        KeyFault::NotPrivate
    } else {
        KeyFault::NotAKey
    })
}

/// A certificate is a sequence of a sequence that begins with its version in brackets: 30 82 .. .. 30 82 .. .. a0 03.
fn is_certificate(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x82, _, _, 0x30, 0x82, _, _, 0xa0, 0x03, ..])
}
