//! Bytes in hexadecimal digits: shifting them, and names in a space of names; and how long texts may become.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::limits::fits;
use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_shift", shift),
    ("rs_uuid5", uuid5),
    ("rs_base64", base64),
    ("rs_to_base64", to_base64),
    ("rs_base64_lines", base64_lines),
    ("rs_hex_number", hex_number),
    ("rs_to_hex", to_hex),
    ("rs_join", join),
    ("rs_short", short),
    ("rs_reverse_bytes", reverse),
    ("rs_try_base64", try_base64),
    ("rs_hex", hex),
    ("rs_try_hex", try_hex),
    ("rs_sha2", |a| {
        hashed(a, |text| Some(text.as_bytes().to_vec()))
    }),
    ("rs_sha2_of_bytes", |a| hashed(a, read)),
];

pub(super) const JSON: &[Row<String>] = &[("rs_short_json", short)];

/// The digits of the bytes that a text in base 64 stands for.
fn base64(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match STANDARD.decode(text) {
        Ok(bytes) => Ok(Some(digits(&bytes))),
        Err(_) => Err(format!(
            "The following string is not a legal base64-encoded value: '{text}'"
        )),
    }
}

fn try_base64(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments).and_then(|[text]| Some(digits(&STANDARD.decode(text).ok()?))))
}

/// The digits of bytes, those of the last byte first.
fn reverse(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments).map(|[written]| {
        let pairs = written.as_bytes().rchunks(2);
        pairs.flatten().copied().map(char::from).collect()
    }))
}

/// The text itself where it is pairs of digits.
fn try_hex(arguments: &Arguments<'_>) -> Outcome<String> {
    let pairs = |text: &str| {
        text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    Ok(present(arguments).and_then(|[text]| pairs(text).then(|| text.to_owned())))
}

fn hex(arguments: &Arguments<'_>) -> Outcome<String> {
    match (arguments, try_hex(arguments)?) {
        ([Some(text)], None) => Err(format!(
            "The following string is not a legal hex-encoded value: '{text}'"
        )),
        (_, found) => Ok(found),
    }
}

/// `SHA2(value, bits)` in small digits, of a text or of bytes in digits.
fn hashed(arguments: &Arguments<'_>, bytes: fn(&str) -> Option<Vec<u8>>) -> Outcome<String> {
    let Some([value, bits]) = present(arguments) else {
        return Ok(None);
    };
    let bytes = bytes(value).unwrap_or_default();
    let hash = match bits {
        "224" => Sha224::digest(bytes).to_vec(),
        "384" => Sha384::digest(bytes).to_vec(),
        "512" => Sha512::digest(bytes).to_vec(),
        _ => Sha256::digest(bytes).to_vec(),
    };
    Ok(Some(digits(&hash).to_lowercase()))
}

/// The digits of a text's bytes. A text becomes longer by it, so it has a limit: see `sf_longest` in macros.sql.
fn to_hex(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, longest]) = present(arguments) else {
        return Ok(None);
    };
    fits(text.len().saturating_mul(2), longest)?;
    Ok(Some(digits(text.as_bytes())))
}

/// A text in base 64, with the same limit.
fn to_base64(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, longest]) = present(arguments) else {
        return Ok(None);
    };
    fits(text.len().saturating_mul(4) / 3, longest)?;
    Ok(Some(STANDARD.encode(text)))
}

/// `BASE64_ENCODE(value, line, signs)`, of the text in base 64: broken into lines, with other signs for `+`, `/` and `=`.
fn base64_lines(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, line, signs, longest]) = present(arguments) else {
        return Ok(None);
    };
    let Ok(line) = line.parse::<usize>() else {
        return Err("the length of a line in BASE64_ENCODE is not positive".into());
    };
    let mut signs = signs.chars();
    let signs: Vec<char> = "+/="
        .chars()
        .map(|usual| signs.next().unwrap_or(usual))
        .collect();
    let breaks = text.len().checked_div(line).unwrap_or(0);
    fits(text.len().saturating_mul(4).saturating_add(breaks), longest)?;
    let mut written = String::with_capacity(text.len() + breaks);
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at.checked_rem(line) == Some(0) {
            written.push('\n');
        }
        let place = "+/=".find(letter);
        written.push(
            place
                .and_then(|place| signs.get(place).copied())
                .unwrap_or(letter),
        );
    }
    Ok(Some(written))
}

