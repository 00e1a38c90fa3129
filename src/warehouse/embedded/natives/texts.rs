//! Texts, letter by letter where DuckDB counts bytes or changes more letters than Snowflake does.

use std::collections::{HashMap, HashSet};

use super::effort::spend;
use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_upper", upper),
    ("rs_lower", lower),
    ("rs_soundex", soundex),
    ("rs_reverse", reverse),
    ("rs_from_hex", from_hex),
    ("rs_try_from_hex", try_from_hex),
    ("rs_no_text", no_text),
];

pub(super) const WATCHED: &[Row<String>] = &[("rs_initcap", initcap), ("rs_translate", translate)];

pub(super) const WATCHED_TRUTHS: &[Row<bool>] = &[("rs_search", search)];

pub(super) const TRUTHS: &[Row<bool>] = &[
    ("rs_boolean", boolean),
    ("rs_try_boolean", |a| {
        Ok(present(a).and_then(|[text]| truth(text)))
    }),
    ("rs_contains", |a| {
        // In a time that grows with both, where the engine's own compares all of a part at every place.
        Ok(present(a).map(|[whole, part]| whole.contains(part)))
    }),
    ("rs_between", |a| {
        Ok(present(a).map(|[text, low, high]| low <= text && text <= high))
    }),
];

pub(super) const NUMBERS: &[Row<i64>] = &[("rs_hex_position", hex_position)];

pub(super) const WATCHED_NUMBERS: &[Row<i64>] = &[
    ("rs_editdistance", editdistance),
    ("rs_jarowinkler", jarowinkler),
];

/// The truth value that a text says, if it says one.
fn truth(text: &str) -> Option<bool> {
    let text = text.trim_matches(' ');
    let is_one_of = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(["true", "t", "yes", "y", "on", "1"]) {
        return Some(true);
    }
    is_one_of(["false", "f", "no", "n", "off", "0"]).then_some(false)
}

/// Whether a text says a truth value.
pub(super) fn is_boolean(text: &str) -> bool {
    truth(text).is_some()
}

fn boolean(arguments: &Arguments<'_>) -> Outcome<bool> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match truth(text) {
        Some(truth) => Ok(Some(truth)),
        None => Err(format!("Boolean value '{text}' is not recognized")),
    }
}

/// What a `TRY_CAST` of a value that is no text gives: nothing.
fn no_text(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([kind, target]) = present(arguments) else {
        return Ok(None);
    };
    let kind = match kind {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" => "NUMBER(38,0)",
        "DOUBLE" => "FLOAT",
        "BLOB" => "BINARY",
        "JSON" => "VARIANT",
        "TIMESTAMP" => "TIMESTAMP_NTZ(9)",
        "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP_LTZ(9)",
        kind => kind,
    };
    let kind = kind.replace("DECIMAL", "NUMBER");
    Err(format!(
        "SQL compilation error:\nFunction TRY_CAST cannot be used with arguments of types {kind} and {target}"
    ))
}

/// A letter whose capital is two letters stays: ß is ß.
fn upper(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments).map(|[text]| {
        text.chars()
            .map(|letter| one(letter, letter.to_uppercase()))
            .collect()
    }))
}

fn lower(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments).map(|[text]| small(text)))
}

/// A text in small letters.
pub(super) fn small(text: &str) -> String {
    text.chars().map(small_letter).collect()
}

pub(super) fn small_letter(letter: char) -> char {
    one(letter, letter.to_lowercase())
}

fn one(letter: char, mut changed: impl Iterator<Item = char>) -> char {
    match (changed.next(), changed.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

/// What parts words for `INITCAP`.
const WORD_ENDS: &str = "!?@\"^#$&~_,.:;+-*%/|\\[](){}<> \t\n\r\u{b}\u{c}";

/// What parts words for `SEARCH`, white space aside.
const TOKEN_ENDS: &str = "[];<>(){}|!,'\"*&?+/:=@.-$%\\_";

/// Letters after a delimiter are capitals, all others small. `INITCAP(text [, delimiters])`
fn initcap(arguments: &Arguments<'_>) -> Outcome<String> {
    let (text, delimiters) = match arguments {
        [Some(text)] => (*text, WORD_ENDS),
        [Some(text), Some(delimiters)] => (*text, *delimiters),
        _ => return Ok(None),
    };
    let delimiters: HashSet<char> = delimiters.chars().collect();
    let mut is_first = true;
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        written.push(if is_first {
            one(letter, letter.to_uppercase())
        } else {
            one(letter, letter.to_lowercase())
        });
        is_first = delimiters.contains(&letter);
    }
    Ok(Some(written))
}

/// `SEARCH(text, words)`: whether one of the words is in one of the texts, whatever the case.
fn search(arguments: &Arguments<'_>) -> Outcome<bool> {
    let [Some(words), texts @ ..] = arguments else {
        return Ok(None);
    };
    if texts.iter().all(Option::is_none) {
        return Ok(None);
    }
    let wanted: HashSet<String> = tokens(words).collect();
    let mut found = texts.iter().flatten().flat_map(|text| tokens(text));
    Ok(Some(found.any(|token| wanted.contains(&token))))
}

/// The words that the default analyzer finds.
fn tokens(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || TOKEN_ENDS.contains(c))
        .filter(|token| !token.is_empty())
        .map(str::to_lowercase)
}

fn reverse(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments).map(|[text]| text.chars().rev().collect()))
}

/// Letter by letter; those without a partner are left out, and the first of a letter counts.
fn translate(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, from, to]) = present(arguments) else {
        return Ok(None);
    };
    let mut partners = HashMap::new();
    let mut to = to.chars();
    for letter in from.chars() {
        let partner = to.next();
        partners.entry(letter).or_insert(partner);
    }
    let changed = text
        .chars()
        .filter_map(|letter| match partners.get(&letter) {
            None => Some(letter),
            Some(partner) => *partner,
        });
    Ok(Some(changed.collect()))
}

/// The pairs of letters that one call compares at most: a tenth of a second.
const MOST_PAIRS: usize = 16 << 20;

/// Counts the comparison of each letter of one text with each of the other.
fn compares(one: &str, other: &str, function: &str) -> Result<(), String> {
    let pairs = one.len().saturating_mul(other.len());
    if pairs > MOST_PAIRS {
        return Err(format!(
            "the embedded engine does not compare texts this long in {function}"
        ));
    }
    spend(pairs)
}

/// `EDITDISTANCE(a, b [, most])`
fn editdistance(arguments: &Arguments<'_>) -> Outcome<i64> {
    let (most, words) = match arguments {
        [one, other, most] => (Some(*most), [*one, *other]),
        [one, other] => (None, [*one, *other]),
        _ => return Ok(None),
    };
    let Some([one, other]) = present(&words) else {
        return Ok(None);
    };
    compares(one, other, "EDITDISTANCE")?;
    let distance = i64::try_from(strsim::levenshtein(one, other)).unwrap_or(i64::MAX);
    match most {
        None => Ok(Some(distance)),
        Some(None) => Ok(None),
        Some(Some(most)) => match most.parse::<i64>() {
            Ok(most) => Ok(Some(distance.min(most.max(0)))),
            Err(_) => Err(format!("Numeric value '{most}' is not recognized")),
        },
    }
}

fn jarowinkler(arguments: &Arguments<'_>) -> Outcome<i64> {
    let Some([one, other]) = present(arguments) else {
        return Ok(None);
    };
    compares(one, other, "JAROWINKLER_SIMILARITY")?;
    if one.is_empty() || other.is_empty() {
        return Ok(Some(0));
    }
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let share = strsim::jaro_winkler(&one, &other);
    // A hair more than the product, so that 0.96 is 96.
    #[allow(clippy::cast_possible_truncation, reason = "between 0 and 100")]
    let percent = (share * 100.0 + 1e-9).floor() as i64;
    Ok(Some(percent))
}

/// `SOUNDEX`: the first letter and three digits.
fn soundex(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    if !text.is_ascii() {
        return Err("the embedded engine supports SOUNDEX for ASCII letters only".into());
    }
    let mut letters = text.chars().filter(char::is_ascii_alphabetic);
    let Some(first) = letters.next() else {
        return Ok(Some(String::new()));
    };
    let mut code = String::from(first.to_ascii_uppercase());
    let mut last = sound(first);
    for letter in letters {
        let this = sound(letter);
        match this {
            Some(digit) if last != Some(digit) => code.push(digit),
            _ => {}
        }
        // H and W do not part letters of one sound.
        if !matches!(letter.to_ascii_uppercase(), 'H' | 'W') {
            last = this;
        }
        if code.len() == 4 {
            break;
        }
    }
    while code.len() < 4 {
        code.push('0');
    }
    Ok(Some(code))
}

fn sound(letter: char) -> Option<char> {
    Some(match letter.to_ascii_uppercase() {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        _ => return None,
    })
}

/// The text in UTF-8 that pairs of hexadecimal digits spell.
fn from_hex(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([digits]) = present(arguments) else {
        return Ok(None);
    };
    match spelled(digits) {
        Some(text) => Ok(Some(text)),
        None => Err("the text is not made of hexadecimal digits that spell UTF-8".into()),
    }
}

fn try_from_hex(arguments: &Arguments<'_>) -> Outcome<String> {
    Ok(present(arguments).and_then(|[digits]| spelled(digits)))
}

fn spelled(digits: &str) -> Option<String> {
    let bytes = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

/// Where bytes stand in others, both in hexadecimal digits, from a byte on; 0 where they do not.
fn hex_position(arguments: &Arguments<'_>) -> Outcome<i64> {
    let Some([needle, bytes, start]) = present(arguments) else {
        return Ok(None);
    };
    let start = start.parse::<usize>().unwrap_or(1).max(1);
    let (Some(needle), Some(bytes)) = (letters(needle), letters(bytes)) else {
        return Ok(Some(0));
    };
    let mut places = bytes.char_indices().map(|(at, _)| at).chain([bytes.len()]);
    let Some(rest) = places.nth(start - 1).and_then(|at| bytes.get(at..)) else {
        return Ok(Some(0));
    };
    let found = rest.find(&needle).and_then(|at| rest.get(..at));
    let place = found.map(|before| before.chars().count() + start);
    Ok(Some(
        place
            .and_then(|place| i64::try_from(place).ok())
            .unwrap_or(0),
    ))
}

/// A letter for each byte that digits stand for: a text is searched in a time that grows with its length alone.
fn letters(digits: &str) -> Option<String> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            Some(char::from(u8::from_str_radix(pair, 16).ok()?))
        })
        .collect()
}