/// The number that hexadecimal digits are.
fn hex_number(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments)
        .and_then(|[digits]| Some(u128::from_str_radix(digits, 16).ok()?.to_string())))
}

/// Texts one after another. Their length is looked at before they are copied.
fn join(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some((Some(longest), texts)) = arguments.split_first() else {
        return Ok(None);
    };
    let Some(texts) = texts.iter().copied().collect::<Option<Vec<&str>>>() else {
        return Ok(None);
    };
    fits(texts.iter().map(|text| text.len()).sum(), longest)?;
    Ok(Some(texts.concat()))
}

/// The text itself, if it is not too long.
fn short(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([longest, text]) = present(arguments) else {
        return Ok(None);
    };
    fits(text.len(), longest)?;
    Ok(Some(text.to_owned()))
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Bits moved to the left, or to the right by a negative number. The length stays, and what leaves is gone.
fn shift(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([written, by]) = present(arguments) else {
        return Ok(None);
    };
    let (Some(bytes), Ok(by)) = (read(written), by.parse::<i64>()) else {
        return Err("the embedded engine could not shift these bytes".into());
    };
    let bits = i64::try_from(bytes.len())
        .unwrap_or(i64::MAX)
        .saturating_mul(8);
    let bit = |place: i64| {
        let byte = usize::try_from(place.div_euclid(8)).ok()?;
        let set = (bytes.get(byte)? >> (7 - place.rem_euclid(8))) & 1;
        (place < bits).then_some(set)
    };
    let moved = (0..bits / 8).map(|byte| {
        (0..8).fold(0_u8, |value, place| {
            let from = (byte * 8 + place).saturating_add(by);
            (value << 1) | bit(from).unwrap_or(0)
        })
    });
    Ok(Some(digits(&moved.collect::<Vec<u8>>())))
}

/// `UUID_STRING(space, name)`: version 5 of RFC 9562.
fn uuid5(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([space, name]) = present(arguments) else {
        return Ok(None);
    };
    let Ok(space) = uuid::Uuid::parse_str(space) else {
        return Err(format!("Invalid UUID: '{space}'"));
    };
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    context.update(space.as_bytes());
    context.update(name.as_bytes());
    let hash = context.finish();
    let mut bytes = [0_u8; 16];
    for (byte, of_hash) in bytes.iter_mut().zip(hash.as_ref()) {
        *byte = *of_hash;
    }
    let named = uuid::Builder::from_sha1_bytes(bytes).into_uuid();
    Ok(Some(named.hyphenated().to_string()))
}

fn read(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_turned_round_in_pairs_of_digits() {
        assert_eq!(reverse(&[Some("0102FF")]), Ok(Some("FF0201".into())));
        assert_eq!(reverse(&[Some("")]), Ok(Some(String::new())));
    }

    #[test]
    fn base_64_is_broken_into_lines() {
        let lines =
            |line, signs| base64_lines(&[Some("a+b/cd=="), Some(line), Some(signs), Some("1000")]);
        assert_eq!(lines("3", ""), Ok(Some("a+b\n/cd\n==".into())));
        assert_eq!(lines("0", "$"), Ok(Some("a$b/cd==".into())));
        assert_eq!(lines("8", "-_."), Ok(Some("a-b_cd..".into())));
        assert!(lines("-1", "").is_err());
        assert_eq!(
            hex_number(&[Some("edf1439075a83a44")]),
            Ok(Some("17145559544104499780".into()))
        );
    }

    #[test]
    fn bits_that_leave_are_gone() {
        for (digits, by, expected) in [
            ("002A", "1", "0054"),
            ("002A", "-1", "0015"),
            ("8001", "1", "0002"),
            ("8001", "-1", "4000"),
            ("FF", "9", "00"),
            ("", "1", ""),
            ("ABCD", "0", "ABCD"),
            ("ABCD", "9223372036854775807", "0000"),
        ] {
            let shifted = shift(&[Some(digits), Some(by)]);
            assert_eq!(shifted, Ok(Some(expected.to_owned())), "{digits} {by}");
        }
    }
}
